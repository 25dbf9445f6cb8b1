/* SPDX-License-Identifier: MIT-0 */
/* Counters of a recording over HTTP: /metrics in Prometheus' text format 0.0.4, and /healthz. */
#ifndef TOOL_METRICS_H
#define TOOL_METRICS_H

#include "s3hls/recorder.h"
#include <stdbool.h>
#include <stdio.h>

typedef struct metrics metrics;

/* What is exposed of a recording. */
typedef struct metrics_view {
    s3hls_recorder_stats stats;
    uint64_t reconnects;    /* reconnections to the camera */
    uint64_t input_damaged; /* pictures with missing data */
    uint64_t spool_max_bytes;
    uint64_t bits_per_s, readers_replaced; /* if measured */
    bool measured;
    bool input_up;       /* the camera is connected */
    bool input_unusable; /* pictures arrive, but none can be recorded */
    char camera[65];     /* the label; "": none, there is one recording */
    char fault[300];     /* of the input, for /healthz; "": none */
} metrics_view;

/* Where the values come from. Called on a thread of the server, until metrics_close() returns. */
typedef struct metrics_source {
    /* Fill the view of a recording, which is zero. @param place  from 0 @return false: there is
     * none */
    bool (*look)(void *ctx, size_t place, metrics_view *view);
    void (*write_status)(FILE *to, void *ctx); /* /api/status; NULL: there is none */
    void *ctx;
} metrics_source;

/* @param where  "PORT", ":PORT" (both: 127.0.0.1), "ADDRESS:PORT" or "[IPV6]:PORT"; port 0: a free
 * port
 * @param address  receives the address in use, as in a URL, 64 bytes
 * @return NULL, or the error. */
const char *metrics_open(metrics **out, const char *where, const metrics_source *source,
                         char address[64]);
void metrics_close(metrics **m);

#endif
