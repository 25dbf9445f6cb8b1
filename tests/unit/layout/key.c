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
    assert_true(s3hls_timeline_key_format(7, text, sizeof text) > 0);
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

typedef struct named {
    const char *key, *file;
    s3hls__key_kind kind;
    s3hls_segment of;
    const char *content_type;
} named;

static const named objects[] = {
    {"2026/11/23/03/12/00.250-4000-inner-7-6.ts",
     "2026_11_23_03_12_00.250-4000-inner-7-6.ts",
     S3HLS__KEY_SEGMENT,
     {INT64_C(1795403520250), 4000, 0, 7, 6, 0, 0, S3HLS_ENTRY_NONE, S3HLS_CONTAINER_TS},
     "video/mp2t"},
    {"2026/11/23/03/12/00.ts",
     "2026_11_23_03_12_00.ts",
     S3HLS__KEY_SEGMENT,
     {.start_ms = INT64_C(1795403520000), .sdk_name = 1},
     "video/mp2t"},
    {"2026/11/23/03/12/00.250-4000-7-6.m4s",
     "2026_11_23_03_12_00.250-4000-7-6.m4s",
     S3HLS__KEY_SEGMENT,
     {INT64_C(1795403520250), 4000, 0, 7, 6, 0, 0, S3HLS_ENTRY_IDR, S3HLS_CONTAINER_FMP4},
     "video/iso.segment"},
    {"timelines/6.mp4", "timelines_6.mp4", S3HLS__KEY_INIT, {.timeline = 6}, "video/mp4"},
    {"timelines/0.json", "timelines_0.json", S3HLS__KEY_TIMELINE, {0}, "application/json"},
    {"timelines/18446744073709551615.json",
     "timelines_18446744073709551615.json",
     S3HLS__KEY_TIMELINE,
     {.timeline = UINT64_MAX},
     "application/json"},
    {"2026/11/23/03/index.m3u8",
     "2026_11_23_03_index.m3u8",
     S3HLS__KEY_INDEX,
     {.start_ms = INT64_C(1795402800000), .duration_ms = 3600000},
     "application/vnd.apple.mpegurl"},
};

static void each_kind_of_object_has_a_key_and_a_file_name(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        const named *o = &objects[i];
        s3hls_segment of;
        char name[S3HLS_KEY_MAX];
        int size = (int)strlen(o->key);
        assert_int_equal(s3hls__key_format(o->kind, &o->of, name, sizeof name), size);
        assert_string_equal(name, o->key);
        assert_int_equal(s3hls__key_format(o->kind, &o->of, name, (size_t)size), S3HLS_E_TOO_LARGE);
        assert_int_equal(s3hls__key_parse(o->key, (size_t)size, &of), o->kind);
        assert_memory_equal(&of, &o->of, sizeof of);
        assert_int_equal(s3hls__file_name_format(o->kind, &o->of, name, sizeof name), size);
        assert_string_equal(name, o->file);
        assert_int_equal(s3hls__file_name_parse(o->file, &of), o->kind);
        assert_memory_equal(&of, &o->of, sizeof of);
        assert_string_equal(s3hls__key_content_type(o->kind, &of), o->content_type);
    }
}

static void other_keys_are_foreign(void **state) {
    (void)state;
    static const char *const foreign[] = {"",
                                          "live.m3u8",
                                          "timelines/",
                                          "timelines/.json",
                                          "timelines/07.json",
                                          "timelines/7.JSON",
                                          "timelines/.mp4",
                                          "timelines/7.m4s",
                                          "timelines/7.mp4.json",
                                          "2026/11/23/03/12/00.m4s",
                                          "timelines/7.json/",
                                          "timelines/18446744073709551616.json",
                                          "2026/11/23/03/12/index.m3u8",
                                          "2026/11/23/index.m3u8",
                                          "2026/11/23/24/index.m3u8",
                                          "2026/11/31/03/index.m3u8",
                                          "2026/11/23/03/index.m3u",
                                          "2026/11/23/3/index.m3u8"};
    const s3hls_segment none = {0};
    s3hls_segment of;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        if (s3hls__key_parse(foreign[i], strlen(foreign[i]), &of) != S3HLS__KEY_FOREIGN)
            fail_msg("\"%s\" was taken for an object's key", foreign[i]);
        assert_memory_equal(&of, &none, sizeof of);
    }
    char key[S3HLS_KEY_MAX];
    assert_int_equal(s3hls__key_format(S3HLS__KEY_FOREIGN, &none, key, sizeof key),
                     S3HLS_E_INVALID);
    of.start_ms = INT64_C(253402300800000);
    assert_int_equal(s3hls__key_format(S3HLS__KEY_INDEX, &of, key, sizeof key), S3HLS_E_INVALID);
    of = (s3hls_segment){.container = (s3hls_container)2};
    assert_int_equal(s3hls__key_format(S3HLS__KEY_SEGMENT, &of, key, sizeof key), S3HLS_E_INVALID);
    of = (s3hls_segment){.container = S3HLS_CONTAINER_AUTO};
    assert_int_equal(s3hls__key_format(S3HLS__KEY_SEGMENT, &of, key, sizeof key), S3HLS_E_INVALID);
    of = (s3hls_segment){.container = S3HLS_CONTAINER_FMP4, .sdk_name = 1};
    assert_int_equal(s3hls__key_format(S3HLS__KEY_SEGMENT, &of, key, sizeof key), S3HLS_E_INVALID);
    assert_int_equal(s3hls__file_name_parse("timelines/7.json", &of), S3HLS__KEY_FOREIGN);
    char longer[S3HLS_KEY_MAX + 1];
    memset(longer, '7', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    assert_int_equal(s3hls__file_name_parse(longer, &of), S3HLS__KEY_FOREIGN);
}

static void periods_have_prefixes(void **state) {
    (void)state;
    static const char *const prefixes[] = {
        "2026/",          "2026/11/",          "2026/11/23/",
        "2026/11/23/03/", "2026/11/23/03/12/", "2026/11/23/03/12/07"};
    static const int64_t begins_s[] = {1767225600, 1793491200, 1795392000, 1795402800, 1795403520};
    for (int p = S3HLS__YEAR; p <= S3HLS__SECOND; p++) {
        char prefix[S3HLS_KEY_MAX];
        s3hls__period period;
        int64_t begin_ms;
        s3hls__period_prefix((s3hls__period)p, INT64_C(1795403527999), prefix);
        assert_string_equal(prefix, prefixes[p]);
        bool folder = s3hls__period_parse(prefix, &period, &begin_ms);
        assert_int_equal(folder, p != S3HLS__SECOND);
        if (folder) {
            assert_int_equal(period, p);
            assert_int_equal(begin_ms, begins_s[p] * 1000);
        }
    }
}

static void other_folders_are_no_periods(void **state) {
    (void)state;
    static const char *const bad[] = {"",          "/",           "2026",
                                      "202/",      "02026/",      "1969/",
                                      "2026/13/",  "2026/00/",    "2026/1/",
                                      "2026/11//", "2026/02/29/", "2026/11/23/24/",
                                      "x2026/",    "timelines/",  "2026/11/23/03/12/07/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s3hls__period period;
        int64_t begin_ms;
        if (s3hls__period_parse(bad[i], &period, &begin_ms))
            fail_msg("\"%s\" was taken for a period's folder", bad[i]);
    }
}

static void months_follow_each_other(void **state) {
    (void)state;
    static const int64_t months_s[][2] = {{1772323199, 1772323200},      /* February 2026 */
                                          {1798761599, 1798761600},      /* December 2026 */
                                          {1798761600, 1801440000},      /* January 2027 */
                                          {253402300799, 253402300800}}; /* the last */
    for (size_t i = 0; i < sizeof months_s / sizeof *months_s; i++)
        assert_int_equal(s3hls__next_month_ms(months_s[i][0] * 1000), months_s[i][1] * 1000);
}

static void folders_of_recordings_are_known_by_name(void **state) {
    (void)state;
    assert_true(s3hls__folder_is_of_recording("site/cam-1/timelines/"));
    assert_true(s3hls__folder_is_of_recording("site/cam-1/2026/11/"));
    assert_true(s3hls__folder_is_of_recording("2026/"));
    assert_false(s3hls__folder_is_of_recording("site/cam-1/"));
    assert_false(s3hls__folder_is_of_recording("2026/lost+found/"));
    assert_true(s3hls__key_is_in_year("2026/notes.txt"));
    assert_false(s3hls__key_is_in_year("20267/notes.txt"));
    assert_false(s3hls__key_is_in_year("timelines/7.json"));
    assert_true(s3hls__key_is_after_segments("live.m3u8"));
    assert_false(s3hls__key_is_after_segments("9999/12/31/23/59/59.ts"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_say_what_the_layout_says),
        cmocka_unit_test(names_say_where_decoding_can_begin),
        cmocka_unit_test(every_day_is_named_as_the_calendar_has_it),
        cmocka_unit_test(any_segment_comes_back_from_its_name),
        cmocka_unit_test(what_is_no_name_of_ours_is_refused),
        cmocka_unit_test(each_kind_of_object_has_a_key_and_a_file_name),
        cmocka_unit_test(other_keys_are_foreign),
        cmocka_unit_test(periods_have_prefixes),
        cmocka_unit_test(other_folders_are_no_periods),
        cmocka_unit_test(months_follow_each_other),
        cmocka_unit_test(folders_of_recordings_are_known_by_name),
        cmocka_unit_test(a_timeline_is_said_in_json),
        cmocka_unit_test(a_timeline_is_parsed_whatever_its_spacing_and_order),
        cmocka_unit_test(other_objects_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
