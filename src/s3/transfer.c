/* SPDX-License-Identifier: MIT-0 */
#include "base/strbuf.h"
#include "s3/authorities.h"
#include "s3/client.h"
#include "s3/credentials.h"
#include "s3/errors.h"
#include "s3/headers.h"
#include "s3/libcurl.h"
#include "s3/tls.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ERROR_BODY_MAX = 4096,
    LIST_PAGE_MAX = 4 << 20, /* holds 1,000 keys of 1,024 bytes, percent-encoded */
    RESTARTS_MAX = 3
};

#define NO_ETAG "no ETag, and the object is not there: it is not S3 that answered"

/* One operation in progress. */
typedef struct call {
    s3hls__exchange exchange;
    s3hls__s3_client *client;
    s3hls__s3_request request;
    s3hls__place elsewhere; /* redirection that applies to this request only */
    bool redirected;
    int restarts; /* how often it was restarted */
    int64_t begun_us;
    uint64_t sent;       /* body bytes sent */
    int verdict;         /* status of a callback that aborted the transfer; S3HLS_OK: none */
    bool looking;        /* PUT: there was no ETag, and HEAD asks whether the object is stored */
    bool asking;         /* for the time, by HEAD: a certificate's dates did not fit our clock */
    s3hls__op_kind kind; /* of the operation meanwhile */
    s3hls__headers headers;
    char error_text[CURL_ERROR_SIZE];
    char error_body[ERROR_BODY_MAX];
    size_t error_size;
    s3hls__strbuf page;      /* LIST: the response */
    s3hls__listing *listing; /* LIST; else NULL */
} call;

/* ---- callbacks of libcurl */

static void note_progress(call *c) {
    const s3hls_env *env = &c->client->env;
    c->exchange.moved_us = env->monotonic_us(env->ctx);
}

static size_t read_body(char *to, size_t unit, size_t count, void *arg) {
    call *c = arg;
    note_progress(c);
    s3hls__op *op = c->exchange.op;
    size_t space = unit * count, done = 0;
    while (done < space && c->sent < op->request.body_size) {
        s3hls_span span = op->request.body(op->request.body_ctx, c->sent);
        size_t n = span.size < space - done ? span.size : space - done;
        if (n == 0) {
            c->verdict = S3HLS_E_INVALID; /* the body ended before its stated size */
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

/* Called per header line, with the empty line last. libcurl omits an incomplete line. */
static size_t note_header(char *line, size_t unit, size_t count, void *arg) {
    call *c = arg;
    note_progress(c);
    s3hls__headers_note(&c->headers, line, unit * count);
    return unit * count;
}

static size_t write_answer(char *data, size_t unit, size_t count, void *arg) {
    call *c = arg;
    s3hls__op *op = c->exchange.op;
    size_t size = unit * count;
    long http_status = 0;
    note_progress(c);
    curl_easy_getinfo(c->exchange.easy, CURLINFO_RESPONSE_CODE, &http_status);
    if (http_status < 200 || http_status >= 300) {
        size_t space = sizeof c->error_body - c->error_size, n = size < space ? size : space;
        memcpy(c->error_body + c->error_size, data, n);
        c->error_size += n;
    } else if (op->request.kind == S3HLS__OP_LIST) {
        s3hls__strbuf_add(&c->page, data, size);
        c->verdict = c->page.status;
        return c->verdict ? 0 : size;
    } else if (op->request.kind == S3HLS__OP_GET &&
               http_status != (s3hls__s3_is_range(op) ? 206 : 200)) {
        c->verdict = S3HLS_E_PROTOCOL; /* a different range than requested */
        return 0;
    } else if (op->request.on_data &&
               op->request.on_data(op->request.sink_ctx, (uint8_t *)data, size)) {
        c->verdict = S3HLS_E_CANCELLED;
        return 0;
    }
    return size;
}

/* ---- transfers */

/* Without a clock the validity dates of a certificate cannot be verified: its chain and host name
 * are verified as usual, and its dates once the server's time is known. */
static bool lacks_time(const call *k) {
    return !k->client->server_clock_s && (k->asking || !s3hls__env_wall_is_set(&k->client->env));
}

static CURLcode prepare_tls(CURL *easy, void *context, void *arg) {
    const call *k = arg;
    const s3hls__s3_client *c = k->client;
    if (c->server_clock_s)
        s3hls__tls_set_time(context, s3hls__s3_now_s(c));
    else if (lacks_time(k))
        s3hls__tls_skip_dates(easy, context);
    return c->ca_file ? s3hls__authorities_add_system(easy, context) : CURLE_OK;
}

/* Set the strings that libcurl copies. If it lacks memory for one, libcurl would continue with
 * other settings: the system's authorities instead of the given one, GET instead of DELETE. */
static bool set_texts(CURL *easy, const call *k) {
    const s3hls__s3_client *c = k->client;
    return !curl_easy_setopt(easy, CURLOPT_URL, k->request.url) &&
           !curl_easy_setopt(easy, CURLOPT_USERAGENT, c->user_agent) &&
           s3hls__authorities_set(easy, c->ca_file) &&
           (k->exchange.op->request.kind != S3HLS__OP_REMOVE ||
            !curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE"));
}

static void set_connection(CURL *easy, call *k) {
    const s3hls__s3_client *c = k->client;
    s3hls__easy_set_up(easy);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    bool prepared = c->ca_file || c->server_clock_s || lacks_time(k);
    if (prepared && s3hls__tls_is_openssl()) {
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, prepare_tls);
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, k);
    }
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 64L * 1024);
}

/* End a transfer that moves no byte for the timeout, unless the caller handles stalls itself. After
 * a failure, use a new connection and resolve the name again. */
static void set_patience(CURL *easy, const s3hls__s3_client *c, const s3hls__op *op) {
    if (!op->request.patient) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                         (long)((c->stall_timeout_ms - 1) / 1000) + 1);
    }
    if (op->request.fresh) {
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    }
}

static void set_transfer(CURL *easy, call *k) {
    const s3hls__op *op = k->exchange.op;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, k->error_text);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, k->request.headers);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, note_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, k);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, k);
    if (op->request.kind == S3HLS__OP_PUT) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)op->request.body_size);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_body);
        curl_easy_setopt(easy, CURLOPT_READDATA, k);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, k);
    } else if (op->request.kind == S3HLS__OP_HEAD) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
}

static void undo(call *k) {
    curl_easy_cleanup(k->exchange.easy);
    s3hls__s3_request_close(&k->request, k->client);
    s3hls__strbuf_deinit(&k->page);
    k->exchange.easy = NULL;
    memset(&k->headers, 0, sizeof k->headers);
    k->error_size = 0;
    k->sent = 0;
}

static int begin(call *k) {
    const s3hls__place *place = k->redirected ? &k->elsewhere : &k->client->home;
    s3hls__op *op = k->exchange.op;
    int rc = s3hls__s3_request_open(&k->request, k->client, place, op,
                                    k->listing ? op->request.lister->ask(k->listing) : NULL);
    if (rc)
        return rc;
    note_progress(k);
    CURL *easy = k->exchange.easy = curl_easy_init();
    if (!easy || !set_texts(easy, k))
        return S3HLS_E_NOMEM;
    set_connection(easy, k);
    set_patience(easy, k->client, op);
    set_transfer(easy, k);
    return s3hls__http_begin(k->client->http, &k->exchange);
}

/* Request the next page, or the same page again. */
static bool begin_again(call *k) {
    s3hls__op *op = k->exchange.op;
    undo(k);
    memset(&op->result, 0, sizeof op->result);
    s3hls__strbuf_init(&k->page, &k->client->env, LIST_PAGE_MAX);
    op->result.status = begin(k);
    return op->result.status == S3HLS_OK;
}

/* ---- answers */

/* S3 sends an ETag with every object that it stores. */
static bool has_etag(const call *k) {
    return s3hls__headers_get(&k->headers, S3HLS__HEADER_ETAG) != NULL;
}

static bool sent_whole_body(const call *k) {
    curl_off_t sent = 0;
    curl_easy_getinfo(k->exchange.easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return k->exchange.op->request.kind != S3HLS__OP_PUT ||
           (uint64_t)sent >= k->exchange.op->request.body_size;
}

/* Name the part of the configuration that a refusal concerns, if the server did not. */
static void name_fault(const call *k, const char *location) {
    const s3hls__s3_client *c = k->client;
    const s3hls__place *place = k->redirected ? &k->elsewhere : &c->home;
    s3hls_s3_error *e = &k->exchange.op->result;
    bool own = c->own_endpoint && !place->bucket_in_host;
    size_t size = strlen(c->bucket);
    bool in_endpoint = own && strncmp(place->endpoint.host, c->bucket, size) == 0 &&
                       place->endpoint.host[size] == '.';
    bool missing =
        e->status == S3HLS_E_NO_BUCKET ||
        (e->status == S3HLS_E_NOT_FOUND && k->exchange.op->request.kind != S3HLS__OP_GET &&
         k->exchange.op->request.kind != S3HLS__OP_HEAD);
    size_t shown = location ? strcspn(location, "?") : 0; /* a query may contain secrets */
    char text[256];
    if (missing && in_endpoint)
        snprintf(text, sizeof text,
                 "the endpoint's host begins with the bucket's name: take it off");
    else if (e->status == S3HLS_E_NO_BUCKET)
        snprintf(text, sizeof text, "bucket %s at %.180s", c->bucket, place->endpoint.host);
    else if (e->http_status >= 300 && e->http_status < 400 && !e->code[0] && location)
        snprintf(text, sizeof text, "redirected to %.*s: is the endpoint right?",
                 shown < 200 ? (int)shown : 200, location);
    else if (e->http_status >= 400 && e->http_status < 410 && !e->code[0] && !e->message[0] &&
             k->exchange.op->request.kind != S3HLS__OP_HEAD)
        snprintf(text, sizeof text, "no S3 error: is %.180s the endpoint of an S3 server?",
                 place->endpoint.host);
    else
        return;
    s3hls__s3_error_add(e, text);
}

static bool is_object_put(const call *k) {
    return k->exchange.op->request.kind == S3HLS__OP_PUT && !k->exchange.op->request.setting;
}

static void read_error(call *k, CURLcode code) {
    s3hls_s3_error *e = &k->exchange.op->result;
    const char *request_id = s3hls__headers_get(&k->headers, S3HLS__HEADER_REQUEST_ID),
               *region = s3hls__headers_get(&k->headers, S3HLS__HEADER_REGION);
    curl_easy_getinfo(k->exchange.easy, CURLINFO_RESPONSE_CODE, &e->http_status);
    if (request_id)
        snprintf(e->request_id, sizeof e->request_id, "%s", request_id);
    e->server_unix_s = s3hls__headers_date(&k->headers, S3HLS__HEADER_DATE);
    /* A server that refuses may close the connection before it has received the whole body: its
     * response explains more than the connection error, unless memory ran out while reading it. */
    bool answered = e->http_status >= 300 && code != CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK && !answered && !k->headers.whole)
        code = CURLE_PARTIAL_FILE; /* libcurl accepts truncated headers */
    if (code != CURLE_OK && !answered) {
        e->curl_code = (int)code;
        e->status = s3hls__s3_status_of_transfer(code);
        snprintf(e->message, sizeof e->message, "%s",
                 k->error_text[0] ? k->error_text : curl_easy_strerror(code));
    } else {
        if (answered)
            s3hls__s3_error_scan(e, k->error_body, k->error_size);
        e->status = s3hls__s3_status_of_answer(e->http_status, e->code);
        if (e->status == S3HLS_E_REGION && region)
            s3hls__s3_error_name_region(e, region);
        if (e->status)
            name_fault(k, s3hls__headers_get(&k->headers, S3HLS__HEADER_LOCATION));
        if ((e->status == S3HLS_E_INVALID || e->status == S3HLS_E_UNSUPPORTED) && is_object_put(k))
            s3hls__s3_error_name_option(e, k->client->checksum == S3HLS_CHECKSUM_CRC32C);
        if (e->status == S3HLS_OK && !sent_whole_body(k)) {
            e->status = S3HLS_E_NETWORK;
            snprintf(e->message, sizeof e->message, "answered before the whole body was sent");
        }
        if (e->status == S3HLS_OK && is_object_put(k) && !has_etag(k)) {
            e->status = S3HLS_E_PROTOCOL;
            snprintf(e->message, sizeof e->message, NO_ETAG);
        }
    }
    if (k->verdict || code == CURLE_ABORTED_BY_CALLBACK) {
        e->status = k->verdict ? k->verdict : S3HLS_E_CANCELLED;
        e->message[0] = 0; /* libcurl's text only reports that its callback failed */
    }
}

static void report_head(const call *k) {
    s3hls__op *op = k->exchange.op;
    curl_off_t size = 0;
    const char *quoted = s3hls__headers_get(&k->headers, S3HLS__HEADER_ETAG);
    char etag[128] = "";
    if (quoted)
        snprintf(etag, sizeof etag, "%.*s", (int)strcspn(quoted + (*quoted == '"'), "\""),
                 quoted + (*quoted == '"'));
    curl_easy_getinfo(k->exchange.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    s3hls_s3_object object = {op->request.key, size > 0 ? (uint64_t)size : 0,
                              s3hls__headers_date(&k->headers, S3HLS__HEADER_LAST_MODIFIED), etag};
    if (op->request.on_object && op->request.on_object(op->request.sink_ctx, &object))
        op->result.status = S3HLS_E_CANCELLED;
}

/* @return true: another page was requested. */
static bool read_page(call *k) {
    s3hls__op *op = k->exchange.op;
    bool more = false;
    op->result.status =
        op->request.lister->page(k->listing, k->page.data ? k->page.data : "", k->page.size, &more);
    if (op->result.status == S3HLS_E_PROTOCOL && !op->result.message[0])
        snprintf(op->result.message, sizeof op->result.message, "the listing is not valid XML");
    return !op->result.status && more && begin_again(k);
}

static void finish(call *k) {
    s3hls__s3_client *c = k->client;
    s3hls__op *op = k->exchange.op;
    if (op->result.status && !op->result.message[0])
        snprintf(op->result.message, sizeof op->result.message, "%s",
                 s3hls_strerror(op->result.status));
    s3hls__s3_error_clean(&op->result);
    s3hls__log(&c->env, S3HLS_LOG_DEBUG, "s3", "%s %s: %s, HTTP %ld, %" PRId64 " ms",
               k->request.method, op->request.key, s3hls_status_name(op->result.status),
               op->result.http_status, (c->env.monotonic_us(c->env.ctx) - k->begun_us) / 1000);
    undo(k);
    if (k->listing)
        op->request.lister->close(&k->listing);
    s3hls__env_free(&c->env, k);
    s3hls__http_post(c->http, op);
}

/* ---- immediate correction */

/* The response names another region or endpoint: permanently (301), or for this request (307). */
static bool follow(call *k) {
    s3hls__s3_client *c = k->client;
    char region[64] = "", address[400] = "";
    const char *header = s3hls__headers_get(&k->headers, S3HLS__HEADER_REGION),
               *location = s3hls__headers_get(&k->headers, S3HLS__HEADER_LOCATION);
    s3hls__s3_scan(k->error_body, k->error_size, "Region", region, sizeof region);
    s3hls__s3_scan(k->error_body, k->error_size, "Endpoint", address, sizeof address);
    bool other_region = s3hls__s3_learn_region(c, header ? header : region);
    if (k->exchange.op->result.http_status == 307) {
        k->elsewhere = k->redirected ? k->elsewhere : c->home;
        k->redirected = true;
        return s3hls__s3_place_at(&k->elsewhere, c, location ? location : address) || other_region;
    }
    return (address[0] && s3hls__s3_place_at(&c->home, c, address)) || other_region;
}

static bool correct(call *k) {
    const s3hls_s3_error *e = &k->exchange.op->result;
    if (e->status == S3HLS_OK || !e->http_status || k->restarts >= RESTARTS_MAX)
        return false;
    if (k->listing && (e->status == S3HLS_E_INVALID || e->status == S3HLS_E_UNSUPPORTED))
        return k->exchange.op->request.lister->refused(k->listing);
    switch (s3hls__s3_action(e, k->request.signed_s)) {
    case S3HLS__CORRECT_CLOCK:
        return s3hls__s3_learn_clock(k->client, e, k->request.signed_s);
    case S3HLS__FOLLOW:
        return follow(k);
    case S3HLS__REFRESH:
        return s3hls__credentials_refused(k->client->credentials, k->request.access_key_id);
    case S3HLS__HOLD: /* some servers refuse rotated credentials with an access error */
        return e->status == S3HLS_E_ACCESS && s3hls__credentials_read_again(k->client->credentials);
    default:
        return false;
    }
}

/* ---- a good answer to a PUT, but without an ETag */

/* Such a response comes from a portal or a proxy, which stored nothing, or from one of a few
 * servers that did store the object: HEAD distinguishes them. @return true: HEAD was requested. */
static bool look_for_object(call *k) {
    s3hls__op *op = k->exchange.op;
    const s3hls_s3_error before = op->result;
    if (k->looking || !is_object_put(k) || has_etag(k) || before.status != S3HLS_E_PROTOCOL ||
        before.http_status < 200 || before.http_status >= 300)
        return false;
    k->looking = true;
    op->request.kind = S3HLS__OP_HEAD;
    return begin_again(k);
}

/* Derive the result of the PUT from the response to HEAD. */
static void conclude(call *k) {
    s3hls__op *op = k->exchange.op;
    s3hls_s3_error *e = &op->result;
    curl_off_t size = -1;
    op->request.kind = S3HLS__OP_PUT;
    if (!e->http_status)
        return; /* unknown: treated like a lost response to the PUT */
    curl_easy_getinfo(k->exchange.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    if (e->status == S3HLS_OK && size >= 0 && (uint64_t)size == op->request.body_size)
        return;
    e->status = S3HLS_E_PROTOCOL;
    snprintf(e->message, sizeof e->message, NO_ETAG);
}

/* ---- a clock that is set, and wrong: a dead battery, the date of the firmware */

/* A certificate is not valid yet, or no longer, by a clock that nothing confirms. A HEAD without
 * verified dates asks the server for the time; its connection is used for nothing else, and the
 * dates are verified by that time afterwards. @return true: it was sent */
static bool ask_for_time(call *k, CURLcode code) {
    const s3hls__s3_client *c = k->client;
    s3hls__op *op = k->exchange.op;
    if (code != CURLE_PEER_FAILED_VERIFICATION || k->asking || c->server_clock_s ||
        !s3hls__tls_refused_dates(k->exchange.easy) || s3hls__env_wall_is_synchronised(&c->env))
        return false;
    k->asking = true;
    k->kind = op->request.kind;
    op->request.kind = S3HLS__OP_HEAD;
    return begin_again(k);
}

/* @return true: the operation was begun again, by the server's time */
static bool take_time(call *k) {
    s3hls__op *op = k->exchange.op;
    op->request.kind = k->kind;
    s3hls__s3_learn_clock(k->client, &op->result, k->request.signed_s);
    k->asking = false;
    if (k->client->server_clock_s)
        return begin_again(k);
    op->result.status = S3HLS_E_TLS;
    snprintf(op->result.message, sizeof op->result.message,
             "the certificate is not valid by this device's clock, and the server states no time");
    return false;
}

static void ended(s3hls__exchange *exchange, CURLcode code) {
    call *k = (call *)exchange;
    s3hls__op *op = exchange->op;
    read_error(k, code);
    if (ask_for_time(k, code) || (k->asking && take_time(k)))
        return;
    if (!k->client->server_clock_s && !s3hls__env_wall_is_set(&k->client->env))
        s3hls__s3_learn_clock(k->client, &op->result, k->request.signed_s);
    if (correct(k)) {
        k->restarts++;
        if (begin_again(k))
            return;
    }
    if (look_for_object(k))
        return;
    if (k->looking) {
        conclude(k);
    } else if (op->result.status == S3HLS_OK) {
        if (op->request.kind == S3HLS__OP_HEAD)
            report_head(k);
        else if (op->request.kind == S3HLS__OP_LIST && read_page(k))
            return;
    }
    finish(k);
}

void s3hls__s3_start(s3hls__s3_client *c, s3hls__op *op) {
    memset(&op->result, 0, sizeof op->result);
    op->transport.partly_reported = false;
    call *k = s3hls__env_alloc(&c->env, sizeof *k);
    if (!k) {
        op->result.status = S3HLS_E_NOMEM;
        s3hls__http_post(c->http, op);
        return;
    }
    k->client = c;
    k->exchange.op = op;
    k->exchange.ended = ended;
    k->begun_us = c->env.monotonic_us(c->env.ctx);
    s3hls__strbuf_init(&k->page, &c->env, LIST_PAGE_MAX);
    op->transport.prefix = c->prefix;
    op->transport.prefix_size = strlen(c->prefix);
    if (op->request.kind == S3HLS__OP_LIST)
        op->result.status = op->request.lister->open(&k->listing, op, c->habits, &c->env);
    if (!op->result.status)
        op->result.status = begin(k);
    if (op->result.status == S3HLS_E_INVALID)
        strcpy(op->result.message, "key or header is malformed");
    if (op->result.status == S3HLS_E_CREDENTIALS)
        strcpy(op->result.message, "no keys yet, or they have expired: others are being fetched");
    if (op->result.status)
        finish(k);
}
