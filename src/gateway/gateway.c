/* SPDX-License-Identifier: MIT-0 */
#include "gateway/gateway.h"
#include "base/env.h"
#include "base/thread.h"
#include "base/wait.h"
#include "gateway/camera.h"
#include "gateway/keeper.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const int64_t SECOND_US = 1000000;
static const int64_t STAGGER_US = 100000, ALL_STARTED_US = 20000000; /* between starts, of all */
static const int64_t READERS_END_US = 2000000;                       /* then they are left behind */
static const int64_t RELOAD_US = 5000000; /* to deliver what a camera leaves that is removed */
static const int64_t POLL_US = 20000;

/* A reading of the file, as long as it is in use: by each of its cameras, as the current one, as
 * the first one. */
typedef struct reading {
    s3hls__site *site;
    size_t uses;
} reading;

/* A camera and the reading that its settings are in. */
typedef struct place {
    s3hls__gateway_camera *camera;
    reading *of;
    bool continued; /* a camera of the same name takes its place, and its spool */
} place;

struct s3hls__gateway {
    s3hls__camera_world world;
    s3hls__keeper *keeper;
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t lock; /* held while cameras are stepped, too */
    pthread_cond_t changed;
    bool stop;
    bool ending;    /* cameras of a reload: the new ones, of the same names, are not started yet */
    reading *first; /* its strings are used by what the cameras share */
    reading *current;
    place *places; /* in the order of the file */
    size_t count;

    s3hls__gateway_totals totals; /* the thread of reload and close */
};

/* ---- readings */

static reading *open_reading(const s3hls_env *env, s3hls__site *site) {
    reading *r = s3hls__env_alloc(env, sizeof *r);
    if (r)
        *r = (reading){.site = site};
    return r;
}

/* One use of a reading has ended. Accepts NULL. */
static void release(const s3hls__gateway *g, reading *r) {
    if (!r || --r->uses)
        return;
    s3hls__site_close(&r->site);
    s3hls__env_free(&g->world.env, r);
}

/* ---- the supervising thread */

static int64_t step_all(s3hls__gateway *g) {
    int64_t now_us = s3hls__env_now_us(&g->world.env), next_us = now_us + SECOND_US;
    for (size_t i = 0; i < g->count; i++) {
        int64_t due_us = s3hls__camera_step(g->places[i].camera, now_us);
        next_us = due_us < next_us ? due_us : next_us;
    }
    return next_us;
}

static void *thread_main(void *arg) {
    s3hls__gateway *g = arg;
    pthread_mutex_lock(&g->lock);
    while (!g->stop) {
        int64_t now_us = s3hls__env_now_us(&g->world.env);
        int64_t left_us = g->ending ? SECOND_US : step_all(g) - now_us;
        struct timespec until = s3hls__wait_until_us(left_us > 1000 ? left_us : 1000);
        pthread_cond_timedwait(&g->changed, &g->lock, &until);
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

/* ---- beginning and ending cameras */

static int64_t stagger_us(size_t count) {
    int64_t share_us = ALL_STARTED_US / (int64_t)count;
    return share_us < STAGGER_US ? share_us : STAGGER_US;
}

/* End cameras, all at the same time. */
static void end_cameras(s3hls__gateway *g, place *places, size_t count, int64_t until_us) {
    const s3hls_env *env = &g->world.env;
    int64_t readers_us = s3hls__env_now_us(env) + READERS_END_US;
    for (size_t i = 0; i < count; i++)
        s3hls__camera_stop(places[i].camera);
    for (size_t i = 0; i < count; i++)
        s3hls__camera_end(places[i].camera, readers_us < until_us ? readers_us : until_us);
    for (size_t i = 0; i < count; i++)
        while (!s3hls__camera_is_delivered(places[i].camera) &&
               s3hls__env_now_us(env) < until_us - SECOND_US)
            nanosleep(&(struct timespec){.tv_nsec = POLL_US * 1000}, NULL);
    for (size_t i = 0; i < count; i++) {
        uint64_t spooled = g->totals.segments_spooled;
        s3hls__camera_close(places[i].camera, until_us, &g->totals);
        if (places[i].continued)
            g->totals.segments_spooled = spooled;
        release(g, places[i].of);
    }
}

static const place *find(const s3hls__gateway *g, const char *name) {
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(s3hls__camera_settings(g->places[i].camera)->name, name) == 0)
            return &g->places[i];
    return NULL;
}

/* Fill the places of a reading: with cameras that continue, else with new ones.
 * @return false: out of memory; places has what was filled, NULL for the rest */
static bool fill(s3hls__gateway *g, reading *r, place *places) {
    size_t fresh = 0;
    for (size_t i = 0; i < r->site->camera_count; i++) {
        const s3hls__site_camera *settings = &r->site->cameras[i];
        const place *before = find(g, settings->name);
        if (before &&
            !s3hls__site_camera_difference(s3hls__camera_settings(before->camera), settings)) {
            places[i] = *before;
            continue;
        }
        int64_t start_us =
            s3hls__env_now_us(&g->world.env) + (int64_t)fresh++ * stagger_us(r->site->camera_count);
        places[i] = (place){s3hls__camera_open(&g->world, settings, start_us), r, false};
        if (!places[i].camera)
            return false;
    }
    return true;
}

/* @return the place of the same name, with the same camera or another; NULL: it was removed */
static const place *successor(const place *p, const place *places, size_t count) {
    const char *name = s3hls__camera_settings(p->camera)->name;
    for (size_t i = 0; i < count; i++)
        if (strcmp(s3hls__camera_settings(places[i].camera)->name, name) == 0)
            return &places[i];
    return NULL;
}

/* Close the cameras of a reading that could not be filled; its site stays the caller's. */
static void undo(s3hls__gateway *g, reading *r, place *places, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (places[i].camera && places[i].of == r)
            s3hls__camera_close(places[i].camera, 0, &g->totals);
    s3hls__env_free(&g->world.env, places);
    s3hls__env_free(&g->world.env, r);
}

/* Record a reading in place of the current one. Called with the lock, which is released while
 * cameras end. @return S3HLS_OK; S3HLS_E_NOMEM */
static int take(s3hls__gateway *g, s3hls__site *site) {
    const s3hls_env *env = &g->world.env;
    size_t count = site->camera_count, ending_count = 0;
    reading *r = open_reading(env, site), *before = g->current;
    place *places = s3hls__env_alloc(env, count * sizeof *places);
    place *ending = s3hls__env_alloc(env, (g->count + 1) * sizeof *ending);
    if (!r || !places || !ending || !fill(g, r, places)) {
        undo(g, r, places, places ? count : 0);
        s3hls__env_free(env, ending);
        return S3HLS_E_NOMEM;
    }
    for (size_t i = 0; i < g->count; i++) {
        const place *next = successor(&g->places[i], places, count);
        if (next && next->camera == g->places[i].camera)
            continue;
        ending[ending_count] = g->places[i];
        ending[ending_count++].continued = next != NULL;
    }
    for (size_t i = 0; i < count; i++)
        r->uses += places[i].of == r;
    s3hls__env_free(env, g->places);
    g->places = places;
    g->count = count;
    g->current = r;
    r->uses++;
    if (!g->first) {
        g->first = r;
        r->uses++;
    }
    g->ending = true;
    pthread_mutex_unlock(&g->lock);
    end_cameras(g, ending, ending_count, s3hls__env_now_us(env) + RELOAD_US);
    pthread_mutex_lock(&g->lock);
    g->ending = false;
    release(g, before);
    s3hls__env_free(env, ending);
    return S3HLS_OK;
}

/* ---- open, reload, close */

static int open_shared(s3hls__gateway *g, s3hls__site *site) {
    s3hls_uploader_config u = site->uploader;
    u.env = &g->world.env;
    int rc = s3hls__site_open_credentials(site, &g->world.credentials, &g->world.env);
    return rc ? rc : s3hls_uploader_open(&g->world.uploader, &u);
}

static void free_gateway(s3hls__gateway *g) {
    s3hls_env env = g->world.env;
    s3hls_uploader_close(&g->world.uploader);
    s3hls_credentials_close(&g->world.credentials);
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
    s3hls__env_free(&env, g);
}

static void end_thread(s3hls__gateway *g) {
    pthread_mutex_lock(&g->lock);
    g->stop = true;
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->lock);
    if (g->has_thread)
        pthread_join(g->thread, NULL);
}

int s3hls__gateway_open(s3hls__gateway **out, s3hls__site *site,
                        const s3hls__gateway_config *config) {
    s3hls_env env = s3hls__env_resolve(config->env);
    s3hls__gateway *g = *out = s3hls__env_alloc(&env, sizeof *g);
    if (!g)
        return S3HLS_E_NOMEM;
    g->world.config = *config;
    g->world.env = env;
    pthread_mutex_init(&g->lock, NULL);
    s3hls__wait_init(&g->changed);
    int rc = open_shared(g, site);
    if (!rc) {
        g->has_thread = s3hls__thread_start(&g->thread, thread_main, g) == 0;
        rc = g->has_thread ? S3HLS_OK : S3HLS_E_NOMEM;
    }
    pthread_mutex_lock(&g->lock);
    if (!rc)
        rc = take(g, site);
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->lock);
    if (rc) {
        end_thread(g);
        free_gateway(g);
        *out = NULL;
        return rc;
    }
    s3hls__keeper_open(&g->keeper, &g->world, site);
    return S3HLS_OK;
}

int s3hls__gateway_reload(s3hls__gateway *g, s3hls__site *site, char why[S3HLS__CAMERA_WHY_BYTES]) {
    pthread_mutex_lock(&g->lock);
    const char *setting = s3hls__site_difference(g->current->site, site);
    int rc = setting ? S3HLS_E_STATE : S3HLS_OK;
    snprintf(why, S3HLS__CAMERA_WHY_BYTES, "%s", setting ? setting : "");
    if (!rc)
        rc = take(g, site);
    if (rc)
        s3hls__site_close(&site);
    else
        s3hls__keeper_set_site(g->keeper, g->current->site);
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->lock);
    return rc;
}

s3hls_credentials_provider *s3hls__gateway_credentials(const s3hls__gateway *g) {
    return g->world.credentials;
}

size_t s3hls__gateway_count(s3hls__gateway *g) {
    pthread_mutex_lock(&g->lock);
    size_t count = g->count;
    pthread_mutex_unlock(&g->lock);
    return count;
}

bool s3hls__gateway_get_status(s3hls__gateway *g, size_t at, s3hls__camera_status *status) {
    pthread_mutex_lock(&g->lock);
    bool found = at < g->count;
    if (found)
        s3hls__camera_get_status(g->places[at].camera, status);
    pthread_mutex_unlock(&g->lock);
    return found;
}

bool s3hls__gateway_find_status(s3hls__gateway *g, const char *name, s3hls__camera_status *status) {
    pthread_mutex_lock(&g->lock);
    const place *p = find(g, name);
    if (p)
        s3hls__camera_get_status(p->camera, status);
    pthread_mutex_unlock(&g->lock);
    return p != NULL;
}

void s3hls__gateway_close(s3hls__gateway **gateway, uint32_t deadline_ms,
                          s3hls__gateway_totals *totals) {
    s3hls__gateway *g = gateway ? *gateway : NULL;
    *totals = (s3hls__gateway_totals){0};
    if (!g)
        return;
    int64_t until_us = s3hls__env_now_us(&g->world.env) + deadline_ms * INT64_C(1000);
    end_thread(g);
    s3hls__keeper_close(&g->keeper);
    end_cameras(g, g->places, g->count, until_us);
    release(g, g->current);
    release(g, g->first);
    s3hls__env_free(&g->world.env, g->places);
    *totals = g->totals;
    free_gateway(g);
    *gateway = NULL;
}
