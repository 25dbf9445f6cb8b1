/* SPDX-License-Identifier: MIT-0 */
/* The hours of a recording whose index.m3u8 must be written. An hour's segments are read back once,
 * and kept while it is the current one. */
#ifndef S3HLS_PUBLISH_HOURS_H
#define S3HLS_PUBLISH_HOURS_H

#include "base/env.h"
#include "s3hls/publish.h"

enum { S3HLS__HOURS_MAX = 32 };

typedef struct s3hls__hour {
    int64_t begin_ms, due_us; /* due_us: monotonic; INT64_MAX: it is written */
    bool loaded;              /* segments include those of earlier runs */
    s3hls_segment *segments;  /* ascending; before the hour those that its first one needs */
    size_t count, capacity;
} s3hls__hour;

/* Set the members of the first group; the rest is initially zero. */
typedef struct s3hls__hours {
    s3hls_store *store;
    const s3hls_env *env;
    const s3hls_publisher_config *cfg; /* archive and list */

    s3hls__hour hours[S3HLS__HOURS_MAX];
    size_t count;
    int64_t newest_ms; /* the current hour */
} s3hls__hours;

void s3hls__hours_deinit(s3hls__hours *h);

/* Add a delivered segment. The index of the current hour is due once a minute, that of an earlier
 * one in 2 s, as more late segments may follow.
 * @param ahead  a clock that ran ahead named it: its hour is not the current one */
void s3hls__hours_add(s3hls__hours *h, const s3hls_segment *segment, bool ahead);

/* Monotonic time at which an index is due; INT64_MAX: none. */
int64_t s3hls__hours_due_us(const s3hls__hours *h);

/* Put the index that is due first. Other hours than the current one are over: VOD.
 * @param now_us     monotonic; INT64_MAX: write it even if it is due later
 * @param over       the current hour is over too
 * @param target_ms  EXT-X-TARGETDURATION, if no segment is longer
 * @return S3HLS_OK: also if none is due; S3HLS_E_NOMEM; a store's status: it is still due */
int s3hls__hours_write(s3hls__hours *h, int64_t now_us, bool over, uint32_t target_ms,
                       s3hls_s3_error *error);

#endif
