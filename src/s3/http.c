/* SPDX-License-Identifier: MIT-0 */
#include "s3/http.h"
#include "s3/libcurl.h"
#include <stdatomic.h>
#include <string.h>

/* All members belong to the thread that steps the transport, except for those of the wake-up.
 *
 * A wake-up sets woken and then tests sleeping; a step sets sleeping and then tests woken. In a
 * sequentially consistent order, at least one of the two sees the other: no wake-up is lost, and
 * one that finds the thread awake makes no system call. */
struct s3hls__http {
    s3hls_env env;
    s3hls__multi multi;
    s3hls__exchange *running;
    s3hls__op *posted, **posted_end;
    void (*on_list)(void *ctx); /* called when a LIST request is sent; may be NULL */
    void *on_list_ctx;
    _Atomic bool sleeping; /* the step waits, or begins to */
    _Atomic bool woken;    /* the step is not to wait */
};

int s3hls__http_open(s3hls__http **out, const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    *out = NULL;
    s3hls__http *http = s3hls__env_alloc(&e, sizeof *http);
    if (!http)
        return S3HLS_E_NOMEM;
    http->env = e;
    http->posted_end = &http->posted;
    int rc = s3hls__multi_open(&http->multi);
    if (rc)
        s3hls__env_free(&e, http);
    else
        *out = http;
    return rc;
}

int s3hls__http_begin(s3hls__http *http, s3hls__exchange *exchange) {
    curl_easy_setopt(exchange->easy, CURLOPT_PRIVATE, exchange);
    if (curl_multi_add_handle(http->multi.curl, exchange->easy) != CURLM_OK)
        return S3HLS_E_NOMEM;
    exchange->next = http->running;
    http->running = exchange;
    if (exchange->op->request.kind == S3HLS__OP_LIST && http->on_list)
        http->on_list(http->on_list_ctx);
    return S3HLS_OK;
}

void s3hls__http_on_list(s3hls__http *http, void (*on_list)(void *ctx), void *ctx) {
    http->on_list = on_list;
    http->on_list_ctx = ctx;
}

void s3hls__http_post(s3hls__http *http, s3hls__op *op) {
    op->transport.next = NULL;
    *http->posted_end = op;
    http->posted_end = &op->transport.next;
}

/* Operations that a done callback posts wait for the next step. Otherwise an operation that always
 * fails would keep this loop running. */
static int deliver_posted(s3hls__http *http) {
    int count = 0;
    s3hls__op *op = http->posted;
    http->posted = NULL;
    http->posted_end = &http->posted;
    for (s3hls__op *next; op; op = next, count++) {
        next = op->transport.next; /* done may free the op */
        op->done(op);
    }
    return count;
}

static void end_exchange(s3hls__http *http, s3hls__exchange *exchange, CURLcode code) {
    for (s3hls__exchange **link = &http->running; *link; link = &(*link)->next)
        if (*link == exchange) {
            *link = exchange->next;
            break;
        }
    curl_multi_remove_handle(http->multi.curl, exchange->easy);
    exchange->ended(exchange, code);
}

static void move_bytes(s3hls__http *http) {
    int queued;
    s3hls__multi_perform(&http->multi);
    for (CURLMsg *m; (m = curl_multi_info_read(http->multi.curl, &queued));) {
        char *exchange = NULL;
        CURLcode code = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &exchange);
        end_exchange(http, (s3hls__exchange *)(void *)exchange, code);
    }
}

static void wait_for_activity(s3hls__http *http, uint32_t timeout_ms) {
    atomic_store(&http->sleeping, true);
    if (atomic_load(&http->woken))
        timeout_ms = 0;
    s3hls__multi_wait(&http->multi, timeout_ms);
    atomic_store(&http->sleeping, false);
    atomic_exchange(&http->woken, false); /* the caller now sees what preceded the wake-up */
}

int s3hls__http_step(s3hls__http *http, uint32_t timeout_ms) {
    int count = 0;
    move_bytes(http);
    if (deliver_posted(http) == 0) {
        wait_for_activity(http, timeout_ms);
        move_bytes(http);
        deliver_posted(http);
    }
    for (s3hls__exchange *e = http->running; e; e = e->next)
        count++;
    for (s3hls__op *op = http->posted; op; op = op->transport.next)
        count++;
    return count;
}

void s3hls__http_wake(s3hls__http *http) {
    atomic_store(&http->woken, true);
    if (atomic_exchange(&http->sleeping, false))
        s3hls__multi_wake(&http->multi);
}

static s3hls__exchange *exchange_of(const s3hls__http *http, const s3hls__op *op) {
    s3hls__exchange *e = http->running;
    while (e && e->op != op)
        e = e->next;
    return e;
}

int64_t s3hls__http_idle_us(const s3hls__http *http, const s3hls__op *op) {
    const s3hls__exchange *e = exchange_of(http, op);
    return e ? http->env.monotonic_us(http->env.ctx) - e->moved_us : 0;
}

static void abort_exchange(s3hls__http *http, s3hls__exchange *exchange) {
    s3hls__easy_quit(exchange->easy);
    end_exchange(http, exchange, CURLE_ABORTED_BY_CALLBACK);
}

void s3hls__http_cancel(s3hls__http *http, s3hls__op *op) {
    s3hls__exchange *e = exchange_of(http, op);
    if (e)
        abort_exchange(http, e);
}

void s3hls__http_close(s3hls__http **http) {
    s3hls__http *h = http ? *http : NULL;
    if (!h)
        return;
    while (h->running)
        abort_exchange(h, h->running);
    deliver_posted(h);
    s3hls__multi_close(&h->multi);
    s3hls_env env = h->env;
    s3hls__env_free(&env, h);
    *http = NULL;
}
