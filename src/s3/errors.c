/* SPDX-License-Identifier: MIT-0 */
#include "s3/errors.h"
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

/* The text of <tag>…</tag>, cut to fit, XML's own five entities left as they are. */
static void scan_element(const char *body, size_t size, const char *tag, char *text,
                         size_t text_size) {
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
                 n > 0 && (begin[n] & 0xc0) == 0x80;) /* not inside a character */
                n--;
        for (size_t i = 0; i < n; i++)
            text[i] = (unsigned char)begin[i] < 0x20 ? ' ' : begin[i];
        if (n)
            text[n] = 0;
        return;
    }
}

void s3hls__s3_error_scan(s3hls_s3_error *error, const char *body, size_t size) {
    scan_element(body, size, "Code", error->code, sizeof error->code);
    scan_element(body, size, "Message", error->message, sizeof error->message);
    if (!error->request_id[0])
        scan_element(body, size, "RequestId", error->request_id, sizeof error->request_id);
    char region[64] = "";
    scan_element(body, size, "Region", region, sizeof region);
    s3hls__s3_error_name_region(error, region);
}

void s3hls__s3_error_name_region(s3hls_s3_error *error, const char *region) {
    size_t n = strlen(error->message);
    if (region[0] && !strstr(error->message, region))
        snprintf(error->message + n, sizeof error->message - n, "%sthe bucket's region is %s",
                 n ? "; " : "", region);
}

/* S3's codes that say more than the HTTP status ("Error responses" of the S3 API reference). */
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

int s3hls__s3_status_of_answer(long http_status, const char *code) {
    if (http_status >= 200 && http_status < 300)
        return S3HLS_OK;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, codes[i].code) == 0)
            return codes[i].status;
    switch (http_status) {
    case 301:
    case 307:
    case 308:
        return S3HLS_E_REGION;
    case 401:
    case 403:
        return S3HLS_E_ACCESS;
    case 404:
        return S3HLS_E_NOT_FOUND;
    case 408:
        return S3HLS_E_NETWORK;
    case 412:
        return S3HLS_E_EXISTS;
    case 429:
    case 503:
        return S3HLS_E_THROTTLED;
    case 501:
        return S3HLS_E_UNSUPPORTED;
    default:
        if (http_status >= 500)
            return S3HLS_E_SERVER;
        return http_status >= 400 ? S3HLS_E_INVALID : S3HLS_E_PROTOCOL;
    }
}

int s3hls__s3_status_of_transfer(int curl_code) {
    switch (curl_code) {
    case CURLE_OK:
        return S3HLS_OK;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
        return S3HLS_E_RESOLVE;
    case CURLE_COULDNT_CONNECT:
        return S3HLS_E_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_USE_SSL_FAILED:
        return S3HLS_E_TLS;
    case CURLE_OUT_OF_MEMORY:
        return S3HLS_E_NOMEM;
    case CURLE_URL_MALFORMAT:
        return S3HLS_E_INVALID;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
        return S3HLS_E_CANCELLED;
    case CURLE_UNSUPPORTED_PROTOCOL: /* no HTTP status line: it is no HTTP server */
    case CURLE_WEIRD_SERVER_REPLY:
        return S3HLS_E_PROTOCOL;
    default:
        return S3HLS_E_NETWORK;
    }
}

bool s3hls__s3_retryable(const s3hls_s3_error *error) {
    switch (error->status) {
    case S3HLS_E_RESOLVE:
    case S3HLS_E_CONNECT:
    case S3HLS_E_NETWORK:
    case S3HLS_E_THROTTLED:
    case S3HLS_E_SERVER:
    case S3HLS_E_PROTOCOL:
    case S3HLS_E_NOMEM:
    case S3HLS_E_IO:
    case S3HLS_E_NOSPC:
        return true;
    case S3HLS_E_CLOCK: /* the client corrects its own by the server's */
        return error->server_unix_s != 0;
    default:
        return false;
    }
}
