/* SPDX-License-Identifier: MIT-0 */
/* fault_camera DESTINATION [NAME=NUMBER|TEXT]...: a camera for the fault matrix.
 *
 * Records the same generated stream each time, from a fixed hour, so that its segments have the
 * same names and bytes wherever they go, and prints what the library says became of them as one
 * line of JSON. The keys and the server come from the environment, as tests/lab writes it. */
#include "h264_gen.h"
#include <pthread.h>
#include <s3hls/s3hls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FPS = 25, FRAME_MAX = 65536 };
#define FIRST_FRAME_US INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */

static struct {
    const char *destination, *spool, *drop;
    long pool_kib, seconds, speed, key_bytes, other_bytes, close_ms, stall_ms, no_overwrite;
} opt = {.drop = "newest",
         .pool_kib = 4096,
         .seconds = 12,
         .speed = 4,
         .key_bytes = 30000,
         .other_bytes = 5000,
         .close_ms = 20000,
         .stall_ms = 1000};

static int read_options(int argc, char **argv) {
    const struct {
        const char *name;
        long *number;
        const char **text;
    } options[] = {
        {"spool=", NULL, &opt.spool},
        {"drop=", NULL, &opt.drop},
        {"pool-kib=", &opt.pool_kib, NULL},
        {"seconds=", &opt.seconds, NULL},
        {"speed=", &opt.speed, NULL},
        {"key-bytes=", &opt.key_bytes, NULL},
        {"other-bytes=", &opt.other_bytes, NULL},
        {"close-ms=", &opt.close_ms, NULL},
        {"stall-ms=", &opt.stall_ms, NULL},
        {"no-overwrite=", &opt.no_overwrite, NULL},
    };
    enum { COUNT = sizeof options / sizeof *options };
    if (argc < 2)
        return 0;
    opt.destination = argv[1];
    for (int i = 2, k; i < argc; i++) {
        for (k = 0; k < COUNT && strncmp(argv[i], options[k].name, strlen(options[k].name)); k++)
            ;
        if (k == COUNT)
            return 0;
        char *value = strchr(argv[i], '=') + 1;
        if (options[k].number)
            *options[k].number = strtol(value, NULL, 10);
        else
            *options[k].text = value;
    }
    return 1;
}

/* ---- what is told */

/* Events come from two threads. */
static struct {
    pthread_mutex_t lock;
    uint64_t count[32];
    FILE *lost;
} told = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_event(void *ctx, const s3hls_event *event) {
    (void)ctx;
    pthread_mutex_lock(&told.lock);
    told.count[event->type]++;
    if (event->type == S3HLS_EVENT_SEGMENT_LOST)
        fprintf(told.lost, "%s\"%s\"", told.count[S3HLS_EVENT_SEGMENT_LOST] > 1 ? ", " : "",
                event->key);
    pthread_mutex_unlock(&told.lock);
}

static void on_log(void *ctx, s3hls_log_level level, const char *component, const char *message) {
    (void)ctx;
    fprintf(stderr, "%d %s: %s\n", (int)level, component, message);
}

/* ---- the camera */

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t ns) {
    struct timespec t = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* Times of single puts, in nanoseconds. */
typedef struct latencies {
    long *ns;
    size_t count;
} latencies;

/* @return how many puts said that something was left out or given up. */
static long put_all(s3hls_recorder *recorder, latencies *l) {
    static uint8_t bytes[FRAME_MAX];
    h264_gen camera = {.width = 320,
                       .height = 240,
                       .gop = FPS,
                       .key_bytes = (uint32_t)opt.key_bytes,
                       .other_bytes = (uint32_t)opt.other_bytes};
    int64_t begin = now_ns();
    long refused = 0, frames = opt.seconds * FPS;
    for (long i = 0; i < frames; i++) {
        s3hls_frame frame = {.data = bytes, .pts_us = i * 1000000 / FPS};
        frame.size = h264_gen_next(&camera, bytes, sizeof bytes);
        if (opt.speed)
            sleep_until(begin + i * 1000000000 / FPS / opt.speed);
        int64_t from = now_ns();
        refused += s3hls_recorder_put_video(recorder, &frame) != S3HLS_OK;
        l->ns[l->count++] = (long)(now_ns() - from);
    }
    return refused;
}

static int open_recorder(s3hls_uploader **uploader, s3hls_recorder **recorder,
                         const s3hls_env *env) {
    s3hls_uploader_config u;
    s3hls_uploader_config_init(&u);
    u.pool_bytes = (size_t)opt.pool_kib << 10;
    u.retry_first_ms = 50;
    u.retry_max_ms = 400;
    u.env = env;
    int rc = s3hls_uploader_open(uploader, &u);
    if (rc)
        return rc;
    s3hls_recorder_config r;
    s3hls_recorder_config_init(&r);
    r.destination = opt.destination;
    r.uploader = *uploader;
    r.s3.endpoint = getenv("S3HLS_LAB_ENDPOINT_TLS");
    r.s3.ca_file = getenv("S3HLS_LAB_CA");
    r.s3.connect_timeout_ms = 1000;
    r.s3.stall_timeout_ms = (uint32_t)opt.stall_ms;
    r.start_time_us = FIRST_FRAME_US;
    r.segment_duration_ms = 1000;
    r.spool_dir = opt.spool;
    r.spool_after_ms = 500;
    r.drop = strcmp(opt.drop, "oldest") == 0 ? S3HLS_DROP_OLDEST : S3HLS_DROP_NEWEST;
    r.object.no_overwrite = (int)opt.no_overwrite;
    r.on_event = on_event;
    r.env = env;
    return s3hls_recorder_open(recorder, &r);
}

/* ---- the report */

static int by_size(const void *a, const void *b) {
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

static double quantile_us(const latencies *l, double q) {
    size_t at = (size_t)(q * (double)l->count);
    return (double)l->ns[at < l->count ? at : l->count - 1] / 1000;
}

static void print_report(int rc, const s3hls_recorder_stats *s, long refused, int64_t close_ms,
                         latencies *l, const char *lost) {
    static const char *const causes[] = {
#define XX(name, text) text,
        S3HLS_CAUSE_MAP(XX)
#undef XX
    };
#define N(field) "\"" #field "\": %llu, "
#define V(field) (unsigned long long)s->field
    printf("{\"close\": \"%s\", \"close_ms\": %lld, \"refused\": %ld, " N(segments_accepted)
               N(segments_delivered) N(segments_spooled) N(segments_waiting) N(segments_dropped)
                   N(segments_recovered) N(frames_in) N(frames_dropped) N(gops_dropped)
                       N(bytes_accepted) N(bytes_delivered) N(bytes_dropped),
           s3hls_status_name(rc), (long long)close_ms, refused, V(segments_accepted),
           V(segments_delivered), V(segments_spooled), V(segments_waiting), V(segments_dropped),
           V(segments_recovered), V(frames_in), V(frames_dropped), V(gops_dropped),
           V(bytes_accepted), V(bytes_delivered), V(bytes_dropped));
#undef N
#undef V
    printf("\"retries_by\": {");
    for (int i = 0, n = 0; i < S3HLS_CAUSE_COUNT; i++)
        if (s->retries_by[i])
            printf("%s\"%s\": %llu", n++ ? ", " : "", causes[i],
                   (unsigned long long)s->retries_by[i]);
    printf("}, \"events\": {");
    for (int i = 0, n = 0; i < 32; i++)
        if (told.count[i])
            printf("%s\"%s\": %llu", n++ ? ", " : "", s3hls_event_name(i),
                   (unsigned long long)told.count[i]);
    qsort(l->ns, l->count, sizeof *l->ns, by_size);
    printf("}, \"lost\": [%s], \"put_us\": [%.1f, %.1f, %.1f, %.1f]}\n", lost, quantile_us(l, 0.5),
           quantile_us(l, 0.99), quantile_us(l, 0.9999), quantile_us(l, 1));
}

int main(int argc, char **argv) {
    if (!read_options(argc, argv)) {
        fprintf(stderr, "usage: fault_camera DESTINATION [NAME=VALUE]...\n");
        return 2;
    }
    s3hls_env env = {.log = on_log, .log_level = S3HLS_LOG_DEBUG};
    s3hls_uploader *uploader = NULL;
    s3hls_recorder *recorder = NULL;
    char *lost = NULL;
    size_t lost_size;
    told.lost = open_memstream(&lost, &lost_size);
    latencies l = {calloc((size_t)(opt.seconds * FPS), sizeof(long)), 0};
    int rc = told.lost && l.ns ? open_recorder(&uploader, &recorder, &env) : S3HLS_E_NOMEM;
    if (rc == S3HLS_OK) {
        s3hls_recorder_stats stats;
        long refused = put_all(recorder, &l);
        int64_t from = now_ns();
        s3hls_recorder_drain(recorder, (uint32_t)opt.close_ms);
        int closed = s3hls_recorder_close_stats(&recorder, 1000, &stats);
        int64_t close_ms = (now_ns() - from) / 1000000;
        fclose(told.lost);
        print_report(closed, &stats, refused, close_ms, &l, lost);
    } else {
        fprintf(stderr, "fault_camera: %s\n", s3hls_strerror(rc));
    }
    s3hls_uploader_close(&uploader);
    free(lost);
    free(l.ns);
    return rc != S3HLS_OK;
}
