/* SPDX-License-Identifier: MIT-0 */
#include "record/order.h"
#include <string.h>

enum {
    FRAME = S3HLS__ORDER_FRAME,
    FARTHEST = 16, /* frames that reordering may span (A.3.1 h: MaxDpbFrames) */
    PATIENCE = 4   /* frames to wait for a missing position, at least, with B-frames */
};

void s3hls__order_init(s3hls__order *o) {
    memset(o, 0, sizeof *o);
    o->step = 2;
    o->latest = -FRAME;
}

int64_t s3hls__order_end(const s3hls__order *o) {
    return o->next > o->latest + FRAME ? o->next : o->latest + FRAME;
}

static int depth_of(const s3hls__order *o, const s3hls__track *track) {
    int depth = track->reorder_frames;
    return depth > o->depth ? depth : o->depth;
}

/* Start a new sequence, presented after all earlier pictures. */
static void begin_sequence(s3hls__order *o, const s3hls__unit *au) {
    if (au->parameters_changed) { /* the encoder may have been replaced */
        o->step = 2;
        o->depth = 0;
    }
    o->lag = (int64_t)depth_of(o, au->track) * FRAME;
    if (!o->begun)
        o->next = o->lag;
    o->next = o->base = o->early = s3hls__order_end(o);
    o->base_poc = au->poc;
    o->last_rise = 0;
    o->filled = 0;
    o->passed = o->begun ? UINT64_MAX : 0;
    o->begun = true;
}

static int count_bits(uint64_t bits) {
    int count = 0;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

/* Advance past the first position and the filled positions that follow it. A missing position keeps
 * its duration: later pictures are counted from after it. */
static void pass_early(s3hls__order *o) {
    if (!(o->filled & 1))
        o->next += FRAME;
    do {
        o->passed = o->passed << 1 | (o->filled & 1);
        o->filled >>= 1;
        o->early += FRAME;
    } while (o->filled & 1);
}

/* Learn a larger step: without reordering, order counts may rise by more than two per picture. */
static bool learn_step(s3hls__order *o, int64_t rise) {
    bool larger =
        o->depth == 0 && o->lag == 0 && rise > o->step && rise == o->last_rise && rise <= FARTHEST;
    if (larger)
        o->step = (int32_t)rise;
    return larger;
}

/* Give up positions whose pictures are not expected any more. */
static void give_up_empty(s3hls__order *o) {
    int may_wait = (int)(o->lag / FRAME);
    if (o->depth || o->lag)
        may_wait = may_wait > PATIENCE ? may_wait : PATIENCE;
    else
        may_wait = 1;
    while (o->filled && count_bits(o->filled) > may_wait)
        pass_early(o);
}

/* Position of an order count, in whole frames. An odd count means that counts rise by one per
 * frame. */
static int64_t place_of(s3hls__order *o, int32_t poc) {
    int64_t counts = (int64_t)poc - o->base_poc, rise = (int64_t)poc - o->last_poc;
    if (counts & 1 && rise <= FARTHEST && rise >= -FARTHEST)
        o->step = 1;
    int64_t frames = counts >= 0 ? counts / o->step : -((o->step - 1 - counts) / o->step);
    return o->base + frames * FRAME;
}

/* The order count is unusable: it lies beyond the range of reordering, or repeats an earlier
 * picture's. This happens after lost pictures, after memory_management_control_operation 5, and in
 * streams with constant counts. */
static bool is_astray(const s3hls__order *o, int64_t place) {
    if (place >= o->early) {
        int64_t frames = (place - o->early) / FRAME;
        return place > o->next + (int64_t)FARTHEST * FRAME || frames >= 64 ||
               (o->filled >> frames & 1);
    }
    int64_t frames = (o->early - place) / FRAME - 1;
    return frames >= FARTHEST || (o->passed >> frames & 1);
}

static void note_depth(s3hls__order *o, int64_t frames) {
    if (frames > o->depth)
        o->depth = frames < FARTHEST ? (int)frames : FARTHEST;
}

static void present(s3hls__order *o, int64_t place) {
    int64_t index = (place - o->early) / FRAME;
    if (place >= o->early) {
        note_depth(o, count_bits(o->filled >> index));
        o->filled |= UINT64_C(1) << index;
        if (o->filled & 1)
            pass_early(o);
    } else { /* its position was given up too early */
        note_depth(o, count_bits(o->filled) - index);
        o->passed |= UINT64_C(1) << (-index - 1);
        o->next -= FRAME;
    }
    if (place > o->latest)
        o->latest = place;
    o->pts = place;
}

/* Set the decoding time: nominal, but before the first missing position, whose picture is decoded
 * later, and always after the last decoding time. A deeper reordering therefore starts with closely
 * spaced decoding times. */
static void decode_at(s3hls__order *o, int64_t nominal, int64_t last) {
    int64_t limit = o->early < o->pts ? o->early - FRAME / 2 : o->pts;
    o->dts = nominal < limit ? nominal : limit;
    if (o->dts <= last)
        o->dts = last + 1;
    if (o->pts < o->dts)
        o->pts = o->dts;
}

void s3hls__order_next(s3hls__order *o, const s3hls__unit *au) {
    int64_t last = o->begun ? o->dts : INT64_MIN;
    if (o->begun && au->second_field) {
        o->pts += FRAME / 2;
        decode_at(o, o->next - o->lag - FRAME / 2, last);
        return;
    }
    int64_t place;
    if (!o->begun || au->idr) {
        begin_sequence(o, au);
        place = o->base;
    } else if (au->track->never_reorders) {
        place = s3hls__order_end(o);
        o->early = place;
        o->filled = 0;
    } else {
        int64_t rise = (int64_t)au->poc - o->last_poc;
        place = place_of(o, au->poc);
        if (is_astray(o, place) || (o->filled && place > o->latest && learn_step(o, rise))) {
            begin_sequence(o, au);
            place = o->base;
        }
        o->last_rise = rise;
    }
    present(o, place);
    give_up_empty(o);
    decode_at(o, o->next - o->lag, last);
    o->last_poc = au->poc;
    o->next += FRAME;
}
