/* SPDX-License-Identifier: MIT-0 */
/* Times of access units on one running 90 kHz clock that never steps back. Pure.
 *
 * Either frames are counted at a given rate, and pictures put in order by their order count; or the
 * caller's times are followed, small disorder is smoothed, and a break (backwards, a jump) is
 * bridged by one frame's duration and remembered: the recorder then begins a new timeline at the
 * next keyframe. */
#ifndef S3HLS_RECORD_TIMING_H
#define S3HLS_RECORD_TIMING_H

#include "codec/access_unit.h"

enum {
    S3HLS__TIMING_ORIGIN_90K = 90000,   /* first DTS: room for the PCR to run ahead of it */
    S3HLS__TIMING_JUMP_90K = 10 * 90000 /* a step forward beyond this is a break */
};

typedef struct s3hls__timing {
    uint32_t rate_num, rate_den; /* frames per second; rate_num 0: the caller gives times */

    int64_t pts_90k, dts_90k; /* of the newest access unit */
    int64_t end_90k;          /* where presentation ends so far: latest PTS and one frame */
    int64_t frame_90k;        /* nominal duration of a frame */
    bool started;
    bool broken; /* sticky, cleared by the recorder: the caller's times broke off */

    /* frames counted, in half frames, so that a field has a place of its own */
    int64_t next_half;       /* place of the next access unit in decoding order */
    int64_t idr_half;        /* place of the newest IDR picture in presentation order */
    int64_t latest_half;     /* latest place presented so far */
    int32_t poc_step;        /* order counts from frame to frame: 2, or 1 once an odd one came */
    uint32_t reorder_halves; /* DTS runs behind the count by so much */

    /* caller's times */
    int64_t offset_90k;    /* clock = caller's time + offset */
    int64_t last_given_us; /* to tell a repeated time from a new one */
} s3hls__timing;

void s3hls__timing_init(s3hls__timing *t, uint32_t rate_num, uint32_t rate_den);

/* Time of the next access unit, in decoding order, kept or not.
 * given: the call this access unit began in has a time (pts_us, composition_us >= 0) that no access
 * unit has used yet. Sets t->pts_90k and t->dts_90k: pts >= dts, dts above the last one. */
void s3hls__timing_next(s3hls__timing *t, const s3hls__access_unit *au, bool given, int64_t pts_us,
                        int64_t composition_us);

#endif
