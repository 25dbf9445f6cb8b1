/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"
#include "record/segmenter.h"
#include "record/timing.h"
#include "s3hls/s3hls.h"
#include <string.h>

static s3hls__track track_of(uint8_t reorder) {
    return (s3hls__track){.reorder_frames = reorder};
}

static s3hls__unit unit(const s3hls__track *track, bool idr, int32_t poc) {
    return (s3hls__unit){.idr = idr, .keyframe = idr, .poc = poc, .track = track};
}

/* ---- frames counted */

static void counted_frames_step_evenly_for_years(void **state) {
    (void)state;
    s3hls__track track = track_of(0);
    s3hls__unit au = unit(&track, true, 0);
    s3hls__timing t;
    s3hls__timing_init(&t, 30000, 1001);
    for (int i = 0; i < 5; i++) {
        s3hls__timing_next(&t, &au, true, 0, 0);
        assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + 3003 * i);
        assert_int_equal(t.dts_90k, t.pts_90k);
    }
    t.order.next = INT64_C(60) * 60 * 24 * 365 * 30 * S3HLS__ORDER_FRAME * 10; /* ten years on */
    t.order.latest = t.order.next - S3HLS__ORDER_FRAME;
    s3hls__timing_next(&t, &au, true, 0, 0);
    int64_t before = t.pts_90k;
    s3hls__timing_next(&t, &au, true, 0, 0);
    assert_int_equal(t.pts_90k - before, 3003);
    assert_true(before > INT64_C(90000) * 86400 * 3652);
}

/* I0 P4 B2 b1 b3, as x264 writes a pyramid: DTS two frames behind. */
static void counted_b_frames_follow_their_order_counts(void **state) {
    (void)state;
    static const int order[] = {0, 4, 2, 1, 3};
    s3hls__track track = track_of(2);
    s3hls__timing t;
    s3hls__timing_init(&t, 25, 1);
    for (int gop = 0; gop < 3; gop++) {
        for (int i = 0; i < 5; i++) {
            s3hls__unit au = unit(&track, i == 0, 2 * order[i]);
            s3hls__timing_next(&t, &au, false, 0, 0);
            assert_int_equal(t.dts_90k, S3HLS__TIMING_ORIGIN_90K + 3600 * (gop * 5 + i));
            assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + 3600 * (gop * 5 + order[i] + 2));
        }
    }
    assert_false(t.broken);
}

static void order_counts_of_one_a_frame_are_noticed(void **state) {
    (void)state;
    s3hls__track track = track_of(1);
    static const int poc[] = {0, 3, 1, 2};
    s3hls__timing t;
    s3hls__timing_init(&t, 25, 1);
    for (int i = 0; i < 4; i++) {
        s3hls__unit au = unit(&track, i == 0, poc[i]);
        s3hls__timing_next(&t, &au, false, 0, 0);
        assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + 3600 * (poc[i] + 1));
    }
}

/* Whatever the order counts say, what comes out is a legal stream. */
static void wild_order_counts_never_break_dts(void **state) {
    (void)state;
    s3hls__timing t;
    s3hls__timing_init(&t, 25, 1);
    uint32_t seed = 1;
    int64_t last = INT64_MIN;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1664525u + 1013904223u;
        s3hls__track track = track_of(seed >> 28);
        s3hls__unit au = unit(&track, (seed >> 20) % 16 == 0, (int32_t)seed >> (seed % 31));
        au.field = seed & 64;
        s3hls__timing_next(&t, &au, false, 0, 0);
        assert_true(t.dts_90k > last);
        assert_true(t.pts_90k >= t.dts_90k);
        assert_true(t.pts_90k - t.dts_90k <= 3600 * 64);
        last = t.dts_90k;
    }
}

/* One sequence after another, each of pictures in decoding order; their places in presentation
 * order are what must come out, one frame apart, from the first sequence to the last. */
typedef struct sequence {
    const char *name;
    uint8_t reorder, poc_type;
    int step;      /* of order counts, from frame to frame */
    bool fields;   /* two access units a frame: order counts 0 and half a step */
    bool one_poc;  /* both fields with the same */
    int places[8]; /* of frames in decoding order */
} sequence;

static const sequence sequences[] = {
    {"one after the other", 0, 0, 2, false, false, {0, 1, 2, 3, 4, 5, 6, 7}},
    {"counts of one", 0, 0, 1, false, false, {0, 1, 2, 3, 4, 5, 6, 7}},
    {"in decoding order by definition", 0, 2, 2, false, false, {0, 1, 2, 3, 4, 5, 6, 7}},
    {"B", 1, 0, 2, false, false, {0, 2, 1, 4, 3, 6, 5, 7}},
    {"B, type 1", 1, 1, 2, false, false, {0, 2, 1, 4, 3, 6, 5, 7}},
    {"pyramid", 2, 0, 2, false, false, {0, 4, 2, 1, 3, 7, 5, 6}},
    {"deeper than need be", 16, 0, 2, false, false, {0, 4, 2, 1, 3, 7, 5, 6}},
    {"promises no reordering, B", 0, 0, 2, false, false, {0, 3, 1, 2, 6, 4, 5, 7}},
    {"promises no reordering, pyramid", 0, 0, 2, false, false, {0, 4, 2, 1, 3, 7, 5, 6}},
    {"promises less than it does", 1, 0, 2, false, false, {0, 4, 2, 1, 3, 7, 5, 6}},
    {"fields", 0, 0, 2, true, false, {0, 1, 2, 3, 4, 5, 6, 7}},
    {"fields of one count", 0, 0, 2, true, true, {0, 1, 2, 3, 4, 5, 6, 7}},
    {"fields of one count, reordering", 1, 0, 2, true, true, {0, 2, 1, 4, 3, 6, 5, 7}},
    {"fields of one count, of one a frame", 4, 0, 1, true, true, {0, 1, 2, 3, 4, 5, 6, 7}},
    {"fields, pyramid", 2, 0, 2, true, false, {0, 4, 2, 1, 3, 7, 5, 6}},
    {"fields, promise no reordering", 0, 0, 2, true, false, {0, 3, 1, 2, 6, 4, 5, 7}},
};
enum { SEQUENCES = sizeof sequences / sizeof *sequences };

static void count_frame_at(s3hls__timing *t, const sequence *q, bool other, int i,
                           int64_t begun_90k, int64_t *last_dts) {
    s3hls__track track = {.reorder_frames = q->reorder, .never_reorders = q->poc_type == 2};
    for (int field = 0; field <= q->fields; field++) {
        int poc = q->step * q->places[i] + (q->one_poc ? 0 : field);
        s3hls__unit au = unit(&track, i == 0 && !field, poc);
        au.field = q->fields;
        au.second_field = field;
        au.parameters_changed = au.idr && other;
        s3hls__timing_next(t, &au, false, 0, 0);
        int64_t at = begun_90k + 3600 * (int64_t)q->places[i] + 1800 * field;
        if (t->pts_90k != at || t->dts_90k <= *last_dts || t->pts_90k < t->dts_90k)
            fail_msg("%s: picture %d.%d: pts %d, dts %d, last %d, due %d", q->name, i, field,
                     (int)t->pts_90k, (int)t->dts_90k, (int)*last_dts, (int)at);
        assert_int_equal(t->duration_90k, field ? 1800 : 3600);
        *last_dts = t->dts_90k;
    }
}

/* Every structure after every other, so that the depth of reordering changes each way: no time is
 * lost or added at the seam. */
static void counted_pictures_are_in_order_and_last_a_frame(void **state) {
    (void)state;
    for (int a = 0; a < SEQUENCES; a++)
        for (int b = 0; b < SEQUENCES; b++) {
            const sequence *order[] = {&sequences[a], &sequences[a], &sequences[b], &sequences[a]};
            s3hls__timing t;
            s3hls__timing_init(&t, 25, 1);
            int64_t begun = S3HLS__TIMING_ORIGIN_90K + 3600 * sequences[a].reorder, last = -1;
            for (int q = 0; q < 4; q++, begun += 8 * 3600)
                for (int i = 0; i < 8; i++)
                    count_frame_at(&t, order[q], q > 1, i, begun, &last);
        }
}

/* Lost pictures leave their time empty; counts that stand still, restart or leap do not stop it. */
static void order_counts_that_say_nothing_are_passed_over(void **state) {
    (void)state;
    static const struct {
        int pocs[12];
        int frames; /* from the first to the end of the last one */
    } cases[] = {
        {{0, 2, 4, 10, 12, 14, 16, 18, 20, 22, 24, 26}, 14},             /* two were lost */
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12},                      /* no counts */
        {{0, 2, 4, 6, 8, 100, 0, 2, 4, 6, 8, 10}, 12},                   /* MMCO 5 */
        {{0, 2, 4, 6, 8, 32768, 32770, 32772, 32774, 32776, 9, 11}, 12}, /* damage */
        {{0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44}, 13}, /* four a frame: known by the third */
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        s3hls__track track = track_of(0);
        s3hls__timing t;
        s3hls__timing_init(&t, 25, 1);
        int64_t last = 0, end = 0;
        for (int i = 0; i < 12; i++) {
            s3hls__unit au = unit(&track, i == 0, cases[c].pocs[i]);
            s3hls__timing_next(&t, &au, false, 0, 0);
            assert_true(t.dts_90k > last && t.pts_90k >= t.dts_90k);
            last = t.dts_90k;
            if (t.pts_90k > end)
                end = t.pts_90k;
        }
        int frames = (int)((end + 3600 - S3HLS__TIMING_ORIGIN_90K) / 3600);
        if (frames != cases[c].frames)
            fail_msg("case %d: %d frames", (int)c, frames);
    }
}

static void a_stream_is_counted_at_the_rate_it_states(void **state) {
    (void)state;
    static const struct {
        uint32_t units, scale, frame_90k;
    } rates[] = {
        {1, 30, 6000},
        {1, 60, 3000},
        {1001, 60000, 3003},
        {1, 600, 300},
        {0, 0, 3600},
        {0, 60, 3600},
        {1, 0, 3600},
        {1, 1200, 3600},
        {1, 2000000, 3600},
        {UINT32_MAX, 1, 3600},
        {1, UINT32_MAX, 3600},
        {60000000, 3000000000u, 3600},
        {900000000, 900000000, 180000},
    };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        s3hls__track track = track_of(0);
        s3hls__track_set_rate(&track, rates[i].scale, 2 * (uint64_t)rates[i].units);
        s3hls__unit au = unit(&track, true, 0);
        s3hls__timing t;
        s3hls__timing_init(&t, 25, 1);
        t.rate_of_stream = true;
        for (int n = 0; n < 200; n++) {
            s3hls__timing_next(&t, &au, false, 0, 0);
            assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + n * rates[i].frame_90k);
            assert_int_equal(t.duration_90k, rates[i].frame_90k);
        }
        int64_t end = t.pts_90k + t.duration_90k;
        s3hls__track_set_rate(&track, 20, 2); /* it is set to another one */
        for (int n = 0; n < 200; n++) {
            s3hls__timing_next(&t, &au, false, 0, 0);
            assert_int_equal(t.pts_90k, end + n * 9000);
        }
    }
}

static void second_field_is_half_a_frame_later(void **state) {
    (void)state;
    s3hls__track track = track_of(0);
    s3hls__timing t;
    s3hls__timing_init(&t, 25, 1);
    for (int i = 0; i < 6; i++) {
        s3hls__unit au = unit(&track, i == 0, i);
        au.field = true;
        au.second_field = i & 1;
        s3hls__timing_next(&t, &au, false, 0, 0);
        assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + 1800 * i);
        assert_int_equal(t.dts_90k, t.pts_90k);
    }
}

/* ---- the caller's times */

static void given(s3hls__timing *t, int64_t pts_us, int64_t composition_us) {
    s3hls__track track = track_of(0);
    s3hls__unit au = unit(&track, false, 0);
    s3hls__timing_next(t, &au, true, pts_us, composition_us);
}

static void given_times_are_kept_from_any_origin(void **state) {
    (void)state;
    static const int64_t origins[] = {0, -5000000, INT64_C(1700000000000000)};
    for (size_t o = 0; o < 3; o++) {
        s3hls__timing t;
        s3hls__timing_init(&t, 0, 1);
        for (int i = 0; i < 100; i++) {
            given(&t, origins[o] + i * INT64_C(33367), 66734);
            int64_t ideal = S3HLS__TIMING_ORIGIN_90K + i * INT64_C(33367) * 9 / 100;
            assert_in_range(t.dts_90k - ideal + 1, 0, 2);
            assert_in_range(t.pts_90k - t.dts_90k, 6006 - 1, 6006 + 1);
        }
        assert_false(t.broken);
    }
}

static void breaks_are_bridged_and_remembered(void **state) {
    (void)state;
    static const int64_t jumps_us[] = {-3000000, -INT64_C(3600000000), 11000000, INT64_C(1) << 58};
    for (size_t j = 0; j < 4; j++) {
        s3hls__timing t;
        s3hls__timing_init(&t, 0, 1);
        given(&t, 0, 0);
        given(&t, 40000, 0);
        int64_t before = t.dts_90k;
        for (int i = 0; i < 100; i++) {
            given(&t, 80000 + jumps_us[j] + i * 40000, 0);
            assert_int_equal(t.dts_90k, before + 3600 * (i + 1));
            assert_int_equal(t.broken, i >= S3HLS__TIMING_PERSISTS - 1); /* it persists */
        }
        assert_int_equal(t.jumped_90k, before + 3600);
    }
}

static void repeated_and_jittering_times_still_rise(void **state) {
    (void)state;
    s3hls__timing t;
    s3hls__timing_init(&t, 0, 1);
    given(&t, 0, 0);
    given(&t, 40000, 0);
    int64_t before = t.dts_90k;
    given(&t, 40000, 0);
    given(&t, 39000, 0);
    assert_int_equal(t.dts_90k, before + 2);
    given(&t, 80000, 0);
    assert_int_equal(t.dts_90k, before + 3600);
    assert_false(t.broken);
}

/* A camera whose clock stands still, or counts seconds: pictures are counted meanwhile. */
static void times_that_stand_still_say_nothing(void **state) {
    (void)state;
    static const int64_t units_us[] = {1000000, INT64_C(1000000000000)};
    for (size_t u = 0; u < 2; u++) {
        s3hls__timing t;
        s3hls__timing_init(&t, 0, 1);
        for (int i = 0; i < 200; i++) {
            given(&t, i * INT64_C(40000) / units_us[u] * units_us[u], 0);
            if (i > 1) /* two may have been taken at once */
                assert_in_range(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + 3600 * (i - 1),
                                S3HLS__TIMING_ORIGIN_90K + 3600 * i);
            assert_false(t.broken);
        }
    }
}

static void further_units_of_one_call_follow_by_a_frame(void **state) {
    (void)state;
    s3hls__track track = track_of(0);
    s3hls__track_set_rate(&track, 50, 1);
    s3hls__unit au = unit(&track, true, 0);
    s3hls__timing t;
    s3hls__timing_init(&t, 0, 1);
    s3hls__timing_next(&t, &au, true, 7, 0);
    int64_t first = t.pts_90k;
    s3hls__timing_next(&t, &au, false, 0, 0);
    assert_int_equal(t.pts_90k, first + 1800);
}

/* ---- times that are wrong, and times that are right and look so */

enum { PICTURES = 400, GOP = 25 };

typedef struct times {
    int64_t ms[PICTURES]; /* as a camera with a true clock would stamp them */
    int64_t wrong_ms[PICTURES];
    bool key[PICTURES];
    int64_t composition_ms[PICTURES];
    int32_t poc[PICTURES];
} times;

/* Put them as the recorder does, and apply what it is told to correct. Keyframes stay where they
 * are where they could begin a segment. @return times that the clock broke off. */
static int put_times(const times *x, int64_t pts_90k[PICTURES], int64_t dts_90k[PICTURES]) {
    s3hls__track track = track_of(2);
    s3hls__timing t;
    int broken = 0, far = -1;
    s3hls__timing_init(&t, 0, 1);
    for (int i = 0; i < PICTURES; i++) {
        s3hls__unit au = unit(&track, x->key[i], x->poc[i]);
        s3hls__timing_next(&t, &au, true, x->wrong_ms[i] * 1000, x->composition_ms[i] * 1000);
        if (t.withdrawn)
            pts_90k[far] += t.far_by_90k;
        if (t.far)
            far = i;
        if (t.restamped) {
            assert_true(t.moved_by_90k < 0);
            pts_90k[i - 1] += t.moved_by_90k;
            dts_90k[i - 1] += t.moved_by_90k;
        }
        t.movable = !x->key[i];
        pts_90k[i] = t.pts_90k;
        dts_90k[i] = t.dts_90k;
        broken += t.broken;
        t.broken = false;
    }
    for (int i = 0; i < PICTURES; i++) {
        assert_true(pts_90k[i] >= dts_90k[i]);
        assert_true(i == 0 || dts_90k[i] > dts_90k[i - 1]);
    }
    return broken;
}

/* 25 per second, a keyframe each second; true times are the stamped ones. */
static void steady(times *x) {
    memset(x, 0, sizeof *x);
    for (int i = 0; i < PICTURES; i++) {
        x->ms[i] = x->wrong_ms[i] = i * 40;
        x->key[i] = i % GOP == 0;
    }
}

/* B-frames: decoded as 0 3 1 2. Stamped by presentation. */
static void with_b_frames(times *x) {
    static const int place[] = {0, 3, 1, 2};
    for (int i = 0; i < PICTURES; i++) {
        int64_t pts = (i / 4 * 4 + place[i % 4] + 1) * 40;
        x->composition_ms[i] = pts - x->ms[i];
        x->poc[i] = 2 * (i / 4 * 4 + place[i % 4]);
        x->ms[i] = x->wrong_ms[i] = pts;
    }
}

static void one_wrong_stamp_is_put_right_from_its_neighbours(void **state) {
    (void)state;
    static const int64_t off_ms[] = {-10,    -30,      -45,      60,        -500,    500,   1000,
                                     -1000,  2500,     5000,     -5000,     9900,    12000, -12000,
                                     600000, 37600000, -9800000, -86400000, 86400000};
    for (int keys = 0; keys < 2; keys++)
        for (int b = 0; b < 2; b++)
            for (size_t o = 0; o < sizeof off_ms / sizeof *off_ms; o++) {
                static times x;
                int64_t pts[PICTURES], dts[PICTURES];
                steady(&x);
                if (b)
                    with_b_frames(&x);
                for (int i = keys ? 2 * GOP : 7; i < PICTURES; i += 2 * GOP)
                    x.wrong_ms[i] += off_ms[o];
                assert_int_equal(put_times(&x, pts, dts), 0);
                /* a keyframe that begins a segment stays where it is, up to 2 s ahead */
                bool stays = keys && off_ms[o] > 0 && off_ms[o] <= 2000;
                for (int i = 0; i < PICTURES; i++) {
                    int64_t late = pts[i] - pts[0] - (x.ms[i] - x.ms[0]) * 90;
                    int64_t may = off_ms[o] < 0 && off_ms[o] > -50 ? -off_ms[o] * 90 : 3600;
                    if ((late > may || late < -may) && !stays)
                        fail_msg("%d ms off: picture %d is %d ticks late", (int)off_ms[o], i,
                                 (int)late);
                }
                int64_t off = pts[PICTURES - 1] - pts[0] - (x.ms[PICTURES - 1] - x.ms[0]) * 90;
                if (!stays && (off > 10 || off < -10))
                    fail_msg("%d ms off: %d ticks at the end", (int)off_ms[o], (int)off);
            }
}

/* The same where a container gives right times of decoding, and one of presentation is wrong. */
static void one_wrong_presentation_time_is_put_right(void **state) {
    (void)state;
    static const int64_t off_ms[] = {2500, 5000, 9500};
    for (int b = 0; b < 2; b++)
        for (size_t o = 0; o < sizeof off_ms / sizeof *off_ms; o++) {
            static times x;
            int64_t pts[PICTURES], dts[PICTURES];
            steady(&x);
            if (b)
                with_b_frames(&x);
            for (int i = 25; i < PICTURES; i += 2 * GOP) {
                x.wrong_ms[i] += off_ms[o];
                x.composition_ms[i] += off_ms[o];
            }
            assert_int_equal(put_times(&x, pts, dts), 0);
            for (int i = 0; i < PICTURES; i++)
                assert_in_range(pts[i] - pts[0] - (x.ms[i] - x.ms[0]) * 90 + 7201, 0, 14402);
        }
}

/* Pictures in decoding order: a GOP of an I, then groups of a P and the B-frames before it, in
 * which the depth'th picture refers to those less deep. */
static const struct {
    int depth, size;
    int places[16]; /* of a group, in decoding order */
} b_frames[] = {
    {0, 1, {0}},
    {1, 2, {1, 0}},
    {1, 4, {3, 0, 1, 2}},
    {2, 4, {3, 1, 0, 2}},
    {3, 8, {7, 3, 1, 0, 2, 5, 4, 6}},
    {4, 16, {15, 7, 3, 1, 0, 2, 5, 4, 6, 11, 9, 8, 10, 13, 12, 14}},
};

static void limit_composition(times *x, int i) {
    int64_t beyond = x->composition_ms[i] - 10000;
    if (beyond > 0) { /* what a caller can state */
        x->composition_ms[i] -= beyond;
        x->wrong_ms[i] -= beyond;
    }
}

/* 25 per second, and nothing for gap_ms before the picture shown at place gap_at. Each is decoded
 * when the depth'th before it in order is shown, as encoders stamp them. */
static void with_a_stall(times *x, size_t kind, int gop, int gap_at, int64_t gap_ms) {
    int size = b_frames[kind].size, depth = b_frames[kind].depth;
    memset(x, 0, sizeof *x);
    for (int i = 0, begun = 0; i < PICTURES; i++) {
        int in_gop = i - begun;
        x->key[i] = in_gop == 0;
        int group = (in_gop - 1) / size, place = 0;
        if (in_gop > 0)
            place = 1 + group * size + b_frames[kind].places[(in_gop - 1) % size];
        x->poc[i] = 2 * place;
        int shown = begun + place, decoded = i - depth;
        x->ms[i] = x->wrong_ms[i] = shown * 40 + (shown >= gap_at ? gap_ms : 0);
        x->composition_ms[i] = x->ms[i] - (decoded * 40 + (decoded >= gap_at ? gap_ms : 0));
        limit_composition(x, i);
        if (in_gop == gop * size)
            begun = i + 1;
    }
}

/* The first pictures behind a gap are decoded before it, by as many as are reordered. */
static void a_stall_is_kept_between_reordered_pictures(void **state) {
    (void)state;
    static const int64_t stalls_ms[] = {500, 1900, 2100, 2840, 5000, 8500};
    for (size_t kind = 0; kind < sizeof b_frames / sizeof *b_frames; kind++)
        for (int gop = 1; gop <= 4; gop += 3)
            for (size_t s = 0; s < sizeof stalls_ms / sizeof *stalls_ms; s++)
                for (int at = 100; at < 170; at++) {
                    static times x;
                    int64_t pts[PICTURES], dts[PICTURES];
                    with_a_stall(&x, kind, gop, at, stalls_ms[s]);
                    if (b_frames[kind].depth == 0 && x.key[at] && stalls_ms[s] > 2000)
                        continue; /* a gap before a keyframe that is in no segment */
                    int broken = put_times(&x, pts, dts);
                    for (int i = 0; i < PICTURES; i++) {
                        int64_t late = pts[i] - pts[0] - (x.ms[i] - x.ms[0]) * 90;
                        if (late > 1 || late < -1 || broken)
                            fail_msg("depth %d, GOP of %d groups, %d ms before place %d: picture "
                                     "%d is %d ms late, %d breaks",
                                     b_frames[kind].depth, gop, (int)stalls_ms[s], at, i,
                                     (int)late / 90, broken);
                    }
                }
}

/* From 10 s on, less what reordering takes, it is a jump: pictures run on, in order. */
static void a_long_stall_keeps_reordered_pictures_in_order(void **state) {
    (void)state;
    static const int64_t stalls_ms[] = {9500, 9900, 10000, 10500, 12000, 13000, 20000};
    for (size_t kind = 0; kind < sizeof b_frames / sizeof *b_frames; kind++)
        for (size_t s = 0; s < sizeof stalls_ms / sizeof *stalls_ms; s++)
            for (int at = 100; at < 170; at++) {
                static times x;
                int64_t pts[PICTURES], dts[PICTURES];
                with_a_stall(&x, kind, 4, at, stalls_ms[s]);
                assert_in_range(put_times(&x, pts, dts), 0, 1);
                for (int i = 0; i < PICTURES; i++)
                    for (int k = i > 40 ? i - 40 : 0; k < i; k++)
                        if ((x.ms[k] < x.ms[i]) != (pts[k] < pts[i]))
                            fail_msg("depth %d, %d ms before place %d: pictures %d and %d",
                                     b_frames[kind].depth, (int)stalls_ms[s], at, k, i);
            }
}

/* One PTS that is wrong, at each position; its DTS and its order count are right. */
static void one_wrong_pts_among_reordered_pictures_is_put_right(void **state) {
    (void)state;
    static const int64_t off_ms[] = {2900, 5000, 9000, 12000, 3600000};
    for (size_t kind = 0; kind < sizeof b_frames / sizeof *b_frames; kind++)
        for (size_t o = 0; o < sizeof off_ms / sizeof *off_ms; o++)
            for (int at = 100; at < 170; at++) {
                static times x;
                int64_t pts[PICTURES], dts[PICTURES];
                with_a_stall(&x, kind, 4, PICTURES, 0);
                x.wrong_ms[at] += off_ms[o];
                x.composition_ms[at] += off_ms[o];
                limit_composition(&x, at);
                assert_int_equal(put_times(&x, pts, dts), 0);
                for (int i = 0; i < PICTURES; i++) {
                    int64_t late = pts[i] - pts[0] - (x.ms[i] - x.ms[0]) * 90;
                    int64_t may = i == at ? 17 * 3600 : 1;
                    if (late > may || late < -may)
                        fail_msg("depth %d, %d ms off at %d: picture %d is %d ms late",
                                 b_frames[kind].depth, (int)off_ms[o], at, i, (int)late / 90);
                }
            }
}

static void true_times_are_kept_whatever_their_distances(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int keys;  /* pictures from keyframe to keyframe */
        int ms[8]; /* distances, in turn */
        int run;   /* pictures at each */
    } cameras[] = {
        {"25 per second", 25, {40}, 1},
        {"29.97 in whole ms", 30, {33, 33, 34}, 1},
        {"5 to 30 per second", 30, {200, 33, 100, 50}, 20},
        {"exposure doubles at night", 25, {40, 80, 160, 320}, 50},
        {"one in 15 s", 1, {15000}, 1},
        {"one in 15 s, with P", 10, {15000}, 1},
        {"about one in 15 s", 1, {13000, 17000, 15000}, 1},
        {"one in a second, with jitter", 1, {990, 1010, 1000}, 1},
        {"skips up to 2 s", 50, {40, 40, 2000, 40, 40, 40, 900, 1200}, 1},
        {"skips 5 s before P", 50, {40, 40, 40, 5000, 40, 40, 40, 40}, 1},
        {"two at once", 25, {5, 75}, 1},
        {"quiet, one in 4 s, then moving", 1, {4000, 4000, 4000, 4000, 40}, 12},
    };
    for (size_t c = 0; c < sizeof cameras / sizeof *cameras; c++) {
        static times x;
        int64_t pts[PICTURES], dts[PICTURES], ms = 0;
        int distances = 0;
        while (distances < 8 && cameras[c].ms[distances])
            distances++;
        steady(&x);
        for (int i = 0; i < PICTURES; i++) {
            x.ms[i] = x.wrong_ms[i] = ms;
            x.key[i] = i % cameras[c].keys == 0;
            ms += cameras[c].ms[i / cameras[c].run % distances];
        }
        int broken = put_times(&x, pts, dts);
        if (broken)
            fail_msg("%s: broke off %d times", cameras[c].name, broken);
        for (int i = 0; i < PICTURES; i++)
            if (pts[i] - pts[0] - x.ms[i] * 90 > 1 || pts[i] - pts[0] - x.ms[i] * 90 < -1)
                fail_msg("%s: picture %d is %d ms late", cameras[c].name, i,
                         (int)((pts[i] - pts[0]) / 90 - x.ms[i]));
    }
}

static void a_step_back_that_persists_costs_no_time(void **state) {
    (void)state;
    static times x;
    int64_t pts[PICTURES], dts[PICTURES];
    steady(&x);
    for (int i = 0; i < PICTURES; i++)
        x.wrong_ms[i] -= (i / 90) * 500; /* its clock is set back by half a second, now and then */
    assert_int_equal(put_times(&x, pts, dts), 0);
    for (int i = 0; i < PICTURES; i++)
        assert_in_range(pts[i] - pts[0] - x.ms[i] * 90 + 2, 0, 4);
}

/* A camera that falls back to one picture in a quarter of a minute, inside a GOP: only the first of
 * these distances is lost, and it begins a timeline. */
static void pictures_that_come_rarely_from_now_on_keep_their_distances(void **state) {
    (void)state;
    s3hls__timing t;
    s3hls__timing_init(&t, 0, 1);
    for (int i = 0; i < 100; i++)
        given(&t, i * 40000, 0);
    for (int i = 0; i < 100; i++) {
        given(&t, 99 * 40000 + (i + 1) * INT64_C(15000000), 0);
        assert_int_equal(t.pts_90k - S3HLS__TIMING_ORIGIN_90K, 100 * 3600 + i * 15 * 90000);
        assert_int_equal(t.broken, i >= S3HLS__TIMING_PERSISTS - 1);
    }
}

/* Those behind come closer together until they have caught up. */
static void several_wrong_stamps_in_a_row_cost_no_time(void **state) {
    (void)state;
    static const int64_t off_ms[][2] = {{1000, 1000}, {5000, 5000},     {5000, 3600000},
                                        {9000, 100},  {5000, -5000},    {3600000, 3600000},
                                        {400, 400},   {-3600000, 5000}, {-500, -500}};
    for (int often = 0; often < 2; often++)
        for (size_t o = 0; o < sizeof off_ms / sizeof *off_ms; o++) {
            static times x;
            int64_t pts[PICTURES], dts[PICTURES];
            steady(&x);
            for (int i = 57; i < PICTURES; i += often ? 50 : 250)
                for (int k = 0; k < 2; k++)
                    x.wrong_ms[i + k] += off_ms[o][k];
            int broken = put_times(&x, pts, dts);
            int64_t off = pts[PICTURES - 1] - pts[0] - (x.ms[PICTURES - 1] - x.ms[0]) * 90;
            int64_t may = off_ms[o][0] >= 5000 ? 10000 * 90 : often ? 1000 * 90 : 3600;
            if (broken || off > may || off < -10)
                fail_msg("%d and %d ms off: %d times broken, %d ticks at the end",
                         (int)off_ms[o][0], (int)off_ms[o][1], broken, (int)off);
        }
}

/* The first picture of all is followed by none: the others are right. */
static void a_first_picture_that_is_stamped_wrong_shifts_nothing(void **state) {
    (void)state;
    static const int64_t off_us[] = {3600000000, -3600000000, 5000000, 86400000000, -86400000000};
    for (size_t o = 0; o < sizeof off_us / sizeof *off_us; o++) {
        s3hls__timing t;
        s3hls__timing_init(&t, 0, 1);
        for (int i = 0; i < 100; i++) {
            given(&t, i * 40000 + (i ? 0 : off_us[o]), 0);
            assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + 3600 * i);
            assert_false(t.broken);
        }
        assert_in_range(t.first_off_us + off_us[o] + 100, 0, 200);
    }
}

/* Fields that have times of their own, or one for both, last half a frame each. */
static void fields_with_times_last_half_a_frame(void **state) {
    (void)state;
    for (int own = 0; own < 2; own++) {
        s3hls__track track = track_of(0);
        s3hls__timing t;
        s3hls__timing_init(&t, 0, 1);
        for (int i = 0; i < 100; i++) {
            s3hls__unit au = unit(&track, i % 50 == 0, i & ~1);
            au.field = true;
            au.second_field = i & 1;
            s3hls__timing_next(&t, &au, true, i / 2 * 20000 + (own ? i % 2 * 10000 : 0), 0);
            if (i < 6) /* it is not known yet how long they are */
                continue;
            assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + i * 900);
            assert_int_equal(t.duration_90k, i & 1 ? 900 : 1800);
        }
    }
}

/* The usual duration, whatever the last steps were. */
static void a_gap_is_no_pictures_duration(void **state) {
    (void)state;
    static const int64_t gaps_us[] = {300000, 1500000, 5560000, 9000000};
    for (size_t g = 0; g < 4; g++) {
        s3hls__timing t;
        s3hls__timing_init(&t, 0, 1);
        for (int i = 0; i < 74; i++)
            given(&t, i * 40000, 0);
        given(&t, 73 * 40000 + gaps_us[g], 0); /* and then it ends */
        assert_int_equal(t.duration_90k, 3600);
        assert_int_equal(t.pts_90k - S3HLS__TIMING_ORIGIN_90K, (73 * 40000 + gaps_us[g]) * 9 / 100);
        assert_false(t.broken);
    }
}

/* Before a keyframe a gap belongs to no segment: it is a jump, from that keyframe on. */
static void a_gap_before_a_keyframe_is_a_jump_from_there(void **state) {
    (void)state;
    s3hls__track track = track_of(0);
    s3hls__timing t;
    s3hls__timing_init(&t, 0, 1);
    for (int i = 0; i < 100; i++) {
        s3hls__unit au = unit(&track, i % GOP == 0, 0);
        s3hls__timing_next(&t, &au, true, i * 40000 + (i >= 50 ? 9000000 : 0), 0);
        assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + 3600 * i);
        assert_int_equal(t.doubtful, i == 50);
        assert_int_equal(t.broken, i >= 52);
    }
    assert_int_equal(t.jumped_90k, S3HLS__TIMING_ORIGIN_90K + 3600 * 50);
}

/* Corrections of the recording's speed hold from the newest picture on. */
static void the_recordings_speed_stretches_distances(void **state) {
    (void)state;
    for (int counted = 0; counted < 2; counted++) {
        s3hls__track track = track_of(0);
        s3hls__timing t;
        s3hls__timing_init(&t, counted ? 25 : 0, 1);
        int64_t due = S3HLS__TIMING_ORIGIN_90K;
        for (int i = 0; i < 300; i++) {
            s3hls__unit au = unit(&track, i % GOP == 0, 2 * (i % GOP));
            s3hls__timing_next(&t, &au, true, i * 40000, 0);
            assert_in_range(t.pts_90k - due + 1, 0, 2);
            assert_int_equal(t.source_pts_90k, S3HLS__TIMING_ORIGIN_90K + 3600 * i);
            assert_int_equal(t.dts_90k, t.pts_90k);
            if (i == 100)
                s3hls__timing_set_speed(&t, 50000);
            if (i == 200)
                s3hls__timing_set_speed(&t, -10000);
            assert_int_equal(t.duration_90k, i <= 100 ? 3600 : i <= 200 ? 3780 : 3564);
            due += i < 100 ? 3600 : i < 200 ? 3780 : 3564;
        }
        assert_false(t.broken);
    }
}

static void wild_times_never_break_dts(void **state) {
    (void)state;
    uint32_t seed = 1;
    for (int run = 0; run < 50; run++) {
        static times x;
        int64_t pts[PICTURES], dts[PICTURES];
        steady(&x);
        for (int i = 0; i < PICTURES; i++) {
            seed = seed * 1664525u + 1013904223u;
            x.key[i] = seed % 5 == 0;
            x.wrong_ms[i] += seed % 3 ? 0 : (int32_t)seed >> (seed >> 27);
            x.composition_ms[i] = seed % 7 ? 0 : seed >> 20;
        }
        put_times(&x, pts, dts);
    }
}

/* ---- cutting */

static void cuts_at_the_keyframe_that_completes_the_duration(void **state) {
    (void)state;
    s3hls__segmenter s;
    s3hls__segmenter_init(&s, 4000, 1 << 30, 0);
    s3hls__segmenter_begin(&s, 1000, 0, true);
    assert_false(s3hls__segmenter_keyframe(&s, 1000 + 180000, 500, 0, 3600));
    assert_false(s3hls__segmenter_keyframe(&s, 1000 + 360000 - 1801, 900, 0, 3600));
    assert_true(s3hls__segmenter_keyframe(&s, 1000 + 360000 - 1800, 900, 0, 3600));
}

static void cuts_by_the_rule_of_nals(void **state) {
    (void)state;
    s3hls__segmenter s;
    s3hls__segmenter_init(&s, 4000, 1 << 30, 3);
    s3hls__segmenter_begin(&s, 0, 5, true);
    assert_false(s3hls__segmenter_keyframe(&s, 900000, 1, 7, 3600));
    assert_true(s3hls__segmenter_keyframe(&s, 900001, 1, 8, 3600));
}

static void cuts_early_where_the_next_gop_would_not_fit(void **state) {
    (void)state;
    s3hls__segmenter s;
    s3hls__segmenter_init(&s, 10000, 1000, 0);
    s3hls__segmenter_begin(&s, 0, 0, true);
    assert_false(s3hls__segmenter_keyframe(&s, 90000, 400, 0, 3600));
    assert_true(s3hls__segmenter_keyframe(&s, 180000, 800, 0, 3600));
    assert_false(s3hls__segmenter_guard(&s, 180000, 999, 3600));
    assert_true(s3hls__segmenter_guard(&s, 180000, 1000, 3600));
    assert_true(s3hls__segmenter_guard(&s, 60 * 90000, 10, 3600));
}

static void after_a_cut_inside_a_gop_the_next_keyframe_cuts(void **state) {
    (void)state;
    s3hls__segmenter s;
    s3hls__segmenter_init(&s, 4000, 1000, 0);
    s3hls__segmenter_begin(&s, 0, 0, true);
    assert_true(s3hls__segmenter_guard(&s, 90000, 1000, 3600));
    s3hls__segmenter_begin(&s, 90000, 0, false);
    assert_true(s3hls__segmenter_keyframe(&s, 93600, 10, 0, 3600)); /* however soon it comes */
    s3hls__segmenter_begin(&s, 93600, 0, true);
    /* the GOP was larger than the part of it in the segment that ended with it */
    assert_true(s3hls__segmenter_keyframe(&s, 97200, 500, 0, 3600));
}

static void one_large_gop_does_not_shorten_segments_for_ever(void **state) {
    (void)state;
    s3hls__segmenter s;
    s3hls__segmenter_init(&s, 4000, 1000, 0);
    s3hls__segmenter_begin(&s, 0, 0, true);
    assert_true(s3hls__segmenter_keyframe(&s, 90000, 990, 0, 3600));
    int cuts = 0;
    for (int i = 1, bytes = 0; i <= 100; i++) { /* GOPs of a second and 100 bytes */
        if (bytes == 0)
            s3hls__segmenter_begin(&s, 90000 * i, 0, true);
        bool cut =
            s3hls__segmenter_keyframe(&s, 90000 * (i + 1), (uint64_t)(bytes += 100), 0, 3600);
        cuts += cut;
        bytes = cut ? 0 : bytes;
    }
    assert_in_range(cuts, 25, 40);
}

static void cuts_before_a_gop_that_would_outlast_a_minute(void **state) {
    (void)state;
    s3hls__segmenter s;
    s3hls__segmenter_init(&s, 50000, 1 << 30, 0);
    s3hls__segmenter_begin(&s, 0, 0, true);
    assert_true(s3hls__segmenter_keyframe(&s, 40 * 90000, 10, 0, 3600));
    s3hls__segmenter_begin(&s, 40 * 90000, 0, true);
    assert_false(s3hls__segmenter_guard(&s, 70 * 90000, 10, 15 * 90000));
    assert_true(s3hls__segmenter_guard(&s, 100 * 90000, 10, 15 * 90000)); /* a minute, not more */
}

static void cuts_on_call_once(void **state) {
    (void)state;
    s3hls__segmenter s;
    s3hls__segmenter_init(&s, 4000, 1 << 30, 0);
    s3hls__segmenter_begin(&s, 0, 0, true);
    s.forced = true;
    assert_true(s3hls__segmenter_keyframe(&s, 3600, 10, 0, 3600));
    s3hls__segmenter_begin(&s, 3600, 0, true);
    assert_false(s3hls__segmenter_keyframe(&s, 7200, 10, 0, 3600));
}

static void target_duration_foresees_whole_gops(void **state) {
    (void)state;
    s3hls__segmenter s;
    s3hls__segmenter_init(&s, 4000, 1 << 30, 0);
    s3hls__segmenter_begin(&s, 0, 0, true);
    s3hls__segmenter_keyframe(&s, 3 * 90000, 10, 0, 3600);
    assert_int_equal(s3hls__segmenter_target_ms(&s, 3000), 6000);
    assert_int_equal(s3hls__segmenter_target_ms(&s, 6001), 7000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_frames_step_evenly_for_years),
        cmocka_unit_test(counted_b_frames_follow_their_order_counts),
        cmocka_unit_test(order_counts_of_one_a_frame_are_noticed),
        cmocka_unit_test(wild_order_counts_never_break_dts),
        cmocka_unit_test(counted_pictures_are_in_order_and_last_a_frame),
        cmocka_unit_test(order_counts_that_say_nothing_are_passed_over),
        cmocka_unit_test(a_stream_is_counted_at_the_rate_it_states),
        cmocka_unit_test(second_field_is_half_a_frame_later),
        cmocka_unit_test(given_times_are_kept_from_any_origin),
        cmocka_unit_test(breaks_are_bridged_and_remembered),
        cmocka_unit_test(repeated_and_jittering_times_still_rise),
        cmocka_unit_test(times_that_stand_still_say_nothing),
        cmocka_unit_test(further_units_of_one_call_follow_by_a_frame),
        cmocka_unit_test(one_wrong_stamp_is_put_right_from_its_neighbours),
        cmocka_unit_test(one_wrong_presentation_time_is_put_right),
        cmocka_unit_test(a_stall_is_kept_between_reordered_pictures),
        cmocka_unit_test(a_long_stall_keeps_reordered_pictures_in_order),
        cmocka_unit_test(one_wrong_pts_among_reordered_pictures_is_put_right),
        cmocka_unit_test(true_times_are_kept_whatever_their_distances),
        cmocka_unit_test(a_step_back_that_persists_costs_no_time),
        cmocka_unit_test(pictures_that_come_rarely_from_now_on_keep_their_distances),
        cmocka_unit_test(several_wrong_stamps_in_a_row_cost_no_time),
        cmocka_unit_test(a_first_picture_that_is_stamped_wrong_shifts_nothing),
        cmocka_unit_test(fields_with_times_last_half_a_frame),
        cmocka_unit_test(a_gap_is_no_pictures_duration),
        cmocka_unit_test(a_gap_before_a_keyframe_is_a_jump_from_there),
        cmocka_unit_test(the_recordings_speed_stretches_distances),
        cmocka_unit_test(wild_times_never_break_dts),
        cmocka_unit_test(cuts_at_the_keyframe_that_completes_the_duration),
        cmocka_unit_test(cuts_by_the_rule_of_nals),
        cmocka_unit_test(cuts_early_where_the_next_gop_would_not_fit),
        cmocka_unit_test(after_a_cut_inside_a_gop_the_next_keyframe_cuts),
        cmocka_unit_test(one_large_gop_does_not_shorten_segments_for_ever),
        cmocka_unit_test(cuts_before_a_gop_that_would_outlast_a_minute),
        cmocka_unit_test(cuts_on_call_once),
        cmocka_unit_test(target_duration_foresees_whole_gops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
