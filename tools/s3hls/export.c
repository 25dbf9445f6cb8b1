/* SPDX-License-Identifier: MIT-0 */
/* export: a range as one MP4, without transcoding (libavformat). Segments of one timeline are read
 * as one stream; the MP4's times are the distances of wall time, so that gaps stay as long as they
 * were. */
#include "range.h"
#include "tool.h"
#include "when.h"
#include <errno.h>
#include <inttypes.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IO_BYTES = 64 * 1024, SEGMENT_MAX_BYTES = 1 << 30 };
static const AVRational MS = {1, 1000};

typedef struct export_options {
    range_options range;
    const char *output;
    bool force, keep, json, quiet;
} export_options;

typedef struct exporter {
    const export_options *options;
    s3hls_archive *archive;
    const s3hls_segment *segments; /* of the range */
    size_t count, next, run_end;
    bool terminal;
    uint8_t *body; /* the segment being read */
    size_t size, at, capacity;
    s3hls_s3_error error;
    int status; /* of the store, the first failure */

    AVFormatContext *out; /* NULL before the first run */
    AVPacket *packet;
    int64_t zero_ms; /* wall time of the first picture in it */
    int64_t last_dts, end_ms;
    size_t gaps, pictures;
    uint64_t gap_ms;
} exporter;

/* ---- options */

static const char *set_output(void *ctx, const char *value) {
    ((export_options *)ctx)->output = value;
    return NULL;
}

static const char *set_force(void *ctx, const char *value) {
    (void)value;
    ((export_options *)ctx)->force = true;
    return NULL;
}

static const char *set_keep(void *ctx, const char *value) {
    (void)value;
    ((export_options *)ctx)->keep = true;
    return NULL;
}

static const char *set_json(void *ctx, const char *value) {
    (void)value;
    ((export_options *)ctx)->json = true;
    return NULL;
}

static const char *set_quiet(void *ctx, const char *value) {
    (void)value;
    ((export_options *)ctx)->quiet = true;
    return NULL;
}

/* ---- reading a run of segments */

static int collect(void *ctx, const uint8_t *data, size_t size) {
    exporter *x = ctx;
    if (size > SEGMENT_MAX_BYTES - x->size)
        return 1;
    if (x->size + size > x->capacity) {
        size_t capacity = 2 * (x->size + size);
        uint8_t *grown = realloc(x->body, capacity);
        if (!grown)
            return 1;
        x->body = grown;
        x->capacity = capacity;
    }
    memcpy(x->body + x->size, data, size);
    x->size += size;
    return 0;
}

static int fetch(exporter *x, const s3hls_segment *s) {
    char key[S3HLS_KEY_MAX];
    s3hls_segment_key_format(s, key, sizeof key);
    x->size = x->at = 0;
    x->status =
        s3hls_store_get(s3hls_archive_store(x->archive), key, 0, UINT64_MAX, collect, x, &x->error);
    if (x->terminal)
        fprintf(stderr, "\r%3zu %%  %zu of %zu segments", 100 * x->next / x->count, x->next,
                x->count);
    return x->status;
}

static int read_io(void *opaque, uint8_t *to, int size) {
    exporter *x = opaque;
    while (x->at == x->size) {
        if (x->next == x->run_end)
            return AVERROR_EOF;
        if (fetch(x, &x->segments[x->next++]))
            return AVERROR_EXTERNAL;
    }
    size_t n = x->size - x->at < (size_t)size ? x->size - x->at : (size_t)size;
    memcpy(to, x->body + x->at, n);
    x->at += n;
    return (int)n;
}

static int open_run(exporter *x, AVFormatContext **in) {
    uint8_t *buffer = av_malloc(IO_BYTES);
    AVIOContext *io = avio_alloc_context(buffer, IO_BYTES, 0, x, read_io, NULL, NULL);
    *in = avformat_alloc_context();
    if (!buffer || !io || !*in)
        return AVERROR(ENOMEM);
    (*in)->pb = io;
    (*in)->flags |= AVFMT_FLAG_CUSTOM_IO;
    int rc = avformat_open_input(in, NULL, av_find_input_format("mpegts"), NULL);
    if (rc < 0) {
        av_freep(&io->buffer);
        avio_context_free(&io);
        return rc;
    }
    rc = avformat_find_stream_info(*in, NULL);
    return rc < 0 ? rc : av_find_best_stream(*in, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
}

static void close_run(AVFormatContext **in) {
    AVIOContext *io = *in ? (*in)->pb : NULL;
    avformat_close_input(in);
    if (io)
        av_freep(&io->buffer);
    avio_context_free(&io);
}

/* Up to the next timeline, where parameters and timestamps begin anew. */
static size_t end_of_run(const exporter *x, size_t i) {
    const s3hls_segment *s = x->segments;
    for (i++; i < x->count && s[i].timeline == s[i - 1].timeline && !s[i].seed_name; i++)
        ;
    return i;
}

/* ---- writing */

static int open_output(exporter *x, const AVStream *video) {
    int rc = avformat_alloc_output_context2(&x->out, NULL, "mp4", x->options->output);
    AVStream *stream = rc < 0 ? NULL : avformat_new_stream(x->out, NULL);
    if (!stream || avcodec_parameters_copy(stream->codecpar, video->codecpar) < 0)
        return AVERROR(ENOMEM);
    stream->codecpar->codec_tag = 0;
    stream->time_base = video->time_base;
    char *path = av_asprintf("file:%s", x->options->output);
    rc = path ? avio_open(&x->out->pb, path, AVIO_FLAG_WRITE) : AVERROR(ENOMEM);
    av_free(path);
    return rc < 0 ? rc : avformat_write_header(x->out, NULL);
}

/* Pictures before --from are decoded, and by the edit list not shown: their times are negative. */
static int write_packet(exporter *x, AVRational base) {
    AVPacket *p = x->packet;
    int64_t from_ms = range_from_ms(&x->options->range);
    int64_t begin_ms = from_ms > x->zero_ms ? from_ms : x->zero_ms;
    int64_t begin = av_rescale_q(begin_ms, MS, base);
    p->pts -= begin;
    p->dts -= begin;
    p->stream_index = 0;
    av_packet_rescale_ts(p, base, x->out->streams[0]->time_base);
    if (x->pictures && p->dts <= x->last_dts) /* a second recording of the same time */
        return 0;
    x->last_dts = p->dts;
    x->pictures++;
    return av_write_frame(x->out, p);
}

static int copy_packets(exporter *x, AVFormatContext *in, int video, int64_t start_ms) {
    AVRational base = in->streams[video]->time_base;
    int64_t shift = AV_NOPTS_VALUE, to_ms = range_to_ms(&x->options->range);
    int64_t to = to_ms == INT64_MAX ? INT64_MAX : av_rescale_q(to_ms, MS, base);
    int rc = 0;
    while (rc >= 0 && av_read_frame(in, x->packet) >= 0) {
        AVPacket *p = x->packet;
        if (p->stream_index == video && p->pts != AV_NOPTS_VALUE) {
            if (p->dts == AV_NOPTS_VALUE)
                p->dts = p->pts;
            if (shift == AV_NOPTS_VALUE)
                shift = av_rescale_q(start_ms, MS, base) - p->pts;
            p->pts += shift;
            p->dts += shift;
            if (p->pts < to)
                rc = write_packet(x, base);
        }
        av_packet_unref(p);
    }
    return rc;
}

static int copy_run(exporter *x) {
    AVFormatContext *in = NULL;
    int64_t start_ms = x->segments[x->next].start_ms;
    int video = open_run(x, &in);
    int rc = video < 0 ? video : x->out ? 0 : open_output(x, in->streams[video]);
    if (rc >= 0)
        rc = copy_packets(x, in, video, start_ms);
    close_run(&in);
    return rc;
}

/* ---- telling */

static void tell_gaps(exporter *x) {
    char from[32];
    x->end_ms = x->zero_ms;
    for (size_t i = 0; i < x->count; i++) {
        const s3hls_segment *s = &x->segments[i];
        int64_t hole_ms = s->start_ms - x->end_ms;
        if (hole_ms > 0) {
            time_format(x->end_ms * 1000, from, sizeof from);
            if (!x->options->quiet)
                fprintf(stderr, "s3hls export: nothing for %.3f s from %s on\n",
                        (double)hole_ms / 1e3, from);
            x->gaps++;
            x->gap_ms += (uint64_t)hole_ms;
        }
        if (hole_ms + s->duration_ms > 0)
            x->end_ms = s->start_ms + s->duration_ms;
    }
}

static void tell(const exporter *x) {
    const export_options *o = x->options;
    char keyframe[32];
    int64_t from_ms = range_from_ms(&o->range), to_ms = range_to_ms(&o->range);
    int64_t begin_ms = from_ms > x->zero_ms ? from_ms : x->zero_ms;
    int64_t end_ms = to_ms < x->end_ms ? to_ms : x->end_ms;
    if (o->json)
        printf("{\"start_ms\":%" PRId64 ",\"keyframe_ms\":%" PRId64 ",\"duration_ms\":%" PRId64
               ",\"pictures\":%zu,\"gaps\":%zu,\"gap_ms\":%" PRIu64 "}\n",
               begin_ms, x->zero_ms, end_ms - begin_ms, x->pictures, x->gaps, x->gap_ms);
    if (o->json || o->quiet)
        return;
    time_format(x->zero_ms * 1000, keyframe, sizeof keyframe);
    printf("%.3f s, %zu pictures, %zu gaps; from the keyframe at %s on, which is %.3f s before "
           "what is shown\n",
           (double)(end_ms - begin_ms) / 1e3, x->pictures, x->gaps, keyframe,
           (double)(begin_ms - x->zero_ms) / 1e3);
}

/* ---- the command */

static int convert(exporter *x) {
    int rc = (x->packet = av_packet_alloc()) ? 0 : AVERROR(ENOMEM);
    while (rc >= 0 && x->next < x->count) {
        x->run_end = end_of_run(x, x->next);
        rc = copy_run(x);
        x->next = x->run_end;
        if (x->status)
            rc = AVERROR_EXTERNAL;
    }
    if (rc >= 0)
        rc = av_write_trailer(x->out);
    if (x->out && x->out->pb) {
        int closed = avio_closep(&x->out->pb);
        rc = rc < 0 ? rc : closed;
    }
    avformat_free_context(x->out);
    av_packet_free(&x->packet);
    free(x->body);
    if (x->terminal)
        fputs("\r\033[K", stderr);
    return rc;
}

static int run(const command_line *line, s3hls_archive *archive, const s3hls_segment_list *list) {
    const export_options *o = line->ctx;
    const char *url = line->positional[0];
    char why[128];
    if (list->count == 0) {
        fprintf(stderr,
                "s3hls export: %s: nothing was recorded in this range; s3hls ls shows what "
                "there is\n",
                url);
        return EXIT_FAILED;
    }
    exporter x = {
        .options = o, .archive = archive, .segments = list->segments, .count = list->count};
    x.zero_ms = x.segments[0].start_ms;
    x.terminal = !o->quiet && isatty(STDERR_FILENO);
    av_log_set_level(AV_LOG_FATAL);
    tell_gaps(&x);
    int rc = convert(&x);
    if (rc >= 0) {
        tell(&x);
        return EXIT_DONE;
    }
    av_strerror(rc, why, sizeof why);
    if (x.status)
        complain("export", url, x.status, &x.error);
    else
        fprintf(stderr, "s3hls export: %s: %s\n", o->output, why);
    if (!o->keep)
        unlink(o->output);
    return EXIT_FAILED;
}

int command_export(int argc, char **argv) {
    static const option_kind kinds[] = {
        RANGE_KINDS,
        {"-o", "FILE", "the MP4 (needed)", set_output},
        {"-f", NULL, "replace a file that is there", set_force},
        {"--keep", NULL, "leave what was written when it fails", set_keep},
        {"--json", NULL, "the summary as one line of JSON", set_json},
        {"-q", NULL, "no progress, no gaps, no summary", set_quiet},
        {NULL, NULL, NULL, NULL},
    };
    export_options o = {.range = RANGE_ALL};
    command_line line = {.command = "export",
                         .arguments = "URL -o FILE [--from TIME] [--to TIME] [OPTION...]",
                         .explanation =
                             "Writes a range as one MP4, without transcoding. It is decoded from "
                             "the keyframe before\n"
                             "--from, and shown from --from on. Gaps stay as long as they were.\n\n"
                             "  s3hls export s3://bucket/cam-1 --from 2026-11-23T03:12:00Z --to "
                             "2026-11-23T03:15:00Z -o clip.mp4",
                         .options = kinds,
                         .ctx = &o,
                         .common = &o.range.common,
                         .positional_max = 1};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    if (!o.output || (!o.force && access(o.output, F_OK) == 0)) {
        fprintf(stderr, "s3hls export: %s%s\n", o.output ? o.output : "-o FILE is missing",
                o.output ? ": is there already; -f replaces it" : "");
        return EXIT_USAGE;
    }
    return range_run(&line, run);
}
