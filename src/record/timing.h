/* SPDX-License-Identifier: MIT-0 */
/* Times of access units on one running 90 kHz clock that never steps back. Pure.
 *
 * Either pictures are counted, at a given rate or the stream's own, and put in order by their order
 * count (order.h). Or the caller's times are followed, whatever their distances, as long as they
 * rise. What does not fit is one of three things, and only the pictures behind it decide which:
 * - A picture that is stamped wrong: the next one lies where it would have. The wrong one is given
 *   the time that its neighbours leave it.
 * - A gap in the pictures: the next ones go on behind it. It is kept. Before a keyframe it belongs
 *   to no segment: that is a jump.
 * - A jump of the clock: several pictures go on from there. They are taken to run on, and but for a
 *   small step back the jump is remembered: the recorder then begins a new timeline.
 *
 * Where the caller gives times of decoding, too, one of presentation that lies far behind those
 * before is a gap in the pictures, which times of decoding reach some pictures later; or it is
 * wrong. It is believed until a picture that is shown later has an earlier time.
 *
 * So a time is never taken for a picture's duration. The last picture lasts as long as is usual. */
#ifndef S3HLS_RECORD_TIMING_H
#define S3HLS_RECORD_TIMING_H

#include "record/order.h"

enum {
    S3HLS__TIMING_ORIGIN_90K = 90000, /* first DTS: PCR can run ahead of it */
    S3HLS__TIMING_STEPS = 8,          /* distances of pictures that are remembered */
    S3HLS__TIMING_PERSISTS = 3        /* pictures that go on from a jump make it true */
};

typedef struct s3hls__timing {
    uint32_t rate_num, rate_den; /* frames per second; rate_num 0: the caller gives times */

    /* of the newest access unit */
    int64_t pts_90k, dts_90k;
    int64_t duration_90k; /* the usual one */
    int64_t source_pts_90k,
        source_dts_90k;   /* at the speed of the count, or of the caller's times */
    int64_t frame_90k;    /* usual duration of a frame */
    int64_t jumped_90k;   /* PTS of the first access unit behind a jump */
    int64_t moved_by_90k; /* restamped: to be added to PTS and DTS of the one before; negative */
    int64_t moved_to_90k; /* its DTS then */
    int64_t far_by_90k;   /* withdrawn: to be added to the PTS; negative */
    bool rate_of_stream;  /* rate_num/rate_den only where the stream states none */
    bool started;
    bool doubtful;    /* a keyframe behind a gap or jump, if it is one: a segment ends here */
    bool broken;      /* sticky, cleared by the recorder: the clock jumped */
    bool jump_begins; /* perhaps, with the newest access unit */
    bool restamped;   /* the access unit before the newest has another time */
    bool far;         /* the newest one's PTS is in doubt, */
    bool doubts;      /* or still that of one before, */
    bool withdrawn;   /* and now it is certain that it is wrong */
    bool movable;     /* set by the recorder: the newest access unit could still be moved */

    int32_t speed_ppm;                   /* by which the recording's clock runs faster, */
    int64_t speed_source_90k, speed_90k; /* from here on */

    /* pictures counted */
    s3hls__order order;
    int64_t base, base_90k; /* the place at which the rate began to hold, and its time */

    /* caller's times, of decoding */
    int64_t offset_90k;             /* clock = caller's time + offset */
    int64_t last_given_us;          /* PTS, to recognize a repeated time */
    int64_t latest_90k;             /* caller's PTS of latest_poc */
    int64_t latest_composition_90k; /* usual one of such pictures */
    int64_t shown_90k;              /* latest_90k, before the newest access unit */
    int64_t far_90k;                /* caller's PTS of the picture in doubt */
    int64_t before_far_90k;         /* what it would be otherwise, */
    int64_t usual_composition_90k;  /* and this far from its DTS */
    int64_t count_90k;              /* distance of two order counts */
    int64_t given_90k;              /* newest that was followed */
    int64_t before_90k;             /* DTS of the access unit before the newest */
    int64_t step_90k; /* caller's distance of these two, for each frame; 0: not known */
    int64_t steps_90k[S3HLS__TIMING_STEPS];
    int64_t slow_90k;        /* the longest distance that comes again and again, fading */
    int64_t rare_90k;        /* the newest that was long */
    int64_t jump_given_90k;  /* time of the newest picture that continues from a jump in doubt */
    int64_t first_off_us;    /* the first one should have been stamped so much later */
    int64_t leap_90k;        /* times may be ahead by so much, */
    int leap_left;           /* for so many pictures more */
    int repeats;             /* access units with last_given_us, beyond the first */
    int32_t poc;             /* of the newest access unit */
    int32_t latest_poc;      /* highest since the last IDR picture */
    int32_t far_poc;         /* of the picture in doubt */
    int frames;              /* since given_90k */
    unsigned steps;          /* remembered so far */
    unsigned rare_at;        /* step of rare_90k */
    int jumped;              /* pictures that go on from a jump in doubt */
    bool unbelieved, ran_on; /* a PTS behind a gap was not believed; before the newest */
    bool late;               /* catching up with times that lie behind */
    bool alone;              /* no picture has continued from the first one yet */
    bool anew;               /* the next time is taken to run on, whatever it is */
} s3hls__timing;

void s3hls__timing_init(s3hls__timing *t, uint32_t rate_num, uint32_t rate_den);

/* Time of the next access unit, in decoding order, kept or not.
 * given: the call this access unit began in has a time (pts_us, composition_us >= 0) that no access
 * unit has used yet. Sets pts_90k and dts_90k: pts >= dts, dts above the last one. */
void s3hls__timing_next(s3hls__timing *t, const s3hls__unit *au, bool given, int64_t pts_us,
                        int64_t composition_us);

/* A caller's time on the recording's clock, 90 kHz, as that of the newest access unit would be.
 * Only where the caller gives times, after the first access unit. */
int64_t s3hls__timing_of_given(const s3hls__timing *t, int64_t pts_us);

/* From the newest access unit on the recording's clock runs faster than the caller's or the count
 * by so much, -500,000 to 500,000. */
void s3hls__timing_set_speed(s3hls__timing *t, int32_t ppm);

/* The pictures end here. Whenever they go on, they run on from here, on a clock that jumped. */
void s3hls__timing_interrupt(s3hls__timing *t);

#endif
