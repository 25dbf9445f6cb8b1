/* SPDX-License-Identifier: MIT-0 */
#include "gateway/keeper.h"
#include "base/env.h"
#include "base/thread.h"
#include "base/wait.h"
#include "s3hls/retention.h"
#include <pthread.h>
#include <string.h>

static const int64_t FIRST_US = INT64_C(60) * 1000000, EVERY_US = INT64_C(3600) * 1000000;
static const int64_t DAY_MS = 86400000;

typedef struct rule {
    char *destination;
    uint32_t days;
    bool set; /* the bucket has it */
} rule;

struct s3hls__keeper {
    const s3hls__camera_world *world;
    s3hls_s3_options s3; /* its strings outlive the keeper */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;
    int64_t due_us; /* monotonic */
    rule *rules;
    size_t count;
};

static void free_rules(const s3hls_env *env, rule *rules, size_t count) {
    for (size_t i = 0; i < count; i++)
        s3hls__env_free(env, rules[i].destination);
    s3hls__env_free(env, rules);
}

/* @return whether the bucket keeps it from now on */
static bool apply(const s3hls__keeper *k, const rule *r) {
    const s3hls_env *env = &k->world->env;
    s3hls_s3_error error = {0};
    s3hls_prune_summary removed;
    s3hls_prune_config prune;
    bool bucket = strncmp(r->destination, "file:", 5) != 0;
    s3hls_prune_config_init(&prune);
    prune.url = r->destination;
    prune.before_ms = env->wall_us(env->ctx) / 1000 - r->days * DAY_MS;
    prune.env = env;
    if (!bucket && !s3hls__env_wall_is_set(env)) /* it would not know what is old */
        return false;
    int rc = bucket ? s3hls_retention_set(r->destination, r->days, &k->s3, env, &error)
                    : s3hls_prune(&prune, &removed, &error);
    if (rc && rc != S3HLS_E_NOT_FOUND)
        s3hls__log(env, S3HLS_LOG_WARN, "gateway", "%s: retention of %u days: %s: %s",
                   r->destination, r->days, s3hls_status_name(rc),
                   error.message[0] ? error.message : s3hls_strerror(rc));
    return !rc && bucket;
}

/* Take the next rule that is not set. @return false: there is none from that place on */
static bool next(s3hls__keeper *k, size_t *at, rule *out) {
    for (; *at < k->count && k->rules[*at].set; ++*at)
        ;
    if (*at >= k->count)
        return false;
    *out = (rule){s3hls__env_strdup(&k->world->env, k->rules[*at].destination), k->rules[*at].days,
                  false};
    return out->destination != NULL;
}

/* Under the lock, which is released for each request. */
static void apply_all(s3hls__keeper *k) {
    rule r;
    for (size_t at = 0; !k->stop && next(k, &at, &r); at++) {
        pthread_mutex_unlock(&k->lock);
        bool set = apply(k, &r);
        pthread_mutex_lock(&k->lock);
        if (at < k->count && strcmp(k->rules[at].destination, r.destination) == 0)
            k->rules[at].set = set;
        s3hls__env_free(&k->world->env, r.destination);
    }
}

static void *thread_main(void *arg) {
    s3hls__keeper *k = arg;
    pthread_mutex_lock(&k->lock);
    while (!k->stop) {
        int64_t now_us = s3hls__env_now_us(&k->world->env);
        if (now_us >= k->due_us) {
            k->due_us = now_us + EVERY_US;
            apply_all(k);
            continue;
        }
        struct timespec until = s3hls__wait_until_us(k->due_us - now_us);
        pthread_cond_timedwait(&k->changed, &k->lock, &until);
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

void s3hls__keeper_set_site(s3hls__keeper *k, const s3hls__site *site) {
    if (!k)
        return;
    const s3hls_env *env = &k->world->env;
    size_t count = 0;
    rule *rules = s3hls__env_alloc(env, site->camera_count * sizeof *rules);
    for (size_t i = 0; rules && i < site->camera_count; i++) {
        const s3hls__site_camera *c = &site->cameras[i];
        char *copy = c->retention_days ? s3hls__env_strdup(env, c->recorder.destination) : NULL;
        if (copy)
            rules[count++] = (rule){copy, c->retention_days, false};
    }
    pthread_mutex_lock(&k->lock);
    free_rules(env, k->rules, k->count);
    k->rules = rules;
    k->count = count;
    k->due_us = s3hls__env_now_us(env) + FIRST_US;
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(&k->lock);
}

void s3hls__keeper_open(s3hls__keeper **out, const s3hls__camera_world *world,
                        const s3hls__site *site) {
    s3hls__keeper *k = *out = s3hls__env_alloc(&world->env, sizeof *k);
    if (!k)
        return;
    k->world = world;
    k->s3 = site->s3;
    k->s3.credentials = world->credentials;
    pthread_mutex_init(&k->lock, NULL);
    s3hls__wait_init(&k->changed);
    s3hls__keeper_set_site(k, site);
    if (s3hls__thread_start(&k->thread, thread_main, k) == 0)
        return;
    free_rules(&world->env, k->rules, k->count);
    s3hls__env_free(&world->env, k);
    *out = NULL;
}

void s3hls__keeper_close(s3hls__keeper **keeper) {
    s3hls__keeper *k = *keeper;
    if (!k)
        return;
    const s3hls_env *env = &k->world->env;
    pthread_mutex_lock(&k->lock);
    k->stop = true;
    pthread_cond_signal(&k->changed);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    pthread_cond_destroy(&k->changed);
    pthread_mutex_destroy(&k->lock);
    free_rules(env, k->rules, k->count);
    s3hls__env_free(env, k);
    *keeper = NULL;
}
