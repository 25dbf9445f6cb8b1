/* SPDX-License-Identifier: MIT-0 */
#include "archive/archive.h"
#include "store/store.h"
#include <string.h>

static int open_over(s3hls_archive **out, const char *url, s3hls_store *store,
                     const s3hls_env *env) {
    s3hls_archive *archive = *out = s3hls__env_alloc(env, sizeof *archive);
    if (!archive) {
        s3hls_store_close(&store);
        return S3HLS_E_NOMEM;
    }
    archive->env = *env;
    archive->store = store;
    archive->url = s3hls__env_strdup(env, url);
    if (archive->url)
        return S3HLS_OK;
    s3hls_archive_close(out);
    return S3HLS_E_NOMEM;
}

int s3hls_archive_open(s3hls_archive **out, const char *url, const s3hls_s3_options *options,
                       const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    s3hls_store *store;
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    int rc = s3hls_store_open(&store, url, options, &e);
    return rc ? rc : open_over(out, url, store, &e);
}

int s3hls_archive_open_beside(s3hls_archive **out, const char *url, s3hls_store *other,
                              const s3hls_s3_options *options) {
    s3hls_store *store;
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    int rc = s3hls_store_open_beside(&store, url, other, options);
    return rc ? rc : open_over(out, url, store, s3hls__store_env(other));
}

void s3hls_archive_close(s3hls_archive **archive) {
    s3hls_archive *a = archive ? *archive : NULL;
    if (!a)
        return;
    s3hls_env env = a->env;
    s3hls_store_close(&a->store);
    s3hls__env_free(&env, a->url);
    s3hls__env_free(&env, a);
    *archive = NULL;
}

void s3hls_archive_set_cache(s3hls_archive *archive, s3hls_archive_cache *cache) {
    if (archive)
        archive->cache = cache;
}

s3hls_store *s3hls_archive_store(s3hls_archive *archive) {
    return archive ? archive->store : NULL;
}

int64_t s3hls__archive_live_end_ms(const s3hls_archive *archive) {
    return archive->env.wall_us(archive->env.ctx) / 1000 + S3HLS_CLOCK_AHEAD_MS + 1;
}

void s3hls_segment_list_deinit(s3hls_segment_list *list, const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (list) {
        s3hls__env_free(&e, list->segments);
        memset(list, 0, sizeof *list);
    }
}
