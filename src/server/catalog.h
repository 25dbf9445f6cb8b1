/* SPDX-License-Identifier: MIT-0 */
/* Which camera is where: the stores' URLs, the ids of cameras below them, and archives opened. */
#ifndef S3HLS_SERVER_CATALOG_H
#define S3HLS_SERVER_CATALOG_H

#include "base/strbuf.h"
#include "s3hls/archive.h"
#include "s3hls/server.h"
#include "server/budget.h"
#include "server/cameras.h"

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

/* The cameras whose id contains text, ascending, with their states as they were seen last: one LIST
 * for a thousand cameras, now and then. on_camera must not block; it ends the walk by true.
 * @return what a store said. */
int s3hls__desk_cameras(s3hls__desk *desk, const char *text,
                        bool (*on_camera)(void *ctx, const s3hls__camera *camera), void *ctx,
                        s3hls_s3_error *error);

/* Look for a camera's newest segment, if that is due and the budget of LISTs allows it. @return
 * S3HLS_OK, also where it was not looked for; what a store said. */
int s3hls__desk_look(s3hls__desk *desk, const char *camera, s3hls_s3_error *error);
/* A playlist showed this newest segment. */
void s3hls__desk_note_newest(s3hls__desk *desk, const char *camera, const s3hls_segment *newest);

/* For metrics. */
typedef struct s3hls__catalog_figures {
    s3hls_archive_cache_stats hours; /* what the cache of hours did */
    uint64_t lists;                  /* LIST requests sent to S3 */
    uint32_t lists_per_minute;       /* the budget */
} s3hls__catalog_figures;
void s3hls__catalog_stats(const s3hls__catalog *catalog, s3hls__catalog_figures *figures);

#endif
