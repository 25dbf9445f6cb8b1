/* SPDX-License-Identifier: MIT-0 */
/* Handles one request and its answer, on a network thread. */
#include "s3hls/time.h"
#include "server/server.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>

/* What libmicrohttpd's next call is about. */
typedef enum phase {
    PHASE_HEADERS, /* the headers have arrived */
    PHASE_REQUEST, /* the whole request has arrived */
    PHASE_ANSWER   /* its answer, or its clip, is ready */
} phase;

typedef struct exchange {
    s3hls__waiter waiter; /* first member: the waiter is cast to the exchange */
    s3hls_server *server;
    struct MHD_Connection *connection;
    s3hls__connection *watched;
    s3hls__request request;
    s3hls__problem refused;
    s3hls__grant grant;
    int64_t begin_us;
    phase phase;
    bool head;
    s3hls__framing framing; /* if it is wrong, nothing more is read from the connection */
    s3hls__clip *clip;
    struct MHD_Response *clip_response; /* while it is being sent */
    const char *method;
    char path[256]; /* for the access log: without the query, which may contain a share link */

    unsigned status; /* status that was sent */
    uint64_t bytes;
} exchange;

static const char *header(const exchange *x, const char *name) {
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

static const struct sockaddr *peer(const exchange *x) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

/* ---- headers of answers */

static void add(struct MHD_Response *response, const char *name, const char *value) {
    MHD_add_response_header(response, name, value);
}

/* An origin of the allow list may read the answer (Fetch, "CORS protocol"). */
static void add_cors(const exchange *x, struct MHD_Response *response) {
    const char *origin = header(x, "Origin");
    if (x->server->config.cors_origin_count == 0)
        return;
    add(response, "Vary", "Origin");
    for (size_t i = 0; origin && i < x->server->config.cors_origin_count; i++) {
        const char *allowed = x->server->cors_origins[i];
        if (strcmp(allowed, "*") != 0 && strcmp(allowed, origin) != 0)
            continue;
        add(response, "Access-Control-Allow-Origin", allowed);
        add(response, "Access-Control-Expose-Headers",
            "Content-Length, Content-Range, Content-Disposition, ETag, Retry-After");
        return;
    }
}

static void add_common(const exchange *x, struct MHD_Response *response) {
    add_cors(x, response);
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "Referrer-Policy", "no-referrer"); /* URLs may contain a share link */
    if (x->framing.wrong || atomic_load(&x->server->draining))
        add(response, "Connection", "close");
}

static enum MHD_Result queue(exchange *x, unsigned status, struct MHD_Response *response) {
    if (!response)
        return MHD_NO;
    x->status = status;
    enum MHD_Result queued = MHD_queue_response(x->connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result respond_empty(exchange *x, unsigned status) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response)
        add_common(x, response);
    return queue(x, status, response);
}

/* An answer that required a token or a link is private to its requester, and is cached no longer
 * than the link is valid. */
static void add_caching(const exchange *x, const s3hls__answer *a, struct MHD_Response *response) {
    const s3hls__grant *grant = &x->grant;
    char text[80];
    int64_t age_s = a->max_age_s, left_s = grant->expires_s - s3hls__env_wall_s(&x->server->env);
    if (grant->proven && left_s < age_s)
        age_s = left_s;
    if (a->revalidate)
        snprintf(text, sizeof text, "no-cache");
    else if (age_s <= 0)
        snprintf(text, sizeof text, "no-store");
    else
        snprintf(text, sizeof text, "%smax-age=%" PRId64 "%s%s", grant->proven ? "private, " : "",
                 age_s, a->immutable ? ", immutable" : "", grant->share ? ", must-revalidate" : "");
    add(response, "Cache-Control", text);
    if (grant->proven)
        add(response, "Vary", "Authorization");
}

static void add_described(const exchange *x, const s3hls__answer *a, struct MHD_Response *response,
                          bool gzip) {
    char text[32];
    snprintf(text, sizeof text, "%s%s", a->text ? "W/" : "", a->etag);
    add(response, "ETag", text);
    add_caching(x, a, response);
    add(response, "Content-Type", a->type);
    if (a->text)
        add(response, "Vary", "Accept-Encoding");
    else
        add(response, "Accept-Ranges", "bytes");
    if (gzip)
        add(response, "Content-Encoding", "gzip");
    if (a->status == 401)
        add(response, "WWW-Authenticate", "Bearer realm=\"s3hls\"");
    if (a->status == 405)
        add(response, "Allow", "GET, HEAD, OPTIONS");
    if (a->retry_after_s) {
        snprintf(text, sizeof text, "%u", a->retry_after_s);
        add(response, "Retry-After", text);
    }
    /* The page loads from this server only, except segments from their endpoints. */
    if (strncmp(a->type, "text/html", 9) == 0)
        add(response, "Content-Security-Policy",
            "default-src 'self'; connect-src 'self' https: http:; media-src 'self' blob: https: "
            "http:; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'self'");
}

/* ---- bodies of answers */

static void release(void *answer) {
    s3hls__answer_release(answer);
}

/* Respond with a part of the answer's body. The reference passes to the response. */
static enum MHD_Result respond_part(exchange *x, s3hls__answer *a, unsigned status, bool gzip,
                                    uint64_t first, uint64_t size) {
    char range[80];
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        size, (gzip ? a->gzip : a->body) + first, release, a);
    if (!response) {
        s3hls__answer_release(a);
        return MHD_NO;
    }
    add_described(x, a, response, gzip);
    add_common(x, response);
    if (status == 206) {
        snprintf(range, sizeof range, "bytes %" PRIu64 "-%" PRIu64 "/%zu", first, first + size - 1,
                 a->size);
        add(response, "Content-Range", range);
    }
    x->bytes = x->head || status == 304 ? 0 : size;
    return queue(x, status, response);
}

static enum MHD_Result respond_unsatisfiable(exchange *x, s3hls__answer *a) {
    char range[40];
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    snprintf(range, sizeof range, "bytes */%zu", a->size);
    s3hls__answer_release(a);
    if (response) {
        add_common(x, response);
        add(response, "Cache-Control", "no-store");
        add(response, "Content-Range", range);
    }
    return queue(x, 416, response);
}

/* Takes over the reference. NULL: out of memory. */
static enum MHD_Result respond(exchange *x, s3hls__answer *a) {
    if (!a)
        return respond_empty(x, 503);
    if (a->status == 200 && s3hls__etag_matches(header(x, "If-None-Match"), a->etag))
        return respond_part(x, a, 304, false, 0, 0);
    uint64_t first = 0, last = 0;
    unsigned status = a->status;
    const char *condition = header(x, "If-Range");
    if (!a->text && (!condition || strcmp(condition, a->etag) == 0)) {
        bool part = s3hls__range_parse(header(x, "Range"), a->size, &first, &last, &status);
        if (status == 416)
            return respond_unsatisfiable(x, a);
        if (part)
            return respond_part(x, a, 206, false, first, last - first + 1);
    }
    bool gzip = a->gzip && s3hls__accepts_gzip(header(x, "Accept-Encoding"));
    return respond_part(x, a, status, gzip, 0, gzip ? a->gzip_size : a->size);
}

static enum MHD_Result refuse(exchange *x, unsigned status, const char *detail) {
    return respond(x, s3hls__answer_problem(&x->server->account, status, detail));
}

/* ---- clips */

#define LEFT_OUT "S3hls-Left-Out"

/* The omitted parts of a clip are known only at its end: they are reported in a trailer (RFC 9110
 * 6.5). */
static void add_trailer(exchange *x) {
    uint64_t segments, pictures;
    char value[64];
    s3hls__clip_left_out(x->clip, &segments, &pictures);
    snprintf(value, sizeof value, "segments=%" PRIu64 ", pictures=%" PRIu64, segments, pictures);
    if (segments || pictures)
        MHD_add_response_footer(x->clip_response, LEFT_OUT, value);
}

static ssize_t read_clip(void *ctx, uint64_t position, char *data, size_t max) {
    exchange *x = ctx;
    (void)position;
    ssize_t n = s3hls__clip_read(x->clip, data, max);
    if (n > 0)
        x->bytes += (uint64_t)n;
    if (n == -1)
        add_trailer(x);
    return n == -1 ? MHD_CONTENT_READER_END_OF_STREAM
                   : (n == -2 ? MHD_CONTENT_READER_END_WITH_ERROR : n);
}

/* File name of the clip: "cam-1" and its start, in safe characters. */
static void add_file_name(const exchange *x, struct MHD_Response *response) {
    char value[S3HLS__CAMERA_MAX + 64], at[S3HLS_TIME_TEXT_MAX];
    s3hls_time_format(x->request.from_ms * 1000, at, sizeof at);
    snprintf(value, sizeof value, "attachment; filename=\"%s %.19s.mp4", x->request.camera, at);
    for (char *p = strchr(value, '"') + 1; *p; p++)
        if ((*p < '0' || *p > '9') && ((*p | 0x20) < 'a' || (*p | 0x20) > 'z') && *p != '.' &&
            *p != '-' && *p != '_')
            *p = '-';
    strcat(value, "\"");
    add(response, "Content-Disposition", value);
}

static enum MHD_Result respond_clip(exchange *x) {
    s3hls__answer *refusal = s3hls__clip_refusal(x->clip);
    if (refusal)
        return respond(x, refusal);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 64 * 1024, read_clip, x, NULL);
    if (response) {
        x->clip_response = response;
        add(response, "Content-Type", "video/mp4");
        add(response, "Trailer", LEFT_OUT);
        add(response, "Cache-Control", "no-store");
        add_file_name(x, response);
        add_common(x, response);
    }
    return queue(x, 200, response);
}

static void pause_exchange(void *ctx) {
    MHD_suspend_connection(((exchange *)ctx)->connection);
}

static void resume_exchange(void *ctx) {
    MHD_resume_connection(((exchange *)ctx)->connection);
}

static enum MHD_Result begin_clip(exchange *x) {
    s3hls__clip_reader reader = {.pause = pause_exchange, .resume = resume_exchange, .ctx = x};
    pause_exchange(x);
    x->clip = s3hls__clip_begin(x->server->clips, &x->request, &reader);
    if (!x->clip) {
        x->waiter.answer = s3hls__answer_problem(&x->server->account, 503,
                                                 "as many clips are being made as may be at once");
        resume_exchange(x);
    }
    return MHD_YES;
}

/* ---- responses of the server itself */

static enum MHD_Result respond_preflight(exchange *x) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response) {
        add_common(x, response);
        add(response, "Allow", "GET, HEAD, POST, OPTIONS");
        add(response, "Access-Control-Allow-Methods", "GET, HEAD, POST");
        add(response, "Access-Control-Allow-Headers", "Authorization, Range, If-None-Match");
        add(response, "Access-Control-Max-Age", "86400");
    }
    return queue(x, 204, response);
}

static enum MHD_Result respond_text(exchange *x, const char *type, s3hls__strbuf *b) {
    char *text;
    size_t size = b->size;
    if (s3hls__strbuf_take(b, &text))
        return respond_empty(x, 503);
    return respond(x, s3hls__answer_text(&x->server->account, type, text, size));
}

static enum MHD_Result respond_health(exchange *x) {
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, &x->server->env, 64);
    s3hls__strbuf_add_str(&b, "ok\n");
    return respond_text(x, "text/plain", &b);
}

static enum MHD_Result respond_metrics(exchange *x) {
    s3hls_server *s = x->server;
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, &s->env, 1 << 20);
    s->metrics.made = s3hls__answers_made(s->answers);
    s3hls__catalog_figures figures;
    s3hls__catalog_stats(s->catalog, &figures);
    s3hls__metrics_write(&s->metrics, atomic_load(&s->account.bytes), &figures, &b);
    return respond_text(x, "text/plain; version=0.0.4", &b);
}

static enum MHD_Result respond_share(exchange *x) {
    s3hls_server *s = x->server;
    char share[S3HLS__SHARE_MAX], expires[S3HLS_TIME_TEXT_MAX];
    int64_t expires_s = s3hls__env_wall_s(&s->env) + x->request.expires_s;
    s3hls__strbuf b;
    switch (s3hls__share_format(s->access, &x->grant, &x->request, expires_s, share)) {
    case S3HLS_OK:
        break;
    case S3HLS_E_STATE:
        return refuse(x, 404, "this server is open to all: there is nothing to be shared");
    case S3HLS_E_ACCESS:
        return refuse(x, 403, "a share link cannot make another");
    default:
        return refuse(x, 400, "the camera's name is too long for a share link");
    }
    s3hls_time_format(expires_s * 1000000, expires, sizeof expires);
    s3hls__strbuf_init(&b, &s->env, 4096);
    s3hls__strbuf_addf(&b, "{\"share\":\"%s\",\"expires\":\"%s\"}\n", share, expires);
    return respond_text(x, "application/json", &b);
}

/* ---- authentication */

static bool is_loopback(const struct sockaddr *address) {
    if (address && address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    if (!address || address->sa_family != AF_INET6)
        return false;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

/* The request comes from this machine, and not through a proxy on it. */
static bool is_local(const exchange *x) {
    return is_loopback(peer(x)) && !header(x, "X-Forwarded-For") && !header(x, "Forwarded");
}

/* DNS-rebinding protection: a server without access control only accepts host names that cannot
 * belong to anybody else. */
static bool host_is_own(const exchange *x) {
    const char *host = header(x, "Host");
    if (!host)
        return false;
    if (host[0] == '[')
        return true;
    size_t n = strcspn(host, ":");
    return strspn(host, "0123456789.") == n || (n == 9 && strncasecmp(host, "localhost", n) == 0);
}

static s3hls__problem check_access(exchange *x) {
    static const char not_own[] = "without a token only localhost and addresses are answered to";
    s3hls_server *s = x->server;
    const s3hls__request *r = &x->request;
    int64_t now_s = s3hls__env_wall_s(&s->env);
    bool watching = r->route == S3HLS__ROUTE_METRICS || r->route == S3HLS__ROUTE_HEALTH;
    if (!s->config.token_file && !host_is_own(x))
        return (s3hls__problem){421, not_own};
    if (r->route == S3HLS__ROUTE_PAGE)
        return (s3hls__problem){0, NULL};
    if (watching && is_local(x) && host_is_own(x))
        return (s3hls__problem){0, NULL};
    if (watching && is_local(x) && !header(x, "Authorization"))
        return (s3hls__problem){421, not_own};
    s3hls__problem refused =
        s3hls__access_check(s->access, header(x, "Authorization"), r->share, now_s, &x->grant);
    if (!x->grant.share) /* a link that granted nothing is not repeated */
        x->request.share[0] = 0;
    if (!refused.status && watching && x->grant.share)
        return (s3hls__problem){403, "a share link does not open this"};
    return refused.status ? refused : s3hls__grant_covers(&x->grant, r, now_s * 1000);
}

/* ---- from request to answer */

static void wake_exchange(s3hls__waiter *waiter) {
    MHD_resume_connection(((exchange *)waiter)->connection);
}

static enum MHD_Result ask_store(exchange *x) {
    s3hls_server *s = x->server;
    s3hls__answer *answer = s3hls__answers_find(s->answers, &x->request, &x->grant);
    if (answer) {
        atomic_fetch_add(&s->metrics.shared, 1);
        return respond(x, answer);
    }
    if (atomic_load(&s->stopping))
        return refuse(x, 503, "the server is being stopped");
    MHD_suspend_connection(x->connection); /* first: the answer may arrive immediately */
    s3hls__answers_join(s->answers, &x->request, &x->grant, &x->waiter);
    return MHD_YES;
}

static enum MHD_Result answer(exchange *x) {
    s3hls__answer *file;
    switch (x->request.route) {
    case S3HLS__ROUTE_PAGE:
        file = s3hls__files_find(x->server->files, x->request.name);
        return file ? respond(x, file) : refuse(x, 404, "there is nothing at this address");
    case S3HLS__ROUTE_HEALTH:
        return respond_health(x);
    case S3HLS__ROUTE_METRICS:
        return respond_metrics(x);
    case S3HLS__ROUTE_SHARE:
        return respond_share(x);
    case S3HLS__ROUTE_CLIP:
        return begin_clip(x);
    default:
        return ask_store(x);
    }
}

static enum MHD_Result on_request(exchange *x) {
    const char *method = x->method;
    bool share = x->request.route == S3HLS__ROUTE_SHARE;
    if (strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0)
        return x->refused.status == 400 ? refuse(x, 400, x->refused.detail) : respond_preflight(x);
    x->head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (share ? strcmp(method, MHD_HTTP_METHOD_POST) != 0
              : strcmp(method, MHD_HTTP_METHOD_GET) != 0 && !x->head)
        return refuse(x, 405,
                      share ? "share links are made by POST" : "only GET and HEAD are known");
    if (x->refused.status)
        return refuse(x, x->refused.status, x->refused.detail);
    s3hls__problem refused = check_access(x);
    return refused.status ? refuse(x, refused.status, refused.detail) : answer(x);
}

/* ---- libmicrohttpd's callbacks */

/* Copy the first n bytes, or as many as fit, in a form that is safe in a log. */
static void copy_printable(char *to, size_t size, const char *from, size_t n) {
    snprintf(to, size, "%.*s", (int)n, from);
    for (char *p = to; *p; p++)
        if (*p <= ' ' || *p > '~' || *p == '"' || *p == '\\')
            *p = '?';
}

/* libmicrohttpd passes the undecoded target nowhere else. */
void *s3hls__exchange_begin(void *cls, const char *target, struct MHD_Connection *connection) {
    s3hls_server *s = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    s3hls__connection *watched = info ? info->socket_context : NULL;
    exchange *x = watched ? s3hls__env_alloc(&s->env, sizeof *x) : NULL;
    if (!x)
        return NULL;
    s3hls__connection_set_exchange(watched, x);
    x->waiter.wake = wake_exchange;
    x->server = s;
    x->connection = connection;
    x->watched = watched;
    x->begin_us = s->env.monotonic_us(s->env.ctx);
    s3hls__framing_begin(&x->framing, target);
    x->refused = s3hls__request_parse(&x->request, target);
    copy_printable(x->path, sizeof x->path, target, strcspn(target, "?"));
    return x;
}

static bool has_body(const exchange *x) {
    const char *length = header(x, "Content-Length");
    return header(x, "Transfer-Encoding") || (length && length[strspn(length, "0")] != 0);
}

static enum MHD_Result add_framed(void *framing, enum MHD_ValueKind kind, const char *name,
                                  size_t name_size, const char *value, size_t value_size) {
    (void)kind;
    s3hls__framing_header(framing, name, name_size, value ? value : name + name_size, value_size);
    return MHD_YES;
}

/* @return NULL, or the reason to refuse the request. */
static const char *check_framing(exchange *x, const char *version) {
    s3hls__framing *f = &x->framing;
    s3hls__framing_line(f, x->method, version, x->server->in_place);
    MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, add_framed, f);
    return s3hls__framing_end(f, strcmp(version, MHD_HTTP_VERSION_1_1) == 0);
}

/* An answer at this point ends the connection: the body is not read. */
static enum MHD_Result on_headers(exchange *x, const char *method, const char *version) {
    s3hls_server *s = x->server;
    x->method = method;
    atomic_fetch_add(&s->metrics.requests_running, 1);
    s3hls__connection_busy(s->connections, x->watched);
    const char *wrong = check_framing(x, version);
    if (wrong)
        return refuse(x, 400, wrong);
    return has_body(x) ? refuse(x, 413, "no request has a body here") : MHD_YES;
}

static enum MHD_Result on_answer(exchange *x) {
    if (x->clip)
        return respond_clip(x);
    s3hls__answer *answer = x->waiter.answer;
    x->waiter.answer = NULL;
    return respond(x, answer);
}

enum MHD_Result s3hls__exchange_handle(void *cls, struct MHD_Connection *connection,
                                       const char *url, const char *method, const char *version,
                                       const char *upload, size_t *upload_size, void **ctx) {
    exchange *x = *ctx;
    (void)cls, (void)connection, (void)url, (void)upload, (void)upload_size;
    if (!x)
        return MHD_NO;
    switch (x->phase) {
    case PHASE_HEADERS:
        x->phase = PHASE_REQUEST;
        return on_headers(x, method, version);
    case PHASE_REQUEST:
        x->phase = PHASE_ANSWER;
        return on_request(x);
    default:
        return on_answer(x);
    }
}

static void log_access(const exchange *x, int64_t took_us) {
    s3hls_server *s = x->server;
    char line[1024], method[16], at[S3HLS_TIME_TEXT_MAX];
    char from[INET6_ADDRSTRLEN] = "-", range[2 * S3HLS_TIME_TEXT_MAX + 2] = "";
    const struct sockaddr *address = peer(x);
    if (!s->config.access_log)
        return;
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, from, sizeof from);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, from, sizeof from);
    copy_printable(method, sizeof method, x->method, strlen(x->method));
    s3hls_time_format(s->env.wall_us(s->env.ctx), at, sizeof at);
    if (x->request.has_range) {
        char begin[S3HLS_TIME_TEXT_MAX], end[S3HLS_TIME_TEXT_MAX];
        s3hls_time_format(x->request.from_ms * 1000, begin, sizeof begin);
        s3hls_time_format(x->request.to_ms * 1000, end, sizeof end);
        snprintf(range, sizeof range, " %s/%s", begin, end);
    }
    snprintf(line, sizeof line, "%s %s \"%s %s%s\" %u %" PRIu64 " %.3fs%s%s%s", at, from, method,
             x->path, range, x->status, x->bytes, (double)took_us / 1e6,
             x->grant.name && x->grant.name[0] ? " " : "", x->grant.name ? x->grant.name : "",
             x->grant.share ? " by share link" : "");
    s->config.access_log(s->config.access_log_ctx, line);
}

void s3hls__exchange_end(void *cls, struct MHD_Connection *connection, void **ctx,
                         enum MHD_RequestTerminationCode code) {
    s3hls_server *s = cls;
    exchange *x = *ctx;
    (void)connection, (void)code;
    if (!x)
        return;
    if (x->phase != PHASE_HEADERS) {
        int64_t took_us = s->env.monotonic_us(s->env.ctx) - x->begin_us;
        unsigned digit = x->status / 100 < 6 ? x->status / 100 : 5;
        atomic_fetch_add(&s->metrics.requests[x->request.route][digit], 1);
        atomic_fetch_add(&s->metrics.microseconds[x->request.route], (uint64_t)took_us);
        atomic_fetch_add(&s->metrics.bytes, x->bytes);
        atomic_fetch_sub(&s->metrics.requests_running, 1);
        s3hls__connection_idle(s->connections, x->watched);
        log_access(x, took_us);
    } else {
        atomic_fetch_add(&s->metrics.broken, 1);
    }
    s3hls__connection_set_exchange(x->watched, NULL);
    s3hls__clip_release(x->clip);
    s3hls__answer_release(x->waiter.answer);
    s3hls__env_free(&s->env, x);
    *ctx = NULL;
}
