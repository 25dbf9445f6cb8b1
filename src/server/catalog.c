/* SPDX-License-Identifier: MIT-0 */
#include "server/catalog.h"
#include "s3/uri.h"
#include "server/cameras.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    OPEN_MAX_ARCHIVES = 256, /* archives that one thread's workspace keeps open */
    LOOKS_AT_ONCE = 16,      /* new folders checked per listing */
    CACHE_BYTES = 64 << 20,  /* of cached hours: a month of one camera and more */
    CONNECT_TIMEOUT_MS = 5000,
    STALL_TIMEOUT_MS = 10000,
    URL_MAX = 2048
};

/* Minimum intervals between listings of a source. A directory costs no money. */
enum {
    NAMES_S3_MS = 30000,
    NAMES_DIRECTORY_MS = 10000,
    NAMES_MISSED_MS = 1000, /* for a camera that is not among the names */
    NAMES_BROKE_MS = 60000, /* the same, when the budget is used up */
    STATE_S3_MS = 30000,
    STATE_DIRECTORY_MS = 5000
};

typedef struct source {
    char *url;            /* without trailing slashes */
    const char *label;    /* last part of the URL */
    bool presign, costs;  /* costs: LIST requests are charged */
    s3hls_store *opened;  /* keeps the caller's credentials; not used otherwise */
    s3hls_survey *survey; /* used by the thread that updates the names */
} source;

struct s3hls__catalog {
    s3hls_env env;
    s3hls_s3_options s3;                     /* owns its strings */
    s3hls_credentials_provider *credentials; /* created here if the caller has none */
    s3hls_archive_cache *cache;
    s3hls__cameras *cameras;
    s3hls__budget budget;
    s3hls_input_state_fn input_state;
    void *input_state_ctx;
    source *sources;
    size_t count;
    bool costs;               /* at least one source costs */
    _Atomic int64_t names_ms; /* how long names remain valid */
};

typedef struct opened {
    char *camera;
    s3hls_archive *archive;
    const source *from;
    uint64_t used;
    s3hls_timeline timeline; /* last timeline read; 0: none */
} opened;

struct s3hls__workspace {
    s3hls__catalog *catalog;
    s3hls_store **stores; /* one per source: connections of its archives; NULL: not opened */
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
    s->costs = strncmp(url, "s3://", 5) == 0;
    c->costs |= s->costs;
    s->presign = media != S3HLS_MEDIA_PROXY && s->costs;
    for (const source *other = c->sources; other < s; other++)
        if (strcmp(other->label, s->label) == 0) {
            s3hls__log(&c->env, S3HLS_LOG_ERROR, "server",
                       "%s and %s end alike: their cameras could not be distinguished", other->url,
                       s->url);
            return S3HLS_E_INVALID;
        }
    int rc = S3HLS_OK;
    if (!c->s3.credentials && s->costs) { /* shared by all stores and threads */
        rc = s3hls_credentials_open_default(&c->credentials, &c->env);
        c->s3.credentials = c->credentials;
    }
    if (!rc)
        rc = s3hls_store_open(&s->opened, url, &c->s3, &c->env);
    if (!rc)
        rc = s3hls_survey_open(&s->survey, &c->env);
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
    c->input_state = config->input_state;
    c->input_state_ctx = config->input_state_ctx;
    s3hls__budget_init(&c->budget, config->lists_per_minute, &c->env);
    int rc = copy_options(c, &config->s3);
    c->sources = s3hls__env_alloc(env, config->url_count * sizeof *c->sources);
    if (!c->sources)
        rc = S3HLS_E_NOMEM;
    if (!rc)
        rc = s3hls_archive_cache_open(&c->cache, CACHE_BYTES, env);
    if (!rc)
        rc = s3hls__cameras_open(&c->cameras, env);
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
        s3hls_survey_close(&c->sources[i].survey);
        s3hls_store_close(&c->sources[i].opened);
        s3hls__env_free(&env, c->sources[i].url);
    }
    s3hls_credentials_close(&c->credentials);
    s3hls_archive_cache_close(&c->cache);
    s3hls__cameras_close(&c->cameras);
    s3hls__env_free(&env, c->sources);
    s3hls__env_free(&env, (char *)c->s3.region);
    s3hls__env_free(&env, (char *)c->s3.endpoint);
    s3hls__env_free(&env, (char *)c->s3.ca_file);
    s3hls__env_free(&env, (char *)c->s3.user_agent);
    s3hls__budget_deinit(&c->budget);
    s3hls__env_free(&env, c);
    *catalog = NULL;
}

/* ---- workspaces (per thread) */

s3hls__workspace *s3hls__workspace_open(s3hls__catalog *catalog) {
    s3hls__workspace *workspace = s3hls__env_alloc(&catalog->env, sizeof *workspace);
    if (!workspace)
        return NULL;
    workspace->catalog = catalog;
    workspace->stores = s3hls__env_alloc(&catalog->env, catalog->count * sizeof *workspace->stores);
    if (!workspace->stores)
        s3hls__workspace_close(workspace);
    return workspace->stores ? workspace : NULL;
}

static void close_opened(const s3hls_env *env, opened *o) {
    s3hls_archive_close(&o->archive);
    s3hls__env_free(env, o->camera);
    memset(o, 0, sizeof *o);
}

void s3hls__workspace_close(s3hls__workspace *workspace) {
    if (!workspace)
        return;
    const s3hls_env env = workspace->catalog->env;
    for (size_t i = 0; i < OPEN_MAX_ARCHIVES; i++)
        close_opened(&env, &workspace->opened[i]);
    for (size_t i = 0; workspace->stores && i < workspace->catalog->count; i++)
        s3hls_store_close(&workspace->stores[i]);
    s3hls__env_free(&env, workspace->stores);
    s3hls__env_free(&env, workspace);
}

static int store_of(s3hls__workspace *workspace, const source *s, s3hls_store **store) {
    s3hls__catalog *c = workspace->catalog;
    s3hls_store **at = &workspace->stores[s - c->sources];
    int rc = *at ? S3HLS_OK : s3hls_store_open(at, s->url, &c->s3, &c->env);
    if (!rc)
        s3hls_store_on_list(*at, s3hls__budget_charge, &c->budget);
    *store = *at;
    return rc;
}

/* ---- names */

/* Collects the names that are found in the sources. */
typedef struct naming {
    s3hls__catalog *catalog;
    const source *source; /* source being listed */
    s3hls__camera *found;
    size_t count, capacity;
    size_t lists;   /* LISTs sent for this update */
    unsigned looks; /* remaining checks in this source */
} naming;

/* Check a limited number of new folders per listing, and leave half of the budget to viewers'
 * requests. */
static int may_look(void *ctx) {
    naming *n = ctx;
    return n->looks && n->looks-- &&
           s3hls__budget_allows(&n->catalog->budget, n->catalog->budget.per_minute / 2);
}

static int add_name(void *ctx, const char *name) {
    naming *n = ctx;
    const s3hls__catalog *c = n->catalog;
    if (n->count == n->capacity) {
        size_t capacity = n->capacity ? 2 * n->capacity : 64;
        s3hls__camera *grown = s3hls__env_realloc(&c->env, n->found, capacity * sizeof *grown);
        if (!grown)
            return 1;
        n->found = grown;
        n->capacity = capacity;
    }
    s3hls__camera *camera = &n->found[n->count];
    bool label = c->count > 1 || !name[0];
    *camera = (s3hls__camera){.source = (size_t)(n->source - c->sources)};
    int size = snprintf(camera->id, sizeof camera->id, "%s%s%s", label ? n->source->label : "",
                        label && name[0] ? "/" : "", name);
    /* a longer id, or one with control characters, cannot be addressed */
    if (size > 0 && (size_t)size < sizeof camera->id &&
        s3hls__uri_key_ok(camera->id, (size_t)size)) {
        camera->name = (size_t)size - strlen(name);
        n->count++;
    }
    return 0;
}

static int list_source(s3hls__workspace *workspace, naming *n, source *s, s3hls_s3_error *error) {
    s3hls_store *store;
    int rc = store_of(workspace, s, &store);
    n->looks = LOOKS_AT_ONCE;
    if (!rc)
        rc = s3hls_survey_run(s->survey, store, s->costs ? may_look : NULL, n, error);
    n->lists += s3hls_survey_lists(s->survey);
    n->source = s;
    if (!rc && s3hls_survey_cameras(s->survey, add_name, n))
        rc = S3HLS_E_NOMEM;
    return rc;
}

/* Listing the names uses at most a quarter of the budget. */
static int64_t names_hold_ms(const s3hls__catalog *c, size_t lists) {
    int64_t ms = (int64_t)lists * 4 * 60000 / c->budget.per_minute;
    return c->costs ? (ms > NAMES_S3_MS ? ms : NAMES_S3_MS) : NAMES_DIRECTORY_MS;
}

/* Update the names unless they are more recent than max_age_ms. */
static int update_names(s3hls__workspace *workspace, int64_t max_age_ms, s3hls_s3_error *error) {
    s3hls__catalog *c = workspace->catalog;
    naming n = {.catalog = c};
    int rc = S3HLS_OK;
    if (!s3hls__cameras_claim_names(c->cameras, max_age_ms))
        return S3HLS_OK;
    for (size_t i = 0; i < c->count && !rc; i++)
        rc = list_source(workspace, &n, &c->sources[i], error);
    bool none = !rc && !n.count;
    const s3hls__camera nobody = {.source = 0};
    int kept = s3hls__cameras_replace(c->cameras, rc ? NULL : none ? &nobody : n.found, n.count);
    s3hls__env_free(&c->env, n.found);
    atomic_store(&c->names_ms, names_hold_ms(c, n.lists));
    return rc ? rc : kept;
}

int s3hls__workspace_cameras(s3hls__workspace *workspace, const char *text,
                             bool (*on_camera)(void *ctx, const s3hls__camera *camera), void *ctx,
                             s3hls_s3_error *error) {
    s3hls__catalog *c = workspace->catalog;
    int rc = update_names(workspace, atomic_load(&c->names_ms), error);
    if (!rc)
        s3hls__cameras_each(c->cameras, text, on_camera, ctx);
    return rc;
}

/* ---- a camera's archive */

/* Unknown names cause only a limited number of listings. */
static int find_camera(s3hls__workspace *workspace, const char *id, s3hls__camera *camera,
                       s3hls_s3_error *error) {
    s3hls__catalog *c = workspace->catalog;
    if (s3hls__cameras_find(c->cameras, id, camera))
        return S3HLS_OK;
    bool rich = !c->costs || s3hls__budget_allows(&c->budget, 0);
    int rc = update_names(workspace, rich ? NAMES_MISSED_MS : NAMES_BROKE_MS, error);
    if (rc)
        return rc;
    return s3hls__cameras_find(c->cameras, id, camera) ? S3HLS_OK : S3HLS_E_NOT_FOUND;
}

static int locate(s3hls__workspace *workspace, const char *id, const source **from,
                  char url[URL_MAX], s3hls_s3_error *error) {
    s3hls__camera camera;
    int rc = find_camera(workspace, id, &camera, error);
    if (rc)
        return rc;
    *from = &workspace->catalog->sources[camera.source];
    const char *name = camera.id + camera.name;
    int n = snprintf(url, URL_MAX, "%s%s%s", (*from)->url, name[0] ? "/" : "", name);
    return n > 0 && n < URL_MAX ? S3HLS_OK : S3HLS_E_NOT_FOUND;
}

static opened *find_opened(s3hls__workspace *workspace, const char *camera, opened **oldest) {
    *oldest = &workspace->opened[0];
    for (size_t i = 0; i < OPEN_MAX_ARCHIVES; i++) {
        opened *o = &workspace->opened[i];
        if (o->camera && strcmp(o->camera, camera) == 0)
            return o;
        if (o->used < (*oldest)->used)
            *oldest = o;
    }
    return NULL;
}

/* A camera that cannot be opened does not replace another one. */
static int open_camera(s3hls__workspace *workspace, const char *camera, opened *o,
                       s3hls_s3_error *error) {
    s3hls__catalog *c = workspace->catalog;
    char url[URL_MAX];
    s3hls_store *store;
    int rc = locate(workspace, camera, &o->from, url, error);
    if (!rc)
        rc = store_of(workspace, o->from, &store);
    if (!rc)
        rc = s3hls_archive_open_beside(&o->archive, url, store, &c->s3);
    if (!rc && !(o->camera = s3hls__env_strdup(&c->env, camera)))
        rc = S3HLS_E_NOMEM;
    return rc;
}

int s3hls__workspace_archive(s3hls__workspace *workspace, const char *camera,
                             s3hls_archive **archive, bool *presign, s3hls_s3_error *error) {
    s3hls__catalog *c = workspace->catalog;
    opened *oldest, *o = find_opened(workspace, camera, &oldest);
    if (!o) {
        opened fresh = {.camera = NULL};
        int rc = open_camera(workspace, camera, &fresh, error);
        if (rc) {
            close_opened(&c->env, &fresh);
            return rc == S3HLS_E_INVALID ? S3HLS_E_NOT_FOUND : rc;
        }
        o = oldest;
        close_opened(&c->env, o);
        *o = fresh;
    }
    s3hls_archive_set_cache(o->archive, c->cache);
    o->used = ++workspace->uses;
    *archive = o->archive;
    if (presign)
        *presign = o->from->presign;
    return S3HLS_OK;
}

int s3hls__workspace_timeline(s3hls__workspace *workspace, const char *camera, uint64_t timeline,
                              s3hls_timeline *out) {
    opened *oldest, *o = find_opened(workspace, camera, &oldest);
    int rc = o ? S3HLS_OK : S3HLS_E_NOT_FOUND;
    if (o && (o->timeline.timeline != timeline || !timeline))
        rc = s3hls_archive_timeline(o->archive, timeline, &o->timeline, NULL);
    if (!rc)
        *out = o->timeline;
    return rc;
}

/* ---- state of a camera */

void s3hls__workspace_note_newest(s3hls__workspace *workspace, const char *camera,
                                  const s3hls_segment *newest) {
    s3hls__cameras_note(workspace->catalog->cameras, camera, newest);
}

bool s3hls__workspace_input_state(const s3hls__workspace *workspace, const char *camera,
                                  s3hls_input_state *state) {
    const s3hls__catalog *c = workspace->catalog;
    return c->input_state && c->input_state(c->input_state_ctx, camera, state);
}

int s3hls__workspace_look(s3hls__workspace *workspace, const char *id, s3hls_s3_error *error) {
    s3hls__catalog *c = workspace->catalog;
    s3hls__camera camera;
    s3hls_archive *archive;
    s3hls_segment newest;
    int64_t least_ms = c->costs ? STATE_S3_MS : STATE_DIRECTORY_MS;
    if (c->costs && !s3hls__budget_allows(&c->budget, 0))
        return S3HLS_OK;
    if (!s3hls__cameras_claim_look(c->cameras, id, least_ms, &camera))
        return S3HLS_OK;
    int rc = s3hls__workspace_archive(workspace, id, &archive, NULL, error);
    if (!rc)
        rc = s3hls_archive_newest_since(
            archive, camera.state.recorded ? &camera.state.newest : NULL, &newest, error);
    if (!rc || rc == S3HLS_E_NOT_FOUND)
        s3hls__cameras_note(c->cameras, id, rc ? NULL : &newest);
    return rc == S3HLS_E_NOT_FOUND ? S3HLS_OK : rc;
}

void s3hls__catalog_stats(const s3hls__catalog *catalog, s3hls__catalog_figures *figures) {
    s3hls_archive_cache_get_stats(catalog->cache, &figures->hours);
    figures->lists = atomic_load(&catalog->budget.lists);
    figures->lists_per_minute = catalog->budget.per_minute;
}
