/* SPDX-License-Identifier: MIT-0 */
/* What is removed from a directory, and what a bucket's rule concerns. tests/integration has the
 * rules of a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "folder.h"
#include "s3hls/retention.h"
#include "s3hls/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t NOON_MS = INT64_C(1782820800000); /* 2026-06-30T12:00:00Z */

typedef struct object {
    const char *key;
    int removed; /* when what ended by noon is removed */
} object;

static const object objects[] = {
    {"2026/06/29/11/59/59.000-1000-1782734399-1782734000.ts", 1},
    {"2026/06/30/11/59/56.000-4000-1782820000-1782820000.ts", 1}, /* ends at noon */
    {"2026/06/30/11/59/56.001-4000-1782820001-1782820001.ts", 0}, /* 1 ms later */
    {"2026/06/29/11/59/58.ts", 1},                                /* of the AWS sample SDK */
    {"2026/06/30/11/index.m3u8", 1},
    {"2026/06/30/12/index.m3u8", 0},
    {"live.m3u8", 0},
    {"timelines/1782734000.json", 1}, /* its segment is removed */
    {"timelines/1782820001.json", 0}, /* its segment is kept */
    {"timelines/1782820800.json", 0}, /* began at noon: its first segment may follow */
    {"timelines/note.json", 0},
    {"2026/06/29/11/59/note.txt", 0},
};
enum { OBJECTS = sizeof objects / sizeof *objects };

typedef struct fixture {
    char dir[64], url[80];
    s3hls_store *store;
    uint64_t announced;
} fixture;

static int open_store(void **state) {
    fixture *f = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/s3hls-retention-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->url, sizeof f->url, "file://%s", f->dir);
    assert_int_equal(s3hls_store_open(&f->store, f->url, NULL, NULL), S3HLS_OK);
    for (int i = 0; i < OBJECTS; i++) {
        s3hls_span body = {(const uint8_t *)"bytes", 5};
        assert_int_equal(s3hls_store_put(f->store, objects[i].key, &body, 1, NULL, NULL), S3HLS_OK);
    }
    *state = f;
    return 0;
}

static int close_store(void **state) {
    fixture *f = *state;
    s3hls_store_close(&f->store);
    remove_folder(f->dir);
    free(f);
    return 0;
}

static int ignore(void *ctx, const uint8_t *data, size_t size) {
    (void)ctx, (void)data, (void)size;
    return 0;
}

static void each_is_there(fixture *f, int removed) {
    for (int i = 0; i < OBJECTS; i++) {
        int rc = s3hls_store_get(f->store, objects[i].key, 0, UINT64_MAX, ignore, NULL, NULL);
        int expected = removed && objects[i].removed ? S3HLS_E_NOT_FOUND : S3HLS_OK;
        if (rc != expected)
            fail_msg("%s: %s", objects[i].key, s3hls_status_name(rc));
    }
}

static void announce(void *ctx, const char *key, uint64_t bytes) {
    fixture *f = ctx;
    assert_true(strlen(key) > 0);
    f->announced += bytes;
}

static void what_is_old_is_removed_and_nothing_else(void **state) {
    fixture *f = *state;
    s3hls_prune_summary removed;
    s3hls_prune_config cfg;
    s3hls_prune_config_init(&cfg);
    cfg.url = f->url;
    cfg.before_ms = NOON_MS;
    cfg.dry_run = 1;
    cfg.on_remove = announce;
    cfg.ctx = f;
    assert_int_equal(s3hls_prune(&cfg, &removed, NULL), S3HLS_OK);
    each_is_there(f, 0);
    assert_int_equal(f->announced, 25);
    cfg.dry_run = 0;
    assert_int_equal(s3hls_prune(&cfg, &removed, NULL), S3HLS_OK);
    each_is_there(f, 1);
    assert_int_equal(removed.segments, 3);
    assert_int_equal(removed.others, 2);
    assert_int_equal(removed.bytes, 25);
    assert_int_equal(s3hls_prune(&cfg, &removed, NULL), S3HLS_OK);
    assert_int_equal(removed.segments + removed.others + removed.bytes, 0);
}

static void mistakes_remove_nothing(void **state) {
    fixture *f = *state;
    s3hls_prune_summary removed;
    s3hls_prune_config cfg;
    s3hls_prune_config_init(&cfg);
    assert_int_equal(s3hls_prune(NULL, &removed, NULL), S3HLS_E_INVALID);
    assert_int_equal(s3hls_prune(&cfg, &removed, NULL), S3HLS_E_INVALID);
    cfg.url = f->url; /* and no time */
    assert_int_equal(s3hls_prune(&cfg, &removed, NULL), S3HLS_E_INVALID);
    cfg.before_ms = NOON_MS;
    assert_int_equal(s3hls_prune(&cfg, NULL, NULL), S3HLS_E_INVALID);
    cfg.url = "s3://bucket/camera";
    assert_int_equal(s3hls_prune(&cfg, &removed, NULL), S3HLS_E_INVALID);
    each_is_there(f, 0);
}

static void a_rule_concerns_the_segments_of_one_camera(void **state) {
    (void)state;
    char prefix[1026];
    assert_int_equal(s3hls_retention_prefix("s3://bucket/site/cam-1/", prefix), S3HLS_OK);
    assert_string_equal(prefix, "site/cam-1/2");
    assert_int_equal(s3hls_retention_prefix("s3://bucket", prefix), S3HLS_OK);
    assert_string_equal(prefix, "2");
    assert_int_equal(s3hls_retention_prefix("file:///cam-1", prefix), S3HLS_E_INVALID);
    assert_int_equal(s3hls_retention_prefix(NULL, prefix), S3HLS_E_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_old_is_removed_and_nothing_else, open_store,
                                        close_store),
        cmocka_unit_test_setup_teardown(mistakes_remove_nothing, open_store, close_store),
        cmocka_unit_test(a_rule_concerns_the_segments_of_one_camera),
    };
    return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
