/* SPDX-License-Identifier: MIT-0 */
#include "record/uploader.h"
#include "base/config.h"
#include "s3/errors.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

struct s3hls_uploader {
    /* set at open */
    s3hls_env env;
    s3hls_uploader_config cfg;
    s3hls__pool *pool;
    s3hls__http *http;
    pthread_t thread;
    bool has_thread;

    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a delivery ended */
    s3hls__outbox *boxes;
    uint32_t in_flight;
    bool stop;
};

enum { IDLE_MS = 1000 };

static int64_t now_us(const s3hls_uploader *u) {
    return u->env.monotonic_us(u->env.ctx);
}

static int state_of(const s3hls__slot *slot) {
    return atomic_load_explicit(&slot->state, memory_order_acquire);
}

/* ---- one delivery */

/* Exponential back-off, half of it jitter; what trying again cannot mend waits longest at once. */
static int64_t backoff_us(const s3hls_uploader *u, uint32_t failures, bool retryable) {
    int64_t ms = u->cfg.retry_max_ms;
    if (retryable && failures < 24 && (int64_t)u->cfg.retry_first_ms << (failures - 1) < ms)
        ms = (int64_t)u->cfg.retry_first_ms << (failures - 1);
    int64_t half_us = ms * 500;
    return half_us + (int64_t)(u->env.random(u->env.ctx) % (uint64_t)(half_us + 1));
}

static void delivery_failed(s3hls_uploader *u, s3hls__slot *slot) {
    s3hls__outbox *box = slot->box;
    const s3hls_s3_error *e = &slot->op.error;
    if (e->status == S3HLS_E_CANCELLED) /* the outbox leaves */
        return;
    pthread_mutex_lock(&box->error_lock);
    box->last_error = *e;
    pthread_mutex_unlock(&box->error_lock);
    atomic_fetch_add(&box->retries, 1);

    pthread_mutex_lock(&u->lock);
    int64_t wait_us = backoff_us(u, ++box->failures, s3hls__s3_retryable(e));
    box->not_before_us = now_us(u) + wait_us;
    pthread_mutex_unlock(&u->lock);
    char answer[256] = "";
    if (e->http_status)
        snprintf(answer, sizeof answer, "HTTP %ld %s, request %s: ", e->http_status, e->code,
                 e->request_id);
    s3hls__log(&u->env, S3HLS_LOG_WARN, "record",
               "put %s failed: %s: %s%s; next try in %" PRId64 " ms", slot->key,
               s3hls_status_name(e->status), answer, e->message, wait_us / 1000);
}

static void delivery_succeeded(s3hls_uploader *u, s3hls__slot *slot) {
    s3hls__outbox *box = slot->box;
    s3hls__log(&u->env, S3HLS_LOG_DEBUG, "record", "delivered %s, %" PRIu64 " bytes", slot->key,
               slot->bytes);
    if (slot->media) {
        atomic_fetch_add(&box->bytes_delivered, slot->bytes);
        atomic_fetch_add(&box->delivered, 1);
    }
    pthread_mutex_lock(&u->lock);
    box->failures = 0;
    box->not_before_us = 0;
    pthread_mutex_unlock(&u->lock);
}

/* s3hls__op.done, on the thread that steps the transport. Only a success frees a segment. */
static void delivery_done(s3hls__op *op) {
    s3hls__slot *slot = op->user;
    s3hls__outbox *box = slot->box;
    s3hls_uploader *u = box->uploader;
    bool delivered = op->error.status == S3HLS_OK;
    if (delivered)
        delivery_succeeded(u, slot);
    else
        delivery_failed(u, slot);

    pthread_mutex_lock(&u->lock);
    if (delivered)
        s3hls__slot_release(slot);
    else
        atomic_store_explicit(&slot->state, S3HLS__SEGMENT_WAITING, memory_order_release);
    box->in_flight--;
    u->in_flight--;
    pthread_cond_broadcast(&u->changed);
    pthread_mutex_unlock(&u->lock);
}

static void delivery_begin(s3hls__slot *slot) {
    slot->op = (s3hls__op){.kind = S3HLS__OP_PUT,
                           .key = slot->key,
                           .body = s3hls__slot_body,
                           .body_ctx = slot,
                           .body_size = slot->bytes,
                           .put = &slot->put,
                           .done = delivery_done,
                           .user = slot};
    s3hls__store_start(slot->box->store, &slot->op);
}

/* ---- which comes next (under lock) */

static s3hls__slot *oldest_waiting(s3hls__outbox *box) {
    s3hls__slot *oldest = NULL;
    for (uint32_t i = 0; i < box->slot_count; i++) {
        s3hls__slot *slot = &box->slots[i];
        if (state_of(slot) == S3HLS__SEGMENT_WAITING && (!oldest || slot->order < oldest->order))
            oldest = slot;
    }
    return oldest;
}

/* While an outbox fails, one try at a time asks whether things are better. */
static bool may_begin(const s3hls_uploader *u, const s3hls__outbox *box, int64_t now) {
    return !box->leaving && u->in_flight < u->cfg.max_in_flight && now >= box->not_before_us &&
           !(box->failures && box->in_flight);
}

static s3hls__slot *take_due(s3hls_uploader *u) {
    s3hls__slot *slot = NULL;
    pthread_mutex_lock(&u->lock);
    int64_t now = now_us(u);
    for (s3hls__outbox *box = u->boxes; box && !slot; box = box->next) {
        if (!may_begin(u, box, now) || !(slot = oldest_waiting(box)))
            continue;
        atomic_store_explicit(&slot->state, S3HLS__SEGMENT_SENDING, memory_order_relaxed);
        box->in_flight++;
        u->in_flight++;
    }
    pthread_mutex_unlock(&u->lock);
    return slot;
}

static void cancel_leaving(s3hls_uploader *u) {
    pthread_mutex_lock(&u->lock);
    for (s3hls__outbox *box = u->boxes; box; box = box->next)
        for (uint32_t i = 0; box->leaving && i < box->slot_count; i++)
            if (state_of(&box->slots[i]) == S3HLS__SEGMENT_SENDING)
                s3hls__http_cancel(u->http, &box->slots[i].op);
    pthread_mutex_unlock(&u->lock);
}

/* Until the next back-off ends, at most limit_ms. Sets *pending where anything waits or is in
 * flight. */
static uint32_t until_due_ms(s3hls_uploader *u, uint32_t limit_ms, bool *pending) {
    pthread_mutex_lock(&u->lock);
    *pending = u->in_flight > 0;
    int64_t now = now_us(u);
    for (s3hls__outbox *box = u->boxes; box; box = box->next) {
        if (box->leaving || !oldest_waiting(box))
            continue;
        *pending = true;
        int64_t left_ms = (box->not_before_us - now + 999) / 1000;
        if (u->in_flight < u->cfg.max_in_flight && left_ms < limit_ms)
            limit_ms = left_ms > 0 ? (uint32_t)left_ms : 0;
    }
    pthread_mutex_unlock(&u->lock);
    return limit_ms;
}

/* Begin what is due, move bytes, wait up to timeout_ms. @return whether anything still waits. */
static bool run_once(s3hls_uploader *u, uint32_t timeout_ms) {
    bool pending;
    for (s3hls__slot *slot; (slot = take_due(u));)
        delivery_begin(slot);
    cancel_leaving(u);
    s3hls__http_step(u->http, until_due_ms(u, timeout_ms, &pending));
    until_due_ms(u, 0, &pending);
    return pending;
}

static void *thread_main(void *arg) {
    s3hls_uploader *u = arg;
    for (bool stop = false; !stop;) {
        run_once(u, IDLE_MS);
        pthread_mutex_lock(&u->lock);
        stop = u->stop;
        pthread_mutex_unlock(&u->lock);
    }
    return NULL;
}

/* ---- open, close */

static int check(const s3hls_uploader_config *cfg, const s3hls_env *env) {
    const char *wrong = NULL;
    if (cfg->max_in_flight < 1 || cfg->max_in_flight > 64)
        wrong = "max_in_flight must be 1 to 64";
    else if (cfg->pool_bytes < (size_t)256 << 10 || cfg->pool_bytes > (uint64_t)4 << 30)
        wrong = "pool_bytes must be 256 KiB to 4 GiB";
    else if (!cfg->retry_first_ms || cfg->retry_first_ms > cfg->retry_max_ms)
        wrong = "retry_first_ms must be 1 to retry_max_ms";
    if (wrong)
        s3hls__log(env, S3HLS_LOG_ERROR, "record", "uploader: %s", wrong);
    return wrong ? S3HLS_E_INVALID : S3HLS_OK;
}

static void init_sync(s3hls_uploader *u) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&u->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&u->lock, NULL);
}

/* Signals are the application's: the thread takes none, SIGPIPE of a broken connection among them.
 */
static bool start_thread(s3hls_uploader *u) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&u->thread, NULL, thread_main, u) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

int s3hls_uploader_open(s3hls_uploader **out, const s3hls_uploader_config *config) {
    s3hls_uploader_config cfg;
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls_uploader_config_init(&cfg);
    int rc = s3hls__config_copy(&cfg, sizeof cfg, config);
    if (rc)
        return rc;
    s3hls_env env = s3hls__env_resolve(cfg.env);
    if ((rc = check(&cfg, &env)))
        return rc;
    s3hls_uploader *u = s3hls__env_alloc(&env, sizeof *u);
    if (!u)
        return S3HLS_E_NOMEM;
    u->env = env;
    u->cfg = cfg;
    u->cfg.env = &u->env;
    init_sync(u);
    rc = s3hls__pool_open(&u->pool, cfg.pool_bytes, &env);
    if (!rc)
        rc = s3hls__http_open(&u->http, &env);
    if (!rc && !cfg.no_thread) {
        u->has_thread = start_thread(u);
        rc = u->has_thread ? S3HLS_OK : S3HLS_E_NOMEM;
    }
    if (rc)
        s3hls_uploader_close(&u);
    *out = u;
    return rc;
}

int s3hls_uploader_close(s3hls_uploader **uploader) {
    s3hls_uploader *u = uploader ? *uploader : NULL;
    if (!u)
        return S3HLS_OK;
    pthread_mutex_lock(&u->lock);
    bool used = u->boxes != NULL;
    u->stop = !used;
    pthread_mutex_unlock(&u->lock);
    if (used)
        return S3HLS_E_STATE;
    if (u->has_thread) {
        s3hls__http_wake(u->http);
        pthread_join(u->thread, NULL);
    }
    s3hls__http_close(&u->http);
    s3hls__pool_close(&u->pool);
    pthread_cond_destroy(&u->changed);
    pthread_mutex_destroy(&u->lock);
    s3hls_env env = u->env;
    s3hls__env_free(&env, u);
    *uploader = NULL;
    return S3HLS_OK;
}

int s3hls_uploader_step(s3hls_uploader *u, uint32_t timeout_ms) {
    if (!u)
        return S3HLS_E_INVALID;
    if (u->has_thread)
        return S3HLS_E_STATE;
    return run_once(u, timeout_ms) ? S3HLS_E_TIMEOUT : S3HLS_OK;
}

/* ---- outboxes */

s3hls__pool *s3hls__uploader_pool(s3hls_uploader *u) {
    return u->pool;
}

s3hls__http *s3hls__uploader_http(s3hls_uploader *u) {
    return u->http;
}

void s3hls__uploader_wake(s3hls_uploader *u) {
    s3hls__http_wake(u->http);
}

void s3hls__uploader_attach(s3hls_uploader *u, s3hls__outbox *box) {
    pthread_mutex_lock(&u->lock);
    box->uploader = u;
    box->next = u->boxes;
    u->boxes = box;
    pthread_mutex_unlock(&u->lock);
}

static bool box_empty(const s3hls__outbox *box) {
    for (uint32_t i = 0; i < box->slot_count; i++)
        if (state_of(&box->slots[i]) != S3HLS__SEGMENT_FREE)
            return false;
    return true;
}

static bool box_resting(const s3hls__outbox *box) {
    return box->in_flight == 0;
}

/* Wait, or work where there is no thread, until is_so(box), for up to deadline_ms (UINT32_MAX: for
 * ever). */
static bool wait_until(s3hls_uploader *u, s3hls__outbox *box, bool (*is_so)(const s3hls__outbox *),
                       uint32_t deadline_ms) {
    enum { SLICE_MS = 100 };
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t end_ms = (int64_t)end.tv_sec * 1000 + end.tv_nsec / 1000000 + deadline_ms;
    end.tv_sec = (time_t)(end_ms / 1000);
    end.tv_nsec = (long)(end_ms % 1000) * 1000000;
    pthread_mutex_lock(&u->lock);
    bool so, late = false;
    while (!(so = is_so(box)) && !late) {
        if (u->has_thread) {
            late = pthread_cond_timedwait(&u->changed, &u->lock, &end) != 0;
        } else {
            pthread_mutex_unlock(&u->lock);
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            int64_t left = end_ms - ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
            late = left <= 0;
            if (!late)
                run_once(u, left < SLICE_MS ? (uint32_t)left : SLICE_MS);
            pthread_mutex_lock(&u->lock);
        }
    }
    pthread_mutex_unlock(&u->lock);
    return so;
}

int s3hls__uploader_drain(s3hls_uploader *u, s3hls__outbox *box, uint32_t deadline_ms) {
    pthread_mutex_lock(&u->lock);
    box->not_before_us = 0; /* the end is near: try at once */
    pthread_mutex_unlock(&u->lock);
    s3hls__http_wake(u->http);
    return wait_until(u, box, box_empty, deadline_ms) ? S3HLS_OK : S3HLS_E_UNDELIVERED;
}

void s3hls__uploader_detach(s3hls_uploader *u, s3hls__outbox *box) {
    pthread_mutex_lock(&u->lock);
    box->leaving = true;
    pthread_mutex_unlock(&u->lock);
    s3hls__http_wake(u->http);
    wait_until(u, box, box_resting, UINT32_MAX);
    pthread_mutex_lock(&u->lock);
    for (s3hls__outbox **link = &u->boxes; *link; link = &(*link)->next)
        if (*link == box) {
            *link = box->next;
            break;
        }
    pthread_mutex_unlock(&u->lock);
}
