/* SPDX-License-Identifier: MIT-0 */
#include "server/connections.h"
#include <pthread.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct s3hls__connection {
    TAILQ_ENTRY(s3hls__connection) in_order;
    int fd;
    int64_t since_us; /* idle since */
    bool busy;
    void *exchange;
};

struct s3hls__connections {
    s3hls_env env;
    s3hls__metrics *metrics;

    pthread_mutex_t lock;                 /* protects all members below */
    TAILQ_HEAD(, s3hls__connection) idle; /* longest idle first; busy connections are in no list */
};

void s3hls__connections_expire(s3hls__connections *all) {
    s3hls__connection *c;
    pthread_mutex_lock(&all->lock);
    int64_t now_us = all->env.monotonic_us(all->env.ctx);
    while ((c = TAILQ_FIRST(&all->idle)) &&
           now_us - c->since_us > S3HLS__REQUEST_TIMEOUT_S * INT64_C(1000000)) {
        TAILQ_REMOVE(&all->idle, c, in_order);
        c->busy = true;             /* removed from the list */
        shutdown(c->fd, SHUT_RDWR); /* under the lock: the descriptor is not reused yet */
        atomic_fetch_add(&all->metrics->slow, 1);
    }
    pthread_mutex_unlock(&all->lock);
}

int s3hls__connections_open(s3hls__connections **out, s3hls__metrics *metrics,
                            const s3hls_env *env) {
    s3hls__connections *all = *out = s3hls__env_alloc(env, sizeof *all);
    if (!all)
        return S3HLS_E_NOMEM;
    all->env = *env;
    all->metrics = metrics;
    TAILQ_INIT(&all->idle);
    pthread_mutex_init(&all->lock, NULL);
    return S3HLS_OK;
}

void s3hls__connections_close(s3hls__connections **connections) {
    s3hls__connections *all = *connections;
    if (!all)
        return;
    pthread_mutex_destroy(&all->lock);
    s3hls_env env = all->env;
    s3hls__env_free(&env, all);
    *connections = NULL;
}

/* Called with the lock held. */
static void rest(s3hls__connections *all, s3hls__connection *c) {
    c->busy = false;
    c->since_us = all->env.monotonic_us(all->env.ctx);
    TAILQ_INSERT_TAIL(&all->idle, c, in_order);
}

static void leave_rest(s3hls__connections *all, s3hls__connection *c) {
    if (!c->busy)
        TAILQ_REMOVE(&all->idle, c, in_order);
    c->busy = true;
}

s3hls__connection *s3hls__connection_begin(s3hls__connections *all, int fd) {
    s3hls__connection *c = s3hls__env_alloc(&all->env, sizeof *c);
    if (!c)
        return NULL;
    c->fd = fd;
    pthread_mutex_lock(&all->lock);
    rest(all, c);
    pthread_mutex_unlock(&all->lock);
    return c;
}

void s3hls__connection_busy(s3hls__connections *all, s3hls__connection *c) {
    pthread_mutex_lock(&all->lock);
    leave_rest(all, c);
    pthread_mutex_unlock(&all->lock);
}

void s3hls__connection_idle(s3hls__connections *all, s3hls__connection *c) {
    pthread_mutex_lock(&all->lock);
    leave_rest(all, c);
    rest(all, c);
    pthread_mutex_unlock(&all->lock);
}

void s3hls__connection_set_exchange(s3hls__connection *c, void *exchange) {
    c->exchange = exchange;
}

void *s3hls__connection_exchange(const s3hls__connection *c) {
    return c ? c->exchange : NULL;
}

void s3hls__connection_end(s3hls__connections *all, s3hls__connection *c) {
    if (!c)
        return;
    pthread_mutex_lock(&all->lock);
    leave_rest(all, c);
    pthread_mutex_unlock(&all->lock);
    s3hls__env_free(&all->env, c);
}
