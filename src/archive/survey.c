/* SPDX-License-Identifier: MIT-0 */
#include "archive/archive.h"
#include "archive/folder.h"
#include "layout/key.h"
#include "s3/uri.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDERS_MAX = 100000, DEPTH_MAX = 8 };

/* Folders with their slash ("site/cam-1/"), ascending; cameras without it. */
struct s3hls_survey {
    s3hls_env env;
    s3hls__names verified; /* were listed, and are cameras */
    s3hls__names above;    /* were listed, and are not cameras */
    s3hls__names cameras;
    size_t lists;
};

/* State of one run. */
typedef struct run {
    const s3hls_survey *before;
    const s3hls_env *env;
    s3hls_store *store;
    int (*may_look)(void *ctx);
    void *may_look_ctx;
    s3hls__names level, below; /* to be listed now, and in the next round */
    s3hls__names verified, above, presumed;
    s3hls__names unsure;    /* may be of the sample SDK: years, but no timelines */
    s3hls__names in_unsure; /* their subfolders */
    size_t next, looked, running;
    unsigned depth;
    int status;
    s3hls_s3_error error;
} run;

static bool is_year(const char *name) {
    s3hls__period period;
    int64_t begin_ms;
    return s3hls__period_parse(name, &period, &begin_ms) && period == S3HLS__YEAR;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool contains(const s3hls__names *names, const char *name) {
    return names->count &&
           bsearch(&name, names->items, names->count, sizeof *names->items, by_bytes);
}

/* ---- a level */

/* Decide whether to list a folder, according to the previous run. */
static int sort_out(run *r, const char *folder) {
    if (contains(&r->before->verified, folder))
        return s3hls__names_add(&r->verified, folder, "");
    if (folder[0] && !contains(&r->before->above, folder) && r->may_look &&
        !r->may_look(r->may_look_ctx))
        return s3hls__names_add(&r->presumed, folder, "");
    return s3hls__names_add(&r->below, folder, "");
}

static int judge(run *r, const s3hls__folder *f) {
    bool timelines = false, years = false;
    int rc = s3hls__folder_status(f);
    for (size_t i = 0; i < f->found.count; i++) {
        const char *name = f->found.items[i] + strlen(f->name);
        timelines |= strcmp(name, S3HLS__TIMELINES_FOLDER) == 0;
        years |= is_year(name);
    }
    if (!rc)
        rc = s3hls__names_add(timelines ? &r->verified
                              : years   ? &r->unsure
                                        : &r->above,
                              f->name, "");
    for (size_t i = 0; i < f->found.count && !rc && !timelines && r->depth < DEPTH_MAX; i++)
        rc = years ? s3hls__names_add(&r->in_unsure, f->found.items[i], "")
                   : sort_out(r, f->found.items[i]);
    return rc;
}

/* A folder that this user may not open must not hide the other cameras. */
static bool is_closed(const s3hls__folder *f) {
    return f->op.result.status == S3HLS_E_ACCESS && !f->op.result.http_status && f->name[0];
}

static void look_into_next(s3hls__folder *f, run *r);

static void folder_done(s3hls__op *op) {
    s3hls__folder *f = (s3hls__folder *)op;
    run *r = op->user;
    r->running--;
    if (f->files == S3HLS__FOLDER_FILES_MAX)
        s3hls__log(r->env, S3HLS_LOG_WARN, "archive",
                   "\"%.200s\": more than 20,000 files; cameras that sort after them are not found",
                   f->name);
    if (is_closed(f))
        s3hls__log(r->env, S3HLS_LOG_WARN, "archive", "%s; passed over", op->result.message);
    int rc = is_closed(f) ? S3HLS_OK : judge(r, f);
    s3hls__names_deinit(&f->found);
    if (!r->status && rc) {
        r->status = rc;
        r->error = op->result;
    }
    look_into_next(f, r);
}

static void look_into_next(s3hls__folder *f, run *r) {
    if (r->next == r->level.count || r->status)
        return;
    if (r->looked++ == FOLDERS_MAX) {
        r->status = S3HLS_E_TOO_LARGE;
        return;
    }
    s3hls__folder_init(f, r->level.items[r->next++], r->env);
    f->op.done = folder_done;
    f->op.user = r;
    r->running++;
    s3hls__store_start(r->store, &f->op);
}

/* List all folders of a level; below receives those to list next. */
static int look_into_level(run *r) {
    s3hls__folder *folders = s3hls__env_alloc(r->env, S3HLS__LISTS_AT_ONCE * sizeof *folders);
    if (!folders)
        return S3HLS_E_NOMEM;
    r->next = 0;
    for (size_t i = 0; i < S3HLS__LISTS_AT_ONCE; i++)
        look_into_next(&folders[i], r);
    while (r->running)
        s3hls__http_step(s3hls__store_http(r->store), 1000);
    s3hls__env_free(r->env, folders);
    return r->status;
}

/* ---- years without timelines */

typedef struct first_key {
    size_t folder_size;
    bool is_segment;
} first_key;

static int on_first(void *ctx, const s3hls_s3_object *object) {
    first_key *f = ctx;
    s3hls_segment segment;
    const char *name = object->key + f->folder_size;
    f->is_segment = s3hls_segment_key_parse(name, strlen(name), &segment) == S3HLS_OK;
    return 1;
}

static int sort_out_below(run *r, const char *folder) {
    int rc = S3HLS_OK;
    for (size_t i = 0; i < r->in_unsure.count && !rc; i++)
        if (strncmp(r->in_unsure.items[i], folder, strlen(folder)) == 0)
            rc = sort_out(r, r->in_unsure.items[i]);
    return rc;
}

/* If the first key below the years is a segment's, the folder is a camera, and its subfolders
 * belong to it. */
static int settle_unsure(run *r) {
    int rc = S3HLS_OK;
    for (size_t i = 0; i < r->unsure.count && !rc; i++) {
        const char *folder = r->unsure.items[i];
        char before_years[S3HLS__KEY_BYTES_MAX + 2];
        first_key f = {.folder_size = strlen(folder)};
        snprintf(before_years, sizeof before_years, "%s" S3HLS__BEFORE_SEGMENTS, folder);
        rc = s3hls_store_list(r->store, folder, before_years, on_first, &f, &r->error);
        rc = rc == S3HLS_E_CANCELLED ? S3HLS_OK : rc;
        if (!rc)
            rc = s3hls__names_add(f.is_segment ? &r->verified : &r->above, folder, "");
        if (!rc && !f.is_segment)
            rc = sort_out_below(r, folder);
    }
    s3hls__names_deinit(&r->unsure);
    s3hls__names_deinit(&r->in_unsure);
    return rc;
}

/* ---- the run */

static int find_cameras(run *r) {
    int rc = sort_out(r, "");
    for (; !rc && r->below.count; r->depth++) {
        s3hls__names_deinit(&r->level);
        r->level = r->below;
        r->below = (s3hls__names){.env = r->env};
        rc = look_into_level(r);
        if (!rc)
            rc = settle_unsure(r);
    }
    return rc;
}

static int add_cameras(s3hls__names *cameras, const s3hls__names *folders) {
    int rc = S3HLS_OK;
    for (size_t i = 0; i < folders->count && !rc; i++) {
        rc = s3hls__names_add(cameras, folders->items[i], "");
        char *name = rc ? NULL : cameras->items[cameras->count - 1];
        if (name && name[0])
            name[strlen(name) - 1] = 0;
    }
    return rc;
}

static void replace(s3hls__names *old, s3hls__names *new) {
    s3hls__names_sort(new);
    s3hls__names_deinit(old);
    *old = *new;
    *new = (s3hls__names){.env = old->env};
}

int s3hls_survey_run(s3hls_survey *s, s3hls_store *store, int (*may_look)(void *ctx), void *ctx,
                     s3hls_s3_error *error) {
    if (!s || !store)
        return S3HLS_E_INVALID;
    const s3hls__names none = {.env = &s->env};
    s3hls__names cameras = none;
    run r = {s,    &s->env, store, may_look, ctx, .level = none, .below = none, .verified = none,
             none, none,    none,  none};
    int rc = find_cameras(&r);
    if (!rc)
        rc = add_cameras(&cameras, &r.verified);
    if (!rc)
        rc = add_cameras(&cameras, &r.presumed);
    if (!rc) {
        replace(&s->verified, &r.verified);
        replace(&s->above, &r.above);
        replace(&s->cameras, &cameras);
    }
    s->lists = r.looked;
    if (error)
        *error = r.error;
    s3hls__names *used[] = {&r.level,    &r.below,  &r.verified,  &r.above,
                            &r.presumed, &r.unsure, &r.in_unsure, &cameras};
    for (size_t i = 0; i < sizeof used / sizeof *used; i++)
        s3hls__names_deinit(used[i]);
    return rc;
}

int s3hls_survey_cameras(const s3hls_survey *s, s3hls_name_fn on_camera, void *ctx) {
    for (size_t i = 0; i < s->cameras.count; i++)
        if (on_camera(ctx, s->cameras.items[i]))
            return S3HLS_E_CANCELLED;
    return S3HLS_OK;
}

size_t s3hls_survey_lists(const s3hls_survey *s) {
    return s->lists;
}

int s3hls_survey_open(s3hls_survey **out, const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (!out)
        return S3HLS_E_INVALID;
    s3hls_survey *s = *out = s3hls__env_alloc(&e, sizeof *s);
    if (!s)
        return S3HLS_E_NOMEM;
    s->env = e;
    s->verified.env = s->above.env = s->cameras.env = &s->env;
    return S3HLS_OK;
}

void s3hls_survey_close(s3hls_survey **survey) {
    s3hls_survey *s = survey ? *survey : NULL;
    if (!s)
        return;
    s3hls_env env = s->env;
    s3hls__names_deinit(&s->verified);
    s3hls__names_deinit(&s->above);
    s3hls__names_deinit(&s->cameras);
    s3hls__env_free(&env, s);
    *survey = NULL;
}

/* ---- once */

int s3hls_archive_cameras(s3hls_store *store, s3hls_name_fn on_camera, void *ctx,
                          s3hls_s3_error *error) {
    s3hls_survey *survey;
    if (!store || !on_camera)
        return S3HLS_E_INVALID;
    int rc = s3hls_survey_open(&survey, s3hls__store_env(store));
    if (rc)
        return rc;
    rc = s3hls_survey_run(survey, store, NULL, NULL, error);
    if (!rc)
        rc = s3hls_survey_cameras(survey, on_camera, ctx);
    s3hls_survey_close(&survey);
    return rc;
}
