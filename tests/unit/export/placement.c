/* SPDX-License-Identifier: MIT-0 */
/* Where pictures of an export lie: as their streams and names say, and somewhere sensible where
 * these say nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/env.h"
#include "export/placement.h"
#include <string.h>

enum { COUNT = 50, FRAME = 3600 };
static const int64_t NOON_MS = INT64_C(1782820800000), CLOCK_33 = INT64_C(1) << 33;

static s3hls_env env;

static s3hls_segment segment(int number, uint64_t timeline) {
    return (s3hls_segment){.start_ms = NOON_MS + number * 2000,
                           .duration_ms = 2000,
                           .sequence = 100 + (uint64_t)number,
                           .timeline = timeline};
}

/* I P B B ..., shown from `from` on. */
static void reordered(s3hls__stamp *stamps, int64_t from) {
    for (int i = 0; i < COUNT; i++) {
        int shown = i == 0 ? 0 : i % 3 == 1 ? i + 2 : i - 1;
        stamps[i].pts = (from + shown * FRAME) & (CLOCK_33 - 1);
        stamps[i].dts = (from + (i - 1) * FRAME) & (CLOCK_33 - 1);
    }
}

static void rises(const s3hls__stamp *stamps) {
    for (int i = 0; i < COUNT; i++) {
        assert_true(stamps[i].dts <= stamps[i].pts);
        assert_true(i == 0 || stamps[i].dts > stamps[i - 1].dts);
    }
}

static s3hls__placed place(s3hls__placement *p, const s3hls_segment *s, s3hls__stamp *stamps,
                           int64_t end_90k, bool beside) {
    s3hls__placed placed = s3hls__placement_next(p, s, stamps, COUNT, end_90k, beside, &env);
    if (placed == S3HLS__PLACED)
        rises(stamps);
    return placed;
}

static void a_timeline_runs_on_over_the_end_of_33_bits_and_over_gaps(void **state) {
    (void)state;
    s3hls__placement p = {0};
    s3hls__stamp stamps[COUNT];
    int64_t begin = CLOCK_33 - 3 * FRAME, end = INT64_MIN;
    for (int n = 0; n < 6; n++) {
        if (n == 3)
            continue; /* missing */
        s3hls_segment s = segment(n, 1);
        s.start_ms += n * 250; /* as the recorder corrects the wall's clock; pictures run on */
        reordered(stamps, begin + n * 2 * INT64_C(90000));
        assert_int_equal(place(&p, &s, stamps, end, false), S3HLS__PLACED);
        assert_int_equal(stamps[0].pts, NOON_MS * 90 + n * 2 * 90000);
        end = stamps[COUNT - 1].pts + FRAME;
    }
}

static void another_timeline_begins_by_its_name_but_after_what_was_before(void **state) {
    (void)state;
    s3hls__placement p = {0};
    s3hls__stamp stamps[COUNT];
    s3hls_segment s = segment(0, 1);
    reordered(stamps, 5000);
    assert_int_equal(place(&p, &s, stamps, INT64_MIN, false), S3HLS__PLACED);
    s = segment(3, 2);
    reordered(stamps, 900000000);
    int64_t end = NOON_MS * 90 + 2 * 90000;
    assert_int_equal(place(&p, &s, stamps, end, false), S3HLS__PLACED);
    assert_int_equal(stamps[0].pts, s.start_ms * 90);
    end = s.start_ms * 90 + 2 * 90000;
    s = segment(3, 3); /* over it */
    s.start_ms += 500;
    reordered(stamps, 1234567);
    s3hls__placement other = p;
    assert_int_equal(place(&other, &s, stamps, end, true), S3HLS__PLACED_TWICE);
    reordered(stamps, 1234567);
    assert_int_equal(place(&p, &s, stamps, end, false), S3HLS__PLACED);
    assert_int_equal(stamps[0].pts, end);
    s = segment(4, 3); /* and goes on from there */
    s.start_ms += 500;
    reordered(stamps, 1234567 + 2 * 90000);
    assert_int_equal(place(&p, &s, stamps, end + 2 * 90000, false), S3HLS__PLACED);
    assert_int_equal(stamps[0].pts, end + 2 * 90000);
}

/* Wrong times do not change where the others lie. */
static void times_that_cannot_be_are_replaced(void **state) {
    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        s3hls__placement p = {0};
        s3hls__stamp stamps[COUNT];
        s3hls_segment s = segment(0, 1);
        reordered(stamps, 77);
        for (int i = 0; i < COUNT; i++) {
            if (kind == 0 && i % 7 == 0)
                stamps[i].pts = stamps[i].dts = (stamps[i].pts + CLOCK_33 / 3) & (CLOCK_33 - 1);
            else if (kind == 1)
                stamps[i].dts = stamps[i].pts; /* no DTS was written */
            else if (kind == 2)
                stamps[i].dts = 5;
            else if (kind == 3)
                stamps[i] = (s3hls__stamp){9, 9};
            else if (kind == 4 && i == 20)
                stamps[i].dts = (stamps[i].dts + 12345678) & (CLOCK_33 - 1);
            else if (kind == 5)
                stamps[i].dts = stamps[i].pts + 10; /* later than it is shown */
        }
        assert_int_equal(place(&p, &s, stamps, INT64_MIN, false), S3HLS__PLACED);
        int64_t last = 0;
        for (int i = 0; i < COUNT; i++)
            last = stamps[i].pts > last ? stamps[i].pts : last;
        assert_in_range(last, s.start_ms * 90 + 90000, s.start_ms * 90 + 2 * 90000 + 4 * FRAME);
        s = segment(1, 1);
        reordered(stamps, 77 + 2 * 90000);
        assert_int_equal(place(&p, &s, stamps, last + FRAME, false), S3HLS__PLACED);
        if (kind != 3) /* which said nothing of its clock */
            assert_in_range(stamps[0].pts, s.start_ms * 90 - 2 * FRAME,
                            s.start_ms * 90 + 4 * FRAME);
    }
}

static void nonsense_is_put_in_order(void **state) {
    (void)state;
    uint64_t seed = 3;
    for (int round = 0; round < 2000; round++) {
        s3hls__placement p = {0};
        int64_t end = INT64_MIN;
        for (int n = 0; n < 3; n++) {
            s3hls__stamp stamps[COUNT];
            s3hls_segment s = segment(n, seed >> 60 & 1);
            s.duration_ms = (uint32_t)(seed >> (20 + (seed >> 58) % 30));
            s.duration_ms %= 86400001;
            for (int i = 0; i < COUNT; i++) {
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
                stamps[i].pts = (int64_t)(seed >> (31 + round % 30)) & (CLOCK_33 - 1);
                stamps[i].dts = (int64_t)(seed >> 20) & (CLOCK_33 - 1);
            }
            if (place(&p, &s, stamps, end, seed >> 59 & 1) == S3HLS__PLACED)
                end = stamps[COUNT - 1].pts;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timeline_runs_on_over_the_end_of_33_bits_and_over_gaps),
        cmocka_unit_test(another_timeline_begins_by_its_name_but_after_what_was_before),
        cmocka_unit_test(times_that_cannot_be_are_replaced),
        cmocka_unit_test(nonsense_is_put_in_order),
    };
    env = s3hls__env_resolve(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
