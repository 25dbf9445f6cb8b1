/* SPDX-License-Identifier: MIT-0 */
#include "unit.h"

#include "canned_server.h"
#include "s3/client.h"
#include "s3/list.h"
#include "s3/object.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ID     "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define TOKEN  "SESSION/TOKEN+OF=TEST"
#define OK_200 "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 0\r\n\r\n"

#define ERROR_BODY(code)            "<Error><Code>" code "</Code><Message>Said so</Message></Error>"
#define ANSWER(line, headers, body) "HTTP/1.1 " line "\r\nConnection: close\r\n" headers "\r\n" body

/* A server, a client on it, and what a call gathered. */
typedef struct bench {
    canned_server server;
    world world;
    s3hls_env env;
    s3hls_s3_options options;
    s3hls_s3 *s3;
    s3hls_s3_error error;
    char data[64]; /* what on_data was given */
    size_t data_size;
    int objects; /* what on_object was called for */
} bench;

static void open_client(bench *b) {
    assert_int_equal(s3hls_s3_open(&b->s3, "bucket", &b->options, &b->env), S3HLS_OK);
}

static void open_bench(bench *b, const canned *script, size_t count) {
    memset(b, 0, sizeof *b);
    canned_start(&b->server, script, count);
    world_init(&b->world);
    b->env = world_env(&b->world);
    b->options.endpoint = b->server.endpoint;
    assert_int_equal(s3hls_credentials_open_static(&b->options.credentials,
                                                   &(s3hls_credentials){ID, SECRET, TOKEN, 0},
                                                   &b->env),
                     S3HLS_OK);
    open_client(b);
}

static void close_bench(bench *b) {
    s3hls_s3_close(&b->s3);
    s3hls_credentials_close(&b->options.credentials);
    canned_stop(&b->server);
    assert_int_equal(b->world.out, 0);
    assert_null(strstr(b->world.log, SECRET));
    assert_null(strstr(b->world.log, TOKEN));
    assert_null(strstr(b->world.log, "Signature"));
}

#define BENCH(b, ...)                                                                              \
    bench *b = calloc(1, sizeof *b);                                                               \
    const canned b##_script[] = {__VA_ARGS__};                                                     \
    open_bench(b, b##_script, sizeof b##_script / sizeof *b##_script)
#define END(b) (close_bench(b), free(b))

static int put(bench *b, const char *key, const char *body) {
    s3hls_span span = {(const uint8_t *)body, strlen(body)};
    return s3hls_s3_put(b->s3, key, &span, 1, NULL, &b->error);
}

static int gather(void *ctx, const uint8_t *data, size_t size) {
    bench *b = ctx;
    assert_true(b->data_size + size < sizeof b->data);
    memcpy(b->data + b->data_size, data, size);
    b->data_size += size;
    return 0;
}

static int get(bench *b, const char *key, uint64_t first, uint64_t last) {
    memset(b->data, 0, sizeof b->data);
    b->data_size = 0;
    return s3hls_s3_get(b->s3, key, first, last, gather, b, &b->error);
}

static void assert_header(const canned_request *r, const char *name, const char *value) {
    const char *is = canned_header(r, name);
    if (!is != !value || (is && value && strcmp(is, value) != 0))
        fail_msg("%s: %s", name, is ? is : "(none)");
}

static void assert_line(const canned_request *r, const char *line) {
    size_t n = strlen(line);
    if (strncmp(r->head, line, n) != 0 || r->head[n] != '\r')
        fail_msg("%.200s", r->head);
}

/* ---- what is said */

/* The signature the server would work out of what it was sent. */
static void assert_signed(const canned_request *r, const char *method, const char *path,
                          const char *const *names, size_t count) {
    s3hls_header headers[8];
    char values[8][256];
    for (size_t i = 0; i < count; i++) {
        snprintf(values[i], sizeof values[i], "%s", canned_header(r, names[i]));
        headers[i] = (s3hls_header){names[i], values[i]};
    }
    char hash[80];
    snprintf(hash, sizeof hash, "%s", canned_header(r, "x-amz-content-sha256"));
    s3hls_sigv4_request again = {.method = method,
                                 .path = path,
                                 .headers = headers,
                                 .header_count = count,
                                 .payload_hash = hash,
                                 .payload_header = 1,
                                 .region = "us-east-1",
                                 .unix_s = WORLD_START_US / 1000000};
    s3hls_sigv4_result result;
    assert_int_equal(
        s3hls_sigv4_sign(&again, &(s3hls_credentials){ID, SECRET, TOKEN, 0}, NULL, &result),
        S3HLS_OK);
    assert_header(r, "authorization", result.authorization);
    s3hls_sigv4_result_deinit(&result, NULL);
}

static void a_put_is_signed_whole_and_sent_exactly(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200});
    const s3hls_span spans[] = {
        {(const uint8_t *)"12345", 5}, {NULL, 0}, {(const uint8_t *)"6789", 4}};
    const s3hls_header more[] = {{"X-Amz-Tagging", "a=b"}, {"x-empty", ""}};
    const s3hls_s3_put_options options = {"video/mp2t", more, 2};
    assert_int_equal(s3hls_s3_put(b->s3, "cam 1/\xc3\xa9$.ts", spans, 3, &options, &b->error),
                     S3HLS_OK);
    const canned_request *r = &b->server.requests[0];
    assert_line(r, "PUT /bucket/cam%201/%C3%A9%24.ts HTTP/1.1");
    assert_header(r, "host", b->server.endpoint + 7);
    assert_header(r, "content-length", "9");
    assert_header(r, "content-type", "video/mp2t");
    assert_header(r, "x-amz-tagging", "a=b");
    assert_header(r, "x-empty", "");
    assert_header(r, "x-amz-date", "20130524T000000Z");
    assert_header(r, "x-amz-security-token", TOKEN);
    assert_header(r, "x-amz-content-sha256", /* of "123456789": over http the body is signed */
                  "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
    assert_header(r, "x-amz-checksum-crc32c", NULL);
    assert_header(r, "expect", NULL);
    assert_header(r, "transfer-encoding", NULL);
    assert_header(r, "user-agent", "s3hls/0.1.0");
    assert_int_equal(r->body_size, 9);
    assert_memory_equal(r->body, "123456789", 9);
    static const char *const names[] = {"content-type", "host", "x-amz-tagging", "x-empty"};
    assert_signed(r, "PUT", "/bucket/cam 1/\xc3\xa9$.ts", names, 4);
    assert_non_null(strstr(b->world.log, "PUT cam 1/\xc3\xa9$.ts"));
    END(b);
}

static void an_unsigned_put_carries_a_checksum(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200});
    s3hls_s3_close(&b->s3);
    b->options.payload = S3HLS_PAYLOAD_UNSIGNED;
    open_client(b);
    assert_int_equal(put(b, "k", "123456789"), S3HLS_OK);
    const canned_request *r = b->server.requests;
    assert_header(&r[0], "x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    assert_header(&r[0], "x-amz-checksum-crc32c", "4waSgw=="); /* E3069283 */
    assert_header(&r[0], "content-type", "application/octet-stream");
    static const char *const names[] = {"content-type", "host", "x-amz-checksum-crc32c"};
    assert_signed(&r[0], "PUT", "/bucket/k", names, 3);
    s3hls_s3_close(&b->s3);
    b->options.checksum = S3HLS_CHECKSUM_NONE;
    b->options.user_agent = "camera/1";
    open_client(b);
    assert_int_equal(put(b, "k", ""), S3HLS_OK);
    assert_header(&r[1], "x-amz-checksum-crc32c", NULL);
    assert_header(&r[1], "content-length", "0");
    assert_header(&r[1], "user-agent", "camera/1");
    END(b);
}

static void a_put_is_protected_without_a_checksum_too(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200});
    const canned_request *r = b->server.requests;
    s3hls_s3_close(&b->s3);
    b->options.payload = S3HLS_PAYLOAD_UNSIGNED;
    b->options.checksum = S3HLS_CHECKSUM_MD5;
    open_client(b);
    assert_int_equal(put(b, "k", "123456789"), S3HLS_OK);
    assert_header(&r[0], "content-md5", "JfnnlDI7RTiF9RgfG2JNCw==");
    assert_header(&r[0], "x-amz-checksum-crc32c", NULL);
    static const char *const names[] = {"content-md5", "content-type", "host"};
    assert_signed(&r[0], "PUT", "/bucket/k", names, 3);
    const s3hls_header own = {"Content-MD5", "JfnnlDI7RTiF9RgfG2JNCw=="};
    const s3hls_s3_put_options options = {NULL, &own, 1};
    const s3hls_span span = {(const uint8_t *)"123456789", 9};
    assert_int_equal(s3hls_s3_put(b->s3, "k", &span, 1, &options, NULL), S3HLS_OK);
    assert_header(&r[1], "content-md5", own.value); /* once: two would not match the signature */
    assert_null(strcasestr(strcasestr(r[1].head, "content-md5:") + 1, "\ncontent-md5:"));
    END(b);
    /* over https: no checksum, so that the payload is signed */
    s3hls_s3_options o = {.endpoint = "https://s3.example", .checksum = S3HLS_CHECKSUM_NONE};
    s3hls_credentials_open_static(&o.credentials, &(s3hls_credentials){ID, SECRET, NULL, 0}, NULL);
    s3hls__s3_client *c;
    assert_int_equal(s3hls__s3_client_open(&c, NULL, "bucket", NULL, &o, NULL), S3HLS_OK);
    assert_true(c->sign_payload && c->checksum == S3HLS_CHECKSUM_NONE);
    s3hls__s3_client_close(&c);
    o.checksum = S3HLS_CHECKSUM_AUTO;
    assert_int_equal(s3hls__s3_client_open(&c, NULL, "bucket", NULL, &o, NULL), S3HLS_OK);
    assert_true(!c->sign_payload && c->checksum == S3HLS_CHECKSUM_CRC32C);
    s3hls__s3_client_close(&c);
    s3hls_credentials_close(&o.credentials);
}

static void a_refused_header_is_named_by_its_option(void **state) {
    (void)state;
    BENCH(b, {.answer = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<Error><Code>"
                        "InvalidArgument</Code><Message>Unsupported header 'x-amz-checksum-crc32c' "
                        "received</Message></Error>",
              .close = true});
    s3hls_s3_close(&b->s3);
    b->options.payload = S3HLS_PAYLOAD_UNSIGNED;
    open_client(b);
    assert_int_equal(put(b, "k", "x"), S3HLS_E_INVALID);
    assert_non_null(strstr(b->error.message, "--checksum none"));
    END(b);
}

static void write_text(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* Keys that were rotated in their file while a client lives: read again when they are refused,
 * whichever of them changed and whatever the server calls it. */
static void keys_that_are_refused_are_read_again(void **state) {
    (void)state;
    static const char old[] = "[default]\naws_access_key_id=OLD\naws_secret_access_key=s\n",
                      other_id[] = "[default]\naws_access_key_id=NEW\naws_secret_access_key=s\n",
                      other_secret[] = "[default]\naws_access_key_id=OLD\n"
                                       "aws_secret_access_key=t\n";
    static const struct {
        const char *code, *rotated;
        int first, requests;
    } cases[] = {
        {"InvalidAccessKeyId", other_id, S3HLS_E_CREDENTIALS, 3},
        {"SignatureDoesNotMatch", other_secret, S3HLS_E_CREDENTIALS, 3},
        {"ExpiredToken", other_id, S3HLS_E_CREDENTIALS, 3},
        {"AccessDenied", other_id, S3HLS_E_ACCESS, 3},
    };
    char path[] = "/tmp/s3hls-keys-XXXXXX";
    close(mkstemp(path));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char refusal[256];
        snprintf(refusal, sizeof refusal, ANSWER("403 Forbidden", "", ERROR_BODY("%s")),
                 cases[i].code);
        BENCH(b, {.answer = refusal, .close = true}, {.answer = refusal, .close = true},
              {.answer = OK_200});
        s3hls_s3_close(&b->s3);
        s3hls_credentials_close(&b->options.credentials);
        write_text(path, old);
        assert_int_equal(
            s3hls_credentials_open_profile(&b->options.credentials, path, "default", &b->env),
            S3HLS_OK);
        open_client(b);
        assert_int_equal(put(b, "k", "x"), cases[i].first); /* the file has the same keys */
        unlink(path);
        write_text(path, cases[i].rotated);
        assert_int_equal(put(b, "k", "x"), S3HLS_OK);
        assert_int_equal(b->server.request_count, cases[i].requests);
        END(b);
    }
    unlink(path);
}

static void one_connection_serves_many_requests(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200}, {.answer = OK_200}, {.answer = "HTTP/1.1 204 No Content\r\n\r\n"});
    assert_int_equal(put(b, "a", "x"), S3HLS_OK);
    assert_int_equal(put(b, "b", "x"), S3HLS_OK);
    assert_int_equal(s3hls_s3_remove(b->s3, "b", NULL), S3HLS_OK);
    assert_line(&b->server.requests[2], "DELETE /bucket/b HTTP/1.1");
    assert_int_equal(b->server.requests[2].connection, 0);
    END(b);
}

static void replaced_keys_are_used_at_once(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200});
    assert_int_equal(put(b, "a", "x"), S3HLS_OK);
    s3hls_credentials_set(b->options.credentials, &(s3hls_credentials){"NEW", "s", NULL, 0});
    assert_int_equal(put(b, "a", "x"), S3HLS_OK);
    assert_non_null(
        strstr(canned_header(&b->server.requests[1], "authorization"), "Credential=NEW/2013"));
    assert_header(&b->server.requests[1], "x-amz-security-token", NULL);
    END(b);
}

static void what_cannot_be_asked_is_not(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200});
    assert_int_equal(put(b, "a/../b", "x"), S3HLS_E_INVALID);
    assert_int_equal(b->error.status, S3HLS_E_INVALID);
    assert_string_not_equal(b->error.message, "");
    assert_int_equal(put(b, "", "x"), S3HLS_E_INVALID);
    assert_int_equal(get(b, "k", 5, 4), S3HLS_E_INVALID);
    static const s3hls_header bad[] = {{"Host", "x"},
                                       {"content-length", "9"},
                                       {"X-Amz-Date", "x"},
                                       {"a", "b\r\nc: d"},
                                       {"a:", ""}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const s3hls_s3_put_options options = {NULL, &bad[i], 1};
        assert_int_equal(s3hls_s3_put(b->s3, "k", NULL, 0, &options, NULL), S3HLS_E_INVALID);
    }
    assert_int_equal(b->server.request_count, 0);
    END(b);
}

/* ---- what is answered */

static void a_get_delivers_the_bytes_asked_for(void **state) {
    (void)state;
    BENCH(b, {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
          {.answer = "HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\nell"},
          {.answer = "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\nlo"},
          {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", .close = true},
          {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", .close = true},
          {.answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 31\r\n\r\n"
                     "<Error><Code>NoSuchKey</Code>.."});
    const canned_request *r = b->server.requests;
    assert_int_equal(get(b, "k", 0, UINT64_MAX), S3HLS_OK);
    assert_string_equal(b->data, "hello");
    assert_header(&r[0], "range", NULL);
    assert_int_equal(get(b, "k", 1, 3), S3HLS_OK);
    assert_string_equal(b->data, "ell");
    assert_header(&r[1], "range", "bytes=1-3");
    assert_int_equal(get(b, "k", 3, UINT64_MAX), S3HLS_OK);
    assert_header(&r[2], "range", "bytes=3-");
    assert_int_equal(get(b, "k", 3, UINT64_MAX), S3HLS_E_PROTOCOL); /* a server without ranges */
    assert_int_equal(b->data_size, 0);
    assert_int_equal(get(b, "k", 0, UINT64_MAX), S3HLS_E_NETWORK); /* cut off */
    assert_int_equal(get(b, "k", 0, UINT64_MAX), S3HLS_E_NOT_FOUND);
    assert_int_equal(b->data_size, 0); /* an error's body is no data */
    END(b);
}

static int refuse(void *ctx, const uint8_t *data, size_t size) {
    (void)ctx;
    (void)data;
    (void)size;
    return 1;
}

static void a_get_ends_when_its_caller_wants(void **state) {
    (void)state;
    BENCH(b, {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"});
    assert_int_equal(s3hls_s3_get(b->s3, "k", 0, UINT64_MAX, refuse, NULL, &b->error),
                     S3HLS_E_CANCELLED);
    END(b);
}

static void a_head_tells_size_and_time(void **state) {
    (void)state;
    BENCH(b,
          {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\nETag: \"abc\"\r\n"
                     "Last-Modified: Fri, 24 May 2013 00:00:01 GMT\r\n\r\n"},
          {.answer = "HTTP/1.1 404 Not Found\r\nx-amz-request-id: R9\r\n\r\n"});
    s3hls_s3_object object;
    assert_int_equal(s3hls_s3_head(b->s3, "k", &object, NULL), S3HLS_OK);
    assert_true(object.size == 5000000000u);
    assert_int_equal(object.modified_unix_s, 1369353601);
    assert_null(object.key);
    assert_int_equal(s3hls_s3_head(b->s3, "k", &object, &b->error), S3HLS_E_NOT_FOUND);
    assert_string_equal(b->error.request_id, "R9");
    END(b);
}

static void errors_are_told_in_full(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        int status;
        const char *code;
    } cases[] = {
        {ANSWER("403 Forbidden", "", ERROR_BODY("AccessDenied")), S3HLS_E_ACCESS, "AccessDenied"},
        {ANSWER("403 Forbidden", "", ERROR_BODY("SignatureDoesNotMatch")), S3HLS_E_CREDENTIALS,
         "SignatureDoesNotMatch"},
        {ANSWER("404 Not Found", "", ERROR_BODY("NoSuchBucket")), S3HLS_E_NO_BUCKET,
         "NoSuchBucket"},
        {ANSWER("503 Slow Down", "", ERROR_BODY("SlowDown")), S3HLS_E_THROTTLED, "SlowDown"},
        {ANSWER("500 Oops", "", "no XML"), S3HLS_E_SERVER, ""},
        {ANSWER("100 Continue", "x: y\r\n", "HTTP/1.1 412 No\r\nConnection: close\r\n\r\n"),
         S3HLS_E_EXISTS, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BENCH(b, {.answer = cases[i].answer, .close = true});
        assert_int_equal(put(b, "k", "x"), cases[i].status);
        assert_int_equal(b->error.status, cases[i].status);
        assert_string_equal(b->error.code, cases[i].code);
        const char *said = *cases[i].code ? "Said so" : s3hls_strerror(cases[i].status);
        assert_memory_equal(b->error.message, said, strlen(said));
        END(b);
    }
    BENCH(b, {.answer = ANSWER("500 Oops",
                               "x-amz-request-id: REQ1\r\nDate: Fri, 24 May 2013 00:00:07 GMT\r\n",
                               ERROR_BODY("InternalError")),
              .close = true});
    assert_int_equal(put(b, "k", "x"), S3HLS_E_SERVER);
    assert_int_equal(b->error.http_status, 500);
    assert_string_equal(b->error.request_id, "REQ1");
    assert_int_equal(b->error.server_unix_s, 1369353607);
    END(b);
}

/* 307: this request goes elsewhere, the next one home again. 301: all go elsewhere. */
static void redirections_are_followed(void **state) {
    (void)state;
    for (int permanent = 0; permanent < 2; permanent++) {
        canned_server *there = calloc(1, sizeof *there);
        char answer[400];
        canned_start(there, &(canned){.answer = OK_200}, 1);
        const char *host = there->endpoint + strlen("http://");
        if (permanent)
            snprintf(answer, sizeof answer,
                     "HTTP/1.1 301 Moved\r\nConnection: close\r\n\r\n<Error><Code>PermanentRedirect"
                     "</Code><Endpoint>%s</Endpoint></Error>",
                     host);
        else
            snprintf(answer, sizeof answer,
                     "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://%s/bucket/k?x=y\r\n"
                     "Content-Length: 0\r\n\r\n",
                     host);
        BENCH(b, {.answer = answer, .close = permanent}, {.answer = OK_200});
        assert_int_equal(put(b, "k", "body"), S3HLS_OK);
        assert_int_equal(there->request_count, 1);
        assert_memory_equal(there->requests[0].body, "body", 4);
        assert_header(&there->requests[0], "host", host);
        assert_int_equal(put(b, "k", "body"), S3HLS_OK);
        assert_int_equal(there->request_count, 1 + permanent);
        assert_int_equal(b->server.request_count, 2 - permanent);
        END(b);
        canned_stop(there);
        free(there);
    }
}

static void nobody_is_sent_from_https_to_http_or_round_in_circles(void **state) {
    (void)state;
    BENCH(b, {.answer = "HTTP/1.1 307 Temporary Redirect\r\nLocation: ftp://elsewhere/\r\n"
                        "Content-Length: 0\r\n\r\n"});
    assert_int_equal(put(b, "k", "x"), S3HLS_E_REGION);
    assert_true(b->server.request_count <= 2);
    END(b);
    BENCH(c, {.answer = ANSWER("301 Moved", "", ERROR_BODY("PermanentRedirect")), .close = true});
    assert_int_equal(put(c, "k", "x"), S3HLS_E_REGION); /* it names no other place */
    assert_int_equal(c->server.request_count, 1);
    END(c);
    s3hls__place place = {.host = "bucket.s3.eu-west-1.amazonaws.com"};
    s3hls__s3_client client = {.bucket = (char *)"bucket"};
    client.home.endpoint.tls = true;
    assert_false(s3hls__s3_place_at(&place, &client, "http://s3.eu-west-3.amazonaws.com/x"));
    assert_false(s3hls__s3_place_at(&place, &client, "https://user@s3.eu-west-3.amazonaws.com/x"));
    assert_false(s3hls__s3_place_at(&place, &client, "bucket.s3.eu-west-1.amazonaws.com"));
    assert_true(s3hls__s3_place_at(&place, &client, "bucket.s3.eu-west-3.amazonaws.com"));
    assert_string_equal(place.host, "bucket.s3.eu-west-3.amazonaws.com");
    assert_true(place.bucket_in_host && place.endpoint.tls);
}

static void another_region_is_signed_for(void **state) {
    (void)state;
    BENCH(b,
          {.answer = ANSWER("400 Bad Request", "",
                            "<Error><Code>AuthorizationHeaderMalformed</Code>"
                            "<Region>eu-west-3</Region></Error>"),
           .close = true},
          {.answer = OK_200});
    assert_int_equal(put(b, "k", "x"), S3HLS_OK);
    assert_non_null(
        strstr(canned_header(&b->server.requests[1], "authorization"), "/eu-west-3/s3/"));
    END(b);
    BENCH(c, {.answer = ANSWER("400 Bad Request", "x-amz-bucket-region: us-east-1\r\n",
                               ERROR_BODY("AuthorizationHeaderMalformed")),
              .close = true});
    assert_int_equal(put(c, "k", "x"), S3HLS_E_REGION); /* that is where we went */
    assert_int_equal(c->server.request_count, 1);
    END(c);
}

static void a_wrong_clock_is_corrected_at_once(void **state) {
    (void)state;
    BENCH(b,
          {.answer = ANSWER("403 Forbidden", "Date: Mon, 25 May 2026 01:02:03 GMT\r\n",
                            ERROR_BODY("RequestTimeTooSkewed")),
           .close = true},
          {.answer = OK_200});
    assert_int_equal(put(b, "k", "x"), S3HLS_OK);
    assert_memory_equal(canned_header(&b->server.requests[1], "x-amz-date"), "20260525T01020", 14);
    b->world.wall_us += 1000000000; /* the system's clock is none of our business any more */
    assert_int_equal(put(b, "k", "x"), S3HLS_OK);
    assert_memory_equal(canned_header(&b->server.requests[2], "x-amz-date"), "20260525T01020", 14);
    END(b);
    BENCH(c, {.answer = ANSWER("403 Forbidden", "", ERROR_BODY("RequestTimeTooSkewed")),
              .close = true});
    assert_int_equal(put(c, "k", "x"), S3HLS_E_CLOCK); /* no date to go by */
    assert_int_equal(c->server.request_count, 1);
    END(c);
}

/* ---- what breaks */

static void broken_connections_are_network_errors(void **state) {
    (void)state;
    BENCH(b, {.close = true}, {.answer = "HTTP/1.1 200 OK\r\nContent-Le", .close = true},
          {.answer = "SSH-2.0-OpenSSH_9.2\r\n", .close = true});
    assert_int_equal(put(b, "k", "x"), S3HLS_E_NETWORK);
    assert_int_equal(b->error.http_status, 0);
    assert_string_not_equal(b->error.message, "");
    assert_int_equal(put(b, "k", "x"), S3HLS_E_NETWORK);
    assert_int_equal(put(b, "k", "x"), S3HLS_E_PROTOCOL);
    END(b);
}

static void a_connection_that_went_stale_is_replaced(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200}, {.close = true}, {.answer = OK_200});
    assert_int_equal(put(b, "k", "first"), S3HLS_OK);
    assert_int_equal(put(b, "k", "second"), S3HLS_OK); /* hung up on, sent again from its start */
    assert_int_equal(b->server.request_count, 3);
    assert_memory_equal(b->server.requests[2].body, "second", 6);
    assert_int_equal(b->server.requests[2].connection, 1);
    END(b);
}

static void an_answer_ahead_of_the_body_counts_unless_it_is_good(void **state) {
    (void)state;
    BENCH(b,
          {.answer = ANSWER("403 Forbidden", "", ERROR_BODY("InvalidAccessKeyId")),
           .before_body = true,
           .close = true},
          {.answer = ANSWER("200 OK", "", ""), .before_body = true, .close = true});
    enum { SIZE = 16 << 20 };
    uint8_t *body = calloc(1, SIZE);
    s3hls_span span = {body, SIZE};
    assert_int_equal(s3hls_s3_put(b->s3, "k", &span, 1, NULL, &b->error), S3HLS_E_CREDENTIALS);
    assert_int_equal(s3hls_s3_put(b->s3, "k", &span, 1, NULL, &b->error), S3HLS_E_NETWORK);
    free(body);
    END(b);
}

/* As a portal does, or a proxy, that answers everything itself: the object is not there. */
static void a_good_answer_without_an_etag_is_not_of_s3(void **state) {
    (void)state;
    static const struct {
        const char *head;
        int rc;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n", S3HLS_E_PROTOCOL},
        {"HTTP/1.1 200 OK\r\n\r\n", S3HLS_E_PROTOCOL},
        {"HTTP/1.1 404 Not Found\r\n\r\n", S3HLS_E_PROTOCOL},
        {"HTTP/1.1 403 Forbidden\r\n\r\n", S3HLS_E_PROTOCOL}, /* keys that may put and no more */
        {"HTTP/1.1 503 Slow Down\r\n\r\n", S3HLS_E_PROTOCOL},
        {NULL, S3HLS_E_NETWORK},
    };
    s3hls_span span = {(const uint8_t *)"abc", 3};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BENCH(
            b,
            {.answer = ANSWER("200 OK", "", "<html>Welcome to our network</html>"), .close = true},
            {.answer = cases[i].head,
             .close = !cases[i].head}, /* or the next PUT may meet the end */
            {.answer = OK_200});
        assert_int_equal(s3hls_s3_put(b->s3, "k", &span, 1, NULL, &b->error), cases[i].rc);
        assert_int_equal(s3hls_s3_put(b->s3, "k", &span, 1, NULL, &b->error), S3HLS_OK);
        END(b);
    }
}

/* A few servers store it and do not say so. */
static void an_object_that_is_there_needs_no_etag(void **state) {
    (void)state;
    static const char *const puts[] = {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                                       "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
                                       "HTTP/1.1 204 No Content\r\n\r\n"};
    s3hls_span span = {(const uint8_t *)"abc", 3};
    for (size_t i = 0; i < sizeof puts / sizeof *puts; i++) {
        BENCH(b, {.answer = puts[i]}, {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"});
        assert_int_equal(s3hls_s3_put(b->s3, "k", &span, 1, NULL, &b->error), S3HLS_OK);
        assert_int_equal(b->server.request_count, 2);
        assert_non_null(strstr(b->server.requests[1].head, "HEAD /"));
        END(b);
    }
}

static void silence_is_waited_for_only_so_long(void **state) {
    (void)state;
    BENCH(b, {.answer = NULL});
    s3hls_s3_close(&b->s3);
    b->options.stall_timeout_ms = 900; /* libcurl counts in whole seconds */
    open_client(b);
    assert_int_equal(get(b, "k", 0, UINT64_MAX), S3HLS_E_NETWORK);
    END(b);
}

static void who_cannot_be_reached_is_told_apart(void **state) {
    (void)state;
    BENCH(b, {.answer = "HTTP/1.1 400 Bad Request\r\n\r\n", .at_once = true, .close = true});
    char url[64];
    snprintf(url, sizeof url, "https%s", b->server.endpoint + 4);
    const struct {
        const char *endpoint;
        int status;
    } cases[] = {{"http://127.0.0.1:1", S3HLS_E_CONNECT},
                 {"http://nobody.invalid", S3HLS_E_RESOLVE},
                 {url, S3HLS_E_TLS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s3hls_s3_close(&b->s3);
        b->options.endpoint = cases[i].endpoint;
        open_client(b);
        assert_int_equal(put(b, "k", "x"), cases[i].status);
    }
    END(b);
}

/* ---- listings */

#define PAGE(inner)                                                                                \
    "HTTP/1.1 200 OK\r\nConnection: close\r\nETag: "                                               \
    "\"x\"\r\n\r\n<ListBucketResult><EncodingType>url"                                             \
    "</EncodingType>" inner "</ListBucketResult>"
#define KEY(key) "<Contents><Key>" key "</Key><Size>1</Size></Contents>"
#define MORE(token)                                                                                \
    "<IsTruncated>true</IsTruncated><NextContinuationToken>" token "</NextContinuationToken>"

static int count_object(void *ctx, const s3hls_s3_object *object) {
    bench *b = ctx;
    snprintf(b->data, sizeof b->data, "%s", object->key);
    b->objects++;
    return strcmp(object->key, "stop") == 0;
}

static void pages_are_followed_to_the_last(void **state) {
    (void)state;
    BENCH(b, {.answer = PAGE(KEY("p+q/2+b") MORE("t/1=")), .close = true},
          {.answer = PAGE(KEY("p+q/3%2Bd")), .close = true});
    assert_int_equal(s3hls_s3_list(b->s3, "p q", "p q/1", count_object, b, &b->error), S3HLS_OK);
    assert_int_equal(b->objects, 2);
    assert_string_equal(b->data, "p q/3+d");
    assert_line(
        &b->server.requests[0],
        "GET /bucket?encoding-type=url&list-type=2&prefix=p%20q&start-after=p%20q%2F1 HTTP/1.1");
    assert_line(&b->server.requests[1], "GET /bucket?continuation-token=t%2F1%3D&encoding-type=url"
                                        "&list-type=2&prefix=p%20q HTTP/1.1");
    END(b);
}

static int fetch_keys(void *ctx, s3hls_credentials *keys) {
    static char id[32];
    snprintf(id, sizeof id, "FETCHED%d", ++*(int *)ctx);
    *keys = (s3hls_credentials){id, "s", "t", 0};
    return S3HLS_OK;
}

/* A page of so many keys in ascending order, "k000" and so on. */
static char *page_of(int count) {
    char *page = malloc((size_t)count * 64 + 512), *at = page;
    at += sprintf(at, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<ListBucketResult>");
    for (int i = 0; i < count; i++)
        at += sprintf(at, KEY("k%03d"), i);
    strcpy(at, MORE("t") "</ListBucketResult>");
    return page;
}

/* What was told already would be told twice; where nothing was, the listing begins anew. */
static void a_listing_that_was_begun_is_not_told_anew(int keys, int status, int requests,
                                                      int objects) {
    int fetched = 0;
    char *page = page_of(keys);
    BENCH(b, {.answer = page, .close = true},
          {.answer = ANSWER("400 No", "", ERROR_BODY("ExpiredToken")), .close = true},
          {.answer = PAGE(KEY("k000") KEY("k001")), .close = true});
    s3hls_credentials_close(&b->options.credentials);
    assert_int_equal(
        s3hls_credentials_open_callback(&b->options.credentials, fetch_keys, &fetched, NULL),
        S3HLS_OK);
    s3hls_s3_close(&b->s3);
    open_client(b);
    assert_int_equal(s3hls_s3_list(b->s3, NULL, NULL, count_object, b, &b->error), status);
    assert_int_equal(b->server.request_count, requests);
    assert_int_equal(b->objects, objects);
    END(b);
    free(page);
}

static void each_key_is_told_once(void **state) {
    (void)state;
    a_listing_that_was_begun_is_not_told_anew(300, S3HLS_E_CREDENTIALS, 2, 300);
    a_listing_that_was_begun_is_not_told_anew(1, S3HLS_OK, 3, 2);
}

static void a_listing_that_makes_no_sense_ends(void **state) {
    (void)state;
    static const struct {
        const char *pages[2];
        int status;
    } cases[] = {
        {{PAGE(KEY("a") MORE("t")), PAGE(KEY("b") MORE("t"))}, S3HLS_E_PROTOCOL}, /* for ever */
        {{PAGE(KEY("a") MORE("t")), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<ListBucket"},
         S3HLS_E_PROTOCOL},
        {{PAGE(KEY("a") MORE("t")), ANSWER("503 Busy", "", ERROR_BODY("SlowDown"))},
         S3HLS_E_THROTTLED},
        {{PAGE(KEY("stop") KEY("t")), NULL}, S3HLS_E_CANCELLED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BENCH(b, {.answer = cases[i].pages[0], .close = true},
              {.answer = cases[i].pages[1], .close = true});
        assert_int_equal(s3hls_s3_list(b->s3, NULL, NULL, count_object, b, &b->error),
                         cases[i].status);
        assert_int_equal(b->error.status, cases[i].status);
        assert_string_not_equal(b->error.message, "");
        END(b);
    }
}

static void a_page_without_end_is_not_kept(void **state) {
    (void)state;
    enum { SIZE = 20 << 20 };
    char *answer = malloc(SIZE + 1);
    memset(answer, ' ', SIZE);
    answer[SIZE] = 0;
    const char head[] = "HTTP/1.1 200 OK\r\n\r\n<ListBucketResult>";
    memcpy(answer, head, sizeof head - 1);
    BENCH(b, {.answer = answer, .close = true});
    int rc = s3hls_s3_list(b->s3, NULL, NULL, count_object, b, NULL);
    assert_int_equal(rc, S3HLS_E_TOO_LARGE);
    END(b);
    free(answer);
}

/* ---- operations on a transport */

typedef struct started {
    s3hls__op op;
    s3hls__s3_client *client;
    int done, again;
} started;

static void note_done(s3hls__op *op) {
    started *s = op->user;
    s->done++;
    if (s->again-- > 0)
        s3hls__s3_start(s->client, op);
}

static void operations_can_be_cancelled(void **state) {
    (void)state;
    BENCH(b, {.answer = NULL});
    s3hls__http *http;
    s3hls__s3_client *client;
    assert_int_equal(s3hls__http_open(&http, &b->env), S3HLS_OK);
    assert_int_equal(s3hls__s3_client_open(&client, http, "bucket", "p/", &b->options, &b->env),
                     S3HLS_OK);
    started s[3];
    memset(s, 0, sizeof s);
    for (size_t i = 0; i < 3; i++) {
        s[i].op = (s3hls__op){
            .request = {.kind = S3HLS__OP_REMOVE, .key = "k"}, .done = note_done, .user = &s[i]};
        s3hls__s3_start(client, &s[i].op);
    }
    while (b->server.request_count < 3)
        assert_int_equal(s3hls__http_step(http, 10), 3);
    assert_line(&b->server.requests[0], "DELETE /bucket/p/k HTTP/1.1");
    s3hls__http_cancel(http, &s[1].op);
    assert_int_equal(s[1].done, 0); /* by a later step */
    assert_int_equal(s3hls__http_step(http, 0), 2);
    assert_int_equal(s[1].done, 1);
    assert_int_equal(s[1].op.result.status, S3HLS_E_CANCELLED);
    s3hls__http_cancel(http, &s[1].op); /* is over: nothing happens */
    s3hls__http_close(&http);
    assert_int_equal(s[0].done + s[1].done + s[2].done, 3);
    assert_int_equal(s[2].op.result.status, S3HLS_E_CANCELLED);
    s3hls__s3_client_close(&client);
    END(b);
}

static void what_fails_at_once_is_told_by_the_next_step(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200});
    s3hls__http *http;
    started s = {.again = 1};
    assert_int_equal(s3hls__http_open(&http, &b->env), S3HLS_OK);
    assert_int_equal(s3hls__s3_client_open(&s.client, http, "bucket", NULL, &b->options, &b->env),
                     S3HLS_OK);
    s.op = (s3hls__op){
        .request = {.kind = S3HLS__OP_HEAD, .key = ".."}, .done = note_done, .user = &s};
    s3hls__s3_start(s.client, &s.op);
    assert_int_equal(s.done, 0);
    assert_int_equal(s3hls__http_step(http, 10000), 1); /* done began it anew: one a step */
    assert_int_equal(s.done, 1);
    assert_int_equal(s3hls__http_step(http, 10000), 0);
    assert_int_equal(s.done, 2);
    s3hls__http_wake(http);
    s3hls__http_step(http, 60000); /* returns at once: the test's own time limit says so */
    s.op.result.status = S3HLS_E_NOSPC;
    s3hls__http_post(http, &s.op); /* carried out by another */
    assert_int_equal(s3hls__http_step(http, 10000), 0);
    assert_int_equal(s.done, 3);
    assert_int_equal(s.op.result.status, S3HLS_E_NOSPC);
    s3hls__s3_client_close(&s.client);
    s3hls__http_close(&http);
    END(b);
}

/* ---- options and addresses */

static const s3hls_credentials keys_without_token = {ID, SECRET, NULL, 0};

static char *presigned(const char *bucket, s3hls_s3_options options, const char *key) {
    world w;
    world_init(&w);
    s3hls_env env = world_env(&w);
    s3hls_s3 *s3;
    char *url;
    if (!options.credentials)
        s3hls_credentials_open_static(&options.credentials, &keys_without_token, NULL);
    assert_int_equal(s3hls_s3_open(&s3, bucket, &options, &env), S3HLS_OK);
    s3hls_credentials_close(&options.credentials); /* the client keeps its own reference */
    assert_int_equal(s3hls_s3_presign(s3, "GET", key, 86400, &url), S3HLS_OK);
    char *copy = strdup(url);
    s3hls_free(&env, url);
    s3hls_s3_close(&s3);
    assert_int_equal(w.out, 0);
    return copy;
}

static void assert_address(const char *bucket, s3hls_s3_options options, const char *begin) {
    char *url = presigned(bucket, options, "k");
    if (strncmp(url, begin, strlen(begin)) != 0)
        fail_msg("%s does not begin with %s", url, begin);
    free(url);
}

static void addresses_are_presigned(void **state) {
    (void)state;
    char *url = presigned("examplebucket",
                          (s3hls_s3_options){.endpoint = "https://s3.amazonaws.com",
                                             .addressing = S3HLS_ADDRESSING_VIRTUAL},
                          "test.txt");
    assert_string_equal(
        url, "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
             "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
             "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
             "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    free(url);
    s3hls_s3_options with_token = {.endpoint = NULL};
    s3hls_credentials_open_static(&with_token.credentials,
                                  &(s3hls_credentials){ID, SECRET, TOKEN, 0}, NULL);
    url = presigned("bucket", with_token, "k");
    assert_non_null(strstr(url, "&X-Amz-Security-Token=SESSION%2FTOKEN%2BOF%3DTEST&"));
    free(url);
}

static void endpoints_follow_region_bucket_and_wish(void **state) {
    (void)state;
    typedef s3hls_s3_options o;
    assert_address("bucket", (o){0}, "https://bucket.s3.us-east-1.amazonaws.com/k?");
    assert_address("bucket", (o){.region = "cn-north-1"},
                   "https://bucket.s3.cn-north-1.amazonaws.com.cn/k?");
    assert_address("my.bucket", (o){.region = "eu-west-1"},
                   "https://s3.eu-west-1.amazonaws.com/my.bucket/k?");
    assert_address("bucket", (o){.addressing = S3HLS_ADDRESSING_PATH},
                   "https://s3.us-east-1.amazonaws.com/bucket/k?");
    assert_address("bucket", (o){.endpoint = "https://minio.example:9000/"},
                   "https://minio.example:9000/bucket/k?");
    assert_address("bucket", (o){.endpoint = "http://[::1]:9000"}, "http://[::1]:9000/bucket/k?");
    /* an endpoint with a path, and one with the bucket before it */
    assert_address("bucket", (o){.endpoint = "https://gate.example/store/s3/"},
                   "https://gate.example/store/s3/bucket/k?");
    assert_address("My_Bucket", (o){.endpoint = "https://ceph.example"},
                   "https://ceph.example/My_Bucket/k?");
    assert_address("tenant:bucket", (o){.endpoint = "https://ceph.example"},
                   "https://ceph.example/tenant%3Abucket/k?");
    assert_address("bucket", (o){.endpoint = "https://bucket.s3.eu-west-1.amazonaws.com"},
                   "https://bucket.s3.eu-west-1.amazonaws.com/k?");
    assert_address("bucket",
                   (o){.endpoint = "https://bucket.s3.eu-west-1.amazonaws.com",
                       .addressing = S3HLS_ADDRESSING_PATH},
                   "https://s3.eu-west-1.amazonaws.com/bucket/k?");
    assert_address(
        "bucket",
        (o){.endpoint = "https://bucket.store.example", .addressing = S3HLS_ADDRESSING_VIRTUAL},
        "https://bucket.store.example/k?");
    assert_address("bucket", (o){.endpoint = "https://bucket.example"},
                   "https://bucket.example/bucket/k?"); /* it may be a host of that name */
}

static void options_are_checked_at_open(void **state) {
    (void)state;
    s3hls_s3_options good = {.endpoint = "http://127.0.0.1:1"}, o;
    s3hls_credentials_open_static(&good.credentials, &keys_without_token, NULL);
    s3hls_s3 *s3;
#define OPENS(bucket, expected, ...)                                                               \
    (o = good, __VA_ARGS__, assert_int_equal(s3hls_s3_open(&s3, bucket, &o, NULL), expected),      \
     assert_true((expected == S3HLS_OK) == (s3 != NULL)), s3hls_s3_close(&s3))
    OPENS("bucket", S3HLS_OK, (void)0);
    OPENS("Bucket", S3HLS_OK, (void)0); /* on a server of one's own */
    OPENS("Bucket", S3HLS_E_INVALID, o.endpoint = NULL);
    OPENS("Bucket", S3HLS_E_INVALID,
          (o.endpoint = "https://h", o.addressing = S3HLS_ADDRESSING_VIRTUAL));
    OPENS("buc ket", S3HLS_E_INVALID, (void)0);
    OPENS("bucket", S3HLS_E_INVALID, (o.endpoint = NULL, o.region = "EU-WEST-1"));
    OPENS(NULL, S3HLS_E_INVALID, (void)0);
    OPENS("bucket", S3HLS_E_INVALID, o.region = "a.b");
    OPENS("bucket", S3HLS_E_INVALID, o.endpoint = "127.0.0.1");
    OPENS("bucket", S3HLS_E_INVALID, o.addressing = S3HLS_ADDRESSING_VIRTUAL);
    OPENS("bucket", S3HLS_E_IO, o.ca_file = "/nonexistent/ca.pem");
#undef OPENS
    s3hls_credentials_close(&good.credentials);
    s3hls_s3_close(&s3);
    s3hls_s3_close(NULL);
}

static void what_is_malformed_is_named(void **state) {
    (void)state;
    static const struct {
        const char *bucket, *region, *endpoint, *says;
    } cases[] = {
        {"My_Bucket", NULL, NULL, "bucket \"My_Bucket\": AWS takes"},
        {"bucket", "eu-west-1\n", NULL, "region \"eu-west-1?\": it holds a blank or a line end"},
        {"bucket", NULL, "minio:9000", "endpoint \"minio:9000\": it has no scheme"},
        {"bucket", NULL, "https://me:pass@minio", "endpoint \"@minio\": it names a user"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world w;
        world_init(&w);
        s3hls_env env = world_env(&w);
        s3hls_s3 *s3;
        s3hls_s3_options o = {.region = cases[i].region, .endpoint = cases[i].endpoint};
        assert_int_equal(s3hls_s3_open(&s3, cases[i].bucket, &o, &env), S3HLS_E_INVALID);
        if (!strstr(w.log, cases[i].says))
            fail_msg("%s: %s", cases[i].says, w.log);
        assert_null(strstr(w.log, "pass"));
    }
}

static void what_is_refused_names_the_part(void **state) {
    (void)state;
    static const struct {
        const char *answer, *says;
    } cases[] = {
        {ANSWER("404 Not Found", "", ERROR_BODY("NoSuchBucket")), "; bucket bucket at 127.0.0.1:"},
        {ANSWER("405 Not Allowed", "", "<html>nginx</html>"), "is 127.0.0.1:"},
        {ANSWER("404 Not Found", "", ""), "the endpoint of an S3 server?"},
        {ANSWER("302 Found", "Location: ftp://portal.example/login?secret=1\r\n", ""),
         "redirected to ftp://portal.example/login: is the endpoint right?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BENCH(b, {.answer = cases[i].answer, .close = true});
        assert_int_not_equal(put(b, "k", "x"), S3HLS_OK);
        if (!strstr(b->error.message, cases[i].says))
            fail_msg("%s: %s", cases[i].says, b->error.message);
        END(b);
    }
}

/* A gateway's own path before the bucket's is part of the request and of its signature. */
static void an_endpoint_may_have_a_path(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200}, {.answer = PAGE(KEY("p/x")), .close = true});
    char endpoint[128];
    snprintf(endpoint, sizeof endpoint, "%s/gateway/s3 one/", b->server.endpoint);
    s3hls_s3_close(&b->s3);
    b->options.endpoint = endpoint;
    open_client(b);
    assert_int_equal(put(b, "k", "x"), S3HLS_OK);
    assert_line(&b->server.requests[0], "PUT /gateway/s3%20one/bucket/k HTTP/1.1");
    static const char *const names[] = {"content-type", "host"};
    assert_signed(&b->server.requests[0], "PUT", "/gateway/s3 one/bucket/k", names, 2);
    assert_int_equal(s3hls_s3_list(b->s3, "p", NULL, count_object, b, NULL), S3HLS_OK);
    assert_line(&b->server.requests[1],
                "GET /gateway/s3%20one/bucket?encoding-type=url&list-type=2&prefix=p HTTP/1.1");
    END(b);
}

static void running_out_of_memory_leaves_nothing_behind(void **state) {
    (void)state;
    BENCH(b, {.answer = PAGE(KEY("a")), .close = true});
    int successes = 0;
    for (int n = 0; successes == 0 && n < 200; n++) {
        world w;
        world_init(&w);
        s3hls_env env = world_env(&w);
        s3hls_s3 *s3;
        char *url;
        w.until_failure = n;
        int rc = s3hls_s3_open(&s3, "bucket", &b->options, &env);
        if (rc == S3HLS_OK)
            rc = s3hls_s3_list(s3, "p", NULL, count_object, b, NULL);
        if (rc == S3HLS_OK)
            rc = s3hls_s3_put(s3, "k", NULL, 0, NULL, NULL);
        if (rc == S3HLS_OK)
            rc = s3hls_s3_presign(s3, "PUT", "k", 60, &url);
        if (rc == S3HLS_OK)
            s3hls_free(&env, url);
        if (rc != S3HLS_OK && rc != S3HLS_E_NOMEM)
            fail_msg("with %d allocations: %s", n, s3hls_status_name(rc));
        successes += rc == S3HLS_OK;
        s3hls_s3_close(&s3);
        assert_int_equal(w.out, 0);
    }
    assert_int_equal(successes, 1);
    END(b);
}

/* Connections that are kept to the server, of this process. */
static int kept_connections(const bench *b, bool *inherited) {
    const char *port = strrchr(b->server.endpoint, ':') + 1;
    int count = 0;
    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &size) || ntohs(peer.sin_port) != atoi(port))
            continue;
        count++;
        *inherited |= !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    return count;
}

static void no_child_process_inherits_a_connection(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200});
    bool inherited = false;
    assert_int_equal(put(b, "a", "x"), S3HLS_OK);
    assert_int_equal(kept_connections(b, &inherited), 1);
    assert_false(inherited);
    END(b);
}

/* A signal of the program's own that it has blocked stays pending. */
static void signals_of_the_program_are_left_alone(void **state) {
    (void)state;
    BENCH(b, {.answer = OK_200});
    sigset_t pipe, mask;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    assert_int_equal(put(b, "a", "x"), S3HLS_OK);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    assert_false(sigismember(&mask, SIGPIPE));
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    raise(SIGPIPE);
    assert_int_equal(put(b, "a", "x"), S3HLS_OK);
    sigpending(&mask);
    assert_true(sigismember(&mask, SIGPIPE));
    assert_int_equal(sigtimedwait(&pipe, NULL, &(struct timespec){0}), SIGPIPE);
    pthread_sigmask(SIG_UNBLOCK, &pipe, NULL);
    END(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_put_is_signed_whole_and_sent_exactly),
        cmocka_unit_test(an_unsigned_put_carries_a_checksum),
        cmocka_unit_test(a_put_is_protected_without_a_checksum_too),
        cmocka_unit_test(a_refused_header_is_named_by_its_option),
        cmocka_unit_test(keys_that_are_refused_are_read_again),
        cmocka_unit_test(one_connection_serves_many_requests),
        cmocka_unit_test(replaced_keys_are_used_at_once),
        cmocka_unit_test(what_cannot_be_asked_is_not),
        cmocka_unit_test(a_get_delivers_the_bytes_asked_for),
        cmocka_unit_test(a_get_ends_when_its_caller_wants),
        cmocka_unit_test(a_head_tells_size_and_time),
        cmocka_unit_test(errors_are_told_in_full),
        cmocka_unit_test(redirections_are_followed),
        cmocka_unit_test(nobody_is_sent_from_https_to_http_or_round_in_circles),
        cmocka_unit_test(another_region_is_signed_for),
        cmocka_unit_test(a_wrong_clock_is_corrected_at_once),
        cmocka_unit_test(broken_connections_are_network_errors),
        cmocka_unit_test(a_connection_that_went_stale_is_replaced),
        cmocka_unit_test(an_answer_ahead_of_the_body_counts_unless_it_is_good),
        cmocka_unit_test(a_good_answer_without_an_etag_is_not_of_s3),
        cmocka_unit_test(an_object_that_is_there_needs_no_etag),
        cmocka_unit_test(silence_is_waited_for_only_so_long),
        cmocka_unit_test(who_cannot_be_reached_is_told_apart),
        cmocka_unit_test(pages_are_followed_to_the_last),
        cmocka_unit_test(each_key_is_told_once),
        cmocka_unit_test(a_listing_that_makes_no_sense_ends),
        cmocka_unit_test(a_page_without_end_is_not_kept),
        cmocka_unit_test(operations_can_be_cancelled),
        cmocka_unit_test(what_fails_at_once_is_told_by_the_next_step),
        cmocka_unit_test(addresses_are_presigned),
        cmocka_unit_test(endpoints_follow_region_bucket_and_wish),
        cmocka_unit_test(options_are_checked_at_open),
        cmocka_unit_test(what_is_malformed_is_named),
        cmocka_unit_test(what_is_refused_names_the_part),
        cmocka_unit_test(an_endpoint_may_have_a_path),
        cmocka_unit_test(no_child_process_inherits_a_connection),
        cmocka_unit_test(signals_of_the_program_are_left_alone),
        cmocka_unit_test(running_out_of_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
