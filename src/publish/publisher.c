/* SPDX-License-Identifier: MIT-0 */
#include "base/config.h"
#include "base/env.h"
#include "base/thread.h"
#include "base/wait.h"
#include "publish/hours.h"
#include "publish/live.h"
#include "store/store.h"
#include <pthread.h>
#include <string.h>

static const int64_t SOON_US = 250000, RETRY_FIRST_US = 1000000, RETRY_MAX_US = 30000000,
                     LONGEST_WAIT_US = 3600000000;

struct s3hls_publisher {
    /* set at open */
    s3hls_env env;
    s3hls_publisher_config cfg;
    s3hls_store *store;
    pthread_t thread;
    bool has_thread;

    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    s3hls_segment *queue; /* delivered, not yet taken */
    size_t queued, capacity;
    bool closing, ended; /* ended: the camera has stopped */
    int64_t give_up_us;

    /* the thread that sends requests */
    s3hls__live live;
    s3hls__hours hours;
    int64_t retry_us, delay_us; /* after a failure */
    bool failing;               /* as reported */
    bool left;                  /* at the end: a playlist could not be written */
};

static int64_t now_us(const s3hls_publisher *p) {
    return p->env.monotonic_us(p->env.ctx);
}

/* ---- any thread */

void s3hls_publisher_on_event(void *publisher, const s3hls_event *event) {
    s3hls_publisher *p = publisher;
    s3hls_segment s;
    if (!p || event->type != S3HLS_EVENT_DELIVERED ||
        s3hls_segment_key_parse(event->key, strlen(event->key), &s))
        return;
    s.size = event->bytes;
    pthread_mutex_lock(&p->lock);
    if (p->queued == p->capacity) {
        size_t capacity = p->capacity ? 2 * p->capacity : 16;
        s3hls_segment *grown = s3hls__env_realloc(&p->env, p->queue, capacity * sizeof s);
        p->queue = grown ? grown : p->queue;
        p->capacity = grown ? capacity : p->capacity;
    }
    bool fits = p->queued < p->capacity;
    if (fits)
        p->queue[p->queued++] = s;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    if (!fits)
        s3hls__log(&p->env, S3HLS_LOG_ERROR, "publish", "out of memory: %s is in no playlist",
                   event->key);
}

/* ---- the thread that sends requests */

static void add(s3hls_publisher *p, const s3hls_segment *s) {
    s3hls__hours_add(&p->hours, s, s3hls__live_is_ahead(&p->live, s));
}

static void take_queue(s3hls_publisher *p) {
    pthread_mutex_lock(&p->lock);
    s3hls_segment *queue = p->queue;
    size_t count = p->queued;
    p->queue = NULL;
    p->queued = p->capacity = 0;
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < count; i++) {
        add(p, &queue[i]);
        s3hls__live_add(&p->live, &queue[i]);
    }
    s3hls__env_free(&p->env, queue);
}

/* Schedule the next request, and report a change between success and failure. A timeline's object
 * that has not arrived yet is not a failure. */
static void note(s3hls_publisher *p, int rc, const s3hls_s3_error *error) {
    bool failing = rc && rc != S3HLS_E_NOT_FOUND;
    if (failing)
        p->delay_us = !p->delay_us ? RETRY_FIRST_US : 2 * p->delay_us;
    else
        p->delay_us = 0;
    if (p->delay_us > RETRY_MAX_US)
        p->delay_us = RETRY_MAX_US;
    p->retry_us = rc ? now_us(p) + (failing ? p->delay_us : SOON_US) : 0;
    if (failing != p->failing && p->cfg.on_status)
        p->cfg.on_status(p->cfg.status_ctx, failing ? rc : S3HLS_OK, failing ? error : NULL);
    p->failing = failing;
}

/* The previous run may not have written the index of the segments in its live.m3u8. */
static int begin(s3hls_publisher *p, s3hls_s3_error *error) {
    if (p->live.begun)
        return S3HLS_OK;
    int rc = s3hls__live_begin(&p->live, error);
    for (size_t i = 0; !rc && i < p->live.listed_count; i++)
        add(p, &p->live.listed[i]);
    return rc;
}

/* Write live.m3u8, and one index.
 * @param closing  do not wait for what is due later
 * @return monotonic time at which there is more to do; INT64_MAX: not before the next segment */
static int64_t work(s3hls_publisher *p, bool closing, bool ended) {
    s3hls_s3_error error = {0};
    take_queue(p);
    if (now_us(p) < p->retry_us)
        return p->retry_us;
    int rc = begin(p, &error);
    if (!rc) {
        s3hls__live_release(&p->live, closing);
        rc = s3hls__live_write(&p->live, ended, &error);
    }
    if (!rc)
        rc = s3hls__hours_write(&p->hours, closing ? INT64_MAX : now_us(p), ended,
                                p->live.target_ms, &error);
    note(p, rc, &error);
    int64_t live_us = s3hls__live_due_us(&p->live), hours_us = s3hls__hours_due_us(&p->hours);
    return rc ? p->retry_us : live_us < hours_us ? live_us : hours_us;
}

/* Send what is due until close: then until nothing is left, or the deadline has passed. */
static void *run(void *arg) {
    s3hls_publisher *p = arg;
    bool done = false;
    while (!done) {
        pthread_mutex_lock(&p->lock);
        bool closing = p->closing, ended = p->closing && p->ended;
        pthread_mutex_unlock(&p->lock);
        int64_t due_us = work(p, closing, ended);
        pthread_mutex_lock(&p->lock);
        p->left = due_us != INT64_MAX || p->queued;
        done = closing && (!p->left || now_us(p) >= p->give_up_us);
        if (closing && due_us != p->retry_us)
            due_us = 0;
        int64_t wait_us = due_us - now_us(p);
        if (!done && !p->queued && closing == p->closing && wait_us > 0) {
            if (closing && due_us > p->give_up_us)
                wait_us = p->give_up_us - now_us(p);
            struct timespec until =
                s3hls__wait_until_us(wait_us < LONGEST_WAIT_US ? wait_us : LONGEST_WAIT_US);
            pthread_cond_timedwait(&p->changed, &p->lock, &until);
        }
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

int s3hls_publisher_step(s3hls_publisher *p) {
    if (!p)
        return S3HLS_E_INVALID;
    if (p->has_thread)
        return S3HLS_E_STATE;
    int64_t due_us;
    do
        due_us = work(p, false, false);
    while (due_us <= now_us(p));
    return due_us == INT64_MAX ? S3HLS_OK : S3HLS_E_TIMEOUT;
}

/* ---- open and close */

static int start_thread(s3hls_publisher *p) {
    p->has_thread = s3hls__thread_start(&p->thread, run, p) == 0;
    return p->has_thread ? S3HLS_OK : S3HLS_E_NOMEM;
}

static void free_publisher(s3hls_publisher *p) {
    s3hls_env env = p->env;
    s3hls_store_close(&p->store);
    s3hls__hours_deinit(&p->hours);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    s3hls__env_free(&env, p->queue);
    s3hls__env_free(&env, p);
}

int s3hls_publisher_open(s3hls_publisher **out, const s3hls_publisher_config *config) {
    s3hls_publisher_config cfg;
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls_publisher_config_init(&cfg);
    int rc = s3hls__config_copy(&cfg, sizeof cfg, config);
    if (rc || !cfg.list != !cfg.archive)
        return S3HLS_E_INVALID;
    s3hls_env env = s3hls__env_resolve(cfg.env);
    s3hls_publisher *p = s3hls__env_alloc(&env, sizeof *p);
    if (!p)
        return S3HLS_E_NOMEM;
    p->env = env;
    p->cfg = cfg;
    s3hls__wait_init(&p->changed);
    pthread_mutex_init(&p->lock, NULL);
    rc = s3hls_store_open(&p->store, cfg.destination, &cfg.s3, &env);
    p->live.store = p->hours.store = p->store;
    p->live.env = p->hours.env = &p->env;
    p->hours.cfg = &p->cfg;
    if (!rc && !cfg.no_thread)
        rc = start_thread(p);
    if (rc)
        free_publisher(p);
    else
        *out = p;
    return rc;
}

int s3hls_publisher_close(s3hls_publisher **publisher, int ended, uint32_t deadline_ms) {
    s3hls_publisher *p = publisher ? *publisher : NULL;
    if (!p)
        return S3HLS_OK;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    p->ended = ended;
    p->give_up_us = deadline_ms == UINT32_MAX ? INT64_MAX : now_us(p) + deadline_ms * INT64_C(1000);
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    if (p->has_thread)
        pthread_join(p->thread, NULL);
    else
        run(p);
    bool left = p->left;
    free_publisher(p);
    *publisher = NULL;
    return left ? S3HLS_E_UNDELIVERED : S3HLS_OK;
}
