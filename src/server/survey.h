/* SPDX-License-Identifier: MIT-0 */
/* What a store holds, found by leaping from key to key: one LIST for each thing found. */
#ifndef S3HLS_SERVER_SURVEY_H
#define S3HLS_SERVER_SURVEY_H

#include "s3hls/archive.h"

/* Cameras below a store's URL: a camera is a prefix with segments or timelines below it. The name
 * is "" where the URL is a camera itself. */
int s3hls__survey_cameras(s3hls_store *store, void (*on_camera)(void *ctx, const char *name),
                          void *ctx, s3hls_s3_error *error);

/* Days with recordings of [from_ms, to_ms), "2026-11-23", ascending. */
int s3hls__survey_days(s3hls_store *store, int64_t from_ms, int64_t to_ms,
                       void (*on_day)(void *ctx, const char *day), void *ctx,
                       s3hls_s3_error *error);

#endif
