/* SPDX-License-Identifier: MIT-0 */
/* H.264 as one of the codecs (codec.h). */
#ifndef S3HLS_CODEC_H264_H
#define S3HLS_CODEC_H264_H

#include "codec/codec.h"
#include "codec/h264_syntax.h"

/* A primary coded picture of which some slices have arrived. */
typedef struct s3hls__h264_picture {
    s3hls__h264_slice first; /* its first slice */
    bool second_field;
    uint8_t begun;       /* bit n: the slice with macroblock 0 of colour plane n has come */
    uint32_t next_mb[3]; /* by colour plane: a slice in order begins here or later */
} s3hls__h264_picture;

typedef struct s3hls__h264 {
    bool active;         /* the next four are known: */
    uint32_t generation; /* of the parameter sets from which they were read */
    s3hls__h264_sps sps;
    s3hls__h264_pps pps;
    s3hls__track track;
    s3hls__h264_picture picture; /* the newest */
    s3hls__h264_poc poc;
} s3hls__h264;

extern const s3hls__codec s3hls__codec_h264;

/* The track that an SPS describes. @param content  its s3hls__h264_sps_content() */
void s3hls__h264_describe(const s3hls__h264_sps *sps, uint64_t content, s3hls__track *track);

#endif
