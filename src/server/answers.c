/* SPDX-License-Identifier: MIT-0 */
#include "server/answers.h"
#include "base/thread.h"
#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

enum {
    BUCKETS = 4096,
    QUEUE_MAX = 1024, /* answers in the queue; further requests are refused */
    WORKERS_MAX = 64
};

typedef struct entry {
    LIST_ENTRY(entry) in_bucket;
    TAILQ_ENTRY(entry) in_order; /* in the queue, then in making, then in kept by last use */
    s3hls__request request;
    s3hls__grant grant;
    bool pending, kept;
    int64_t begun_us;       /* while pending: time of the request */
    s3hls__answer *answer;  /* NULL while the first answer is pending */
    s3hls__waiter *waiters; /* while pending */
} entry;

TAILQ_HEAD(entries, entry);

struct s3hls__answers {
    s3hls__answers_config config; /* set at open */
    pthread_t threads[WORKERS_MAX];
    unsigned started;
    _Atomic uint64_t made;

    pthread_mutex_t lock; /* protects all members below */
    pthread_cond_t work;
    LIST_HEAD(, entry) buckets[BUCKETS];
    struct entries queue, making, kept; /* kept: least recently used first */
    size_t queued;
    uint64_t kept_bytes;
    bool closing;
};

/* ---- finding */

static uint64_t hash_bytes(uint64_t h, const void *data, size_t size) {
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * UINT64_C(1099511628211); /* FNV-1a */
    return h;
}

static size_t bucket_of(const s3hls__request *r) {
    uint64_t h = UINT64_C(14695981039346656037);
    h = hash_bytes(h, &r->route, sizeof r->route);
    h = hash_bytes(h, &r->from_ms, sizeof r->from_ms);
    h = hash_bytes(h, &r->to_ms, sizeof r->to_ms);
    h = hash_bytes(h, &r->target_s, sizeof r->target_s);
    h = hash_bytes(h, &r->first, sizeof r->first);
    h = hash_bytes(h, &r->count, sizeof r->count);
    h = hash_bytes(h, r->camera, strlen(r->camera));
    h = hash_bytes(h, r->name, strlen(r->name));
    return (h ^ h >> 32) % BUCKETS;
}

/* Equal requests share an answer. The list of cameras is the only answer that also depends on the
 * grant. */
static bool same(const entry *e, const s3hls__request *r, const s3hls__grant *grant) {
    const s3hls__request *k = &e->request;
    return k->route == r->route && k->has_range == r->has_range && k->from_ms == r->from_ms &&
           k->to_ms == r->to_ms && k->target_s == r->target_s && k->first == r->first &&
           k->count == r->count && strcmp(k->camera, r->camera) == 0 &&
           strcmp(k->name, r->name) == 0 && strcmp(k->share, r->share) == 0 &&
           (r->route != S3HLS__ROUTE_CAMERAS || e->grant.cameras == grant->cameras);
}

static entry *find(s3hls__answers *a, const s3hls__request *r, const s3hls__grant *grant) {
    entry *e;
    LIST_FOREACH(e, &a->buckets[bucket_of(r)], in_bucket)
    if (same(e, r, grant))
        return e;
    return NULL;
}

/* ---- keeping */

static uint64_t bytes_of(const entry *e) {
    return sizeof *e + (e->answer ? e->answer->size + e->answer->gzip_size : 0);
}

/* Called with the lock held. */
static void drop(s3hls__answers *a, entry *e) {
    LIST_REMOVE(e, in_bucket);
    s3hls__answer_release(e->answer);
    s3hls__env_free(&a->config.env, e);
}

static void keep(s3hls__answers *a, entry *e) {
    e->kept = true;
    TAILQ_INSERT_TAIL(&a->kept, e, in_order);
    a->kept_bytes += bytes_of(e);
}

static void evict(s3hls__answers *a) {
    entry *e;
    while (a->kept_bytes > a->config.cache_bytes && (e = TAILQ_FIRST(&a->kept))) {
        TAILQ_REMOVE(&a->kept, e, in_order);
        a->kept_bytes -= bytes_of(e);
        drop(a, e);
    }
}

/* ---- asking */

static void wake(s3hls__waiter *waiters, s3hls__answer *answer) {
    while (waiters) {
        s3hls__waiter *w = waiters;
        waiters = w->next;
        w->answer = answer ? s3hls__answer_retain(answer) : NULL;
        w->wake(w);
    }
}

static entry *add_entry(s3hls__answers *a, const s3hls__request *r, const s3hls__grant *grant) {
    entry *e = s3hls__env_alloc(&a->config.env, sizeof *e);
    if (!e)
        return NULL;
    e->request = *r;
    e->grant = *grant;
    if (grant->share)
        e->grant.share = e->request.share;
    LIST_INSERT_HEAD(&a->buckets[bucket_of(r)], e, in_bucket);
    return e;
}

/* Called with the lock held. @return false: too many requests. */
static bool begin(s3hls__answers *a, entry *e) {
    if (a->closing || a->queued >= QUEUE_MAX ||
        atomic_load(&a->config.account->bytes) > 2 * a->config.cache_bytes)
        return false;
    if (e->kept) {
        TAILQ_REMOVE(&a->kept, e, in_order);
        a->kept_bytes -= bytes_of(e);
    }
    e->kept = false;
    e->pending = true;
    e->begun_us = a->config.env.monotonic_us(a->config.env.ctx);
    TAILQ_INSERT_TAIL(&a->queue, e, in_order);
    a->queued++;
    pthread_cond_signal(&a->work);
    return true;
}

s3hls__answer *s3hls__answers_find(s3hls__answers *a, const s3hls__request *r,
                                   const s3hls__grant *grant) {
    const s3hls_env *env = &a->config.env;
    int64_t now_us = env->monotonic_us(env->ctx);
    s3hls__answer *answer = NULL;
    pthread_mutex_lock(&a->lock);
    entry *e = find(a, r, grant);
    if (e && e->answer &&
        (now_us < e->answer->fresh_until_us || now_us < e->answer->usable_until_us)) {
        answer = s3hls__answer_retain(e->answer);
        if (e->kept) {
            TAILQ_REMOVE(&a->kept, e, in_order);
            TAILQ_INSERT_TAIL(&a->kept, e, in_order);
        }
        if (now_us >= answer->fresh_until_us && !e->pending)
            begin(a, e);
    }
    pthread_mutex_unlock(&a->lock);
    return answer;
}

/* Called with the lock held. @return false: too many requests. */
static bool join(s3hls__answers *a, const s3hls__request *r, const s3hls__grant *grant,
                 s3hls__waiter *waiter) {
    entry *e = find(a, r, grant);
    bool added = !e;
    if (!e && !(e = add_entry(a, r, grant)))
        return false;
    if (!e->pending && !begin(a, e)) {
        if (added)
            drop(a, e);
        return false;
    }
    waiter->since_us = a->config.env.monotonic_us(a->config.env.ctx);
    waiter->next = e->waiters;
    e->waiters = waiter;
    return true;
}

void s3hls__answers_join(s3hls__answers *a, const s3hls__request *r, const s3hls__grant *grant,
                         s3hls__waiter *waiter) {
    pthread_mutex_lock(&a->lock);
    bool joined = join(a, r, grant, waiter);
    pthread_mutex_unlock(&a->lock);
    if (joined)
        return;
    waiter->answer = s3hls__answer_problem(a->config.account, 503, "too much is asked for at once");
    waiter->wake(waiter);
}

/* ---- timeouts */

static bool is_overdue(int64_t since_us, int64_t now_us) {
    return now_us - since_us > S3HLS__ANSWER_DEADLINE_S * INT64_C(1000000);
}

/* Called with the lock held. Remove the waiters that have waited too long. */
static void take_overdue(entry *e, int64_t now_us, s3hls__waiter **overdue) {
    for (s3hls__waiter **at = &e->waiters; *at;) {
        s3hls__waiter *w = *at;
        if (!is_overdue(w->since_us, now_us)) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->next = *overdue;
        *overdue = w;
    }
}

/* Called with the lock held. */
static void give_up(s3hls__answers *a, entry *e) {
    TAILQ_REMOVE(&a->queue, e, in_order);
    a->queued--;
    e->pending = false;
    if (e->answer)
        keep(a, e);
    else
        drop(a, e);
}

void s3hls__answers_expire(s3hls__answers *a) {
    s3hls__waiter *overdue = NULL;
    entry *e, *next;
    int64_t now_us = a->config.env.monotonic_us(a->config.env.ctx);
    pthread_mutex_lock(&a->lock);
    TAILQ_FOREACH(e, &a->making, in_order)
    take_overdue(e, now_us, &overdue);
    for (e = TAILQ_FIRST(&a->queue); e; e = next) {
        next = TAILQ_NEXT(e, in_order);
        take_overdue(e, now_us, &overdue);
        if (!e->waiters && is_overdue(e->begun_us, now_us))
            give_up(a, e);
    }
    evict(a);
    pthread_mutex_unlock(&a->lock);
    if (!overdue)
        return;
    s3hls__answer *answer = s3hls__answer_problem(a->config.account, 504,
                                                  "the store does not answer in time; try again");
    wake(overdue, answer);
    s3hls__answer_release(answer);
}

/* ---- making */

/* Called with the lock held. The answer, or NULL, replaces the previous one. */
static s3hls__waiter *settle(s3hls__answers *a, entry *e, s3hls__answer *answer) {
    s3hls__waiter *waiters = e->waiters;
    s3hls__answer_release(e->answer);
    e->answer = answer ? s3hls__answer_retain(answer) : NULL;
    e->waiters = NULL;
    e->pending = false;
    TAILQ_REMOVE(&a->making, e, in_order);
    keep(a, e);
    evict(a);
    return waiters;
}

static void *work(void *ctx) {
    s3hls__answers *a = ctx;
    void *worker = a->config.worker_open(a->config.ctx);
    pthread_mutex_lock(&a->lock);
    for (;;) {
        entry *e = TAILQ_FIRST(&a->queue);
        if (!e && a->closing)
            break;
        if (!e) {
            pthread_cond_wait(&a->work, &a->lock);
            continue;
        }
        TAILQ_REMOVE(&a->queue, e, in_order);
        TAILQ_INSERT_TAIL(&a->making, e, in_order);
        a->queued--;
        bool skip = a->closing || !worker;
        pthread_mutex_unlock(&a->lock);
        s3hls__answer *answer = skip ? NULL : a->config.make(worker, &e->request, &e->grant);
        atomic_fetch_add(&a->made, 1);
        pthread_mutex_lock(&a->lock);
        s3hls__waiter *waiters = settle(a, e, answer);
        pthread_mutex_unlock(&a->lock);
        wake(waiters, answer);
        s3hls__answer_release(answer);
        pthread_mutex_lock(&a->lock);
    }
    pthread_mutex_unlock(&a->lock);
    if (worker)
        a->config.worker_close(worker);
    return NULL;
}

uint64_t s3hls__answers_made(const s3hls__answers *a) {
    return atomic_load(&a->made);
}

int s3hls__answers_open(s3hls__answers **out, const s3hls__answers_config *config) {
    s3hls__answers *a = s3hls__env_alloc(&config->env, sizeof *a);
    *out = a;
    if (!a)
        return S3HLS_E_NOMEM;
    a->config = *config;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->work, NULL);
    TAILQ_INIT(&a->queue);
    TAILQ_INIT(&a->making);
    TAILQ_INIT(&a->kept);
    unsigned workers = config->workers < WORKERS_MAX ? config->workers : WORKERS_MAX;
    while (a->started < workers && s3hls__thread_start(&a->threads[a->started], work, a) == 0)
        a->started++;
    if (a->started == workers)
        return S3HLS_OK;
    s3hls__answers_close(out);
    return S3HLS_E_NOMEM;
}

void s3hls__answers_stop(s3hls__answers *a) {
    pthread_mutex_lock(&a->lock);
    a->closing = true;
    pthread_cond_broadcast(&a->work);
    pthread_mutex_unlock(&a->lock);
    while (a->started)
        pthread_join(a->threads[--a->started], NULL);
}

void s3hls__answers_close(s3hls__answers **answers) {
    s3hls__answers *a = *answers;
    entry *e;
    if (!a)
        return;
    s3hls__answers_stop(a);
    while ((e = TAILQ_FIRST(&a->kept))) {
        TAILQ_REMOVE(&a->kept, e, in_order);
        drop(a, e);
    }
    pthread_cond_destroy(&a->work);
    pthread_mutex_destroy(&a->lock);
    s3hls_env env = a->config.env;
    s3hls__env_free(&env, a);
    *answers = NULL;
}
