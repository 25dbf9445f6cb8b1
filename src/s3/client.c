/* SPDX-License-Identifier: MIT-0 */
#include "base/strbuf.h"
#include "s3/crc32c.h"
#include "s3/credentials.h"
#include "s3/errors.h"
#include "s3/http.h"
#include "s3/uri.h"
#include "s3hls/s3hls.h"
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    MAX_HEADERS = 24,
    MAX_CALLER_HEADERS = 16,
    ERROR_BODY_MAX = 4096,
    LIST_PAGE_MAX = 4 << 20, /* 1,000 keys of 1,024 bytes, three times encoded, fit */
    URL_MAX = 32 * 1024,
    PATH_BYTES = 64 + S3HLS__KEY_BYTES_MAX + 3
};

static const char EMPTY_SHA256[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct s3hls__s3_client {
    s3hls_env env;
    s3hls__http *http;
    s3hls_credentials_provider *credentials;
    char *bucket, *prefix, *region, *ca_file, *user_agent;
    s3hls__endpoint endpoint;
    bool bucket_in_host, sign_payload, crc32c;
    char host[330]; /* as in the Host header */
    uint32_t connect_timeout_ms, stall_timeout_ms;
    int64_t clock_offset_s; /* server's time less ours, once a server has refused ours */
};

/* One operation under way. */
typedef struct call {
    s3hls__exchange exchange;
    s3hls__s3_client *client;
    struct curl_slist *headers;
    int64_t begun_us;
    uint64_t sent; /* bytes of the body */
    int verdict;   /* of a callback that stopped the transfer; S3HLS_OK: none did */
    char error_text[CURL_ERROR_SIZE];
    char error_body[ERROR_BODY_MAX];
    size_t error_size;
    s3hls__strbuf page;                  /* LIST */
    char token[S3HLS__LIST_TOKEN_BYTES]; /* LIST: of the next page */
} call;

static int64_t now_s(const s3hls__s3_client *c) {
    return c->env.wall_us(c->env.ctx) / 1000000 + c->clock_offset_s;
}

/* ---- open, close */

static int set_endpoint(s3hls__s3_client *c, const char *endpoint) {
    char aws[128];
    if (!endpoint) {
        const char *suffix = strncmp(c->region, "cn-", 3) == 0 ? ".cn" : "";
        snprintf(aws, sizeof aws, "https://s3.%s.amazonaws.com%s", c->region, suffix);
        endpoint = aws;
    }
    return s3hls__uri_parse_endpoint(endpoint, &c->endpoint);
}

/* A wildcard certificate covers one label: a bucket with a dot cannot stand before the host over
 * TLS. */
static bool bucket_goes_into_host(const s3hls__s3_client *c, const s3hls_s3_options *o) {
    if (o->addressing != S3HLS_ADDRESSING_AUTO)
        return o->addressing == S3HLS_ADDRESSING_VIRTUAL;
    return !o->endpoint && !strchr(c->bucket, '.');
}

static int configure(s3hls__s3_client *c, const char *bucket, const char *prefix,
                     const s3hls_s3_options *o) {
    const s3hls_env *env = &c->env;
    c->bucket = s3hls__env_strdup(env, bucket);
    c->prefix = s3hls__env_strdup(env, prefix ? prefix : "");
    c->region = s3hls__env_strdup(env, o->region ? o->region : "us-east-1");
    c->user_agent = s3hls__env_strdup(env, o->user_agent ? o->user_agent : "s3hls/" S3HLS_VERSION);
    c->ca_file = s3hls__env_strdup(env, o->ca_file);
    if (!c->bucket || !c->prefix || !c->region || !c->user_agent || (o->ca_file && !c->ca_file))
        return S3HLS_E_NOMEM;
    if (!s3hls__uri_bucket_ok(c->bucket) || !s3hls__uri_region_ok(c->region) ||
        set_endpoint(c, o->endpoint)) {
        s3hls__log(env, S3HLS_LOG_ERROR, "s3", "bucket %s, region %s or endpoint %s is malformed",
                   bucket, c->region, o->endpoint ? o->endpoint : "(default)");
        return S3HLS_E_INVALID;
    }
    if (c->ca_file && access(c->ca_file, R_OK)) {
        s3hls__log(env, S3HLS_LOG_ERROR, "s3", "CA file %s cannot be read", c->ca_file);
        return S3HLS_E_IO;
    }
    c->bucket_in_host = bucket_goes_into_host(c, o);
    if (c->bucket_in_host && c->endpoint.literal) {
        s3hls__log(env, S3HLS_LOG_ERROR, "s3", "no bucket can be put before the address %s",
                   c->endpoint.host);
        return S3HLS_E_INVALID;
    }
    snprintf(c->host, sizeof c->host, "%s%s%s", c->bucket_in_host ? c->bucket : "",
             c->bucket_in_host ? "." : "", c->endpoint.host);
    c->sign_payload =
        o->payload == S3HLS_PAYLOAD_AUTO ? !c->endpoint.tls : o->payload == S3HLS_PAYLOAD_SIGNED;
    c->crc32c = o->checksum == S3HLS_CHECKSUM_AUTO ? !c->sign_payload
                                                   : o->checksum == S3HLS_CHECKSUM_CRC32C;
    c->connect_timeout_ms = o->connect_timeout_ms ? o->connect_timeout_ms : 10000;
    c->stall_timeout_ms = o->stall_timeout_ms ? o->stall_timeout_ms : 20000;
    if (o->credentials)
        c->credentials = s3hls__credentials_retain(o->credentials);
    else
        return s3hls_credentials_open_default(&c->credentials, env);
    return S3HLS_OK;
}

int s3hls__s3_client_open(s3hls__s3_client **out, s3hls__http *http, const char *bucket,
                          const char *prefix, const s3hls_s3_options *options,
                          const s3hls_env *env) {
    static const s3hls_s3_options defaults;
    s3hls_env e = s3hls__env_resolve(env);
    *out = NULL;
    if (!bucket)
        return S3HLS_E_INVALID;
    s3hls__s3_client *c = s3hls__env_alloc(&e, sizeof *c);
    if (!c)
        return S3HLS_E_NOMEM;
    c->env = e;
    c->http = http;
    int rc = configure(c, bucket, prefix, options ? options : &defaults);
    if (rc)
        s3hls__s3_client_close(&c);
    *out = c;
    return rc;
}

void s3hls__s3_client_close(s3hls__s3_client **client) {
    s3hls__s3_client *c = client ? *client : NULL;
    if (!c)
        return;
    s3hls_env env = c->env;
    s3hls_credentials_close(&c->credentials);
    s3hls__env_free(&env, c->bucket);
    s3hls__env_free(&env, c->prefix);
    s3hls__env_free(&env, c->region);
    s3hls__env_free(&env, c->ca_file);
    s3hls__env_free(&env, c->user_agent);
    s3hls__env_free(&env, c);
    *client = NULL;
}

/* ---- bodies */

s3hls_span s3hls__span_body_at(void *ctx, uint64_t offset) {
    const s3hls__span_body *body = ctx;
    s3hls_span span = {NULL, 0};
    for (size_t i = 0; i < body->count; i++) {
        if (offset < body->spans[i].size) {
            span.data = body->spans[i].data + offset;
            span.size = body->spans[i].size - (size_t)offset;
            return span;
        }
        offset -= body->spans[i].size;
    }
    return span;
}

static int hash_body(const s3hls__op *op, char hex[65]) {
    uint8_t digest[32];
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL);
    for (uint64_t at = 0; ok && at < op->body_size;) {
        s3hls_span span = op->body(op->body_ctx, at);
        ok = span.size > 0 && EVP_DigestUpdate(md, span.data, span.size);
        at += span.size;
    }
    ok = ok && EVP_DigestFinal_ex(md, digest, NULL);
    EVP_MD_CTX_free(md);
    for (int i = 0; ok && i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return ok ? S3HLS_OK : S3HLS_E_NOMEM;
}

static void checksum_body(const s3hls__op *op, char base64[12]) {
    s3hls__crc32c_table table;
    s3hls__crc32c_init(&table);
    uint32_t crc = 0;
    for (uint64_t at = 0; at < op->body_size;) {
        s3hls_span span = op->body(op->body_ctx, at);
        if (span.size == 0)
            break;
        crc = s3hls__crc32c(&table, crc, span.data, span.size);
        at += span.size;
    }
    const uint8_t bytes[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                              (uint8_t)crc};
    EVP_EncodeBlock((uint8_t *)base64, bytes, sizeof bytes);
}

static size_t read_body(char *to, size_t unit, size_t count, void *arg) {
    call *c = arg;
    s3hls__op *op = c->exchange.op;
    size_t room = unit * count, done = 0;
    while (done < room && c->sent < op->body_size) {
        s3hls_span span = op->body(op->body_ctx, c->sent);
        size_t n = span.size < room - done ? span.size : room - done;
        if (n == 0) {
            c->verdict = S3HLS_E_INVALID; /* the body is shorter than its size says */
            return CURL_READFUNC_ABORT;
        }
        memcpy(to + done, span.data, n);
        done += n;
        c->sent += n;
    }
    return done;
}

static int seek_body(void *arg, curl_off_t offset, int origin) {
    call *c = arg;
    if (origin != SEEK_SET || offset < 0)
        return CURL_SEEKFUNC_FAIL;
    c->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static bool is_range(const s3hls__op *op) {
    return op->first > 0 || op->last != UINT64_MAX;
}

static size_t write_answer(char *data, size_t unit, size_t count, void *arg) {
    call *c = arg;
    s3hls__op *op = c->exchange.op;
    size_t size = unit * count;
    long http_status = 0;
    curl_easy_getinfo(c->exchange.easy, CURLINFO_RESPONSE_CODE, &http_status);
    if (http_status < 200 || http_status >= 300) {
        size_t room = sizeof c->error_body - c->error_size, n = size < room ? size : room;
        memcpy(c->error_body + c->error_size, data, n);
        c->error_size += n;
    } else if (op->kind == S3HLS__OP_LIST) {
        s3hls__strbuf_add(&c->page, data, size);
        c->verdict = c->page.status;
        return c->verdict ? 0 : size;
    } else if (op->kind == S3HLS__OP_GET && http_status != (is_range(op) ? 206 : 200)) {
        c->verdict = S3HLS_E_PROTOCOL; /* other bytes than were asked for */
        return 0;
    } else if (op->kind == S3HLS__OP_GET && op->on_data(op->sink_ctx, (uint8_t *)data, size)) {
        c->verdict = S3HLS_E_CANCELLED;
        return 0;
    }
    return size;
}

/* ---- requests */

static const char *const methods[] = {"PUT", "GET", "HEAD", "DELETE", "GET"};

/* What is to be said and signed; the strings live as long as this does. */
typedef struct request {
    s3hls_header headers[MAX_HEADERS];
    size_t header_count;
    s3hls_query query[6];
    size_t query_count;
    char path[PATH_BYTES];
    char payload_hash[65];
    char checksum[12];
    char range[48];
    char prefix[PATH_BYTES], start_after[PATH_BYTES]; /* LIST */
} request;

static void say(request *r, const char *name, const char *value) {
    r->headers[r->header_count++] = (s3hls_header){name, value};
}

static void ask(request *r, const char *name, const char *value) {
    r->query[r->query_count++] = (s3hls_query){name, value};
}

/* "/bucket", or "/" where the bucket stands in the host. */
static size_t write_root(const s3hls__s3_client *c, char path[PATH_BYTES]) {
    return (size_t)snprintf(path, PATH_BYTES, "/%s", c->bucket_in_host ? "" : c->bucket);
}

/* The root and a key. @return false: the bucket would have a key that is malformed or too long. */
static bool write_path(const s3hls__s3_client *c, const char *key, char path[PATH_BYTES]) {
    size_t root = write_root(c, path);
    if (!c->bucket_in_host)
        path[root++] = '/';
    int n = snprintf(path + root, PATH_BYTES - root, "%s%s", c->prefix, key);
    return key[0] && n > 0 && (size_t)n < PATH_BYTES - root &&
           s3hls__uri_key_ok(path + root, (size_t)n);
}

/* Headers the client says itself: said twice they would be signed as one and sent as two. */
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

static int describe_put(const s3hls__s3_client *c, const s3hls__op *op, request *r) {
    const s3hls_s3_put_options *put = op->put;
    say(r, "content-type",
        put && put->content_type ? put->content_type : "application/octet-stream");
    if (put && put->header_count > MAX_CALLER_HEADERS)
        return S3HLS_E_TOO_LARGE;
    for (size_t i = 0; put && i < put->header_count; i++) {
        if (is_reserved(put->headers[i].name))
            return S3HLS_E_INVALID;
        say(r, put->headers[i].name, put->headers[i].value);
    }
    if (c->crc32c) {
        checksum_body(op, r->checksum);
        say(r, "x-amz-checksum-crc32c", r->checksum);
    }
    if (c->sign_payload)
        return hash_body(op, r->payload_hash);
    strcpy(r->payload_hash, S3HLS_SIGV4_UNSIGNED_PAYLOAD);
    return S3HLS_OK;
}

static void describe_list(const call *k, request *r) {
    const s3hls__s3_client *c = k->client;
    s3hls__op *op = k->exchange.op;
    op->prefix_size = strlen(c->prefix);
    snprintf(r->prefix, sizeof r->prefix, "%s%s", c->prefix, op->key);
    ask(r, "list-type", "2");
    ask(r, "encoding-type", "url");
    ask(r, "prefix", r->prefix);
    if (k->token[0]) {
        ask(r, "continuation-token", k->token);
    } else if (op->start_after) {
        snprintf(r->start_after, sizeof r->start_after, "%s%s", c->prefix, op->start_after);
        ask(r, "start-after", r->start_after);
    }
}

static int describe(const call *k, request *r) {
    const s3hls__s3_client *c = k->client;
    const s3hls__op *op = k->exchange.op;
    bool list = op->kind == S3HLS__OP_LIST;
    memset(r, 0, sizeof *r);
    if (list)
        write_root(c, r->path);
    else if (!write_path(c, op->key, r->path))
        return S3HLS_E_INVALID;
    strcpy(r->payload_hash, EMPTY_SHA256);
    say(r, "host", c->host);
    if (op->kind == S3HLS__OP_PUT)
        return describe_put(c, op, r);
    if (list)
        describe_list(k, r);
    if (op->kind == S3HLS__OP_GET && is_range(op)) {
        if (op->last == UINT64_MAX)
            snprintf(r->range, sizeof r->range, "bytes=%" PRIu64 "-", op->first);
        else
            snprintf(r->range, sizeof r->range, "bytes=%" PRIu64 "-%" PRIu64, op->first, op->last);
        say(r, "range", r->range);
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
                                .unix_s = now_s(c)};
    return s3hls_sigv4_sign(&what, &view, &c->env, signature);
}

static bool add_line(call *k, const char *name, const char *value) {
    s3hls__strbuf b;
    char *line;
    s3hls__strbuf_init(&b, &k->client->env, URL_MAX);
    s3hls__strbuf_addf(&b, value[0] ? "%s: %s" : "%s;", name, value); /* ';': libcurl's empty */
    if (s3hls__strbuf_take(&b, &line))
        return false;
    struct curl_slist *headers = curl_slist_append(k->headers, line);
    s3hls__env_free(&k->client->env, line);
    if (headers)
        k->headers = headers;
    return headers != NULL;
}

static int write_headers(call *k, const request *r, const s3hls__keys *keys,
                         const s3hls_sigv4_result *signature) {
    bool ok = add_line(k, "authorization", signature->authorization) &&
              add_line(k, "x-amz-date", signature->amz_date) &&
              add_line(k, "x-amz-content-sha256", r->payload_hash) &&
              (!keys->session_token[0] || add_line(k, "x-amz-security-token", keys->session_token));
    for (size_t i = 0; i < r->header_count && ok; i++)
        ok = add_line(k, r->headers[i].name, r->headers[i].value);
    struct curl_slist *headers = ok ? curl_slist_append(k->headers, "Expect:") : NULL;
    if (headers)
        k->headers = headers;
    return headers ? S3HLS_OK : S3HLS_E_NOMEM;
}

static int make_url(const s3hls__s3_client *c, const s3hls_sigv4_result *signature, char **url) {
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, &c->env, URL_MAX);
    s3hls__strbuf_addf(&b, "%s://%s%s%s%s", c->endpoint.tls ? "https" : "http", c->host,
                       signature->encoded_path, signature->query_string[0] ? "?" : "",
                       signature->query_string);
    return s3hls__strbuf_take(&b, url);
}

/* ---- transfers */

static void set_connection(CURL *easy, const s3hls__s3_client *c) {
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#endif
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (c->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, c->ca_file);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, c->user_agent);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 64L * 1024);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)((c->stall_timeout_ms - 1) / 1000) + 1);
}

static void set_transfer(CURL *easy, call *k) {
    const s3hls__op *op = k->exchange.op;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, k->error_text);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, k->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, k);
    if (op->kind == S3HLS__OP_PUT) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)op->body_size);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body);
        curl_easy_setopt(easy, CURLOPT_READDATA, k);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, k);
    } else if (op->kind == S3HLS__OP_HEAD) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (op->kind == S3HLS__OP_REMOVE) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
    }
}

static int prepare(call *k) {
    const s3hls__s3_client *c = k->client;
    s3hls_sigv4_result signature;
    s3hls__keys keys;
    request r;
    char *url = NULL;
    int rc = describe(k, &r);
    if (rc)
        return rc;
    s3hls__credentials_get(c->credentials, &keys);
    rc = sign(c, methods[k->exchange.op->kind], &r, &keys, &signature);
    if (!rc) {
        rc = write_headers(k, &r, &keys, &signature);
        if (!rc)
            rc = make_url(c, &signature, &url);
        s3hls_sigv4_result_deinit(&signature, &c->env);
    }
    s3hls__keys_wipe(&keys);
    if (rc)
        return rc;
    CURL *easy = k->exchange.easy = curl_easy_init();
    if (easy) {
        set_connection(easy, c);
        set_transfer(easy, k);
        rc = curl_easy_setopt(easy, CURLOPT_URL, url) ? S3HLS_E_NOMEM : S3HLS_OK;
    }
    s3hls__env_free(&c->env, url);
    return easy ? rc : S3HLS_E_NOMEM;
}

static void undo(call *k) {
    curl_easy_cleanup(k->exchange.easy);
    curl_slist_free_all(k->headers);
    s3hls__strbuf_deinit(&k->page);
    k->exchange.easy = NULL;
    k->headers = NULL;
    k->error_size = 0;
    k->sent = 0;
}

static int begin(call *k) {
    int rc = prepare(k);
    return rc ? rc : s3hls__http_begin(k->client->http, &k->exchange);
}

/* ---- answers */

static const char *answer_header(const call *k, const char *name) {
    struct curl_header *header = NULL;
    return curl_easy_header(k->exchange.easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
               ? header->value
               : NULL;
}

static bool sent_whole_body(const call *k) {
    curl_off_t sent = 0;
    curl_easy_getinfo(k->exchange.easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return k->exchange.op->kind != S3HLS__OP_PUT || (uint64_t)sent >= k->exchange.op->body_size;
}

/* "Keep an offset, do not set the system's clock": the next request is signed with the server's
 * time. */
static void learn_clock(s3hls__s3_client *c, const s3hls_s3_error *e) {
    if (e->status == S3HLS_E_CLOCK && e->server_unix_s)
        c->clock_offset_s = e->server_unix_s - c->env.wall_us(c->env.ctx) / 1000000;
}

static void read_error(call *k, CURLcode code) {
    s3hls_s3_error *e = &k->exchange.op->error;
    const char *request_id = answer_header(k, "x-amz-request-id"), *date = answer_header(k, "date"),
               *region = answer_header(k, "x-amz-bucket-region");
    curl_easy_getinfo(k->exchange.easy, CURLINFO_RESPONSE_CODE, &e->http_status);
    if (request_id)
        snprintf(e->request_id, sizeof e->request_id, "%s", request_id);
    if (date && curl_getdate(date, NULL) > 0)
        e->server_unix_s = curl_getdate(date, NULL);
    /* a server that refuses may hang up before it has the whole body: its answer says more than the
     * break */
    bool answered = e->http_status >= 300;
    if (code != CURLE_OK && !answered) {
        e->status = s3hls__s3_status_of_transfer(code);
        snprintf(e->message, sizeof e->message, "%s",
                 k->error_text[0] ? k->error_text : curl_easy_strerror(code));
    } else {
        if (answered)
            s3hls__s3_error_scan(e, k->error_body, k->error_size);
        e->status = s3hls__s3_status_of_answer(e->http_status, e->code);
        if (e->status == S3HLS_E_REGION && region)
            s3hls__s3_error_name_region(e, region);
        if (e->status == S3HLS_OK && !sent_whole_body(k)) {
            e->status = S3HLS_E_NETWORK;
            snprintf(e->message, sizeof e->message, "answered before the whole body was sent");
        }
    }
    if (e->status && !e->message[0])
        snprintf(e->message, sizeof e->message, "%s", s3hls_strerror(e->status));
    if (k->verdict)
        e->status = k->verdict;
}

static void report_head(const call *k) {
    s3hls__op *op = k->exchange.op;
    curl_off_t size = 0, modified = 0;
    const char *quoted = answer_header(k, "etag");
    char etag[128] = "";
    if (quoted)
        snprintf(etag, sizeof etag, "%.*s", (int)strcspn(quoted + (*quoted == '"'), "\""),
                 quoted + (*quoted == '"'));
    curl_easy_getinfo(k->exchange.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    const char *last_modified = answer_header(k, "last-modified");
    if (last_modified && curl_getdate(last_modified, NULL) > 0)
        modified = curl_getdate(last_modified, NULL);
    s3hls_s3_object object = {op->key, size > 0 ? (uint64_t)size : 0, modified, etag};
    if (op->on_object && op->on_object(op->sink_ctx, &object))
        op->error.status = S3HLS_E_CANCELLED;
}

/* @return true: another page has been asked for. */
static bool read_page(call *k) {
    s3hls__op *op = k->exchange.op;
    char before[S3HLS__LIST_TOKEN_BYTES];
    strcpy(before, k->token);
    op->error.status = op->list_page(op, k->page.data ? k->page.data : "", k->page.size, k->token);
    if (op->error.status == S3HLS_OK && k->token[0] && strcmp(before, k->token) == 0)
        op->error.status = S3HLS_E_PROTOCOL; /* the same page for ever */
    if (op->error.status == S3HLS_E_PROTOCOL)
        snprintf(op->error.message, sizeof op->error.message, "the listing is not valid XML");
    if (op->error.status || !k->token[0])
        return false;
    undo(k);
    s3hls__strbuf_init(&k->page, &k->client->env, LIST_PAGE_MAX);
    op->error.status = begin(k);
    return op->error.status == S3HLS_OK;
}

static void finish(call *k) {
    s3hls__s3_client *c = k->client;
    s3hls__op *op = k->exchange.op;
    s3hls__log(&c->env, S3HLS_LOG_DEBUG, "s3", "%s %s: %s, HTTP %ld, %" PRId64 " ms",
               methods[op->kind], op->key, s3hls_status_name(op->error.status),
               op->error.http_status, (c->env.monotonic_us(c->env.ctx) - k->begun_us) / 1000);
    undo(k);
    s3hls__env_free(&c->env, k);
    s3hls__http_post(c->http, op);
}

static void ended(s3hls__exchange *exchange, CURLcode code) {
    call *k = (call *)exchange;
    read_error(k, code);
    learn_clock(k->client, &exchange->op->error);
    if (exchange->op->error.status == S3HLS_OK) {
        if (exchange->op->kind == S3HLS__OP_HEAD)
            report_head(k);
        else if (exchange->op->kind == S3HLS__OP_LIST && read_page(k))
            return;
    }
    finish(k);
}

void s3hls__s3_start(s3hls__s3_client *c, s3hls__op *op) {
    memset(&op->error, 0, sizeof op->error);
    call *k = s3hls__env_alloc(&c->env, sizeof *k);
    if (!k) {
        op->error.status = S3HLS_E_NOMEM;
        s3hls__http_post(c->http, op);
        return;
    }
    k->client = c;
    k->exchange.op = op;
    k->exchange.ended = ended;
    k->begun_us = c->env.monotonic_us(c->env.ctx);
    s3hls__strbuf_init(&k->page, &c->env, LIST_PAGE_MAX);
    op->error.status = begin(k);
    if (op->error.status) {
        snprintf(op->error.message, sizeof op->error.message, "%s",
                 op->error.status == S3HLS_E_INVALID ? "key or header is malformed"
                                                     : s3hls_strerror(op->error.status));
        finish(k);
    }
}

/* ---- presigned addresses */

int s3hls__s3_client_presign(s3hls__s3_client *c, const char *method, const char *key,
                             uint32_t expires_s, char **url) {
    static const char *const allowed[] = {"GET", "HEAD", "PUT", "DELETE"};
    bool known = false;
    *url = NULL;
    for (size_t i = 0; i < 4; i++)
        known |= strcmp(method, allowed[i]) == 0;
    char path[PATH_BYTES];
    if (!known || !write_path(c, key, path))
        return S3HLS_E_INVALID;
    s3hls_header host = {"host", c->host};
    s3hls_sigv4_request what = {.method = method,
                                .path = path,
                                .headers = &host,
                                .header_count = 1,
                                .payload_hash = S3HLS_SIGV4_UNSIGNED_PAYLOAD,
                                .region = c->region,
                                .unix_s = now_s(c)};
    s3hls_sigv4_result signature;
    s3hls__keys keys;
    s3hls__credentials_get(c->credentials, &keys);
    s3hls_credentials view = s3hls__keys_view(&keys);
    int rc = s3hls_sigv4_presign(&what, &view, expires_s, &c->env, &signature);
    s3hls__keys_wipe(&keys);
    if (rc)
        return rc;
    rc = make_url(c, &signature, url);
    s3hls_sigv4_result_deinit(&signature, &c->env);
    return rc;
}
