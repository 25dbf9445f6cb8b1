/* SPDX-License-Identifier: MIT-0 */
#include "server/watchdog.h"
#include "base/thread.h"
#include "base/wait.h"
#include <stdbool.h>

struct s3hls__watchdog {
    s3hls_env env;
    void (*look)(void *ctx);
    void *ctx;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* protects all members below */
    pthread_cond_t stop;
    bool stopping;
};

static void *watch(void *ctx) {
    s3hls__watchdog *w = ctx;
    pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        pthread_mutex_unlock(&w->lock);
        w->look(w->ctx);
        pthread_mutex_lock(&w->lock);
        struct timespec until = s3hls__wait_until(1);
        if (!w->stopping)
            pthread_cond_timedwait(&w->stop, &w->lock, &until);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

int s3hls__watchdog_open(s3hls__watchdog **out, void (*look)(void *ctx), void *ctx,
                         const s3hls_env *env) {
    s3hls__watchdog *w = *out = s3hls__env_alloc(env, sizeof *w);
    if (!w)
        return S3HLS_E_NOMEM;
    w->env = *env;
    w->look = look;
    w->ctx = ctx;
    pthread_mutex_init(&w->lock, NULL);
    s3hls__wait_init(&w->stop);
    w->started = s3hls__thread_start(&w->thread, watch, w) == 0;
    if (w->started)
        return S3HLS_OK;
    s3hls__watchdog_close(out);
    return S3HLS_E_NOMEM;
}

void s3hls__watchdog_close(s3hls__watchdog **watchdog) {
    s3hls__watchdog *w = *watchdog;
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->stop);
    pthread_mutex_unlock(&w->lock);
    if (w->started)
        pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->stop);
    pthread_mutex_destroy(&w->lock);
    s3hls_env env = w->env;
    s3hls__env_free(&env, w);
    *watchdog = NULL;
}
