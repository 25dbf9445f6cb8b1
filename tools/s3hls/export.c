/* SPDX-License-Identifier: MIT-0 */
/* export: writes a range to one MP4 with s3hls_export_write(). */
#include "s3hls/export.h"
#include "range.h"
#include "tool.h"
#include "when.h"
#include <errno.h>
#include <inttypes.h>
#include <libavutil/log.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct export_options {
    range_options range;
    const char *output;
    bool force, keep, json, quiet;
} export_options;

typedef struct exporting {
    const export_options *options;
    FILE *file;
    int file_error; /* errno of the first failed write */
    bool terminal;
} exporting;

/* ---- options */

/* ---- the file */

static int write_file(void *ctx, uint64_t offset, const uint8_t *data, size_t size) {
    exporting *e = ctx;
    bool there = (uint64_t)ftello(e->file) == offset || !fseeko(e->file, (off_t)offset, SEEK_SET);
    if (there && fwrite(data, 1, size, e->file) == size)
        return S3HLS_OK;
    e->file_error = errno;
    return errno == ENOSPC ? S3HLS_E_NOSPC : S3HLS_E_IO;
}

/* ---- reports */

static void clear_line(const exporting *e) {
    if (e->terminal)
        fputs("\r\033[K", stderr);
}

static void report_left_out(const s3hls_export_note *note) {
    char key[S3HLS_KEY_MAX];
    s3hls_segment_key_format(note->segment, key, sizeof key);
    if (note->pictures)
        fprintf(stderr, "s3hls export: left out: %s: %" PRIu64 " of its pictures: %s\n", key,
                note->pictures, note->reason);
    else
        fprintf(stderr, "s3hls export: left out: %s: %s\n", key, note->reason);
}

static void on_note(void *ctx, const s3hls_export_note *note) {
    const exporting *e = ctx;
    char from[32];
    if (note->type == S3HLS_EXPORT_PROGRESS && e->terminal)
        fprintf(stderr, "\r%3zu %%  %zu of %zu segments", 100 * note->number / note->count,
                note->number, note->count);
    if (note->type == S3HLS_EXPORT_PROGRESS)
        return;
    clear_line(e);
    if (note->type == S3HLS_EXPORT_LEFT_OUT) {
        report_left_out(note);
    } else if (!e->options->quiet) {
        time_format(note->from_ms * 1000, from, sizeof from);
        fprintf(stderr, "s3hls export: nothing for %.3f s from %s on\n",
                (double)(note->to_ms - note->from_ms) / 1e3, from);
    }
}

static void print_summary_of(const export_options *o, const s3hls_export_summary *s) {
    char keyframe[32];
    if (o->json)
        printf("{\"start_ms\":%" PRId64 ",\"keyframe_ms\":%" PRId64 ",\"duration_ms\":%" PRId64
               ",\"pictures\":%" PRIu64 ",\"gaps\":%" PRIu64 ",\"gap_ms\":%" PRIu64
               ",\"segments_left_out\":%" PRIu64 ",\"pictures_left_out\":%" PRIu64 "}\n",
               s->start_ms, s->keyframe_ms, s->end_ms - s->start_ms, s->pictures, s->gaps,
               s->gap_ms, s->segments_left_out, s->pictures_left_out);
    if (o->json || o->quiet)
        return;
    time_format(s->keyframe_ms * 1000, keyframe, sizeof keyframe);
    printf("%.3f s, %" PRIu64 " pictures, %" PRIu64
           " gaps; from the keyframe at %s on, which is %.3f s before what is shown\n",
           (double)(s->end_ms - s->start_ms) / 1e3, s->pictures, s->gaps, keyframe,
           (double)(s->start_ms - s->keyframe_ms) / 1e3);
    if (s->segments_left_out || s->pictures_left_out)
        printf("left out: %" PRIu64 " segments, and %" PRIu64 " pictures of others\n",
               s->segments_left_out, s->pictures_left_out);
}

/* ---- the command */

static int nothing_recorded(const char *url) {
    fprintf(stderr,
            "s3hls export: %s: nothing was recorded in this range; s3hls ls shows what there is\n",
            url);
    return EXIT_FAILED;
}

static int failed(const exporting *e, const char *url, int rc, const s3hls_s3_error *error) {
    const char *output = e->options->output;
    if (e->file_error)
        fprintf(stderr, "s3hls export: %s: %s\n", output, strerror(e->file_error));
    else if (error->status)
        complain("export", url, rc, error);
    else
        complain("export", output, rc, NULL);
    if (!e->options->keep)
        unlink(output);
    return EXIT_FAILED;
}

static int run(const command_line *line, s3hls_archive *archive, const s3hls_segment_list *list) {
    const export_options *o = line->ctx;
    const char *url = line->positional[0];
    exporting e = {.options = o, .terminal = !o->quiet && isatty(STDERR_FILENO)};
    s3hls_export_config cfg;
    s3hls_export_summary summary;
    s3hls_s3_error error;
    if (list->count == 0)
        return nothing_recorded(url);
    e.file = fopen(o->output, "wb");
    if (!e.file) {
        fprintf(stderr, "s3hls export: %s: %s\n", o->output, strerror(errno));
        return EXIT_FAILED;
    }
    av_log_set_level(AV_LOG_FATAL);
    s3hls_export_config_init(&cfg);
    cfg.from_ms = range_from_ms(&o->range);
    cfg.to_ms = range_to_ms(&o->range);
    cfg.write = write_file;
    cfg.on_note = on_note;
    cfg.ctx = &e;
    cfg.env = &o->range.common.env;
    int rc = s3hls_export_write(archive, list->segments, list->count, &cfg, &summary, &error);
    clear_line(&e);
    if (fclose(e.file) && !rc) {
        e.file_error = errno;
        rc = S3HLS_E_IO;
    }
    if (rc)
        return failed(&e, url, rc, &error);
    print_summary_of(o, &summary);
    return summary.segments_left_out || summary.pictures_left_out ? EXIT_DAMAGED : EXIT_DONE;
}

int command_export(int argc, char **argv) {
    static const option_kind kinds[] = {
        RANGE_KINDS,
        OPTION_TEXT("-o", "FILE", "the MP4 (needed)", export_options, output),
        OPTION_FLAG("-f", "replace a file that is there", export_options, force),
        OPTION_FLAG("--keep", "leave what was written when it fails", export_options, keep),
        OPTION_FLAG("--json", "the summary as one line of JSON", export_options, json),
        OPTION_FLAG("-q", "no progress, no gaps, no summary", export_options, quiet),
        OPTION_END,
    };
    export_options o = {.range = RANGE_ALL};
    o.range.playable = true;
    command_line line = {.command = "export",
                         .arguments = "URL -o FILE [--from TIME] [--to TIME] [OPTION...]",
                         .explanation =
                             "Writes a range as one MP4, without transcoding. It is decoded from "
                             "the keyframe before\n"
                             "--from, and shown from --from on. Gaps stay as long as they were. "
                             "What cannot be read\n"
                             "is left out and named.\n\n"
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
