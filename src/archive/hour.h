/* SPDX-License-Identifier: MIT-0 */
/* One hour of a camera: the segments that began in it, as a listing told them. It grows while it is
 * being listed, and is shared and constant from then on. */
#ifndef S3HLS_ARCHIVE_HOUR_H
#define S3HLS_ARCHIVE_HOUR_H

#include "base/env.h"
#include "s3hls/archive.h"
#include <stdatomic.h>
#include <stdbool.h>

#define S3HLS__HOUR_MS INT64_C(3600000)

typedef struct s3hls__hour {
    atomic_uint references;
    int64_t number;    /* hours since 1970 */
    int64_t listed_ms; /* UTC when it was asked for last */
    int64_t whole_ms;  /* ... and from its beginning on */
    size_t foreign;    /* keys that are no segments */
    size_t count, capacity;
    s3hls_segment segments[]; /* ascending by key */
} s3hls__hour;

/* Add what one key tells, to the hour or to a larger one in its place.
 * @return S3HLS_OK; S3HLS_E_NOMEM: *hour is as it was. */
int s3hls__hour_add(s3hls__hour **hour, const s3hls_segment *segment, const s3hls_env *env);
s3hls__hour *s3hls__hour_new(int64_t number, size_t capacity, const s3hls_env *env);
void s3hls__hour_hold(s3hls__hour *hour);
void s3hls__hour_release(s3hls__hour **hour, const s3hls_env *env);

/* The cache's side for the archive. Any thread. */

/* An hour that may be believed now: a reference; or NULL. *known receives an hour that is still
 * being recorded and was listed not long ago, so that its end alone need be asked for; or NULL. */
s3hls__hour *s3hls__cache_find(s3hls_archive_cache *cache, const char *url, int64_t number,
                               int64_t now_ms, s3hls__hour **known);
/* Keep it, in the place of an older one. Where there is no memory for that, it is not kept. */
void s3hls__cache_keep(s3hls_archive_cache *cache, const char *url, s3hls__hour *hour);

#endif
