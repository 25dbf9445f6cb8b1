/* SPDX-License-Identifier: MIT-0 */
/* Which camera is where: the stores' URLs, the ids of cameras below them, and archives opened. */
#ifndef S3HLS_SERVER_CATALOG_H
#define S3HLS_SERVER_CATALOG_H

#include "base/strbuf.h"
#include "s3hls/archive.h"
#include "s3hls/server.h"

enum { S3HLS__LIVE_WINDOW_MS = 600000 }; /* six segments of a minute, and some */

/* Any thread. */
typedef struct s3hls__catalog s3hls__catalog;

/* Opens each store once, to see that it can be: its statuses. */
int s3hls__catalog_open(s3hls__catalog **out, const s3hls_server_config *config,
                        const s3hls_env *env);
void s3hls__catalog_close(s3hls__catalog **catalog);

/* What one thread works with: archives that it has opened. */
typedef struct s3hls__desk s3hls__desk;

s3hls__desk *s3hls__desk_open(s3hls__catalog *catalog);
void s3hls__desk_close(s3hls__desk *desk);

/* A camera's archive. It stays the desk's, and is good until the next call.
 * @param presign  receives whether players get its segments by presigned addresses; may be NULL
 * @return S3HLS_E_NOT_FOUND: there is no such camera; the statuses of a store */
int s3hls__desk_archive(s3hls__desk *desk, const char *camera, s3hls_archive **archive,
                        bool *presign, s3hls_s3_error *error);

/* What a timeline of the same camera's archive says: asked of the store once. As
 * s3hls_archive_timeline(). */
int s3hls__desk_timeline(s3hls__desk *desk, const char *camera, uint64_t timeline,
                         s3hls_timeline *out);

/* All ids of cameras, ascending within a store, one call each. @return what a store said. */
int s3hls__desk_cameras(s3hls__desk *desk, void (*on_camera)(void *ctx, const char *camera),
                        void *ctx, s3hls_s3_error *error);

/* A camera's newest segment; where it does not record just now, as it was some minutes ago. As
 * s3hls_archive_newest(). */
int s3hls__desk_newest(s3hls__desk *desk, const char *camera, int64_t now_ms, s3hls_segment *newest,
                       s3hls_s3_error *error);

/* What the cache of hours did, for metrics. */
void s3hls__catalog_stats(const s3hls__catalog *catalog, s3hls_archive_cache_stats *stats);

#endif
