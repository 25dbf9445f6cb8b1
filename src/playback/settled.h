/* SPDX-License-Identifier: MIT-0 */
/* What of a listing a polled playlist may tell: one that only grows at its end. */
#ifndef S3HLS_PLAYBACK_SETTLED_H
#define S3HLS_PLAYBACK_SETTLED_H

#include "s3hls/archive.h"
#include <stdbool.h>

/* Numbers that are missing between two segments of one session. */
uint64_t s3hls__missing(const s3hls_segment *a, const s3hls_segment *b);

/* Take out what came too late, and what follows a hole that is still waited for. A segment is too
 * late that arrived more than wait_s after one behind it; one that was recorded by a clock that ran
 * ahead makes none late. In place.
 * @param now_s  UTC, in seconds, by the store's clock
 * @param waits  receives whether more is there behind a hole
 * @return how many are left: 1 at least */
size_t s3hls__keep_settled(s3hls_segment *segments, size_t count, int64_t now_s, uint32_t wait_s,
                           bool *waits);

#endif
