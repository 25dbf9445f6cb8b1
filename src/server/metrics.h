/* SPDX-License-Identifier: MIT-0 */
/* Counters, and their output in Prometheus' text format, version 0.0.4. */
#ifndef S3HLS_SERVER_METRICS_H
#define S3HLS_SERVER_METRICS_H

#include "base/strbuf.h"
#include "server/catalog.h"
#include "server/request.h"
#include <stdatomic.h>

typedef struct s3hls__metrics {
    _Atomic uint64_t requests[S3HLS__ROUTES][6]; /* by route and first digit of the status */
    _Atomic uint64_t microseconds[S3HLS__ROUTES];
    _Atomic uint64_t bytes;    /* of bodies */
    _Atomic uint64_t accepted; /* connections */
    _Atomic uint64_t refused;  /* connections beyond a limit */
    _Atomic uint64_t slow;     /* connections closed because no whole request arrived in time */
    _Atomic uint64_t broken;   /* requests whose headers could not be parsed */
    _Atomic uint64_t made;     /* answers made from a store */
    _Atomic uint64_t shared;   /* answers returned from the cache */
    _Atomic int64_t connections, requests_running, clips_running;
} s3hls__metrics;

void s3hls__metrics_write(const s3hls__metrics *metrics, uint64_t bytes_held,
                          const s3hls__catalog_figures *catalog, s3hls__strbuf *out);

#endif
