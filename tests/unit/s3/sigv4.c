/* SPDX-License-Identifier: MIT-0 */
#include "unit.h"

#include "vectors.h"
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
static const s3hls_credentials example_keys = {"AKIAIOSFODNN7EXAMPLE",
                                               "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL, 0};

/* ---- Amazon S3 API reference, "Examples: Signature Calculations", and its presigned one */

static void signs_the_examples_of_the_s3_reference(void **state) {
    (void)state;
    static const s3hls_header host[] = {{"Host", "examplebucket.s3.amazonaws.com"}};
    static const s3hls_header range[] = {{"Host", "examplebucket.s3.amazonaws.com"},
                                         {"Range", "bytes=0-9"}};
    static const s3hls_header put[] = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                       {"Host", "examplebucket.s3.amazonaws.com"},
                                       {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
    static const s3hls_query lifecycle[] = {{"lifecycle", NULL}};
    static const s3hls_query list[] = {{"prefix", "J"}, {"max-keys", "2"}};
    static const struct {
        s3hls_sigv4_request request;
        const char *signature;
    } examples[] = {
        {{.method = "GET",
          .path = "/test.txt",
          .headers = range,
          .header_count = 2,
          .payload_hash = EMPTY_SHA256},
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
        {{.method = "PUT",
          .path = "/test$file.text",
          .headers = put,
          .header_count = 3,
          .payload_hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"},
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
        {{.method = "GET",
          .path = "/",
          .query = lifecycle,
          .query_count = 1,
          .headers = host,
          .header_count = 1,
          .payload_hash = EMPTY_SHA256},
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {{.method = "GET",
          .path = "/",
          .query = list,
          .query_count = 2,
          .headers = host,
          .header_count = 1,
          .payload_hash = EMPTY_SHA256},
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };
    s3hls_sigv4_result result;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        s3hls_sigv4_request r = examples[i].request;
        r.region = "us-east-1";
        r.payload_header = 1;
        r.unix_s = WORLD_START_US / 1000000;
        assert_int_equal(s3hls_sigv4_sign(&r, &example_keys, NULL, &result), S3HLS_OK);
        assert_string_equal(result.signature, examples[i].signature);
        assert_string_equal(result.amz_date, "20130524T000000Z");
        s3hls_sigv4_result_deinit(&result, NULL);
    }
}

static void presigns_the_example_of_the_s3_reference(void **state) {
    (void)state;
    static const s3hls_header host[] = {{"Host", "examplebucket.s3.amazonaws.com"}};
    s3hls_sigv4_result result;
    s3hls_sigv4_request r = {.method = "GET",
                             .path = "/test.txt",
                             .headers = host,
                             .header_count = 1,
                             .payload_hash = S3HLS_SIGV4_UNSIGNED_PAYLOAD,
                             .region = "us-east-1",
                             .unix_s = WORLD_START_US / 1000000};
    assert_int_equal(s3hls_sigv4_presign(&r, &example_keys, 86400, NULL, &result), S3HLS_OK);
    assert_string_equal(result.query_string,
                        "X-Amz-Algorithm=AWS4-HMAC-SHA256"
                        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
                        "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
                        "&X-Amz-SignedHeaders=host&X-Amz-Signature="
                        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    assert_null(result.authorization);
    s3hls_sigv4_result_deinit(&result, NULL);
}

/* ---- vectors in files */

static const char *shared_folder(void) {
    const char *shared = getenv("S3HLS_SHARED");
    if (!shared) {
        print_message("SKIPPED: S3HLS_SHARED does not name the folder with sigv4/ vectors\n");
        skip();
    }
    return shared;
}

static void assert_file_says(const char *folder, const char *form, const char *what,
                             const char *text) {
    char name[64];
    snprintf(name, sizeof name, "%s-%s.txt", form, what);
    char *expected = vector_read(folder, name);
    if (strcmp(text, expected) != 0)
        fail_msg("%s/%s\n-- is\n%s\n-- should be\n%s", folder, name, text, expected);
    free(expected);
}

static void check_form(const char *folder, const char *form, const vector *v) {
    bool header = strcmp(form, "header") == 0;
    s3hls_sigv4_request r = v->request;
    s3hls_sigv4_result result;
    if (!header)
        r.payload_header = 0; /* the suite's query form keeps the payload's hash to itself */
    assert_int_equal(header ? s3hls_sigv4_sign(&r, &v->keys, NULL, &result)
                            : s3hls_sigv4_presign(&r, &v->keys, v->expires_s, NULL, &result),
                     S3HLS_OK);
    assert_file_says(folder, form, "canonical-request", result.canonical_request);
    assert_file_says(folder, form, "string-to-sign", result.string_to_sign);
    assert_file_says(folder, form, "signature", result.signature);
    if (header) {
        char *sent = vector_read(folder, "header-signed-request.txt");
        if (!strstr(sent, result.authorization))
            fail_msg("%s: Authorization: %s", folder, result.authorization);
        free(sent);
    }
    s3hls_sigv4_result_deinit(&result, NULL);
}

static bool would_be_normalized(const vector *v) {
    return v->normalize && (strstr(v->request.path, "//") || strstr(v->request.path, "/."));
}

/* Six of the 38 cases do not apply: they have their path normalised, which S3 never does:
 * get-relative-, get-relative-relative-, get-slash-dot-slash-, get-slash-, get-slash-pointless-dot-
 * and get-slashes-normalized. Each has a twin, -unnormalized, that does apply. */
static void signs_the_vectors_of_aws_c_auth(void **state) {
    (void)state;
    char root[400], folder[700];
    snprintf(root, sizeof root, "%s/sigv4/aws-c-auth-v4", shared_folder());
    DIR *dir = opendir(root);
    assert_non_null(dir);
    int signed_count = 0, skipped = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strchr(e->d_name, '-'))
            continue;
        vector v;
        snprintf(folder, sizeof folder, "%s/%s", root, e->d_name);
        vector_open(&v, folder);
        if (would_be_normalized(&v)) {
            skipped++;
        } else {
            check_form(folder, "header", &v);
            check_form(folder, "query", &v);
            signed_count++;
        }
        vector_close(&v);
    }
    closedir(dir);
    assert_int_equal(signed_count, 32);
    assert_int_equal(skipped, 6);
}

static size_t json_headers(json_t *c, s3hls_header headers[VECTOR_HEADERS_MAX]) {
    size_t n = 0;
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(c, "headers"), name, value) {
        if (strcmp(name, "x-amz-date") != 0 && strcmp(name, "x-amz-content-sha256") != 0)
            headers[n++] = (s3hls_header){name, json_string_value(value)};
    }
    return n;
}

static void check_json_example(json_t *c, const s3hls_credentials *keys, int64_t unix_s) {
    s3hls_header headers[VECTOR_HEADERS_MAX];
    s3hls_query query[VECTOR_QUERY_MAX];
    char *text = strdup(json_string_value(json_object_get(c, "query")));
    size_t query_count = vector_split_query(text, query);
    uint32_t expires_s = 0;
    for (size_t i = 0; i < query_count; i++)
        if (strcmp(query[i].name, "X-Amz-Expires") == 0)
            expires_s = (uint32_t)strtoul(query[i].value, NULL, 10);
    s3hls_sigv4_request r = {
        .method = json_string_value(json_object_get(c, "method")),
        .path = json_string_value(json_object_get(c, "path")),
        .query = query,
        .query_count = expires_s ? 0 : query_count, /* a presigned one's are all the signer's */
        .headers = headers,
        .header_count = json_headers(c, headers),
        .payload_hash = json_string_value(json_object_get(c, "payload_hash")),
        .payload_header = expires_s == 0,
        .region = "us-east-1",
        .unix_s = unix_s};
    s3hls_sigv4_result result;
    assert_int_equal(expires_s ? s3hls_sigv4_presign(&r, keys, expires_s, NULL, &result)
                               : s3hls_sigv4_sign(&r, keys, NULL, &result),
                     S3HLS_OK);
    assert_string_equal(result.canonical_request,
                        json_string_value(json_object_get(c, "canonical_request")));
    assert_string_equal(result.string_to_sign,
                        json_string_value(json_object_get(c, "string_to_sign")));
    assert_string_equal(result.signature, json_string_value(json_object_get(c, "published")));
    s3hls_sigv4_result_deinit(&result, NULL);
    free(text);
}

static void signs_the_examples_in_the_shared_file(void **state) {
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s/sigv4/s3-doc-examples.json", shared_folder());
    json_t *root = json_load_file(path, 0, NULL), *c;
    assert_non_null(root);
    s3hls_credentials keys = {json_string_value(json_object_get(root, "access_key")),
                              json_string_value(json_object_get(root, "secret_key")), NULL, 0};
    int64_t unix_s = vector_time(json_string_value(json_object_get(root, "timestamp")));
    size_t i, checked = 0;
    json_array_foreach(json_object_get(root, "cases"), i, c) {
        if (json_object_get(c, "previous")) /* a chunk of aws-chunked: not written here */
            continue;
        check_json_example(c, &keys, unix_s);
        checked++;
    }
    assert_int_equal(checked, 6);
    json_decref(root);
}

/* ---- edges */

static const s3hls_header one_host[] = {{"host", "h"}};

static s3hls_sigv4_request plain_request(void) {
    return (s3hls_sigv4_request){.method = "GET",
                                 .path = "/k",
                                 .headers = one_host,
                                 .header_count = 1,
                                 .payload_hash = EMPTY_SHA256,
                                 .payload_header = 1,
                                 .region = "us-east-1"};
}

static void paths_and_queries_are_encoded_once(void **state) {
    (void)state;
    static const s3hls_query query[] = {{"b", "x y"}, {"a-", "1"}, {"a", "+=/~"}, {"a", "&"}};
    s3hls_sigv4_request r = plain_request();
    r.path = "/a b//c%20/\xc3\xa9$~+=";
    r.query = query;
    r.query_count = 4;
    s3hls_sigv4_result result;
    assert_int_equal(s3hls_sigv4_sign(&r, &example_keys, NULL, &result), S3HLS_OK);
    assert_string_equal(result.encoded_path, "/a%20b//c%2520/%C3%A9%24~%2B%3D");
    /* by name first: "a" before "a-", though '-' is below '='; then by encoded value */
    assert_string_equal(result.query_string, "a=%26&a=%2B%3D%2F~&a-=1&b=x%20y");
    s3hls_sigv4_result_deinit(&result, NULL);
}

static void a_token_of_4096_bytes_is_signed(void **state) {
    (void)state;
    char token[S3HLS_SESSION_TOKEN_MAX + 2] = "";
    memset(token, '/', S3HLS_SESSION_TOKEN_MAX);
    s3hls_credentials keys = example_keys;
    keys.session_token = token;
    s3hls_sigv4_request r = plain_request();
    s3hls_sigv4_result result;
    assert_int_equal(s3hls_sigv4_sign(&r, &keys, NULL, &result), S3HLS_OK);
    assert_non_null(strstr(result.canonical_request, token));
    assert_non_null(strstr(result.authorization, "x-amz-security-token"));
    s3hls_sigv4_result_deinit(&result, NULL);
    assert_int_equal(s3hls_sigv4_presign(&r, &keys, 1, NULL, &result), S3HLS_OK);
    const char *sent = strstr(result.query_string, "X-Amz-Security-Token=");
    assert_non_null(sent);
    assert_int_equal(strspn(sent + 21, "%2F"), 3 * S3HLS_SESSION_TOKEN_MAX);
    s3hls_sigv4_result_deinit(&result, NULL);
    token[S3HLS_SESSION_TOKEN_MAX] = '/';
    assert_int_equal(s3hls_sigv4_sign(&r, &keys, NULL, &result), S3HLS_E_INVALID);
}

static void dates_are_of_the_calendar(void **state) {
    (void)state;
    static const struct {
        int64_t unix_s;
        const char *date; /* NULL: refused */
    } dates[] = {{0, "19700101T000000Z"},
                 {951782399, "20000228T235959Z"},
                 {951782400, "20000229T000000Z"},
                 {4107542399, "21000228T235959Z"},
                 {4107542400, "21000301T000000Z"},
                 {253402300799, "99991231T235959Z"},
                 {253402300800, NULL},
                 {-1, NULL}};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        s3hls_sigv4_request r = plain_request();
        s3hls_sigv4_result result;
        r.unix_s = dates[i].unix_s;
        int rc = s3hls_sigv4_sign(&r, &example_keys, NULL, &result);
        assert_int_equal(rc, dates[i].date ? S3HLS_OK : S3HLS_E_INVALID);
        if (rc == S3HLS_OK)
            assert_string_equal(result.amz_date, dates[i].date);
        s3hls_sigv4_result_deinit(&result, NULL);
    }
}

static void assert_refused(const s3hls_sigv4_request *r, const s3hls_credentials *keys) {
    s3hls_sigv4_result result;
    memset(&result, 0xaa, sizeof result);
    assert_int_equal(s3hls_sigv4_sign(r, keys, NULL, &result), S3HLS_E_INVALID);
    assert_null(result.canonical_request);
    assert_int_equal(s3hls_sigv4_presign(r, keys, 60, NULL, &result), S3HLS_E_INVALID);
    assert_null(result.query_string);
}

static void what_is_missing_or_could_break_a_line_is_refused(void **state) {
    (void)state;
    const s3hls_sigv4_request good = plain_request();
    s3hls_sigv4_request r;
#define REFUSED(field, value) (r = good, r.field = (value), assert_refused(&r, &example_keys))
    REFUSED(method, NULL);
    REFUSED(method, "GET\n");
    REFUSED(path, NULL);
    REFUSED(path, "k");
    REFUSED(path, "/a\r\nb");
    REFUSED(payload_hash, NULL);
    REFUSED(payload_hash, "x\ny");
    REFUSED(region, NULL);
    REFUSED(region, "a\nb");
    REFUSED(service, "a\nb");
    REFUSED(header_count, 0); /* no host */
#undef REFUSED
    static const s3hls_header bad[][2] = {
        {{"host", "h"}, {NULL, "v"}},  {{"host", "h"}, {"a", NULL}},
        {{"host", "h"}, {"", "v"}},    {{"host", "h"}, {"a:b", "v"}},
        {{"host", "h"}, {"a b", "v"}}, {{"host", "h"}, {"a", "v\r\nx: y"}}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        r = good;
        r.headers = bad[i];
        r.header_count = 2;
        assert_refused(&r, &example_keys);
    }
    static const s3hls_query nameless[] = {{NULL, "v"}};
    r = good;
    r.query = nameless;
    r.query_count = 1;
    assert_refused(&r, &example_keys);
    assert_refused(&good, NULL);
    assert_refused(&good, &(s3hls_credentials){NULL, "s", NULL, 0});
    assert_refused(&good, &(s3hls_credentials){"a", NULL, NULL, 0});
    assert_refused(&good, &(s3hls_credentials){"a\n", "s", NULL, 0});
    assert_refused(&good, &(s3hls_credentials){"a", "s", "t\n", 0});
    s3hls_sigv4_result result;
    assert_int_equal(s3hls_sigv4_presign(&good, &example_keys, 0, NULL, &result), S3HLS_E_INVALID);
    assert_int_equal(
        s3hls_sigv4_presign(&good, &example_keys, S3HLS_PRESIGN_MAX_S + 1, NULL, &result),
        S3HLS_E_INVALID);
    assert_int_equal(s3hls_sigv4_presign(&good, &example_keys, S3HLS_PRESIGN_MAX_S, NULL, &result),
                     S3HLS_OK);
    s3hls_sigv4_result_deinit(&result, NULL);
}

static void running_out_of_memory_leaves_nothing(void **state) {
    (void)state;
    char token[3001] = "";
    memset(token, 't', 3000);
    s3hls_credentials keys = example_keys;
    keys.session_token = token;
    static const s3hls_query query[] = {{"prefix", "a"}, {"list-type", "2"}};
    s3hls_sigv4_request r = plain_request();
    r.query = query;
    r.query_count = 2;
    for (int form = 0; form < 2; form++) {
        int rc = S3HLS_E_NOMEM, n = 0;
        for (; rc == S3HLS_E_NOMEM && n < 500; n++) {
            world w;
            world_init(&w);
            w.until_failure = n;
            s3hls_env env = world_env(&w);
            s3hls_sigv4_result result;
            rc = form ? s3hls_sigv4_presign(&r, &keys, 60, &env, &result)
                      : s3hls_sigv4_sign(&r, &keys, &env, &result);
            if (rc != S3HLS_OK)
                assert_null(result.canonical_request);
            s3hls_sigv4_result_deinit(&result, &env);
            assert_int_equal(w.out, 0);
        }
        assert_int_equal(rc, S3HLS_OK);
        assert_true(n > 5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_the_examples_of_the_s3_reference),
        cmocka_unit_test(presigns_the_example_of_the_s3_reference),
        cmocka_unit_test(signs_the_vectors_of_aws_c_auth),
        cmocka_unit_test(signs_the_examples_in_the_shared_file),
        cmocka_unit_test(paths_and_queries_are_encoded_once),
        cmocka_unit_test(a_token_of_4096_bytes_is_signed),
        cmocka_unit_test(dates_are_of_the_calendar),
        cmocka_unit_test(what_is_missing_or_could_break_a_line_is_refused),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
