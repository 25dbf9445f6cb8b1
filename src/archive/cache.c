/* SPDX-License-Identifier: MIT-0 */
#include "archive/hour.h"
#include <pthread.h>
#include <string.h>

enum {
    BUCKETS = 1024,
    MS_PER_S = 1000,
    MOVING_FRESH_MS = 1 * MS_PER_S,   /* an hour that is being recorded */
    MOVING_WHOLE_MS = 60 * MS_PER_S,  /* ... is listed from its beginning again */
    SETTLED_AFTER_MS = 900 * MS_PER_S /* an hour is being recorded still, so long after its end */
};

/* An hour that has ended may still receive what a spool held back: the longer ago it ended, the
 * longer it is believed. */
enum { FRESH_PART_OF_AGE = 20, FRESH_MAX_MS = 3600 * MS_PER_S };

typedef struct entry {
    struct entry *chained;       /* of the same bucket */
    struct entry *newer, *older; /* by use */
    s3hls__hour *hour;
    uint64_t bytes;
    char url[];
} entry;

struct s3hls_archive_cache {
    s3hls_env env;
    pthread_mutex_t lock;
    uint64_t max_bytes;
    s3hls_archive_cache_stats stats;
    entry *newest, *oldest;
    entry *buckets[BUCKETS];
};

int s3hls_archive_cache_open(s3hls_archive_cache **out, uint64_t max_bytes, const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (!out)
        return S3HLS_E_INVALID;
    s3hls_archive_cache *c = *out = s3hls__env_alloc(&e, sizeof *c);
    if (!c)
        return S3HLS_E_NOMEM;
    c->env = e;
    c->max_bytes = max_bytes;
    pthread_mutex_init(&c->lock, NULL);
    return S3HLS_OK;
}

/* ---- with the lock */

static size_t bucket_of(const char *url, int64_t number) {
    uint64_t h = (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15);
    for (; *url; url++)
        h = (h ^ (uint8_t)*url) * UINT64_C(0x100000001b3);
    return (size_t)(h >> 32) % BUCKETS;
}

static entry *find(const s3hls_archive_cache *c, const char *url, int64_t number) {
    entry *e = c->buckets[bucket_of(url, number)];
    while (e && (e->hour->number != number || strcmp(e->url, url) != 0))
        e = e->chained;
    return e;
}

static void unlink_by_use(s3hls_archive_cache *c, entry *e) {
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(s3hls_archive_cache *c, entry *e) {
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

static void drop(s3hls_archive_cache *c, entry *e) {
    entry **at = &c->buckets[bucket_of(e->url, e->hour->number)];
    while (*at != e)
        at = &(*at)->chained;
    *at = e->chained;
    unlink_by_use(c, e);
    c->stats.bytes -= e->bytes;
    c->stats.hours--;
    s3hls__hour_release(&e->hour, &c->env);
    s3hls__env_free(&c->env, e);
}

static bool is_moving(const s3hls__hour *h, int64_t now_ms) {
    return now_ms < (h->number + 1) * S3HLS__HOUR_MS + SETTLED_AFTER_MS;
}

static bool is_fresh(const s3hls__hour *h, int64_t now_ms) {
    int64_t since_ms = now_ms - h->listed_ms; /* below 0: the clock was set back */
    int64_t fresh_ms = (h->listed_ms - (h->number + 1) * S3HLS__HOUR_MS) / FRESH_PART_OF_AGE;
    if (is_moving(h, h->listed_ms))
        fresh_ms = MOVING_FRESH_MS;
    return since_ms >= 0 && since_ms < (fresh_ms < FRESH_MAX_MS ? fresh_ms : FRESH_MAX_MS);
}

/* ---- as the archive sees it */

s3hls__hour *s3hls__cache_find(s3hls_archive_cache *c, const char *url, int64_t number,
                               int64_t now_ms, s3hls__hour **known) {
    s3hls__hour *found = NULL;
    *known = NULL;
    pthread_mutex_lock(&c->lock);
    entry *e = find(c, url, number);
    if (e) {
        s3hls__hour *h = e->hour;
        unlink_by_use(c, e);
        link_newest(c, e);
        if (is_fresh(h, now_ms))
            found = h;
        else if (is_moving(h, now_ms) && h->count && h->whole_ms <= now_ms &&
                 now_ms - h->whole_ms < MOVING_WHOLE_MS)
            *known = h;
        if (found || *known)
            s3hls__hour_hold(h);
    }
    *(found ? &c->stats.found : *known ? &c->stats.refreshed : &c->stats.listed) += 1;
    pthread_mutex_unlock(&c->lock);
    return found;
}

void s3hls__cache_keep(s3hls_archive_cache *c, const char *url, s3hls__hour *hour) {
    size_t size = strlen(url) + 1;
    uint64_t bytes = sizeof(entry) + size + sizeof *hour + hour->capacity * sizeof(s3hls_segment);
    entry *e = bytes <= c->max_bytes ? s3hls__env_alloc(&c->env, sizeof *e + size) : NULL;
    pthread_mutex_lock(&c->lock);
    entry *before = find(c, url, hour->number);
    if (before)
        drop(c, before);
    if (e) {
        memcpy(e->url, url, size);
        e->hour = hour;
        e->bytes = bytes;
        s3hls__hour_hold(hour);
        e->chained = c->buckets[bucket_of(url, hour->number)];
        c->buckets[bucket_of(url, hour->number)] = e;
        link_newest(c, e);
        c->stats.bytes += bytes;
        c->stats.hours++;
    }
    while (c->stats.bytes > c->max_bytes)
        drop(c, c->oldest);
    pthread_mutex_unlock(&c->lock);
}

void s3hls_archive_cache_get_stats(s3hls_archive_cache *cache, s3hls_archive_cache_stats *stats) {
    memset(stats, 0, sizeof *stats);
    if (!cache)
        return;
    pthread_mutex_lock(&cache->lock);
    *stats = cache->stats;
    pthread_mutex_unlock(&cache->lock);
}

void s3hls_archive_cache_close(s3hls_archive_cache **cache) {
    s3hls_archive_cache *c = cache ? *cache : NULL;
    if (!c)
        return;
    while (c->oldest)
        drop(c, c->oldest);
    s3hls_env env = c->env;
    pthread_mutex_destroy(&c->lock);
    s3hls__env_free(&env, c);
    *cache = NULL;
}
