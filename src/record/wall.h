/* SPDX-License-Identifier: MIT-0 */
/* Maps the clock of a recording (90 kHz, never steps) to the wall clock, which may be wrong, step
 * or not be set. Corrections are determined between cuts and applied at a cut.
 *
 * A recording that is behind skips forward at a cut. One that is ahead cannot go back: its pictures
 * are placed closer together until it is on time. If the camera's clock runs slightly fast or slow,
 * the recording's clock follows it. */
#ifndef S3HLS_RECORD_WALL_H
#define S3HLS_RECORD_WALL_H

#include "base/env.h"

enum {
    S3HLS__WALL_DRIFT_US = 250000,    /* below it nothing is corrected */
    S3HLS__WALL_STEP_US = 1000000,    /* beyond it, it is no longer the same timeline */
    S3HLS__WALL_BACK_US = 10000000,   /* a step back beyond it is followed, over what is recorded */
    S3HLS__WALL_RATE_MAX_PPM = 60000, /* a camera's clock beyond it is wrong, not inexact */
    S3HLS__WALL_RATE_AFTER_US = 4000000, /* half of how long it is watched at least */
    S3HLS__WALL_CATCH_UP_PPM = 5000      /* how much closer together */
};

/* A picture's place on the clocks. */
typedef struct s3hls__wall_place {
    int64_t pts_90k;    /* as recorded */
    int64_t source_90k; /* the same at the camera's own speed */
} s3hls__wall_place;

/* The correction that a cut determined. */
typedef struct s3hls__wall_finding {
    int64_t by_us;         /* to be added to the anchor; 0: nothing */
    int32_t speed_ppm;     /* the recording's clock against the camera's, from here on */
    int32_t wrong_percent; /* once: the camera's clock runs at so many per cent of the true speed */
} s3hls__wall_finding;

typedef struct s3hls__wall {
    /* set at open */
    const s3hls_env *env;
    int64_t start_time_us; /* of footage taken earlier; 0: live */

    int64_t age_us; /* of the picture at hand: the time that it spent in buffers */

    bool provisional; /* no clock yet: times are on the monotonic one */
    int64_t anchor_us, anchor_90k;

    int64_t offset_us; /* wall less monotonic, when last looked at */
    bool was_set;      /* the wall's clock then */

    /* how late pictures came, on the wall's clock by their names, and on the monotonic one by the
     * camera's times: since the last cut the least of them, as late calls count less. The newest
     * one counts once the next has come: until then its time may change. */
    bool fresh;
    int64_t fresh_ahead_us, least_ahead_us;
    int64_t fresh_late_us, least_late_us;
    s3hls__wall_place cut; /* the last one */
    int64_t cut_monotonic_us;

    /* the camera's speed: lateness at a first, a middle and the last cut shows it */
    int watched; /* how many of the first two there are */
    struct {
        int64_t source_90k, monotonic_us, late_us;
    } watch[2];
    uint64_t pictures; /* since the first */
    bool rate_known;
    int32_t rate_ppm;
    bool catching_up;
    bool wrong_reported;
} s3hls__wall;

/* When the current picture was captured: UTC, or monotonic while provisional. */
int64_t s3hls__wall_now(const s3hls__wall *w);
/* Begin the recording. */
void s3hls__wall_begin(s3hls__wall *w, s3hls__wall_place place);
/* Map the place to that time from now on. */
void s3hls__wall_anchor(s3hls__wall *w, s3hls__wall_place place, int64_t at_us);
int64_t s3hls__wall_at(const s3hls__wall *w, int64_t pts_90k);
/* The clock is known now: times become UTC. */
void s3hls__wall_settle(s3hls__wall *w, int64_t true_clock_us);

/* The camera's timestamps have jumped: restart the measurement of its speed. */
void s3hls__wall_watch_anew(s3hls__wall *w);

/* Note an access unit. */
void s3hls__wall_note(s3hls__wall *w, s3hls__wall_place place);
/* Discard the newest note: its time has changed. */
void s3hls__wall_forget_newest(s3hls__wall *w);
/* Determine the correction at a cut. Only live footage is corrected. */
s3hls__wall_finding s3hls__wall_cut(s3hls__wall *w, s3hls__wall_place place);

#endif
