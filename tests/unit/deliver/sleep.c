/* SPDX-License-Identifier: MIT-0 */
/* The uploader's thread sleeps until something is due, and no wake-up is lost. With the system's
 * own clock, a store in memory, and no timer that is due: a thread that misses a wake-up sleeps for
 * ever, and one that does not is late only if the machine is. */
#include "world.h"

#include <dirent.h>

enum { RECORDERS = 100, CUTS = 6000, LATE_MS = 30000 };

/* ---- a world whose store is in memory */

static world *world_in_memory(void) {
    char store[] = "/dev/shm/s3hls-sleep-XXXXXX";
    world *w = world_open();
    if (mkdtemp(store)) {
        snprintf(w->cam, sizeof w->cam, "%s/cam", store);
        snprintf(w->url, sizeof w->url, "file://%s", w->cam);
    }
    return w;
}

static void close_world(world *w) {
    *strrchr(w->cam, '/') = 0;
    if (strcmp(w->cam, w->dir))
        remove_folder(w->cam);
    world_close(w);
}

/* ---- how often threads sleep */

static long sleeps_of(const char *thread) {
    char path[300], line[128];
    long count = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    if (f)
        fclose(f);
    return count;
}

/* The newest thread at the start: this one, or one of a sanitizer, which begins with the first
 * other thread. */
static long newest_at_start;

static void *nothing(void *arg) {
    return arg;
}

static void note_threads(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, nothing, NULL) == 0)
        pthread_join(thread, NULL);
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; d && (e = readdir(d));)
        if (atol(e->d_name) > newest_at_start)
            newest_at_start = atol(e->d_name);
    if (d)
        closedir(d);
}

/* How often all threads that were started since have gone to sleep. */
static long sleeps(void) {
    long sum = 0;
    DIR *d = opendir("/proc/self/task");
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        if (atol(e->d_name) > newest_at_start)
            sum += sleeps_of(e->d_name);
    closedir(d);
    return sum;
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
    int64_t begin_us = now_us(), late_us = 0;
    while (*count < at_least && late_us < LATE_MS * INT64_C(1000)) {
        late_us = now_us() - begin_us;
        if (late_us > 500) /* until then, it is to be noticed at once */
            usleep(20);
    }
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
    world *w = world_in_memory();
    events n = {0};
    s3hls_uploader_config u;
    s3hls_uploader *uploader;
    static s3hls_recorder *recorders[RECORDERS];
    s3hls_recorder_config cfg = threaded(w, &n);
    char spool[96], url[112];
    s3hls_uploader_config_init(&u);
    assert_int_equal(s3hls_uploader_open(&uploader, &u), S3HLS_OK);
    cfg.uploader = uploader;
    cfg.spool_dir = spool;
    cfg.destination = url;
    for (int i = 0; i < RECORDERS; i++) {
        snprintf(spool, sizeof spool, "%s/%d", w->spool, i);
        snprintf(url, sizeof url, "%s/%d", w->url, i);
        assert_int_equal(s3hls_recorder_open(&recorders[i], &cfg), S3HLS_OK);
    }
    usleep(200000);
    long before = sleeps();
    assert_true(before > 0);
    usleep(2000000);
    assert_in_range(sleeps() - before, 0, 3); /* less than twice a second */
    for (int i = 0; i < RECORDERS; i++)
        s3hls_recorder_close(&recorders[i], 0);
    assert_int_equal(s3hls_uploader_close(&uploader), S3HLS_OK);
    close_world(w);
}

/* A hundred puts in two seconds complete four segments: each wakes the thread, no other put does.
 * The thread may sleep twice for each, since it can find the segment before the wake-up reaches it,
 * and once for several on a busy machine. */
static void a_recording_wakes_it_once_per_segment(void **state) {
    (void)state;
    world *w = world_in_memory();
    events n = {0};
    s3hls_recorder *r;
    s3hls_recorder_config cfg = threaded(w, &n);
    h264_gen g = {.width = 320, .height = 240, .gop = 25, .key_bytes = 9000, .other_bytes = 900};
    cfg.segment_duration_ms = 1000;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    put(r, &g);
    usleep(40000);
    long before = sleeps();
    for (int i = 0; i < 100; i++) {
        put(r, &g);
        usleep(20000);
    }
    assert_true(comes(&n.delivered, 4));
    assert_in_range(sleeps() - before, 1, 2 * 4 + 3);
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    close_world(w);
}

/* One segment after the other, each at another moment of the thread's way to sleep, which begins
 * with the event. All pictures are the same. */
static void each_segment_wakes_a_thread_that_sleeps(void **state) {
    (void)state;
    world *w = world_in_memory();
    events n = {0};
    s3hls_recorder *r;
    s3hls_recorder_config cfg = threaded(w, &n);
    h264_gen g = {.width = 320, .height = 240, .gop = 1, .key_bytes = 200};
    s3hls_frame f = {.data = frame_bytes};
    f.size = h264_gen_next(&g, frame_bytes, sizeof frame_bytes);
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    s3hls_recorder_put_video(r, &f);
    for (int i = 1; i <= CUTS; i++) {
        s3hls_recorder_cut(r);
        f.pts_us += 40000;
        s3hls_recorder_put_video(r, &f);
        if (!comes(&n.delivered, i))
            fail_msg("segment %d was not delivered within %d ms", i, LATE_MS);
        for (int64_t until_us = now_us() + i % 64; now_us() < until_us;)
            ;
    }
    assert_int_equal(s3hls_recorder_close(&r, 5000), S3HLS_OK);
    close_world(w);
}

/* Without a complete segment: the pool fills with one group of pictures. */
static void pressure_wakes_a_thread_that_sleeps(void **state) {
    (void)state;
    world *w = world_in_memory();
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
    close_world(w);
}

static void take_time(void *ctx, const s3hls_event *e) {
    count_event(ctx, e);
    if (e->type == S3HLS_EVENT_DELIVERED)
        usleep(50);
}

/* The encoder is faster than the store, and evicts what the uploader's thread looks at. */
static void segments_are_evicted_beside_the_thread(void **state) {
    (void)state;
    world *w = world_in_memory();
    events n = {0};
    s3hls_recorder *r;
    s3hls_recorder_stats s;
    s3hls_recorder_config cfg = threaded(w, &n);
    h264_gen g = {.width = 320, .height = 240, .gop = 1, .key_bytes = 200};
    s3hls_frame f = {.data = frame_bytes};
    f.size = h264_gen_next(&g, frame_bytes, sizeof frame_bytes);
    cfg.pool_bytes = 256 << 10;
    cfg.drop = S3HLS_DROP_OLDEST;
    cfg.on_event = take_time;
    assert_int_equal(s3hls_recorder_open(&r, &cfg), S3HLS_OK);
    for (int i = 0; i < 5 * CUTS; i++) {
        s3hls_recorder_put_video(r, &f);
        s3hls_recorder_cut(r);
        f.pts_us += 40000;
    }
    assert_int_equal(s3hls_recorder_close_stats(&r, 30000, &s), S3HLS_OK);
    assert_true(s.segments_dropped > 0);
    assert_true(s.segments_delivered > 0);
    assert_int_equal(s.segments_delivered + s.segments_dropped, s.segments_accepted);
    assert_int_equal(s.segments_accepted + s.frames_dropped, 5 * CUTS);
    close_world(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_uploader_sleeps),
        cmocka_unit_test(a_recording_wakes_it_once_per_segment),
        cmocka_unit_test(each_segment_wakes_a_thread_that_sleeps),
        cmocka_unit_test(pressure_wakes_a_thread_that_sleeps),
        cmocka_unit_test(segments_are_evicted_beside_the_thread),
    };
    note_threads();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
