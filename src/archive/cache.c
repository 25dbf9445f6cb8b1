/* SPDX-License-Identifier: MIT-0 */
#include "archive/hour.h"
#include "archive/pace.h"
#include "layout/session.h"
#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

enum {
    BUCKETS = 1024,
    CAMERAS_MAX = 4096, /* cameras whose pace is stored; an entry takes about 200 bytes */
    MS_PER_S = 1000,
    MOVING_FRESH_MS = 60 * MS_PER_S,  /* an hour in which no new segment is expected */
    FUTURE_FRESH_MS = 600 * MS_PER_S, /* an hour that has not begun */
    MOVING_WHOLE_MS = 60 * MS_PER_S,  /* full listings of an hour being recorded */
    SETTLED_AFTER_MS = 900 * MS_PER_S /* an hour is being recorded until then after its end */
};

/* A past hour may still receive segments from a spool. The older the hour, the longer its listing
 * is used. */
enum { FRESH_PART_OF_AGE = 20, FRESH_MAX_MS = 3600 * MS_PER_S };

typedef struct entry {
    struct entry *chained;       /* in the same bucket */
    struct entry *newer, *older; /* by last use */
    s3hls__hour *hour;
    uint64_t bytes;
    char url[];
} entry;

/* The expected time of a camera's next segment, by the camera's URL. */
typedef struct camera {
    LIST_ENTRY(camera) in_bucket;
    TAILQ_ENTRY(camera) in_order; /* by use, the least recent first */
    s3hls__pace pace;
    char url[];
} camera;

struct s3hls_archive_cache {
    s3hls_env env;
    pthread_mutex_t lock;
    uint64_t max_bytes;
    s3hls_archive_cache_stats stats;
    entry *newest, *oldest;
    entry *buckets[BUCKETS];
    LIST_HEAD(, camera) camera_buckets[BUCKETS];
    TAILQ_HEAD(, camera) cameras;
    size_t camera_count;
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
    TAILQ_INIT(&c->cameras);
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

static camera *find_camera(const s3hls_archive_cache *c, const char *url) {
    camera *m;
    LIST_FOREACH(m, &c->camera_buckets[bucket_of(url, 0)], in_bucket)
    if (strcmp(m->url, url) == 0)
        return m;
    return NULL;
}

static void drop_camera(s3hls_archive_cache *c, camera *m) {
    LIST_REMOVE(m, in_bucket);
    TAILQ_REMOVE(&c->cameras, m, in_order);
    c->camera_count--;
    s3hls__env_free(&c->env, m);
}

/* If memory runs out, the camera is treated as new each time. */
static camera *add_camera(s3hls_archive_cache *c, const char *url) {
    size_t size = strlen(url) + 1;
    camera *m = s3hls__env_alloc(&c->env, sizeof *m + size);
    if (!m)
        return NULL;
    if (c->camera_count == CAMERAS_MAX)
        drop_camera(c, TAILQ_FIRST(&c->cameras));
    memcpy(m->url, url, size);
    LIST_INSERT_HEAD(&c->camera_buckets[bucket_of(url, 0)], m, in_bucket);
    TAILQ_INSERT_TAIL(&c->cameras, m, in_order);
    c->camera_count++;
    return m;
}

/* The newest segment with a past begin. A segment of a fast clock is used only if there is no
 * other. */
static const s3hls_segment *newest_of(const s3hls__hour *h) {
    const s3hls_segment *ahead = NULL;
    for (size_t i = h->count; i-- > 0;) {
        const s3hls_segment *s = &h->segments[i];
        if (s->start_ms > h->listed_ms + S3HLS_CLOCK_AHEAD_MS)
            continue;
        if (!s3hls__segment_is_ahead(s))
            return s;
        ahead = ahead ? ahead : s;
    }
    return ahead;
}

/* The next segment may be in this hour. */
static bool is_expected(const camera *m, const s3hls__hour *h) {
    return !m->pace.known || h->number >= m->pace.newest_end_ms / S3HLS__HOUR_MS;
}

/* An hour in which no segment was expected does not affect the pace. */
static void note_pace(s3hls_archive_cache *c, const char *url, const s3hls__hour *h) {
    camera *m = find_camera(c, url);
    if (!m)
        m = add_camera(c, url);
    if (!m || !is_expected(m, h))
        return;
    TAILQ_REMOVE(&c->cameras, m, in_order);
    TAILQ_INSERT_TAIL(&c->cameras, m, in_order);
    s3hls__pace_note(&m->pace, newest_of(h), h->listed_ms);
}

/* Earliest time at which a camera whose clock is accurate to one minute may have recorded in the
 * hour. */
static int64_t begin_ms(const s3hls__hour *h) {
    return h->number * S3HLS__HOUR_MS - S3HLS_CLOCK_AHEAD_MS;
}

static bool has_begun(const s3hls__hour *h) {
    return h->listed_ms >= begin_ms(h);
}

static bool is_moving(const s3hls__hour *h, int64_t now_ms) {
    return now_ms < (h->number + 1) * S3HLS__HOUR_MS + SETTLED_AFTER_MS;
}

/* A listing of an hour in which the next segment may begin is valid until that segment is due. A
 * listing of a future hour, with footage of a fast clock, is valid until the hour begins. */
static int64_t fresh_until_ms(const s3hls_archive_cache *c, const entry *e) {
    const s3hls__hour *h = e->hour;
    int64_t begins_in_ms = begin_ms(h) - h->listed_ms;
    if (!has_begun(h))
        return h->listed_ms + (begins_in_ms < FUTURE_FRESH_MS ? begins_in_ms : FUTURE_FRESH_MS);
    if (is_moving(h, h->listed_ms)) {
        const camera *m = find_camera(c, e->url);
        return m && is_expected(m, h) ? m->pace.due_ms : h->listed_ms + MOVING_FRESH_MS;
    }
    int64_t fresh_ms = (h->listed_ms - (h->number + 1) * S3HLS__HOUR_MS) / FRESH_PART_OF_AGE;
    return h->listed_ms + (fresh_ms < FRESH_MAX_MS ? fresh_ms : FRESH_MAX_MS);
}

/* now_ms before listed_ms: the clock was set back. */
static bool is_fresh(const s3hls_archive_cache *c, const entry *e, int64_t now_ms) {
    return now_ms >= e->hour->listed_ms && now_ms < fresh_until_ms(c, e);
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
        if (is_fresh(c, e, now_ms))
            found = h;
        else if (is_moving(h, now_ms) && h->count && h->whole_ms <= now_ms &&
                 now_ms - h->whole_ms < MOVING_WHOLE_MS)
            *known = h;
        if (found || *known)
            s3hls__hour_retain(h);
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
    if (has_begun(hour) && is_moving(hour, hour->listed_ms))
        note_pace(c, url, hour);
    entry *before = find(c, url, hour->number);
    if (before)
        drop(c, before);
    if (e) {
        memcpy(e->url, url, size);
        e->hour = hour;
        e->bytes = bytes;
        s3hls__hour_retain(hour);
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
    while (c->camera_count)
        drop_camera(c, TAILQ_FIRST(&c->cameras));
    s3hls_env env = c->env;
    pthread_mutex_destroy(&c->lock);
    s3hls__env_free(&env, c);
    *cache = NULL;
}
