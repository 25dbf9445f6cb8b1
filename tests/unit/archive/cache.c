/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "folder.h"
#include "s3hls/archive.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const int64_t NOON_MS = INT64_C(1782820800000); /* 2026-06-30 */
enum {
    MINUTE_MS = 60000,
    HOUR_MS = 3600000,
    LATE_BEGIN = 3 * MINUTE_MS /* a range from here on looks into one hour only */
};

static int64_t now_ms;

static int64_t wall_us(void *ctx) {
    (void)ctx;
    return now_ms * 1000;
}

static const s3hls_env env = {.wall_us = wall_us};

typedef struct fixture {
    char dir[64];
    s3hls_archive *archive;
    s3hls_archive_cache *cache;
} fixture;

static int set_up(void **state) {
    fixture *f = *state = calloc(1, sizeof *f);
    char url[80];
    strcpy(f->dir, "/tmp/s3hls-cache-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(url, sizeof url, "file://%s", f->dir);
    assert_int_equal(s3hls_archive_open(&f->archive, url, NULL, &env), S3HLS_OK);
    assert_int_equal(s3hls_archive_cache_open(&f->cache, 1 << 20, &env), S3HLS_OK);
    s3hls_archive_set_cache(f->archive, f->cache);
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    s3hls_archive_close(&f->archive);
    s3hls_archive_cache_close(&f->cache);
    remove_folder(f->dir);
    free(f);
    return 0;
}

static void put(fixture *f, int64_t start_ms) {
    s3hls_segment s = {.start_ms = start_ms, .duration_ms = 4000, .sequence = 1, .timeline = 1};
    char key[S3HLS_KEY_MAX], path[200];
    s3hls_segment_key_format(&s, key, sizeof key);
    snprintf(path, sizeof path, "%s/%s", f->dir, key);
    for (char *slash = path + strlen(f->dir); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static size_t count(fixture *f, int64_t from_ms, int64_t to_ms) {
    s3hls_segment_list list;
    assert_int_equal(s3hls_archive_list(f->archive, from_ms, to_ms, &list, NULL), S3HLS_OK);
    for (size_t i = 1; i < list.count; i++)
        assert_true(list.segments[i].start_ms > list.segments[i - 1].start_ms);
    size_t n = list.count;
    s3hls_segment_list_deinit(&list, &env);
    return n;
}

/* Hours looked up since the last call: "found refreshed listed". */
static const char *looked_up(fixture *f) {
    static s3hls_archive_cache_stats before;
    static char text[64];
    s3hls_archive_cache_stats s;
    s3hls_archive_cache_get_stats(f->cache, &s);
    if (s.found < before.found || s.listed < before.listed)
        memset(&before, 0, sizeof before);
    snprintf(text, sizeof text, "%d %d %d", (int)(s.found - before.found),
             (int)(s.refreshed - before.refreshed), (int)(s.listed - before.listed));
    before = s;
    return text;
}

static void an_hour_that_ended_is_believed_by_its_age(void **state) {
    fixture *f = *state;
    const int64_t begin_ms = NOON_MS + LATE_BEGIN, end_ms = NOON_MS + HOUR_MS;
    put(f, begin_ms);
    now_ms = end_ms + 10 * HOUR_MS; /* a twentieth: half an hour */
    looked_up(f);
    assert_int_equal(count(f, begin_ms, end_ms), 1);
    assert_string_equal(looked_up(f), "0 0 1");
    put(f, begin_ms + 5000); /* late */
    now_ms += 29 * MINUTE_MS;
    assert_int_equal(count(f, begin_ms, end_ms), 1);
    assert_string_equal(looked_up(f), "1 0 0");
    now_ms += 2 * MINUTE_MS;
    assert_int_equal(count(f, begin_ms, end_ms), 2);
    assert_string_equal(looked_up(f), "0 0 1");
    now_ms = end_ms + 10000 * (int64_t)HOUR_MS; /* an hour at most */
    assert_int_equal(count(f, begin_ms, end_ms), 2);
    now_ms += 59 * MINUTE_MS;
    assert_int_equal(count(f, begin_ms, end_ms), 2);
    assert_string_equal(looked_up(f), "1 0 1");
    now_ms += 2 * MINUTE_MS;
    assert_int_equal(count(f, begin_ms, end_ms), 2);
    assert_string_equal(looked_up(f), "0 0 1");
}

/* Segments of 4 s: a listing holds until the next one is due. */
static void an_hour_being_recorded_is_asked_for_what_is_new(void **state) {
    fixture *f = *state;
    const int64_t from_ms = NOON_MS + LATE_BEGIN, to_ms = NOON_MS + HOUR_MS;
    now_ms = NOON_MS + 30 * MINUTE_MS;
    put(f, now_ms - 20 * MINUTE_MS);
    put(f, now_ms - 4000);
    looked_up(f);
    assert_int_equal(count(f, from_ms, to_ms), 2);
    now_ms += 3500;
    put(f, now_ms - 4000);
    assert_int_equal(count(f, from_ms, to_ms), 2);
    assert_string_equal(looked_up(f), "1 0 1");
    now_ms += 500;
    assert_int_equal(count(f, from_ms, to_ms), 3);
    assert_string_equal(looked_up(f), "0 1 0");
    put(f, now_ms - MINUTE_MS);      /* late, and within what is asked for again */
    put(f, now_ms - 15 * MINUTE_MS); /* too late for that */
    now_ms += 4000;
    assert_int_equal(count(f, from_ms, to_ms), 4);
    assert_string_equal(looked_up(f), "0 1 0");
    now_ms += MINUTE_MS;
    assert_int_equal(count(f, from_ms, to_ms), 5);
    assert_string_equal(looked_up(f), "0 0 1");
}

static void an_hour_that_ended_is_asked_for_once_a_minute(void **state) {
    fixture *f = *state;
    const int64_t from_ms = NOON_MS + LATE_BEGIN, to_ms = NOON_MS + 2 * HOUR_MS;
    now_ms = NOON_MS + HOUR_MS + 4500;
    put(f, NOON_MS + HOUR_MS - 4000);
    put(f, NOON_MS + HOUR_MS);
    looked_up(f);
    for (int i = 0; i < 10; i++, now_ms += 4000) {
        count(f, from_ms, to_ms);
        put(f, NOON_MS + HOUR_MS + (i + 1) * 4000);
    }
    assert_string_equal(looked_up(f), "9 9 2");
    now_ms += MINUTE_MS;
    count(f, from_ms, to_ms);
    assert_string_equal(looked_up(f), "0 0 2");
}

static void an_hour_that_has_not_begun_is_not_asked_for_again(void **state) {
    fixture *f = *state;
    now_ms = NOON_MS + 4500;
    put(f, NOON_MS);
    looked_up(f);
    for (int i = 0; i < 10; i++, now_ms += 4000) {
        count(f, NOON_MS + LATE_BEGIN, NOON_MS + 6 * HOUR_MS);
        put(f, NOON_MS + (i + 1) * 4000);
    }
    assert_string_equal(looked_up(f), "45 9 6");
}

static void a_camera_that_begins_is_seen_at_the_next_look(void **state) {
    fixture *f = *state;
    static const int minutes[] = {1, 7, 12, 30, 59};
    for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++) {
        s3hls_segment_list list;
        now_ms = NOON_MS + (int64_t)i * 3 * HOUR_MS + minutes[i] * MINUTE_MS;
        for (int look = 0; look < 3; look++, now_ms += 50) {
            int rc = s3hls_archive_recent(f->archive, now_ms - 10 * MINUTE_MS, &list, NULL);
            assert_int_equal(rc, S3HLS_OK);
            assert_int_equal(list.count, 0);
        }
        put(f, now_ms - 4000);
        now_ms += 2500;
        assert_int_equal(s3hls_archive_recent(f->archive, now_ms - 10 * MINUTE_MS, &list, NULL),
                         S3HLS_OK);
        assert_int_equal(list.count, 1);
        s3hls_segment_list_deinit(&list, &env);
    }
}

/* Footage ahead in the same hour: what is recorded now sorts before the newest key. */
static void footage_ahead_hides_nothing_that_is_recorded_now(void **state) {
    fixture *f = *state;
    s3hls_segment_list list;
    now_ms = NOON_MS + 7 * MINUTE_MS;
    put(f, now_ms + 50 * MINUTE_MS);
    for (size_t i = 0; i < 5; i++, now_ms += 5000) {
        assert_int_equal(s3hls_archive_recent(f->archive, now_ms - 5 * MINUTE_MS, &list, NULL),
                         S3HLS_OK);
        assert_int_equal(list.count, i);
        s3hls_segment_list_deinit(&list, &env);
        put(f, now_ms);
    }
}

static void a_clock_set_back_is_no_reason_to_believe(void **state) {
    fixture *f = *state;
    now_ms = NOON_MS + 48 * HOUR_MS;
    assert_int_equal(count(f, NOON_MS + LATE_BEGIN, NOON_MS + HOUR_MS), 0);
    put(f, NOON_MS + LATE_BEGIN);
    now_ms -= 1000;
    assert_int_equal(count(f, NOON_MS + LATE_BEGIN, NOON_MS + HOUR_MS), 1);
}

static void what_was_used_longest_ago_goes_first(void **state) {
    fixture *f = *state;
    s3hls_archive_cache *small;
    s3hls_archive_cache_stats s;
    now_ms = NOON_MS + 2400 * (int64_t)HOUR_MS;
    assert_int_equal(s3hls_archive_cache_open(&small, 3000, &env), S3HLS_OK);
    s3hls_archive_set_cache(f->archive, small);
    for (int hour = 0; hour < 100; hour++)
        put(f, NOON_MS + hour * (int64_t)HOUR_MS + LATE_BEGIN);
    assert_int_equal(count(f, NOON_MS, NOON_MS + 100 * (int64_t)HOUR_MS), 100);
    s3hls_archive_cache_get_stats(small, &s);
    assert_in_range(s.hours, 1, 10);
    assert_in_range(s.bytes, 500, 3000);
    assert_int_equal(s.listed, 101);
    assert_int_equal(
        count(f, NOON_MS + 99 * (int64_t)HOUR_MS + LATE_BEGIN, NOON_MS + 100 * (int64_t)HOUR_MS),
        1);
    assert_int_equal(count(f, NOON_MS + LATE_BEGIN, NOON_MS + HOUR_MS), 1);
    s3hls_archive_cache_get_stats(small, &s);
    assert_int_equal(s.found, 1);
    assert_int_equal(s.listed, 102);
    s3hls_archive_set_cache(f->archive, NULL);
    s3hls_archive_cache_close(&small);
}

static void archives_of_other_places_do_not_see_it(void **state) {
    fixture *f = *state;
    char url[100];
    s3hls_archive *other;
    now_ms = NOON_MS + 48 * HOUR_MS;
    put(f, NOON_MS + LATE_BEGIN);
    assert_int_equal(count(f, NOON_MS + LATE_BEGIN, NOON_MS + HOUR_MS), 1);
    snprintf(url, sizeof url, "file://%s/below", f->dir);
    assert_int_equal(s3hls_archive_open_beside(&other, url, s3hls_archive_store(f->archive), NULL),
                     S3HLS_OK);
    s3hls_archive_set_cache(other, f->cache);
    fixture beside = {.archive = other};
    assert_int_equal(count(&beside, NOON_MS + LATE_BEGIN, NOON_MS + HOUR_MS), 0);
    s3hls_archive_close(&other);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_hour_that_ended_is_believed_by_its_age),
        TEST(an_hour_being_recorded_is_asked_for_what_is_new),
        TEST(an_hour_that_ended_is_asked_for_once_a_minute),
        TEST(an_hour_that_has_not_begun_is_not_asked_for_again),
        TEST(a_camera_that_begins_is_seen_at_the_next_look),
        TEST(footage_ahead_hides_nothing_that_is_recorded_now),
        TEST(a_clock_set_back_is_no_reason_to_believe),
        TEST(what_was_used_longest_ago_goes_first),
        TEST(archives_of_other_places_do_not_see_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
