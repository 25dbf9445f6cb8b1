/* SPDX-License-Identifier: MIT-0 */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include "s3hls/recorder.h"
#include <stdbool.h>

/* A line on a terminal that is updated four times per second. Without a terminal, nothing is
 * printed. */
typedef struct progress {
    bool on;
    int64_t begun_us, shown_us;
} progress;

void progress_begin(progress *p, bool quiet);
void progress_show(progress *p, const s3hls_recorder_stats *stats);
void progress_end(progress *p);

/* Print the summary of a recording on standard output. spool: its directory, or NULL. */
void print_summary(const s3hls_recorder_stats *stats, const char *url, const char *spool);
void print_summary_json(const s3hls_recorder_stats *stats, const char *url);

#endif
