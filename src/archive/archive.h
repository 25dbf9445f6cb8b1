/* SPDX-License-Identifier: MIT-0 */
/* An archive's internals. */
#ifndef S3HLS_ARCHIVE_ARCHIVE_H
#define S3HLS_ARCHIVE_ARCHIVE_H

#include "base/env.h"
#include "s3hls/archive.h"

struct s3hls_archive {
    s3hls_env env;
    s3hls_store *store;
    char *url;                  /* identifies the camera in the cache */
    s3hls_archive_cache *cache; /* may be NULL */
};

enum { S3HLS__LISTS_AT_ONCE = 16 };

/* Segments that begin at this time or later were named by a clock that ran ahead. */
int64_t s3hls__archive_live_end_ms(const s3hls_archive *archive);

#endif
