/* SPDX-License-Identifier: MIT-0 */
/* Decoding and presentation positions of counted pictures, from their order counts. Pure.
 *
 * One picture takes one frame's time. Its presentation position follows from its order count
 * (H.264 8.2.1, H.265 8.3.1) since the newest IDR picture, its decoding position from the count of
 * pictures. Decoding is ahead of presentation by the reordering depth that the track states. If a
 * stream needs more, decoding waits at the first position that is still empty, until its picture
 * arrives, or until so many later pictures were presented that it cannot arrive any more
 * (C.4.5.3). */
#ifndef S3HLS_RECORD_ORDER_H
#define S3HLS_RECORD_ORDER_H

#include "media/media.h"

enum { S3HLS__ORDER_FRAME = 64 }; /* parts of a frame's time: places are counted in them */

typedef struct s3hls__order {
    int64_t pts, dts; /* places of the newest access unit: pts >= dts, dts above the last one */

    bool begun;
    int64_t next; /* place of the next picture, were it presented in decoding order */
    int64_t lag;  /* decoding runs ahead of presentation by so much */
    int64_t base; /* place of the picture with the order count base_poc */
    int32_t base_poc;
    int32_t step; /* order counts from frame to frame: 2, or what the stream shows */
    int32_t last_poc;
    int64_t last_rise;
    int64_t latest;  /* latest place presented */
    int64_t early;   /* first place, from base on, at which nothing has been presented */
    uint64_t filled; /* bit i: something is presented i frames behind early */
    uint64_t passed; /* bit i: something was presented i + 1 frames before early */
    int depth;       /* reordering that the stream has shown, frames */
} s3hls__order;

void s3hls__order_init(s3hls__order *o);

/* The next access unit, in decoding order. Both fields of a frame share its place: the second one
 * is half a frame later, whatever its order count. */
void s3hls__order_next(s3hls__order *o, const s3hls__unit *au);

/* Where the next picture would begin a sequence: behind all that is presented. */
int64_t s3hls__order_end(const s3hls__order *o);

#endif
