/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "layout/key.h"
#include "layout/timeline.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static s3hls_segment parsed(const char *key) {
    s3hls_segment s;
    if (s3hls_segment_key_parse(key, strlen(key), &s))
        fail_msg("%s is a segment's name", key);
    return s;
}

static void names_say_what_the_layout_says(void **state) {
    (void)state;
    s3hls_segment s = parsed("2026/11/23/03/12/00.250-4000-1795403520-1795403519.ts");
    assert_int_equal(s.start_ms, INT64_C(1795403520250));
    assert_int_equal(s.duration_ms, 4000);
    assert_int_equal(s.sequence, 1795403520);
    assert_int_equal(s.timeline, 1795403519);
    assert_false(s.sdk_name);
    s = parsed("2026/11/23/03/12/00.ts");
    assert_int_equal(s.start_ms, INT64_C(1795403520000));
    assert_true(s.sdk_name);
}

static void names_say_where_decoding_can_begin(void **state) {
    (void)state;
    s3hls_segment s = parsed("2026/11/23/03/12/00.250-4000-7-6.ts");
    assert_int_equal(s.entry, S3HLS_ENTRY_IDR);
    s = parsed("2026/11/23/03/12/00.250-4000-open-7-6.ts");
    assert_int_equal(s.entry, S3HLS_ENTRY_RECOVERY);
    assert_int_equal(s.timeline, 6);
    s = parsed("2026/11/23/03/12/00.250-4000-inner-7-6.ts");
    assert_int_equal(s.entry, S3HLS_ENTRY_NONE);
    assert_int_equal(s.sequence, 7);
}

/* Each day of four centuries and more, against the C library's own calendar. */
static void every_day_is_named_as_the_calendar_has_it(void **state) {
    (void)state;
    for (int64_t day = 0; day < 430 * 366; day++) {
        time_t t = (time_t)(day * 86400 + day % 86400);
        struct tm tm;
        char key[S3HLS_KEY_MAX], expected[S3HLS_KEY_MAX];
        s3hls_segment s = {.start_ms = (int64_t)t * 1000, .sdk_name = 1};
        gmtime_r(&t, &tm);
        strftime(expected, sizeof expected, "%Y/%m/%d/%H/%M/%S.ts", &tm);
        assert_true(s3hls_segment_key_format(&s, key, sizeof key) > 0);
        assert_string_equal(key, expected);
        assert_int_equal(parsed(key).start_ms, s.start_ms);
    }
}

static void any_segment_comes_back_from_its_name(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 100000; i++) {
        uint64_t r[4];
        for (int k = 0; k < 4; k++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            r[k] = seed >> (seed >> 59);
        }
        s3hls_segment s = {.start_ms = (int64_t)(r[0] % UINT64_C(253402300800000)),
                           .duration_ms = (uint32_t)r[1] % 86400001,
                           .sequence = r[2],
                           .timeline = r[3],
                           .entry = (s3hls_segment_entry)(i % 3)};
        char key[S3HLS_KEY_MAX];
        int n = s3hls_segment_key_format(&s, key, sizeof key);
        assert_int_equal(n, strlen(key));
        s3hls_segment back = parsed(key);
        assert_memory_equal(&back, &s, sizeof s);
        assert_int_equal(s3hls_segment_key_format(&s, key, (size_t)n), S3HLS_E_TOO_LARGE);
    }
}

static void what_is_no_name_of_ours_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "2026",
                                      "timelines/1795403520.json",
                                      "2026/11/23/03/12/00.250-4000-1-1.mp4",
                                      "2026/11/23/03/12/00.250-4000-1-1.ts ",
                                      " 2026/11/23/03/12/00.250-4000-1-1.ts",
                                      "2026/11/23/03/12/00.25-4000-1-1.ts",
                                      "2026/11/23/03/12/00.250-04000-1-1.ts",
                                      "2026/11/23/03/12/00.250-4000-01-1.ts",
                                      "2026/11/23/03/12/00.250-+4000-1-1.ts",
                                      "2026/11/23/03/12/00.250--4000-1-1.ts",
                                      "2026/11/23/03/12/00.250-4000-1.ts",
                                      "2026/11/23/03/12/00.250-4000-1-1-1.ts",
                                      "2026/11/23/03/12/00.250-4294967296-1-1.ts",
                                      "2026/11/23/03/12/00.250-1-18446744073709551616-1.ts",
                                      "2026/02/30/03/12/00.ts",
                                      "2025/02/29/03/12/00.ts",
                                      "2026/13/01/03/12/00.ts",
                                      "2026/00/01/03/12/00.ts",
                                      "2026/11/31/03/12/00.ts",
                                      "2026/11/23/24/12/00.ts",
                                      "2026/11/23/03/60/00.ts",
                                      "2026/11/23/03/12/60.ts",
                                      "1969/12/31/23/59/59.ts",
                                      "2026-11-23-03-12-00.ts",
                                      "2026/11/23/03/12/00.250-4000-1-.ts",
                                      "2026/11/23/03/12/00.250-4000--1-1.ts",
                                      "2026/11/23/03/12/00.250-4000-inner1-1.ts",
                                      "2026/11/23/03/12/00.250-4000-Inner-1-1.ts",
                                      "2026/11/23/03/12/00.250-4000-inner-open-1-1.ts",
                                      "2026/11/23/03/12/00.250-4000-inner-1.ts",
                                      "2026/11/23/03/12/00.250-inner-4000-1-1.ts",
                                      "2026/11/23/03/12/00.250-4000-1-1-inner.ts",
                                      "2026/11/23/03/12/00.250-4000-inne",
                                      "2026/11/23/03/12/00-inner.ts",
                                      "02026/11/23/03/12/00.ts"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s3hls_segment s;
        if (s3hls_segment_key_parse(bad[i], strlen(bad[i]), &s) != S3HLS_E_MALFORMED)
            fail_msg("\"%s\" was taken for a segment's name", bad[i]);
    }
    char key[S3HLS_KEY_MAX];
    s3hls_segment s = {.start_ms = -1};
    assert_int_equal(s3hls_segment_key_format(&s, key, sizeof key), S3HLS_E_INVALID);
    s = (s3hls_segment){.entry = (s3hls_segment_entry)3};
    assert_int_equal(s3hls_segment_key_format(&s, key, sizeof key), S3HLS_E_INVALID);
    s.start_ms = INT64_C(253402300800000);
    assert_int_equal(s3hls_segment_key_format(&s, key, sizeof key), S3HLS_E_INVALID);
}

static void a_timeline_is_said_in_json(void **state) {
    (void)state;
    s3hls_timeline t = {1700000000, 6000, 1920, 1080, 25000, "avc1.64001f", "ts"};
    char text[512];
    assert_true(s3hls__timeline_format(&t, text, sizeof text) > 0);
    assert_string_equal(text,
                        "{\"timeline\":1700000000,\"target_duration_ms\":6000,\"width\":1920,"
                        "\"height\":1080,\"frame_rate_milli\":25000,\"codecs\":\"avc1.64001f\","
                        "\"container\":\"ts\"}\n");
    assert_int_equal(s3hls__timeline_format(&t, text, 20), S3HLS_E_TOO_LARGE);
    assert_true(s3hls__timeline_key(7, text, sizeof text) > 0);
    assert_string_equal(text, "timelines/7.json");
}

static int parse(const char *text, s3hls_timeline *t) {
    return s3hls__timeline_parse(text, strlen(text), t);
}

#define NUMBERS                                                                                    \
    "\"timeline\":7,\"target_duration_ms\":6000,\"width\":1920,\"height\":1080,"                   \
    "\"frame_rate_milli\":25000,"
#define TEXTS "\"codecs\":\"avc1.64001f\",\"container\":\"ts\""

static void a_timeline_is_parsed_whatever_its_spacing_and_order(void **state) {
    (void)state;
    s3hls_timeline t, back, zero = {0};
    static const char *const good[] = {
        "{" NUMBERS TEXTS "}\n", "{" TEXTS "," NUMBERS "\"more\":null}",
        " {\t" NUMBERS "\r\n" TEXTS " , \"a\" : [ {\"b\":\"}],\"}, 1 ], \"c\\\"d\" : -1.5e3 } "};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (parse(good[i], &t))
            fail_msg("refused: %s", good[i]);
        assert_int_equal(t.timeline, 7);
        assert_int_equal(t.target_duration_ms, 6000);
        assert_int_equal(t.width, 1920);
        assert_int_equal(t.height, 1080);
        assert_int_equal(t.frame_rate_milli, 25000);
        assert_string_equal(t.codecs, "avc1.64001f");
        assert_string_equal(t.container, "ts");
    }
    char text[512];
    t.timeline = INT64_MAX;
    t.width = UINT32_MAX;
    int n = s3hls__timeline_format(&t, text, sizeof text);
    assert_int_equal(s3hls__timeline_parse(text, (size_t)n, &back), S3HLS_OK);
    assert_memory_equal(&t, &back, sizeof t);
    for (int size = 0; size < n - 1; size++) { /* each truncation, but for the last line end */
        char *copy = malloc((size_t)size + 1);
        memcpy(copy, text, (size_t)size);
        assert_int_equal(s3hls__timeline_parse(copy, (size_t)size, &back), S3HLS_E_MALFORMED);
        assert_memory_equal(&back, &zero, sizeof zero);
        free(copy);
    }
}

static void other_objects_are_refused(void **state) {
    (void)state;
    s3hls_timeline t;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "no json",
        "{" TEXTS "}",
        "{" NUMBERS "\"codecs\":\"avc1\"}",
        "{" NUMBERS TEXTS "} x",
        "{" NUMBERS TEXTS ",}",
        "{" NUMBERS "\"width\":1," TEXTS "}",
        "{" NUMBERS "\"codecs\":\"avc\\u0031\",\"container\":\"ts\"}",
        "{" NUMBERS "\"codecs\":\"avc1\",\"container\":\"container\"}",
        "{" NUMBERS "\"codecs\":1,\"container\":\"ts\"}",
        "{" NUMBERS TEXTS ",\"a\":[}",
        "{" NUMBERS TEXTS ",\"a\":\"}",
        "{" NUMBERS TEXTS ",a:1}",
        "{" NUMBERS TEXTS ",\"a\" 1}",
        "{\"timeline\":\"7\",\"target_duration_ms\":6000,\"width\":1920,\"height\":1080,"
        "\"frame_rate_milli\":25000," TEXTS "}",
        "{\"timeline\":7,\"target_duration_ms\":6000,\"width\":1920,\"height\":4294967296,"
        "\"frame_rate_milli\":25000," TEXTS "}",
        "{\"timeline\":7,\"target_duration_ms\":-1,\"width\":1920,\"height\":1,"
        "\"frame_rate_milli\":25000," TEXTS "}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(bad[i], &t) != S3HLS_E_MALFORMED)
            fail_msg("accepted: %s", bad[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_say_what_the_layout_says),
        cmocka_unit_test(names_say_where_decoding_can_begin),
        cmocka_unit_test(every_day_is_named_as_the_calendar_has_it),
        cmocka_unit_test(any_segment_comes_back_from_its_name),
        cmocka_unit_test(what_is_no_name_of_ours_is_refused),
        cmocka_unit_test(a_timeline_is_said_in_json),
        cmocka_unit_test(a_timeline_is_parsed_whatever_its_spacing_and_order),
        cmocka_unit_test(other_objects_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
