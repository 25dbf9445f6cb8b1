/* SPDX-License-Identifier: MIT-0 */
/* fault_camera DESTINATION [NAME=NUMBER|TEXT]...: a camera for the fault matrix.
 *
 * Records the same generated stream each time, from a fixed hour, so that its segments have the
 * same names and bytes wherever they go, and prints what the library says became of them as one
 * line of JSON. The keys and the server come from the environment, as tests/lab writes it. */
#include "h264_gen.h"
#include <inttypes.h>
#include <pthread.h>
#include <s3hls/s3hls.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { FPS = 25, FRAME_MAX = 65536, EVENTS = 32 };
#define FIRST_FRAME_US INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */

static struct {
    const char *destination, *spool, *drop;
    long pool_kib, seconds, speed, key_bytes, other_bytes, drain_ms, connect_ms, stall_ms,
        no_overwrite, container, sound;
} opt = {.drop = "newest",
         .pool_kib = 4096,
         .seconds = 12,
         .speed = 4,
         .key_bytes = 30000,
         .other_bytes = 5000,
         .drain_ms = 20000,
         .connect_ms = 1000,
         .stall_ms = 1000,
         .container = S3HLS_CONTAINER_TS};

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
        {"drain-ms=", &opt.drain_ms, NULL},
        {"connect-ms=", &opt.connect_ms, NULL},
        {"stall-ms=", &opt.stall_ms, NULL},
        {"no-overwrite=", &opt.no_overwrite, NULL},
        {"container=", &opt.container, NULL},
        {"sound=", &opt.sound, NULL},
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
    uint64_t count[EVENTS]; /* by type; 0: of types that are not known */
    FILE *lost;
} told = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void on_event(void *ctx, const s3hls_event *event) {
    (void)ctx;
    pthread_mutex_lock(&told.lock);
    told.count[(int)event->type < EVENTS ? event->type : 0]++;
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

static int64_t clock_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t ns) {
    struct timespec t = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* What a put took: by the wall's clock, which counts what else the machine does, and of the
 * thread's own time. */
typedef struct times {
    long *wall_ns, *cpu_ns;
    size_t count;
    long waits; /* how often a put gave the processor away: on a lock, on the network */
    long *sound_ns;
    size_t sounds;
} times;

typedef struct moment {
    int64_t wall_ns, cpu_ns;
    long waits;
} moment;

static moment now(void) {
    struct rusage use;
    getrusage(RUSAGE_THREAD, &use);
    return (moment){clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_THREAD_CPUTIME_ID), use.ru_nvcsw};
}

/* AAC LC, 8 kHz, mono, in ADTS; up to the picture's time. Always the same bytes. */
static long put_sound(s3hls_recorder *recorder, times *t, int64_t until_us) {
    enum { FRAME_US = 128000, SIZE = 200 };
    static uint8_t frame[SIZE] = {0xff, 0xf1, 0x6c, 0x40, SIZE >> 3, (SIZE & 7) << 5 | 0x1f, 0xfc};
    long refused = 0;
    for (; opt.sound && (int64_t)t->sounds * FRAME_US <= until_us; t->sounds++) {
        s3hls_audio audio = {.data = frame, .size = SIZE, .pts_us = (int64_t)t->sounds * FRAME_US};
        int64_t before_ns = clock_ns(CLOCK_MONOTONIC);
        refused += s3hls_recorder_put_audio(recorder, &audio) != S3HLS_OK;
        t->sound_ns[t->sounds] = (long)(clock_ns(CLOCK_MONOTONIC) - before_ns);
    }
    return refused;
}

/* @return how many puts said that something was left out or given up. */
static long put_all(s3hls_recorder *recorder, times *t) {
    static uint8_t bytes[FRAME_MAX];
    h264_gen camera = {.width = 320,
                       .height = 240,
                       .gop = FPS,
                       .key_bytes = (uint32_t)opt.key_bytes,
                       .other_bytes = (uint32_t)opt.other_bytes};
    int64_t begin_ns = clock_ns(CLOCK_MONOTONIC);
    long refused = 0, frames = opt.seconds * FPS;
    for (long i = 0; i < frames; i++) {
        s3hls_frame frame = {.data = bytes, .pts_us = i * 1000000 / FPS};
        frame.size = h264_gen_next(&camera, bytes, sizeof bytes);
        if (opt.speed)
            sleep_until(begin_ns + i * 1000000000 / FPS / opt.speed);
        refused += put_sound(recorder, t, frame.pts_us);
        moment before = now();
        refused += s3hls_recorder_put_video(recorder, &frame) != S3HLS_OK;
        moment after = now();
        t->wall_ns[t->count] = (long)(after.wall_ns - before.wall_ns);
        t->cpu_ns[t->count++] = (long)(after.cpu_ns - before.cpu_ns);
        t->waits += after.waits - before.waits;
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
    r.s3.connect_timeout_ms = (uint32_t)opt.connect_ms;
    r.s3.stall_timeout_ms = (uint32_t)opt.stall_ms;
    r.start_time_us = FIRST_FRAME_US;
    r.segment_duration_ms = 1000;
    r.spool_dir = opt.spool;
    r.spool_after_ms = 500;
    r.drop = strcmp(opt.drop, "oldest") == 0 ? S3HLS_DROP_OLDEST : S3HLS_DROP_NEWEST;
    r.object.no_overwrite = (int)opt.no_overwrite;
    r.container = (s3hls_container)opt.container;
    r.audio.codec = opt.sound ? S3HLS_AUDIO_AAC_ADTS : S3HLS_AUDIO_NONE;
    r.on_event = on_event;
    r.env = env;
    return s3hls_recorder_open(recorder, &r);
}

/* ---- the report */

static void print_numbers(const char *name, const long *numbers, size_t count) {
    printf(", \"%s\": [", name);
    for (size_t i = 0; i < count; i++)
        printf("%s%ld", i ? ", " : "", numbers[i]);
    printf("]");
}

static void print_counts(const s3hls_recorder_stats *s) {
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {
#define COUNT(field) {#field, s->field}
        COUNT(segments_accepted), COUNT(segments_delivered), COUNT(segments_spooled),
        COUNT(segments_waiting),  COUNT(segments_dropped),   COUNT(segments_recovered),
        COUNT(frames_in),         COUNT(frames_dropped),     COUNT(gops_dropped),
        COUNT(bytes_accepted),    COUNT(bytes_delivered),    COUNT(bytes_dropped),
#undef COUNT
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        printf(", \"%s\": %" PRIu64, counts[i].name, counts[i].count);
    static const char *const causes[] = {
#define XX(name, text) text,
        S3HLS_CAUSE_MAP(XX)
#undef XX
    };
    printf(", \"retries_by\": {\"sum\": %" PRIu64, s->retries);
    for (int i = 0; i < S3HLS_CAUSE_COUNT; i++)
        if (s->retries_by[i])
            printf(", \"%s\": %" PRIu64, causes[i], s->retries_by[i]);
    printf("}");
}

static void print_events(const char *lost) {
    printf(", \"lost\": [%s], \"events\": {\"unknown\": %" PRIu64, lost, told.count[0]);
    for (int i = 1; i < EVENTS; i++)
        if (told.count[i])
            printf(", \"%s\": %" PRIu64, s3hls_event_name(i), told.count[i]);
    printf("}");
}

/* As an encoder's thread would run, where that is allowed; the library's own thread does not. */
static void hurry(void) {
    sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
}

/* Record, close, report. */
static void film(s3hls_recorder **recorder, times *t, const char *const *lost) {
    s3hls_recorder_stats stats;
    hurry();
    long refused = put_all(*recorder, t);
    int64_t from_ns = clock_ns(CLOCK_MONOTONIC);
    s3hls_recorder_drain(*recorder, (uint32_t)opt.drain_ms);
    int64_t drain_ms = (clock_ns(CLOCK_MONOTONIC) - from_ns) / 1000000;
    int rc = s3hls_recorder_close_stats(recorder, 1000, &stats);
    fflush(told.lost);
    printf("{\"close\": \"%s\", \"drain_ms\": %" PRId64 ", \"refused\": %ld, \"put_waits\": %ld",
           s3hls_status_name(rc), drain_ms, refused, t->waits);
    print_counts(&stats);
    print_events(*lost);
    print_numbers("put_ns", t->wall_ns, t->count);
    print_numbers("put_cpu_ns", t->cpu_ns, t->count);
    print_numbers("sound_ns", t->sound_ns, t->sounds);
    printf("}\n");
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
    size_t lost_size, frames = (size_t)opt.seconds * FPS;
    told.lost = open_memstream(&lost, &lost_size);
    times t = {.wall_ns = calloc(frames, sizeof(long)),
               .cpu_ns = calloc(frames, sizeof(long)),
               .sound_ns = calloc(frames, sizeof(long))};
    int rc = told.lost && t.wall_ns && t.cpu_ns && t.sound_ns
                 ? open_recorder(&uploader, &recorder, &env)
                 : S3HLS_E_NOMEM;
    if (rc == S3HLS_OK)
        film(&recorder, &t, (const char *const *)&lost);
    else
        fprintf(stderr, "fault_camera: %s\n", s3hls_strerror(rc));
    s3hls_uploader_close(&uploader);
    fclose(told.lost);
    free(lost);
    free(t.wall_ns);
    free(t.cpu_ns);
    free(t.sound_ns);
    return rc != S3HLS_OK;
}
