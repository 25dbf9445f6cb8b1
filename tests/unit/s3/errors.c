/* SPDX-License-Identifier: MIT-0 */
#include "unit.h"

#include "s3/crc32c.h"
#include "s3/errors.h"
#include <curl/curl.h>
#include <stdio.h>

static void answers_become_statuses(void **state) {
    (void)state;
    static const struct {
        long http_status;
        const char *code;
        int status;
        s3hls__action action;
    } cases[] = {
        {200, "", S3HLS_OK, false},
        {204, "", S3HLS_OK, false},
        {206, "", S3HLS_OK, false},
        {301, "PermanentRedirect", S3HLS_E_REGION, S3HLS__FOLLOW},
        {301, "", S3HLS_E_REGION, S3HLS__FOLLOW},
        {307, "TemporaryRedirect", S3HLS_E_REGION, S3HLS__FOLLOW},
        {400, "AuthorizationHeaderMalformed", S3HLS_E_REGION, S3HLS__FOLLOW},
        {400, "ExpiredToken", S3HLS_E_CREDENTIALS, S3HLS__REFRESH},
        {400, "InvalidToken", S3HLS_E_CREDENTIALS, S3HLS__REFRESH},
        {400, "TokenRefreshRequired", S3HLS_E_CREDENTIALS, S3HLS__REFRESH},
        {400, "RequestTimeout", S3HLS_E_NETWORK, S3HLS__RETRY},
        {400, "BadDigest", S3HLS_E_NETWORK, S3HLS__RETRY},
        {400, "IncompleteBody", S3HLS_E_NETWORK, S3HLS__RETRY},
        {400, "EntityTooLarge", S3HLS_E_TOO_LARGE, S3HLS__SET_ASIDE},
        {400, "InvalidArgument", S3HLS_E_INVALID, S3HLS__SET_ASIDE},
        {403, "", S3HLS_E_ACCESS, S3HLS__HOLD},
        {403, "AccessDenied", S3HLS_E_ACCESS, S3HLS__HOLD},
        {403, "SomethingNew", S3HLS_E_ACCESS, S3HLS__HOLD},
        {403, "SignatureDoesNotMatch", S3HLS_E_CREDENTIALS, S3HLS__REFRESH},
        {403, "InvalidAccessKeyId", S3HLS_E_CREDENTIALS, S3HLS__REFRESH},
        {403, "RequestTimeTooSkewed", S3HLS_E_CLOCK, S3HLS__CORRECT_CLOCK},
        {404, "", S3HLS_E_NOT_FOUND, S3HLS__HOLD},
        {404, "NoSuchKey", S3HLS_E_NOT_FOUND, S3HLS__HOLD},
        {404, "NoSuchBucket", S3HLS_E_NO_BUCKET, S3HLS__HOLD},
        {408, "", S3HLS_E_NETWORK, S3HLS__RETRY},
        {409, "ConditionalRequestConflict", S3HLS_E_THROTTLED, S3HLS__RETRY},
        {409, "OperationAborted", S3HLS_E_THROTTLED, S3HLS__RETRY},
        {412, "PreconditionFailed", S3HLS_E_EXISTS, S3HLS__COMPARE},
        {412, "", S3HLS_E_EXISTS, S3HLS__COMPARE},
        {429, "", S3HLS_E_THROTTLED, S3HLS__RETRY},
        {500, "InternalError", S3HLS_E_SERVER, S3HLS__RETRY},
        {501, "NotImplemented", S3HLS_E_UNSUPPORTED, S3HLS__HOLD},
        {502, "", S3HLS_E_SERVER, S3HLS__RETRY},
        {503, "SlowDown", S3HLS_E_THROTTLED, S3HLS__RETRY},
        {503, "", S3HLS_E_THROTTLED, S3HLS__RETRY},
        {504, "", S3HLS_E_SERVER, S3HLS__RETRY},
        {302, "", S3HLS_E_PROTOCOL, S3HLS__RETRY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s3hls_s3_error e = {.status =
                                s3hls__s3_status_of_answer(cases[i].http_status, cases[i].code)};
        if (e.status != cases[i].status || (e.status && s3hls__s3_action(&e, 0) != cases[i].action))
            fail_msg("%ld %s: %s, action %d", cases[i].http_status, cases[i].code,
                     s3hls_status_name(e.status), s3hls__s3_action(&e, 0));
    }
}

static void a_signature_made_with_a_wrong_date_is_made_anew(void **state) {
    (void)state;
    s3hls_s3_error e = {.status = S3HLS_E_CREDENTIALS, .server_unix_s = 1000000};
    strcpy(e.code, "SignatureDoesNotMatch");
    assert_int_equal(s3hls__s3_action(&e, 1000000 - 299), S3HLS__REFRESH);
    assert_int_equal(s3hls__s3_action(&e, 1000000 - 301), S3HLS__CORRECT_CLOCK);
    assert_int_equal(s3hls__s3_action(&e, 1000000 + 301), S3HLS__CORRECT_CLOCK);
    e.server_unix_s = 0; /* the answer had no date */
    assert_int_equal(s3hls__s3_action(&e, 500), S3HLS__REFRESH);
}

/* Whatever else there may be is kept, and somebody is told. */
static void every_status_has_an_action_and_a_cause(void **state) {
    (void)state;
    for (int status = -200; status < 0; status++) {
        s3hls_s3_error e = {.status = status};
        assert_in_range(s3hls__s3_action(&e, 0), S3HLS__RETRY, S3HLS__HOLD);
        assert_in_range(s3hls__s3_cause(status), 0, S3HLS_CAUSE_COUNT - 1);
    }
    s3hls_s3_error unknown = {.status = -200};
    assert_int_equal(s3hls__s3_action(&unknown, 0), S3HLS__HOLD);
}

static void broken_transfers_become_statuses(void **state) {
    (void)state;
    static const struct {
        CURLcode code;
        int status;
        s3hls__action action;
    } cases[] = {
        {CURLE_COULDNT_RESOLVE_HOST, S3HLS_E_RESOLVE, S3HLS__RETRY},
        {CURLE_COULDNT_RESOLVE_PROXY, S3HLS_E_RESOLVE, S3HLS__RETRY},
        {CURLE_COULDNT_CONNECT, S3HLS_E_CONNECT, S3HLS__RETRY},
        {CURLE_SSL_CONNECT_ERROR, S3HLS_E_TLS, S3HLS__RETRY},
        {CURLE_PEER_FAILED_VERIFICATION, S3HLS_E_TLS, S3HLS__HOLD},
        {CURLE_SSL_CACERT_BADFILE, S3HLS_E_TLS, S3HLS__HOLD},
        {CURLE_SSL_CIPHER, S3HLS_E_TLS, S3HLS__HOLD},
        {CURLE_OPERATION_TIMEDOUT, S3HLS_E_NETWORK, S3HLS__RETRY},
        {CURLE_SEND_ERROR, S3HLS_E_NETWORK, S3HLS__RETRY},
        {CURLE_RECV_ERROR, S3HLS_E_NETWORK, S3HLS__RETRY},
        {CURLE_GOT_NOTHING, S3HLS_E_NETWORK, S3HLS__RETRY},
        {CURLE_PARTIAL_FILE, S3HLS_E_NETWORK, S3HLS__RETRY},
        {CURLE_SEND_FAIL_REWIND, S3HLS_E_NETWORK, S3HLS__RETRY},
        {CURLE_OUT_OF_MEMORY, S3HLS_E_NOMEM, S3HLS__RETRY},
        {CURLE_WEIRD_SERVER_REPLY, S3HLS_E_PROTOCOL, S3HLS__RETRY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s3hls_s3_error e = {.status = s3hls__s3_status_of_transfer(cases[i].code),
                            .curl_code = cases[i].code};
        if (e.status != cases[i].status || s3hls__s3_action(&e, 0) != cases[i].action)
            fail_msg("%s: %s, action %d", curl_easy_strerror(cases[i].code),
                     s3hls_status_name(e.status), s3hls__s3_action(&e, 0));
    }
}

static s3hls_s3_error scan(const char *body) {
    s3hls_s3_error e;
    memset(&e, 0, sizeof e);
    size_t size = strlen(body);
    char *fenced = malloc(size ? size : 1); /* without a NUL: reading on is seen by a sanitizer */
    memcpy(fenced, body, size);
    s3hls__s3_error_scan(&e, fenced, size);
    free(fenced);
    return e;
}

static void error_bodies_are_scanned(void **state) {
    (void)state;
    s3hls_s3_error e = scan("<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code>"
                            "<Message>No\nway</Message><RequestId>R1</RequestId></Error>");
    assert_string_equal(e.code, "AccessDenied");
    assert_string_equal(e.message, "No way"); /* goes into one line of a log */
    assert_string_equal(e.request_id, "R1");
    e = scan("<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message>"
             "<Region>eu-west-1</Region></Error>");
    assert_string_equal(e.message, "wrong; the bucket's region is eu-west-1");
    e = scan("<Error><Message>expecting 'eu-west-1'</Message><Region>eu-west-1</Region></Error>");
    assert_string_equal(e.message, "expecting 'eu-west-1'");
    e = scan("<Error><Message>No: PUT /k\nAuthorization: AWS4-HMAC-SHA256 "
             "Credential=A</Message></Error>");
    assert_string_equal(e.message, "No: PUT /k ");
    e = scan("<Error><Message>X-Amz-Security-Token t, Signature=0</Message></Error>");
    assert_string_equal(e.message, "");
    static const char *const broken[] = {"",
                                         "<",
                                         "<Code",
                                         "<Code>",
                                         "<Code>Abc",
                                         "<Code></Code>",
                                         "<html>busy</html>",
                                         "<Codes>x</Codes>"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        e = scan(broken[i]);
        assert_string_equal(e.code, "");
        assert_string_equal(e.message, "");
    }
}

static void what_is_refused_is_named_by_its_option(void **state) {
    (void)state;
    static const struct {
        const char *code, *message;
        bool checksum;
        const char *option;
    } cases[] = {
        {"InvalidArgument",
         "Unsupported header 'x-amz-checksum-crc32c' received for this API call.", true,
         "--checksum none"},
        {"NotImplemented", "A header you provided implies functionality that is not implemented",
         true, "--checksum none"},
        {"NotImplemented", "A header you provided implies functionality that is not implemented",
         false, NULL},
        {"NotImplemented", "Header 'x-amz-tagging' is not implemented", true, "--tag"},
        {"InvalidRequest", "unsigned payload not allowed", true, "--checksum none"},
        {"InvalidStorageClass", "The storage class you specified is not valid", true,
         "--storage-class"},
        {"MalformedXML", "no", true, NULL},
        {"InvalidArgument", "", true, "--checksum none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s3hls_s3_error e = {0};
        strcpy(e.code, cases[i].code);
        strcpy(e.message, cases[i].message);
        s3hls__s3_error_name_option(&e, cases[i].checksum);
        if (cases[i].option ? !strstr(e.message, cases[i].option)
                            : strcmp(e.message, cases[i].message) != 0)
            fail_msg("%zu: %s", i, e.message);
        assert_ptr_equal(strstr(e.message, cases[i].message), e.message);
    }
    s3hls_s3_error e = {0};
    for (int i = 0; i < 126; i++)
        strcat(e.message, "\xc3\xa9");
    strcpy(e.code, "InvalidArgument");
    s3hls__s3_error_name_option(&e, true);
    assert_non_null(strstr(e.message, "\xc3\xa9; it may be x-amz-checksum-crc32c"));
    assert_non_null(strstr(e.message, "doctor tries each header"));
}

static void long_texts_are_cut_between_characters(void **state) {
    (void)state;
    char body[700] = "<Code>";
    memset(body + 6, 'C', 500);
    strcat(body, "</Code>");
    s3hls_s3_error e = scan(body);
    assert_int_equal(strlen(e.code), sizeof e.code - 1);
    strcpy(body, "<Message>x");
    for (int i = 0; i < 200; i++)
        strcat(body, "\xc3\xa9");
    strcat(body, "</Message>");
    e = scan(body);
    assert_int_equal(strlen(e.message), sizeof e.message - 1); /* "x" and 127 pairs: whole */
    strcpy(body, "<Message>");
    for (int i = 0; i < 200; i++)
        strcat(body, "\xc3\xa9");
    strcat(body, "</Message>");
    e = scan(body);
    assert_int_equal(strlen(e.message), sizeof e.message - 2);
}

static void crc32c_gives_the_known_answers(void **state) {
    (void)state;
    s3hls__crc32c_table table;
    s3hls__crc32c_init(&table);
    uint8_t data[64];
    const uint8_t *digits = (const uint8_t *)"123456789";
    assert_int_equal(s3hls__crc32c(&table, 0, digits, 9), 0xe3069283);
    assert_int_equal(s3hls__crc32c(&table, 0, NULL, 0), 0);
    /* RFC 3720 B.4 */
    memset(data, 0, 32);
    assert_int_equal(s3hls__crc32c(&table, 0, data, 32), 0x8a9136aa);
    memset(data, 0xff, 32);
    assert_int_equal(s3hls__crc32c(&table, 0, data, 32), 0x62a8ab43);
    for (uint8_t i = 0; i < 32; i++)
        data[i] = i;
    assert_int_equal(s3hls__crc32c(&table, 0, data, 32), 0x46dd794e);
    for (uint8_t i = 0; i < 32; i++)
        data[i] = 31 - i;
    assert_int_equal(s3hls__crc32c(&table, 0, data, 32), 0x113fdb5c);
    for (size_t cut = 0; cut <= 32; cut++) { /* in two pieces, at any alignment */
        uint32_t crc = s3hls__crc32c(&table, 0, data, cut);
        assert_int_equal(s3hls__crc32c(&table, crc, data + cut, 32 - cut), 0x113fdb5c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_become_statuses),
        cmocka_unit_test(a_signature_made_with_a_wrong_date_is_made_anew),
        cmocka_unit_test(every_status_has_an_action_and_a_cause),
        cmocka_unit_test(broken_transfers_become_statuses),
        cmocka_unit_test(error_bodies_are_scanned),
        cmocka_unit_test(what_is_refused_is_named_by_its_option),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(crc32c_gives_the_known_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
