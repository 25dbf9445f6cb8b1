/* SPDX-License-Identifier: MIT-0 */
/* Maps camera ids to archives: the stores' URLs, the cameras below them, and open archives. */
#ifndef S3HLS_SERVER_CATALOG_H
#define S3HLS_SERVER_CATALOG_H

#include "base/strbuf.h"
#include "s3hls/archive.h"
#include "s3hls/server.h"
#include "server/budget.h"
#include "server/cameras.h"

enum { S3HLS__LIVE_WINDOW_MS = 600000 }; /* more than six segments of a minute */

/* Any thread. */
typedef struct s3hls__catalog s3hls__catalog;

/* Open a catalog; opens each store once as a check. @return S3HLS_E_INVALID, S3HLS_E_NOMEM, or as
 * s3hls_store_open(). */
int s3hls__catalog_open(s3hls__catalog **out, const s3hls_server_config *config,
                        const s3hls_env *env);
void s3hls__catalog_close(s3hls__catalog **catalog);

/* The open archives of one thread. */
typedef struct s3hls__workspace s3hls__workspace;

s3hls__workspace *s3hls__workspace_open(s3hls__catalog *catalog);
void s3hls__workspace_close(s3hls__workspace *workspace);

/* Get a camera's archive, which is owned by workspace and valid until the next call.
 * @param presign  receives whether players get presigned URLs of its segments; may be NULL
 * @return S3HLS_OK
 *   S3HLS_E_NOT_FOUND: there is no such camera
 *   as s3hls_archive_open() and s3hls_survey_run() */
int s3hls__workspace_archive(s3hls__workspace *workspace, const char *camera,
                             s3hls_archive **archive, bool *presign, s3hls_s3_error *error);

/* Read a timeline's object of a camera, from the store once.
 * @return as s3hls_archive_timeline() */
int s3hls__workspace_timeline(s3hls__workspace *workspace, const char *camera, uint64_t timeline,
                              s3hls_timeline *out);

/* Report the cameras whose id contains text, ascending, with their last known states. Sends one
 * LIST per thousand cameras at intervals.
 * @param on_camera  must not block; true: stop
 * @return S3HLS_OK or a store's status */
int s3hls__workspace_cameras(s3hls__workspace *workspace, const char *text,
                             bool (*on_camera)(void *ctx, const s3hls__camera *camera), void *ctx,
                             s3hls_s3_error *error);

/* Look for a camera's newest segment if that is due and the budget of LISTs allows it.
 * @return S3HLS_OK: also when it did not look
 *   a store's status */
int s3hls__workspace_look(s3hls__workspace *workspace, const char *camera, s3hls_s3_error *error);
/* Note the newest segment that a playlist found. */
void s3hls__workspace_note_newest(s3hls__workspace *workspace, const char *camera,
                                  const s3hls_segment *newest);

/* As s3hls_server_config.input_state. @return false: not known */
bool s3hls__workspace_input_state(const s3hls__workspace *workspace, const char *camera,
                                  s3hls_input_state *state);

/* For metrics. */
typedef struct s3hls__catalog_figures {
    s3hls_archive_cache_stats hours; /* of the cache of hours */
    uint64_t lists;                  /* LIST requests sent to S3 */
    uint32_t lists_per_minute;       /* the budget */
} s3hls__catalog_figures;
void s3hls__catalog_stats(const s3hls__catalog *catalog, s3hls__catalog_figures *figures);

#endif
