/* SPDX-License-Identifier: MIT-0 */
/* Which cameras a store holds: looked for folder by folder, those of a level side by side. */
#include "archive/archive.h"
#include "archive/folder.h"
#include "archive/key.h"
#include "s3/uri.h"
#include <stdio.h>
#include <string.h>

enum { FOLDERS_MAX = 100000, DEPTH_MAX = 8, YEAR_SIZE = 4 };

typedef struct survey {
    s3hls_store *store;
    const s3hls_env *env;
    s3hls__names level, below, cameras;
    s3hls__names unsure; /* of the sample SDK, perhaps: years, but no timelines */
    size_t next, looked, running;
    unsigned depth;
    int status;
    s3hls_s3_error error;
} survey;

static bool is_year(const char *name) {
    return strspn(name, "0123456789") == YEAR_SIZE && strcmp(name + YEAR_SIZE, "/") == 0;
}

/* ---- a level */

static int judge(survey *s, const s3hls__folder *f) {
    bool timelines = false, years = false;
    int rc = s3hls__folder_status(f);
    for (size_t i = 0; i < f->found.count; i++) {
        const char *name = f->found.items[i] + strlen(f->name);
        timelines |= strcmp(name, S3HLS__TIMELINES_PREFIX) == 0;
        years |= is_year(name);
    }
    if (!rc && (timelines || years))
        rc = s3hls__names_add(timelines ? &s->cameras : &s->unsure, f->name, "");
    for (size_t i = 0; i < f->found.count && !rc && !timelines && s->depth < DEPTH_MAX; i++)
        rc = s3hls__names_add(&s->below, f->found.items[i], "");
    return rc;
}

/* A folder of a directory that this user may not open hides no other camera. */
static bool is_closed(const s3hls__folder *f) {
    return f->op.error.status == S3HLS_E_ACCESS && !f->op.error.http_status && f->name[0];
}

static void look_into_next(s3hls__folder *f, survey *s);

static void folder_done(s3hls__op *op) {
    s3hls__folder *f = (s3hls__folder *)op;
    survey *s = op->user;
    s->running--;
    if (f->files == S3HLS__FOLDER_FILES_MAX)
        s3hls__log(s->env, S3HLS_LOG_WARN, "archive",
                   "\"%.200s\": too many files to look for cameras behind them", f->name);
    if (is_closed(f))
        s3hls__log(s->env, S3HLS_LOG_WARN, "archive", "%s; passed over", op->error.message);
    int rc = is_closed(f) ? S3HLS_OK : judge(s, f);
    s3hls__names_deinit(&f->found);
    if (!s->status && rc) {
        s->status = rc;
        s->error = op->error;
    }
    look_into_next(f, s);
}

static void look_into_next(s3hls__folder *f, survey *s) {
    if (s->next == s->level.count || s->status)
        return;
    if (s->looked++ == FOLDERS_MAX) {
        s->status = S3HLS_E_TOO_LARGE;
        return;
    }
    s3hls__folder_init(f, s->level.items[s->next++], s->env);
    f->op.done = folder_done;
    f->op.user = s;
    s->running++;
    s3hls__store_start(s->store, &f->op);
}

/* Look into all folders of a level; below is what is to be looked into next. */
static int look_into_level(survey *s) {
    s3hls__folder *folders = s3hls__env_alloc(s->env, S3HLS__LISTS_AT_ONCE * sizeof *folders);
    if (!folders)
        return S3HLS_E_NOMEM;
    s->next = 0;
    for (size_t i = 0; i < S3HLS__LISTS_AT_ONCE; i++)
        look_into_next(&folders[i], s);
    while (s->running)
        s3hls__http_step(s3hls__store_http(s->store), 1000);
    s3hls__env_free(s->env, folders);
    return s->status;
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

static void leave_out(s3hls__names *names, const char *folder) {
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (strncmp(names->items[i], folder, strlen(folder)) == 0)
            s3hls__env_free(names->env, names->items[i]);
        else
            names->items[kept++] = names->items[i];
    }
    names->count = kept;
}

/* Where the first key in the years is a segment's, the folder is a camera, and what is below it its
 * own. */
static int settle_unsure(survey *s) {
    int rc = S3HLS_OK;
    for (size_t i = 0; i < s->unsure.count && !rc; i++) {
        const char *folder = s->unsure.items[i];
        char before_years[S3HLS__KEY_BYTES_MAX + 2];
        first_key f = {.folder_size = strlen(folder)};
        snprintf(before_years, sizeof before_years, "%s0", folder);
        rc = s3hls_store_list(s->store, folder, before_years, on_first, &f, &s->error);
        rc = rc == S3HLS_E_CANCELLED ? S3HLS_OK : rc;
        if (!rc && f.is_segment) {
            leave_out(&s->below, folder);
            rc = s3hls__names_add(&s->cameras, folder, "");
        }
    }
    s3hls__names_deinit(&s->unsure);
    return rc;
}

/* ---- the whole */

static int find_cameras(survey *s) {
    int rc = s3hls__names_add(&s->level, "", "");
    for (; !rc && s->level.count; s->depth++) {
        rc = look_into_level(s);
        if (!rc)
            rc = settle_unsure(s);
        s3hls__names_deinit(&s->level);
        s->level = s->below;
        s->below = (s3hls__names){.env = s->env};
    }
    return rc;
}

static int tell_cameras(survey *s, s3hls_name_fn on_camera, void *ctx) {
    for (size_t i = 0; i < s->cameras.count; i++) {
        char *name = s->cameras.items[i];
        if (name[0])
            name[strlen(name) - 1] = 0;
    }
    s3hls__names_sort(&s->cameras);
    for (size_t i = 0; i < s->cameras.count; i++)
        if (on_camera(ctx, s->cameras.items[i]))
            return S3HLS_E_CANCELLED;
    return S3HLS_OK;
}

int s3hls_archive_cameras(s3hls_store *store, s3hls_name_fn on_camera, void *ctx,
                          s3hls_s3_error *error) {
    if (!store || !on_camera)
        return S3HLS_E_INVALID;
    const s3hls_env *env = s3hls__store_env(store);
    const s3hls__names none = {.env = env};
    survey s = {store, env, .level = none, .below = none, .cameras = none, .unsure = none};
    int rc = find_cameras(&s);
    if (!rc)
        rc = tell_cameras(&s, on_camera, ctx);
    s3hls__names_deinit(&s.level);
    s3hls__names_deinit(&s.below);
    s3hls__names_deinit(&s.cameras);
    s3hls__names_deinit(&s.unsure);
    if (error)
        *error = s.error;
    return rc;
}
