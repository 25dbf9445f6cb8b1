/* SPDX-License-Identifier: MIT-0 */
/* Shared by the commands that read a time range of one camera: --from and --to, and the segments
 * between them. */
#ifndef TOOL_RANGE_H
#define TOOL_RANGE_H

#include "options.h"
#include "s3hls/archive.h"

/* First member of a command's options. Initialise with RANGE_ALL. */
typedef struct range_options {
    common_options common;
    int64_t from_us, to_us; /* INT64_MIN, INT64_MAX: unlimited */
    bool playable;          /* set by the command: use s3hls_archive_list_playable() */
} range_options;

#define RANGE_ALL                                                                                  \
    { .from_us = INT64_MIN, .to_us = INT64_MAX }

const char *range_set_from(void *ctx, const char *value);
const char *range_set_to(void *ctx, const char *value);

#define RANGE_KINDS                                                                                \
    OPTION("--from", "TIME", "ISO 8601 in UTC or UNIX seconds; else the first segment",            \
           range_set_from),                                                                        \
        OPTION("--to", "TIME", "up to, not including; else the last segment", range_set_to)

/* In ms; open ends are kept. */
int64_t range_from_ms(const range_options *range);
int64_t range_to_ms(const range_options *range);

/* Processes the listed range. @return the exit code. */
typedef int (*range_fn)(const command_line *line, s3hls_archive *archive,
                        const s3hls_segment_list *list);
/* List the range of line->ctx, which begins with its range_options, and pass it to run; with
 * range_options.playable, from where decoding has to begin. @return run's exit code, or that of an
 * error that was reported; the options are closed. */
int range_run(const command_line *line, range_fn run);

#endif
