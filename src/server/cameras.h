/* SPDX-License-Identifier: MIT-0 */
/* The cameras of all sources: names and known states. It sends no request: the catalog does, after
 * a claim. Any thread. */
#ifndef S3HLS_SERVER_CAMERAS_H
#define S3HLS_SERVER_CAMERAS_H

#include "base/env.h"
#include "s3hls/archive.h"
#include "server/request.h"
#include <stdbool.h>

typedef struct s3hls__cameras s3hls__cameras;

typedef struct s3hls__camera_state {
    int64_t looked_ms; /* UTC when its newest segment was looked for last; 0: never */
    bool recorded;     /* newest is known */
    s3hls_segment newest;
} s3hls__camera_state;

/* A camera as a source names it. */
typedef struct s3hls__camera {
    char id[S3HLS__CAMERA_MAX];
    size_t source;
    size_t name; /* where in id its name below the source begins; at the NUL: the source itself */
    s3hls__camera_state state;
} s3hls__camera;

/* @return S3HLS_OK; S3HLS_E_NOMEM */
int s3hls__cameras_open(s3hls__cameras **out, const s3hls_env *env);
void s3hls__cameras_close(s3hls__cameras **cameras);

/* Claim the listing of names if they are older than max_age_ms. One thread at a time gets it;
 * others use the known names, or wait if there are none.
 * @return true: the caller must list and call s3hls__cameras_replace() */
bool s3hls__cameras_claim_names(s3hls__cameras *cameras, int64_t max_age_ms);
/* Replace the names by those listed, in any order; states of known cameras are kept.
 * @param found   NULL: listing them failed; the names stay as they are
 * @return S3HLS_OK; S3HLS_E_NOMEM: the names stay as they are */
int s3hls__cameras_replace(s3hls__cameras *cameras, const s3hls__camera *found, size_t count);

/* @return false: there is no such camera. */
bool s3hls__cameras_find(s3hls__cameras *cameras, const char *id, s3hls__camera *camera);
/* The cameras whose id contains text (ASCII letters of either case; "" is in all), ascending by id,
 * until on_camera returns true. on_camera must not block. */
void s3hls__cameras_each(s3hls__cameras *cameras, const char *text,
                         bool (*on_camera)(void *ctx, const s3hls__camera *camera), void *ctx);

/* Is a camera's newest segment to be looked for? The longer it has been silent, the less often.
 * After true the caller looks and calls s3hls__cameras_note().
 * @param least_ms  not again so soon */
bool s3hls__cameras_claim_look(s3hls__cameras *cameras, const char *id, int64_t least_ms,
                               s3hls__camera *camera);
/* A look found this newest segment. NULL: none. */
void s3hls__cameras_note(s3hls__cameras *cameras, const char *id, const s3hls_segment *newest);

#endif
