/* SPDX-License-Identifier: MIT-0 */
/* How often a camera's listing is asked for, in simulated time: at most 1.5 looks a segment in the
 * long run, and never long behind the camera. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive/pace.h"
#include <string.h>

static const int64_t BEGIN_MS = INT64_C(1782820800000); /* 2026-06-30 */

/* A camera that uploads segment after segment, each some time after its end. */
typedef struct camera {
    uint32_t duration_ms;
    int64_t upload_ms, jitter_ms; /* from a segment's end to its arrival: upload + 0..jitter */
    int64_t store_ahead_ms;       /* the store's clock against the server's */
    int64_t stops_ms;             /* no segment begins from here on; 0: it goes on */
} camera;

static int64_t jitter(const camera *c, int64_t n) {
    uint64_t h = (uint64_t)n * UINT64_C(0x9e3779b97f4a7c15);
    return c->jitter_ms ? (int64_t)((h >> 33) % (uint64_t)c->jitter_ms) : 0;
}

static int64_t arrival_ms(const camera *c, int64_t n) {
    return BEGIN_MS + (n + 1) * c->duration_ms + c->upload_ms + jitter(c, n);
}

/* The newest segment that a listing shows at now_ms. @return false: none */
static bool newest_at(const camera *c, int64_t now_ms, s3hls_segment *s) {
    for (int64_t n = (now_ms - BEGIN_MS) / c->duration_ms; n >= 0; n--) {
        int64_t start_ms = BEGIN_MS + n * c->duration_ms;
        if (arrival_ms(c, n) > now_ms || (c->stops_ms && start_ms >= BEGIN_MS + c->stops_ms))
            continue;
        *s = (s3hls_segment){.start_ms = start_ms,
                             .duration_ms = c->duration_ms,
                             .modified_unix_s = (arrival_ms(c, n) + c->store_ahead_ms) / 1000};
        return true;
    }
    return false;
}

typedef struct outcome {
    int looks;
    int64_t behind_ms; /* mean time from a segment's arrival to the look that shows it */
} outcome;

static outcome watch(const camera *c, int64_t from_ms, int64_t to_ms) {
    s3hls__pace pace = {0};
    outcome o = {0};
    int64_t seen = 0, last_ms = -1;
    for (int64_t now_ms = BEGIN_MS + from_ms; now_ms < BEGIN_MS + to_ms; now_ms += 100) {
        s3hls_segment s;
        if (now_ms < pace.due_ms)
            continue;
        bool any = newest_at(c, now_ms, &s);
        if (any && s.start_ms != last_ms) {
            o.behind_ms += now_ms - arrival_ms(c, (s.start_ms - BEGIN_MS) / c->duration_ms);
            seen++;
            last_ms = s.start_ms;
        }
        o.looks++;
        s3hls__pace_note(&pace, any ? &s : NULL, now_ms);
    }
    o.behind_ms = seen ? o.behind_ms / seen : 0;
    return o;
}

static void a_watched_camera_costs_at_most_one_and_a_half_looks_a_segment(void **state) {
    static const camera cameras[] = {
        {4000, 200, 0, 0, 0},       {4000, 200, 1500, 0, 0},     {4000, 3000, 3000, 0, 0},
        {4000, 200, 500, 30000, 0}, {4000, 200, 500, -30000, 0}, {4000, 200, 500, -3600000, 0},
        {1000, 100, 200, 0, 0},     {2000, 300, 300, 0, 0},      {10000, 500, 2000, 0, 0},
        {60000, 900, 5000, 0, 0},   {4170, 350, 900, 500, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cameras / sizeof *cameras; i++) {
        const camera *c = &cameras[i];
        outcome o = watch(c, 3600000, 4 * 3600000);
        double segments = 3 * 3600000.0 / c->duration_ms;
        if (o.looks > 1.5 * segments + 20 || o.looks < 0.5 * segments)
            fail_msg("camera %zu: %d looks for %.0f segments", i, o.looks, segments);
        print_message("camera %zu: %.2f looks a segment, %d ms behind\n", i, o.looks / segments,
                      (int)o.behind_ms);
        if (o.behind_ms > 400 + c->duration_ms / 8 + c->jitter_ms)
            fail_msg("camera %zu: %d ms behind", i, (int)o.behind_ms);
    }
}

static void a_camera_that_stopped_is_looked_at_once_a_minute(void **state) {
    const camera c = {4000, 200, 500, 0, 60000};
    (void)state;
    outcome o = watch(&c, 30000, 3600000);
    assert_in_range(o.looks, 55, 59 + 8 + 15);
}

static void a_camera_without_segments_is_looked_at_once_a_minute(void **state) {
    const camera c = {4000, 200, 500, 0, -1};
    (void)state;
    assert_in_range(watch(&c, 0, 3600000).looks, 55, 75);
}

static void one_that_goes_on_is_seen_within_a_minute(void **state) {
    const camera c = {.duration_ms = 4000, .upload_ms = 200};
    s3hls__pace pace = {0};
    s3hls_segment s;
    int64_t now_ms = BEGIN_MS + 60000;
    (void)state;
    assert_true(newest_at(&c, now_ms, &s));
    for (int i = 0; i < 50; i++, now_ms = pace.due_ms)
        s3hls__pace_note(&pace, &s, now_ms);
    assert_in_range(pace.due_ms - pace.looked_ms, 30000, S3HLS__PACE_RETRY_MAX_MS);
    assert_true(newest_at(&c, now_ms, &s));
    s3hls__pace_note(&pace, &s, now_ms);
    assert_in_range(pace.due_ms - now_ms, 500, 6000);
}

static void listings_of_one_look_count_once(void **state) {
    const s3hls_segment before = {.start_ms = BEGIN_MS, .duration_ms = 4000},
                        next = {.start_ms = BEGIN_MS + 4000, .duration_ms = 4000};
    (void)state;
    s3hls__pace pace = {0};
    s3hls__pace_note(&pace, &before, BEGIN_MS + 5000);
    s3hls__pace_note(&pace, &before, BEGIN_MS + 9000); /* the hour that ended */
    s3hls__pace_note(&pace, NULL, BEGIN_MS + 9000);    /* the hour that began */
    assert_int_equal(pace.misses, 1);
    s3hls__pace_note(&pace, &next, BEGIN_MS + 9500);
    s3hls__pace_note(&pace, NULL, BEGIN_MS + 9500);
    assert_int_equal(pace.misses, 0);
    assert_int_equal(pace.newest_ms, next.start_ms);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watched_camera_costs_at_most_one_and_a_half_looks_a_segment),
        cmocka_unit_test(a_camera_that_stopped_is_looked_at_once_a_minute),
        cmocka_unit_test(a_camera_without_segments_is_looked_at_once_a_minute),
        cmocka_unit_test(one_that_goes_on_is_seen_within_a_minute),
        cmocka_unit_test(listings_of_one_look_count_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
