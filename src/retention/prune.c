/* SPDX-License-Identifier: MIT-0 */
/* Removes old recordings from a directory. */
#include "base/config.h"
#include "base/env.h"
#include "layout/key.h"
#include "s3hls/retention.h"
#include "store/store.h"
#include <stdio.h>
#include <unistd.h>

enum { BATCH = 4096, FILE_URL = sizeof "file://" - 1 };

typedef struct old_object {
    char key[S3HLS_KEY_MAX];
    s3hls__key_kind kind;
    uint64_t bytes;
} old_object;

typedef struct pruning {
    s3hls_prune_config cfg;
    s3hls_prune_summary *summary;
    s3hls_s3_error *error;
    s3hls_env env;
    s3hls_store *store;
    const char *root;
    old_object batch[BATCH];
    size_t batched;
    uint64_t *timelines; /* of the segments that are kept */
    size_t timeline_count, timeline_capacity;
} pruning;

/* ---- old objects */

/* Test for a segment, or the published playlist of an hour, that ended before the limit. */
static bool is_old(const pruning *p, s3hls__key_kind kind, const s3hls_segment *s) {
    bool dated = kind == S3HLS__KEY_SEGMENT || kind == S3HLS__KEY_INDEX;
    return dated && s->start_ms + s->duration_ms <= p->cfg.before_ms;
}

static int add_to_batch(pruning *p, const s3hls_s3_object *object, s3hls__key_kind kind) {
    old_object *old = &p->batch[p->batched++];
    snprintf(old->key, sizeof old->key, "%s", object->key);
    old->kind = kind;
    old->bytes = object->size;
    return p->batched == BATCH;
}

static int collect_old(void *ctx, const s3hls_s3_object *object) {
    pruning *p = ctx;
    s3hls_segment s;
    s3hls__key_kind kind = s3hls__key_parse(object->key, strlen(object->key), &s);
    return is_old(p, kind, &s) ? add_to_batch(p, object, kind) : 0;
}

/* Remove empty folders from the key's folder upwards, but never the root. */
static void remove_folders(const pruning *p, const char *key) {
    char path[4096];
    size_t root = strlen(p->root);
    if (snprintf(path, sizeof path, "%s/%s", p->root, key) >= (int)sizeof path)
        return;
    for (char *slash = strrchr(path, '/'); slash > path + root; slash = strrchr(path, '/')) {
        *slash = 0;
        if (rmdir(path))
            return;
    }
}

static int remove_object(pruning *p, const old_object *old) {
    if (p->cfg.on_remove)
        p->cfg.on_remove(p->cfg.ctx, old->key, old->bytes);
    if (p->cfg.dry_run)
        return S3HLS_OK;
    int rc = s3hls_store_remove(p->store, old->key, p->error);
    if (!rc)
        remove_folders(p, old->key);
    return rc;
}

static int remove_batch(pruning *p) {
    int rc = S3HLS_OK;
    for (size_t i = 0; i < p->batched && !rc; i++) {
        const old_object *old = &p->batch[i];
        rc = remove_object(p, old);
        p->summary->segments += !rc && old->kind == S3HLS__KEY_SEGMENT;
        p->summary->others += !rc && old->kind != S3HLS__KEY_SEGMENT;
        p->summary->bytes += rc ? 0 : old->bytes;
    }
    return rc;
}

/* Remove what a function collects below a prefix, one batch after the other. */
static int remove_all(pruning *p, const char *prefix, s3hls_s3_list_fn collect) {
    char after[S3HLS_KEY_MAX] = "";
    bool full;
    int rc;
    do {
        p->batched = 0;
        rc = s3hls_store_list(p->store, prefix, after, collect, p, p->error);
        full = rc == S3HLS_E_CANCELLED;
        if (full)
            strcpy(after, p->batch[BATCH - 1].key);
        if (full || !rc)
            rc = remove_batch(p);
    } while (full && !rc);
    return rc;
}

/* ---- timelines' objects: kept as long as a segment needs them */

static bool is_needed(const pruning *p, uint64_t timeline) {
    for (size_t i = p->timeline_count; i-- > 0;) /* neighbouring segments usually share one */
        if (p->timelines[i] == timeline)
            return true;
    return false;
}

static int collect_needed(void *ctx, const s3hls_s3_object *object) {
    pruning *p = ctx;
    s3hls_segment s;
    s3hls__key_kind kind = s3hls__key_parse(object->key, strlen(object->key), &s);
    if (kind != S3HLS__KEY_SEGMENT || s.sdk_name || is_old(p, kind, &s) || is_needed(p, s.timeline))
        return 0;
    if (p->timeline_count == p->timeline_capacity) {
        size_t capacity = p->timeline_capacity ? 2 * p->timeline_capacity : 64;
        uint64_t *grown = s3hls__env_realloc(&p->env, p->timelines, capacity * sizeof *grown);
        if (!grown)
            return 1;
        p->timelines = grown;
        p->timeline_capacity = capacity;
    }
    p->timelines[p->timeline_count++] = s.timeline;
    return 0;
}

/* A timeline that began after the limit may not have its first segment yet. */
static int collect_unneeded(void *ctx, const s3hls_s3_object *object) {
    pruning *p = ctx;
    s3hls_segment s;
    s3hls__key_kind kind = s3hls__key_parse(object->key, strlen(object->key), &s);
    bool of_timeline = kind == S3HLS__KEY_TIMELINE || kind == S3HLS__KEY_INIT;
    bool old = of_timeline && s.timeline < (uint64_t)p->cfg.before_ms / 1000;
    return old && !is_needed(p, s.timeline) ? add_to_batch(p, object, kind) : 0;
}

static int remove_timelines(pruning *p) {
    int rc = s3hls_store_list(p->store, "", NULL, collect_needed, p, p->error);
    if (rc == S3HLS_E_CANCELLED)
        rc = S3HLS_E_NOMEM;
    return rc ? rc : remove_all(p, S3HLS__TIMELINES_FOLDER, collect_unneeded);
}

/* ---- the call */

int s3hls_prune(const s3hls_prune_config *config, s3hls_prune_summary *summary,
                s3hls_s3_error *error) {
    s3hls_prune_config cfg;
    if (!summary)
        return S3HLS_E_INVALID;
    memset(summary, 0, sizeof *summary);
    if (error)
        memset(error, 0, sizeof *error);
    s3hls_prune_config_init(&cfg);
    int rc = s3hls__config_copy(&cfg, sizeof cfg, config);
    if (rc)
        return rc;
    if (!cfg.url || strncmp(cfg.url, "s3://", 5) == 0 || cfg.before_ms <= 0)
        return S3HLS_E_INVALID;
    s3hls_env env = s3hls__env_resolve(cfg.env);
    pruning *p = s3hls__env_alloc(&env, sizeof *p);
    if (!p)
        return S3HLS_E_NOMEM;
    p->cfg = cfg;
    p->summary = summary;
    p->error = error;
    p->env = env;
    rc = s3hls_store_open(&p->store, cfg.url, NULL, &env);
    p->root = rc ? NULL : cfg.url + FILE_URL; /* another URL is refused */
    if (!rc)
        rc = remove_all(p, "", collect_old);
    if (!rc)
        rc = remove_timelines(p);
    s3hls_store_close(&p->store);
    s3hls__env_free(&env, p->timelines);
    s3hls__env_free(&env, p);
    return rc;
}
