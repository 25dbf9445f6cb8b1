/* SPDX-License-Identifier: MIT-0 */
#include "record/timing.h"
#include <string.h>

enum {
    DEFAULT_90K = 3600,        /* 25 fps if no rate is known */
    GAP_90K = 2 * 90000,       /* before a keyframe: a longer step may be a gap or a jump */
    JUMP_90K = 10 * 90000,     /* before any other picture: a longer step is a jump */
    LONGEST_90K = 60 * 90000,  /* upper limit of any accepted step */
    STEP_BACK_90K = 2 * 90000, /* a backward jump of at most this is a clock correction */
    LONGEST_COMPOSITION_90K = 10 * 90000, /* that a caller can state: the true one may be longer */
    USUAL_TIMES = 4,   /* a step up to this multiple of the usual one is not a gap */
    MOST_FRAMES = 17,  /* frames; maximum of PTS after DTS */
    HABIT = 1000,      /* pictures; a second long step within this many is regular */
    NEAREST_90K = 512, /* minimum distance of two pictures between which a third is moved */
    REPEATS = 2,       /* a time that is repeated this often is ignored */
    LEAP_PICTURES = 8  /* this many consecutive pictures ahead of time are still wrong */
};

void s3hls__timing_init(s3hls__timing *t, uint32_t rate_num, uint32_t rate_den) {
    memset(t, 0, sizeof *t);
    t->rate_num = rate_num;
    t->rate_den = rate_den;
    t->base_90k = S3HLS__TIMING_ORIGIN_90K;
    t->frame_90k = rate_num ? (int64_t)90000 * rate_den / rate_num : 0;
    s3hls__order_init(&t->order);
}

/* ---- pictures counted */

/* Time of a position. The product of count and rate cannot overflow. */
static int64_t place_to_90k(const s3hls__timing *t, int64_t place) {
    int64_t second = (int64_t)S3HLS__ORDER_FRAME * t->rate_num, part = (int64_t)90000 * t->rate_den;
    int64_t from = place - t->base;
    return t->base_90k + from / second * part + from % second * part / second;
}

/* A stream may state another rate at each IDR picture. It applies from that picture's position. */
static void follow_rate(s3hls__timing *t, const s3hls__track *track) {
    uint32_t num = track->rate_num, den = track->rate_den;
    if (!t->rate_of_stream || !num || ((uint64_t)num * t->rate_den == (uint64_t)t->rate_num * den))
        return;
    int64_t end = t->started ? s3hls__order_end(&t->order) : 0;
    t->base_90k = place_to_90k(t, end);
    t->base = end;
    t->rate_num = num;
    t->rate_den = den;
    t->frame_90k = (int64_t)90000 * den / num;
}

static void count_picture(s3hls__timing *t, const s3hls__unit *au) {
    int64_t last_90k = t->started ? t->source_dts_90k : INT64_MIN;
    if (!t->started || (au->idr && !au->second_field))
        follow_rate(t, au->track);
    s3hls__order_next(&t->order, au);
    t->source_pts_90k = place_to_90k(t, t->order.pts);
    t->source_dts_90k = place_to_90k(t, t->order.dts);
    if (t->source_dts_90k <= last_90k)
        t->source_dts_90k = last_90k + 1;
    if (t->source_pts_90k < t->source_dts_90k)
        t->source_pts_90k = t->source_dts_90k;
}

/* ---- distances of pictures */

/* Median of the remembered steps: a single outlier does not change it. */
static int64_t usual_step(const s3hls__timing *t) {
    int64_t sorted[S3HLS__TIMING_STEPS];
    unsigned count = t->steps < S3HLS__TIMING_STEPS ? t->steps : S3HLS__TIMING_STEPS;
    if (count == 0)
        return t->frame_90k;
    for (unsigned i = 0; i < count; i++) {
        unsigned k = i;
        for (; k > 0 && sorted[k - 1] > t->steps_90k[i]; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = t->steps_90k[i];
    }
    return sorted[count / 2];
}

/* Record a step after the next picture has confirmed it. */
static void learn_step(s3hls__timing *t) {
    if (t->step_90k <= 0)
        return;
    t->slow_90k -= t->slow_90k >> 16; /* halved in about half an hour at 25 fps */
    if (t->step_90k > GAP_90K) {
        int64_t both = t->rare_90k < t->step_90k ? t->rare_90k : t->step_90k;
        if (t->steps - t->rare_at < HABIT && both > t->slow_90k)
            t->slow_90k = both;
        t->rare_90k = t->step_90k;
        t->rare_at = t->steps;
    }
    t->steps_90k[t->steps++ % S3HLS__TIMING_STEPS] = t->step_90k;
    t->step_90k = 0;
    t->frame_90k = usual_step(t);
}

/* Longest step that still is a regular distance: cameras slow down at night, and skip pictures of a
 * static scene. For the first pictures nothing is known. */
static int64_t longest_step(const s3hls__timing *t, int64_t bound) {
    int64_t longest = USUAL_TIMES * t->frame_90k;
    if (2 * t->slow_90k > longest)
        longest = 2 * t->slow_90k;
    if (t->steps == 0 || longest > LONGEST_90K)
        return LONGEST_90K;
    return longest > bound ? longest : bound;
}

/* ---- the caller's times */

/* Microseconds to 90 kHz, rounded down; callers keep |us| below 2^59. */
static int64_t us_to_90k(int64_t us) {
    int64_t scaled = us * 9;
    return scaled >= 0 ? scaled / 100 : -((-scaled + 99) / 100);
}

static int64_t stated_frame_90k(const s3hls__track *track) {
    return track->rate_num ? (int64_t)90000 * track->rate_den / track->rate_num : DEFAULT_90K;
}

static void place(s3hls__timing *t, int64_t dts_90k, int64_t composition_90k) {
    t->before_90k = t->source_dts_90k;
    t->source_dts_90k = dts_90k;
    t->source_pts_90k = dts_90k + composition_90k;
}

/* Note the distance from the previous picture; the next picture confirms it. A second field states
 * nothing about the frame distance. */
static void note_distance(s3hls__timing *t, int64_t given_90k) {
    if (t->frames <= 0 || given_90k <= t->given_90k)
        return;
    learn_step(t);
    t->step_90k = (given_90k - t->given_90k) / t->frames;
    t->given_90k = given_90k;
    t->frames = 0;
}

/* If the times step back soon after this leap, the pictures since then were ahead. */
static void note_leap(s3hls__timing *t, int64_t distance_90k) {
    if (distance_90k <= USUAL_TIMES * t->frame_90k)
        return;
    t->leap_90k = distance_90k + (t->leap_left > 0 ? t->leap_90k : 0);
    t->leap_left = LEAP_PICTURES;
}

/* Use the given time on the current time line. */
static void place_on_line(s3hls__timing *t, int64_t given_90k, int64_t composition_90k) {
    note_leap(t, given_90k + t->offset_90k - t->source_dts_90k);
    note_distance(t, given_90k);
    t->jumped = 0;
    t->late = t->alone = false;
    place(t, given_90k + t->offset_90k, composition_90k);
}

/* The previous picture was ahead of its time: this one lies before it, at a plausible distance from
 * the picture before both. */
static bool was_ahead(const s3hls__timing *t, int64_t at_90k) {
    return t->source_dts_90k - t->before_90k > 2 * t->frame_90k &&
           at_90k - t->before_90k >= NEAREST_90K &&
           at_90k - t->before_90k < longest_step(t, GAP_90K);
}

/* Place a picture after one that was ahead and cannot be moved: at half the usual distance, until
 * the time line is reached. */
static void catch_up(s3hls__timing *t, int64_t given_90k, int64_t composition_90k) {
    if (t->late) { /* the distances between them are correct */
        note_distance(t, given_90k);
    } else {
        t->given_90k = given_90k;
        t->step_90k = t->frames = 0;
    }
    t->late = true;
    t->leap_left = LEAP_PICTURES;
    place(t, t->source_dts_90k + t->frame_90k / 2 + 1, composition_90k);
}

/* Move the previous picture between its neighbours. If it cannot be moved any more, the pictures
 * after it are placed closer together. */
static void correct_before(s3hls__timing *t, int64_t given_90k, int64_t composition_90k) {
    int64_t at = given_90k + t->offset_90k, between = (at - t->before_90k) / 2;
    if (!t->movable) {
        catch_up(t, given_90k, composition_90k);
        return;
    }
    if (between > t->frame_90k)
        between = t->frame_90k;
    t->restamped = true;
    t->source_dts_90k = t->before_90k + between;
    t->given_90k = given_90k;
    t->step_90k = t->frames = 0;
    place_on_line(t, given_90k, composition_90k);
}

/* Place the picture directly after the previous one, although its timestamp is earlier: two
 * pictures in one millisecond, a jittering clock, or a caller that gives B-frames no composition
 * offset. */
static void squeeze(s3hls__timing *t, int64_t given_90k, int64_t composition_90k) {
    int64_t dts_90k = t->source_dts_90k + 1;
    int64_t pts_90k = given_90k + t->offset_90k + composition_90k;
    note_distance(t, given_90k);
    place(t, dts_90k, pts_90k > dts_90k ? pts_90k - dts_90k : 0);
}

/* Accept a jump that several pictures have confirmed. on_90k: the last distance between them. */
static void accept_jump(s3hls__timing *t, int64_t given_90k, int64_t on_90k, int64_t jump_90k) {
    int64_t offset_90k = t->source_dts_90k - given_90k;
    bool returns = jump_90k < 0 && t->leap_left > 0 && -jump_90k <= t->leap_90k + t->frame_90k;
    t->step_90k = on_90k;
    if (on_90k > t->slow_90k && on_90k > GAP_90K) /* the distance is regular */
        t->slow_90k = on_90k;
    t->given_90k = given_90k;
    t->frames = t->jumped = 0;
    t->late = returns; /* earlier pictures were ahead: place these closer together */
    if (returns)
        return;
    if (t->alone) /* only the very first picture was off */
        t->first_off_us = (t->offset_90k - offset_90k) * 100 / 9;
    else
        t->broken |= jump_90k > 0 || jump_90k < -STEP_BACK_90K;
    t->offset_90k = offset_90k;
    t->alone = false;
}

/* The time may have jumped. Until enough pictures confirm the jump, each follows the previous one
 * at the usual distance, or at its given distance from the picture at which the jump began. */
static void doubt(s3hls__timing *t, int64_t given_90k, int64_t composition_90k, int64_t expected) {
    int64_t on = given_90k - t->jump_given_90k;
    int64_t jump = given_90k + t->offset_90k - t->source_dts_90k;
    if (t->jumped && on > 0 && on <= LONGEST_90K) {
        t->jumped++;
        note_leap(t, on);
        place(t, t->source_dts_90k + on, composition_90k);
    } else {
        t->jumped = 1;
        place(t, expected, composition_90k);
        t->jump_begins = true;
    }
    t->jump_given_90k = given_90k;
    if (t->jumped >= S3HLS__TIMING_PERSISTS)
        accept_jump(t, given_90k, on, jump);
}

/* Does the picture continue a suspected jump rather than the time line before it? */
static bool continues_jump(const s3hls__timing *t, int64_t given_90k, int64_t step) {
    int64_t on = given_90k - t->jump_given_90k - t->frame_90k, off = step - t->frame_90k;
    return t->jumped && on > -t->frame_90k && (on < 0 ? -on : on) < (off < 0 ? -off : off);
}

static void follow_given(s3hls__timing *t, const s3hls__unit *au, int64_t given_90k,
                         int64_t composition_90k, int64_t expected) {
    int64_t at = given_90k + t->offset_90k, step = at - t->source_dts_90k;
    bool reordered =
        composition_90k == 0 && t->latest_composition_90k == 0 && !au->idr && au->poc < t->poc;
    bool announced = given_90k <= t->shown_90k; /* by a PTS up to there */
    t->leap_left -= t->leap_left > 0;
    if (step > 0 && !t->jumped && !t->late)
        learn_step(t);
    if (continues_jump(t, given_90k, step)) {
        doubt(t, given_90k, composition_90k, expected);
    } else if (t->late && step < t->frame_90k / 2) {
        catch_up(t, given_90k, composition_90k);
    } else if (step > 0 && step <= longest_step(t, announced                   ? LONGEST_90K
                                                   : au->keyframe || t->ran_on ? GAP_90K
                                                                               : JUMP_90K)) {
        place_on_line(t, given_90k, composition_90k);
    } else if (step <= 0 && step > -JUMP_90K && reordered) {
        squeeze(t, given_90k, composition_90k);
    } else if (step <= 0 && !t->jumped && was_ahead(t, at)) {
        correct_before(t, given_90k, composition_90k);
    } else if (step <= 0 && step > -t->frame_90k && !t->jumped) {
        squeeze(t, given_90k, composition_90k);
    } else {
        doubt(t, given_90k, composition_90k, expected);
        t->doubtful = au->keyframe && t->jumped == 1 && (step > 0 || step < -STEP_BACK_90K);
    }
}

/* ---- presentation times far after decoding times */

/* The picture is shown after a doubtful one. If its PTS is earlier, the doubtful PTS is withdrawn.
 */
static void judge_far(s3hls__timing *t, const s3hls__unit *au, int64_t pts_90k) {
    if (!t->doubts || au->second_field || (!au->idr && au->poc < t->far_poc))
        return;
    t->doubts = false;
    t->withdrawn = pts_90k < t->far_90k;
    if (t->withdrawn)
        t->latest_90k = t->before_far_90k;
}

/* Learn the time per order count from the closest pictures. */
static void learn_order(s3hls__timing *t, const s3hls__unit *au, int64_t pts_90k) {
    int64_t counts = (int64_t)au->poc - t->latest_poc, apart = pts_90k - t->latest_90k;
    if (au->idr || counts <= 0 || apart <= 0)
        return;
    int64_t change = apart / counts - t->count_90k;
    t->count_90k += t->count_90k && change > 0 ? change / 8 : change;
}

/* PTS minus DTS of a picture with a wrong PTS: from its order count, or that of comparable
 * pictures. */
static int64_t usual_composition(const s3hls__timing *t, const s3hls__unit *au, bool latest,
                                 int64_t dts_90k, int64_t most_90k) {
    int64_t later = ((int64_t)au->poc - t->latest_poc) * t->count_90k;
    int64_t usual = t->latest_90k + (au->idr ? t->frame_90k : later) - dts_90k;
    if (t->count_90k && usual >= 0 && usual <= most_90k)
        return usual;
    return latest ? t->latest_composition_90k : t->frame_90k;
}

static void note_latest(s3hls__timing *t, const s3hls__unit *au, int64_t pts_90k) {
    t->latest_poc = au->poc;
    t->latest_90k = pts_90k;
}

/* A value beyond the range of reordering. It is correct after a gap, for as many pictures as are
 * reordered. */
static int64_t long_composition(s3hls__timing *t, const s3hls__unit *au, int64_t dts_90k,
                                int64_t composition_90k, int64_t most_90k) {
    bool latest = au->idr || au->poc >= t->latest_poc;
    int64_t pts_90k = dts_90k + composition_90k, ahead = pts_90k - t->latest_90k;
    int64_t usual = usual_composition(t, au, latest, dts_90k, most_90k);
    int64_t longest = LONGEST_COMPOSITION_90K - MOST_FRAMES * t->frame_90k;
    bool wrong = ahead > (latest ? longest : 0) || t->unbelieved;
    if (!wrong && ahead > most_90k) {
        t->far = t->doubts = true;
        t->far_poc = au->poc;
        t->far_90k = pts_90k;
        t->before_far_90k = dts_90k + usual;
        t->usual_composition_90k = usual;
    }
    if (wrong)
        composition_90k = usual;
    t->unbelieved = wrong;
    if (latest)
        note_latest(t, au, dts_90k + composition_90k);
    return composition_90k;
}

/* PTS minus DTS. Reordering accounts for up to 16 frames (A.3.1). */
static int64_t believed_composition(s3hls__timing *t, const s3hls__unit *au, int64_t dts_90k,
                                    int64_t composition_90k) {
    int64_t most = longest_step(t, GAP_90K), pts_90k = dts_90k + composition_90k;
    if (MOST_FRAMES * t->frame_90k > most)
        most = MOST_FRAMES * t->frame_90k;
    judge_far(t, au, pts_90k);
    t->shown_90k = t->latest_90k;
    t->ran_on = t->unbelieved;
    if (composition_90k > most)
        return long_composition(t, au, dts_90k, composition_90k, most);
    if (au->idr || au->poc >= t->latest_poc) {
        learn_order(t, au, pts_90k);
        note_latest(t, au, pts_90k);
        t->latest_composition_90k = composition_90k;
        t->unbelieved = false;
    }
    return composition_90k;
}

static void follow_caller(s3hls__timing *t, const s3hls__unit *au, bool given, int64_t pts_us,
                          int64_t composition_us) {
    if (!t->frame_90k)
        t->frame_90k = stated_frame_90k(au->track);
    int64_t composition = us_to_90k(composition_us), given_90k = us_to_90k(pts_us) - composition;
    int64_t expected = t->source_dts_90k + (au->second_field ? t->frame_90k / 2 : t->frame_90k);
    bool repeated = t->started && pts_us == t->last_given_us;
    t->repeats = repeated ? t->repeats + !au->second_field : 0;
    bool untimed = !given || (repeated && (au->second_field || t->repeats >= REPEATS));
    bool anew = !t->started || (t->anew && given);
    if (anew) {
        t->doubts = false;
        t->latest_90k = us_to_90k(pts_us);
    }
    if (!untimed)
        composition = believed_composition(t, au, given_90k, composition);
    t->frames += !au->second_field;
    if (!t->started)
        expected = S3HLS__TIMING_ORIGIN_90K;
    if (anew) {
        t->offset_90k = expected - given_90k;
        t->given_90k = given_90k;
        t->step_90k = t->frames = t->jumped = 0;
        t->anew = t->late = false;
        t->alone = !t->started;
        place(t, expected, composition);
    } else if (untimed) {
        place(t, expected, t->source_pts_90k - t->source_dts_90k);
    } else {
        follow_given(t, au, given_90k, composition, expected);
    }
    t->poc = au->poc;
    if (given)
        t->last_given_us = pts_us;
}

void s3hls__timing_interrupt(s3hls__timing *t) {
    t->anew = t->started;
    t->broken = t->started;
}

/* ---- the recording's speed */

static int64_t at_speed(const s3hls__timing *t, int64_t source_90k) {
    int64_t since = source_90k - t->speed_source_90k;
    return t->speed_90k + since + since / 1000000 * t->speed_ppm +
           since % 1000000 * t->speed_ppm / 1000000;
}

int64_t s3hls__timing_of_given(const s3hls__timing *t, int64_t pts_us) {
    return at_speed(t, pts_us * 9 / 100 + t->offset_90k);
}

void s3hls__timing_set_speed(s3hls__timing *t, int32_t ppm) {
    if (ppm == t->speed_ppm)
        return;
    t->speed_source_90k = t->source_dts_90k;
    t->speed_90k = t->dts_90k;
    t->speed_ppm = ppm;
}

static void run_at_speed(s3hls__timing *t) {
    int64_t last = t->started ? t->dts_90k : INT64_MIN;
    if (t->restamped) {
        t->moved_by_90k = at_speed(t, t->before_90k) - last;
        last = t->moved_to_90k = at_speed(t, t->before_90k);
    }
    t->dts_90k = at_speed(t, t->source_dts_90k);
    if (t->dts_90k <= last)
        t->dts_90k = last + 1;
    t->pts_90k = at_speed(t, t->source_pts_90k);
    if (t->pts_90k < t->dts_90k)
        t->pts_90k = t->dts_90k;
    if (t->jump_begins)
        t->jumped_90k = t->pts_90k;
    if (t->far) {
        int64_t usual = at_speed(t, t->source_dts_90k + t->usual_composition_90k);
        t->far_by_90k = (usual > t->dts_90k ? usual : t->dts_90k + 1) - t->pts_90k;
    }
}

void s3hls__timing_next(s3hls__timing *t, const s3hls__unit *au, bool given, int64_t pts_us,
                        int64_t composition_us) {
    t->restamped = t->doubtful = t->jump_begins = t->far = t->withdrawn = false;
    if (t->rate_num)
        count_picture(t, au);
    else
        follow_caller(t, au, given, pts_us, composition_us);
    run_at_speed(t);
    t->started = true;
    t->movable = false;
    t->duration_90k = au->second_field || t->late ? t->frame_90k / 2 : t->frame_90k;
    t->duration_90k += t->duration_90k * t->speed_ppm / 1000000;
}
