/* SPDX-License-Identifier: MIT-0 */
/* What the commands share that read a range of one camera's time: --from and --to, and the segments
 * in between. */
#ifndef TOOL_RANGE_H
#define TOOL_RANGE_H

#include "options.h"
#include "s3hls/archive.h"

/* First in a command's options. Begin with RANGE_ALL. */
typedef struct range_options {
    common_options common;
    int64_t from_us, to_us; /* INT64_MIN, INT64_MAX: open */
    bool playable;          /* of the command: s3hls_archive_list_playable() */
} range_options;

#define RANGE_ALL                                                                                  \
    { .from_us = INT64_MIN, .to_us = INT64_MAX }

const char *range_set_from(void *ctx, const char *value);
const char *range_set_to(void *ctx, const char *value);

#define RANGE_KINDS                                                                                \
    {"--from", "TIME", "ISO 8601 in UTC or UNIX seconds; else the first segment", range_set_from}, \
    {                                                                                              \
        "--to", "TIME", "up to, not including; else the last segment", range_set_to                \
    }

/* In ms, open ends kept. */
int64_t range_from_ms(const range_options *range);
int64_t range_to_ms(const range_options *range);

/* What a command does with the range it asked for. @return its exit code. */
typedef int (*range_fn)(const command_line *line, s3hls_archive *archive,
                        const s3hls_segment_list *list);
/* List the range that line->ctx, which begins with its range_options, asks for, and hand it to run;
 * with range_options.playable, from where decoding has to begin.
 * @return run's exit code, or one that was complained of; the options are closed. */
int range_run(const command_line *line, range_fn run);

#endif
