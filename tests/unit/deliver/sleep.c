/* SPDX-License-Identifier: MIT-0 */
/* The uploader's thread sleeps until something is due, and no wake-up is lost. With the system's
 * own clock: a thread that misses a wake-up sleeps for seconds. */
#include "world.h"

#include <dirent.h>

enum { RECORDERS = 100, CUTS = 1500, LATE_MS = 5000 };

/* ---- the uploader's thread */

/* The newest thread of the process. */
static long newest_thread(void) {
    long newest = 0;
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; (e = readdir(d));)
        if (atol(e->d_name) > newest)
            newest = atol(e->d_name);
    closedir(d);
    return newest;
}

/* How often a thread has gone to sleep. */
static long sleeps_of(long thread) {
    char path[64], line[128];
    long count = -1;
    snprintf(path, sizeof path, "/proc/self/task/%ld/status", thread);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    if (f)
        fclose(f);
    return count;
}

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- events */

typedef struct events {
    _Atomic int delivered, pressure, relieved;
} events;

static void count_event(void *ctx, const s3hls_event *e) {
    events *n = ctx;
    n->delivered += e->type == S3HLS_EVENT_DELIVERED;
    n->pressure += e->type == S3HLS_EVENT_PRESSURE;
    n->relieved += e->type == S3HLS_EVENT_RELIEVED;
}

static bool comes(_Atomic int *count, int at_least) {
    int64_t end_us = now_us() + LATE_MS * INT64_C(1000);
    while (*count < at_least && now_us() < end_us)
        usleep(20);
    return *count >= at_least;
}

static s3hls_recorder_config threaded(world *w, events *n) {
    s3hls_recorder_config cfg = config(w);
    cfg.no_thread = 0;
    cfg.on_event = count_event;
    cfg.event_ctx = n;
    cfg.env = NULL;
    return cfg;
}

/* ---- */

static void an_idle_uploader_sleeps(void **state) {
    (void)state;
    world *w = world_open();
    events n = {0};
    s3hls_uploader_config u;
    s3hls_uploader *uploader;
    static s3hls_recorder *recorders[RECORDERS];
    s3hls_recorder_config cfg = threaded(w, &n);
    char spool[96], url[112];
    s3hls_uploader_config_init(&u);
    assert_int_equal(s3hls_uploader_open(&uploader, &u), S3HLS_OK);
    long thread = newest_thread();
    cfg.uploader = uploader;
    cfg.spool_dir = spool;
    cfg.destination = url;
    for (int i = 0; i < RECORDERS; i++) {
        snprintf(spool, sizeof spool, "%s/%d", w->spool, i);
        snprintf(url, sizeof url, "%s/%d", w->url, i);
        assert_int_equal(s3hls_recorder_open(&recorders[i], &cfg), S3HLS_OK);
    }
    usleep(200000);
    long before = sleeps_of(thread);
    assert_true(before > 0);
    usleep(2000000);
    assert_in_range(sleeps_of(thread) - before, 0, 3); /* less than twice a second */
    for (int i = 0; i < RECORDERS; i++)
        s3hls_recorder_close(&recorders[i], 0);
    assert_int_equal(s3hls_uploader_close(&uploader), S3HLS_OK);
    world_close(w);
}

/* One segment after the other, each at another moment of the thread's way to sleep. */
static void each_segment_wakes_a_thread_that_sleeps(void **state) {
    (void)state;
    world *w = world_open();
    events n = {0};
    s3hls_recorder *r;
    s3hls_recorder_config cfg = threaded(w, &n);
    h264_gen g = {.width = 320, .height = 240, .gop = 1, .key_bytes = 200};
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    put(r, &g);
    for (int i = 1; i <= CUTS; i++) {
        s3hls_recorder_cut(r);
        put(r, &g);
        if (!comes(&n.delivered, i))
            fail_msg("segment %d was not delivered within %d ms", i, LATE_MS);
        for (int64_t until_us = now_us() + i % 64 * 2; now_us() < until_us;)
            ;
    }
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    world_close(w);
}

/* Without a complete segment: the pool fills with one group of pictures. */
static void pressure_wakes_a_thread_that_sleeps(void **state) {
    (void)state;
    world *w = world_open();
    events n = {0};
    s3hls_recorder *r;
    s3hls_recorder_config cfg = threaded(w, &n);
    h264_gen g = {.width = 320, .height = 240, .gop = 42, .key_bytes = 20000, .other_bytes = 20000};
    cfg.segment_max_bytes = cfg.pool_bytes;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    usleep(20000); /* it sleeps */
    for (int i = 0; i < 42; i++)
        assert_int_equal(put(r, &g), S3HLS_OK);
    assert_true(comes(&n.pressure, 1));
    s3hls_recorder_cut(r);
    put(r, &g);
    assert_true(comes(&n.delivered, 1));
    assert_true(comes(&n.relieved, 1));
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    world_close(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_uploader_sleeps),
        cmocka_unit_test(each_segment_wakes_a_thread_that_sleeps),
        cmocka_unit_test(pressure_wakes_a_thread_that_sleeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
