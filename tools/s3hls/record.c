/* SPDX-License-Identifier: MIT-0 */
#include "av_messages.h"
#include "camera.h"
#include "delivery.h"
#include "gateway/feed.h"
#include "intake.h"
#include "tool.h"
#include "when.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct record_options {
    delivery_options delivery;
    s3hls_source_config source;
    const char *password_file;
    bool realtime;
    enum { RECONNECT_IF_RTSP, RECONNECT, RECONNECT_NOT } reconnect;
} record_options;

/* ---- options */

static s3hls_recorder_config *config(void *ctx) {
    return &((record_options *)ctx)->delivery.cfg;
}

static const char *set_fps(void *ctx, const char *value) {
    return parse_rate(value, &config(ctx)->frame_rate_num, &config(ctx)->frame_rate_den)
               ? NULL
               : "not a frame rate; give 25, 29.97 or 30000/1001";
}

static const char *set_format(void *ctx, const char *value) {
    ((record_options *)ctx)->source.raw = true;
    bool h265 = strcmp(value, "h265") == 0;
    config(ctx)->codec = h265 ? S3HLS_CODEC_H265 : S3HLS_CODEC_H264;
    return h265 || strcmp(value, "h264") == 0 ? NULL
                                              : "not a format; give h264, h265, or leave it to be "
                                                "found";
}

static const char *set_start(void *ctx, const char *value) {
    int64_t *start_us = &config(ctx)->start_time_us;
    return time_parse(value, start_us) && *start_us > 0
               ? NULL
               : "not a time after 1970; give 2026-11-23T03:12:00Z or UNIX seconds";
}

static const char *set_duration(void *ctx, const char *value) {
    double seconds;
    if (!parse_number(value, 1, 60, &seconds))
        return "not a segment's duration; give 1 to 60 seconds";
    config(ctx)->segment_duration_ms = (uint32_t)(seconds * 1000 + 0.5);
    return NULL;
}

static const char *set_max_bytes(void *ctx, const char *value) {
    return parse_size(value, &config(ctx)->segment_max_bytes) ? NULL : "not a size; give 3M";
}

static const char *set_nal_type(void *ctx, const char *value) {
    return parse_count(value, 1, 12, &config(ctx)->segment_nal_type)
               ? NULL
               : "not a NAL unit type; give 1 to 12 (7: SPS)";
}

static const char *set_nal_count(void *ctx, const char *value) {
    return parse_count(value, 1, 100000, &config(ctx)->segment_nal_count)
               ? NULL
               : "not a count; give 1 to 100000";
}

static const char *set_audio(void *ctx, const char *value) {
    static const struct {
        const char *name;
        s3hls_source_audio audio;
    } kinds[] = {{"auto", S3HLS_SOURCE_AUDIO_AUTO},
                 {"off", S3HLS_SOURCE_AUDIO_OFF},
                 {"copy", S3HLS_SOURCE_AUDIO_COPY},
                 {"aac", S3HLS_SOURCE_AUDIO_AAC}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(value, kinds[i].name) == 0) {
            ((record_options *)ctx)->source.audio = kinds[i].audio;
            return NULL;
        }
    return "not a choice; give auto, off, copy or aac";
}

static const char *set_container(void *ctx, const char *value) {
    static const struct {
        const char *name;
        s3hls_container container;
    } kinds[] = {
        {"auto", S3HLS_CONTAINER_AUTO}, {"ts", S3HLS_CONTAINER_TS}, {"fmp4", S3HLS_CONTAINER_FMP4}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(value, kinds[i].name) == 0) {
            config(ctx)->container = kinds[i].container;
            return NULL;
        }
    return "not a container; give auto, ts or fmp4";
}

static const char *set_drop(void *ctx, const char *value) {
    bool oldest = strcmp(value, "oldest") == 0;
    config(ctx)->drop = oldest ? S3HLS_DROP_OLDEST : S3HLS_DROP_NEWEST;
    ((record_options *)ctx)->delivery.drop_given = true;
    return oldest || strcmp(value, "newest") == 0 ? NULL : "not a choice; give oldest or newest";
}

static const char *set_reconnect(void *ctx, const char *value) {
    (void)value;
    ((record_options *)ctx)->reconnect = RECONNECT;
    return NULL;
}

static const char *set_no_reconnect(void *ctx, const char *value) {
    (void)value;
    ((record_options *)ctx)->reconnect = RECONNECT_NOT;
    return NULL;
}

static s3hls_source_config *source_of(void *ctx) {
    return &((record_options *)ctx)->source;
}

static const char *set_transport(void *ctx, const char *value) {
    static const char *const names[] = {"tcp", "udp", "auto"};
    for (int i = 0; i < 3; i++)
        if (strcmp(value, names[i]) == 0) {
            source_of(ctx)->transport = (s3hls_rtsp_transport)i;
            return NULL;
        }
    return "not a transport; give tcp, udp, or auto: TCP, and UDP where the camera refuses TCP";
}

static const char *set_input_ca(void *ctx, const char *value) {
    source_of(ctx)->ca_file = value;
    return access(value, R_OK) == 0 ? NULL : "cannot be read; give a PEM file of certificates";
}

static const char *set_insecure(void *ctx, const char *value) {
    (void)value;
    source_of(ctx)->insecure = true;
    return NULL;
}

static const char *set_password_file(void *ctx, const char *value) {
    ((record_options *)ctx)->password_file = value;
    return access(value, R_OK) == 0 ? NULL : "cannot be read; give a file with one line";
}

static const option_kind kinds[] = {
    OPTION("--format", "KIND", "h264 or h265: a raw stream, whatever it looks like", set_format),
    OPTION("--fps", "RATE",
           "frames per second of a raw stream; else its own, else 25; containers have times",
           set_fps),
    OPTION_FLAG("--realtime", "read no faster than the video plays, as a camera would",
                record_options, realtime),
    OPTION("--start", "TIME", "when a file was taken; else its modification time less its length",
           set_start),
    OPTION("--rtsp-transport", "KIND",
           "tcp (default), udp, or auto: udp where the camera refuses tcp", set_transport),
    OPTION("--input-ca", "FILE",
           "authorities to trust for rtsps:// and https:// (PEM), besides the system's",
           set_input_ca),
    OPTION("--input-insecure", NULL, "accept any certificate of the input", set_insecure),
    OPTION("--input-password-file", "FILE",
           "its first line is the password of the user in the address", set_password_file),
    OPTION(
        "--reconnect", NULL,
        "connect again when the camera went away, the default with RTSP; given, also at the start",
        set_reconnect),
    OPTION("--no-reconnect", NULL, "end when the camera does", set_no_reconnect),
    OPTION("--segment-duration", "SECONDS", "cut at the first keyframe from here on; default 4",
           set_duration),
    OPTION("--segment-max-bytes", "SIZE",
           "end a segment here in any case; default 3/4 of the pool, at keyframes 3/8",
           set_max_bytes),
    OPTION("--audio", "WHICH",
           "auto (default): copy AAC, Opus and FLAC, convert the rest to AAC; off, copy or aac",
           set_audio),
    OPTION("--container", "KIND",
           "of the segments: ts, fmp4, or auto (default): ts for H.264, alone or with AAC",
           set_container),
    OPTION("--nal-type", "N", "with --nal-count: cut by NAL units of this type instead",
           set_nal_type),
    OPTION("--nal-count", "N", "so many of them make a segment", set_nal_count),
    OPTION("--drop", "WHICH", "oldest or newest (default) footage, when nothing more fits",
           set_drop),
    OPTION_END,
};

/* ---- recording */

typedef struct recording {
    record_options *options;
    camera camera; /* or another input */
    s3hls_source *input;
    intake intake;
    s3hls__feed feed;
    bool reconnects;
    delivery delivery;
    int64_t begun_us; /* monotonic: when reading began */
    int64_t first_us; /* time of the first picture of the session */
} recording;

static const int64_t MAX_AHEAD_US = 10000000; /* --realtime: a larger lead is a jump of the times */

/* The source does not wait for the recorder, and continues during outages. */
static bool live(const recording *r) {
    return r->options->realtime || s3hls_source_get_facts(r->input)->live;
}

/* A pipe is not given up either. Its writer can wait, unless a drop policy was given. */
static bool endless(const recording *r) {
    return live(r) || s3hls_source_get_facts(r->input)->pipe;
}

static bool waits(const recording *r) {
    return !live(r) && !(endless(r) && r->options->delivery.drop_given);
}

static bool crowded(const recording *r) {
    const s3hls_recorder_stats *s = &r->delivery.stats;
    const s3hls_recorder_config *cfg = &r->options->delivery.cfg;
    return (s->segments_waiting && s->pool_used_bytes > s->pool_bytes / 2) ||
           (s->segments_spooled && s->bytes_spooled + s->pool_bytes > cfg->spool_max_bytes);
}

/* @return false: delivery is hopeless. */
static bool wait_for_space(recording *r) {
    delivery_look(&r->delivery);
    while (waits(r) && crowded(r)) {
        if (endless(r) ? delivery_interrupted() : delivery_given_up(&r->delivery))
            break;
        delivery_pause_ms(2);
        delivery_look(&r->delivery);
    }
    r->delivery.abandoned = !endless(r) && delivery_given_up(&r->delivery);
    return !r->delivery.abandoned;
}

/* --realtime: wait until media_us is due. A jump of the input's times causes no wait. */
static void keep_pace(recording *r, int64_t media_us) {
    int64_t ahead_us = media_us - (delivery_clock_us() - r->begun_us);
    if (!r->options->realtime)
        return;
    if (llabs(ahead_us) > MAX_AHEAD_US)
        r->begun_us = delivery_clock_us() - media_us;
    else if (ahead_us > 0)
        delivery_pause_ms((long)(ahead_us / 1000));
}

/* Media time put so far. Pictures of a raw stream are counted. */
static int64_t counted_us(const recording *r) {
    const s3hls_recorder_stats *s = &r->delivery.stats;
    double pictures = (double)(s->frames_in + s->frames_skipped + s->frames_dropped);
    return s->frame_rate_milli ? (int64_t)(pictures * 1e9 / s->frame_rate_milli) : 0;
}

/* ---- reading */

/* @return false: interrupted. */
static bool reconnect(recording *r, const char *why) {
    intake_end(&r->intake, r->input);
    s3hls__feed_lose(&r->feed);
    bool found = camera_find_again(&r->camera, &r->input, why);
    intake_begin(&r->intake);
    return found;
}

static void take(recording *r, const s3hls_frame *frame) {
    bool raw = s3hls_source_get_facts(r->input)->raw;
    intake_note(&r->intake, r->input, frame);
    if (!r->feed.first_seen)
        r->first_us = frame->pts_us;
    keep_pace(r, raw ? counted_us(r) : frame->pts_us - r->first_us);
    s3hls__feed_put(&r->feed, r->input, frame);
}

/* Audio may end behind the last picture. */
static int end_reading(recording *r, int status) {
    s3hls__feed_put_audio(&r->feed, r->input);
    return status;
}

/* @return S3HLS_OK at the end of the input, or the status that ended it. */
static int read_all(recording *r, char why[256]) {
    s3hls_frame frame;
    /* fits into the pool beside a full segment */
    size_t chunk = r->options->delivery.cfg.pool_bytes / 16;
    while (wait_for_space(r)) { /* after an interrupt, received data is still put */
        int rc = s3hls_source_read(r->input, chunk, &frame, why);
        if (rc > 0)
            take(r, &frame);
        else if (!r->reconnects || delivery_interrupted())
            return end_reading(r, rc);
        else if (!reconnect(r, rc ? why : "it ended the session"))
            break;
    }
    return S3HLS_OK;
}

/* ---- the command */

static int64_t wall_us(void) {
    return (int64_t)time(NULL) * 1000000;
}

/* Container times take precedence over a frame rate option. */
static void ignore_rate(record_options *o) {
    if (o->delivery.cfg.frame_rate_num)
        fputs("s3hls record: warning: --fps is ignored: the input has times of its own\n", stderr);
    o->delivery.cfg.frame_rate_num = 0;
}

/* Report what is recorded, but not as players want it. */
static void remark(const record_options *o, const s3hls_source_facts *facts) {
    bool ts = o->delivery.cfg.container == S3HLS_CONTAINER_TS;
    if (facts->h265 && ts)
        report("record", "warning: H.265 in MPEG-TS: Apple's players do not play it, but "
                         "fragmented MP4 (--container fmp4)");
    if (facts->rotation)
        report("record",
               "warning: the input states that its pictures are to be turned by %d degrees "
               "clockwise, which segments cannot state: they play as they are; turn the camera's "
               "picture instead",
               facts->rotation);
}

/* The audio of a camera that has none now, or does not respond yet, may come later. */
static void set_audio_kind(recording *r, const s3hls_source_facts *facts) {
    record_options *o = r->options;
    s3hls_audio_config *audio = &o->delivery.cfg.audio;
    if (facts)
        *audio = facts->audio;
    if (facts && facts->audio_refused)
        report("record", "warning: %s; recording without sound", facts->audio_refused);
    if (facts)
        remark(o, facts);
    if (audio->codec == S3HLS_AUDIO_NONE && r->reconnects && o->source.audio)
        audio->codec = S3HLS_AUDIO_AAC_ADTS;
}

static void set_input_kind(record_options *o, const s3hls_source_facts *facts) {
    s3hls_recorder_config *cfg = &o->delivery.cfg;
    if (!facts->raw)
        ignore_rate(o);
    cfg->input = facts->raw ? S3HLS_INPUT_BYTES : S3HLS_INPUT_FRAMES;
    if (facts->raw && !cfg->frame_rate_num) {
        cfg->frame_rate_num = 25;
        cfg->frame_rate_den = 1;
        cfg->frame_rate_of_stream = 1;
        if (!o->delivery.quiet && facts->rate_num)
            fprintf(stderr, "s3hls record: no --fps given: %g frames per second\n",
                    (double)facts->rate_num / facts->rate_den);
        else if (!o->delivery.quiet)
            fprintf(stderr, "s3hls record: no --fps given: the rate that the stream states, else "
                            "25 frames per second\n");
    }
    if (!cfg->start_time_us && facts->modified_us && !o->realtime) {
        int64_t start_us = facts->modified_us - facts->duration_us, now_us = wall_us();
        cfg->start_time_us = start_us <= 0 ? 1 : start_us < now_us ? start_us : now_us;
    }
}

/* @param status  of the recorder.
 * @return EXIT_INPUT: the reason was reported. */
static int finish_empty(recording *r, int read_status, int status, const char *why) {
    char what[1024], reason[256];
    bool truncated = r->input && s3hls_source_truncated(r->input);
    if (!read_status && !status && delivery_interrupted())
        return EXIT_DONE; /* nothing had arrived yet */
    status = intake_reason(&r->intake, reason);
    snprintf(what, sizeof what, "%s: nothing was recorded: %s%s%s%s", r->camera.name, why,
             why[0] ? "; " : "", truncated ? "the file was cut off; " : "", reason);
    complain_of_input("record", what, read_status ? read_status : status, "");
    return EXIT_INPUT;
}

/* @return whether the input was damaged, which is reported. */
static bool report_damage(recording *r, int read_status, const char *why) {
    const s3hls_recorder_stats *s = &r->delivery.stats;
    char what[512];
    bool truncated = !delivery_interrupted() && r->input && s3hls_source_truncated(r->input);
    if (r->input)
        intake_end(&r->intake, r->input);
    uint64_t damaged = r->intake.damaged;
    if (read_status || truncated) {
        snprintf(what, sizeof what, "%s: %s", r->camera.name,
                 read_status ? why
                             : "the file was cut off: it is shorter than its container states");
        complain_of_input("record", what, read_status ? read_status : S3HLS_E_MALFORMED, "");
    }
    if (s->nals_damaged)
        fprintf(stderr, "s3hls record: %s: %" PRIu64 " NAL units could not be read%s%s\n",
                r->camera.name, s->nals_damaged, r->intake.private_seen ? ": " : "",
                r->intake.private_seen ? INTAKE_PRIVATE : "");
    if (damaged)
        fprintf(stderr, "s3hls record: %s: data is missing from %" PRIu64 " of its pictures\n",
                r->camera.name, damaged);
    return read_status || truncated || damaged || s->nals_damaged || s->nals_refused;
}

static int finish(recording *r, int read_status, const char *why) {
    int status, code = delivery_close(&r->delivery, &status), empty = EXIT_DONE;
    bool recorded = r->delivery.stats.frames_in || r->delivery.stats.frames_dropped;
    if (!recorded)
        empty = finish_empty(r, read_status, status, why);
    bool damaged = recorded && report_damage(r, read_status, why);
    if (code != EXIT_DONE)
        return code;
    if (empty != EXIT_DONE || (read_status && read_status != S3HLS_E_MALFORMED))
        return EXIT_INPUT;
    if (status && recorded)
        return EXIT_FAILED;
    return damaged ? EXIT_DAMAGED : EXIT_DONE;
}

static int open_input(recording *r) {
    char why[256] = "", what[512];
    int rc = s3hls_source_open(&r->input, &r->camera.source, why);
    if (!rc)
        return EXIT_DONE;
    snprintf(what, sizeof what, "%s%s%s", r->camera.name, why[0] ? ": " : "", why);
    complain_of_input("record", what, rc, camera_advice(rc));
    return EXIT_INPUT;
}

/* Until a camera responds, the only known fact is that it sends frames. */
static int open_delivery(const command_line *line, recording *r) {
    record_options *o = r->options;
    int code = EXIT_FAILED;
    r->delivery.live = !r->input || live(r);
    if (r->input)
        set_input_kind(o, s3hls_source_get_facts(r->input));
    else
        ignore_rate(o);
    set_audio_kind(r, r->input ? s3hls_source_get_facts(r->input) : NULL);
    if (common_options_open(line, o->delivery.cfg.destination, &code))
        code = delivery_open(&r->delivery, line);
    if (r->delivery.recorder && o->source.insecure)
        camera_report(&r->camera, "input-insecure",
                      "warning: its certificate is not verified (--input-insecure)", 0);
    return code;
}

/* @return false: interrupted before an input was found. */
static bool await_input(recording *r) {
    if (!r->input && !camera_find(&r->camera, &r->input))
        return false;
    r->delivery.live = live(r);
    return true;
}

static int record(const command_line *line, recording *r) {
    char why[256] = "";
    bool patient = r->options->reconnect == RECONNECT;
    int code = patient ? EXIT_DONE : open_input(r);
    if (code == EXIT_DONE)
        code = open_delivery(line, r);
    if (r->delivery.recorder) {
        int rc = S3HLS_OK;
        bool found = await_input(r);
        r->feed.recorder = r->delivery.recorder;
        r->feed.audio = r->options->delivery.cfg.audio.codec;
        r->begun_us = delivery_clock_us();
        intake_init(&r->intake, &r->camera);
        intake_begin(&r->intake);
        if (found)
            rc = read_all(r, why);
        code = finish(r, rc, why);
        code = code == EXIT_DONE && !found ? EXIT_INPUT : code; /* the reason was reported */
    }
    s3hls_source_close(&r->input);
    return code;
}

static const char *wrong_together(const record_options *o, const char *input) {
    const s3hls_recorder_config *cfg = &o->delivery.cfg;
    if (!cfg->destination)
        return "--to is missing: s3://bucket/prefix or file:///directory";
    if (!cfg->segment_nal_count != !cfg->segment_nal_type)
        return "--nal-type and --nal-count go together";
    if (o->reconnect == RECONNECT && !strstr(input, "://"))
        return "--reconnect is for addresses: rtsp://camera/stream";
    return NULL;
}

/* @return false: invalid command line; the error was reported. */
static bool take_input(recording *r, const char *input) {
    record_options *o = r->options;
    const char *wrong = wrong_together(o, input);
    /* a camera's codec may change while it is away: only AAC fits any container */
    o->source.audio_in_ts =
        o->delivery.cfg.container == S3HLS_CONTAINER_TS || strstr(input, "://") != NULL;
    r->camera.source = o->source;
    r->camera.delivery = &r->delivery;
    const char *unclear = camera_init(&r->camera, input, o->password_file);
    r->reconnects = o->reconnect == RECONNECT ||
                    (o->reconnect == RECONNECT_IF_RTSP && s3hls_source_is_camera(input));
    if (wrong)
        fprintf(stderr, "s3hls record: %s\n", wrong);
    else if (unclear) /* name is NULL if memory ran out */
        fprintf(stderr, "s3hls record: %s: %s\n", r->camera.name ? r->camera.name : "", unclear);
    return !wrong && !unclear;
}

int command_record(int argc, char **argv) {
    record_options o = {.password_file = NULL};
    common_options common;
    command_line line = {
        .command = "record",
        .arguments = "INPUT --to URL [OPTION...]",
        .explanation =
            "Records H.264 or H.265, and audio, as HLS segments. INPUT is a raw file, an MP4, "
            "Matroska or TS "
            "file,\n"
            "an RTSP address, or - for standard input. Ctrl-C ends the input and delivers what "
            "was\n"
            "recorded; a second one gives up.\n\n"
            "  s3hls record clip.h264 --fps 25 --to file:///var/rec/cam-1\n"
            "  s3hls record rtsp://cam/stream --to s3://bucket/cam-1 --spool /var/spool/cam-1\n"
            "  encoder | s3hls record - --fps 30 --to s3://bucket/cam-1",
        .options = kinds,
        .ctx = &o,
        .also = delivery_kinds,
        .also_ctx = &o.delivery,
        .common = &common,
        .positional_max = 1};
    int code;
    delivery_options_init(&o.delivery);
    s3hls_source_config_init(&o.source);
    o.source.audio = S3HLS_SOURCE_AUDIO_AUTO;
    if (command_line_parse(&line, argc, argv, &code)) {
        recording r = {.options = &o};
        r.delivery.options = &o.delivery;
        av_messages_open(&common.env);
        code = take_input(&r, line.positional[0]) ? record(&line, &r) : EXIT_USAGE;
        camera_deinit(&r.camera);
        common_options_close(&common);
    }
    delivery_options_deinit(&o.delivery);
    return code;
}
