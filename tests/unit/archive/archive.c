/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "archive/key.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t NOON_MS = INT64_C(1782820800000);

typedef struct fixture {
    char dir[64], url[80];
    s3hls_store *store;
    s3hls_archive *archive;
} fixture;

static int set_up(void **state) {
    fixture *f = *state = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/s3hls-archive-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->url, sizeof f->url, "file://%s", f->dir);
    assert_int_equal(s3hls_store_open(&f->store, f->url, NULL, NULL), S3HLS_OK);
    return s3hls_archive_open(&f->archive, f->url, NULL, NULL);
}

static int remove_entry(const char *path, const struct stat *s, int type, struct FTW *w) {
    (void)s;
    (void)type;
    (void)w;
    return remove(path);
}

static int tear_down(void **state) {
    fixture *f = *state;
    s3hls_archive_close(&f->archive);
    s3hls_store_close(&f->store);
    nftw(f->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static void put(fixture *f, const char *key, const char *text) {
    s3hls_span body = {(const uint8_t *)text, strlen(text)};
    assert_int_equal(s3hls_store_put(f->store, key, &body, 1, NULL, NULL), S3HLS_OK);
}

/* Beside the store: its syncs would make a thousand segments slow. */
static void put_unsynced(fixture *f, const char *key) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", f->dir, key);
    for (char *slash = path + strlen(f->dir); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("media", file);
    fclose(file);
}

/* Segment i: 4 s long, from 5 s after the one before on. */
static void put_segment(fixture *f, int i) {
    s3hls_segment s = {.start_ms = NOON_MS + i * INT64_C(5000),
                       .duration_ms = 4000,
                       .sequence = (uint64_t)(1782820800 + i),
                       .timeline = 1782820800};
    char key[S3HLS_KEY_MAX];
    s3hls_segment_key_format(&s, key, sizeof key);
    put_unsynced(f, key);
}

static size_t count(fixture *f, int64_t from_ms, int64_t to_ms) {
    s3hls_segment_list list;
    assert_int_equal(s3hls_archive_list(f->archive, from_ms, to_ms, &list, NULL), S3HLS_OK);
    for (size_t i = 1; i < list.count; i++)
        assert_true(list.segments[i].start_ms > list.segments[i - 1].start_ms);
    for (size_t i = 0; i < list.count; i++)
        assert_int_equal(list.segments[i].size, 5);
    size_t n = list.count;
    s3hls_segment_list_deinit(&list, NULL);
    return n;
}

static void a_range_holds_what_overlaps_it(void **state) {
    fixture *f = *state;
    for (int i = -400; i < 1200; i++) /* 11:26:40 to 13:40 */
        put_segment(f, i);
    assert_int_equal(count(f, INT64_MIN, INT64_MAX), 1600);
    assert_int_equal(count(f, NOON_MS, NOON_MS + 1), 1);
    assert_int_equal(count(f, NOON_MS - 1, NOON_MS), 0); /* in the gap before noon */
    assert_int_equal(count(f, NOON_MS - 1001, NOON_MS),
                     1); /* the end of the one before, of another hour */
    assert_int_equal(count(f, NOON_MS + 3999, NOON_MS + 5000), 1);
    assert_int_equal(count(f, NOON_MS + 4000, NOON_MS + 5000), 0);
    assert_int_equal(count(f, NOON_MS, NOON_MS + 3600000), 720);
    assert_int_equal(count(f, NOON_MS + 1000, INT64_MAX), 1200); /* open: key after key */
    assert_int_equal(count(f, INT64_MIN, NOON_MS + 5000), 401);
    assert_int_equal(count(f, NOON_MS + 86400000, NOON_MS + 2 * INT64_C(86400000)), 0);
    assert_int_equal(count(f, -5, 0), 0);
    assert_int_equal(s3hls_archive_list(f->archive, 5, 5, &(s3hls_segment_list){0}, NULL),
                     S3HLS_E_INVALID);
}

static void foreign_keys_are_counted_and_timelines_are_not(void **state) {
    fixture *f = *state;
    s3hls_segment_list list;
    put_segment(f, 0);
    put(f, "2026/06/30/12/00/notes.txt", "x");
    put(f, "2026/06/30/12/99/00.ts", "x");
    put(f, "timelines/1782820800.json", "{}");
    put(f, "all.m3u8", "x");
    assert_int_equal(s3hls_archive_list(f->archive, NOON_MS, NOON_MS + 1000, &list, NULL),
                     S3HLS_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.foreign, 2);
    s3hls_segment_list_deinit(&list, NULL);
}

static void sample_sdk_names_last_to_the_next(void **state) {
    fixture *f = *state;
    s3hls_segment_list list;
    put(f, "2026/06/30/12/00/00.ts", "media");
    put(f, "2026/06/30/12/00/03.ts", "media");
    put(f, "2026/06/30/12/00/40.ts", "media");
    assert_int_equal(s3hls_archive_list(f->archive, NOON_MS, NOON_MS + 60000, &list, NULL),
                     S3HLS_OK);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.segments[0].duration_ms, 3000);
    assert_int_equal(list.segments[1].duration_ms, 10000); /* at most */
    assert_int_equal(list.segments[2].duration_ms, 10000); /* as the one before */
    s3hls_segment_list_deinit(&list, NULL);
}

static void a_timeline_is_read_back_or_refused(void **state) {
    fixture *f = *state;
    s3hls_timeline t = {1700000000, 6000, 1920, 1080, 25000, "avc1.64001f", "ts"}, back;
    char text[512], key[S3HLS_KEY_MAX];
    s3hls__timeline_format(&t, text, sizeof text);
    s3hls__timeline_key(t.timeline, key, sizeof key);
    put(f, key, text);
    assert_int_equal(s3hls_archive_timeline(f->archive, t.timeline, &back, NULL), S3HLS_OK);
    assert_string_equal(back.codecs, "avc1.64001f");
    assert_int_equal(back.width, 1920);
    assert_int_equal(back.target_duration_ms, 6000);
    assert_int_equal(s3hls_archive_timeline(f->archive, 5, &back, NULL), S3HLS_E_NOT_FOUND);
    static const char *const bad[] = {
        "", "[]", "{}", "{\"timeline\":1700000000}", "no json", "{\"timeline\":\"1700000000\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put(f, key, bad[i]);
        assert_int_equal(s3hls_archive_timeline(f->archive, t.timeline, &back, NULL),
                         S3HLS_E_MALFORMED);
    }
}

/* ---- memory that runs out */

static int until_failure, out_now;

static void *counted(void *ctx, void *p, size_t size) {
    (void)ctx;
    if (size == 0) {
        out_now--;
        free(p);
        return NULL;
    }
    if (until_failure == 0)
        return NULL;
    until_failure--;
    out_now += p == NULL;
    return realloc(p, size);
}

static void every_allocation_of_a_listing_may_fail(void **state) {
    fixture *f = *state;
    s3hls_env env = {.reallocate = counted};
    int rc = S3HLS_E_NOMEM;
    char text[512], key[S3HLS_KEY_MAX];
    s3hls_timeline t = {1782820800, 4000, 640, 360, 25000, "avc1.64001f", "ts"};
    s3hls__timeline_format(&t, text, sizeof text);
    s3hls__timeline_key(t.timeline, key, sizeof key);
    put(f, key, text);
    for (int i = 0; i < 30; i++)
        put_segment(f, i);
    for (int n = 0; rc != S3HLS_OK; n++) {
        s3hls_archive *archive;
        s3hls_segment_list list = {0};
        assert_in_range(n, 0, 2000);
        until_failure = n;
        out_now = 0;
        rc = s3hls_archive_open(&archive, f->url, NULL, &env);
        if (rc == S3HLS_OK) {
            rc = s3hls_archive_list(archive, NOON_MS, NOON_MS + 60000, &list, NULL);
            if (rc == S3HLS_OK)
                assert_int_equal(list.count, 12);
            s3hls_segment_list_deinit(&list, &env);
            if (rc == S3HLS_OK)
                rc = s3hls_archive_timeline(archive, t.timeline, &t, NULL);
            s3hls_archive_close(&archive);
        }
        assert_true(rc == S3HLS_OK || rc == S3HLS_E_NOMEM);
        assert_int_equal(out_now, 0);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_range_holds_what_overlaps_it),
        TEST(foreign_keys_are_counted_and_timelines_are_not),
        TEST(sample_sdk_names_last_to_the_next),
        TEST(a_timeline_is_read_back_or_refused),
        TEST(every_allocation_of_a_listing_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
