/* SPDX-License-Identifier: MIT-0 */
#include "server/catalog.h"
#include "server/request.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    OPEN_MAX_ARCHIVES = 256,     /* kept by one desk */
    NEWEST_BELIEVED_MS = 300000, /* of a camera that does not record */
    CACHE_BYTES = 64 << 20,      /* of hours: a month of one camera and some */
    CONNECT_TIMEOUT_MS = 5000,
    STALL_TIMEOUT_MS = 10000,
    URL_MAX = 2048
};

/* What a URL is, as far as was found out; the first recording tells. */
typedef enum kind { UNKNOWN, ONE_CAMERA, MANY_CAMERAS } kind;

typedef struct source {
    char *url;         /* without slashes at its end */
    const char *label; /* its last part */
    bool presign;
    kind kind;           /* under the lock */
    s3hls_store *opened; /* holds the caller's credentials; not used otherwise */
} source;

struct s3hls__catalog {
    s3hls_env env;
    s3hls_s3_options s3;                     /* its strings are ours */
    s3hls_credentials_provider *credentials; /* ours, where the caller has none */
    s3hls_archive_cache *cache;
    source *sources;
    size_t count;
    pthread_mutex_t lock;
};

typedef struct opened {
    char *camera;
    s3hls_archive *archive;
    const source *from;
    uint64_t used;
    s3hls_timeline timeline; /* the last one read; 0: none */
    s3hls_segment newest;
    int64_t newest_at_ms; /* when it was looked for; 0: not known */
} opened;

struct s3hls__desk {
    s3hls__catalog *catalog;
    s3hls_store **stores; /* of the sources: connections for the archives in them; NULL: not yet */
    opened opened[OPEN_MAX_ARCHIVES];
    uint64_t uses;
};

/* ---- the catalog */

static int copy_options(s3hls__catalog *c, const s3hls_s3_options *from) {
    const char **strings[] = {&c->s3.region, &c->s3.endpoint, &c->s3.ca_file, &c->s3.user_agent};
    int rc = S3HLS_OK;
    c->s3 = *from;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        const char *given = *strings[i];
        *strings[i] = s3hls__env_strdup(&c->env, given);
        if (given && !*strings[i])
            rc = S3HLS_E_NOMEM;
    }
    if (c->s3.connect_timeout_ms == 0)
        c->s3.connect_timeout_ms = CONNECT_TIMEOUT_MS;
    if (c->s3.stall_timeout_ms == 0)
        c->s3.stall_timeout_ms = STALL_TIMEOUT_MS;
    return rc;
}

static int open_source(s3hls__catalog *c, source *s, const char *url, s3hls_media media) {
    size_t size = strlen(url);
    while (size && url[size - 1] == '/')
        size--;
    s->url = s3hls__env_strndup(&c->env, url, size);
    if (!s->url)
        return S3HLS_E_NOMEM;
    const char *slash = strrchr(s->url, '/');
    s->label = slash ? slash + 1 : s->url;
    s->presign = media != S3HLS_MEDIA_PROXY && strncmp(url, "s3://", 5) == 0;
    for (const source *other = c->sources; other < s; other++)
        if (strcmp(other->label, s->label) == 0) {
            s3hls__log(&c->env, S3HLS_LOG_ERROR, "server",
                       "%s and %s end alike: their cameras could not be told apart", other->url,
                       s->url);
            return S3HLS_E_INVALID;
        }
    int rc = S3HLS_OK;
    if (!c->s3.credentials && strncmp(url, "s3://", 5) == 0) { /* one for all stores and threads */
        rc = s3hls_credentials_open_default(&c->credentials, &c->env);
        c->s3.credentials = c->credentials;
    }
    if (!rc)
        rc = s3hls_store_open(&s->opened, url, &c->s3, &c->env);
    if (rc)
        s3hls__log(&c->env, S3HLS_LOG_ERROR, "server", "%s: %s", url, s3hls_strerror(rc));
    return rc;
}

int s3hls__catalog_open(s3hls__catalog **out, const s3hls_server_config *config,
                        const s3hls_env *env) {
    s3hls__catalog *c = s3hls__env_alloc(env, sizeof *c);
    *out = c;
    if (!c)
        return S3HLS_E_NOMEM;
    c->env = *env;
    pthread_mutex_init(&c->lock, NULL);
    int rc = copy_options(c, &config->s3);
    c->sources = s3hls__env_alloc(env, config->url_count * sizeof *c->sources);
    if (!c->sources)
        rc = S3HLS_E_NOMEM;
    if (!rc)
        rc = s3hls_archive_cache_open(&c->cache, CACHE_BYTES, env);
    for (size_t i = 0; c->sources && i < config->url_count && !rc; i++) {
        c->count++;
        rc = open_source(c, &c->sources[i], config->urls[i], config->media);
    }
    if (rc)
        s3hls__catalog_close(out);
    return rc;
}

void s3hls__catalog_close(s3hls__catalog **catalog) {
    s3hls__catalog *c = *catalog;
    if (!c)
        return;
    s3hls_env env = c->env;
    for (size_t i = 0; c->sources && i < c->count; i++) {
        s3hls_store_close(&c->sources[i].opened);
        s3hls__env_free(&env, c->sources[i].url);
    }
    s3hls_credentials_close(&c->credentials);
    s3hls_archive_cache_close(&c->cache);
    s3hls__env_free(&env, c->sources);
    s3hls__env_free(&env, (char *)c->s3.region);
    s3hls__env_free(&env, (char *)c->s3.endpoint);
    s3hls__env_free(&env, (char *)c->s3.ca_file);
    s3hls__env_free(&env, (char *)c->s3.user_agent);
    pthread_mutex_destroy(&c->lock);
    s3hls__env_free(&env, c);
    *catalog = NULL;
}

/* ---- desks */

s3hls__desk *s3hls__desk_open(s3hls__catalog *catalog) {
    s3hls__desk *desk = s3hls__env_alloc(&catalog->env, sizeof *desk);
    if (!desk)
        return NULL;
    desk->catalog = catalog;
    desk->stores = s3hls__env_alloc(&catalog->env, catalog->count * sizeof *desk->stores);
    if (!desk->stores)
        s3hls__desk_close(desk);
    return desk->stores ? desk : NULL;
}

static void close_opened(const s3hls_env *env, opened *o) {
    s3hls_archive_close(&o->archive);
    s3hls__env_free(env, o->camera);
    memset(o, 0, sizeof *o);
}

void s3hls__desk_close(s3hls__desk *desk) {
    if (!desk)
        return;
    const s3hls_env env = desk->catalog->env;
    for (size_t i = 0; i < OPEN_MAX_ARCHIVES; i++)
        close_opened(&env, &desk->opened[i]);
    for (size_t i = 0; desk->stores && i < desk->catalog->count; i++)
        s3hls_store_close(&desk->stores[i]);
    s3hls__env_free(&env, desk->stores);
    s3hls__env_free(&env, desk);
}

static int store_of(s3hls__desk *desk, const source *s, s3hls_store **store) {
    s3hls__catalog *c = desk->catalog;
    s3hls_store **at = &desk->stores[s - c->sources];
    int rc = *at ? S3HLS_OK : s3hls_store_open(at, s->url, &c->s3, &c->env);
    *store = *at;
    return rc;
}

/* ---- cameras of a store */

typedef struct listing {
    const source *source;
    bool several; /* stores: ids begin with the label */
    kind kind;
    void (*on_camera)(void *ctx, const char *camera);
    void *ctx;
} listing;

static int on_name(void *ctx, const char *name) {
    listing *l = ctx;
    char id[S3HLS__CAMERA_MAX];
    l->kind = name[0] ? MANY_CAMERAS : ONE_CAMERA;
    bool label = l->several || !name[0];
    int n = snprintf(id, sizeof id, "%s%s%s", label ? l->source->label : "",
                     label && name[0] ? "/" : "", name);
    if (l->on_camera && n > 0 && (size_t)n < sizeof id)
        l->on_camera(l->ctx, id);
    return 0;
}

static int list_source(s3hls__desk *desk, source *s, listing *l, s3hls_s3_error *error) {
    s3hls__catalog *c = desk->catalog;
    s3hls_store *store;
    int rc = store_of(desk, s, &store);
    l->source = s;
    l->several = c->count > 1;
    l->kind = UNKNOWN;
    if (!rc)
        rc = s3hls_archive_cameras(store, on_name, l, error);
    if (!rc) {
        pthread_mutex_lock(&c->lock);
        s->kind = l->kind;
        pthread_mutex_unlock(&c->lock);
    }
    return rc;
}

int s3hls__desk_cameras(s3hls__desk *desk, void (*on_camera)(void *ctx, const char *camera),
                        void *ctx, s3hls_s3_error *error) {
    s3hls__catalog *c = desk->catalog;
    int rc = S3HLS_OK;
    for (size_t i = 0; i < c->count && !rc; i++) {
        listing l = {.on_camera = on_camera, .ctx = ctx};
        rc = list_source(desk, &c->sources[i], &l, error);
    }
    return rc;
}

/* ---- a camera's archive */

static int kind_of(s3hls__desk *desk, source *s, kind *found, s3hls_s3_error *error) {
    s3hls__catalog *c = desk->catalog;
    pthread_mutex_lock(&c->lock);
    *found = s->kind;
    pthread_mutex_unlock(&c->lock);
    if (*found != UNKNOWN)
        return S3HLS_OK;
    listing l = {.on_camera = NULL};
    int rc = list_source(desk, s, &l, error);
    *found = l.kind;
    return rc;
}

/* The URL of a camera. @return S3HLS_E_NOT_FOUND: no store can have it. */
static int locate(s3hls__desk *desk, const char *camera, const source **from, char url[URL_MAX],
                  s3hls_s3_error *error) {
    s3hls__catalog *c = desk->catalog;
    for (size_t i = 0; i < c->count; i++) {
        source *s = &c->sources[i];
        size_t label = strlen(s->label);
        bool is_label = strcmp(camera, s->label) == 0;
        bool below = strncmp(camera, s->label, label) == 0 && camera[label] == '/';
        kind found;
        if (c->count > 1 && !is_label && !below)
            continue;
        int rc = kind_of(desk, s, &found, error);
        if (rc)
            return rc;
        const char *name = c->count > 1 ? camera + label + below : camera;
        if (found == ONE_CAMERA ? !is_label : found == UNKNOWN || !name[0])
            continue;
        *from = s;
        int n = snprintf(url, URL_MAX, "%s%s%s", s->url, found == ONE_CAMERA ? "" : "/",
                         found == ONE_CAMERA ? "" : name);
        return n > 0 && n < URL_MAX ? S3HLS_OK : S3HLS_E_NOT_FOUND;
    }
    return S3HLS_E_NOT_FOUND;
}

static opened *find_opened(s3hls__desk *desk, const char *camera, opened **oldest) {
    *oldest = &desk->opened[0];
    for (size_t i = 0; i < OPEN_MAX_ARCHIVES; i++) {
        opened *o = &desk->opened[i];
        if (o->camera && strcmp(o->camera, camera) == 0)
            return o;
        if (o->used < (*oldest)->used)
            *oldest = o;
    }
    return NULL;
}

int s3hls__desk_archive(s3hls__desk *desk, const char *camera, s3hls_archive **archive,
                        bool *presign, s3hls_s3_error *error) {
    s3hls__catalog *c = desk->catalog;
    char url[URL_MAX];
    opened *oldest, *o = find_opened(desk, camera, &oldest);
    if (!o) {
        o = oldest;
        close_opened(&c->env, o);
        s3hls_store *store;
        int rc = locate(desk, camera, &o->from, url, error);
        if (!rc)
            rc = store_of(desk, o->from, &store);
        if (!rc)
            rc = s3hls_archive_open_beside(&o->archive, url, store, &c->s3);
        if (!rc && !(o->camera = s3hls__env_strdup(&c->env, camera)))
            rc = S3HLS_E_NOMEM;
        if (rc) {
            close_opened(&c->env, o);
            return rc == S3HLS_E_INVALID ? S3HLS_E_NOT_FOUND : rc;
        }
    }
    s3hls_archive_set_cache(o->archive, c->cache);
    o->used = ++desk->uses;
    *archive = o->archive;
    if (presign)
        *presign = o->from->presign;
    return S3HLS_OK;
}

int s3hls__desk_timeline(s3hls__desk *desk, const char *camera, uint64_t timeline,
                         s3hls_timeline *out) {
    opened *oldest, *o = find_opened(desk, camera, &oldest);
    int rc = o ? S3HLS_OK : S3HLS_E_NOT_FOUND;
    if (o && (o->timeline.timeline != timeline || !timeline))
        rc = s3hls_archive_timeline(o->archive, timeline, &o->timeline, NULL);
    if (!rc)
        *out = o->timeline;
    return rc;
}

int s3hls__desk_newest(s3hls__desk *desk, const char *camera, int64_t now_ms, s3hls_segment *newest,
                       s3hls_s3_error *error) {
    s3hls_archive *archive;
    s3hls_segment_list list;
    int rc = s3hls__desk_archive(desk, camera, &archive, NULL, error);
    if (!rc)
        rc = s3hls_archive_recent(archive, now_ms - S3HLS__LIVE_WINDOW_MS, &list, error);
    if (rc)
        return rc;
    opened *oldest, *o = find_opened(desk, camera, &oldest);
    if (list.count) {
        o->newest = list.segments[list.count - 1];
        o->newest_at_ms = now_ms;
    } else if (!o->newest_at_ms || now_ms - o->newest_at_ms > NEWEST_BELIEVED_MS) {
        rc = s3hls_archive_newest(archive, &o->newest, error);
        o->newest_at_ms = rc ? 0 : now_ms;
    }
    s3hls_segment_list_deinit(&list, &desk->catalog->env);
    *newest = o->newest;
    return rc;
}

void s3hls__catalog_stats(const s3hls__catalog *catalog, s3hls_archive_cache_stats *stats) {
    s3hls_archive_cache_get_stats(catalog->cache, stats);
}
