/* SPDX-License-Identifier: MIT-0 */
/* Where the clock of a recording (90 kHz, never steps) lies on the wall's, which may be wrong, step
 * or not be set at all. Corrections are found between cuts and made at one. */
#ifndef S3HLS_RECORD_WALL_H
#define S3HLS_RECORD_WALL_H

#include "base/env.h"

/* Below it nothing is corrected; beyond the other it is no longer the same timeline. */
enum { S3HLS__WALL_DRIFT_US = 250000, S3HLS__WALL_STEP_US = 1000000 };

typedef struct s3hls__wall {
    /* set at open */
    const s3hls_env *env;
    int64_t start_time_us; /* of footage taken earlier; 0: live */

    int64_t age_us; /* of the picture at hand: the time that it spent in buffers */

    bool provisional; /* no clock yet: times are on the monotonic one */
    int64_t anchor_us, anchor_90k;

    int64_t offset_us; /* wall less monotonic, when last looked at */
    bool was_set;      /* the wall's clock then */
    /* since the last cut */
    int64_t cut_monotonic_us, cut_90k;
    int64_t
        least_ahead_us; /* by how much the wall was ahead of us, at least: late calls count less */
} s3hls__wall;

/* When the picture at hand was taken: UTC, or monotonic while provisional. */
int64_t s3hls__wall_now(const s3hls__wall *w);
/* The recording begins at pts. */
void s3hls__wall_begin(s3hls__wall *w, int64_t pts_90k);
/* pts is at that time from now on. */
void s3hls__wall_anchor(s3hls__wall *w, int64_t pts_90k, int64_t at_us);
int64_t s3hls__wall_at(const s3hls__wall *w, int64_t pts_90k);
/* The clock is known: times become UTC. */
void s3hls__wall_settle(s3hls__wall *w, int64_t true_clock_us);

/* An access unit comes. */
void s3hls__wall_note(s3hls__wall *w, int64_t pts_90k);
/* A cut. @return what has to be added to the anchor; 0: nothing. */
int64_t s3hls__wall_cut(s3hls__wall *w, int64_t pts_90k);

#endif
