/* SPDX-License-Identifier: MIT-0 */
#include "base/strbuf.h"
#include "s3/client.h"
#include "s3/crc32c.h"
#include "s3/credentials.h"
#include "s3/crypto.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_HEADERS = 24,
    MAX_CALLER_HEADERS = 16,
    URL_MAX = 32 * 1024,
    PATH_BYTES = S3HLS__PATH_BYTES_MAX + 64 + S3HLS__KEY_BYTES_MAX + 3
};

static const char EMPTY_SHA256[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

bool s3hls__s3_is_range(const s3hls__op *op) {
    return op->request.first > 0 || op->request.last != UINT64_MAX;
}

/* ---- bodies */

static int digest_body(const s3hls__op *op, s3hls__hash_kind kind, uint8_t *digest) {
    s3hls__hash hash;
    uint64_t at = 0;
    s3hls__hash_begin(&hash, kind);
    while (at < op->request.body_size) {
        s3hls_span span = op->request.body(op->request.body_ctx, at);
        if (span.size == 0)
            break;
        s3hls__hash_add(&hash, span.data, span.size);
        at += span.size;
    }
    bool ok = s3hls__hash_end(&hash, digest) && at >= op->request.body_size;
    return ok ? S3HLS_OK : S3HLS_E_NOMEM;
}

bool s3hls__s3_etag_fits(const s3hls__op *op, const char *etag) {
    uint8_t digest[S3HLS__MD5_BYTES];
    char hex[2 * S3HLS__MD5_BYTES + 1];
    if (strspn(etag, "0123456789abcdefABCDEF") != 32 || etag[32])
        return true;
    if (digest_body(op, S3HLS__MD5, digest))
        return false;
    s3hls__to_hex(digest, sizeof digest, hex);
    return strcasecmp(hex, etag) == 0;
}

static void crc32c_of_body(const s3hls__op *op, char *base64) {
    s3hls__crc32c_table table;
    s3hls__crc32c_init(&table);
    uint32_t crc = 0;
    for (uint64_t at = 0; at < op->request.body_size;) {
        s3hls_span span = op->request.body(op->request.body_ctx, at);
        if (span.size == 0)
            break;
        crc = s3hls__crc32c(&table, crc, span.data, span.size);
        at += span.size;
    }
    const uint8_t bytes[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                              (uint8_t)crc};
    s3hls__to_base64(bytes, sizeof bytes, base64);
}

/* ---- requests */

static const char *const methods[] = {"PUT",    "GET", "HEAD",
                                      "DELETE", "GET", "GET"}; /* indexed by op->request.kind */

/* Contents of a request, sent and signed. The strings live as long as the structure. */
typedef struct request {
    s3hls_header headers[MAX_HEADERS];
    size_t header_count;
    s3hls_query query[6];
    size_t query_count;
    int64_t unix_s; /* signing time */
    char path[PATH_BYTES];
    char payload_hash[65];
    char checksum[32]; /* base64 */
    char range[48];
    char prefix[PATH_BYTES], start_after[PATH_BYTES], max_keys[12]; /* LIST */
} request;

static void add_header(request *r, const char *name, const char *value) {
    r->headers[r->header_count++] = (s3hls_header){name, value};
}

static void ask(request *r, const char *name, const char *value) {
    r->query[r->query_count++] = (s3hls_query){name, value};
}

/* Write "/bucket" after the endpoint's own path, or "/" if the bucket is part of the host. */
static size_t write_root(const s3hls__s3_client *c, const s3hls__place *place,
                         char path[PATH_BYTES]) {
    return (size_t)snprintf(path, PATH_BYTES, "%s/%s", place->endpoint.path,
                            place->bucket_in_host ? "" : c->bucket);
}

/* Write the root and a key. @return false: the resulting key is malformed or too long. */
static bool write_path(const s3hls__s3_client *c, const s3hls__place *place, const char *key,
                       char path[PATH_BYTES]) {
    size_t root = write_root(c, place, path);
    if (!place->bucket_in_host)
        path[root++] = '/';
    int n = snprintf(path + root, PATH_BYTES - root, "%s%s", c->prefix, key);
    return key[0] && n > 0 && (size_t)n < PATH_BYTES - root &&
           s3hls__uri_key_ok(path + root, (size_t)n);
}

/* Headers that the client sets itself. A duplicate would be signed as one header and sent as
 * two. */
static bool is_reserved(const char *name) {
    static const char *const names[] = {
        "authorization", "content-length",       "content-type", "expect",
        "host",          "transfer-encoding",    "x-amz-date",   "x-amz-content-sha256",
        "connection",    "x-amz-security-token", "user-agent",   "x-amz-checksum-crc32c"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!name || strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool has_header(const request *r, const char *name) {
    for (size_t i = 0; i < r->header_count; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return true;
    return false;
}

static int add_checksum(const s3hls__s3_client *c, const s3hls__op *op, request *r) {
    uint8_t digest[S3HLS__MD5_BYTES];
    if (c->checksum == S3HLS_CHECKSUM_CRC32C) {
        crc32c_of_body(op, r->checksum);
        add_header(r, "x-amz-checksum-crc32c", r->checksum);
    } else if (c->checksum == S3HLS_CHECKSUM_MD5 && !has_header(r, "content-md5")) {
        if (digest_body(op, S3HLS__MD5, digest))
            return S3HLS_E_NOMEM;
        s3hls__to_base64(digest, sizeof digest, r->checksum);
        add_header(r, "content-md5", r->checksum);
    }
    return S3HLS_OK;
}

static int describe_put(const s3hls__s3_client *c, const s3hls__op *op, request *r) {
    const s3hls_s3_put_options *put = op->request.put;
    add_header(r, "content-type",
               put && put->content_type ? put->content_type : "application/octet-stream");
    if (put && put->header_count > MAX_CALLER_HEADERS)
        return S3HLS_E_TOO_LARGE;
    for (size_t i = 0; put && i < put->header_count; i++) {
        if (is_reserved(put->headers[i].name))
            return S3HLS_E_INVALID;
        add_header(r, put->headers[i].name, put->headers[i].value);
    }
    int rc = add_checksum(c, op, r);
    if (rc)
        return rc;
    uint8_t digest[S3HLS__SHA256_BYTES];
    if (!c->sign_payload)
        strcpy(r->payload_hash, S3HLS_SIGV4_UNSIGNED_PAYLOAD);
    else if (digest_body(op, S3HLS__SHA256, digest))
        return S3HLS_E_NOMEM;
    else
        s3hls__to_hex(digest, sizeof digest, r->payload_hash);
    return S3HLS_OK;
}

static bool join(char to[PATH_BYTES], const char *a, const char *b) {
    int n = snprintf(to, PATH_BYTES, "%s%s", a, b);
    return n >= 0 && n <= S3HLS__KEY_BYTES_MAX;
}

static int describe_list(const s3hls__s3_client *c, const s3hls__op *op,
                         const s3hls__list_ask *page, request *r) {
    if (!join(r->prefix, c->prefix, op->request.key) ||
        !join(r->start_after, c->prefix, page->start_after))
        return S3HLS_E_INVALID;
    ask(r, "list-type", "2");
    if (op->request.by_folder)
        ask(r, "delimiter", "/");
    ask(r, "encoding-type", "url");
    if (op->request.page_keys) {
        snprintf(r->max_keys, sizeof r->max_keys, "%" PRIu32, op->request.page_keys);
        ask(r, "max-keys", r->max_keys);
    }
    ask(r, "prefix", r->prefix);
    if (page->token[0])
        ask(r, "continuation-token", page->token);
    else if (page->start_after[0])
        ask(r, "start-after", r->start_after);
    return S3HLS_OK;
}

static int describe(const s3hls__s3_client *c, const s3hls__place *place, const s3hls__op *op,
                    const s3hls__list_ask *page, request *r) {
    bool list = op->request.kind == S3HLS__OP_LIST, setting = op->request.kind == S3HLS__OP_SETTING;
    memset(r, 0, sizeof *r);
    if (list || setting || op->request.setting)
        write_root(c, place, r->path);
    else if (!write_path(c, place, op->request.key, r->path))
        return S3HLS_E_INVALID;
    strcpy(r->payload_hash, EMPTY_SHA256);
    r->unix_s = s3hls__s3_now_s(c);
    add_header(r, "host", place->host);
    if (op->request.setting)
        ask(r, op->request.setting, "");
    if (op->request.kind == S3HLS__OP_PUT)
        return describe_put(c, op, r);
    if (list)
        return describe_list(c, op, page, r);
    if (setting)
        ask(r, op->request.key, "");
    if (op->request.kind == S3HLS__OP_GET && s3hls__s3_is_range(op)) {
        if (op->request.last == UINT64_MAX)
            snprintf(r->range, sizeof r->range, "bytes=%" PRIu64 "-", op->request.first);
        else
            snprintf(r->range, sizeof r->range, "bytes=%" PRIu64 "-%" PRIu64, op->request.first,
                     op->request.last);
        add_header(r, "range", r->range);
    }
    return S3HLS_OK;
}

/* @return S3HLS_OK, S3HLS_E_NOMEM, S3HLS_E_INVALID */
static int sign(const s3hls__s3_client *c, const char *method, const request *r,
                const s3hls__keys *keys, s3hls_sigv4_result *signature) {
    s3hls_credentials view = s3hls__keys_view(keys);
    s3hls_sigv4_request what = {.method = method,
                                .path = r->path,
                                .query = r->query,
                                .query_count = r->query_count,
                                .headers = r->headers,
                                .header_count = r->header_count,
                                .payload_hash = r->payload_hash,
                                .payload_header = 1,
                                .region = c->region,
                                .unix_s = r->unix_s};
    return s3hls_sigv4_sign(&what, &view, &c->env, signature);
}

static bool add_line(s3hls__s3_request *out, const s3hls_env *env, const char *name,
                     const char *value) {
    s3hls__strbuf b;
    char *line;
    s3hls__strbuf_init(&b, env, URL_MAX);
    s3hls__strbuf_addf(&b, value[0] ? "%s: %s" : "%s;", name, value); /* ';': empty, for libcurl */
    if (s3hls__strbuf_take(&b, &line))
        return false;
    struct curl_slist *headers = curl_slist_append(out->headers, line);
    s3hls__env_free(env, line);
    if (headers)
        out->headers = headers;
    return headers != NULL;
}

static int write_headers(s3hls__s3_request *out, const s3hls_env *env, const request *r,
                         const s3hls__keys *keys, const s3hls_sigv4_result *signature) {
    bool ok = add_line(out, env, "authorization", signature->authorization) &&
              add_line(out, env, "x-amz-date", signature->amz_date) &&
              add_line(out, env, "x-amz-content-sha256", r->payload_hash) &&
              (!keys->session_token[0] ||
               add_line(out, env, "x-amz-security-token", keys->session_token));
    for (size_t i = 0; i < r->header_count && ok; i++)
        ok = add_line(out, env, r->headers[i].name, r->headers[i].value);
    struct curl_slist *headers = ok ? curl_slist_append(out->headers, "Expect:") : NULL;
    if (headers)
        out->headers = headers;
    return headers ? S3HLS_OK : S3HLS_E_NOMEM;
}

static int make_url(const s3hls__s3_client *c, const s3hls__place *place,
                    const s3hls_sigv4_result *signature, char **url) {
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, &c->env, URL_MAX);
    s3hls__strbuf_addf(&b, "%s://%s%s%s%s", place->endpoint.tls ? "https" : "http", place->host,
                       signature->encoded_path, signature->query_string[0] ? "?" : "",
                       signature->query_string);
    return s3hls__strbuf_take(&b, url);
}

int s3hls__s3_request_open(s3hls__s3_request *out, const s3hls__s3_client *c,
                           const s3hls__place *place, s3hls__op *op, const s3hls__list_ask *page) {
    s3hls_sigv4_result signature;
    s3hls__keys keys;
    request r;
    memset(out, 0, sizeof *out);
    out->method = methods[op->request.kind];
    int rc = describe(c, place, op, page, &r);
    if (rc)
        return rc;
    rc = s3hls__credentials_get(c->credentials, &keys);
    strcpy(out->access_key_id, keys.access_key_id);
    out->signed_s = r.unix_s;
    if (!rc)
        rc = sign(c, out->method, &r, &keys, &signature);
    if (!rc) {
        rc = write_headers(out, &c->env, &r, &keys, &signature);
        if (!rc)
            rc = make_url(c, place, &signature, &out->url);
        s3hls_sigv4_result_deinit(&signature, &c->env);
    }
    s3hls__keys_wipe(&keys);
    if (rc)
        s3hls__s3_request_close(out, c);
    return rc;
}

void s3hls__s3_request_close(s3hls__s3_request *out, const s3hls__s3_client *c) {
    curl_slist_free_all(out->headers);
    s3hls__env_free(&c->env, out->url);
    out->headers = NULL;
    out->url = NULL;
}

/* ---- presigned URLs */

int s3hls__s3_client_presign(s3hls__s3_client *c, const char *method, const char *key,
                             uint32_t expires_s, char **url) {
    static const char *const allowed[] = {"GET", "HEAD", "PUT", "DELETE"};
    bool known = false;
    *url = NULL;
    for (size_t i = 0; i < 4; i++)
        known |= strcmp(method, allowed[i]) == 0;
    char path[PATH_BYTES];
    if (!known || !write_path(c, &c->home, key, path))
        return S3HLS_E_INVALID;
    s3hls_header host = {"host", c->home.host};
    s3hls_sigv4_request what = {.method = method,
                                .path = path,
                                .headers = &host,
                                .header_count = 1,
                                .payload_hash = S3HLS_SIGV4_UNSIGNED_PAYLOAD,
                                .region = c->region,
                                .unix_s = s3hls__s3_now_s(c)};
    s3hls_sigv4_result signature;
    s3hls__keys keys;
    int rc = s3hls__credentials_get(c->credentials, &keys);
    s3hls_credentials view = s3hls__keys_view(&keys);
    if (!rc)
        rc = s3hls_sigv4_presign(&what, &view, expires_s, &c->env, &signature);
    s3hls__keys_wipe(&keys);
    if (rc)
        return rc;
    rc = make_url(c, &c->home, &signature, url);
    s3hls_sigv4_result_deinit(&signature, &c->env);
    return rc;
}
