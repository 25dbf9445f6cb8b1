/* SPDX-License-Identifier: MIT-0 */
/* A camera for the tests of reliability: records pictures of its own at a multiple of real speed,
 * until SIGTERM or for so many seconds, and closes. Each event becomes a line of a file before
 * recording goes on, so that it is known after a kill:
 *   NAME KEY BYTES STATUS
 * At the end the counts, as JSON. Exit status 1 where the ledger did not close at any moment. */
#include "h264_gen.h"
#include "ledger.h"
#include <fcntl.h>
#include <inttypes.h>
#include <s3hls/s3hls.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PICTURES_PER_SECOND = 10, FRAME_BYTES = 4096 };

typedef struct options {
    const char *destination, *endpoint, *spool, *run;
    int events;
    int64_t seconds; /* 0: until SIGTERM */
    uint32_t speed, drain_ms;
    bool sound; /* AAC, in fragmented MP4 */
} options;

static volatile sig_atomic_t ended;

static void end(int number) {
    (void)number;
    ended = 1;
}

static void write_event(void *ctx, const s3hls_event *e) {
    const options *o = ctx;
    char line[512];
    int n = snprintf(line, sizeof line, "%s %s %" PRIu64 " %s\n", s3hls_event_name(e->type),
                     e->key[0] ? e->key : "-", e->bytes, s3hls_status_name(e->status));
    if (write(o->events, line, (size_t)n) != n)
        abort();
}

static void write_log(void *ctx, s3hls_log_level level, const char *component,
                      const char *message) {
    (void)ctx;
    fprintf(stderr, "%d %s: %s\n", (int)level, component, message);
}

static bool read_options(options *o, int argc, char **argv) {
    *o = (options){.run = "1", .events = -1, .speed = 20, .drain_ms = 20000};
    for (int c; (c = getopt(argc, argv, "e:s:l:n:t:x:d:f")) != -1;)
        switch (c) {
        case 'e':
            o->endpoint = optarg;
            break;
        case 's':
            o->spool = optarg;
            break;
        case 'l':
            o->events = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
            break;
        case 'f':
            o->sound = true;
            break;
        case 'n':
            o->run = optarg;
            break;
        case 't':
            o->seconds = atoll(optarg);
            break;
        case 'x':
            o->speed = (uint32_t)atol(optarg);
            break;
        case 'd':
            o->drain_ms = (uint32_t)atol(optarg) * 1000;
            break;
        default:
            return false;
        }
    o->destination = optind == argc - 1 ? argv[optind] : NULL;
    return o->destination && o->events >= 0 && o->speed;
}

/* Quick to try again, so that much happens in little time. */
static s3hls_uploader *open_uploader(const s3hls_env *env) {
    s3hls_uploader *uploader = NULL;
    s3hls_uploader_config cfg;
    s3hls_uploader_config_init(&cfg);
    cfg.pool_bytes = 1024 * 1024;
    cfg.retry_first_ms = 20;
    cfg.retry_max_ms = 300;
    cfg.env = env;
    return s3hls_uploader_open(&uploader, &cfg) == S3HLS_OK ? uploader : NULL;
}

static int open_recorder(s3hls_recorder **recorder, options *o, s3hls_uploader *uploader,
                         const s3hls_env *env) {
    s3hls_pair tag = {"run", o->run};
    s3hls_recorder_config cfg;
    s3hls_recorder_config_init(&cfg);
    cfg.destination = o->destination;
    cfg.s3.endpoint = o->endpoint;
    cfg.s3.connect_timeout_ms = cfg.s3.stall_timeout_ms = 1000;
    cfg.uploader = uploader;
    cfg.frame_rate_num = PICTURES_PER_SECOND;
    cfg.segment_duration_ms = 1000;
    cfg.spool_dir = o->spool;
    cfg.spool_after_ms = 50;
    cfg.object.tags = &tag;
    cfg.object.tag_count = 1;
    if (o->sound) {
        cfg.container = S3HLS_CONTAINER_FMP4;
        cfg.audio.codec = S3HLS_AUDIO_AAC_ADTS;
    }
    cfg.on_event = write_event;
    cfg.event_ctx = o;
    cfg.env = env;
    return s3hls_recorder_open(recorder, &cfg);
}

/* A frame of 1024 samples at 8 kHz for each 128 ms of pictures. */
static void put_sound(s3hls_recorder *recorder, int64_t picture) {
    enum { SIZE = 64, FRAME_MS = 128, PICTURE_MS = 1000 / PICTURES_PER_SECOND };
    static const uint8_t frame[SIZE] = {0xff, 0xf1, 0x6c, 0x40, SIZE >> 3, 0x1f, 0xfc};
    s3hls_audio audio = {
        .data = frame, .size = sizeof frame, .pts_us = picture * PICTURE_MS * 1000};
    if (picture * PICTURE_MS / FRAME_MS != (picture - 1) * PICTURE_MS / FRAME_MS)
        s3hls_recorder_put_audio(recorder, &audio);
}

/* Each run's pictures are its own: the number of the first one says which. */
static bool record(const options *o, s3hls_recorder *recorder) {
    static uint8_t picture[FRAME_BYTES];
    h264_gen generator = {.width = 64, .height = 48, .gop = PICTURES_PER_SECOND};
    generator.key_bytes = 2500;
    generator.other_bytes = 600;
    generator.pictures = strtoull(o->run, NULL, 10) * 100000 * PICTURES_PER_SECOND;
    int64_t picture_ns = INT64_C(1000000000) / PICTURES_PER_SECOND / o->speed;
    int64_t pictures = o->seconds * PICTURES_PER_SECOND * o->speed;
    struct timespec due;
    bool closes = true;
    clock_gettime(CLOCK_MONOTONIC, &due);
    for (int64_t i = 0; !ended && (!pictures || i < pictures); i++) {
        s3hls_recorder_stats stats;
        s3hls_frame frame = {.data = picture};
        frame.size = h264_gen_next(&generator, picture, sizeof picture);
        s3hls_recorder_put_video(recorder, &frame);
        if (o->sound)
            put_sound(recorder, i);
        s3hls_recorder_get_stats(recorder, &stats);
        closes = closes && ledger_closes(&stats);
        due.tv_nsec += picture_ns;
        due.tv_sec += due.tv_nsec / 1000000000;
        due.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    }
    return closes;
}

static void print_stats(const s3hls_recorder_stats *s, int rc, bool closes) {
    printf("{\"close\": \"%s\", \"ledger\": \"%s\"", s3hls_status_name(rc),
           closes ? "closes" : "open");
#define PRINT(name) printf(", \"" #name "\": %" PRIu64, s->name)
    PRINT(frames_in);
    PRINT(frames_dropped);
    PRINT(gops_dropped);
    PRINT(segments_accepted);
    PRINT(segments_recovered);
    PRINT(segments_delivered);
    PRINT(segments_spooled);
    PRINT(segments_waiting);
    PRINT(segments_dropped);
    PRINT(bytes_accepted);
    PRINT(bytes_delivered);
    PRINT(bytes_spooled);
    PRINT(bytes_waiting);
    PRINT(bytes_dropped);
    PRINT(retries);
#undef PRINT
    printf(", \"media_ms\": %" PRId64 "}\n", s->media_us / 1000);
}

int main(int argc, char **argv) {
    options o;
    s3hls_env env = {.log = write_log, .log_level = S3HLS_LOG_INFO};
    s3hls_recorder *recorder = NULL;
    s3hls_recorder_stats stats;
    if (!read_options(&o, argc, argv)) {
        fprintf(stderr, "usage: camera -l EVENTS [-e ENDPOINT] [-s SPOOL] [-n RUN] [-t SECONDS] "
                        "[-x SPEED] [-d DRAIN-SECONDS] [-f] URL\n");
        return 2;
    }
    signal(SIGTERM, end);
    signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit fails instead */
    s3hls_uploader *uploader = open_uploader(&env);
    int rc = uploader ? open_recorder(&recorder, &o, uploader, &env) : S3HLS_E_NOMEM;
    if (rc) {
        fprintf(stderr, "open: %s\n", s3hls_strerror(rc));
        return 1;
    }
    bool closes = record(&o, recorder);
    s3hls_recorder_drain(recorder, o.drain_ms);
    rc = s3hls_recorder_close_stats(&recorder, 0, &stats);
    closes = closes && ledger_closes(&stats) && stats.segments_waiting == 0;
    s3hls_uploader_close(&uploader);
    print_stats(&stats, rc, closes);
    return !closes;
}
