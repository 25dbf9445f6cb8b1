/* SPDX-License-Identifier: MIT-0 */
/* Segments of MPEG-TS to one fragmented MP4, without transcoding (libavformat). Blocking. */
#ifndef S3HLS_SERVER_REMUX_H
#define S3HLS_SERVER_REMUX_H

#include "s3hls/archive.h"

typedef struct s3hls__remux {
    const s3hls_env *env;
    const s3hls_segment *segments; /* ascending */
    size_t count;
    int64_t from_ms, to_ms; /* begins at the keyframe at or before from_ms */
    /* Read one segment, to be freed with s3hls__env_free(). */
    int (*read)(void *ctx, const s3hls_segment *segment, char **body, size_t *size);
    /* The next bytes of the MP4. @return other than S3HLS_OK to stop. */
    int (*write)(void *ctx, const uint8_t *data, size_t size);
    void *ctx;
} s3hls__remux;

/* @return S3HLS_OK; what read or write said; S3HLS_E_NO_VIDEO: there is no picture in the range;
 * S3HLS_E_MALFORMED: no video that libavformat can read; S3HLS_E_NOMEM. */
int s3hls__remux_run(const s3hls__remux *job);

#endif
