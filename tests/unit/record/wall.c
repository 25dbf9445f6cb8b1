/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/wall.h"

/* Two clocks that the test turns, and a camera with one of its own. */
typedef struct clocks {
    int64_t wall_us, monotonic_us;
    s3hls_env env;
    s3hls__wall wall;
    double pts_90k, source_90k;
    double speed;   /* of the recording's clock against the camera's */
    int64_t end_us; /* of the newest segment */
    int wrong_percent;
} clocks;

static const int64_t NOON_US = INT64_C(1782820800) * 1000000; /* 2026-06-30T12:00:00Z */

static int64_t read_wall(void *ctx) {
    return ((clocks *)ctx)->wall_us;
}

static int64_t read_monotonic(void *ctx) {
    return ((clocks *)ctx)->monotonic_us;
}

static s3hls__wall_place place_of(const clocks *c) {
    return (s3hls__wall_place){(int64_t)c->pts_90k, (int64_t)c->source_90k};
}

static void start(clocks *c, int64_t wall_us) {
    *c = (clocks){.wall_us = wall_us, .monotonic_us = 77000000, .speed = 1};
    c->env = (s3hls_env){.ctx = c, .wall_us = read_wall, .monotonic_us = read_monotonic};
    c->wall.env = &c->env;
    c->pts_90k = c->source_90k = 90000;
    s3hls__wall_begin(&c->wall, place_of(c));
    c->end_us = s3hls__wall_at(&c->wall, 90000);
}

static void pass(clocks *c, int64_t us) {
    c->wall_us += us;
    c->monotonic_us += us;
}

static int64_t named_us(const clocks *c) {
    return s3hls__wall_at(&c->wall, (int64_t)c->pts_90k);
}

static void picture(clocks *c, int64_t takes_us) {
    s3hls__wall_note(&c->wall, place_of(c));
    c->source_90k += 3600;
    c->pts_90k += 3600 * c->speed;
    pass(c, takes_us);
}

/* A cut, and what the recorder does with what is found. */
static int64_t cut(clocks *c) {
    s3hls__wall_finding found = s3hls__wall_cut(&c->wall, place_of(c));
    c->speed = 1 + found.speed_ppm / 1e6;
    if (found.wrong_percent)
        c->wrong_percent = found.wrong_percent;
    c->end_us = named_us(c);
    if (found.by_us)
        s3hls__wall_anchor(&c->wall, place_of(c), named_us(c) + found.by_us);
    return found.by_us;
}

/* 4 s of a camera at 25 per second whose clock runs at so many parts per million of the true one.
 */
static int64_t record(clocks *c, double rate_ppm) {
    for (int i = 0; i < 100; i++)
        picture(c, (int64_t)(40000e6 / rate_ppm));
    return cut(c);
}

static void a_steady_clock_needs_no_correction(void **state) {
    (void)state;
    clocks c;
    start(&c, NOON_US);
    for (int i = 0; i < 100; i++)
        assert_int_equal(record(&c, 1e6), 0);
    assert_int_equal(named_us(&c), NOON_US + INT64_C(400000000));
    assert_true(c.speed == 1);
}

static void late_calls_are_not_drift(void **state) {
    (void)state;
    clocks c;
    start(&c, NOON_US);
    for (int i = 0; i < 99; i++)
        picture(&c, i == 50            ? 40000 + 900000
                    : i > 50 && i < 74 ? 2500
                                       : 40000); /* it was busy for 0.9 s */
    assert_int_equal(cut(&c), 0);
}

/* The recording's clock runs as the camera's does, and never goes back over what is recorded. */
static void a_camera_that_drifts_is_followed(void **state) {
    (void)state;
    static const double rates_ppm[] = {1000050, 1000200, 1001000, 1010000, 1050000,
                                       999950,  999800,  999000,  990000,  950000};
    for (size_t r = 0; r < sizeof rates_ppm / sizeof *rates_ppm; r++) {
        clocks c;
        start(&c, NOON_US);
        int corrected = 0;
        for (int i = 0; i < 5400; i++) { /* 6 hours */
            int64_t before_us = c.end_us, by_us = record(&c, rates_ppm[r]);
            assert_true(by_us >= 0 && c.end_us > before_us);
            corrected += by_us != 0;
            assert_in_range(named_us(&c) - c.wall_us + 1200000, 0, 2400000);
        }
        assert_in_range(named_us(&c) - c.wall_us + 400000, 0, 800000);
        assert_in_range(corrected, 0, 10);
        assert_true(c.speed > 0.999e6 / rates_ppm[r] && c.speed < 1.006e6 / rates_ppm[r] + 0.005);
        assert_int_equal(c.wrong_percent, 0);
    }
}

static void a_clock_at_another_speed_is_reported_once(void **state) {
    (void)state;
    static const struct {
        double rate_ppm;
        int percent;
    } cases[] = {{10e6, 1000}, {1.2e6, 120}, {0.8333e6, 83}, {2e6, 200}, {0.1e6, 10}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clocks c;
        int reports = 0;
        start(&c, NOON_US);
        for (int n = 0; n < 100; n++) {
            record(&c, cases[i].rate_ppm);
            if (c.monotonic_us < 77000000 + 8000000)
                assert_int_equal(c.wrong_percent, 0);
            reports += c.wrong_percent != 0;
            if (c.wrong_percent)
                assert_in_range(c.wrong_percent - cases[i].percent + 1, 0, 2);
            c.wrong_percent = 0;
            assert_true(c.speed == 1); /* nobody knows which one is right */
        }
        assert_int_equal(reports, 1);
    }
}

static void a_step_of_the_clock_is_found_at_the_next_cut(void **state) {
    (void)state;
    static const int64_t steps_us[] = {300000, 1000000, INT64_C(3600000000), -INT64_C(86400000000)};
    for (size_t i = 0; i < sizeof steps_us / sizeof *steps_us; i++) {
        clocks c;
        start(&c, NOON_US);
        record(&c, 1e6);
        c.wall_us += steps_us[i];
        assert_int_equal(record(&c, 1e6), steps_us[i]);
        assert_int_equal(record(&c, 1e6), 0);
        assert_int_equal(named_us(&c), c.wall_us);
    }
}

/* It cannot go back: pictures come closer together by 0.5 % until it is right. */
static void a_recording_that_is_ahead_catches_up(void **state) {
    (void)state;
    static const int64_t steps_us[] = {-300000, -1000000, -5000000};
    for (size_t i = 0; i < sizeof steps_us / sizeof *steps_us; i++) {
        clocks c;
        start(&c, NOON_US);
        for (int n = 0; n < 5; n++)
            record(&c, 1e6);
        c.wall_us += steps_us[i];
        for (int n = 0; n < 400; n++) {
            int64_t before_us = c.end_us;
            assert_int_equal(record(&c, 1e6), 0);
            assert_in_range(c.end_us - before_us, 3980000, 4000000);
        }
        assert_in_range(named_us(&c) - c.wall_us + 30000, 0, 100000);
        assert_true(c.speed == 1);
    }
}

static void a_file_read_as_fast_as_it_goes_is_not_drift(void **state) {
    (void)state;
    static const double speeds_ppm[] = {1.5e6, 20e6, 1e9};
    for (int i = 0; i < 3; i++) {
        clocks c;
        start(&c, NOON_US);
        for (int n = 0; n < 2000; n++)
            assert_int_equal(record(&c, speeds_ppm[i]), 0);
        assert_int_equal(named_us(&c), NOON_US + INT64_C(8000000000));
        assert_int_equal(c.wrong_percent, i ? 0 : 150);
    }
}

static void pictures_of_buffers_are_as_old_as_they_are(void **state) {
    (void)state;
    clocks c;
    start(&c, NOON_US);
    c.wall.age_us = 5000000;
    s3hls__wall_begin(&c.wall, place_of(&c));
    assert_int_equal(named_us(&c), NOON_US - 5000000);
    for (int i = 0; i < 125; i++, c.wall.age_us -= 40000)
        picture(&c, 0);
    assert_int_equal(cut(&c), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(record(&c, 1e6), 0);
    assert_int_equal(named_us(&c), c.wall_us);
}

/* A picture that was stamped ahead of its time is not early. */
static void a_wrong_stamp_is_not_drift(void **state) {
    (void)state;
    clocks c;
    start(&c, NOON_US);
    for (int n = 0; n < 20; n++) {
        picture(&c, 40000);
        s3hls__wall_place wrong = {(int64_t)c.pts_90k + 450000, (int64_t)c.source_90k + 450000};
        s3hls__wall_note(&c.wall, wrong);
        s3hls__wall_forget_newest(&c.wall);
        assert_int_equal(record(&c, 1e6), 0);
        assert_true(c.speed == 1);
    }
}

static void footage_taken_earlier_keeps_its_time(void **state) {
    (void)state;
    clocks c;
    start(&c, NOON_US);
    c.wall.start_time_us = 1000000;
    s3hls__wall_begin(&c.wall, place_of(&c));
    c.wall_us += 5000000;
    assert_int_equal(record(&c, 1e6), 0);
    assert_int_equal(named_us(&c), 5000000);
}

static void without_a_clock_times_are_provisional(void **state) {
    (void)state;
    clocks c;
    start(&c, 5000000); /* 1970 */
    assert_true(c.wall.provisional);
    assert_int_equal(record(&c, 1e6), 0);
    assert_int_equal(named_us(&c), c.monotonic_us);
    c.wall_us = NOON_US; /* the step is what makes it right: no correction on top */
    s3hls__wall_settle(&c.wall, NOON_US - c.monotonic_us);
    assert_int_equal(named_us(&c), NOON_US);
    assert_int_equal(record(&c, 1e6), 0);
    assert_false(c.wall.provisional);
}

static void the_stores_time_serves_until_the_clock_is_set(void **state) {
    (void)state;
    clocks c;
    start(&c, 5000000);
    s3hls__wall_settle(&c.wall, NOON_US - c.monotonic_us);
    for (int i = 0; i < 3; i++)
        assert_int_equal(record(&c, 1e6), 0); /* 1970 still, and none of our business */
    c.wall_us = NOON_US + 12000000 + 20000;   /* NTP at last: 20 ms from the store's */
    assert_int_equal(record(&c, 1e6), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_clock_needs_no_correction),
        cmocka_unit_test(late_calls_are_not_drift),
        cmocka_unit_test(a_camera_that_drifts_is_followed),
        cmocka_unit_test(a_clock_at_another_speed_is_reported_once),
        cmocka_unit_test(a_step_of_the_clock_is_found_at_the_next_cut),
        cmocka_unit_test(a_recording_that_is_ahead_catches_up),
        cmocka_unit_test(pictures_of_buffers_are_as_old_as_they_are),
        cmocka_unit_test(a_wrong_stamp_is_not_drift),
        cmocka_unit_test(a_file_read_as_fast_as_it_goes_is_not_drift),
        cmocka_unit_test(footage_taken_earlier_keeps_its_time),
        cmocka_unit_test(without_a_clock_times_are_provisional),
        cmocka_unit_test(the_stores_time_serves_until_the_clock_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
