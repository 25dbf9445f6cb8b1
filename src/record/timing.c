/* SPDX-License-Identifier: MIT-0 */
#include "record/timing.h"
#include <string.h>

void s3hls__timing_init(s3hls__timing *t, uint32_t rate_num, uint32_t rate_den) {
    memset(t, 0, sizeof *t);
    t->rate_num = rate_num;
    t->rate_den = rate_den;
    t->frame_90k = rate_num ? (int64_t)90000 * rate_den / rate_num : 0;
    t->poc_step = 2;
    t->latest_half = -2;
}

/* Half frames to 90 kHz, without the product of count and rate ever overflowing. */
static int64_t halves_to_90k(const s3hls__timing *t, int64_t halves) {
    int64_t unit = (int64_t)45000 * t->rate_den;
    return S3HLS__TIMING_ORIGIN_90K + halves / t->rate_num * unit +
           halves % t->rate_num * unit / t->rate_num;
}

/* An IDR picture: presentation begins anew behind all that was presented, and a larger reordering
 * depth does not set DTS back. */
static void begin_sequence(s3hls__timing *t, const s3hls__access_unit *au) {
    uint32_t reorder = 2u * au->sps->max_reorder_frames;
    if (reorder > t->reorder_halves)
        t->next_half += reorder - t->reorder_halves;
    t->reorder_halves = reorder;
    if (t->next_half < t->latest_half + 2)
        t->next_half = t->latest_half + 2;
    t->idr_half = t->latest_half = t->next_half;
}

/* Place in presentation order: the order count's, within what reordering allows (H.264 C.4.5.3), so
 * that a stream with holes in its counts cannot run away. */
static int64_t presentation_half(s3hls__timing *t, const s3hls__access_unit *au) {
    enum { FARTHEST_AHEAD = 2 * 16 };
    if (t->reorder_halves == 0)
        return t->next_half;
    if (!au->field_pic && (au->poc & 1))
        t->poc_step = 1;
    int64_t half = t->idr_half + (int64_t)au->poc * 2 / t->poc_step;
    if (half < t->next_half - t->reorder_halves)
        half = t->next_half - t->reorder_halves;
    if (half > t->next_half + FARTHEST_AHEAD)
        half = t->next_half + FARTHEST_AHEAD;
    return half;
}

static void count_frame(s3hls__timing *t, const s3hls__access_unit *au) {
    if (!t->started || (au->idr && !au->second_field))
        begin_sequence(t, au);
    if (au->second_field)
        t->next_half--; /* half a frame after the first one */
    int64_t half =
        au->second_field && t->reorder_halves == 0 ? t->next_half : presentation_half(t, au);
    if (half > t->latest_half)
        t->latest_half = half;
    t->pts_90k = halves_to_90k(t, half);
    t->dts_90k = halves_to_90k(t, t->next_half - t->reorder_halves);
    t->next_half += au->second_field ? 1 : 2;
}

/* Microseconds to 90 kHz, rounded down; callers keep |us| below 2^59. */
static int64_t us_to_90k(int64_t us) {
    int64_t scaled = us * 9;
    return scaled >= 0 ? scaled / 100 : -((-scaled + 99) / 100);
}

static int64_t vui_frame_90k(const s3hls__h264_sps *sps) {
    int64_t frame = 3600; /* 25 fps where nobody says */
    if (sps->num_units_in_tick && sps->time_scale)
        frame = (int64_t)180000 * sps->num_units_in_tick / sps->time_scale;
    return frame > 0 && frame <= S3HLS__TIMING_JUMP_90K ? frame : 3600;
}

static void follow_caller(s3hls__timing *t, const s3hls__access_unit *au, bool given,
                          int64_t pts_us, int64_t composition_us) {
    if (!t->frame_90k)
        t->frame_90k = vui_frame_90k(au->sps);
    int64_t composition = us_to_90k(composition_us);
    int64_t expected = t->dts_90k + (au->second_field ? t->frame_90k / 2 : t->frame_90k);
    if (!t->started) {
        t->offset_90k = S3HLS__TIMING_ORIGIN_90K - (us_to_90k(pts_us) - composition);
        expected = S3HLS__TIMING_ORIGIN_90K;
    }
    bool repeated = t->started && pts_us == t->last_given_us;
    if (!given || (repeated && au->second_field)) {
        t->pts_90k += expected - t->dts_90k;
        t->dts_90k = expected;
        return;
    }
    int64_t pts = us_to_90k(pts_us) + t->offset_90k;
    int64_t dts = pts - composition;
    int64_t step = dts - t->dts_90k;
    if (t->started && (step > S3HLS__TIMING_JUMP_90K || step < -2 * t->frame_90k)) {
        t->broken = true;
        t->offset_90k += expected - dts;
        dts = expected;
        pts = dts + composition;
    } else if (t->started && step <= 0) { /* two frames in one millisecond, a jittering clock */
        dts = t->dts_90k + 1;
    } else if (t->started && !au->second_field) {
        t->frame_90k = step;
    }
    t->last_given_us = pts_us;
    t->dts_90k = dts;
    t->pts_90k = pts > dts ? pts : dts;
}

void s3hls__timing_next(s3hls__timing *t, const s3hls__access_unit *au, bool given, int64_t pts_us,
                        int64_t composition_us) {
    if (t->rate_num)
        count_frame(t, au);
    else
        follow_caller(t, au, given, pts_us, composition_us);
    t->started = true;
    int64_t end = t->pts_90k + t->frame_90k;
    if (end > t->end_90k)
        t->end_90k = end;
}
