/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/wall.h"

/* Two clocks that the test turns. */
typedef struct clocks {
    int64_t wall_us, monotonic_us;
    s3hls_env env;
    s3hls__wall wall;
} clocks;

static const int64_t NOON_US = INT64_C(1782820800) * 1000000; /* 2026-06-30T12:00:00Z */

static int64_t read_wall(void *ctx) {
    return ((clocks *)ctx)->wall_us;
}

static int64_t read_monotonic(void *ctx) {
    return ((clocks *)ctx)->monotonic_us;
}

static void start(clocks *c, int64_t wall_us) {
    *c = (clocks){.wall_us = wall_us, .monotonic_us = 77000000};
    c->env = (s3hls_env){.ctx = c, .wall_us = read_wall, .monotonic_us = read_monotonic};
    c->wall.env = &c->env;
    s3hls__wall_begin(&c->wall, 90000);
}

static void pass(clocks *c, int64_t us) {
    c->wall_us += us;
    c->monotonic_us += us;
}

/* 4 s of a camera at 25 per second whose clock runs at so many parts per thousand of the true one.
 */
static int64_t record(clocks *c, int64_t *pts_90k, int rate_permille) {
    for (int i = 0; i < 100; i++) {
        s3hls__wall_note(&c->wall, *pts_90k);
        *pts_90k += 3600;
        pass(c, INT64_C(40000) * 1000 / rate_permille);
    }
    return s3hls__wall_cut(&c->wall, *pts_90k);
}

static void a_steady_clock_needs_no_correction(void **state) {
    (void)state;
    clocks c;
    int64_t pts = 90000;
    start(&c, NOON_US);
    for (int i = 0; i < 100; i++)
        assert_int_equal(record(&c, &pts, 1000), 0);
    assert_int_equal(s3hls__wall_at(&c.wall, pts), NOON_US + INT64_C(400000000));
}

static void late_calls_are_not_drift(void **state) {
    (void)state;
    clocks c;
    int64_t pts = 90000;
    start(&c, NOON_US);
    for (int i = 0; i < 99; i++, pts += 3600) {
        pass(&c, i == 50            ? 40000 + 900000
                 : i > 50 && i < 74 ? 2500
                                    : 40000); /* it was busy for 0.9 s */
        s3hls__wall_note(&c.wall, pts);
    }
    assert_int_equal(s3hls__wall_cut(&c.wall, pts), 0);
}

static void a_camera_that_drifts_is_followed(void **state) {
    (void)state;
    for (int permille = 990; permille <= 1010; permille += 20) {
        clocks c;
        int64_t pts = 90000, corrected = 0;
        start(&c, NOON_US);
        for (int i = 0; i < 100; i++) {
            int64_t by = record(&c, &pts, permille);
            assert_in_range(by + 400000, 0, 800000);
            corrected += by != 0;
            if (by)
                s3hls__wall_anchor(&c.wall, pts, s3hls__wall_at(&c.wall, pts) + by);
            assert_in_range(s3hls__wall_at(&c.wall, pts) - c.wall_us + 400000, 0, 800000);
        }
        assert_in_range(corrected, 5, 40); /* not at each cut */
    }
}

static void a_step_of_the_clock_is_found_at_the_next_cut(void **state) {
    (void)state;
    static const int64_t steps_us[] = {300000, -300000, 1000000, INT64_C(3600000000),
                                       -INT64_C(86400000000)};
    for (size_t i = 0; i < sizeof steps_us / sizeof *steps_us; i++) {
        clocks c;
        int64_t pts = 90000;
        start(&c, NOON_US);
        record(&c, &pts, 1000);
        c.wall_us += steps_us[i];
        assert_int_equal(record(&c, &pts, 1000), steps_us[i]);
        s3hls__wall_anchor(&c.wall, pts, s3hls__wall_at(&c.wall, pts) + steps_us[i]);
        assert_int_equal(record(&c, &pts, 1000), 0);
    }
}

static void a_file_read_as_fast_as_it_goes_is_not_drift(void **state) {
    (void)state;
    clocks c;
    int64_t pts = 90000;
    start(&c, NOON_US);
    for (int i = 0; i < 10; i++)
        assert_int_equal(record(&c, &pts, 20000), 0);
    assert_int_equal(s3hls__wall_at(&c.wall, pts), NOON_US + INT64_C(40000000));
}

static void footage_taken_earlier_keeps_its_time(void **state) {
    (void)state;
    clocks c;
    int64_t pts = 90000;
    start(&c, NOON_US);
    c.wall.start_time_us = 1000000;
    s3hls__wall_begin(&c.wall, pts);
    c.wall_us += 5000000;
    assert_int_equal(record(&c, &pts, 1000), 0);
    assert_int_equal(s3hls__wall_at(&c.wall, pts), 5000000);
}

static void without_a_clock_times_are_provisional(void **state) {
    (void)state;
    clocks c;
    int64_t pts = 90000;
    start(&c, 5000000); /* 1970 */
    assert_true(c.wall.provisional);
    assert_int_equal(record(&c, &pts, 1000), 0);
    assert_int_equal(s3hls__wall_at(&c.wall, pts), c.monotonic_us);
    c.wall_us = NOON_US; /* the step is what makes it right: no correction on top */
    s3hls__wall_settle(&c.wall, NOON_US - c.monotonic_us);
    assert_int_equal(s3hls__wall_at(&c.wall, pts), NOON_US);
    assert_int_equal(record(&c, &pts, 1000), 0);
    assert_false(c.wall.provisional);
}

static void the_stores_time_serves_until_the_clock_is_set(void **state) {
    (void)state;
    clocks c;
    int64_t pts = 90000;
    start(&c, 5000000);
    s3hls__wall_settle(&c.wall, NOON_US - c.monotonic_us);
    for (int i = 0; i < 3; i++)
        assert_int_equal(record(&c, &pts, 1000), 0); /* 1970 still, and none of our business */
    c.wall_us = NOON_US + 12000000 + 20000;          /* NTP at last: 20 ms from the store's */
    int64_t by = record(&c, &pts, 1000);
    assert_int_equal(by, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_clock_needs_no_correction),
        cmocka_unit_test(late_calls_are_not_drift),
        cmocka_unit_test(a_camera_that_drifts_is_followed),
        cmocka_unit_test(a_step_of_the_clock_is_found_at_the_next_cut),
        cmocka_unit_test(a_file_read_as_fast_as_it_goes_is_not_drift),
        cmocka_unit_test(footage_taken_earlier_keeps_its_time),
        cmocka_unit_test(without_a_clock_times_are_provisional),
        cmocka_unit_test(the_stores_time_serves_until_the_clock_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
