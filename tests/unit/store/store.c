/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "s3hls/store.h"
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct fixture {
    char dir[64], url[80];
    s3hls_store *store;
    s3hls_s3_error error;
    char text[65536];
    size_t size;
    char keys[4096];
} fixture;

static int set_up(void **state) {
    fixture *f = *state = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/s3hls-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->url, sizeof f->url, "file://%s/", f->dir);
    return s3hls_store_open(&f->store, f->url, NULL, NULL);
}

static int remove_entry(const char *path, const struct stat *s, int type, struct FTW *w) {
    (void)s;
    (void)type;
    (void)w;
    return remove(path);
}

static int tear_down(void **state) {
    fixture *f = *state;
    s3hls_store_close(&f->store);
    nftw(f->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static int put(fixture *f, const char *key, const char *text) {
    s3hls_span body[2] = {
        {(const uint8_t *)text, strlen(text) / 2},
        {(const uint8_t *)text + strlen(text) / 2, strlen(text) - strlen(text) / 2}};
    return s3hls_store_put(f->store, key, body, 2, NULL, &f->error);
}

static int gather(void *ctx, const uint8_t *data, size_t size) {
    fixture *f = ctx;
    if (f->size + size >= sizeof f->text)
        return 1;
    memcpy(f->text + f->size, data, size);
    f->size += size;
    f->text[f->size] = 0;
    return 0;
}

static const char *get(fixture *f, const char *key, uint64_t first, uint64_t last) {
    f->size = 0;
    f->text[0] = 0;
    int rc = s3hls_store_get(f->store, key, first, last, gather, f, &f->error);
    return rc ? s3hls_status_name(rc) : f->text;
}

static int note_key(void *ctx, const s3hls_s3_object *object) {
    fixture *f = ctx;
    strcat(f->keys, object->key);
    strcat(f->keys, " ");
    return strcmp(object->key, "stop") == 0;
}

static const char *list(fixture *f, const char *prefix, const char *start_after) {
    f->keys[0] = 0;
    int rc = s3hls_store_list(f->store, prefix, start_after, note_key, f, &f->error);
    return rc ? s3hls_status_name(rc) : f->keys;
}

static void what_is_put_is_got(void **state) {
    fixture *f = *state;
    assert_int_equal(put(f, "a/b/c.txt", "hello, world"), S3HLS_OK);
    assert_string_equal(get(f, "a/b/c.txt", 0, UINT64_MAX), "hello, world");
    assert_string_equal(get(f, "a/b/c.txt", 7, 9), "wor");
    assert_string_equal(get(f, "a/b/c.txt", 7, 900), "world");
    assert_int_equal(put(f, "a/b/c.txt", "again"), S3HLS_OK);
    assert_string_equal(get(f, "a/b/c.txt", 0, UINT64_MAX), "again");
    assert_string_equal(get(f, "a/b", 0, UINT64_MAX), "S3HLS_E_NOT_FOUND");
    assert_string_equal(get(f, "none", 0, UINT64_MAX), "S3HLS_E_NOT_FOUND");
    assert_int_equal(put(f, "empty", ""), S3HLS_OK);
    assert_string_equal(get(f, "empty", 0, UINT64_MAX), "");
    assert_int_equal(s3hls_store_remove(f->store, "empty", NULL), S3HLS_OK);
    assert_int_equal(s3hls_store_remove(f->store, "empty", NULL), S3HLS_OK);
    assert_string_equal(get(f, "empty", 0, UINT64_MAX), "S3HLS_E_NOT_FOUND");
}

static void listings_ascend_by_whole_keys(void **state) {
    fixture *f = *state;
    static const char *const keys[] = {"b/x", "a-b", "a/0", "a/b-c", "a/b/c", "a.txt", "c"};
    for (size_t i = 0; i < 7; i++)
        put(f, keys[i], "x");
    assert_string_equal(list(f, NULL, NULL), "a-b a.txt a/0 a/b-c a/b/c b/x c ");
    assert_string_equal(list(f, "a/", NULL), "a/0 a/b-c a/b/c ");
    assert_string_equal(list(f, "a/b", NULL), "a/b-c a/b/c ");
    assert_string_equal(list(f, "", "a.txt"), "a/0 a/b-c a/b/c b/x c ");
    assert_string_equal(list(f, "", "a/b-c"), "a/b/c b/x c ");
    assert_string_equal(list(f, "", "a/b/"), "a/b/c b/x c ");
    assert_string_equal(list(f, "", "zzz"), "");
    assert_string_equal(list(f, "nothing", NULL), "");
    put(f, "stop", "x");
    assert_string_equal(list(f, NULL, NULL), "S3HLS_E_CANCELLED");
}

static void what_lies_elsewhere_is_not_in_the_store(void **state) {
    fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/link", f->dir);
    assert_int_equal(symlink("/etc", path), 0);
    snprintf(path, sizeof path, "%s/.tmp-0123", f->dir);
    fclose(fopen(path, "w"));
    put(f, "own", "x");
    assert_string_equal(list(f, NULL, NULL), "own ");
    static const char *const bad[] = {"../x", "a/../../x", "./x", "a/..", "a\nb", "", "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(put(f, bad[i], "x"), S3HLS_E_INVALID);
}

static void failures_name_the_place(void **state) {
    fixture *f = *state;
    assert_int_equal(put(f, "file", "x"), S3HLS_OK);
    assert_int_equal(put(f, "file/below", "x"), S3HLS_E_IO); /* a file where a folder should be */
    assert_non_null(strstr(f->error.message, "/file"));
    s3hls_store *store;
    assert_int_equal(s3hls_store_open(&store, "file:///proc/s3hls-none", NULL, NULL), S3HLS_OK);
    assert_int_not_equal(s3hls_store_put(store, "a", NULL, 0, NULL, &f->error), S3HLS_OK);
    assert_non_null(strstr(f->error.message, "/proc/s3hls-none"));
    s3hls_store_close(&store);
    static const char *const bad[] = {
        "",           "dir",   "/dir",      "file://dir",         "file:///",     "file:///a/../b",
        "http://x/y", "s3://", "s3://ab/x", "s3://bucket/a/../b", "s3://Bucket/x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (s3hls_store_open(&store, bad[i], NULL, NULL) != S3HLS_E_INVALID)
            fail_msg("%s was opened", bad[i]);
}

static void urls_open_in_players(void **state) {
    fixture *f = *state;
    char *url;
    assert_int_equal(s3hls_store_url(f->store, "a b/c.ts", 60, &url), S3HLS_OK);
    assert_non_null(strstr(url, f->dir));
    assert_non_null(strstr(url, "/a%20b/c.ts"));
    s3hls_free(NULL, url);
    s3hls_credentials keys = {"AKIDEXAMPLE", "secret", NULL, 0};
    s3hls_s3_options options = {.endpoint = "https://127.0.0.1:9000"};
    s3hls_store *store;
    s3hls_credentials_open_static(&options.credentials, &keys, NULL);
    assert_int_equal(s3hls_store_open(&store, "s3://bucket//cam 1/", &options, NULL), S3HLS_OK);
    assert_int_equal(s3hls_store_url(store, "x.ts", 60, &url), S3HLS_OK);
    static const char begin[] = "https://127.0.0.1:9000/bucket/cam%201/x.ts?X-Amz-Algorithm=";
    assert_memory_equal(url, begin, sizeof begin - 1);
    s3hls_free(NULL, url);
    s3hls_store_close(&store);
    s3hls_credentials_close(&options.credentials);
}

/* Killed at any instant, a writer leaves whole objects only. */
static void a_killed_writer_leaves_nothing_torn(void **state) {
    fixture *f = *state;
    static char a[20001], b[30001];
    memset(a, 'a', sizeof a - 1);
    memset(b, 'b', sizeof b - 1);
    for (int round = 0; round < 30; round++) {
        pid_t child = fork();
        if (child == 0) {
            for (int i = 0;; i++)
                put(f, "object", i & 1 ? a : b);
        }
        usleep(1000 + (useconds_t)round * 300);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        const char *text = get(f, "object", 0, UINT64_MAX);
        if (f->error.status == S3HLS_E_NOT_FOUND)
            continue;
        assert_true(strcmp(text, a) == 0 || strcmp(text, b) == 0);
        assert_string_equal(list(f, NULL, NULL), "object ");
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_is_got),
        TEST(listings_ascend_by_whole_keys),
        TEST(what_lies_elsewhere_is_not_in_the_store),
        TEST(failures_name_the_place),
        TEST(urls_open_in_players),
        TEST(a_killed_writer_leaves_nothing_torn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
