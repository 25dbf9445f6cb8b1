/* SPDX-License-Identifier: MIT-0 */
#include "server/catalog.h"
#include "server/request.h"
#include "server/survey.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    OPEN_MAX_ARCHIVES = 16, /* kept by one desk */
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
    s3hls_store *opened; /* keeps the credentials; not used otherwise */
} source;

struct s3hls__catalog {
    s3hls_env env;
    s3hls_s3_options s3; /* its strings are ours */
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
} opened;

struct s3hls__desk {
    s3hls__catalog *catalog;
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
    int rc = s3hls_store_open(&s->opened, url, &c->s3, &c->env);
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
    for (size_t i = 0; i < c->count; i++) {
        s3hls_store_close(&c->sources[i].opened);
        s3hls__env_free(&env, c->sources[i].url);
    }
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
    if (desk)
        desk->catalog = catalog;
    return desk;
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
    s3hls__env_free(&env, desk);
}

/* ---- cameras of a store */

typedef struct listing {
    const source *source;
    bool several; /* stores: ids begin with the label */
    kind kind;
    void (*on_camera)(void *ctx, const char *camera);
    void *ctx;
} listing;

static void on_name(void *ctx, const char *name) {
    listing *l = ctx;
    char id[S3HLS__CAMERA_MAX];
    l->kind = name[0] ? MANY_CAMERAS : ONE_CAMERA;
    bool label = l->several || !name[0];
    int n = snprintf(id, sizeof id, "%s%s%s", label ? l->source->label : "",
                     label && name[0] ? "/" : "", name);
    if (l->on_camera && n > 0 && (size_t)n < sizeof id)
        l->on_camera(l->ctx, id);
}

static int list_source(s3hls__catalog *c, source *s, listing *l, s3hls_s3_error *error) {
    s3hls_store *store;
    int rc = s3hls_store_open(&store, s->url, &c->s3, &c->env);
    l->source = s;
    l->several = c->count > 1;
    l->kind = UNKNOWN;
    if (!rc)
        rc = s3hls__survey_cameras(store, on_name, l, error);
    s3hls_store_close(&store);
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
        rc = list_source(c, &c->sources[i], &l, error);
    }
    return rc;
}

/* ---- a camera's archive */

static int kind_of(s3hls__catalog *c, source *s, kind *found, s3hls_s3_error *error) {
    pthread_mutex_lock(&c->lock);
    *found = s->kind;
    pthread_mutex_unlock(&c->lock);
    if (*found != UNKNOWN)
        return S3HLS_OK;
    listing l = {.on_camera = NULL};
    int rc = list_source(c, s, &l, error);
    *found = l.kind;
    return rc;
}

/* The URL of a camera. @return S3HLS_E_NOT_FOUND: no store can have it. */
static int locate(s3hls__catalog *c, const char *camera, const source **from, char url[URL_MAX],
                  s3hls_s3_error *error) {
    for (size_t i = 0; i < c->count; i++) {
        source *s = &c->sources[i];
        size_t label = strlen(s->label);
        bool is_label = strcmp(camera, s->label) == 0;
        bool below = strncmp(camera, s->label, label) == 0 && camera[label] == '/';
        kind found;
        if (c->count > 1 && !is_label && !below)
            continue;
        int rc = kind_of(c, s, &found, error);
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
        int rc = locate(c, camera, &o->from, url, error);
        if (!rc)
            rc = s3hls_archive_open(&o->archive, url, &c->s3, &c->env);
        if (!rc && !(o->camera = s3hls__env_strdup(&c->env, camera)))
            rc = S3HLS_E_NOMEM;
        if (rc) {
            close_opened(&c->env, o);
            return rc == S3HLS_E_INVALID ? S3HLS_E_NOT_FOUND : rc;
        }
    }
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
