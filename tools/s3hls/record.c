/* SPDX-License-Identifier: MIT-0 */
#include "media.h"
#include "options.h"
#include "progress.h"
#include "tool.h"
#include "when.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct record_options {
    common_options common;
    s3hls_recorder_config cfg;
    media_options media;
    bool realtime, quiet, json;
    double deadline_s;
} record_options;

/* ---- options */

static const char *set_to(void *ctx, const char *value) {
    ((record_options *)ctx)->cfg.destination = value;
    return NULL;
}

static const char *set_fps(void *ctx, const char *value) {
    s3hls_recorder_config *cfg = &((record_options *)ctx)->cfg;
    return parse_rate(value, &cfg->frame_rate_num, &cfg->frame_rate_den)
               ? NULL
               : "not a frame rate; give 25, 29.97 or 30000/1001";
}

static const char *set_format(void *ctx, const char *value) {
    ((record_options *)ctx)->media.raw = true;
    return strcmp(value, "h264") == 0 ? NULL : "not a format; give h264, or leave it to be found";
}

static const char *set_realtime(void *ctx, const char *value) {
    (void)value;
    ((record_options *)ctx)->realtime = true;
    return NULL;
}

static const char *set_start(void *ctx, const char *value) {
    int64_t *start_us = &((record_options *)ctx)->cfg.start_time_us;
    return time_parse(value, start_us) && *start_us > 0
               ? NULL
               : "not a time after 1970; give 2026-11-23T03:12:00Z or UNIX seconds";
}

static const char *set_duration(void *ctx, const char *value) {
    double seconds;
    if (!parse_number(value, 1, 60, &seconds))
        return "not a segment's duration; give 1 to 60 seconds";
    ((record_options *)ctx)->cfg.segment_duration_ms = (uint32_t)(seconds * 1000 + 0.5);
    return NULL;
}

static const char *set_max_bytes(void *ctx, const char *value) {
    return parse_size(value, &((record_options *)ctx)->cfg.segment_max_bytes)
               ? NULL
               : "not a size; give 3M";
}

static const char *set_nal_type(void *ctx, const char *value) {
    return parse_count(value, 1, 12, &((record_options *)ctx)->cfg.segment_nal_type)
               ? NULL
               : "not a NAL unit type; give 1 to 12 (7: SPS)";
}

static const char *set_nal_count(void *ctx, const char *value) {
    return parse_count(value, 1, 100000, &((record_options *)ctx)->cfg.segment_nal_count)
               ? NULL
               : "not a count; give 1 to 100000";
}

static const char *set_pool(void *ctx, const char *value) {
    uint64_t bytes;
    if (!parse_size(value, &bytes) || bytes < 256 << 10 || bytes > UINT64_C(4) << 30)
        return "not a pool's size; give 256K to 4G";
    ((record_options *)ctx)->cfg.pool_bytes = (size_t)bytes;
    return NULL;
}

static const char *set_in_flight(void *ctx, const char *value) {
    return parse_count(value, 1, 64, &((record_options *)ctx)->cfg.max_in_flight)
               ? NULL
               : "not a number of uploads; give 1 to 64";
}

static const char *set_deadline(void *ctx, const char *value) {
    return parse_number(value, 0, 1e6, &((record_options *)ctx)->deadline_s)
               ? NULL
               : "not a number of seconds; 0 waits for ever";
}

static const char *set_json(void *ctx, const char *value) {
    (void)value;
    ((record_options *)ctx)->json = true;
    return NULL;
}

static const char *set_quiet(void *ctx, const char *value) {
    (void)value;
    ((record_options *)ctx)->quiet = true;
    return NULL;
}

static const option_kind kinds[] = {
    {"--to", "URL", "s3://bucket/prefix or file:///directory (needed)", set_to},
    {"--format", "h264", "a raw stream, whatever it looks like", set_format},
    {"--fps", "RATE", "frames per second of a raw stream; else its own, else 25", set_fps},
    {"--realtime", NULL, "read no faster than the video plays, as a camera would", set_realtime},
    {"--start", "TIME", "when a file was taken; else its modification time less its length",
     set_start},
    {"--segment-duration", "SECONDS", "cut at the first keyframe from here on; default 4",
     set_duration},
    {"--segment-max-bytes", "SIZE", "end a segment here in any case; default 3/4 of the pool",
     set_max_bytes},
    {"--nal-type", "N", "with --nal-count: cut by NAL units of this type instead", set_nal_type},
    {"--nal-count", "N", "so many of them make a segment", set_nal_count},
    {"--pool", "SIZE", "memory for segments that wait; default 4M", set_pool},
    {"--in-flight", "N", "uploads at once; default 4", set_in_flight},
    {"--deadline", "SECONDS",
     "give up when nothing could be delivered for so long; default 60, 0 never", set_deadline},
    {"--json", NULL, "the summary as one line of JSON", set_json},
    {"-q", NULL, "no progress, no summary", set_quiet},
    {NULL, NULL, NULL, NULL},
};

/* ---- Ctrl-C: the first ends the input, the second gives up */

static volatile sig_atomic_t interrupts;

static bool interrupted(void) {
    return interrupts > 0;
}

static void on_interrupt(int number) {
    (void)number;
    interrupts++;
}

static void catch_interrupts(void) {
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* ---- recording */

typedef struct recording {
    record_options *options;
    media *input;
    s3hls_recorder *recorder;
    s3hls_recorder_stats stats;
    progress progress;
    int64_t begun_us;       /* monotonic: when reading began */
    int64_t stuck_since_us; /* monotonic: when delivery last got on */
    uint64_t delivered_before;
} recording;

static const int64_t MAX_AHEAD_US = 10000000; /* --realtime: more is a jump of the times */

static int64_t monotonic_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t wall_us(void) {
    return (int64_t)time(NULL) * 1000000;
}

static void sleep_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Trying again cannot mend it: somebody has to. */
static bool hopeless(const s3hls_s3_error *error) {
    switch (error->status) {
    case S3HLS_OK:
    case S3HLS_E_RESOLVE:
    case S3HLS_E_CONNECT:
    case S3HLS_E_NETWORK:
    case S3HLS_E_THROTTLED:
    case S3HLS_E_SERVER:
    case S3HLS_E_PROTOCOL:
    case S3HLS_E_NOMEM:
    case S3HLS_E_NOSPC:
        return false;
    case S3HLS_E_CLOCK: /* the library goes by the server's clock from now on */
        return error->server_unix_s == 0;
    default:
        return true;
    }
}

static bool live(const recording *r) {
    return r->options->realtime || media_get_facts(r->input)->live;
}

static void look(recording *r) {
    s3hls_recorder_get_stats(r->recorder, &r->stats);
    progress_show(&r->progress, &r->stats);
    if (r->stats.segments_delivered != r->delivered_before) {
        r->delivered_before = r->stats.segments_delivered;
        r->stuck_since_us = monotonic_us();
    }
}

/* While nothing waits, nothing is stuck. */
static void look_afresh(recording *r) {
    look(r);
    if (!r->stats.segments_waiting)
        r->stuck_since_us = monotonic_us();
}

static bool given_up(const recording *r) {
    double stuck_s = (double)(monotonic_us() - r->stuck_since_us) / 1e6;
    return interrupts > 1 || (!live(r) && hopeless(&r->stats.last_error)) ||
           (r->options->deadline_s > 0 && stuck_s > r->options->deadline_s);
}

/* A file can wait until there is room; a camera cannot. @return false: delivery is hopeless. */
static bool wait_for_room(recording *r) {
    look_afresh(r);
    while (!live(r) && r->stats.segments_waiting &&
           r->stats.pool_used_bytes > r->stats.pool_bytes / 2) {
        if (given_up(r))
            return false;
        sleep_ms(2);
        look(r);
    }
    return live(r) || !given_up(r);
}

/* --realtime: wait until media_us is due. A jump of the input's times is not waited out. */
static void keep_pace(recording *r, int64_t media_us) {
    int64_t ahead_us = media_us - (monotonic_us() - r->begun_us);
    if (!r->options->realtime)
        return;
    if (llabs(ahead_us) > MAX_AHEAD_US)
        r->begun_us = monotonic_us() - media_us;
    else if (ahead_us > 0)
        sleep_ms((long)(ahead_us / 1000));
}

/* Media time of what was put so far; a raw stream's pictures are counted. */
static int64_t counted_us(const recording *r) {
    const s3hls_recorder_config *cfg = &r->options->cfg;
    const s3hls_recorder_stats *s = &r->stats;
    double pictures = (double)(s->frames_in + s->frames_skipped + s->frames_dropped);
    return (int64_t)(pictures * 1e6 * cfg->frame_rate_den / cfg->frame_rate_num);
}

/* @return S3HLS_OK at the end of the input, or the status that ended it. */
static int read_all(recording *r, char why[256]) {
    s3hls_frame frame;
    bool raw = media_get_facts(r->input)->raw;
    int64_t first_us = INT64_MIN;
    int rc = 1;
    size_t chunk = r->options->cfg.pool_bytes / 16; /* fits beside a segment that is full */
    while (!interrupts && wait_for_room(r) && (rc = media_read(r->input, chunk, &frame, why)) > 0) {
        if (first_us == INT64_MIN)
            first_us = frame.pts_us;
        keep_pace(r, raw ? counted_us(r) : frame.pts_us - first_us);
        int put = s3hls_recorder_put_video(r->recorder, &frame);
        if (put == S3HLS_E_CLOCK || put == S3HLS_E_INVALID)
            return put;
    }
    return rc < 0 ? rc : S3HLS_OK;
}

static int deliver(recording *r) {
    look_afresh(r);
    int rc = s3hls_recorder_drain(r->recorder, 0);
    look(r);
    while (rc == S3HLS_E_UNDELIVERED && !given_up(r)) {
        sleep_ms(5);
        look(r);
        if (!r->stats.segments_waiting)
            rc = s3hls_recorder_drain(r->recorder, 100);
    }
    return rc;
}

/* ---- the command */

static void set_input_kind(record_options *o, const media_facts *facts) {
    s3hls_recorder_config *cfg = &o->cfg;
    cfg->input = facts->raw ? S3HLS_INPUT_BYTES : S3HLS_INPUT_FRAMES;
    if (facts->raw && !cfg->frame_rate_num) {
        cfg->frame_rate_num = facts->rate_num ? facts->rate_num : 25;
        cfg->frame_rate_den = facts->rate_num ? facts->rate_den : 1;
        if (!o->quiet)
            fprintf(stderr, "s3hls record: no --fps given: %g frames per second\n",
                    (double)cfg->frame_rate_num / cfg->frame_rate_den);
    }
    if (!cfg->start_time_us && facts->modified_us && !o->realtime) {
        int64_t start_us = facts->modified_us - facts->duration_us, now_us = wall_us();
        cfg->start_time_us = start_us <= 0 ? 1 : start_us < now_us ? start_us : now_us;
    }
}

static int exit_code_of(const recording *r, int rc, int read_status) {
    if (read_status == S3HLS_E_CLOCK)
        return EXIT_FAILED;
    if (rc == S3HLS_E_NOT_H264 || rc == S3HLS_E_NO_VIDEO)
        return EXIT_INPUT;
    if (rc == S3HLS_E_UNDELIVERED || r->stats.segments_waiting || r->stats.segments_dropped ||
        r->stats.frames_dropped)
        return hopeless(&r->stats.last_error) ? EXIT_FAILED : EXIT_UNDELIVERED;
    if (rc)
        return EXIT_FAILED;
    if (read_status && read_status != S3HLS_E_MALFORMED)
        return EXIT_INPUT;
    return read_status || r->stats.nals_damaged ? EXIT_DAMAGED : EXIT_DONE;
}

static int finish(recording *r, const char *input, int read_status, const char *why) {
    record_options *o = r->options;
    char what[512];
    int rc = deliver(r);
    progress_end(&r->progress);
    int code = exit_code_of(r, rc, read_status);
    if (read_status) {
        snprintf(what, sizeof what, "%s%s%s", input, why[0] ? ": " : "", why);
        complain("record", what, read_status, NULL);
    } else if (code == EXIT_INPUT) {
        complain("record", input, rc, NULL);
    }
    if (!r->stats.segments_accepted)
        return code;
    if (rc == S3HLS_E_UNDELIVERED || r->stats.segments_dropped) {
        snprintf(what, sizeof what, "%s: %" PRIu64 " of %" PRIu64 " segments not delivered",
                 o->cfg.destination, r->stats.segments_waiting + r->stats.segments_dropped,
                 r->stats.segments_accepted);
        complain("record", what, r->stats.last_error.status ? r->stats.last_error.status : rc,
                 &r->stats.last_error);
    }
    if (o->json)
        print_summary_json(&r->stats, o->cfg.destination);
    else if (!o->quiet)
        print_summary(&r->stats, o->cfg.destination);
    return code;
}

static int record(command_line *line, record_options *o) {
    recording r = {.options = o};
    const char *input = line->positional[0];
    char why[256] = "", what[512];
    int code = EXIT_FAILED;
    int rc = media_open(&r.input, input, &o->media, why);
    if (rc) {
        snprintf(what, sizeof what, "%s: %s", input, why);
        complain("record", what, rc, NULL);
        return EXIT_INPUT;
    }
    set_input_kind(o, media_get_facts(r.input));
    if (common_options_open(line, o->cfg.destination, &code)) {
        o->cfg.s3 = o->common.s3;
        o->cfg.env = &o->common.env;
        rc = s3hls_recorder_open(&r.recorder, &o->cfg);
        if (rc) {
            snprintf(what, sizeof what, "--to %s", o->cfg.destination);
            complain("record", what, rc, NULL);
            code = rc == S3HLS_E_INVALID ? EXIT_USAGE : EXIT_FAILED;
        } else {
            catch_interrupts();
            progress_begin(&r.progress, o->quiet);
            r.begun_us = r.stuck_since_us = monotonic_us();
            rc = read_all(&r, why);
            code = finish(&r, input, rc, why);
            s3hls_recorder_close(&r.recorder, 0);
        }
    }
    media_close(&r.input);
    return code;
}

int command_record(int argc, char **argv) {
    record_options o = {.deadline_s = 60, .media = {.stopped = interrupted}};
    s3hls_recorder_config_init(&o.cfg);
    command_line line = {
        .command = "record",
        .arguments = "INPUT --to URL [OPTION...]",
        .explanation =
            "Records H.264 as HLS segments. INPUT is a raw H.264 file, an MP4, Matroska or TS "
            "file,\n"
            "an RTSP address, or - for standard input. Ctrl-C ends the input and delivers what "
            "was\n"
            "recorded; a second one gives up.\n\n"
            "  s3hls record clip.h264 --fps 25 --to file:///var/rec/cam-1\n"
            "  s3hls record rtsp://cam/stream --to s3://bucket/cam-1 --region eu-central-1\n"
            "  encoder | s3hls record - --fps 30 --to s3://bucket/cam-1",
        .options = kinds,
        .ctx = &o,
        .common = &o.common,
        .positional_max = 1};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    if (!o.cfg.destination) {
        fprintf(stderr, "s3hls record: --to is missing: s3://bucket/prefix or file:///directory\n");
        return EXIT_USAGE;
    }
    if (!o.cfg.segment_nal_count != !o.cfg.segment_nal_type) {
        fprintf(stderr, "s3hls record: --nal-type and --nal-count go together\n");
        return EXIT_USAGE;
    }
    code = record(&line, &o);
    common_options_close(&o.common);
    return code;
}
