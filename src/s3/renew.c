/* SPDX-License-Identifier: MIT-0 */
/* Credentials that are fetched, and renewed before they expire, by the provider's own thread.
 * Uploads continue with the current ones meanwhile. */
#include "base/thread.h"
#include "s3/credentials.h"
#include <string.h>

static const int64_t SECOND_US = 1000000;
enum { ASKED_MIN_S = 5 }; /* minimum interval between fetches after rejections */

/* ---- state (under the lock) */

/* Exponential back-off from 250 ms to one minute, with 50 % jitter. */
static int64_t backoff_us(const s3hls_credentials_provider *p) {
    int64_t us = SECOND_US / 4 << (p->failures < 9 ? p->failures - 1 : 8);
    if (us > 60 * SECOND_US)
        us = 60 * SECOND_US;
    return us / 2 + s3hls__env_chance_us(&p->env, us / 2);
}

/* Time of the next fetch. */
static int64_t due_us(const s3hls_credentials_provider *p) {
    int64_t asked_us = p->fetched_us + ASKED_MIN_S * SECOND_US;
    if (p->failures)
        return p->retry_us;
    if (!p->have)
        return 0;
    return p->asked && asked_us < p->renew_us ? asked_us : p->renew_us;
}

/* ---- the thread */

static void fetch_now(s3hls_credentials_provider *p) {
    s3hls__keys keys;
    int64_t source_unix_s = 0;
    memset(&keys, 0, sizeof keys);
    pthread_mutex_unlock(&p->lock);
    int rc = p->fetcher.fetch(p->fetcher.ctx, &keys, &source_unix_s);
    pthread_mutex_lock(&p->lock);
    p->fetched_us = s3hls__env_now_us(&p->env);
    if (rc == S3HLS_OK) {
        s3hls__credentials_take(p, &keys, source_unix_s);
    } else {
        p->failures++;
        p->retry_us = s3hls__env_now_us(&p->env) + backoff_us(p);
        p->status = rc;
        pthread_cond_broadcast(&p->changed);
    }
    s3hls__keys_wipe(&keys);
    if (p->ending)
        return;
    pthread_mutex_unlock(&p->lock);
    s3hls__log(&p->env, rc ? S3HLS_LOG_WARN : S3HLS_LOG_INFO, "s3", "keys from %s: %s", p->source,
               rc ? s3hls_strerror(rc) : "renewed");
    s3hls__credentials_report(p, rc);
    pthread_mutex_lock(&p->lock);
}

static void *thread_main(void *arg) {
    s3hls_credentials_provider *p = arg;
    pthread_mutex_lock(&p->lock);
    while (!p->ending) {
        int64_t due = due_us(p);
        if (s3hls__env_now_us(&p->env) < due)
            s3hls__credentials_sleep(p, due);
        else
            fetch_now(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

int s3hls__credentials_open_fetched(s3hls_credentials_provider **out, const char *source,
                                    const s3hls__fetcher *fetcher, const s3hls_env *env) {
    int rc = s3hls__credentials_alloc(out, source, env);
    if (rc) {
        if (fetcher->close)
            fetcher->close(fetcher->ctx);
        return rc;
    }
    s3hls_credentials_provider *p = *out;
    p->fetcher = *fetcher;
    p->has_thread = s3hls__thread_start(&p->thread, thread_main, p) == 0;
    if (p->has_thread)
        return S3HLS_OK;
    s3hls_credentials_close(out);
    return S3HLS_E_NOMEM;
}

/* ---- the caller's function */

typedef struct callback {
    s3hls_env env;
    s3hls_credentials_fetch_fn fetch;
    void *ctx;
} callback;

static int call_back(void *ctx, s3hls__keys *keys, int64_t *source_unix_s) {
    callback *c = ctx;
    s3hls_credentials view = {NULL, NULL, NULL, 0};
    (void)source_unix_s;
    int rc = c->fetch(c->ctx, &view);
    if (rc)
        return rc;
    if (!s3hls__key_copy(keys->access_key_id, S3HLS_ACCESS_KEY_MAX, view.access_key_id, true) ||
        !s3hls__key_copy(keys->secret_access_key, S3HLS_SECRET_KEY_MAX, view.secret_access_key,
                         true) ||
        !s3hls__key_copy(keys->session_token, S3HLS_SESSION_TOKEN_MAX, view.session_token, false))
        return S3HLS_E_INVALID;
    keys->expires_unix_s = view.expires_unix_s;
    return S3HLS_OK;
}

static void free_callback(void *ctx) {
    s3hls_env env = ((callback *)ctx)->env;
    s3hls__env_free(&env, ctx);
}

int s3hls_credentials_open_callback(s3hls_credentials_provider **out,
                                    s3hls_credentials_fetch_fn fetch, void *ctx,
                                    const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (!out || !fetch)
        return S3HLS_E_INVALID;
    *out = NULL;
    callback *c = s3hls__env_alloc(&e, sizeof *c);
    if (!c)
        return S3HLS_E_NOMEM;
    *c = (callback){e, fetch, ctx};
    s3hls__fetcher fetcher = {.ctx = c, .fetch = call_back, .close = free_callback};
    return s3hls__credentials_open_fetched(out, "the program's function", &fetcher, env);
}
