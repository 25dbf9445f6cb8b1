/* SPDX-License-Identifier: MIT-0 */
/** @file retention.h
 * How long one camera's recordings are kept: by a lifecycle rule of a bucket, or by removing old
 * segments from a directory now and then. Part of libs3hls-play.
 *
 * All functions: any thread; they block and allocate. A status of S3 is one of docs/errors.md,
 * "From S3".
 */
#ifndef S3HLS_RETENTION_H
#define S3HLS_RETENTION_H

#include "s3hls/s3.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Show the rules of a bucket that concern a camera.
 * @param url    "s3://bucket/prefix"
 * @param s3     how to reach S3
 * @param env    NULL: the process's own
 * @param rules  receives them, also on failure
 * @param error  NULL, or receives why the request failed
 * @return S3HLS_OK
 *   S3HLS_E_NOT_FOUND: the bucket has no rules at all
 *   S3HLS_E_INVALID: not such a URL, or rules is NULL; else as s3hls_s3_open()
 *   a status of S3 */
S3HLS_API int s3hls_retention_get(const char *url, const s3hls_s3_options *s3, const s3hls_env *env,
                                  s3hls_s3_lifecycle *rules, s3hls_s3_error *error);

/** Let a bucket delete a camera's recordings after some days, by a rule of its own; the rules of
 * others stay. Timelines' objects, which later segments need, and live.m3u8 are kept.
 * @param days  1 or more; 0: remove the rule
 * @return as s3hls_retention_get() and s3hls_s3_set_lifecycle() */
S3HLS_API int s3hls_retention_set(const char *url, uint32_t days, const s3hls_s3_options *s3,
                                  const s3hls_env *env, s3hls_s3_error *error);

/** Objects whose keys begin with this are concerned by the rule, for people.
 * @param prefix  receives it, 1,026 bytes
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: not a bucket's URL */
S3HLS_API int s3hls_retention_prefix(const char *url, char prefix[1026]);

/** What to remove from a directory. Pointers are used during the call only. */
typedef struct s3hls_prune_config {
    uint32_t struct_size; /* set by s3hls_prune_config_init() */
    const char *url;      /* "file:///directory" of one camera. Required */
    int64_t before_ms;    /* remove segments that ended by then; UTC, ms since 1970. Required */
    int dry_run;          /* non-zero: remove nothing */
    void (*on_remove)(void *ctx, const char *key, uint64_t bytes); /* before each; NULL: none */
    void *ctx;
    const s3hls_env *env; /* NULL: the process's own */
} s3hls_prune_config;

static inline void s3hls_prune_config_init(s3hls_prune_config *cfg) {
    memset(cfg, 0, sizeof *cfg);
    cfg->struct_size = (uint32_t)sizeof *cfg;
}

/** What was removed, or would be. */
typedef struct s3hls_prune_summary {
    uint64_t segments;
    uint64_t
        others;     /* published playlists, and timelines' objects that no segment needs any more */
    uint64_t bytes; /* of both */
} s3hls_prune_summary;

/** Remove old segments, the published playlists of their hours, the timelines' objects that no
 * segment needs any more, and the folders that are empty then. Nothing else is touched.
 * @param summary  receives what was removed, also on failure
 * @param error    NULL, or receives why
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: cfg or summary is NULL, or url is not that of a directory
 *   S3HLS_E_NOT_FOUND, S3HLS_E_ACCESS, S3HLS_E_IO: as s3hls_store_list(), s3hls_store_remove()
 *   S3HLS_E_NOMEM: out of memory */
S3HLS_API int s3hls_prune(const s3hls_prune_config *cfg, s3hls_prune_summary *summary,
                          s3hls_s3_error *error);

#ifdef __cplusplus
}
#endif
#endif
