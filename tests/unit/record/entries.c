/* SPDX-License-Identifier: MIT-0 */
/* Where decoding can begin: how segments are cut inside a GOP, and what their names say of it. */
#include "world.h"

static void groups_that_do_not_fit_are_cut_and_named(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    g.gop = 250; /* 233 KB */
    cfg.pool_bytes = 4 << 20;
    cfg.segment_max_bytes = 100000;
    cfg.on_event = note_event;
    cfg.event_ctx = w;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 250 * 3; i++)
        assert_int_equal(put(r, &g), S3HLS_OK);
    assert_int_equal(s3hls_recorder_drain(r, 5000), S3HLS_OK);
    assert_int_equal(stats_of(r).frames_in, 750);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, 9);
    for (size_t i = 0; i < list.count; i++) {
        const s3hls_segment *s = &list.segments[i];
        assert_int_equal(s->entry, i % 3 ? S3HLS_ENTRY_NONE : S3HLS_ENTRY_IDR);
        assert_int_equal(s->timeline, list.segments[0].timeline);
        if (i % 3 == 0)
            assert_int_equal(s->start_ms, NOON_US / 1000 + (int64_t)(i / 3) * 10000);
    }
    s3hls_segment_list_deinit(&list, NULL);
    assert_int_equal(events_of(w, "dependent-segments"), 1); /* not one a segment */
    assert_non_null(strstr(w->lines, "larger than a segment may be"));
    world_close(w);
}

/* Reported again only where segments were whole meanwhile. */
static void a_change_is_reported_again(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    cfg.pool_bytes = 4 << 20;
    cfg.segment_max_bytes = 100000;
    cfg.on_event = note_event;
    cfg.event_ctx = w;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int turn = 0; turn < 2; turn++) {
        g.other_bytes = 6000; /* too much for one segment */
        for (int i = 0; i < 25; i++)
            assert_int_equal(put(r, &g), S3HLS_OK);
        g.other_bytes = 90;
        for (int i = 0; i < 25 * 60; i++)
            assert_int_equal(put(r, &g), S3HLS_OK);
    }
    assert_int_equal(s3hls_recorder_drain(r, 5000), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    assert_int_equal(events_of(w, "dependent-segments"), 2);
    world_close(w);
}

/* A discontinuity resets decoders: what needs the segment before stays in its timeline. */
static void what_needs_the_segment_before_begins_no_timeline(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    s3hls_archive *archive;
    s3hls_timeline t;
    h264_gen g = camera();
    g.gop = 250;
    cfg.pool_bytes = 4 << 20;
    cfg.segment_max_bytes = 100000;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 250 * 2 + 1; i++) {
        g.other_bytes = i < 25 ? 9000 : 90; /* half a second, then 9.5 s to the keyframe */
        assert_int_equal(put(r, &g), S3HLS_OK);
    }
    assert_int_equal(s3hls_recorder_drain(r, 5000), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    s3hls_segment_list list = recorded(w);
    bool inner = false, later = false;
    for (size_t i = 0; i < list.count; i++) {
        const s3hls_segment *s = &list.segments[i];
        inner |= s->entry == S3HLS_ENTRY_NONE && s->duration_ms > 8000;
        later |= i && s->timeline != s[-1].timeline;
        if (i && s->entry == S3HLS_ENTRY_NONE)
            assert_int_equal(s->timeline, s[-1].timeline);
    }
    assert_true(inner && later);
    assert_int_equal(s3hls_archive_open(&archive, w->url, NULL, NULL), S3HLS_OK);
    uint64_t last = list.segments[list.count - 1].timeline;
    assert_int_equal(s3hls_archive_timeline(archive, last, &t, NULL), S3HLS_OK);
    assert_int_equal(t.target_duration_ms, 10000);
    s3hls_archive_close(&archive);
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

/* Fields of one frame are two access units, of which the second needs the first. */
static void a_frame_is_never_cut_between_its_fields(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    g.height = 256;
    g.fields = true;
    g.gop = 250;
    cfg.pool_bytes = 4 << 20;
    cfg.segment_max_bytes = 64000;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 2000; i++) {
        g.other_bytes = 700 + (uint32_t)(i * 37 % 400);
        assert_int_equal(put(r, &g), S3HLS_OK);
    }
    assert_int_equal(s3hls_recorder_drain(r, 5000), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    s3hls_segment_list list = recorded(w);
    size_t inner = 0;
    for (size_t i = 0; i < list.count; i++) {
        inner += list.segments[i].entry == S3HLS_ENTRY_NONE;
        assert_int_equal((list.segments[i].start_ms - NOON_US / 1000) % 40, 0);
    }
    assert_true(inner > 5);
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_that_do_not_fit_are_cut_and_named),
        cmocka_unit_test(a_change_is_reported_again),
        cmocka_unit_test(what_needs_the_segment_before_begins_no_timeline),
        cmocka_unit_test(a_frame_is_never_cut_between_its_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
