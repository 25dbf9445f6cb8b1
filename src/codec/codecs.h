/* SPDX-License-Identifier: MIT-0 */
/* All codecs: here the state of each, in codec.c its functions. */
#ifndef S3HLS_CODEC_CODECS_H
#define S3HLS_CODEC_CODECS_H

#include "codec/h264.h"
#include "codec/h265.h"

typedef union s3hls__codec_state {
    s3hls__h264 h264;
    s3hls__h265 h265;
} s3hls__codec_state;

#endif
