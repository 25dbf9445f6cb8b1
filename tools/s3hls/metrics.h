/* SPDX-License-Identifier: MIT-0 */
/* A recording's counts over HTTP: /metrics in Prometheus' text format 0.0.4, and /healthz. */
#ifndef TOOL_METRICS_H
#define TOOL_METRICS_H

#include "s3hls/recorder.h"
#include <stdbool.h>

typedef struct metrics metrics;

/* How deliveries do. */
typedef enum delivery_state { DELIVERY_OK, DELIVERY_FAILING, DELIVERY_HELD } delivery_state;

/* What is told. */
typedef struct metrics_view {
    s3hls_recorder_stats stats;
    delivery_state state;
    bool input_up;          /* the camera is there */
    uint64_t reconnects;    /* to it */
    bool input_unusable;    /* pictures arrive of which none can be recorded */
    uint64_t input_damaged; /* pictures that data was missing from */
    uint64_t spool_max_bytes;
} metrics_view;

/* Fills a view; called on a thread of the server, until metrics_close() returns. */
typedef void (*metrics_look)(void *ctx, metrics_view *view);

/* @param where  "PORT", ":PORT" (both: 127.0.0.1), "ADDRESS:PORT" or "[IPV6]:PORT"; port 0: a free
 * one
 * @param address  receives where it listens, as in a URL, 64 bytes
 * @return NULL, or what is wrong. */
const char *metrics_open(metrics **out, const char *where, metrics_look look, void *ctx,
                         char address[64]);
void metrics_close(metrics **m);

#endif
