/* SPDX-License-Identifier: MIT-0 */
/* A publisher without a thread, over a directory, by a clock of our own. */
#include "world.h"

#include "s3hls/playlist.h"
#include "s3hls/publish.h"

static const int64_t NOON_MS = INT64_C(1782820800000);

static s3hls_publisher *open_publisher(world *w) {
    s3hls_publisher_config cfg;
    s3hls_publisher *p;
    s3hls_publisher_config_init(&cfg);
    cfg.destination = w->url;
    cfg.no_thread = 1;
    cfg.env = &w->env;
    assert_int_equal(s3hls_publisher_open(&p, &cfg), S3HLS_OK);
    return p;
}

static void put_text(world *w, const char *key, const char *text) {
    s3hls_store *store;
    s3hls_span span = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(s3hls_store_open(&store, w->url, NULL, NULL), S3HLS_OK);
    assert_int_equal(s3hls_store_put(store, key, &span, 1, NULL, NULL), S3HLS_OK);
    s3hls_store_close(&store);
}

static void put_timeline(world *w) {
    put_text(w, "timelines/1.json",
             "{\"timeline\":1,\"target_duration_ms\":4000,\"width\":320,\"height\":240,"
             "\"frame_rate_milli\":25000,\"codecs\":\"avc1.42c00d\",\"container\":\"ts\"}");
}

static void deliver_segment(s3hls_publisher *p, s3hls_segment s) {
    char key[S3HLS_KEY_MAX];
    s.duration_ms = 4000;
    s.timeline = 1;
    s3hls_segment_key_format(&s, key, sizeof key);
    s3hls_publisher_on_event(
        p, &(s3hls_event){.type = S3HLS_EVENT_DELIVERED, .key = key, .bytes = 1000, .message = ""});
}

/* The n-th segment of 4 s; the hour begins with n = 0. */
static void deliver(s3hls_publisher *p, int n) {
    deliver_segment(p, (s3hls_segment){.start_ms = NOON_MS + n * 4000, .sequence = 1000 + n});
}

/* @return the playlist, valid until the next call; "" if there is none. */
static const char *playlist(const world *w, const char *key) {
    static char text[1 << 16];
    char path[256];
    snprintf(path, sizeof path, "%s/%s", w->cam, key);
    FILE *f = fopen(path, "r");
    text[f ? fread(text, 1, sizeof text - 1, f) : 0] = 0;
    if (f)
        fclose(f);
    return text;
}

static int segments_in(const char *text) {
    int count = 0;
    for (; (text = strstr(text, ".ts\n")); text += 4)
        count++;
    return count;
}

#define NOON_INDEX "2026/06/30/12/index.m3u8"

static void delivered_segments_are_published(void **state) {
    world *w = *state;
    s3hls_publisher *p = open_publisher(w);
    put_timeline(w);
    assert_int_equal(s3hls_publisher_step(p), S3HLS_OK);
    assert_string_equal(playlist(w, "live.m3u8"), "");
    for (int n = 0; n < 4; n++)
        deliver(p, n);
    assert_int_equal(s3hls_publisher_step(p), S3HLS_E_TIMEOUT); /* the index is due in a minute */
    assert_int_equal(segments_in(playlist(w, "live.m3u8")), 4);
    assert_non_null(strstr(playlist(w, "master.m3u8"), "CODECS=\"avc1.42c00d\""));
    assert_string_equal(playlist(w, NOON_INDEX), "");
    w->passed_us += 61000000;
    assert_int_equal(s3hls_publisher_step(p), S3HLS_OK);
    assert_int_equal(segments_in(playlist(w, NOON_INDEX)), 4);
    assert_non_null(strstr(playlist(w, NOON_INDEX), "TYPE:EVENT"));
    deliver(p, 4);
    assert_int_equal(s3hls_publisher_close(&p, 1, 1000), S3HLS_OK);
    assert_null(p);
    assert_int_equal(segments_in(playlist(w, NOON_INDEX)), 5);
    assert_non_null(strstr(playlist(w, NOON_INDEX), "#EXT-X-ENDLIST"));
    assert_non_null(strstr(playlist(w, "live.m3u8"), "#EXT-X-ENDLIST"));
}

static void put_timeline_of(world *w, int timeline, int target_ms) {
    char key[64], text[256];
    snprintf(key, sizeof key, "timelines/%d.json", timeline);
    snprintf(text, sizeof text,
             "{\"timeline\":%d,\"target_duration_ms\":%d,\"width\":320,\"height\":240,"
             "\"frame_rate_milli\":25000,\"codecs\":\"avc1.42c00d\",\"container\":\"ts\"}",
             timeline, target_ms);
    put_text(w, key, text);
}

/* The n-th segment of 4 s, or a longer one, of a timeline. */
static void deliver_of(s3hls_publisher *p, int n, uint64_t timeline, uint32_t duration_ms) {
    char key[S3HLS_KEY_MAX];
    s3hls_segment s = {.start_ms = NOON_MS + n * 4000,
                       .duration_ms = duration_ms,
                       .sequence = 1000 + (uint64_t)n,
                       .timeline = timeline};
    s3hls_segment_key_format(&s, key, sizeof key);
    s3hls_publisher_on_event(
        p, &(s3hls_event){.type = S3HLS_EVENT_DELIVERED, .key = key, .bytes = 1000});
}

static int has(const world *w, const char *key, const char *text) {
    return strstr(playlist(w, key), text) != NULL;
}

/* RFC 8216 6.2.1: EXT-X-TARGETDURATION does not change for a URL. */
static void a_larger_target_duration_gets_a_playlist_of_its_own(void **state) {
    world *w = *state;
    s3hls_publisher *p = open_publisher(w);
    put_timeline_of(w, 1, 4000);
    put_timeline_of(w, 2, 6000);
    put_timeline_of(w, 3, 2000);
    for (int n = 0; n < 4; n++)
        deliver_of(p, n, 1, 4000);
    s3hls_publisher_step(p);
    assert_true(has(w, "master.m3u8", "\nlive.m3u8\n"));
    deliver_of(p, 4, 1, 4000); /* the last two of the timeline, with the first of the next */
    deliver_of(p, 5, 1, 4000);
    deliver_of(p, 6, 2, 4000);
    s3hls_publisher_step(p);
    assert_true(has(w, "live.m3u8", "#EXT-X-TARGETDURATION:4\n"));
    assert_true(has(w, "live.m3u8", "-1005-1.ts\n#EXT-X-ENDLIST\n"));
    assert_true(has(w, "live-6.m3u8", "#EXT-X-TARGETDURATION:6\n"));
    assert_true(has(w, "live-6.m3u8", "-1006-2.ts\n"));
    assert_false(has(w, "live-6.m3u8", "ENDLIST"));
    assert_true(has(w, "master.m3u8", "\nlive-6.m3u8\n"));
    char before[4096];
    snprintf(before, sizeof before, "%s", playlist(w, "live.m3u8"));
    deliver_of(p, 7, 3, 2000); /* a smaller one needs no other playlist */
    s3hls_publisher_close(&p, 0, 1000);
    assert_true(has(w, "live-6.m3u8", "#EXT-X-TARGETDURATION:6\n"));
    assert_true(has(w, "live-6.m3u8", "-1007-3.ts\n"));
    p = open_publisher(w); /* a restart continues the one that master.m3u8 names */
    deliver_of(p, 8, 3, 2000);
    s3hls_publisher_step(p);
    assert_true(has(w, "live-6.m3u8", "-1008-3.ts\n"));
    assert_string_equal(playlist(w, "live.m3u8"), before);
    deliver_of(p, 9, 3, 9000); /* a segment that begins inside a GOP exceeds its timeline's */
    s3hls_publisher_close(&p, 1, 1000);
    assert_true(has(w, "live-6.m3u8", "-1008-3.ts\n#EXT-X-ENDLIST\n"));
    assert_true(has(w, "live-9.m3u8", "-1009-3.ts\n#EXT-X-ENDLIST\n"));
    assert_true(has(w, "master.m3u8", "\nlive-9.m3u8\n"));
}

/* The store is not trusted: a published playlist names no key of others. */
static void only_own_names_are_taken_from_a_master_playlist(void **state) {
    world *w = *state;
    static const char *const names[] = {"live-../../x.m3u8", "live-06.m3u8",
                                        "live-6.m3u8/..",    "live--6.m3u8",
                                        "secret.m3u8",       "live-99999999999999.m3u8"};
    put_timeline(w);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[128];
        snprintf(text, sizeof text, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n%s\n", names[i]);
        put_text(w, "master.m3u8", text);
        s3hls_publisher *p = open_publisher(w);
        deliver(p, (int)i);
        s3hls_publisher_close(&p, 0, 1000);
        assert_int_equal(segments_in(playlist(w, "live.m3u8")), i + 1);
    }
}

static void a_missing_segment_is_awaited_for_half_a_target_duration(void **state) {
    world *w = *state;
    s3hls_publisher *p = open_publisher(w);
    put_timeline(w);
    deliver(p, 0);
    deliver(p, 2);
    s3hls_publisher_step(p);
    assert_int_equal(segments_in(playlist(w, "live.m3u8")), 1);
    deliver(p, 1);
    s3hls_publisher_step(p);
    assert_int_equal(segments_in(playlist(w, "live.m3u8")), 3);
    deliver(p, 4);
    s3hls_publisher_step(p);
    assert_int_equal(segments_in(playlist(w, "live.m3u8")), 3);
    w->passed_us += 2100000;
    s3hls_publisher_step(p);
    assert_non_null(strstr(playlist(w, "live.m3u8"), "#EXT-X-GAP"));
    assert_int_equal(segments_in(playlist(w, "live.m3u8")), 5);
    deliver(p, 3); /* too late: what was published does not change, but the hour has it */
    assert_int_equal(s3hls_publisher_close(&p, 0, 1000), S3HLS_OK);
    assert_non_null(strstr(playlist(w, "live.m3u8"), "#EXT-X-GAP"));
    assert_int_equal(segments_in(playlist(w, NOON_INDEX)), 5);
    assert_null(strstr(playlist(w, NOON_INDEX), "#EXT-X-GAP"));
}

static void a_restart_continues_the_playlists_that_are_there(void **state) {
    world *w = *state;
    s3hls_publisher *p = open_publisher(w);
    put_timeline(w);
    for (int n = 0; n < 10; n++)
        deliver(p, n);
    assert_int_equal(s3hls_publisher_close(&p, 0, 1000), S3HLS_OK);
    p = open_publisher(w);
    deliver(p, 10);
    assert_int_equal(s3hls_publisher_close(&p, 0, 1000), S3HLS_OK);
    assert_int_equal(segments_in(playlist(w, NOON_INDEX)), 11);
    assert_non_null(strstr(playlist(w, "live.m3u8"), "12/00/36.000-4000-1009-1.ts"));
    /* after an end, a new session begins */
    p = open_publisher(w);
    assert_int_equal(s3hls_publisher_close(&p, 1, 1000), S3HLS_OK);
    assert_non_null(strstr(playlist(w, "live.m3u8"), "#EXT-X-ENDLIST"));
    put_text(w, "timelines/2000.json",
             "{\"timeline\":2000,\"target_duration_ms\":4000,\"width\":320,\"height\":240,"
             "\"frame_rate_milli\":25000,\"codecs\":\"avc1.42c00d\",\"container\":\"ts\"}");
    w->passed_us += 600000000;
    p = open_publisher(w);
    for (int n = 0; n < 3; n++) {
        char key[S3HLS_KEY_MAX];
        s3hls_segment s = {.start_ms = NOON_MS + 600000 + n * 4000,
                           .duration_ms = 4000,
                           .sequence = 2000 + (uint64_t)n,
                           .timeline = 2000};
        s3hls_segment_key_format(&s, key, sizeof key);
        s3hls_publisher_on_event(p, &(s3hls_event){.type = S3HLS_EVENT_DELIVERED, .key = key});
    }
    s3hls_publisher_step(p);
    assert_null(strstr(playlist(w, "live.m3u8"), "#EXT-X-ENDLIST"));
    assert_int_equal(segments_in(playlist(w, "live.m3u8")), 3);
    assert_int_equal(s3hls_publisher_close(&p, 0, 1000), S3HLS_OK);
}

static void an_hour_that_begins_inside_a_gop_lists_what_it_needs(void **state) {
    world *w = *state;
    s3hls_publisher *p = open_publisher(w);
    put_timeline(w);
    deliver(p, -2);
    deliver_segment(
        p, (s3hls_segment){.start_ms = NOON_MS - 4000, .sequence = 999, .entry = S3HLS_ENTRY_NONE});
    deliver_segment(
        p, (s3hls_segment){.start_ms = NOON_MS, .sequence = 1000, .entry = S3HLS_ENTRY_NONE});
    deliver(p, 1);
    assert_int_equal(s3hls_publisher_close(&p, 1, 1000), S3HLS_OK);
    assert_int_equal(segments_in(playlist(w, "2026/06/30/11/index.m3u8")), 2);
    assert_int_equal(segments_in(playlist(w, NOON_INDEX)), 4);
    assert_non_null(strstr(playlist(w, NOON_INDEX), "\n../../../../2026/06/30/11/59/52.000-"));
    assert_non_null(strstr(playlist(w, NOON_INDEX), "\n00/04.000-"));
}

static void note_status(void *ctx, int status, const s3hls_s3_error *error) {
    assert_int_equal(error != NULL, status != S3HLS_OK);
    ((int *)ctx)[status ? 0 : 1]++;
}

static void a_failure_is_reported_once_and_retried(void **state) {
    world *w = *state;
    s3hls_publisher_config cfg;
    s3hls_publisher *p;
    int reports[2] = {0};
    put_timeline(w);
    s3hls_publisher_config_init(&cfg);
    assert_int_equal(s3hls_publisher_open(&p, &cfg), S3HLS_E_INVALID);
    cfg.destination = w->url;
    cfg.no_thread = 1;
    cfg.on_status = note_status;
    cfg.status_ctx = reports;
    cfg.env = &w->env;
    assert_int_equal(s3hls_publisher_open(&p, &cfg), S3HLS_OK);
    s3hls_publisher_step(p);
    char blocker[128];
    snprintf(blocker, sizeof blocker, "%s/live.m3u8", w->cam);
    assert_int_equal(mkdir(blocker, 0700), 0);
    deliver(p, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(s3hls_publisher_step(p), S3HLS_E_TIMEOUT);
        w->passed_us += 31000000;
    }
    assert_int_equal(reports[0], 1);
    assert_int_equal(rmdir(blocker), 0);
    s3hls_publisher_step(p);
    assert_int_equal(reports[1], 1);
    assert_int_equal(segments_in(playlist(w, "live.m3u8")), 1);
    remove(blocker);
    assert_int_equal(mkdir(blocker, 0700), 0);
    deliver(p, 1);
    assert_int_equal(s3hls_publisher_close(&p, 0, 0), S3HLS_E_UNDELIVERED);
    assert_int_equal(rmdir(blocker), 0);
}

static void a_recorder_publishes_from_c(void **state) {
    world *w = *state;
    s3hls_publisher_config publishing;
    s3hls_publisher *p;
    s3hls_recorder *r;
    s3hls_recorder_config cfg = config(w);
    h264_gen g = camera();
    s3hls_publisher_config_init(&publishing);
    publishing.destination = w->url;
    publishing.env = &w->env;
    assert_int_equal(s3hls_publisher_open(&p, &publishing), S3HLS_OK); /* with its thread */
    assert_int_equal(s3hls_publisher_step(p), S3HLS_E_STATE);
    cfg.on_event = s3hls_publisher_on_event;
    cfg.event_ctx = p;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 400; i++)
        put(r, &g);
    assert_int_equal(s3hls_recorder_close(&r, 10000), S3HLS_OK);
    assert_int_equal(s3hls_publisher_close(&p, 1, 10000), S3HLS_OK);
    assert_int_equal(segments_in(playlist(w, "live.m3u8")), 4);
    assert_int_equal(segments_in(playlist(w, NOON_INDEX)), 4);
    assert_non_null(strstr(playlist(w, "master.m3u8"), "RESOLUTION=320x240"));
}

static int setup(void **state) {
    *state = world_open();
    return 0;
}

static int teardown(void **state) {
    world_close(*state);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(delivered_segments_are_published),
        TEST(a_larger_target_duration_gets_a_playlist_of_its_own),
        TEST(only_own_names_are_taken_from_a_master_playlist),
        TEST(a_missing_segment_is_awaited_for_half_a_target_duration),
        TEST(a_restart_continues_the_playlists_that_are_there),
        TEST(an_hour_that_begins_inside_a_gop_lists_what_it_needs),
        TEST(a_failure_is_reported_once_and_retried),
        TEST(a_recorder_publishes_from_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
