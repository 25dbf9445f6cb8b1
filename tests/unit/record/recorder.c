/* SPDX-License-Identifier: MIT-0 */
#include "world.h"

/* ---- what it is for */

static void names_tell_time_duration_and_order(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 25 * 10; i++)
        assert_int_equal(put(r, &g), S3HLS_OK);
    assert_int_equal(s3hls_recorder_drain(r, 5000), S3HLS_OK);
    s3hls_recorder_stats s = stats_of(r);
    assert_int_equal(s.frames_in, 250);
    assert_int_equal(s.segments_delivered, 3);
    assert_int_equal(s.media_us, 10000000);
    assert_int_equal(s.pool_used_bytes, 0);
    assert_int_equal(s.first_segment_us, NOON_US);
    assert_int_equal(s.last_segment_end_us, NOON_US + 10000000);
    assert_int_equal(put(r, &g), S3HLS_E_STATE);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    assert_null(r);

    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, 3);
    whole_number_of_packets(&list);
    for (size_t i = 0; i < 3; i++) {
        const s3hls_segment *x = &list.segments[i];
        assert_int_equal(x->start_ms, NOON_US / 1000 + 4000 * (int64_t)i);
        assert_int_equal(x->duration_ms, i < 2 ? 4000 : 2000);
        assert_int_equal(x->sequence, NOON_US / 1000000 + (int64_t)i);
        assert_int_equal(x->timeline, NOON_US / 1000000);
    }
    s3hls_segment_list_deinit(&list, NULL);

    s3hls_archive *archive;
    s3hls_timeline t;
    assert_int_equal(s3hls_archive_open(&archive, w->url, NULL, NULL), S3HLS_OK);
    assert_int_equal(s3hls_archive_timeline(archive, NOON_US / 1000000, &t, NULL), S3HLS_OK);
    assert_string_equal(t.codecs, "avc1.42c01e");
    assert_int_equal(t.width, 320);
    assert_int_equal(t.height, 240);
    assert_int_equal(t.target_duration_ms, 4000);
    assert_int_equal(t.frame_rate_milli, 25000);
    s3hls_archive_close(&archive);
    world_close(w);
}

/* A receiver that buffers while it probes: the pictures arrive together, and each has its own time.
 */
static void footage_begins_when_its_first_picture_was_taken(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    cfg.frame_rate_num = 0;
    cfg.pool_bytes = 4 << 20;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    w->passed_us = 5000000;
    for (int i = 0; i < 25 * 40; i++) {
        if (i == 25 * 20) { /* it was lost for a while, and was probed again */
            assert_int_equal(s3hls_recorder_flush(r), S3HLS_OK);
            w->passed_us += 60000000;
        }
        s3hls_frame f = {.data = frame_bytes, .pts_us = i * 40000};
        f.size = h264_gen_next(&g, frame_bytes, sizeof frame_bytes);
        int buffered = 125 - i % 500; /* the first 5 s of each session */
        f.age_us = buffered > 0 ? (uint64_t)buffered * 40000 : 0;
        assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_OK);
        if (buffered <= 1)
            w->passed_us += 40000;
    }
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, 10);
    for (size_t i = 0; i < 10; i++) {
        int64_t begun_ms = NOON_US / 1000 + 4000 * (int64_t)i;
        if (i >= 5) /* 60 s apart, of which 5 s were buffered */
            begun_ms += 60000 - 5000;
        assert_in_range(list.segments[i].start_ms - begun_ms + 60, 0, 160);
        assert_int_equal(list.segments[i].duration_ms, 4000);
    }
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

static void put_allocates_nothing(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    cfg.destination = "s3://bucket/cam"; /* nobody steps it: nothing moves but the put path */
    cfg.s3.endpoint = "http://127.0.0.1:9";
    s3hls_credentials keys = {"AKIDEXAMPLE", "secret", NULL, 0};
    assert_int_equal(s3hls_credentials_open_static(&cfg.s3.credentials, &keys, &w->env), S3HLS_OK);
    s3hls_recorder *r;
    h264_gen g = camera();
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    long before = w->allocations;
    bool full = false;
    for (int i = 0; i < 25 * 60; i++)
        full |= put(r, &g) == S3HLS_E_FULL;
    assert_true(full); /* also where there is no room any more */
    assert_int_equal(w->allocations, before);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_E_UNDELIVERED);
    s3hls_credentials_close(&cfg.s3.credentials);
    world_close(w);
}

/* ---- when the store does not take it */

static void a_full_pool_drops_whole_pictures_and_shows_the_hole(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    store_goes(w);
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    int first_full = -1, refused = 0;
    for (int i = 0; i < 25 * 60; i++) {
        int rc = put(r, &g);
        if (rc == S3HLS_E_FULL && first_full < 0)
            first_full = i;
        refused += rc != S3HLS_OK;
        assert_true(rc == S3HLS_OK || rc == S3HLS_E_FULL || rc == S3HLS_E_SKIPPED);
    }
    assert_true(first_full > 25 * 4);
    s3hls_recorder_stats s = stats_of(r);
    assert_int_equal(s.frames_in + s.frames_dropped, 25 * 60);
    assert_int_equal(s.frames_dropped, refused);
    assert_int_equal(s.segments_delivered, 0);
    uint64_t held = s.segments_waiting;
    assert_int_equal(s3hls_recorder_drain(r, 50), S3HLS_E_UNDELIVERED);
    s = stats_of(r);
    assert_true(s.retries > 0);
    assert_int_not_equal(s.last_error.status, S3HLS_OK);

    store_comes(w); /* mended: all that was accepted arrives */
    assert_int_equal(s3hls_recorder_drain(r, 5000), S3HLS_OK);
    s = stats_of(r);
    assert_true(s.segments_delivered >= held);
    assert_int_equal(s.pool_used_bytes, 0);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);

    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, s.segments_delivered);
    whole_number_of_packets(&list);
    for (size_t i = 1; i < list.count; i++) {
        const s3hls_segment *a = &list.segments[i - 1], *b = a + 1;
        bool hole = a->start_ms + a->duration_ms < b->start_ms;
        assert_int_equal(b->sequence - a->sequence > 1, hole);
    }
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

/* One call may hold the picture for which there is no room and those that are left out because of
 * it. */
static void a_full_pool_is_said_whatever_else_the_call_holds(void **state) {
    (void)state;
    static uint8_t stream[3 << 20];
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    s3hls_frame f = {.data = stream};
    while (g.pictures < 25 * 60)
        f.size += h264_gen_next(&g, stream + f.size, sizeof stream - f.size);
    cfg.input = S3HLS_INPUT_BYTES;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_W_FULL); /* its beginning was kept */
    assert_true(stats_of(r).frames_dropped > 25);
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    world_close(w);
}

static void close_names_what_it_drops(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    cfg.destination = "file:///proc/nowhere/cam";
    cfg.no_thread = 0;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 50; i++)
        put(r, &g);
    assert_int_equal(s3hls_recorder_close(&r, 20), S3HLS_E_UNDELIVERED);
    assert_non_null(strstr(w->lines, "lost: 2026/06/30/12/00/00.000-2000-"));
    world_close(w);
}

/* ---- streams */

static void other_parameters_begin_another_timeline(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 50; i++, w->passed_us += 40000)
        assert_int_equal(put(r, &g), S3HLS_OK);
    g.width = 640;
    for (int i = 0; i < 50; i++, w->passed_us += 40000)
        assert_int_equal(put(r, &g), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.segments[1].timeline, list.segments[0].timeline + 1);
    assert_int_equal(list.segments[1].sequence, list.segments[0].sequence + 1);
    assert_in_range(list.segments[1].start_ms - list.segments[0].start_ms, 2000, 2050);
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

static void no_segment_outgrows_what_its_timeline_promises(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    cfg.pool_bytes = 4 << 20;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 25 * 30; i++, w->passed_us += 40000) {
        if (i == 25 * 10)
            g.gop = 125; /* the encoder saves: a keyframe every 5 s */
        assert_int_equal(put(r, &g), S3HLS_OK);
    }
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    s3hls_archive *archive;
    s3hls_segment_list list = recorded(w);
    assert_int_equal(s3hls_archive_open(&archive, w->url, NULL, NULL), S3HLS_OK);
    assert_true(list.count > 4);
    for (size_t i = 0; i < list.count; i++) {
        s3hls_timeline t;
        assert_int_equal(s3hls_archive_timeline(archive, list.segments[i].timeline, &t, NULL),
                         S3HLS_OK);
        assert_true(list.segments[i].duration_ms < t.target_duration_ms + 500);
        assert_int_equal(list.segments[i].sequence, list.segments[0].sequence + i);
    }
    assert_int_equal(list.segments[list.count - 1].timeline, list.segments[0].timeline + 1);
    s3hls_archive_close(&archive);
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

static void a_jump_of_times_begins_another_timeline_and_loses_nothing(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    cfg.frame_rate_num = 0;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 100; i++) {
        s3hls_frame f = {.data = frame_bytes};
        f.size = h264_gen_next(&g, frame_bytes, sizeof frame_bytes);
        f.pts_us =
            i * 40000 - (i >= 60 ? INT64_C(3600000000) : 0); /* the encoder's clock is set back */
        assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_OK);
    }
    w->passed_us += 4000000;
    assert_int_equal(s3hls_recorder_drain(r, 5000), S3HLS_OK);
    assert_int_equal(stats_of(r).frames_in, 100);
    s3hls_recorder_close(&r, 0);
    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.segments[0].duration_ms, 3000);
    assert_int_equal(list.segments[1].timeline, list.segments[0].timeline + 1);
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

static void every_way_in_gives_the_same_segments(void **state) {
    (void)state;
    static uint8_t stream[1 << 20], first[1 << 20], other[1 << 20];
    size_t size = 0, first_size = 0;
    h264_gen g = camera();
    while (g.pictures < 75)
        size += h264_gen_next(&g, stream + size, sizeof stream - size);
    for (int way = 0; way < 3; way++) {
        world *w = world_open();
        s3hls_recorder_config cfg = config(w);
        s3hls_recorder *r;
        cfg.input = way == 0 ? S3HLS_INPUT_FRAMES : S3HLS_INPUT_BYTES;
        cfg.segment_duration_ms = 10000;
        assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
        size_t step = way == 1 ? 1000 : way == 2 ? 17 : size;
        for (size_t at = 0; at < size; at += step) {
            s3hls_frame f = {.data = stream + at, .size = size - at < step ? size - at : step};
            assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_OK);
        }
        assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
        char path[256];
        snprintf(path, sizeof path, "%s/cam/2026/06/30/12/00/00.000-3000-1782820800-1782820800.ts",
                 w->dir);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t n = fread(way ? other : first, 1, sizeof first, file);
        fclose(file);
        if (way == 0)
            first_size = n;
        assert_int_equal(n, first_size);
        if (way)
            assert_memory_equal(first, other, n);
        world_close(w);
    }
}

/* ---- bad input */

/* An encoder's slices, each handed over as if it were a frame. */
static void a_frame_in_pieces_is_one_picture(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    g.slices = 3;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 50; i++) {
        size_t size = h264_gen_next(&g, frame_bytes, sizeof frame_bytes), at = 0;
        for (size_t end = 1; end <= size; end++) {
            static const uint8_t start[] = {0, 0, 0, 1};
            bool slice = end < size && !memcmp(frame_bytes + end, start, 4) &&
                         (frame_bytes[end + 4] & 31) < 6;
            if (end < size && !(slice && end > at + 100))
                continue;
            s3hls_frame f = {.data = frame_bytes + at, .size = end - at};
            assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_OK);
            at = end;
        }
    }
    assert_int_equal(s3hls_recorder_drain(r, 5000), S3HLS_OK);
    s3hls_recorder_stats s = stats_of(r);
    assert_int_equal(s.frames_in, 50);
    assert_int_equal(s.frames_skipped + s.nals_damaged, 0);
    assert_int_equal(s.media_us, 2000000);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    world_close(w);
}

/* Signed video: what fits is stored, what does not is named. */
static void large_sei_is_stored_or_refused_by_name(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    static uint8_t bytes[1 << 17];
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (unsigned i = 0; i < 2; i++) {
        size_t left = i ? 70000 : 40000, n = 6;
        memcpy(bytes, "\0\0\0\1\6\5", n); /* user_data_unregistered */
        memset(bytes + n, 255, left / 255);
        n += left / 255;
        bytes[n++] = (uint8_t)(left % 255);
        memset(bytes + n, 7, left);
        n += left;
        bytes[n++] = 0x80;
        s3hls_frame f = {.data = bytes, .size = n};
        f.size += h264_gen_next(&g, bytes + n, sizeof bytes - n);
        assert_int_equal(s3hls_recorder_put_video(r, &f), i ? S3HLS_W_SEI_DROPPED : S3HLS_OK);
    }
    assert_int_equal(s3hls_recorder_drain(r, 5000), S3HLS_OK);
    s3hls_recorder_stats s = stats_of(r);
    assert_int_equal(s.frames_in, 2);
    assert_int_equal(s.nals_refused, 1);
    assert_in_range(s.bytes_delivered, 50000, 60000);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    world_close(w);
}

/* Negative: nothing of the call was kept; positive: something was. */
static void the_sign_of_a_put_states_whether_something_was_kept(void **state) {
    (void)state;
    static const uint8_t damaged[] = {0, 0, 0, 1, 0xe5, 1, 2, 3}; /* forbidden_zero_bit */
    static uint8_t bytes[1 << 17];
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    cfg.input = S3HLS_INPUT_NALS;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    s3hls_frame bad = {.data = damaged, .size = sizeof damaged};
    assert_int_equal(s3hls_recorder_put_video(r, &bad), S3HLS_E_MALFORMED);
    s3hls_frame f = {.data = bytes, .size = h264_gen_next(&g, bytes, sizeof bytes)};
    assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_OK);
    f.size = h264_gen_next(&g, bytes, sizeof bytes);
    memcpy(bytes + f.size, damaged, sizeof damaged);
    f.size += sizeof damaged;
    assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_W_DAMAGED);
    f.size = h264_gen_next(&g, bytes, sizeof bytes); /* after damage, up to a keyframe */
    assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_E_SKIPPED);
    memset(bytes, 7, 70000);
    memcpy(bytes, "\0\0\0\1\6\5", 6);
    f.size = 70000;
    assert_int_equal(s3hls_recorder_put_video(r, &f), S3HLS_E_TOO_LARGE);
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    world_close(w);
}

static void what_is_not_h264_is_said_so(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    cfg.input = S3HLS_INPUT_BYTES;
    s3hls_recorder *r;
    char text[] = "This is a letter, not a picture, and it goes on for some time.";
    s3hls_frame f = {.data = (uint8_t *)text, .size = sizeof text};
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    s3hls_recorder_put_video(r, &f);
    assert_int_equal(s3hls_recorder_close(&r, 1000), S3HLS_E_NOT_H264);
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    assert_int_equal(s3hls_recorder_drain(r, 1000), S3HLS_E_NO_VIDEO);
    assert_int_equal(s3hls_recorder_close(&r, 1000), S3HLS_OK);
    world_close(w);
}

static void without_a_clock_segments_wait_for_their_names(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    w->wall_us = 5000000; /* 1970 */
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 25 * 10; i++) {
        assert_int_equal(put(r, &g), S3HLS_OK);
        w->passed_us += 40000;
    }
    assert_int_equal(stats_of(r).segments_waiting, 2);
    assert_int_equal(stats_of(r).first_segment_us, 0);
    w->wall_us = NOON_US; /* NTP: it is noon and ten seconds */
    for (int i = 0; i < 25 * 6; i++) {
        assert_int_equal(put(r, &g), S3HLS_OK);
        w->passed_us += 40000;
    }
    assert_int_equal(s3hls_recorder_drain(r, 1000), S3HLS_OK);
    assert_int_equal(stats_of(r).segments_delivered, 4);
    s3hls_recorder_close(&r, 0);
    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, 4);
    for (int i = 0; i < 4; i++) {
        int64_t off_ms = list.segments[i].start_ms - NOON_US / 1000 - 4000 * i;
        assert_in_range(off_ms + 100, 0, 200);
        assert_int_equal(list.segments[i].sequence, list.segments[0].sequence + (uint64_t)i);
        assert_int_equal(list.segments[i].timeline, list.segments[0].sequence);
    }
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

static void a_clock_that_never_comes_is_told_of(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder_stats stats;
    s3hls_recorder *r;
    h264_gen g = camera();
    w->wall_us = 5000000;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 25 * 5; i++)
        assert_int_equal(put(r, &g), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close_stats(&r, 50, &stats), S3HLS_E_UNDELIVERED);
    assert_int_equal(stats.segments_accepted, 2);
    assert_int_equal(stats.segments_dropped, 2);
    assert_non_null(strstr(w->lines, "lost: a segment without a name"));
    world_close(w);
}

static void wrong_values_are_named(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder *r;
    s3hls_recorder_config good = config(w), bad[10];
    for (size_t i = 0; i < 10; i++)
        bad[i] = good;
    static const char *const names[10] = {"destination",      "nal_length_size",     "frame_rate",
                                          "start_time_us",    "segment_duration_ms", "input",
                                          "segment_nal_type", "segment_max_bytes",   "pool_bytes",
                                          "max_in_flight"};
    bad[0].destination = NULL;
    bad[1].nal_length_size = 3;
    bad[2].frame_rate_den = 0;
    bad[3].start_time_us = -1;
    bad[4].segment_duration_ms = 999;
    bad[5].input = (s3hls_input)7;
    bad[6].segment_nal_count = 3;
    bad[7].segment_max_bytes = 1 << 30;
    bad[8].pool_bytes = 1000;
    bad[9].max_in_flight = 65;
    for (size_t i = 0; i < 10; i++) {
        w->lines[0] = 0;
        assert_int_equal(s3hls_recorder_open(&r, &bad[i]), S3HLS_E_INVALID);
        assert_null(r);
        assert_non_null(strstr(w->lines, names[i]));
    }
    assert_int_equal(s3hls_recorder_open(&r, NULL), S3HLS_E_INVALID);
    assert_int_equal(s3hls_recorder_open(NULL, &good), S3HLS_E_INVALID);
    assert_int_equal(s3hls_recorder_open(&r, &good), S3HLS_OK);
    s3hls_frame none = {0}, hollow = {.spans = NULL, .span_count = 2};
    assert_int_equal(s3hls_recorder_put_video(r, NULL), S3HLS_E_INVALID);
    assert_int_equal(s3hls_recorder_put_video(r, &none), S3HLS_E_INVALID);
    assert_int_equal(s3hls_recorder_put_video(r, &hollow), S3HLS_E_INVALID);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(NULL, 0), S3HLS_OK);
    world_close(w);
}

static void every_allocation_of_open_may_fail(void **state) {
    (void)state;
    int rc = S3HLS_E_NOMEM;
    for (long n = 0; rc != S3HLS_OK; n++) {
        assert_in_range(n, 0, 200);
        world *w = world_open();
        s3hls_recorder_config cfg = config(w);
        s3hls_recorder *r;
        w->until_failure = n;
        rc = s3hls_recorder_open(&r, &cfg);
        if (rc == S3HLS_OK)
            s3hls_recorder_close(&r, 0);
        else
            assert_int_equal(rc, S3HLS_E_NOMEM);
        world_close(w);
    }
}

/* ---- together */

static void *record_a_minute(void *arg) {
    s3hls_recorder *r = arg;
    uint8_t *bytes = malloc(1 << 16);
    h264_gen g = camera();
    for (int i = 0; i < 25 * 60; i++) {
        s3hls_frame f = {.data = bytes};
        f.size = h264_gen_next(&g, bytes, 1 << 16);
        while (i % 25 == 0) { /* leave room: this test is about order, not about loss */
            s3hls_recorder_stats s;
            s3hls_recorder_get_stats(r, &s);
            if (s.pool_used_bytes < s.pool_bytes / 2)
                break;
            usleep(1000);
        }
        if (s3hls_recorder_put_video(r, &f) != S3HLS_OK)
            break;
    }
    free(bytes);
    return NULL;
}

static void recorders_share_an_uploader(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_uploader_config u;
    s3hls_uploader_config_init(&u);
    u.env = &w->env;
    s3hls_uploader *uploader;
    s3hls_recorder *r[3];
    pthread_t threads[3];
    char urls[3][112];
    assert_int_equal(s3hls_uploader_open(&uploader, &u), S3HLS_OK);
    for (int i = 0; i < 3; i++) {
        s3hls_recorder_config cfg = config(w);
        snprintf(urls[i], sizeof urls[i], "%s-%d", w->url, i);
        cfg.destination = urls[i];
        cfg.uploader = uploader;
        assert_int_equal(s3hls_recorder_open(&r[i], &cfg), S3HLS_OK);
        pthread_create(&threads[i], NULL, record_a_minute, r[i]);
    }
    assert_int_equal(s3hls_uploader_close(&uploader), S3HLS_E_STATE);
    assert_int_equal(s3hls_uploader_step(uploader, 0), S3HLS_E_STATE);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(s3hls_recorder_drain(r[i], 10000), S3HLS_OK);
        assert_int_equal(stats_of(r[i]).segments_delivered, 15);
        assert_int_equal(stats_of(r[i]).frames_in, 1500);
        assert_int_equal(s3hls_recorder_close(&r[i], 0), S3HLS_OK);
    }
    assert_int_equal(s3hls_uploader_close(&uploader), S3HLS_OK);
    world_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_tell_time_duration_and_order),
        cmocka_unit_test(footage_begins_when_its_first_picture_was_taken),
        cmocka_unit_test(put_allocates_nothing),
        cmocka_unit_test(a_full_pool_drops_whole_pictures_and_shows_the_hole),
        cmocka_unit_test(a_full_pool_is_said_whatever_else_the_call_holds),
        cmocka_unit_test(close_names_what_it_drops),
        cmocka_unit_test(other_parameters_begin_another_timeline),
        cmocka_unit_test(no_segment_outgrows_what_its_timeline_promises),
        cmocka_unit_test(a_jump_of_times_begins_another_timeline_and_loses_nothing),
        cmocka_unit_test(every_way_in_gives_the_same_segments),
        cmocka_unit_test(a_frame_in_pieces_is_one_picture),
        cmocka_unit_test(large_sei_is_stored_or_refused_by_name),
        cmocka_unit_test(the_sign_of_a_put_states_whether_something_was_kept),
        cmocka_unit_test(what_is_not_h264_is_said_so),
        cmocka_unit_test(without_a_clock_segments_wait_for_their_names),
        cmocka_unit_test(a_clock_that_never_comes_is_told_of),
        cmocka_unit_test(wrong_values_are_named),
        cmocka_unit_test(every_allocation_of_open_may_fail),
        cmocka_unit_test(recorders_share_an_uploader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
