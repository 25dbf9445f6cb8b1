/* SPDX-License-Identifier: MIT-0 */
#ifndef S3HLS_CONTAINER_FMP4_INIT_H
#define S3HLS_CONTAINER_FMP4_INIT_H

#include "media/media.h"

enum { S3HLS__FMP4_VIDEO = 1, S3HLS__FMP4_AUDIO = 2 }; /* track_ID */

/* As s3hls__container.init_segment. */
size_t s3hls__fmp4_init(const s3hls__tracks *tracks, uint8_t *to, size_t size);

#endif
