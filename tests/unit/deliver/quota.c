/* SPDX-License-Identifier: MIT-0 */
/* Recorders with quotas of one pool: none takes another's memory, and each is short of its own
 * only. */
#include "world.h"

enum { POOL_BYTES = 2 << 20, SECONDS = 20 };

typedef struct site {
    world *w;
    s3hls_uploader *uploader;
    s3hls_recorder *flooding, *calm;
    char urls[2][112];
    char calm_events[4096];
} site;

static void note_calm(void *ctx, const s3hls_event *e) {
    site *s = ctx;
    size_t used = strlen(s->calm_events);
    if (used + 100 < sizeof s->calm_events)
        snprintf(s->calm_events + used, sizeof s->calm_events - used, "%s\n",
                 s3hls_event_name(e->type));
}

static site open_site(uint64_t quota_bytes, bool spool) {
    site s = {.w = world_open()};
    s3hls_uploader_config u;
    s3hls_uploader_config_init(&u);
    u.pool_bytes = POOL_BYTES;
    u.no_thread = 1;
    u.env = &s.w->env;
    assert_int_equal(s3hls_uploader_open(&s.uploader, &u), S3HLS_OK);
    s3hls_recorder_config cfg = config(s.w);
    cfg.uploader = s.uploader;
    cfg.pool_quota_bytes = quota_bytes;
    cfg.spool_dir = spool ? s.w->spool : NULL;
    cfg.spool_after_ms = 3600000;
    for (int i = 0; i < 2; i++) {
        snprintf(s.urls[i], sizeof s.urls[i], "%s/%d", s.w->url, i);
        cfg.destination = s.urls[i];
        assert_int_equal(s3hls_recorder_open(i ? &s.calm : &s.flooding, &cfg), S3HLS_OK);
    }
    return s;
}

static void close_site(site *s) {
    assert_int_equal(s3hls_uploader_close(&s->uploader), S3HLS_OK);
    world_close(s->w);
}

/* The store is unreachable. One camera sends ten times as much as the pool holds, the other a
 * fraction of its quota. */
static void record_both(site *s) {
    h264_gen flood = {
        .width = 320, .height = 240, .gop = 25, .key_bytes = 60000, .other_bytes = 40000};
    h264_gen calm = {.width = 320, .height = 240, .gop = 25, .key_bytes = 5000, .other_bytes = 500};
    store_goes(s->w);
    for (int i = 0; i < 25 * SECONDS; i++) {
        put(s->flooding, &flood);
        put(s->calm, &calm);
        s->w->passed_us += 40000;
        s3hls_uploader_step(s->uploader, 0);
    }
}

static void deliver_both(site *s) {
    store_comes(s->w);
    s->w->passed_us += 60000000;
    for (int i = 0; i < 2000 && s3hls_uploader_step(s->uploader, 10) != S3HLS_OK; i++)
        ;
    s3hls_uploader_step(s->uploader, 0);
}

static void end_both(site *s) {
    assert_int_equal(s3hls_recorder_close(&s->flooding, 20000), S3HLS_OK);
    assert_int_equal(s3hls_recorder_close(&s->calm, 20000), S3HLS_OK);
}

static void a_flood_costs_the_others_nothing(void **state) {
    (void)state;
    site s = open_site(POOL_BYTES / 2, false);
    record_both(&s);
    s3hls_recorder_stats flooding = stats_of(s.flooding), calm = stats_of(s.calm);
    assert_true(flooding.frames_dropped > 0);
    assert_true(flooding.segments_waiting > 0);
    assert_int_equal(flooding.pool_bytes, POOL_BYTES / 2);
    assert_true(flooding.pool_used_bytes <= POOL_BYTES / 2);
    assert_int_equal(calm.frames_dropped, 0);
    assert_int_equal(calm.frames_in, 25 * SECONDS);
    deliver_both(&s);
    end_both(&s);
    close_site(&s);
}

/* What the quota prevents. */
static void without_quotas_it_costs_them_footage(void **state) {
    (void)state;
    site s = open_site(0, false);
    record_both(&s);
    s3hls_recorder_stats calm = stats_of(s.calm);
    assert_true(calm.frames_dropped > 0);
    assert_int_equal(calm.pool_bytes, POOL_BYTES);
    deliver_both(&s);
    end_both(&s);
    close_site(&s);
}

/* The one whose quota is used spools; the other, whose quota is not, writes nothing to flash. */
static void only_who_is_short_of_memory_spools(void **state) {
    (void)state;
    site s = open_site(POOL_BYTES / 2, true);
    record_both(&s);
    s3hls_recorder_stats flooding = stats_of(s.flooding), calm = stats_of(s.calm);
    assert_true(flooding.segments_spooled > 0);
    assert_int_equal(flooding.frames_dropped, 0);
    assert_int_equal(calm.segments_spooled, 0);
    assert_int_equal(calm.frames_dropped, 0);
    deliver_both(&s);
    end_both(&s);
    close_site(&s);
}

/* Pressure is an event of the recorder that it concerns. */
static void pressure_is_of_the_own_quota(void **state) {
    (void)state;
    site s = open_site(POOL_BYTES / 2, false);
    s3hls_recorder_config cfg = config(s.w);
    assert_int_equal(s3hls_recorder_close(&s.calm, 0), S3HLS_OK);
    cfg.uploader = s.uploader;
    cfg.pool_quota_bytes = POOL_BYTES / 2;
    cfg.destination = s.urls[1];
    cfg.on_event = note_calm;
    cfg.event_ctx = &s;
    assert_int_equal(s3hls_recorder_open(&s.calm, &cfg), S3HLS_OK);
    record_both(&s);
    assert_null(strstr(s.calm_events, "pressure"));
    h264_gen more = {
        .width = 320, .height = 240, .gop = 25, .key_bytes = 60000, .other_bytes = 40000};
    more.pictures = 25 * SECONDS; /* its timestamps go on */
    for (int i = 0; i < 100; i++) {
        put(s.calm, &more);
        s3hls_uploader_step(s.uploader, 0);
    }
    assert_non_null(strstr(s.calm_events, "pressure"));
    deliver_both(&s);
    assert_non_null(strstr(s.calm_events, "relieved"));
    end_both(&s);
    close_site(&s);
}

static void a_quota_is_a_part_of_the_pool(void **state) {
    (void)state;
    world *w = world_open();
    s3hls_recorder_config cfg = config(w);
    s3hls_recorder *r;
    cfg.pool_quota_bytes = 1000;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_E_INVALID);
    assert_non_null(strstr(w->lines, "pool_quota_bytes"));
    cfg.pool_quota_bytes = UINT64_MAX;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    assert_int_equal(stats_of(r).pool_bytes, cfg.pool_bytes);
    assert_int_equal(s3hls_recorder_close(&r, 0), S3HLS_OK);
    cfg.pool_quota_bytes = 256 << 10;
    cfg.segment_max_bytes = 512 << 10;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_E_INVALID);
    assert_non_null(strstr(w->lines, "segment_max_bytes"));
    world_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_costs_the_others_nothing),
        cmocka_unit_test(without_quotas_it_costs_them_footage),
        cmocka_unit_test(only_who_is_short_of_memory_spools),
        cmocka_unit_test(pressure_is_of_the_own_quota),
        cmocka_unit_test(a_quota_is_a_part_of_the_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
