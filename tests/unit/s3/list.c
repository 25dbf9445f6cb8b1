/* SPDX-License-Identifier: MIT-0 */
#include "unit.h"

#include "s3/list.h"
#include <stdio.h>

typedef struct listing {
    int count, stop_after;
    char keys[4][64];
    s3hls_s3_object last;
    char etag[64];
} listing;

static int note(void *ctx, const s3hls_s3_object *object) {
    listing *l = ctx;
    assert_non_null(object->key);
    if (l->count < 4)
        snprintf(l->keys[l->count], sizeof l->keys[0], "%s", object->key);
    l->last = *object;
    snprintf(l->etag, sizeof l->etag, "%s", object->etag);
    return ++l->count == l->stop_after;
}

static char token[S3HLS__LIST_TOKEN_BYTES];
static bool more;

static int read_prefixed(listing *l, const char *xml, size_t size, size_t prefix_size) {
    memset(l->keys, 0, sizeof l->keys);
    l->count = 0;
    s3hls__op op = {.request = {.on_object = note, .sink_ctx = l},
                    .transport.prefix_size = prefix_size};
    char *fenced = malloc(size ? size : 1);
    memcpy(fenced, xml, size);
    strcpy(token, "left over");
    int rc = s3hls__s3_list_page(&op, fenced, size, token, &more);
    free(fenced);
    return rc;
}

static int read_page(listing *l, const char *xml) {
    return read_prefixed(l, xml, strlen(xml), 0);
}

#define OPEN                                                                                       \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>"
#define CLOSE       "</ListBucketResult>"
#define URL_ENCODED "<EncodingType>url</EncodingType>"

static const char full_page[] =
    OPEN "<Prefix>a</Prefix><KeyCount>2</KeyCount>" URL_ENCODED
         "<IsTruncated>true</IsTruncated><NextContinuationToken>1ueGcx&amp;=/+"
         "</NextContinuationToken><Contents><Key>a/1+%2B%C3%A9%25.ts</Key>"
         "<LastModified>2009-10-12T17:50:30.000Z</LastModified>"
         "<ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag>"
         "<Size>18446744073709551615</Size><StorageClass>STANDARD</StorageClass>"
         "<Owner><ID>x</ID><Key>not this one</Key></Owner></Contents>"
         "<Contents><Key>b</Key><Size>0</Size></Contents>" CLOSE;

static void folders_are_told_by_their_names(void **state) {
    (void)state;
    listing l = {0};
    static const char page[] =
        OPEN "<Prefix>a/</Prefix><Delimiter>/</Delimiter>" URL_ENCODED
             "<Contents><Key>a/x</Key><Size>5</Size></Contents>"
             "<CommonPrefixes><Prefix>a/2025/</Prefix></CommonPrefixes>"
             "<CommonPrefixes><Prefix>a/caf%C3%A9/</Prefix></CommonPrefixes>" CLOSE;
    assert_int_equal(read_prefixed(&l, page, sizeof page - 1, 2), S3HLS_OK);
    assert_int_equal(l.count, 3);
    assert_string_equal(l.keys[0], "x");
    assert_string_equal(l.keys[1], "2025/");
    assert_string_equal(l.keys[2], "caf\xc3\xa9/");
}

static void a_page_is_read(void **state) {
    (void)state;
    listing l = {.stop_after = 1};
    assert_int_equal(read_page(&l, full_page), S3HLS_E_CANCELLED);
    assert_int_equal(l.count, 1);
    assert_int_equal(l.last.modified_unix_s, 1255369830);
    assert_true(l.last.size == UINT64_MAX);
    assert_string_equal(l.etag, "fba9dede5f27731c9771645a39863328");
    l.stop_after = 0;
    assert_int_equal(read_page(&l, full_page), S3HLS_OK);
    assert_int_equal(l.count, 2);
    assert_string_equal(l.keys[0], "a/1 +\xc3\xa9%.ts");
    assert_string_equal(l.keys[1], "b");
    assert_int_equal(l.last.modified_unix_s, 0); /* nothing of the one before is left */
    assert_string_equal(l.etag, "");
    assert_string_equal(token, "1ueGcx&=/+"); /* the token is not percent-encoded */
}

static void pages_end_and_may_be_empty(void **state) {
    (void)state;
    listing l = {0};
    assert_int_equal(read_page(&l, OPEN "<IsTruncated>false</IsTruncated>" CLOSE), S3HLS_OK);
    assert_int_equal(l.count, 0);
    assert_string_equal(token, "");
    assert_int_equal(read_page(&l, "<ListBucketResult/>"), S3HLS_OK);
    assert_int_equal(read_page(&l, OPEN "<IsTruncated>false</IsTruncated><NextContinuationToken>"
                                        "t</NextContinuationToken>" CLOSE),
                     S3HLS_OK);
    assert_string_equal(token, "");
    assert_false(more);
    assert_int_equal(read_page(&l, OPEN "<IsTruncated>true</IsTruncated>" CLOSE), S3HLS_OK);
    assert_string_equal(token, ""); /* goes on without a token */
    assert_true(more);
}

/* MinIO names the encoding after the keys, some servers encode nothing. */
static void keys_are_decoded_only_where_encoded(void **state) {
    (void)state;
    listing l = {0};
    const char *contents = "<Contents><Key>a%20b+c</Key><Size>1</Size></Contents>";
    char xml[512];
    snprintf(xml, sizeof xml, OPEN "%s" URL_ENCODED CLOSE, contents);
    assert_int_equal(read_page(&l, xml), S3HLS_OK);
    assert_string_equal(l.keys[0], "a b c");
    snprintf(xml, sizeof xml, OPEN "%s" CLOSE, contents);
    assert_int_equal(read_page(&l, xml), S3HLS_OK);
    assert_string_equal(l.keys[0], "a%20b+c");
    assert_int_equal(
        read_page(&l, OPEN "<Contents><Key>&lt;&#233;<![CDATA[&]]></Key></Contents>" CLOSE),
        S3HLS_OK);
    assert_string_equal(l.keys[0], "<\xc3\xa9&");
}

static void the_prefix_is_taken_off(void **state) {
    (void)state;
    listing l = {0};
    const char xml[] = OPEN "<Contents><Key>cam/</Key></Contents>"
                            "<Contents><Key>cam/k</Key></Contents>"
                            "<Contents><Key>x</Key></Contents>" CLOSE;
    assert_int_equal(read_prefixed(&l, xml, sizeof xml - 1, 4), S3HLS_OK);
    assert_int_equal(l.count, 1);
    assert_string_equal(l.keys[0], "k");
}

static void what_is_no_page_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "   ",
        "not XML",
        "<html><body>Sign in to the hotel's network</body></html>",
        "<Error><Code>InternalError</Code></Error>",
        OPEN "<Contents><Key>a</Key></Contents>", /* cut off */
        OPEN CLOSE "<again/>",
        OPEN "<Contents><Key>a</Contents></Key>" CLOSE,
        OPEN "<Contents><Size>1</Size></Contents>" CLOSE, /* no key */
        OPEN "<Contents><Key>a</Key><Size>-1</Size></Contents>" CLOSE,
        OPEN "<Contents><Key>a</Key><Size>1x</Size></Contents>" CLOSE,
        OPEN "<Contents><Key>a</Key><Size>18446744073709551616</Size></Contents>" CLOSE,
        OPEN URL_ENCODED "<Contents><Key>a%2</Key></Contents>" CLOSE,
        OPEN URL_ENCODED "<Contents><Key>a%00b</Key></Contents>" CLOSE,
        OPEN "<Contents><Key>\x80</Key></Contents>" CLOSE,
        "<!DOCTYPE ListBucketResult><ListBucketResult/>",
        ("<!DOCTYPE x [<!ENTITY e \"ee\"><!ENTITY f \"&e;&e;\">]>"
         "<ListBucketResult><Contents><Key>&f;</Key></Contents></ListBucketResult>"),
        "<ListBucketResult><Contents><Key>&e;</Key></Contents></ListBucketResult>",
    };
    listing l = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int rc = read_page(&l, bad[i]);
        if (rc != S3HLS_E_PROTOCOL)
            fail_msg("page %zu: %s", i, s3hls_status_name(rc));
    }
    for (size_t n = 0; n < sizeof full_page - 1; n++)
        assert_int_equal(read_prefixed(&l, full_page, n, 0), S3HLS_E_PROTOCOL);
}

static void endless_texts_are_refused(void **state) {
    (void)state;
    listing l = {0};
    enum { SIZE = 8000 };
    static char xml[SIZE + 200];
    static const char *const tags[] = {"Contents><Key", "NextContinuationToken", "Prefix"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(xml, sizeof xml, OPEN "<%s>", tags[i]);
        size_t n = strlen(xml);
        memset(xml + n, 'k', SIZE);
        strcpy(xml + n + SIZE, i ? "" : "</Key></Contents>" CLOSE);
        assert_int_equal(read_page(&l, xml), S3HLS_E_PROTOCOL);
    }
    snprintf(xml, sizeof xml, OPEN "<NextContinuationToken>");
    size_t n = strlen(xml);
    memset(xml + n, 't', S3HLS__LIST_TOKEN_BYTES);
    strcpy(xml + n + S3HLS__LIST_TOKEN_BYTES,
           "</NextContinuationToken><IsTruncated>true</IsTruncated>" CLOSE);
    assert_int_equal(read_page(&l, xml), S3HLS_E_PROTOCOL); /* one byte more than there is room */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_read),
        cmocka_unit_test(folders_are_told_by_their_names),
        cmocka_unit_test(pages_end_and_may_be_empty),
        cmocka_unit_test(keys_are_decoded_only_where_encoded),
        cmocka_unit_test(the_prefix_is_taken_off),
        cmocka_unit_test(what_is_no_page_is_refused),
        cmocka_unit_test(endless_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
