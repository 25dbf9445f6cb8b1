/* SPDX-License-Identifier: MIT-0 */
/* The S3 client against a real server, over HTTPS with an authority of its own, by the public calls
 * alone. Environment: tests/lab/README.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "s3hls/s3.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *bucket;
static s3hls_s3_options lab; /* credentials: the environment's */
static char run[64];         /* before every key of this run */

static s3hls_s3 *open_with(const s3hls_s3_options *options, const s3hls_env *env) {
    s3hls_s3 *s3;
    assert_int_equal(s3hls_s3_open(&s3, bucket, options, env), S3HLS_OK);
    return s3;
}

static const char *key_of(const char *name) {
    static char key[1100];
    snprintf(key, sizeof key, "%s/%s", run, name);
    return key;
}

static int put(s3hls_s3 *s3, const char *key, const void *data, size_t size,
               s3hls_s3_error *error) {
    s3hls_span span = {data, size};
    return s3hls_s3_put(s3, key, &span, 1, NULL, error);
}

/* Bytes gathered by a GET, by the client or by libcurl. */
typedef struct bytes {
    uint8_t data[300000];
    size_t size;
} bytes;

static int gather(void *ctx, const uint8_t *data, size_t size) {
    bytes *b = ctx;
    assert_true(size <= sizeof b->data - b->size);
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return 0;
}

static size_t gather_curl(char *data, size_t unit, size_t count, void *ctx) {
    gather(ctx, (uint8_t *)data, unit * count);
    return unit * count;
}

static bytes *get(s3hls_s3 *s3, const char *key, uint64_t first, uint64_t last) {
    static bytes b;
    b.size = 0;
    s3hls_s3_error e;
    int rc = s3hls_s3_get(s3, key, first, last, gather, &b, &e);
    if (rc != S3HLS_OK)
        fail_msg("get %s: %s %s %s", key, s3hls_status_name(rc), e.code, e.message);
    return &b;
}

/* ---- objects */

static void an_object_comes_back_whole_and_in_parts(void **state) {
    (void)state;
    s3hls_s3 *s3 = open_with(&lab, NULL);
    static uint8_t data[250000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 31 >> 3);
    const s3hls_span spans[] = {{data, 1}, {data + 1, 99999}, {data + 100000, 150000}};
    s3hls_s3_error e;
    assert_int_equal(s3hls_s3_put(s3, key_of("object"), spans, 3, NULL, &e), S3HLS_OK);
    assert_string_not_equal(e.request_id, "");
    assert_true(e.server_unix_s - time(NULL) < 60 && time(NULL) - e.server_unix_s < 60);
    bytes *b = get(s3, key_of("object"), 0, UINT64_MAX);
    assert_int_equal(b->size, sizeof data);
    assert_memory_equal(b->data, data, sizeof data);
    b = get(s3, key_of("object"), 100, 199);
    assert_int_equal(b->size, 100);
    assert_memory_equal(b->data, data + 100, 100);
    b = get(s3, key_of("object"), sizeof data - 7, UINT64_MAX);
    assert_int_equal(b->size, 7);

    s3hls_s3_object object;
    assert_int_equal(s3hls_s3_head(s3, key_of("object"), &object, NULL), S3HLS_OK);
    assert_int_equal(object.size, sizeof data);
    assert_true(object.modified_unix_s > time(NULL) - 60);

    assert_int_equal(s3hls_s3_remove(s3, key_of("object"), NULL), S3HLS_OK);
    assert_int_equal(s3hls_s3_remove(s3, key_of("object"), NULL), S3HLS_OK); /* as S3 has it */
    assert_int_equal(s3hls_s3_head(s3, key_of("object"), &object, &e), S3HLS_E_NOT_FOUND);
    assert_int_equal(s3hls_s3_get(s3, key_of("object"), 0, 9, gather, b, &e), S3HLS_E_NOT_FOUND);
    assert_string_equal(e.code, "NoSuchKey");

    assert_int_equal(put(s3, key_of("empty"), "", 0, NULL), S3HLS_OK);
    assert_int_equal(get(s3, key_of("empty"), 0, UINT64_MAX)->size, 0);
    s3hls_s3_close(&s3);
}

static void headers_of_the_caller_count(void **state) {
    (void)state;
    s3hls_s3 *s3 = open_with(&lab, NULL);
    const s3hls_header once = {"If-None-Match", "*"};
    const s3hls_s3_put_options options = {"video/mp2t", &once, 1};
    assert_int_equal(s3hls_s3_put(s3, key_of("once"), NULL, 0, &options, NULL), S3HLS_OK);
    assert_int_equal(s3hls_s3_put(s3, key_of("once"), NULL, 0, &options, NULL), S3HLS_E_EXISTS);
    s3hls_s3_close(&s3);
}

static void a_signed_body_passes_over_plain_http(void **state) {
    (void)state;
    s3hls_s3_options options = lab;
    options.endpoint = getenv("S3HLS_LAB_ENDPOINT");
    s3hls_s3 *s3 = open_with(&options, NULL);
    s3hls_s3_error e;
    assert_int_equal(put(s3, key_of("plain"), "checked", 7, &e), S3HLS_OK);
    assert_memory_equal(get(s3, key_of("plain"), 0, UINT64_MAX)->data, "checked", 7);
    s3hls_s3_close(&s3);
}

static void the_bucket_may_stand_in_the_host(void **state) {
    (void)state;
    s3hls_s3_options options = lab;
    options.endpoint = getenv("S3HLS_LAB_ENDPOINT_VHOST_TLS");
    options.addressing = S3HLS_ADDRESSING_VIRTUAL;
    s3hls_s3 *s3 = open_with(&options, NULL);
    s3hls_s3_error e;
    int rc = put(s3, key_of("vhost"), "v", 1, &e);
    if (rc != S3HLS_OK)
        fail_msg("%s: %s", s3hls_status_name(rc), e.message);
    s3hls_s3_close(&s3);
    s3 = open_with(&lab, NULL);
    assert_int_equal(get(s3, key_of("vhost"), 0, UINT64_MAX)->size, 1);
    s3hls_s3_close(&s3);
}

/* ---- listings */

typedef struct listing {
    int count, in_order, stop_at;
    char last[1100];
    uint64_t bytes;
} listing;

static int note(void *ctx, const s3hls_s3_object *object) {
    listing *l = ctx;
    l->in_order += strcmp(l->last, object->key) < 0;
    snprintf(l->last, sizeof l->last, "%s", object->key);
    l->bytes += object->size;
    return ++l->count == l->stop_at;
}

static void a_listing_of_more_than_one_page_is_whole(void **state) {
    (void)state;
    s3hls_s3 *s3 = open_with(&lab, NULL);
    char name[32];
    for (int i = 0; i < 1100; i++) { /* a page holds 1,000 */
        snprintf(name, sizeof name, "many/%04d", i);
        assert_int_equal(put(s3, key_of(name), "xy", 2, NULL), S3HLS_OK);
    }
    listing l = {0};
    assert_int_equal(s3hls_s3_list(s3, key_of("many/"), NULL, note, &l, NULL), S3HLS_OK);
    assert_int_equal(l.count, 1100);
    assert_int_equal(l.in_order, 1100);
    assert_int_equal(l.bytes, 2200);
    char after[1100];
    snprintf(after, sizeof after, "%s", key_of("many/0049"));
    l = (listing){0};
    assert_int_equal(s3hls_s3_list(s3, key_of("many/"), after, note, &l, NULL), S3HLS_OK);
    assert_int_equal(l.count, 1050);
    l = (listing){.stop_at = 5};
    assert_int_equal(s3hls_s3_list(s3, key_of("many/"), NULL, note, &l, NULL), S3HLS_E_CANCELLED);
    assert_int_equal(l.count, 5);
    l = (listing){0};
    assert_int_equal(s3hls_s3_list(s3, key_of("none/"), NULL, note, &l, NULL), S3HLS_OK);
    assert_int_equal(l.count, 0);
    s3hls_s3_close(&s3);
}

static void odd_keys_survive(void **state) {
    (void)state;
    static const char *const names[] = {
        "a b",    "a+b",   "a=b&c=d", "caf\xc3\xa9", "$,;:@!*'()",          "~-_.", "x//y", "100%",
        "%41%2F", "q?x#y", "<\">",    "\\|^`{}[]",   "\xf0\x9f\x8e\xa5.ts", "end/"};
    s3hls_s3 *s3 = open_with(&lab, NULL);
    char longest[1025] = "";
    memset(longest, 'l', 1024 - strlen(key_of("")));
    for (size_t i = 0; i <= sizeof names / sizeof *names; i++) {
        const char *name = i < sizeof names / sizeof *names ? names[i] : longest;
        const char *key = key_of(name);
        s3hls_s3_error e;
        int rc = put(s3, key, name, strlen(name), &e);
        if (rc != S3HLS_OK)
            fail_msg("%s: %s %s", key, s3hls_status_name(rc), e.code);
        bytes *b = get(s3, key, 0, UINT64_MAX);
        assert_int_equal(b->size, strlen(name));
        assert_memory_equal(b->data, name, b->size);
        listing l = {0};
        assert_int_equal(s3hls_s3_list(s3, key, NULL, note, &l, NULL), S3HLS_OK);
        assert_string_equal(l.last, key);
        assert_int_equal(s3hls_s3_remove(s3, key, NULL), S3HLS_OK);
    }
    s3hls_s3_close(&s3);
}

/* ---- presigned addresses, as anyone would use them */

static long fetch(const char *url, const char *upload, bytes *answer) {
    CURL *easy = curl_easy_init();
    long http_status = 0;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_CAINFO, lab.ca_file);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, gather_curl);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
    if (upload) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, upload);
    }
    answer->size = 0;
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &http_status);
    curl_easy_cleanup(easy);
    return http_status;
}

static void presigned_addresses_work_for_anyone(void **state) {
    (void)state;
    s3hls_s3 *s3 = open_with(&lab, NULL);
    static bytes b;
    char *put_url, *get_url;
    assert_int_equal(s3hls_s3_presign(s3, "PUT", key_of("by url+/\xc3\xa9"), 60, &put_url),
                     S3HLS_OK);
    assert_int_equal(s3hls_s3_presign(s3, "GET", key_of("by url+/\xc3\xa9"), 60, &get_url),
                     S3HLS_OK);
    assert_int_equal(fetch(put_url, "uploaded", &b), 200);
    assert_int_equal(fetch(get_url, NULL, &b), 200);
    assert_int_equal(b.size, 8);
    assert_memory_equal(b.data, "uploaded", 8);
    char *digit = strstr(get_url, "X-Amz-Signature=") + strlen("X-Amz-Signature=");
    *digit = *digit == '0' ? '1' : '0';
    assert_int_equal(fetch(get_url, NULL, &b), 403);
    s3hls_free(NULL, put_url);
    s3hls_free(NULL, get_url);
    s3hls_s3_close(&s3);
}

/* ---- what is refused, and how it is told */

static void assert_put_fails(const s3hls_s3_options *options, int status, const char *code) {
    s3hls_s3 *s3 = open_with(options, NULL);
    s3hls_s3_error e;
    int rc = put(s3, key_of("refused"), "x", 1, &e);
    if (rc != status || strcmp(e.code, code) != 0)
        fail_msg("%s %s: %s", s3hls_status_name(rc), e.code, e.message);
    s3hls_s3_close(&s3);
}

static void wrong_keys_are_told(void **state) {
    (void)state;
    s3hls_s3_options options = lab;
    s3hls_credentials keys = {getenv("AWS_ACCESS_KEY_ID"), "wrong", NULL, 0};
    assert_int_equal(s3hls_credentials_open_static(&options.credentials, &keys, NULL), S3HLS_OK);
    assert_put_fails(&options, S3HLS_E_CREDENTIALS, "SignatureDoesNotMatch");
    keys.access_key_id = "AKIANOSUCHKEY";
    assert_int_equal(s3hls_credentials_set(options.credentials, &keys), S3HLS_OK);
    assert_put_fails(&options, S3HLS_E_CREDENTIALS, "InvalidAccessKeyId");
    s3hls_credentials_close(&options.credentials);
}

static void a_missing_bucket_is_told(void **state) {
    (void)state;
    s3hls_s3 *s3;
    s3hls_s3_error e;
    assert_int_equal(s3hls_s3_open(&s3, "no-such-bucket-here", &lab, NULL), S3HLS_OK);
    assert_int_equal(put(s3, "k", "x", 1, &e), S3HLS_E_NO_BUCKET);
    assert_int_equal(s3hls_s3_list(s3, NULL, NULL, note, &(listing){0}, &e), S3HLS_E_NO_BUCKET);
    s3hls_s3_close(&s3);
}

static void an_untrusted_server_gets_nothing(void **state) {
    (void)state;
    s3hls_s3_options options = lab;
    options.ca_file = NULL; /* the system's do not know the lab's */
    assert_put_fails(&options, S3HLS_E_TLS, "");
    char path[] = "/tmp/s3hls-not-a-ca-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "no certificate\n", 15), 15);
    close(fd);
    options.ca_file = path;
    s3hls_s3 *s3;
    assert_int_equal(s3hls_s3_open(&s3, getenv("S3HLS_LAB_BUCKET"), &options, NULL),
                     S3HLS_E_INVALID);
    unlink(path);
    options = lab;
    char other[64]; /* the same server by a name its certificate does not have */
    snprintf(other, sizeof other, "https://other.localhost%s", strrchr(lab.endpoint, ':'));
    options.endpoint = other;
    assert_put_fails(&options, S3HLS_E_TLS, "");
}

static int64_t an_hour_ahead_us(void *ctx) {
    (void)ctx;
    return ((int64_t)time(NULL) + 3600) * 1000000;
}

static int64_t in_1970_us(void *ctx) {
    (void)ctx;
    return 5000000;
}

/* The second one's certificate is not valid yet by its own clock. */
static void a_wrong_clock_is_corrected(void **state) {
    (void)state;
    int64_t (*const clocks[2])(void *ctx) = {an_hour_ahead_us, in_1970_us};
    for (int i = 0; i < 2; i++) {
        s3hls_env env = {.wall_us = clocks[i]};
        s3hls_s3 *s3 = open_with(&lab, &env);
        s3hls_s3_error e;
        assert_int_equal(put(s3, key_of("clock"), "x", 1, &e), S3HLS_OK);
        s3hls_s3_close(&s3);
    }
}

int main(void) {
    bucket = getenv("S3HLS_LAB_BUCKET");
    lab.endpoint = getenv("S3HLS_LAB_ENDPOINT_TLS");
    lab.ca_file = getenv("S3HLS_LAB_CA");
    if (!bucket || !lab.endpoint || !lab.ca_file) {
        printf("SKIPPED: S3HLS_LAB_* name no S3 server; see tests/lab/README.md\n");
        return 77;
    }
    snprintf(run, sizeof run, "s3_rgw-%ld-%ld", (long)getpid(), (long)time(NULL));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_comes_back_whole_and_in_parts),
        cmocka_unit_test(headers_of_the_caller_count),
        cmocka_unit_test(a_signed_body_passes_over_plain_http),
        cmocka_unit_test(the_bucket_may_stand_in_the_host),
        cmocka_unit_test(a_listing_of_more_than_one_page_is_whole),
        cmocka_unit_test(odd_keys_survive),
        cmocka_unit_test(presigned_addresses_work_for_anyone),
        cmocka_unit_test(wrong_keys_are_told),
        cmocka_unit_test(a_missing_bucket_is_told),
        cmocka_unit_test(an_untrusted_server_gets_nothing),
        cmocka_unit_test(a_wrong_clock_is_corrected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
