/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deliver/health.h"

enum { SECOND = 1000000, FIRST_US = SECOND / 2, MAX_US = 30 * SECOND };
static const int64_t NOW_US = INT64_C(1000) * SECOND;

static s3hls__health new_health(void) {
    return (s3hls__health){.retry_first_us = FIRST_US,
                           .retry_max_us = MAX_US,
                           .spool_after_us = 5 * SECOND,
                           .stall_us = 20 * SECOND};
}

/* ---- every transition */

typedef enum start { OK, FAILING, HELD, HELD_BY_REFUSAL } start;

/* Two seconds ago; two failures where there were any. */
static s3hls__health begin(start at) {
    s3hls__health h = new_health();
    int64_t then_us = NOW_US - 2 * SECOND;
    for (int i = 0; i < 2 && at == FAILING; i++)
        s3hls__health_step(&h, S3HLS__HEALTH_FAILED, S3HLS_E_CONNECT, then_us, 0);
    for (int i = 0; i < 2 && at == HELD; i++)
        s3hls__health_step(&h, S3HLS__HEALTH_HOLD, S3HLS_E_ACCESS, then_us, 0);
    for (int i = 0; i < 2 && at == HELD_BY_REFUSAL; i++)
        s3hls__health_step(&h, S3HLS__HEALTH_REFUSED, S3HLS_E_EXISTS, then_us, 0);
    return h;
}

enum { KEPT = -1 }; /* not_before_us is unchanged */

typedef struct transition {
    start from;
    s3hls__health_action action;
    int status;
    s3hls_delivery_state state; /* after it, as all that follows */
    int event, reason;
    int64_t wait_us, not_before_us; /* not_before_us: after NOW_US; 0: no delay */
    uint32_t failures;
    bool store_failed;
} transition;

#define FAILED          S3HLS__HEALTH_FAILED
#define HOLD            S3HLS__HEALTH_HOLD
#define REFUSED         S3HLS__HEALTH_REFUSED
#define SUCCEEDED       S3HLS__HEALTH_SUCCEEDED
#define RETRY           S3HLS__HEALTH_RETRY
#define PROBED          S3HLS__HEALTH_PROBED
#define IS_OK           S3HLS_DELIVERY_OK
#define IS_FAILING      S3HLS_DELIVERY_FAILING
#define IS_HELD         S3HLS_DELIVERY_HELD
#define RECOVERED       S3HLS_EVENT_RECOVERED
#define REPORTS_FAILING S3HLS_EVENT_FAILING
#define REPORTS_HELD    S3HLS_EVENT_HELD
#define CONNECT         S3HLS_E_CONNECT
#define THROTTLED       S3HLS_E_THROTTLED
#define ACCESS          S3HLS_E_ACCESS
#define BUCKET          S3HLS_E_NO_BUCKET
#define EXISTS          S3HLS_E_EXISTS

/* Without jitter, a delay is half of the back-off: 250 ms, doubled each time, 15 s at most. */
static const int64_t SHORT_US = FIRST_US / 2, LONG_US = MAX_US / 2;

static void assert_transition(const transition *t) {
    s3hls__health h = begin(t->from);
    int64_t not_before_us = t->not_before_us == KEPT ? h.not_before_us
                            : t->not_before_us       ? NOW_US + t->not_before_us
                                                     : 0;
    int64_t since_us = t->state == IS_OK ? 0 : t->from == OK ? NOW_US : NOW_US - 2 * SECOND;
    s3hls__health_result result = s3hls__health_step(&h, t->action, t->status, NOW_US, 0);
    assert_int_equal(h.state, t->state);
    assert_int_equal(h.status, t->reason);
    assert_int_equal(h.failures, t->failures);
    assert_int_equal(h.store_failed, t->store_failed);
    assert_int_equal(h.since_us, since_us);
    assert_int_equal(h.not_before_us, not_before_us);
    assert_int_equal(result.event, t->event);
    assert_int_equal(result.wait_us, t->wait_us);
    assert_int_equal(result.failed_us, t->event == RECOVERED ? 2 * SECOND : 0);
    assert_int_equal(h.probe_not_before_us, t->action == PROBED ? NOW_US + 4 * SHORT_US : 0);
}

static void every_transition(void **state) {
    (void)state;
    const transition table[] = {
        {OK, SUCCEEDED, 0, IS_OK, 0, 0, 0, 0, 0, false},
        {OK, FAILED, CONNECT, IS_FAILING, REPORTS_FAILING, CONNECT, SHORT_US, SHORT_US, 1, true},
        {OK, HOLD, ACCESS, IS_HELD, REPORTS_HELD, ACCESS, LONG_US, LONG_US, 1, true},
        {OK, REFUSED, EXISTS, IS_HELD, REPORTS_HELD, EXISTS, LONG_US, 0, 1, false},
        {OK, RETRY, 0, IS_OK, 0, 0, 0, 0, 0, false},
        {OK, PROBED, 0, IS_OK, 0, 0, 0, 0, 0, false},

        {FAILING, SUCCEEDED, 0, IS_OK, RECOVERED, 0, 0, 0, 0, false},
        {FAILING, FAILED, CONNECT, IS_FAILING, 0, CONNECT, 4 * SHORT_US, 4 * SHORT_US, 3, true},
        {FAILING, FAILED, THROTTLED, IS_FAILING, 0, THROTTLED, 4 * SHORT_US, 4 * SHORT_US, 3, true},
        {FAILING, HOLD, ACCESS, IS_HELD, REPORTS_HELD, ACCESS, LONG_US, LONG_US, 3, true},
        {FAILING, REFUSED, EXISTS, IS_HELD, REPORTS_HELD, EXISTS, LONG_US, KEPT, 3, true},
        {FAILING, RETRY, 0, IS_FAILING, 0, CONNECT, 0, 0, 2, true},
        {FAILING, PROBED, 0, IS_FAILING, 0, CONNECT, 0, KEPT, 2, true},

        {HELD, SUCCEEDED, 0, IS_OK, RECOVERED, 0, 0, 0, 0, false},
        {HELD, FAILED, CONNECT, IS_FAILING, REPORTS_FAILING, CONNECT, 4 * SHORT_US, 4 * SHORT_US, 3,
         true},
        {HELD, HOLD, ACCESS, IS_HELD, 0, ACCESS, LONG_US, LONG_US, 3, true},
        {HELD, HOLD, BUCKET, IS_HELD, REPORTS_HELD, BUCKET, LONG_US, LONG_US, 3, true},
        {HELD, REFUSED, EXISTS, IS_HELD, REPORTS_HELD, EXISTS, LONG_US, KEPT, 3, true},
        {HELD, RETRY, 0, IS_HELD, 0, ACCESS, 0, 0, 2, true},
        {HELD, PROBED, 0, IS_HELD, 0, ACCESS, 0, KEPT, 2, true},

        {HELD_BY_REFUSAL, SUCCEEDED, 0, IS_OK, RECOVERED, 0, 0, 0, 0, false},
        {HELD_BY_REFUSAL, FAILED, CONNECT, IS_FAILING, REPORTS_FAILING, CONNECT, 4 * SHORT_US,
         4 * SHORT_US, 3, true},
        {HELD_BY_REFUSAL, HOLD, ACCESS, IS_HELD, REPORTS_HELD, ACCESS, LONG_US, LONG_US, 3, true},
        {HELD_BY_REFUSAL, REFUSED, EXISTS, IS_HELD, 0, EXISTS, LONG_US, 0, 3, false},
        {HELD_BY_REFUSAL, RETRY, 0, IS_HELD, 0, EXISTS, 0, 0, 2, false},
        {HELD_BY_REFUSAL, PROBED, 0, IS_HELD, 0, EXISTS, 0, 0, 2, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        print_message("transition %zu\n", i);
        assert_transition(&table[i]);
    }
}

/* ---- back-off */

static int64_t delay_us(uint32_t failures, uint64_t random) {
    s3hls__health h = new_health();
    s3hls__health_result result = {0};
    while (failures--)
        result = s3hls__health_step(&h, FAILED, CONNECT, NOW_US, random);
    return result.wait_us;
}

static void backoff_doubles_to_its_maximum_and_half_of_it_is_jitter(void **state) {
    (void)state;
    const int64_t whole_us[] = {FIRST_US,      2 * FIRST_US,  4 * FIRST_US, 8 * FIRST_US,
                                16 * FIRST_US, 32 * FIRST_US, MAX_US,       MAX_US};
    for (uint32_t i = 0; i < sizeof whole_us / sizeof *whole_us; i++) {
        assert_int_equal(delay_us(i + 1, 0), whole_us[i] / 2);
        assert_int_equal(delay_us(i + 1, (uint64_t)whole_us[i] / 2), whole_us[i]);
        assert_int_equal(delay_us(i + 1, (uint64_t)whole_us[i] / 2 + 1), whole_us[i] / 2);
    }
    assert_int_equal(delay_us(1000, 0), MAX_US / 2);
}

static void the_largest_configured_delays_do_not_overflow(void **state) {
    (void)state;
    s3hls__health h = new_health();
    h.retry_first_us = h.retry_max_us = UINT32_MAX * INT64_C(1000);
    for (int i = 0; i < 100; i++) {
        s3hls__health_result result = s3hls__health_step(&h, FAILED, CONNECT, NOW_US, 0);
        assert_int_equal(result.wait_us, h.retry_max_us / 2);
    }
}

/* ---- decisions */

static void one_task_at_a_time_while_deliveries_fail(void **state) {
    (void)state;
    s3hls__health h = new_health();
    assert_true(s3hls__health_may_send(&h, NOW_US, 3));
    s3hls__health_step(&h, FAILED, CONNECT, NOW_US, 0);
    assert_false(s3hls__health_may_send(&h, NOW_US + SHORT_US - 1, 0));
    assert_true(s3hls__health_may_send(&h, NOW_US + SHORT_US, 0));
    assert_false(s3hls__health_may_send(&h, NOW_US + SHORT_US, 1));
    s3hls__health_step(&h, RETRY, S3HLS_OK, NOW_US, 0);
    assert_true(s3hls__health_may_send(&h, NOW_US, 0));
    s3hls__health_step(&h, SUCCEEDED, S3HLS_OK, NOW_US, 0);
    assert_true(s3hls__health_may_send(&h, NOW_US, 3));
}

static void segments_move_to_the_spool_after_a_time_or_under_pressure(void **state) {
    (void)state;
    s3hls__health h = new_health();
    assert_false(s3hls__health_must_spool(&h, NOW_US + 3600 * INT64_C(1000000)));
    s3hls__health_step(&h, FAILED, CONNECT, NOW_US, 0);
    assert_false(s3hls__health_must_spool(&h, NOW_US + 5 * SECOND - 1));
    s3hls__health_step(&h, HOLD, ACCESS, NOW_US + 4 * SECOND, 0);
    assert_true(s3hls__health_must_spool(&h, NOW_US + 5 * SECOND));
    s3hls__health_step(&h, SUCCEEDED, S3HLS_OK, NOW_US + 6 * SECOND, 0);
    assert_false(s3hls__health_must_spool(&h, NOW_US + 60 * SECOND));
    s3hls__health_set_pressure(&h, true);
    assert_true(s3hls__health_must_spool(&h, NOW_US));
}

static void the_begin_of_spooling_is_known_in_advance(void **state) {
    (void)state;
    s3hls__health h = new_health();
    assert_true(s3hls__health_spool_due_us(&h, NOW_US) == INT64_MAX);
    s3hls__health_step(&h, FAILED, CONNECT, NOW_US, 0);
    int64_t due_us = s3hls__health_spool_due_us(&h, NOW_US);
    assert_false(s3hls__health_must_spool(&h, due_us - 1));
    assert_true(s3hls__health_must_spool(&h, due_us));
    assert_true(s3hls__health_spool_due_us(&h, due_us) == INT64_MAX);
}

static void pressure_begins_above_three_quarters_and_ends_at_half(void **state) {
    (void)state;
    const struct {
        uint32_t used;
        int event;
        bool pressure;
    } table[] = {
        {0, 0, false},
        {75, 0, false},
        {76, S3HLS_EVENT_PRESSURE, true},
        {100, 0, true},
        {51, 0, true},
        {50, S3HLS_EVENT_RELIEVED, false},
        {51, 0, false},
        {75, 0, false},
        {100, S3HLS_EVENT_PRESSURE, true},
        {0, S3HLS_EVENT_RELIEVED, false},
    };
    s3hls__health h = new_health();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bool pressed = s3hls__health_is_pressed(h.pressure, table[i].used, 100);
        assert_int_equal(s3hls__health_set_pressure(&h, pressed), table[i].event);
        assert_int_equal(h.pressure, table[i].pressure);
    }
}

static void an_outage_is_a_failure_of_the_store_for_ten_seconds(void **state) {
    (void)state;
    const int64_t later_us = NOW_US + 10 * SECOND;
    s3hls__health h = new_health();
    assert_false(s3hls__health_is_outage(&h, later_us));
    s3hls__health_step(&h, REFUSED, EXISTS, NOW_US, 0);
    assert_false(s3hls__health_is_outage(&h, later_us));
    s3hls__health_step(&h, FAILED, CONNECT, later_us - 1, 0);
    assert_false(s3hls__health_is_outage(&h, later_us - 1));
    assert_true(s3hls__health_is_outage(&h, later_us));
    s3hls__health_step(&h, SUCCEEDED, S3HLS_OK, later_us, 0);
    assert_false(s3hls__health_is_outage(&h, later_us + 10 * SECOND));
}

static void probes_keep_a_distance(void **state) {
    (void)state;
    s3hls__health h = new_health();
    assert_true(s3hls__health_may_probe(&h, NOW_US));
    s3hls__health_step(&h, PROBED, S3HLS_OK, NOW_US, 0);
    assert_false(s3hls__health_may_probe(&h, NOW_US + 4 * SHORT_US - 1));
    assert_true(s3hls__health_may_probe(&h, NOW_US + 4 * SHORT_US));
}

static void a_stalled_upload_is_aborted_if_another_attempt_can_do_better(void **state) {
    (void)state;
    s3hls__health h = new_health();
    assert_int_equal(s3hls__health_abort_after_us(&h, true), 20 * SECOND);
    assert_int_equal(s3hls__health_abort_after_us(&h, false), INT64_C(900) * SECOND);
    h.has_spool = true;
    assert_int_equal(s3hls__health_abort_after_us(&h, false), 20 * SECOND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition),
        cmocka_unit_test(backoff_doubles_to_its_maximum_and_half_of_it_is_jitter),
        cmocka_unit_test(the_largest_configured_delays_do_not_overflow),
        cmocka_unit_test(one_task_at_a_time_while_deliveries_fail),
        cmocka_unit_test(segments_move_to_the_spool_after_a_time_or_under_pressure),
        cmocka_unit_test(the_begin_of_spooling_is_known_in_advance),
        cmocka_unit_test(pressure_begins_above_three_quarters_and_ends_at_half),
        cmocka_unit_test(an_outage_is_a_failure_of_the_store_for_ten_seconds),
        cmocka_unit_test(probes_keep_a_distance),
        cmocka_unit_test(a_stalled_upload_is_aborted_if_another_attempt_can_do_better),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
