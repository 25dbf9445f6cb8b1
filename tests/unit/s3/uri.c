/* SPDX-License-Identifier: MIT-0 */
#include "unit.h"

#include "s3/uri.h"

static void check_encoded(const char *text, bool keep_slash, const char *expected) {
    s3hls_env env = s3hls_env_default();
    s3hls__strbuf b;
    char *encoded;
    s3hls__strbuf_init(&b, &env, 4096);
    s3hls__uri_encode(&b, text, strlen(text), keep_slash);
    assert_int_equal(s3hls__strbuf_take(&b, &encoded), S3HLS_OK);
    assert_string_equal(encoded, expected);
    s3hls_free(NULL, encoded);
}

static void encodes_once_all_but_unreserved(void **state) {
    (void)state;
    check_encoded("azAZ09-._~", false, "azAZ09-._~");
    check_encoded("a b+c=d&e", false, "a%20b%2Bc%3Dd%26e");
    check_encoded("caf\xc3\xa9$", false, "caf%C3%A9%24");
    check_encoded("100%25", false, "100%2525");
    check_encoded("a//b/./c", true, "a//b/./c");
    check_encoded("a/b", false, "a%2Fb");
    check_encoded("!'()*,:;@[]", true, "%21%27%28%29%2A%2C%3A%3B%40%5B%5D");
    check_encoded("", true, "");
}

static void check_decoded(const char *text, const char *expected) {
    char s[64];
    strcpy(s, text);
    int n = s3hls__uri_decode(s, strlen(s));
    if (!expected) {
        assert_int_equal(n, S3HLS_E_MALFORMED);
        return;
    }
    assert_int_equal(n, strlen(expected));
    assert_string_equal(s, expected);
}

static void decodes_what_listings_hold(void **state) {
    (void)state;
    check_decoded("a%2Bb+c%20d%25", "a+b c d%");
    check_decoded("caf%c3%A9", "caf\xc3\xa9");
    check_decoded("", "");
    check_decoded("%", NULL);
    check_decoded("a%4", NULL);
    check_decoded("%4g", NULL);
    check_decoded("%+1", NULL);
    check_decoded("a%00b", NULL);
}

static bool key_ok(const char *key) {
    return s3hls__uri_key_ok(key, strlen(key));
}

static void keys_are_utf8_without_controls_or_dot_parts(void **state) {
    (void)state;
    static const char *const good[] = {"a",
                                       "a/b.ts",
                                       "a//b",
                                       "...",
                                       "a/.b/..c/d..",
                                       "a/",
                                       "\xc3\xa9",
                                       "\xe2\x82\xac",
                                       "\xf0\x9f\x8e\xa5",
                                       "\xf4\x8f\xbf\xbf",
                                       "\xed\x9f\xbf",
                                       "a b+c=d%"};
    static const char *const bad[] = {"",
                                      "/a",
                                      ".",
                                      "..",
                                      "./a",
                                      "a/./b",
                                      "a/../b",
                                      "a/..",
                                      "a\nb",
                                      "\x7f",
                                      "\x1f",
                                      "\xc2\x85",         /* C1 control */
                                      "\xc0\xaf",         /* overlong '/' */
                                      "\xe0\x80\xaf",     /* overlong */
                                      "\xf0\x80\x80\x80", /* overlong */
                                      "\xed\xa0\x80",     /* surrogate */
                                      "\xf4\x90\x80\x80", /* beyond U+10FFFF */
                                      "\xf8\x88\x80\x80\x80",
                                      "\x80",
                                      "a\xc3",
                                      "\xe2\x82",
                                      "\xc3(",
                                      "\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!key_ok(good[i]))
            fail_msg("good key %zu refused", i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (key_ok(bad[i]))
            fail_msg("bad key %zu accepted", i);
    char key[1026];
    memset(key, 'k', sizeof key);
    assert_true(s3hls__uri_key_ok(key, 1024));
    assert_false(s3hls__uri_key_ok(key, 1025));
    assert_false(s3hls__uri_key_ok("a\0b", 3));
}

static void buckets_and_regions_are_checked(void **state) {
    (void)state;
    static const char *const good[] = {"abc", "a-b.c9", "0a0"};
    static const char *const bad[] = {"ab",  "",    "Abc",  "a_c", "-ab", "ab-",
                                      ".ab", "ab.", "a..b", "a/b", "a b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(s3hls__uri_bucket_ok(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (s3hls__uri_bucket_ok(bad[i]))
            fail_msg("bucket %s accepted", bad[i]);
    char name[65] = "";
    memset(name, 'b', 63);
    assert_true(s3hls__uri_bucket_ok(name) && s3hls__uri_region_ok(name));
    name[63] = 'b';
    assert_false(s3hls__uri_bucket_ok(name) || s3hls__uri_region_ok(name));
    assert_true(s3hls__uri_region_ok("eu-central-1"));
    assert_false(s3hls__uri_region_ok(""));
    assert_false(s3hls__uri_region_ok("eu.central"));
    assert_false(s3hls__uri_region_ok("eu/1"));
}

static void s3_urls_give_bucket_and_prefix(void **state) {
    (void)state;
    static const struct {
        const char *url, *bucket, *prefix; /* bucket NULL: refused */
    } cases[] = {
        {"s3://bucket", "bucket", ""},
        {"s3://bucket/", "bucket", ""},
        {"s3://bucket/cam-1", "bucket", "cam-1"},
        {"s3://bucket//a/b//", "bucket", "a/b"},
        {"s3://bucket/a b%20", "bucket", "a b%20"},
        {"s3://bucket/..", NULL, NULL},
        {"s3://bucket/a/../b", NULL, NULL},
        {"s3://bucket/a\tb", NULL, NULL},
        {"s3://", NULL, NULL},
        {"s3:///a", NULL, NULL},
        {"S3://bucket", NULL, NULL},
        {"file:///a", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s3hls__s3_location l;
        int rc = s3hls__uri_parse_s3(cases[i].url, &l);
        if (rc != (cases[i].bucket ? S3HLS_OK : S3HLS_E_INVALID))
            fail_msg("%s: %s", cases[i].url, s3hls_status_name(rc));
        if (rc != S3HLS_OK)
            continue;
        assert_string_equal(l.bucket, cases[i].bucket);
        assert_int_equal(l.prefix_size, strlen(cases[i].prefix));
        assert_memory_equal(l.prefix, cases[i].prefix, l.prefix_size);
    }
}

static void faults_are_named(void **state) {
    (void)state;
    static const struct {
        const char *(*fault)(const char *, bool);
        const char *text;
        bool aws;
        const char *says; /* NULL: nothing */
    } cases[] = {
        {s3hls__uri_bucket_fault, "my-bucket", true, NULL},
        {s3hls__uri_bucket_fault, "My_Bucket", false, NULL},
        {s3hls__uri_bucket_fault, "tenant:bucket", false, NULL},
        {s3hls__uri_bucket_fault, "My_Bucket", true, "server of your own"},
        {s3hls__uri_bucket_fault, "ab", true, "3 to 63"},
        {s3hls__uri_bucket_fault, "bucket\n", true, "line end"},
        {s3hls__uri_bucket_fault, "a b", false, "blank"},
        {s3hls__uri_bucket_fault, "..", false, "1 to 63"},
        {s3hls__uri_bucket_fault, "", false, "1 to 63"},
        {s3hls__uri_bucket_fault, "a@b", false, "1 to 63"},
        {s3hls__uri_region_fault, "eu-central-1", true, NULL},
        {s3hls__uri_region_fault, "RegionOne", false, NULL},
        {s3hls__uri_region_fault, "EU-CENTRAL-1", true, "lower case"},
        {s3hls__uri_region_fault, "eu-central-1 ", true, "blank"},
        {s3hls__uri_region_fault, "eu.central", true, "1 to 63"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *fault = cases[i].fault(cases[i].text, cases[i].aws);
        if (!fault != !cases[i].says || (fault && !strstr(fault, cases[i].says)))
            fail_msg("%s: %s", cases[i].text, fault ? fault : "(nothing)");
    }
    static const struct {
        const char *url, *says;
    } endpoints[] = {
        {"https://h:1/p", NULL},
        {"minio:9000", "no scheme"},
        {"ftp://h", "neither"},
        {"https://u:p@h", "names a user"},
        {"https://h/?x=y", "?, # or %"},
        {"https://h\n", "line end"},
        {"https://h:99999", "host or port"},
        {"https://h/a/../b", "path"},
    };
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        const char *fault = s3hls__uri_endpoint_fault(endpoints[i].url);
        if (!fault != !endpoints[i].says || (fault && !strstr(fault, endpoints[i].says)))
            fail_msg("%s: %s", endpoints[i].url, fault ? fault : "(nothing)");
    }
}

static void endpoints_are_read_and_written_one_way(void **state) {
    (void)state;
    static const struct {
        const char *url, *host; /* host NULL: refused */
        bool tls, literal;
    } cases[] = {
        {"https://s3.eu-central-1.amazonaws.com", "s3.eu-central-1.amazonaws.com", true, false},
        {"http://LocalHost:8080/", "localhost:8080", false, false},
        {"https://h:443", "h", true, false},
        {"http://h:443", "h:443", false, false},
        {"http://h:80", "h", false, false},
        {"https://127.0.0.1:9000", "127.0.0.1:9000", true, true},
        {"https://[::1]", "[::1]", true, true},
        {"https://[0:0:0:0:0:0:0:1]:65535/", "[::1]:65535", true, true},
        {"ftp://h", NULL, false, false},
        {"https://", NULL, false, false},
        {"https:///", NULL, false, false},
        {"HTTPS://h/path/", "h", true, false},
        {"https://h/path?q", NULL, false, false},
        {"https://h/pa%20th", NULL, false, false},
        {"https://h/a/../b", NULL, false, false},
        {"https://h?q", NULL, false, false},
        {"https://user@h", NULL, false, false},
        {"https://h:", NULL, false, false},
        {"https://h:0", NULL, false, false},
        {"https://h:65536", NULL, false, false},
        {"https://h:999999999999", NULL, false, false},
        {"https://h:8a", NULL, false, false},
        {"https://a..b", NULL, false, false},
        {"https://h.", NULL, false, false},
        {"https://a b", NULL, false, false},
        {"https://1.2.3", NULL, false, false},
        {"https://256.1.1.1", NULL, false, false},
        {"https://[::1", NULL, false, false},
        {"https://[::1]x", NULL, false, false},
        {"https://[::g]", NULL, false, false},
        {"https://[]", NULL, false, false},
        {"https://::1", NULL, false, false},
        {"h", NULL, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s3hls__endpoint e;
        int rc = s3hls__uri_parse_endpoint(cases[i].url, &e);
        if (rc != (cases[i].host ? S3HLS_OK : S3HLS_E_INVALID))
            fail_msg("%s: %s", cases[i].url, s3hls_status_name(rc));
        if (rc != S3HLS_OK)
            continue;
        assert_string_equal(e.host, cases[i].host);
        assert_int_equal(e.tls, cases[i].tls);
        assert_int_equal(e.literal, cases[i].literal);
    }
}

static void endpoints_may_have_a_path(void **state) {
    (void)state;
    static const struct {
        const char *url, *path;
    } paths[] = {{"https://h", ""},
                 {"https://h///", ""},
                 {"https://h/a", "/a"},
                 {"https://h:1/a/", "/a"},
                 {"https://h/a/b c", "/a/b c"},
                 {"http://[::1]/gateway/s3//", "/gateway/s3"}};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        s3hls__endpoint p;
        assert_int_equal(s3hls__uri_parse_endpoint(paths[i].url, &p), S3HLS_OK);
        assert_string_equal(p.path, paths[i].path);
    }
}

static void long_hosts_are_refused(void **state) {
    (void)state;
    char url[300] = "http://";
    for (int i = 0; i < 27; i++)
        strcat(url, "abcdefghi.");
    strcat(url, "x");
    s3hls__endpoint e;
    assert_int_equal(s3hls__uri_parse_endpoint(url, &e), S3HLS_E_INVALID); /* 271 bytes of host */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_once_all_but_unreserved),
        cmocka_unit_test(decodes_what_listings_hold),
        cmocka_unit_test(keys_are_utf8_without_controls_or_dot_parts),
        cmocka_unit_test(buckets_and_regions_are_checked),
        cmocka_unit_test(s3_urls_give_bucket_and_prefix),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(endpoints_are_read_and_written_one_way),
        cmocka_unit_test(endpoints_may_have_a_path),
        cmocka_unit_test(long_hosts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
