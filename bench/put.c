/* SPDX-License-Identifier: MIT-0 */
/* Measures how long the encoder waits in a put while its store works, fails or is slow, or while
 * segments are spooled: keyframes of 100 KB, other frames of 20 KB. For comparison, the same frame
 * is copied into a ring as large as the pool after each put, so that both measure the same
 * machine. */
#include "fault_server.h"
#include "report.h"
#include "s3hls/s3hls.h"
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PUTS = 20000, GOP = 25, KEY_BYTES = 100000, OTHER_BYTES = 20000, PAUSE_US = 200 };
enum { POOL_BYTES = 16 << 20 };

/* ---- cost of a put */

static _Atomic long allocations;
static _Thread_local bool counting;

static void *counted(void *ctx, void *p, size_t size) {
    (void)ctx;
    allocations += counting && size;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

/* Wall-clock time, and CPU time of the thread, since other programs run too. */
typedef struct moment {
    double wall_us, own_us;
} moment;

typedef struct times {
    double wall_us[PUTS], own_us[PUTS];
} times;

static double clock_us(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static moment now(void) {
    double own_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
    return (moment){clock_us(CLOCK_MONOTONIC), own_us};
}

static moment since(moment from) {
    double wall_us = clock_us(CLOCK_MONOTONIC) - from.wall_us;
    return (moment){wall_us, clock_us(CLOCK_THREAD_CPUTIME_ID) - from.own_us};
}

static void note(times *t, int i, moment took) {
    t->wall_us[i] = took.wall_us;
    t->own_us[i] = took.own_us;
}

/* Page faults, waits and preemptions of the thread during all puts. */
typedef struct burdens {
    long faults, waits, preempted;
} burdens;

static void add(burdens *sum, const struct rusage *from) {
    struct rusage to;
    getrusage(RUSAGE_THREAD, &to);
    sum->faults += to.ru_minflt - from->ru_minflt;
    sum->waits += to.ru_nvcsw - from->ru_nvcsw;
    sum->preempted += to.ru_nivcsw > from->ru_nivcsw;
}

/* ---- the encoder */

/* A keyframe and another frame, with valid headers and arbitrary payload. */
static void make_frames(uint8_t *key, uint8_t *other) {
    static const uint8_t sets[] = {0,    0,    0,    1,    0x67, 0x42, 0xc0, 0x1e, 0xda,
                                   0x02, 0x80, 0xf6, 0x40, 0,    0,    0,    1,    0x68,
                                   0xce, 0x38, 0x80, 0,    0,    1,    0x65, 0x88, 0x80};
    static const uint8_t slice[] = {0, 0, 1, 0x41, 0x9a, 0x02};
    memset(key, 0x5a, KEY_BYTES);
    memset(other, 0xa5, OTHER_BYTES);
    memcpy(key, sets, sizeof sets);
    memcpy(other, slice, sizeof slice);
}

/* Use an encoder thread's real-time priority, if permitted; the library's own thread does not. */
static void hurry(void) {
    sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
}

static void go_easy(void) {
    sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
}

static void put_all(s3hls_recorder *recorder, times *puts, times *copies, burdens *sum) {
    static uint8_t key[KEY_BYTES], other[OTHER_BYTES], ring[POOL_BYTES];
    size_t at = 0;
    make_frames(key, other);
    memset(ring, 1, sizeof ring);
    for (int i = 0; i < PUTS; i++) {
        s3hls_frame frame = {.data = i % GOP ? other : key,
                             .size = i % GOP ? OTHER_BYTES : KEY_BYTES};
        struct rusage use;
        getrusage(RUSAGE_THREAD, &use);
        counting = true;
        moment from = now();
        s3hls_recorder_put_video(recorder, &frame);
        moment took = since(from);
        counting = false;
        add(sum, &use);
        note(puts, i, took);
        at = at + frame.size > sizeof ring ? 0 : at;
        from = now();
        memcpy(ring + at, frame.data, frame.size);
        note(copies, i, since(from));
        at += frame.size;
        usleep(PAUSE_US);
    }
}

/* ---- figures */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report_quantile(const char *name, const char *what, double share, const double *put_us,
                            const double *copy_us) {
    char label[64];
    int at = (int)(share * (PUTS - 1));
    snprintf(label, sizeof label, "put.%s.%s", name, what);
    report(label, put_us[at], "us", "memcpy", put_us[at] / copy_us[at]);
}

static void sort(times *t) {
    qsort(t->wall_us, PUTS, sizeof *t->wall_us, by_value);
    qsort(t->own_us, PUTS, sizeof *t->own_us, by_value);
}

static void report_count(const char *name, const char *what, long count) {
    char label[64];
    snprintf(label, sizeof label, "put.%s.%s", name, what);
    report(label, (double)count, "", NULL, 0);
}

/* With S3HLS_DROP_OLDEST, each put finds free memory, whatever the store does. */
static void measure(const char *name, const char *destination, const char *endpoint,
                    const char *spool) {
    static times puts, copies;
    burdens sum = {0};
    s3hls_env env = {.reallocate = counted};
    s3hls_credentials keys = {"AKIDEXAMPLE", "secret", NULL, 0};
    s3hls_recorder_config cfg;
    s3hls_recorder *recorder;
    s3hls_recorder_stats stats;
    s3hls_recorder_config_init(&cfg);
    cfg.destination = destination;
    cfg.s3.endpoint = endpoint;
    cfg.frame_rate_num = 25;
    cfg.pool_bytes = POOL_BYTES;
    cfg.drop = S3HLS_DROP_OLDEST;
    cfg.spool_dir = spool;
    cfg.spool_max_bytes = (uint64_t)64 << 20;
    cfg.spool_after_ms = 0;
    cfg.env = &env;
    s3hls_credentials_open_static(&cfg.s3.credentials, &keys, &env);
    int rc = s3hls_recorder_open(&recorder, &cfg);
    if (rc) {
        fprintf(stderr, "%s: %s\n", name, s3hls_strerror(rc));
        exit(1);
    }
    allocations = 0;
    hurry();
    put_all(recorder, &puts, &copies, &sum);
    go_easy();
    long allocated = allocations;
    s3hls_recorder_close_stats(&recorder, 100, &stats);
    s3hls_credentials_close(&cfg.s3.credentials);
    sort(&puts);
    sort(&copies);
    report_quantile(name, "p50", 0.5, puts.wall_us, copies.wall_us);
    report_quantile(name, "p99", 0.99, puts.wall_us, copies.wall_us);
    report_quantile(name, "p99_99", 0.9999, puts.wall_us, copies.wall_us);
    report_quantile(name, "own_p99_99", 0.9999, puts.own_us, copies.own_us);
    report_count(name, "preempted", sum.preempted);
    report_count(name, "waits", sum.waits);
    report_count(name, "page_faults", sum.faults);
    report_count(name, "allocations", allocated);
    report_count(name, "frames_dropped", (long)stats.frames_dropped);
}

/* ---- audio, on a thread of its own */

enum { AUDIO_BYTES = 256, AUDIO_US = 42667 };

typedef struct sound {
    s3hls_recorder *recorder;
    _Atomic int64_t video_us; /* time of the newest picture; negative: there are no more */
    times times;
    int count;
} sound;

static void *put_sound(void *arg) {
    static const uint8_t frame[AUDIO_BYTES] = {0xff, 0xf1, 0x58, 0x40, AUDIO_BYTES >> 3,
                                               0x1f, 0xfc};
    sound *s = arg;
    int64_t pts_us = 0, video_us;
    hurry();
    while ((video_us = s->video_us) >= 0 && s->count < PUTS) {
        if (pts_us > video_us) {
            usleep(50);
            continue;
        }
        s3hls_audio audio = {.data = frame, .size = sizeof frame, .pts_us = pts_us};
        moment from = now();
        s3hls_recorder_put_audio(s->recorder, &audio);
        note(&s->times, s->count++, since(from));
        pts_us += AUDIO_US; /* of 24 kHz */
    }
    return NULL;
}

static void put_with_sound(sound *s, times *video) {
    static uint8_t key[KEY_BYTES], other[OTHER_BYTES];
    make_frames(key, other);
    for (int i = 0; i < PUTS; i++) {
        s3hls_frame frame = {.data = i % GOP ? other : key,
                             .size = i % GOP ? OTHER_BYTES : KEY_BYTES,
                             .pts_us = i * INT64_C(40000)};
        moment from = now();
        s3hls_recorder_put_video(s->recorder, &frame);
        note(video, i, since(from));
        s->video_us = frame.pts_us;
        usleep(PAUSE_US);
    }
    s->video_us = -1;
}

static void report_beside(const char *what, double share, const double *audio_us, int count,
                          const double *video_us) {
    char label[64];
    double audio = audio_us[(int)(share * (count - 1))];
    snprintf(label, sizeof label, "put.audio.%s", what);
    report(label, audio, "us", "put_video", audio / video_us[(int)(share * (PUTS - 1))]);
}

/* put_audio beside put_video, each on its own thread, into fragmented MP4. */
static void measure_audio(const char *destination) {
    static sound s;
    static times video;
    pthread_t thread;
    s3hls_recorder_config cfg;
    s3hls_recorder_config_init(&cfg);
    cfg.destination = destination;
    cfg.pool_bytes = POOL_BYTES;
    cfg.drop = S3HLS_DROP_OLDEST;
    cfg.container = S3HLS_CONTAINER_FMP4;
    cfg.audio.codec = S3HLS_AUDIO_AAC_ADTS;
    int rc = s3hls_recorder_open(&s.recorder, &cfg);
    if (rc || pthread_create(&thread, NULL, put_sound, &s)) {
        fprintf(stderr, "audio: %s\n", s3hls_strerror(rc));
        exit(1);
    }
    hurry();
    put_with_sound(&s, &video);
    go_easy();
    pthread_join(thread, NULL);
    s3hls_recorder_stats stats;
    s3hls_recorder_close_stats(&s.recorder, 100, &stats);
    sort(&video);
    qsort(s.times.wall_us, (size_t)s.count, sizeof(double), by_value);
    qsort(s.times.own_us, (size_t)s.count, sizeof(double), by_value);
    report_beside("p50", 0.5, s.times.wall_us, s.count, video.wall_us);
    report_beside("p99", 0.99, s.times.wall_us, s.count, video.wall_us);
    report_beside("p99_99", 0.9999, s.times.wall_us, s.count, video.wall_us);
    report_beside("own_p99_99", 0.9999, s.times.own_us, s.count, video.own_us);
    report_count("audio", "puts", s.count);
    report_count("audio", "frames_dropped",
                 (long)(stats.audio_frames_dropped + stats.audio_frames_damaged));
}

static void measure_fault(const char *name, fault kind, const char *spool) {
    fault_server server;
    fault_server_start(&server, kind);
    measure(name, "s3://bench-bucket/cam", server.endpoint, spool);
    fault_server_stop(&server);
}

/* ---- folders */

static int remove_entry(const char *path, const struct stat *s, int type, struct FTW *f) {
    (void)s, (void)type, (void)f;
    return remove(path);
}

static void remove_folder(const char *dir) {
    nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void) {
    char memory[] = "/dev/shm/s3hls-bench-XXXXXX", disk[] = "./s3hls-bench-XXXXXX", url[64];
    if (!mkdtemp(memory) || !mkdtemp(disk))
        return 1;
    snprintf(url, sizeof url, "file://%s", memory);
    measure("alive", url, NULL, NULL);
    measure_audio(url);
    remove_folder(memory);
    measure("refused", "s3://bench-bucket/cam", "http://127.0.0.1:9", NULL);
    measure_fault("silent", FAULT_SILENT, NULL);
    measure_fault("503", FAULT_503, NULL);
    measure_fault("slow", FAULT_SLOW, NULL);
    measure_fault("spool", FAULT_503, disk);
    remove_folder(disk);
    return 0;
}
