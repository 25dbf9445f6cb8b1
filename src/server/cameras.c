/* SPDX-License-Identifier: MIT-0 */
#include "server/cameras.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SILENT_AFTER_MS = 60000, SILENT_PART = 20, LOOK_MAX_MS = 3600000 };

struct s3hls__cameras {
    s3hls_env env;
    pthread_mutex_t lock;
    pthread_cond_t named;
    s3hls__camera *all; /* sorted by id */
    size_t count;
    bool listed, listing; /* names are known; a listing is in progress */
    int64_t listed_us;    /* monotonic */
};

int s3hls__cameras_open(s3hls__cameras **out, const s3hls_env *env) {
    s3hls__cameras *c = *out = s3hls__env_alloc(env, sizeof *c);
    if (!c)
        return S3HLS_E_NOMEM;
    c->env = *env;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->named, NULL);
    return S3HLS_OK;
}

void s3hls__cameras_close(s3hls__cameras **cameras) {
    s3hls__cameras *c = *cameras;
    if (!c)
        return;
    s3hls_env env = c->env;
    pthread_cond_destroy(&c->named);
    pthread_mutex_destroy(&c->lock);
    s3hls__env_free(&env, c->all);
    s3hls__env_free(&env, c);
    *cameras = NULL;
}

static int64_t monotonic_us(const s3hls__cameras *c) {
    return c->env.monotonic_us(c->env.ctx);
}

static int64_t wall_ms(const s3hls__cameras *c) {
    return c->env.wall_us(c->env.ctx) / 1000;
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const s3hls__camera *)a)->id, ((const s3hls__camera *)b)->id);
}

static int id_against(const void *id, const void *camera) {
    return strcmp(id, ((const s3hls__camera *)camera)->id);
}

/* Called with the lock held. */
static s3hls__camera *find(const s3hls__cameras *c, const char *id) {
    return c->count ? bsearch(id, c->all, c->count, sizeof *c->all, id_against) : NULL;
}

/* ---- names */

bool s3hls__cameras_claim_names(s3hls__cameras *c, int64_t max_age_ms) {
    pthread_mutex_lock(&c->lock);
    while (c->listing && !c->listed)
        pthread_cond_wait(&c->named, &c->lock);
    bool due =
        !c->listing && (!c->listed || monotonic_us(c) - c->listed_us >= max_age_ms * INT64_C(1000));
    c->listing |= due;
    pthread_mutex_unlock(&c->lock);
    return due;
}

int s3hls__cameras_replace(s3hls__cameras *c, const s3hls__camera *found, size_t count) {
    s3hls__camera *all = found ? s3hls__env_alloc(&c->env, (count + 1) * sizeof *all) : NULL;
    pthread_mutex_lock(&c->lock);
    c->listing = false;
    if (all) {
        memcpy(all, found, count * sizeof *all);
        qsort(all, count, sizeof *all, by_id);
        for (size_t i = 0; i < count; i++) {
            const s3hls__camera *before = find(c, all[i].id);
            if (before)
                all[i].state = before->state;
        }
        s3hls__env_free(&c->env, c->all);
        c->all = all;
        c->count = count;
        c->listed = true;
        c->listed_us = monotonic_us(c);
    }
    pthread_cond_broadcast(&c->named);
    pthread_mutex_unlock(&c->lock);
    return all || !found ? S3HLS_OK : S3HLS_E_NOMEM;
}

bool s3hls__cameras_find(s3hls__cameras *c, const char *id, s3hls__camera *camera) {
    pthread_mutex_lock(&c->lock);
    const s3hls__camera *found = find(c, id);
    if (found)
        *camera = *found;
    pthread_mutex_unlock(&c->lock);
    return found != NULL;
}

void s3hls__cameras_each(s3hls__cameras *c, const char *text,
                         bool (*on_camera)(void *ctx, const s3hls__camera *camera), void *ctx) {
    pthread_mutex_lock(&c->lock);
    bool done = false;
    for (size_t i = 0; i < c->count && !done; i++)
        if (strcasestr(c->all[i].id, text))
            done = on_camera(ctx, &c->all[i]);
    pthread_mutex_unlock(&c->lock);
}

/* ---- states */

/* How long a camera's state remains valid. */
static int64_t look_ms(const s3hls__camera_state *s, int64_t least_ms) {
    if (!s->recorded)
        return 10 * least_ms;
    int64_t silent_ms = s->looked_ms - (s->newest.start_ms + s->newest.duration_ms);
    int64_t ms = 2 * (int64_t)s->newest.duration_ms;
    if (silent_ms > SILENT_AFTER_MS + ms)
        ms = silent_ms / SILENT_PART;
    return ms < least_ms ? least_ms : ms > LOOK_MAX_MS ? LOOK_MAX_MS : ms;
}

bool s3hls__cameras_claim_look(s3hls__cameras *c, const char *id, int64_t least_ms,
                               s3hls__camera *camera) {
    int64_t now_ms = wall_ms(c);
    pthread_mutex_lock(&c->lock);
    s3hls__camera *found = find(c, id);
    bool due = false;
    if (found) {
        s3hls__camera_state *s = &found->state;
        int64_t age_ms = now_ms - s->looked_ms; /* negative: the clock was set back */
        due = !s->looked_ms || age_ms < 0 || age_ms >= look_ms(s, least_ms);
        *camera = *found;
        if (due)
            s->looked_ms = now_ms;
    }
    pthread_mutex_unlock(&c->lock);
    return due;
}

void s3hls__cameras_note(s3hls__cameras *c, const char *id, const s3hls_segment *newest) {
    int64_t now_ms = wall_ms(c);
    pthread_mutex_lock(&c->lock);
    s3hls__camera *found = find(c, id);
    if (found) {
        found->state.looked_ms = now_ms;
        if (newest) {
            found->state.recorded = true;
            found->state.newest = *newest;
        }
    }
    pthread_mutex_unlock(&c->lock);
}
