/* SPDX-License-Identifier: MIT-0 */
/* Counters of recordings as text. */
#ifndef TOOL_METRICS_TEXT_H
#define TOOL_METRICS_TEXT_H

#include "metrics.h"

/* All recordings. */
typedef struct metrics_views {
    const metrics_view *v;
    size_t count;
} metrics_views;

/* Write Prometheus' text format 0.0.4: each metric once, with a line for each recording. */
void metrics_write(FILE *to, const metrics_views *all);
/* Write what is wrong, one line per recording; "ok" if nothing is. @return whether nothing is */
bool metrics_write_health(FILE *to, const metrics_views *all);

#endif
