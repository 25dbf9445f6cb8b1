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

/* @return EXIT_DONE with archive and list open, or an exit code, complained of, with neither. */
int range_open(command_line *line, range_options *range, s3hls_archive **archive,
               s3hls_segment_list *list);
void range_close(range_options *range, s3hls_archive **archive, s3hls_segment_list *list);

#endif
