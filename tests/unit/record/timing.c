/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/segmenter.h"
#include "record/timing.h"
#include "s3hls/s3hls.h"

static s3hls__h264_sps sps_of(uint8_t reorder) {
    return (s3hls__h264_sps){.max_reorder_frames = reorder};
}

static s3hls__access_unit unit(const s3hls__h264_sps *sps, bool idr, int32_t poc) {
    return (s3hls__access_unit){.idr = idr, .poc = poc, .sps = sps};
}

/* ---- frames counted */

static void counted_frames_step_evenly_for_years(void **state) {
    (void)state;
    s3hls__h264_sps sps = sps_of(0);
    s3hls__access_unit au = unit(&sps, true, 0);
    s3hls__timing t;
    s3hls__timing_init(&t, 30000, 1001);
    for (int i = 0; i < 5; i++) {
        s3hls__timing_next(&t, &au, true, 0, 0);
        assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + 3003 * i);
        assert_int_equal(t.dts_90k, t.pts_90k);
    }
    t.next_half = INT64_C(60) * 60 * 24 * 365 * 30 * 2 * 10; /* ten years on */
    t.latest_half = t.next_half - 2;
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
    s3hls__h264_sps sps = sps_of(2);
    s3hls__timing t;
    s3hls__timing_init(&t, 25, 1);
    for (int gop = 0; gop < 3; gop++) {
        for (int i = 0; i < 5; i++) {
            s3hls__access_unit au = unit(&sps, i == 0, 2 * order[i]);
            s3hls__timing_next(&t, &au, false, 0, 0);
            assert_int_equal(t.dts_90k, S3HLS__TIMING_ORIGIN_90K + 3600 * (gop * 5 + i));
            assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + 3600 * (gop * 5 + order[i] + 2));
        }
    }
    assert_false(t.broken);
}

static void order_counts_of_one_a_frame_are_noticed(void **state) {
    (void)state;
    s3hls__h264_sps sps = sps_of(1);
    static const int poc[] = {0, 3, 1, 2};
    s3hls__timing t;
    s3hls__timing_init(&t, 25, 1);
    for (int i = 0; i < 4; i++) {
        s3hls__access_unit au = unit(&sps, i == 0, poc[i]);
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
        s3hls__h264_sps sps = sps_of(seed >> 28);
        s3hls__access_unit au = unit(&sps, (seed >> 20) % 16 == 0, (int32_t)seed >> (seed % 31));
        au.field_pic = seed & 64;
        s3hls__timing_next(&t, &au, false, 0, 0);
        assert_true(t.dts_90k > last);
        assert_true(t.pts_90k >= t.dts_90k);
        assert_true(t.pts_90k - t.dts_90k <= 3600 * 64);
        last = t.dts_90k;
    }
}

static void second_field_is_half_a_frame_later(void **state) {
    (void)state;
    s3hls__h264_sps sps = sps_of(0);
    s3hls__timing t;
    s3hls__timing_init(&t, 25, 1);
    for (int i = 0; i < 6; i++) {
        s3hls__access_unit au = unit(&sps, i == 0, i);
        au.field_pic = true;
        au.second_field = i & 1;
        s3hls__timing_next(&t, &au, false, 0, 0);
        assert_int_equal(t.pts_90k, S3HLS__TIMING_ORIGIN_90K + 1800 * i);
        assert_int_equal(t.dts_90k, t.pts_90k);
    }
}

/* ---- the caller's times */

static void given(s3hls__timing *t, int64_t pts_us, int64_t composition_us) {
    s3hls__h264_sps sps = sps_of(0);
    s3hls__access_unit au = unit(&sps, false, 0);
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
    static const int64_t jumps_us[] = {-1000000, -INT64_C(3600000000), 11000000, INT64_C(1) << 58};
    for (size_t j = 0; j < 4; j++) {
        s3hls__timing t;
        s3hls__timing_init(&t, 0, 1);
        given(&t, 0, 0);
        given(&t, 40000, 0);
        int64_t before = t.dts_90k;
        given(&t, 80000 + jumps_us[j], 0);
        assert_true(t.broken);
        assert_int_equal(t.dts_90k, before + 3600);
        t.broken = false;
        given(&t, 120000 + jumps_us[j], 0);
        assert_int_equal(t.dts_90k, before + 7200);
        assert_false(t.broken);
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

static void further_units_of_one_call_follow_by_a_frame(void **state) {
    (void)state;
    s3hls__h264_sps sps = sps_of(0);
    sps.num_units_in_tick = 1;
    sps.time_scale = 100; /* 50 fps */
    s3hls__access_unit au = unit(&sps, true, 0);
    s3hls__timing t;
    s3hls__timing_init(&t, 0, 1);
    s3hls__timing_next(&t, &au, true, 7, 0);
    int64_t first = t.pts_90k;
    s3hls__timing_next(&t, &au, false, 0, 0);
    assert_int_equal(t.pts_90k, first + 1800);
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
        cmocka_unit_test(second_field_is_half_a_frame_later),
        cmocka_unit_test(given_times_are_kept_from_any_origin),
        cmocka_unit_test(breaks_are_bridged_and_remembered),
        cmocka_unit_test(repeated_and_jittering_times_still_rise),
        cmocka_unit_test(further_units_of_one_call_follow_by_a_frame),
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
