/* SPDX-License-Identifier: MIT-0 */
/* What a recorder promises while its store is away. */
#include "world.h"

#include <dirent.h>

static s3hls_recorder_config watched(world *w) {
    s3hls_recorder_config cfg = config(w);
    cfg.on_event = note_event;
    cfg.event_ctx = w;
    cfg.spool_dir = w->spool;
    cfg.spool_after_ms = 0;
    return cfg;
}

/* As a camera would: time passes, and somebody drives delivery. */
static void record(world *w, s3hls_recorder *r, h264_gen *g, int frames) {
    for (int i = 0; i < frames; i++) {
        put(r, g);
        w->passed_us += 40000;
        if (i % 25 == 24)
            s3hls_recorder_get_stats(r, &(s3hls_recorder_stats){0});
    }
}

/* Drive delivery without the input's end, by a shared uploader's step. */
typedef struct driven {
    s3hls_uploader *uploader;
    s3hls_recorder *r;
} driven;

static driven open_driven(world *w, s3hls_recorder_config *cfg) {
    driven d;
    s3hls_uploader_config u;
    s3hls_uploader_config_init(&u);
    u.pool_bytes = cfg->pool_bytes;
    u.no_thread = 1;
    u.env = &w->env;
    assert_int_equal(s3hls_uploader_open(&d.uploader, &u), S3HLS_OK);
    cfg->uploader = d.uploader;
    assert_int_equal(s3hls_recorder_open(&d.r, cfg), S3HLS_OK);
    return d;
}

static void drive(world *w, driven *d, h264_gen *g, int frames) {
    for (int i = 0; i < frames; i++) {
        record(w, d->r, g, 1);
        s3hls_uploader_step(d->uploader, 0);
    }
    for (int i = 0; i < 20 && s3hls_uploader_step(d->uploader, 1) == S3HLS_E_TIMEOUT; i++)
        stats_of(d->r);
}

static void close_driven(driven *d) {
    s3hls_uploader_close(&d->uploader);
}

static void assert_whole(world *w, uint64_t count) {
    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, count);
    whole_number_of_packets(&list);
    for (size_t i = 1; i < list.count; i++)
        assert_int_equal(list.segments[i].sequence, list.segments[i - 1].sequence + 1);
    s3hls_segment_list_deinit(&list, NULL);
}

/* Each segment's timeline has its object. */
static void assert_timelines(world *w) {
    s3hls_segment_list list = recorded(w);
    assert_true(list.count > 0);
    for (size_t i = 0; i < list.count; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/timelines/%llu.json", w->cam,
                 (unsigned long long)list.segments[i].timeline);
        if (access(path, F_OK))
            fail_msg("%s is missing", path);
    }
    s3hls_segment_list_deinit(&list, NULL);
}

/* The store is back, but empty. */
static void another_store_comes(world *w) {
    char away[96];
    snprintf(away, sizeof away, "%s.away", w->cam);
    assert_int_equal(remove(w->cam), 0);
    remove_folder(away);
}

/* ---- */

static void an_outage_goes_through_the_spool_and_loses_nothing(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    h264_gen g = camera();
    driven d = open_driven(w, &cfg);
    drive(w, &d, &g, 25 * 8);
    store_goes(w);
    drive(w, &d, &g, 25 * 120); /* far more than the pool would hold */
    s3hls_recorder_stats s = stats_of(d.r);
    assert_true(s.segments_spooled > 20);
    assert_true(s.segments_waiting <= 2);
    assert_int_equal(s.frames_dropped, 0);
    assert_int_equal(events_of(w, "spooled"), s.segments_spooled);
    assert_int_equal(events_of(w, "failing") + events_of(w, "held"), 1);
    assert_true(s.lag_us > 100 * 1000000);
    store_comes(w);
    w->passed_us += 60000000; /* whatever back-off there was is over */
    for (int i = 0; i < 60; i++)
        drive(w, &d, &g, 25);
    s = stats_of(d.r);
    assert_int_equal(s.segments_spooled, 0);
    assert_int_equal(s.segments_dropped, 0);
    assert_int_equal(events_of(w, "recovered"), 1);
    assert_int_equal(events_of(w, "spool-drained"), 1);
    assert_int_equal(s3hls_recorder_close_stats(&d.r, 5000, &s), S3HLS_OK);
    assert_int_equal(s.segments_accepted, s.segments_delivered);
    assert_int_equal(events_of(w, "delivered"), s.segments_delivered);
    assert_int_equal(s.pool_used_bytes, 0);
    assert_whole(w, s.segments_delivered);
    close_driven(&d);
    world_close(w);
}

static void what_close_cannot_deliver_comes_with_the_next_session(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    s3hls_recorder *r;
    s3hls_recorder_stats s;
    h264_gen g = camera();
    const s3hls_pair tags[] = {{"camera", "front door"}};
    cfg.object.tags = tags;
    cfg.object.tag_count = 1;
    store_goes(w);
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    record(w, r, &g, 25 * 10);
    assert_int_equal(s3hls_recorder_close_stats(&r, 10, &s), S3HLS_OK); /* safe is good enough */
    assert_int_equal(s.segments_spooled, 3);
    assert_int_equal(s.segments_accepted, 3);
    store_comes(w);
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    assert_int_equal(stats_of(r).segments_recovered, 3);
    assert_int_equal(stats_of(r).segments_spooled, 3);
    assert_int_equal(s3hls_recorder_drain(r, 5000), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close_stats(&r, 0, &s), S3HLS_OK);
    assert_int_equal(s.segments_delivered, 3);
    assert_whole(w, 3);
    world_close(w);
}

static void sessions_never_use_a_number_twice(void **state) {
    (void)state;
    world *w = world_open();
    uint64_t next = 0;
    for (int session = 0; session < 5; session++) {
        s3hls_recorder_config cfg = watched(w);
        s3hls_recorder *r;
        h264_gen g = camera();
        assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
        record(w, r, &g, 25 * 10);
        assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
        w->wall_us -= 9000000; /* set back between them: the next begins a second after this one */
        next += 3;
    }
    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, next);
    for (size_t i = 0; i < list.count; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(list.segments[i].sequence, list.segments[k].sequence);
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

static void beyond_its_bound_the_oldest_goes_and_is_told(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    h264_gen g = camera();
    cfg.spool_max_bytes = 1 << 20;
    store_goes(w);
    driven d = open_driven(w, &cfg);
    drive(w, &d, &g, 25 * 120);
    s3hls_recorder_stats s = stats_of(d.r);
    assert_true(s.bytes_spooled <= 1 << 20);
    assert_true(s.segments_dropped > 5);
    assert_true(s.gops_dropped >= s.segments_dropped);
    assert_int_equal(events_of(w, "segment-lost"), s.segments_dropped);
    store_comes(w);
    assert_int_equal(s3hls_recorder_drain(d.r, 10000), S3HLS_OK);
    s = stats_of(d.r);
    assert_int_equal(s.segments_delivered + s.segments_dropped, s.segments_accepted);
    assert_whole(w, s.segments_delivered); /* the newest, in one piece */
    assert_timelines(w);                   /* whose object was in the spool from the beginning */
    assert_int_equal(s3hls_recorder_close(&d.r, 0), S3HLS_OK);
    close_driven(&d);
    world_close(w);
}

/* The bucket is set up anew in an outage, is emptied without one, or the spool is removed: the
 * timeline's object is stored again all the same. */
static void a_timelines_object_is_stored_again(void **state) {
    (void)state;
    enum { WITH_SPOOL, WITHOUT, SPOOL_REMOVED, UNNOTICED, CASES };
    for (int i = 0; i < CASES; i++) {
        world *w = world_open();
        s3hls_recorder_config cfg = watched(w);
        h264_gen g = camera();
        cfg.drop = S3HLS_DROP_OLDEST;
        if (i == WITHOUT)
            cfg.spool_dir = NULL;
        if (i == SPOOL_REMOVED)
            store_goes(w);
        driven d = open_driven(w, &cfg);
        drive(w, &d, &g, 25 * 9);
        if (i == SPOOL_REMOVED) {
            assert_int_equal(stats_of(d.r).segments_spooled, 2);
            remove_folder(w->spool);
        } else if (i == UNNOTICED) {
            remove_folder(w->cam);
            w->passed_us += INT64_C(3600) * 1000000;
        } else {
            store_goes(w);
        }
        drive(w, &d, &g, 25 * 20);
        if (i != UNNOTICED)
            another_store_comes(w);
        w->passed_us += 60000000;
        drive(w, &d, &g, 25 * 20);
        s3hls_recorder_drain(d.r, 10000);
        assert_timelines(w);
        assert_int_equal(s3hls_recorder_close(&d.r, 0), S3HLS_OK);
        close_driven(&d);
        world_close(w);
    }
}

/* A session's segments are in the spool, its timeline's object was delivered long ago: where the
 * bucket is another when the next session comes, the object is there too. */
static void with_segments_goes_their_timelines_object(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    h264_gen g = camera();
    driven d = open_driven(w, &cfg);
    drive(w, &d, &g, 25 * 9);
    store_goes(w);
    drive(w, &d, &g, 25 * 9);
    assert_int_equal(s3hls_recorder_close(&d.r, 0), S3HLS_OK);
    close_driven(&d);
    another_store_comes(w);
    cfg.uploader = NULL;
    assert_int_equal(s3hls_recorder_open(&d.r, &cfg), S3HLS_OK);
    assert_int_equal(s3hls_recorder_drain(d.r, 10000), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(&d.r, 0), S3HLS_OK);
    assert_timelines(w);
    world_close(w);
}

static void a_spool_that_comes_later_is_delivered(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    h264_gen g = camera();
    char aside[100];
    snprintf(aside, sizeof aside, "%s.aside", w->spool);
    store_goes(w);
    driven d = open_driven(w, &cfg);
    drive(w, &d, &g, 25 * 9);
    assert_int_equal(s3hls_recorder_close(&d.r, 0), S3HLS_OK);
    close_driven(&d);
    assert_int_equal(rename(w->spool, aside), 0);
    fclose(fopen(w->spool, "w")); /* its disk is not there at the next start */
    store_comes(w);
    d = open_driven(w, &cfg);
    assert_int_not_equal(stats_of(d.r).spool_status, S3HLS_OK);
    drive(w, &d, &g, 25 * 15);
    assert_int_equal(stats_of(d.r).segments_recovered, 0);
    assert_int_equal(events_of(w, "spool-failed"), 1);
    assert_int_equal(remove(w->spool), 0);
    assert_int_equal(rename(aside, w->spool), 0);
    drive(w, &d, &g, 25 * 20);
    s3hls_recorder_stats s = stats_of(d.r);
    assert_int_equal(s.spool_status, S3HLS_OK);
    assert_int_equal(s.segments_recovered, 3);
    assert_int_equal(s3hls_recorder_drain(d.r, 10000), S3HLS_OK);
    s = stats_of(d.r);
    assert_int_equal(s.segments_delivered, s.segments_accepted);
    assert_int_equal(events_of(w, "segment-lost"), 0);
    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, s.segments_delivered);
    s3hls_segment_list_deinit(&list, NULL);
    assert_int_equal(s3hls_recorder_close(&d.r, 0), S3HLS_OK);
    close_driven(&d);
    world_close(w);
}

/* The same footage, or other footage, recorded once more from the same start while the spool still
 * holds it. */
static void a_recording_repeated_over_its_spool_counts_once(void **state) {
    (void)state;
    for (int unlike = 0; unlike < 2; unlike++) {
        for (int early = 0; early < 2; early++) { /* the store is back before, or after */
            world *w = world_open();
            s3hls_recorder_config cfg = watched(w);
            s3hls_recorder_stats s;
            h264_gen first = camera(), second = camera();
            cfg.start_time_us = NOON_US;
            second.other_bytes += (uint32_t)unlike * 188;
            store_goes(w);
            driven d = open_driven(w, &cfg);
            drive(w, &d, &first, 25 * 12);
            assert_int_equal(s3hls_recorder_close_stats(&d.r, 0, &s), S3HLS_OK);
            assert_int_equal(s.segments_spooled, 3);
            close_driven(&d);
            if (early)
                store_comes(w);
            d = open_driven(w, &cfg);
            assert_int_equal(stats_of(d.r).segments_recovered, 3);
            drive(w, &d, &second, 25 * 12);
            if (early)
                assert_int_equal(s3hls_recorder_drain(d.r, 20000), S3HLS_OK);
            stats_of(d.r);
            int rc = s3hls_recorder_close_stats(&d.r, 0, &s);
            close_driven(&d);
            assert_int_equal(events_of(w, "segment-lost"), s.segments_dropped);
            if (!early) {
                assert_int_equal(rc, unlike ? S3HLS_E_UNDELIVERED : S3HLS_OK);
                assert_int_equal(s.segments_accepted, unlike ? 6 : 3);
                assert_int_equal(s.segments_spooled, 3);
                assert_int_equal(s.segments_dropped, unlike ? 3 : 0);
                store_comes(w);
                cfg.uploader = NULL;
                assert_int_equal(s3hls_recorder_open(&d.r, &cfg), S3HLS_OK);
                assert_int_equal(s3hls_recorder_drain(d.r, 20000), S3HLS_OK);
                assert_int_equal(stats_of(d.r).segments_delivered, 3);
                assert_int_equal(s3hls_recorder_close(&d.r, 0), S3HLS_OK);
            } else {
                assert_int_equal(rc, S3HLS_OK);
                assert_int_equal(s.segments_delivered, s.segments_accepted);
            }
            s3hls_segment_list list = recorded(w);
            assert_int_equal(list.count, 3);
            whole_number_of_packets(&list);
            s3hls_segment_list_deinit(&list, NULL);
            world_close(w);
        }
    }
}

static void a_disk_that_cannot_be_written_is_told_and_memory_serves(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    h264_gen g = camera();
    cfg.spool_dir = "/proc/nowhere";
    store_goes(w);
    driven d = open_driven(w, &cfg);
    drive(w, &d, &g, 25 * 20);
    assert_int_equal(events_of(w, "spool-failed"), 1);
    assert_int_equal(stats_of(d.r).segments_spooled, 0);
    assert_int_equal(stats_of(d.r).segments_waiting, 4);
    store_comes(w);
    assert_int_equal(s3hls_recorder_drain(d.r, 40000), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(&d.r, 0), S3HLS_OK);
    assert_whole(w, 5);
    close_driven(&d);
    world_close(w);
}

static void a_spool_too_small_for_one_segment_is_told(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    h264_gen g = camera();
    cfg.spool_max_bytes = 1000;
    store_goes(w);
    driven d = open_driven(w, &cfg);
    drive(w, &d, &g, 25 * 10);
    assert_int_equal(events_of(w, "spool-failed"), 1);
    assert_int_equal(stats_of(d.r).segments_waiting, 2);
    store_comes(w);
    assert_int_equal(s3hls_recorder_close(&d.r, 40000), S3HLS_OK);
    close_driven(&d);
    world_close(w);
}

static void by_policy_the_oldest_goes_and_put_says_so(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    s3hls_recorder *r;
    s3hls_recorder_stats s;
    h264_gen g = camera();
    int evicted = 0;
    cfg.spool_dir = NULL;
    cfg.drop = S3HLS_DROP_OLDEST;
    store_goes(w);
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 25 * 120; i++) {
        int rc = put(r, &g);
        assert_true(rc == S3HLS_OK || rc == S3HLS_W_DROPPED_OLDER);
        evicted += rc == S3HLS_W_DROPPED_OLDER;
        w->passed_us += 40000;
    }
    s = stats_of(r);
    assert_int_equal(s.frames_dropped, 0);
    assert_true(s.segments_dropped > 10);
    assert_in_range(evicted, 1, s.segments_dropped);
    assert_int_equal(events_of(w, "segment-lost"), s.segments_dropped);
    store_comes(w);
    assert_int_equal(s3hls_recorder_close_stats(&r, 10000, &s), S3HLS_OK);
    assert_whole(w, s.segments_delivered); /* the newest, in one piece */
    world_close(w);
}

static void frames_lost_are_told_when_recording_goes_on(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    h264_gen g = camera();
    cfg.spool_dir = NULL;
    store_goes(w);
    driven d = open_driven(w, &cfg);
    drive(w, &d, &g, 25 * 60);
    assert_int_equal(events_of(w, "pressure"), 1);
    assert_true(stats_of(d.r).gops_dropped > 10);
    int told = events_of(w, "frames-lost");
    store_comes(w);
    w->passed_us += 60000000;
    drive(w, &d, &g, 25 * 20);
    assert_int_equal(events_of(w, "frames-lost"), told + 1);
    assert_int_equal(events_of(w, "relieved"), 1);
    assert_int_equal(s3hls_recorder_close(&d.r, 5000), S3HLS_OK);
    close_driven(&d);
    world_close(w);
}

static void a_step_of_the_clock_begins_a_timeline(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    record(w, r, &g, 25 * 4);
    w->wall_us += INT64_C(3600000000); /* summer time, by hand */
    record(w, r, &g, 25 * 8);
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    assert_int_equal(events_of(w, "timeline"), 2);
    assert_int_equal(events_of(w, "clock"), 1);
    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.segments[1].timeline, list.segments[0].timeline + 1);
    assert_int_equal(list.segments[2].timeline, list.segments[1].timeline);
    assert_in_range(list.segments[1].start_ms - list.segments[0].start_ms - 3604000 + 100, 0, 200);
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

static void what_there_is_of_a_silent_camera_does_not_wait(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    assert_int_equal(s3hls_recorder_flush(r), S3HLS_OK); /* there is nothing */
    record(w, r, &g, 25 * 6 + 10);
    assert_int_equal(stats_of(r).segments_accepted, 1);
    assert_int_equal(s3hls_recorder_flush(r), S3HLS_OK);
    assert_int_equal(stats_of(r).segments_accepted, 2);
    w->passed_us += INT64_C(3600000000); /* it was away for an hour */
    record(w, r, &g, 25 * 6);            /* 15 frames to the next keyframe */
    assert_int_equal(stats_of(r).frames_skipped, 15);
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    assert_int_equal(s3hls_recorder_flush(NULL), S3HLS_E_INVALID);
    s3hls_segment_list list = recorded(w);
    assert_int_equal(list.count, 4);
    assert_int_equal(list.segments[1].duration_ms, 2400);
    assert_int_equal(list.segments[2].timeline, list.segments[1].timeline + 1);
    assert_in_range(list.segments[2].start_ms - list.segments[1].start_ms, 3602000, 3604000);
    s3hls_segment_list_deinit(&list, NULL);
    world_close(w);
}

static void tags_change_from_one_segment_to_the_next(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = watched(w);
    s3hls_recorder *r;
    h264_gen g = camera();
    char long_name[200];
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    const s3hls_pair many[11] = {{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}, {"e", ""}, {"f", ""},
                                 {"g", ""}, {"h", ""}, {"i", ""}, {"j", ""}, {"k", ""}};
    const s3hls_pair twice[] = {{"a", "1"}, {"a", "2"}}, wide[] = {{long_name, "1"}};
    const s3hls_pair none[] = {{NULL, "1"}}, control[] = {{"a", "b\r\nx-amz-acl: public-read"}};
    store_goes(w);
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    assert_int_equal(s3hls_recorder_set_tags(r, many, 11), S3HLS_E_INVALID);
    assert_int_equal(s3hls_recorder_set_tags(r, twice, 2), S3HLS_E_INVALID);
    assert_int_equal(s3hls_recorder_set_tags(r, wide, 1), S3HLS_E_INVALID);
    assert_int_equal(s3hls_recorder_set_tags(r, none, 1), S3HLS_E_INVALID);
    assert_int_equal(s3hls_recorder_set_tags(r, control, 1), S3HLS_E_INVALID);
    assert_int_equal(s3hls_recorder_set_tags(r, many, 10), S3HLS_OK);
    record(w, r, &g, 25 * 4 + 1);
    assert_int_equal(s3hls_recorder_set_tags(r, &(s3hls_pair){"why", "motion & sound"}, 1),
                     S3HLS_OK);
    record(w, r, &g, 25 * 4);
    assert_int_equal(s3hls_recorder_set_tags(r, NULL, 0), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    /* they went to the spool with their segments */
    char command[300];
    snprintf(command, sizeof command, "grep -laF 'why=motion%%20%%26%%20sound' '%s'/*/* | wc -l",
             w->spool);
    FILE *f = popen(command, "r");
    int files = 0;
    assert_int_equal(fscanf(f, "%d", &files), 1);
    pclose(f);
    assert_int_equal(files, 1);
    world_close(w);
}

static void wrong_object_options_are_named(void **state) {
    (void)state;
    world *w = world_open();
    const s3hls_pair space[] = {{"a b", "c"}}, line[] = {{"a", "b\nc"}};
    s3hls_recorder_config good = watched(w), bad[7];
    for (size_t i = 0; i < 7; i++)
        bad[i] = good;
    bad[0].object.metadata = space, bad[0].object.metadata_count = 1;
    bad[1].object.metadata = line, bad[1].object.metadata_count = 1;
    bad[2].object.encryption = "rot13";
    bad[3].object.kms_key_id = "key";
    bad[4].object.storage_class = "";
    bad[5].object.tags = space, bad[5].object.tag_count = 11;
    bad[6].drop = (s3hls_drop)2;
    static const char *const names[7] = {"metadata",      "metadata", "encryption", "kms_key_id",
                                         "storage_class", "tags",     "drop"};
    for (size_t i = 0; i < 7; i++) {
        s3hls_recorder *r;
        w->lines[0] = 0;
        assert_int_equal(s3hls_recorder_open(&r, &bad[i]), S3HLS_E_INVALID);
        assert_non_null(strstr(w->lines, names[i]));
    }
    world_close(w);
}

static void every_event_has_a_word(void **state) {
    (void)state;
    for (int type = 1; type <= S3HLS_EVENT_CREDENTIALS; type++)
        assert_string_not_equal(s3hls_event_name(type), "unknown");
    assert_string_equal(s3hls_event_name(0), "unknown");
    assert_string_equal(s3hls_event_name(999), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_goes_through_the_spool_and_loses_nothing),
        cmocka_unit_test(what_close_cannot_deliver_comes_with_the_next_session),
        cmocka_unit_test(sessions_never_use_a_number_twice),
        cmocka_unit_test(beyond_its_bound_the_oldest_goes_and_is_told),
        cmocka_unit_test(a_timelines_object_is_stored_again),
        cmocka_unit_test(with_segments_goes_their_timelines_object),
        cmocka_unit_test(a_spool_that_comes_later_is_delivered),
        cmocka_unit_test(a_recording_repeated_over_its_spool_counts_once),
        cmocka_unit_test(a_disk_that_cannot_be_written_is_told_and_memory_serves),
        cmocka_unit_test(a_spool_too_small_for_one_segment_is_told),
        cmocka_unit_test(by_policy_the_oldest_goes_and_put_says_so),
        cmocka_unit_test(frames_lost_are_told_when_recording_goes_on),
        cmocka_unit_test(a_step_of_the_clock_begins_a_timeline),
        cmocka_unit_test(what_there_is_of_a_silent_camera_does_not_wait),
        cmocka_unit_test(tags_change_from_one_segment_to_the_next),
        cmocka_unit_test(wrong_object_options_are_named),
        cmocka_unit_test(every_event_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
