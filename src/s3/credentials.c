/* SPDX-License-Identifier: MIT-0 */
#include "s3/credentials.h"
#include <string.h>
#include <time.h>

static const int64_t SECOND_US = 1000000;
enum {
    AHEAD_S = 300,    /* renew this long before expiry, plus up to the same by chance */
    ENDED_MIN_S = 30, /* retry interval for credentials that arrive expired; plus chance */
    LIFE_MAX_S = INT32_MAX
};

/* ---- state (under the lock) */

/* Time before expiry at which to renew: 5 to 10 minutes, or half of a short lifetime. */
static int64_t lead_us(const s3hls_credentials_provider *p, int64_t life_us) {
    int64_t lead = AHEAD_S * SECOND_US + s3hls__env_chance_us(&p->env, AHEAD_S * SECOND_US);
    int64_t half = life_us / 2 + s3hls__env_chance_us(&p->env, life_us / 8);
    return lead < half ? lead : half;
}

/* Credentials that were expired on arrival are used nevertheless: the local clock may be wrong, and
 * a server rejects credentials that are really expired. */
static void plan_renewal(s3hls_credentials_provider *p, int64_t now, int64_t expires_unix_s,
                         int64_t source_unix_s) {
    if (expires_unix_s <= source_unix_s) {
        p->renew_us =
            now + ENDED_MIN_S * SECOND_US + s3hls__env_chance_us(&p->env, ENDED_MIN_S * SECOND_US);
        return;
    }
    int64_t life_s = expires_unix_s - source_unix_s;
    int64_t life_us = (life_s < LIFE_MAX_S ? life_s : LIFE_MAX_S) * SECOND_US;
    p->expires_us = now + life_us;
    p->renew_us = p->expires_us - lead_us(p, life_us);
    if (p->renew_us < now + SECOND_US)
        p->renew_us = now + SECOND_US;
}

void s3hls__credentials_take(s3hls_credentials_provider *p, const s3hls__keys *keys,
                             int64_t source_unix_s) {
    int64_t now = s3hls__env_now_us(&p->env);
    p->keys = *keys;
    p->have = true;
    p->asked = false;
    p->failures = 0;
    p->status = S3HLS_OK;
    p->expires_us = p->renew_us = INT64_MAX;
    if (!source_unix_s && s3hls__env_wall_is_set(&p->env))
        source_unix_s = s3hls__env_wall_s(&p->env);
    if (keys->expires_unix_s && source_unix_s)
        plan_renewal(p, now, keys->expires_unix_s, source_unix_s);
    pthread_cond_broadcast(&p->changed);
}

static bool valid(const s3hls_credentials_provider *p) {
    return p->have && (!p->fetcher.fetch || s3hls__env_now_us(&p->env) < p->expires_us);
}

/* Wait until that time of the monotonic clock, a change, or at most one second, since a test may
 * supply the clock. */
void s3hls__credentials_sleep(s3hls_credentials_provider *p, int64_t until_us) {
    int64_t left_us = until_us - s3hls__env_now_us(&p->env);
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (left_us > SECOND_US)
        left_us = SECOND_US;
    if (left_us <= 0)
        return;
    end.tv_nsec += (long)(left_us % SECOND_US) * 1000;
    end.tv_sec += (time_t)(left_us / SECOND_US) + end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&p->changed, &p->lock, &end);
}

/* ---- watching them */

/* Call the watchers without the lock, so that they may call the provider. A watcher stays on the
 * list while it is called. */
void s3hls__credentials_report(s3hls_credentials_provider *p, int status) {
    pthread_mutex_lock(&p->watch_lock);
    for (s3hls__watch *w = p->watches; w; w = w->next) {
        w->running++;
        pthread_mutex_unlock(&p->watch_lock);
        w->fn(w->ctx, status);
        pthread_mutex_lock(&p->watch_lock);
        if (--w->running == 0)
            pthread_cond_broadcast(&p->returned);
    }
    pthread_mutex_unlock(&p->watch_lock);
}

void s3hls__credentials_watch(s3hls_credentials_provider *p, s3hls__watch *watch) {
    pthread_mutex_lock(&p->watch_lock);
    watch->next = p->watches;
    p->watches = watch;
    pthread_mutex_unlock(&p->watch_lock);
}

void s3hls__credentials_unwatch(s3hls_credentials_provider *p, s3hls__watch *watch) {
    pthread_mutex_lock(&p->watch_lock);
    while (watch->running)
        pthread_cond_wait(&p->returned, &p->watch_lock);
    for (s3hls__watch **link = &p->watches; *link; link = &(*link)->next)
        if (*link == watch) {
            *link = watch->next;
            break;
        }
    pthread_mutex_unlock(&p->watch_lock);
}

/* ---- using them */

int s3hls__credentials_get(s3hls_credentials_provider *p, s3hls__keys *keys) {
    pthread_mutex_lock(&p->lock);
    int rc = valid(p) ? S3HLS_OK : S3HLS_E_CREDENTIALS;
    *keys = p->keys;
    pthread_mutex_unlock(&p->lock);
    return rc;
}

bool s3hls__credentials_renews(const s3hls_credentials_provider *p) {
    return p->fetcher.fetch != NULL;
}

static bool same_keys(const s3hls__keys *a, const s3hls__keys *b) {
    return strcmp(a->access_key_id, b->access_key_id) == 0 &&
           strcmp(a->secret_access_key, b->secret_access_key) == 0 &&
           strcmp(a->session_token, b->session_token) == 0;
}

bool s3hls__credentials_read_again(s3hls_credentials_provider *p) {
    s3hls__keys keys;
    if (!p->fetcher.read_again)
        return false;
    bool others = p->fetcher.read_again(p->fetcher.ctx, &keys) == S3HLS_OK;
    if (others) {
        pthread_mutex_lock(&p->lock);
        others = !same_keys(&keys, &p->keys);
        if (others)
            s3hls__credentials_take(p, &keys, 0);
        pthread_mutex_unlock(&p->lock);
    }
    s3hls__keys_wipe(&keys);
    if (others) {
        s3hls__log(&p->env, S3HLS_LOG_INFO, "s3", "keys from %s: read again, they have changed",
                   p->source);
        s3hls__credentials_report(p, S3HLS_OK);
    }
    return others;
}

bool s3hls__credentials_refused(s3hls_credentials_provider *p, const char *access_key_id) {
    pthread_mutex_lock(&p->lock);
    bool others = valid(p) && strcmp(p->keys.access_key_id, access_key_id) != 0;
    if (!others && p->fetcher.fetch && !p->asked) {
        p->asked = true;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return others || s3hls__credentials_read_again(p);
}

int s3hls__credentials_wait(s3hls_credentials_provider *p, const char *other_than,
                            uint32_t timeout_ms) {
    int64_t end_us = s3hls__env_now_us(&p->env) + timeout_ms * INT64_C(1000);
    int rc = S3HLS_E_TIMEOUT;
    pthread_mutex_lock(&p->lock);
    int64_t fetched_us = p->fetched_us;
    while (rc == S3HLS_E_TIMEOUT && s3hls__env_now_us(&p->env) < end_us) {
        bool other = !other_than || strcmp(p->keys.access_key_id, other_than) != 0;
        if (valid(p) && other)
            rc = S3HLS_OK;
        else if (!p->fetcher.fetch)
            rc = S3HLS_E_CREDENTIALS;
        else if (p->status && p->fetched_us != fetched_us)
            rc = p->status;
        else
            s3hls__credentials_sleep(p, end_us);
    }
    pthread_mutex_unlock(&p->lock);
    return rc;
}

/* ---- open and close */

int s3hls__credentials_alloc(s3hls_credentials_provider **out, const char *source,
                             const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls_credentials_provider *p = s3hls__env_alloc(&e, sizeof *p);
    if (!p)
        return S3HLS_E_NOMEM;
    p->env = e;
    p->source = source;
    p->references = 1;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&p->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&p->lock, NULL);
    pthread_mutex_init(&p->watch_lock, NULL);
    pthread_cond_init(&p->returned, NULL);
    *out = p;
    return S3HLS_OK;
}

int s3hls__credentials_open_fixed(s3hls_credentials_provider **out, const char *source,
                                  const s3hls_credentials *keys, const s3hls_env *env) {
    int rc = s3hls__credentials_alloc(out, source, env);
    if (rc == S3HLS_OK && (rc = s3hls_credentials_set(*out, keys)))
        s3hls_credentials_close(out);
    return rc;
}

int s3hls_credentials_open_static(s3hls_credentials_provider **out, const s3hls_credentials *keys,
                                  const s3hls_env *env) {
    return s3hls__credentials_open_fixed(out, "the program", keys, env);
}

int s3hls_credentials_set(s3hls_credentials_provider *provider, const s3hls_credentials *keys) {
    s3hls__keys copy;
    int rc = provider ? s3hls__keys_copy(&copy, keys, &provider->env) : S3HLS_E_INVALID;
    if (rc)
        return rc;
    pthread_mutex_lock(&provider->lock);
    s3hls__credentials_take(provider, &copy, 0);
    pthread_mutex_unlock(&provider->lock);
    s3hls__keys_wipe(&copy);
    s3hls__credentials_report(provider, S3HLS_OK);
    return S3HLS_OK;
}

int s3hls_credentials_describe(s3hls_credentials_provider *provider, s3hls_credentials_info *info) {
    if (!provider || !info)
        return S3HLS_E_INVALID;
    pthread_mutex_lock(&provider->lock);
    strcpy(info->access_key_id, provider->keys.access_key_id);
    info->source = provider->source;
    info->temporary = provider->keys.session_token[0] != 0;
    info->expires_unix_s = provider->keys.expires_unix_s;
    pthread_mutex_unlock(&provider->lock);
    return S3HLS_OK;
}

s3hls_credentials_provider *s3hls__credentials_retain(s3hls_credentials_provider *provider) {
    atomic_fetch_add(&provider->references, 1);
    return provider;
}

static void stop(s3hls_credentials_provider *p) {
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    if (p->has_thread) {
        if (p->fetcher.interrupt)
            p->fetcher.interrupt(p->fetcher.ctx);
        pthread_join(p->thread, NULL);
    }
    if (p->fetcher.close)
        p->fetcher.close(p->fetcher.ctx);
}

void s3hls_credentials_close(s3hls_credentials_provider **provider) {
    s3hls_credentials_provider *p = provider ? *provider : NULL;
    if (!p)
        return;
    *provider = NULL;
    if (atomic_fetch_sub(&p->references, 1) > 1)
        return;
    stop(p);
    s3hls_env env = p->env;
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->watch_lock);
    pthread_cond_destroy(&p->returned);
    s3hls__keys_wipe(&p->keys);
    s3hls__env_free(&env, p);
}
