/* SPDX-License-Identifier: MIT-0 */
#include "input/timestamps.h"
#include <stdlib.h>
#include <string.h>

/* A longer step of the presentation time, in seconds and pictures, restarts it. */
enum { JUMP_S = 10, JUMP_PICTURES = 4 * S3HLS__INPUT_TIMES_REORDER_MAX, STEP_MAX_S = 60 };

void s3hls__input_timestamps_init(s3hls__input_timestamps *p, int64_t second, unsigned least_depth,
                                  bool live) {
    memset(p, 0, sizeof *p);
    p->second = second;
    p->least_depth =
        least_depth < S3HLS__INPUT_TIMES_REORDER_MAX ? least_depth : S3HLS__INPUT_TIMES_REORDER_MAX;
    p->live = live;
    p->step = second / 25;
}

void s3hls__input_timestamps_deinit(s3hls__input_timestamps *p) {
    free(p->queue);
    p->queue = NULL;
}

static s3hls__input_picture *at(const s3hls__input_timestamps *p, size_t i) {
    return p->queue + p->first + i;
}

bool s3hls__input_timestamps_push(s3hls__input_timestamps *p, const s3hls__input_picture *next) {
    if (p->first + p->count == p->capacity && p->first > p->count) {
        memmove(p->queue, at(p, 0), p->count * sizeof *p->queue);
        p->first = 0;
    }
    if (p->first + p->count == p->capacity) {
        size_t capacity = p->capacity ? p->capacity * 2 : 64;
        s3hls__input_picture *queue = realloc(p->queue, capacity * sizeof *queue);
        if (!queue)
            return false;
        p->queue = queue;
        p->capacity = capacity;
    }
    *at(p, p->count++) = *next;
    at(p, p->count - 1)->placed = false;
    return true;
}

void s3hls__input_timestamps_end(s3hls__input_timestamps *p) {
    p->ended = true;
}

static bool has(int64_t time) {
    return time != S3HLS__INPUT_TIMES_NO_TIME;
}

/* ---- times that the container states */

/* A file may present pictures before the time of their decoding: it counts on a shift of one of the
 * two (ISO/IEC 14496-12 8.6.1.3, version 1). Its times of decoding are of no use as they are. */
static bool shown_too_early(const s3hls__input_timestamps *p) {
    for (size_t i = 0; i < p->count; i++)
        if (has(at(p, i)->pts) && has(at(p, i)->dts) && at(p, i)->dts > at(p, i)->pts)
            return true;
    return false;
}

/* The first picture with a time shows which times the container has; in a file, with those behind
 * it. */
static bool find_given(s3hls__input_timestamps *p) {
    if (!p->live && !p->ended && p->count <= S3HLS__INPUT_TIMES_REORDER_MAX)
        return false;
    for (size_t i = 0; i < p->count && !p->given; i++) {
        const s3hls__input_picture *x = at(p, i);
        if (has(x->pts) || has(x->dts))
            p->given = !has(x->dts)                     ? S3HLS__INPUT_TIMES_PTS
                       : !has(x->pts)                   ? S3HLS__INPUT_TIMES_DTS
                       : !p->live && shown_too_early(p) ? S3HLS__INPUT_TIMES_PTS
                                                        : S3HLS__INPUT_TIMES_BOTH;
    }
    if (!p->given && (p->ended || p->count > S3HLS__INPUT_TIMES_REORDER_MAX))
        p->given = S3HLS__INPUT_TIMES_BOTH; /* no picture has a time: they are counted */
    return p->given;
}

static int64_t given_time(const s3hls__input_timestamps *p, const s3hls__input_picture *x) {
    return p->given == S3HLS__INPUT_TIMES_DTS ? x->dts : x->pts;
}

/* Duration of the pictures before the first one with a time: the same as its duration. */
static int64_t first_step(const s3hls__input_timestamps *p, size_t first) {
    if (first + 1 < p->count && has(given_time(p, at(p, first + 1)))) {
        int64_t step = given_time(p, at(p, first + 1)) - given_time(p, at(p, first));
        if (step > 0 && step < STEP_MAX_S * p->second)
            return step;
    }
    return at(p, first)->duration > 0 ? at(p, first)->duration : p->step;
}

/* Time of a picture without one: one step after the previous picture, or, at the beginning, counted
 * back from the first picture with a time. */
static int64_t follow(const s3hls__input_timestamps *p, int64_t last) {
    if (p->begun)
        return last + p->step;
    for (size_t i = 0; i < p->count; i++)
        if (has(given_time(p, at(p, i))))
            return given_time(p, at(p, i)) - (int64_t)i * first_step(p, i);
    return 0;
}

/* ---- the depth of reordering: how many pictures are decoded before one and shown after it */

/* The times alone are not sufficient, since they may be wrong. */
static bool shown_after(const s3hls__input_timestamps *p, size_t earlier, size_t later) {
    if (p->given == S3HLS__INPUT_TIMES_PTS &&
        (!has(at(p, earlier)->pts) || !has(at(p, later)->pts) ||
         at(p, earlier)->pts <= at(p, later)->pts))
        return false;
    for (size_t i = earlier + 1; i <= later; i++)
        if (at(p, i)->idr)
            return false;
    return at(p, earlier)->order > at(p, later)->order;
}

static unsigned depth_at(const s3hls__input_timestamps *p, size_t later) {
    unsigned depth = 0;
    for (size_t i = later > S3HLS__INPUT_TIMES_WINDOW ? later - S3HLS__INPUT_TIMES_WINDOW : 0;
         i < later; i++)
        depth += shown_after(p, i, later);
    return depth;
}

/* The first two pictures of a camera arrive in the order in which they are shown: no need to
 * wait. */
static bool in_order(const s3hls__input_timestamps *p) {
    return p->count >= 2 && !shown_after(p, 0, 1) && at(p, 1)->order - at(p, 0)->order <= 2 &&
           at(p, 1)->order > at(p, 0)->order;
}

static bool find_depth(s3hls__input_timestamps *p) {
    size_t sequences = 0;
    for (size_t i = 1; i < p->count; i++)
        sequences += at(p, i)->idr;
    if (!p->ended && p->count < S3HLS__INPUT_TIMES_WINDOW && !sequences &&
        !(p->live && in_order(p)))
        return false;
    p->depth = p->least_depth;
    for (size_t i = 1; i < p->count; i++) {
        unsigned depth = depth_at(p, i);
        if (depth > p->depth)
            p->depth = depth;
    }
    if (p->depth > S3HLS__INPUT_TIMES_REORDER_MAX)
        p->depth = S3HLS__INPUT_TIMES_REORDER_MAX;
    p->depth_known = true;
    return true;
}

/* ---- DTS from PTS */

static int64_t jump_of(const s3hls__input_timestamps *p) {
    int64_t by_step = JUMP_PICTURES * p->step, least = JUMP_S * p->second;
    return by_step > least ? by_step : least;
}

/* Presentation begins or restarts: fill the window with times before the earliest picture,
 * according to the depth of reordering. */
static void begin_latest(s3hls__input_timestamps *p) {
    int64_t jump = p->begun ? jump_of(p) : INT64_MAX / 4;
    int64_t newest = at(p, 0)->pts, earliest = newest, next = INT64_MAX;
    for (size_t i = 1; i < p->count && i <= S3HLS__INPUT_TIMES_REORDER_MAX; i++) {
        int64_t pts = at(p, i)->pts;
        if (!has(pts) || pts > newest + jump || pts < newest - jump)
            break;
        if (pts < earliest) {
            next = earliest;
            earliest = pts;
        } else if (pts < next && pts > earliest) {
            next = pts;
        }
    }
    if (next != INT64_MAX)
        p->step = next - earliest;
    for (unsigned i = 0; i <= p->depth; i++)
        p->latest[i] = earliest + ((int64_t)i - 1 - (int64_t)p->depth) * p->step;
}

/* Reordering is deeper than observed so far: from here on, DTS runs one picture earlier. */
static void deepen(s3hls__input_timestamps *p) {
    memmove(p->latest + 1, p->latest, (p->depth + 1) * sizeof *p->latest);
    p->depth++;
}

static void place_dts(s3hls__input_timestamps *p, s3hls__input_picture *x) {
    int64_t newest = p->latest[p->depth], jump = jump_of(p);
    if (!p->begun || x->pts > newest + jump || x->pts < newest - jump)
        begin_latest(p);
    else if (x->pts <= p->last_dts && !x->idr && x->order < p->last_order &&
             p->depth < S3HLS__INPUT_TIMES_REORDER_MAX)
        deepen(p);
    unsigned i = 0; /* the new time replaces the earliest one, which was used */
    for (; i < p->depth && p->latest[i + 1] < x->pts; i++)
        p->latest[i] = p->latest[i + 1];
    p->latest[i] = x->pts;
    x->dts = p->latest[0];
}

/* ---- PTS from DTS */

/* The earliest picture not shown yet, if no earlier one can follow. */
static s3hls__input_picture *next_shown(s3hls__input_timestamps *p) {
    size_t i = 0, waiting = 0;
    s3hls__input_picture *earliest = NULL;
    bool complete = false;
    while (i < p->count && at(p, i)->placed)
        i++;
    for (; i < p->count && !complete; i++) {
        s3hls__input_picture *x = at(p, i);
        complete = waiting && x->idr;
        if (complete || x->placed)
            continue;
        waiting++;
        if (!earliest || x->order < earliest->order)
            earliest = x;
    }
    return complete || p->ended || waiting > S3HLS__INPUT_TIMES_REORDER_MAX ? earliest : NULL;
}

/* The n-th shown picture has the time of the n-th decoded picture. */
static void place_pts(s3hls__input_timestamps *p) {
    size_t shown = 0;
    for (size_t i = 0; i < p->count; i++)
        shown += at(p, i)->placed;
    for (s3hls__input_picture *x; shown < p->count && (x = next_shown(p)); shown++) {
        x->pts = at(p, shown)->dts;
        x->placed = true;
    }
}

static void fill_dts(s3hls__input_timestamps *p) {
    for (size_t i = 0; i < p->count; i++)
        if (!has(at(p, i)->dts))
            at(p, i)->dts = i ? at(p, i - 1)->dts + p->step : follow(p, p->last_dts);
}

/* ---- out */

static bool complete(s3hls__input_timestamps *p, s3hls__input_picture *x) {
    if (p->given != S3HLS__INPUT_TIMES_BOTH && !p->depth_known && !find_depth(p))
        return false;
    if (p->given == S3HLS__INPUT_TIMES_DTS) {
        fill_dts(p);
        place_pts(p);
        return x->placed;
    }
    if (!has(x->pts))
        x->pts = has(x->dts) ? x->dts : follow(p, p->last_pts);
    if (p->given == S3HLS__INPUT_TIMES_PTS)
        place_dts(p, x);
    else if (!has(x->dts))
        x->dts = p->begun && p->last_dts + p->step < x->pts ? p->last_dts + p->step : x->pts;
    return true;
}

bool s3hls__input_timestamps_pop(s3hls__input_timestamps *p, s3hls__input_picture *out) {
    if (!p->count || (!p->given && !find_given(p)) || !complete(p, at(p, 0)))
        return false;
    if (!p->begun)
        p->ahead = (int64_t)p->depth * first_step(p, 0);
    *out = *at(p, 0);
    p->first++;
    p->count--;
    int64_t step = out->duration > 0 ? out->duration : out->dts - p->last_dts;
    if (p->begun || out->duration > 0)
        p->step = step > 0 && step < STEP_MAX_S * p->second ? step : p->step;
    p->last_pts = out->pts;
    p->last_dts = out->dts;
    if (out->idr || out->order > p->last_order)
        p->last_order = out->order;
    p->begun = true;
    if (p->given ==
        S3HLS__INPUT_TIMES_DTS) /* the maximum by which decoding precedes presentation */
        out->dts -= p->ahead;
    if (out->dts > out->pts)
        out->dts = out->pts;
    return true;
}
