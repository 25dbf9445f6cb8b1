/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input/arrival.h"

enum { NOW = 1000000000, MS = 1000 };

/* Pictures, one each step_ms: kept of them are sent at once, the others when they are taken.
 * @return how long ago the first one was taken, when the last one came. */
static int64_t first_age_ms(int64_t step_ms, int kept, int count) {
    s3hls__input_arrival a = {.settled = false};
    int64_t step = step_ms * MS, first = 0, now = 0;
    for (int i = 0; i < count; i++) {
        int64_t taken = NOW + i * step, sent = NOW + (kept ? kept - 1 : 0) * step;
        now = (taken > sent ? taken : sent) + 3 * MS + i; /* the way here */
        first = i ? first : now;
        s3hls__input_arrival_note(&a, now, 77 + i * step);
    }
    assert_true(a.settled);
    assert_int_equal(s3hls__input_arrival_picture_us(&a) / MS, step_ms);
    return (now - first + s3hls__input_arrival_late_us(&a, first, 77)) / MS -
           (now - NOW - 3 * MS) / MS;
}

static void the_first_picture_is_as_old_as_it_is(void **state) {
    (void)state;
    for (int kept = 0; kept <= 50; kept += 10)
        for (int64_t step_ms = 33; step_ms <= 330; step_ms *= 5)
            assert_true(first_age_ms(step_ms, kept, 60) <= 1 &&
                        first_age_ms(step_ms, kept, 60) >= -1);
}

/* A second picture may come late, and the camera is busy for a moment within what it sends at once.
 */
static void a_pause_is_no_real_time(void **state) {
    s3hls__input_arrival a = {.settled = false};
    (void)state;
    for (int i = 0; i < 20; i++)
        s3hls__input_arrival_note(&a, NOW + i * MS + (i > 10) * 30 * MS, i * 40 * MS);
    assert_false(a.settled);
    for (int i = 20; i < 23; i++)
        s3hls__input_arrival_note(&a, NOW + (i - 18) * 40 * MS, i * 40 * MS);
    assert_true(a.settled);
    assert_int_equal(s3hls__input_arrival_late_us(&a, NOW, 0), 18 * 40 * MS);
}

/* A file through a pipe is never in real time: it was taken now, as far as anybody knows. */
static void a_file_in_a_pipe_has_no_age(void **state) {
    s3hls__input_arrival a = {.settled = false};
    int count = 0;
    (void)state;
    for (; !a.settled; count++)
        s3hls__input_arrival_note(&a, NOW + count, (int64_t)count * 40 * MS);
    assert_in_range(count, 100, 300);
    assert_int_equal(s3hls__input_arrival_late_us(&a, NOW, 0), 0);
}

static void reordered_and_broken_times_do_no_harm(void **state) {
    static const int shown[] = {0, 4, 2, 1, 3, 8, 6, 5, 7};
    s3hls__input_arrival a = {.settled = false};
    (void)state;
    for (int i = 0; i < 90; i++)
        s3hls__input_arrival_note(&a, NOW + i * 40 * MS, (shown[i % 9] + i / 9 * 9) * 40 * MS);
    assert_in_range(s3hls__input_arrival_picture_us(&a), 36 * MS, 44 * MS);
    s3hls__input_arrival_note(&a, NOW + 90 * 40 * MS,
                              INT64_C(3600000000)); /* an hour on, and back */
    s3hls__input_arrival_note(&a, NOW + 91 * 40 * MS, 91 * 40 * MS);
    assert_in_range(s3hls__input_arrival_picture_us(&a), 30 * MS, 50 * MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_picture_is_as_old_as_it_is),
        cmocka_unit_test(a_pause_is_no_real_time),
        cmocka_unit_test(a_file_in_a_pipe_has_no_age),
        cmocka_unit_test(reordered_and_broken_times_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
