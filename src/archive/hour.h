/* SPDX-License-Identifier: MIT-0 */
/* One hour of a camera: the segments that began in it, from a listing. It grows while it is being
 * listed; then it is constant and shared. */
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
    int64_t listed_ms; /* UTC of its last listing */
    int64_t whole_ms;  /* UTC of its last listing from its beginning */
    size_t foreign;    /* keys that are not names of segments */
    size_t count, capacity;
    s3hls_segment segments[]; /* ascending by key */
} s3hls__hour;

/* Add a segment; may replace *hour by a larger copy.
 * @return S3HLS_OK
 *   S3HLS_E_NOMEM: *hour is unchanged */
int s3hls__hour_add(s3hls__hour **hour, const s3hls_segment *segment, const s3hls_env *env);
s3hls__hour *s3hls__hour_new(int64_t number, size_t capacity, const s3hls_env *env);
void s3hls__hour_retain(s3hls__hour *hour);
void s3hls__hour_release(s3hls__hour **hour, const s3hls_env *env);

/* The cache's functions for the archive. Any thread. */

/* Find an hour that is still valid.
 * @param known  receives a reference to an hour that is being recorded and was listed recently, so
 *               that only its end must be listed; or NULL
 * @return a reference; NULL: none */
s3hls__hour *s3hls__cache_find(s3hls_archive_cache *cache, const char *url, int64_t number,
                               int64_t now_ms, s3hls__hour **known);
/* Add an hour, and replace an older listing of it. Does nothing if memory is short. */
void s3hls__cache_keep(s3hls_archive_cache *cache, const char *url, s3hls__hour *hour);

#endif
