/* SPDX-License-Identifier: MIT-0 */
#include "deliver/uploader.h"
#include "base/config.h"
#include "base/thread.h"
#include "base/wait.h"
#include <time.h>

/* ---- the thread */

static bool is_pressed(bool before, const s3hls__pool *pool) {
    return s3hls__health_is_pressed(before, s3hls__pool_used(pool), s3hls__pool_count(pool));
}

/* Update the pressure of a pool. Its use is read again after pressure was stored: a thread that
 * changes it in between either sees the new pressure and wakes this one, or its change is seen
 * here. */
static bool update_pressure(_Atomic bool *pressure, const s3hls__pool *pool) {
    bool before = *pressure;
    while (is_pressed(*pressure, pool) != *pressure)
        *pressure = !*pressure;
    return *pressure != before;
}

/* Recorders without a share use the whole pool, so that its pressure concerns each of them. */
static void check_memory(s3hls_uploader *u) {
    if (!update_pressure(&u->pressure, u->pool))
        return;
    pthread_mutex_lock(&u->lock);
    for (s3hls__outbox *box = u->boxes; box; box = box->next)
        s3hls__agenda_move(&u->agenda, &box->agenda, S3HLS__AGENDA_CHANGED);
    pthread_mutex_unlock(&u->lock);
}

static void cancel_detaching(s3hls_uploader *u) {
    pthread_mutex_lock(&u->lock);
    for (uint32_t i = 0; u->detaching && i < u->cfg.max_in_flight; i++)
        if (u->deliveries[i].box && u->deliveries[i].box->detaching)
            s3hls__http_cancel(u->http, &u->deliveries[i].op);
    for (s3hls__outbox *box = u->boxes; u->detaching && box; box = box->next)
        if (box->detaching && box->probing)
            s3hls__http_cancel(u->http, &box->probe);
    pthread_mutex_unlock(&u->lock);
}

/* Perform due tasks, transfer data, and sleep until something is due, for up to timeout_ms. */
static void run_once(s3hls_uploader *u, uint32_t timeout_ms) {
    check_memory(u);
    for (s3hls__task t; s3hls__uploader_next_task(u, &t);)
        s3hls__uploader_perform(u, &t);
    cancel_detaching(u);
    s3hls__http_step(u->http, s3hls__uploader_until_due_ms(u, timeout_ms));
}

static void *thread_main(void *arg) {
    s3hls_uploader *u = arg;
    for (bool stop = false; !stop;) {
        run_once(u, UINT32_MAX);
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
    else if (cfg->pool_bytes < (size_t)256 << 10 || (cfg->pool_bytes - 1) >> 20 >= 4096)
        wrong = "pool_bytes must be 256 KiB to 4 GiB";
    else if (!cfg->retry_first_ms || cfg->retry_first_ms > cfg->retry_max_ms)
        wrong = "retry_first_ms must be 1 to retry_max_ms";
    if (wrong)
        s3hls__log(env, S3HLS_LOG_ERROR, "record", "uploader: %s", wrong);
    return wrong ? S3HLS_E_INVALID : S3HLS_OK;
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
    s3hls__wait_init(&u->changed);
    pthread_mutex_init(&u->lock, NULL);
    rc = s3hls__pool_open(&u->pool, cfg.pool_bytes, &env);
    if (!rc)
        rc = s3hls__http_open(&u->http, &env);
    u->deliveries = s3hls__env_alloc(&env, cfg.max_in_flight * sizeof *u->deliveries);
    if (!rc && !u->deliveries)
        rc = S3HLS_E_NOMEM;
    if (!rc && !cfg.no_thread) {
        u->has_thread = s3hls__thread_start(&u->thread, thread_main, u) == 0;
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
    s3hls__agenda_deinit(&u->agenda, &env);
    s3hls__env_free(&env, u->deliveries);
    s3hls__env_free(&env, u);
    *uploader = NULL;
    return S3HLS_OK;
}

int s3hls_uploader_step(s3hls_uploader *u, uint32_t timeout_ms) {
    if (!u)
        return S3HLS_E_INVALID;
    if (u->has_thread)
        return S3HLS_E_STATE;
    run_once(u, timeout_ms);
    return s3hls__uploader_is_pending(u) ? S3HLS_E_TIMEOUT : S3HLS_OK;
}

/* ---- outboxes */

/* Called on the provider's thread, or on that of the caller that sets the credentials. */
static void credentials_changed(void *ctx, int status) {
    s3hls__outbox *box = ctx;
    s3hls_uploader *u = box->uploader;
    if (status == S3HLS_OK) {
        pthread_mutex_lock(&u->lock);
        s3hls__health_step(&box->health, S3HLS__HEALTH_RETRY, S3HLS_OK, 0, 0);
        s3hls__agenda_move(&u->agenda, &box->agenda, S3HLS__AGENDA_CHANGED);
        pthread_mutex_unlock(&u->lock);
        s3hls__http_wake(u->http);
    }
    s3hls__outbox_report(box, &(s3hls_event){.type = S3HLS_EVENT_CREDENTIALS,
                                             .status = status,
                                             .message = status ? s3hls_strerror(status) : ""});
}

int s3hls__uploader_attach(s3hls_uploader *u, s3hls__outbox *box) {
    pthread_mutex_lock(&u->lock);
    int rc = s3hls__agenda_add(&u->agenda, &box->agenda, &u->env);
    if (!rc) {
        box->attached = true;
        box->next = u->boxes;
        u->boxes = box;
        u->box_count++;
    }
    pthread_mutex_unlock(&u->lock);
    if (rc)
        return rc;
    box->watch = (s3hls__watch){.fn = credentials_changed, .ctx = box};
    if (box->credentials)
        s3hls__credentials_watch(box->credentials, &box->watch);
    s3hls__http_wake(u->http);
    return S3HLS_OK;
}

void s3hls__uploader_signal(s3hls_uploader *u, s3hls__outbox *box) {
    s3hls__agenda_signal(&u->agenda, &box->agenda);
    s3hls__http_wake(u->http);
}

void s3hls__uploader_note_memory(s3hls_uploader *u, s3hls__outbox *box) {
    if (is_pressed(u->pressure, u->pool) != u->pressure)
        s3hls__http_wake(u->http);
    if (s3hls__outbox_has_share(box) && is_pressed(box->pressure, box->pool) != box->pressure)
        s3hls__uploader_signal(u, box);
}

bool s3hls__uploader_is_pressed(s3hls_uploader *u, s3hls__outbox *box) {
    if (!s3hls__outbox_has_share(box))
        return u->pressure;
    update_pressure(&box->pressure, box->pool);
    return box->pressure;
}

static bool is_idle(const s3hls__outbox *box) {
    return box->tasks == 0;
}

/* Wait until is_so(box), or do the work where there is no thread, for up to deadline_ms
 * (UINT32_MAX: no limit) of the configured clock. */
static bool wait_until(s3hls_uploader *u, s3hls__outbox *box, bool (*is_so)(const s3hls__outbox *),
                       uint32_t deadline_ms) {
    enum { SLICE_US = 100000 };
    int64_t end_us = s3hls__uploader_now_us(u) + deadline_ms * INT64_C(1000), left_us;
    bool so;
    if (deadline_ms == UINT32_MAX)
        end_us = INT64_MAX;
    pthread_mutex_lock(&u->lock);
    while (!(so = is_so(box)) && (left_us = end_us - s3hls__uploader_now_us(u)) > 0) {
        left_us = left_us < SLICE_US ? left_us : SLICE_US;
        if (u->has_thread) {
            struct timespec slice = s3hls__wait_until_us(left_us);
            pthread_cond_timedwait(&u->changed, &u->lock, &slice);
        } else {
            pthread_mutex_unlock(&u->lock);
            run_once(u, (uint32_t)((left_us + 999) / 1000));
            pthread_mutex_lock(&u->lock);
        }
    }
    pthread_mutex_unlock(&u->lock);
    return so;
}

int s3hls__uploader_drain(s3hls_uploader *u, s3hls__outbox *box, uint32_t deadline_ms, bool spool) {
    pthread_mutex_lock(&u->lock);
    s3hls__outbox_begin_draining(box);
    s3hls__agenda_move(&u->agenda, &box->agenda, S3HLS__AGENDA_CHANGED);
    pthread_mutex_unlock(&u->lock);
    s3hls__http_wake(u->http);
    bool done = wait_until(u, box, spool ? s3hls__outbox_is_empty : s3hls__outbox_memory_is_empty,
                           deadline_ms);
    return done ? S3HLS_OK : S3HLS_E_UNDELIVERED;
}

void s3hls__uploader_detach(s3hls_uploader *u, s3hls__outbox *box) {
    if (box->credentials)
        s3hls__credentials_unwatch(box->credentials, &box->watch);
    pthread_mutex_lock(&u->lock);
    if (!box->detaching)
        u->detaching++;
    box->detaching = true;
    pthread_mutex_unlock(&u->lock);
    s3hls__http_wake(u->http);
    wait_until(u, box, is_idle, UINT32_MAX);
    pthread_mutex_lock(&u->lock);
    for (s3hls__outbox **link = &u->boxes; *link; link = &(*link)->next)
        if (*link == box) {
            *link = box->next;
            u->box_count--;
            u->detaching--;
            s3hls__agenda_remove(&u->agenda, &box->agenda);
            break;
        }
    box->attached = false;
    pthread_mutex_unlock(&u->lock);
}
