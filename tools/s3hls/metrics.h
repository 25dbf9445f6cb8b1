/* SPDX-License-Identifier: MIT-0 */
/* Counters of a recording over HTTP: /metrics in Prometheus' text format 0.0.4, and /healthz. */
#ifndef TOOL_METRICS_H
#define TOOL_METRICS_H

#include "s3hls/recorder.h"
#include <stdbool.h>

typedef struct metrics metrics;

/* Values that are exposed. */
typedef struct metrics_view {
    s3hls_recorder_stats stats;
    bool input_up;          /* the camera is connected */
    uint64_t reconnects;    /* reconnections to it */
    bool input_unusable;    /* pictures arrive, but none can be recorded */
    uint64_t input_damaged; /* pictures with missing data */
    uint64_t spool_max_bytes;
} metrics_view;

/* Fills a view; called on a thread of the server, until metrics_close() returns. */
typedef void (*metrics_look)(void *ctx, metrics_view *view);

/* @param where  "PORT", ":PORT" (both: 127.0.0.1), "ADDRESS:PORT" or "[IPV6]:PORT"; port 0: a free
 * port
 * @param address  receives the address in use, as in a URL, 64 bytes
 * @return NULL, or the error. */
const char *metrics_open(metrics **out, const char *where, metrics_look look, void *ctx,
                         char address[64]);
void metrics_close(metrics **m);

#endif
