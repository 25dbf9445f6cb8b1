/* SPDX-License-Identifier: MIT-0 */
#include "s3/errors.h"
#include "s3/libcurl.h"
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

void s3hls__s3_scan(const char *body, size_t size, const char *tag, char *text, size_t text_size) {
    size_t tag_size = strlen(tag);
    const char *end = body + size;
    for (const char *p = body; (p = memchr(p, '<', (size_t)(end - p))); p++) {
        if ((size_t)(end - p) < tag_size + 2 || memcmp(p + 1, tag, tag_size) ||
            p[tag_size + 1] != '>')
            continue;
        const char *begin = p + tag_size + 2, *stop = memchr(begin, '<', (size_t)(end - begin));
        size_t n = stop ? (size_t)(stop - begin) : 0;
        if (n >= text_size)
            for (n = text_size - 1;
                 n > 0 && (begin[n] & 0xc0) == 0x80;) /* do not cut within a character */
                n--;
        memcpy(text, begin, n);
        if (n)
            text[n] = 0;
        return;
    }
}

/* Keep credentials out of the log if a server repeats the request: the message is cut where the
 * credentials begin. */
static void cut_credentials(char *message) {
    static const char *const begin[] = {"authorization:", "AWS4-HMAC-SHA256 Credential",
                                        "signature=", "x-amz-security-token", "x-amz-signature"};
    for (size_t i = 0; i < sizeof begin / sizeof *begin; i++) {
        char *at = strcasestr(message, begin[i]);
        if (at)
            *at = 0;
    }
}

void s3hls__s3_error_scan(s3hls_s3_error *error, const char *body, size_t size) {
    s3hls__s3_scan(body, size, "Code", error->code, sizeof error->code);
    s3hls__s3_scan(body, size, "Message", error->message, sizeof error->message);
    cut_credentials(error->message);
    if (!error->request_id[0])
        s3hls__s3_scan(body, size, "RequestId", error->request_id, sizeof error->request_id);
    s3hls__s3_error_clean(error);
    char region[64] = "";
    s3hls__s3_scan(body, size, "Region", region, sizeof region);
    s3hls__s3_error_name_region(error, region);
}

void s3hls__s3_error_name_region(s3hls_s3_error *error, const char *region) {
    size_t n = strlen(error->message);
    if (region[0] && !strstr(error->message, region))
        snprintf(error->message + n, sizeof error->message - n, "%sthe bucket's region is %s",
                 n ? "; " : "", region);
}

/* Options that remove, or change, the feature that a server's message names. */
static const struct {
    const char *named, *option;
} options[] = {
    {"checksum", "set checksum to none (--checksum none), or md5"},
    {"crc32", "set checksum to none (--checksum none), or md5"},
    {"content-md5", "set checksum to none (--checksum none)"},
    {"unsigned", "sign the payload (--checksum none)"},
    {"content-sha256", "sign the payload (--checksum none)"},
    {"tagging", "leave out tags (--tag)"},
    {"storage-class", "leave out storage_class (--storage-class)"},
    {"storage class", "leave out storage_class (--storage-class)"},
    {"server-side-encryption", "leave out encryption (--sse)"},
    {"if-none-match", "leave out no_overwrite (--no-overwrite)"},
    {"x-amz-meta", "leave out metadata (--metadata)"},
};

static const char *option_for(const s3hls_s3_error *error, bool checksum_sent) {
    static const char *const codes[] = {"NotImplemented", "InvalidArgument", "InvalidRequest",
                                        "UnsupportedHeader"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcasestr(error->message, options[i].named))
            return options[i].option;
    for (size_t i = 0; checksum_sent && i < sizeof codes / sizeof *codes; i++)
        if (strcmp(error->code, codes[i]) == 0)
            return "it may be x-amz-checksum-crc32c: try checksum none (--checksum none); s3hls "
                   "doctor tries each header";
    return NULL;
}

void s3hls__s3_error_add(s3hls_s3_error *error, const char *text) {
    size_t size = strlen(error->message), added = strlen(text) + sizeof "; ";
    size_t most = added < sizeof error->message ? sizeof error->message - added : 0;
    size = size < most ? size : most;
    while (size > 0 && (error->message[size] & 0xc0) == 0x80) /* do not cut within a character */
        size--;
    snprintf(error->message + size, sizeof error->message - size, "%s%s", size ? "; " : "", text);
}

void s3hls__s3_error_clean(s3hls_s3_error *error) {
    s3hls_printable(error->code);
    s3hls_printable(error->message);
    s3hls_printable(error->request_id);
}

void s3hls__s3_error_name_option(s3hls_s3_error *error, bool checksum_sent) {
    const char *option = option_for(error, checksum_sent);
    if (option)
        s3hls__s3_error_add(error, option);
}

/* ---- the failure table
 *
 * Maps an S3 error code, an HTTP status or a libcurl code ("Error responses" of the S3 API
 * reference; libcurl-errors(3)) to a status, and a status to an action. */

static const struct {
    const char *code;
    int status;
} codes[] = {
    {"AccessDenied", S3HLS_E_ACCESS},
    {"AllAccessDisabled", S3HLS_E_ACCESS},
    {"AccountProblem", S3HLS_E_ACCESS},
    {"AuthorizationHeaderMalformed", S3HLS_E_REGION},
    {"BadDigest", S3HLS_E_NETWORK},
    {"BucketRegionError", S3HLS_E_REGION},
    {"ConditionalRequestConflict", S3HLS_E_THROTTLED},
    {"EntityTooLarge", S3HLS_E_TOO_LARGE},
    {"ExpiredToken", S3HLS_E_CREDENTIALS},
    {"IllegalLocationConstraintException", S3HLS_E_REGION},
    {"IncompleteBody", S3HLS_E_NETWORK},
    {"InternalError", S3HLS_E_SERVER},
    {"InvalidAccessKeyId", S3HLS_E_CREDENTIALS},
    {"InvalidToken", S3HLS_E_CREDENTIALS},
    {"KeyTooLongError", S3HLS_E_INVALID},
    {"NoSuchBucket", S3HLS_E_NO_BUCKET},
    {"NoSuchKey", S3HLS_E_NOT_FOUND},
    {"NotImplemented", S3HLS_E_UNSUPPORTED},
    {"OperationAborted", S3HLS_E_THROTTLED},
    {"PermanentRedirect", S3HLS_E_REGION},
    {"PreconditionFailed", S3HLS_E_EXISTS},
    {"QuotaExceeded", S3HLS_E_NOSPC},
    {"RequestExpired", S3HLS_E_CLOCK},
    {"RequestTimeout", S3HLS_E_NETWORK},
    {"RequestTimeTooSkewed", S3HLS_E_CLOCK},
    {"ServiceUnavailable", S3HLS_E_THROTTLED},
    {"SignatureDoesNotMatch", S3HLS_E_CREDENTIALS},
    {"SlowDown", S3HLS_E_THROTTLED},
    {"TemporaryRedirect", S3HLS_E_REGION},
    {"TokenRefreshRequired", S3HLS_E_CREDENTIALS},
    {"XAmzContentSHA256Mismatch", S3HLS_E_NETWORK},
};

typedef struct numbered {
    int number, status;
} numbered;

static const numbered answers[] = {
    {301, S3HLS_E_REGION},    {307, S3HLS_E_REGION},      {308, S3HLS_E_REGION},
    {401, S3HLS_E_ACCESS},    {403, S3HLS_E_ACCESS},      {404, S3HLS_E_NOT_FOUND},
    {408, S3HLS_E_NETWORK},   {412, S3HLS_E_EXISTS},      {413, S3HLS_E_TOO_LARGE},
    {429, S3HLS_E_THROTTLED}, {501, S3HLS_E_UNSUPPORTED}, {503, S3HLS_E_THROTTLED},
};

static const numbered transfers[] = {
    {CURLE_OK, S3HLS_OK},
    {CURLE_COULDNT_RESOLVE_PROXY, S3HLS_E_RESOLVE},
    {CURLE_COULDNT_RESOLVE_HOST, S3HLS_E_RESOLVE},
    {CURLE_COULDNT_CONNECT, S3HLS_E_CONNECT},
    {CURLE_SSL_CONNECT_ERROR, S3HLS_E_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, S3HLS_E_TLS},
    {CURLE_SSL_CERTPROBLEM, S3HLS_E_TLS},
    {CURLE_SSL_CIPHER, S3HLS_E_TLS},
    {CURLE_SSL_CACERT_BADFILE, S3HLS_E_TLS},
    {CURLE_SSL_CRL_BADFILE, S3HLS_E_TLS},
#if S3HLS__CURL_VERSION >= 0x074d00
    {CURLE_SSL_CLIENTCERT, S3HLS_E_TLS},
#endif
    {CURLE_SSL_ENGINE_NOTFOUND, S3HLS_E_TLS},
    {CURLE_SSL_ENGINE_SETFAILED, S3HLS_E_TLS},
    {CURLE_SSL_ENGINE_INITFAILED, S3HLS_E_TLS},
    {CURLE_SSL_SHUTDOWN_FAILED, S3HLS_E_TLS},
    {CURLE_SSL_ISSUER_ERROR, S3HLS_E_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, S3HLS_E_TLS},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, S3HLS_E_TLS},
    {CURLE_USE_SSL_FAILED, S3HLS_E_TLS},
    {CURLE_OUT_OF_MEMORY, S3HLS_E_NOMEM},
    {CURLE_URL_MALFORMAT, S3HLS_E_INVALID},
    {CURLE_WRITE_ERROR, S3HLS_E_CANCELLED},
    {CURLE_ABORTED_BY_CALLBACK, S3HLS_E_CANCELLED},
    {CURLE_UNSUPPORTED_PROTOCOL, S3HLS_E_PROTOCOL}, /* no HTTP status line: not an HTTP server */
    {CURLE_WEIRD_SERVER_REPLY, S3HLS_E_PROTOCOL},
};

/* Actions by error. An error without a row is held, since a retry may not help. */
static const struct {
    int status;
    s3hls__action action;
    s3hls_cause cause;
} actions[] = {
    {S3HLS_E_RESOLVE, S3HLS__RETRY, S3HLS_CAUSE_RESOLVE},
    {S3HLS_E_CONNECT, S3HLS__RETRY, S3HLS_CAUSE_CONNECT},
    {S3HLS_E_TLS, S3HLS__HOLD, S3HLS_CAUSE_TLS},
    {S3HLS_E_NETWORK, S3HLS__RETRY, S3HLS_CAUSE_NETWORK},
    {S3HLS_E_TIMEOUT, S3HLS__RETRY, S3HLS_CAUSE_NETWORK},
    {S3HLS_E_THROTTLED, S3HLS__RETRY, S3HLS_CAUSE_THROTTLED},
    {S3HLS_E_SERVER, S3HLS__RETRY, S3HLS_CAUSE_SERVER},
    {S3HLS_E_PROTOCOL, S3HLS__RETRY, S3HLS_CAUSE_SERVER},
    {S3HLS_E_CREDENTIALS, S3HLS__REFRESH, S3HLS_CAUSE_CREDENTIALS},
    {S3HLS_E_CLOCK, S3HLS__CORRECT_CLOCK, S3HLS_CAUSE_CLOCK},
    {S3HLS_E_REGION, S3HLS__FOLLOW, S3HLS_CAUSE_REGION},
    {S3HLS_E_EXISTS, S3HLS__COMPARE, S3HLS_CAUSE_OTHER},
    {S3HLS_E_ACCESS, S3HLS__HOLD, S3HLS_CAUSE_ACCESS},
    {S3HLS_E_NO_BUCKET, S3HLS__HOLD, S3HLS_CAUSE_ACCESS},
    {S3HLS_E_NOT_FOUND, S3HLS__HOLD, S3HLS_CAUSE_ACCESS},
    {S3HLS_E_NOMEM, S3HLS__RETRY, S3HLS_CAUSE_OTHER},
    {S3HLS_E_IO, S3HLS__RETRY, S3HLS_CAUSE_OTHER},
    {S3HLS_E_NOSPC, S3HLS__RETRY, S3HLS_CAUSE_OTHER},
    {S3HLS_E_TOO_LARGE, S3HLS__SET_ASIDE, S3HLS_CAUSE_OTHER},
    {S3HLS_E_INVALID, S3HLS__SET_ASIDE, S3HLS_CAUSE_OTHER},
    {S3HLS_E_UNSUPPORTED, S3HLS__HOLD, S3HLS_CAUSE_OTHER},
};

/* ---- reading it */

/* @return the status of the number's row, or otherwise. */
static int look_up(const numbered *rows, size_t count, int number, int otherwise) {
    for (size_t i = 0; i < count; i++)
        if (rows[i].number == number)
            return rows[i].status;
    return otherwise;
}

int s3hls__s3_status_of_answer(long http_status, const char *code) {
    if (http_status >= 200 && http_status < 300)
        return S3HLS_OK;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i].code) == 0)
            return codes[i].status;
    int otherwise = http_status >= 500   ? S3HLS_E_SERVER
                    : http_status >= 400 ? S3HLS_E_INVALID
                                         : S3HLS_E_PROTOCOL;
    return look_up(answers, sizeof answers / sizeof *answers, (int)http_status, otherwise);
}

int s3hls__s3_status_of_transfer(int curl_code) {
    return look_up(transfers, sizeof transfers / sizeof *transfers, curl_code, S3HLS_E_NETWORK);
}

/* A signature mismatch may result from a wrong date. */
static bool is_skewed(const s3hls_s3_error *e, int64_t now_s) {
    enum { TOLERATED_S = 300 };
    int64_t skew = e->server_unix_s - now_s;
    return strcmp(e->code, "SignatureDoesNotMatch") == 0 && e->server_unix_s &&
           (skew > TOLERATED_S || skew < -TOLERATED_S);
}

s3hls__action s3hls__s3_action(const s3hls_s3_error *error, int64_t signed_s) {
    if (is_skewed(error, signed_s))
        return S3HLS__CORRECT_CLOCK;
    if (error->curl_code ==
        CURLE_SSL_CONNECT_ERROR) /* the handshake broke off, but no certificate was rejected */
        return S3HLS__RETRY;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (actions[i].status == error->status)
            return actions[i].action;
    return S3HLS__HOLD;
}

s3hls_cause s3hls__s3_cause(int status) {
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (actions[i].status == status)
            return actions[i].cause;
    return S3HLS_CAUSE_OTHER;
}
