/* SPDX-License-Identifier: MIT-0 */
/* Which segments of a listing a polled playlist may contain: it may only grow at its end. */
#ifndef S3HLS_PLAYBACK_SETTLED_H
#define S3HLS_PLAYBACK_SETTLED_H

#include "s3hls/layout.h"
#include <stdbool.h>

/* Remove, in place, segments that arrived too late, and those behind a gap that may still be
 * filled. A segment is too late if it arrived more than wait_s after a later one; a segment named
 * by a clock that ran ahead makes no other late.
 * @param now_s  UTC, seconds, by the store's clock
 * @param waits  receives whether segments behind a gap were removed
 * @return number of segments that remain, at least 1 */
size_t s3hls__keep_settled(s3hls_segment *segments, size_t count, int64_t now_s, uint32_t wait_s,
                           bool *waits);

#endif
