/* SPDX-License-Identifier: MIT-0 */
/* H.265 as one of the codecs (codec.h). */
#ifndef S3HLS_CODEC_H265_H
#define S3HLS_CODEC_H265_H

#include "codec/codec.h"
#include "codec/h265_syntax.h"

typedef struct s3hls__h265 {
    bool active;         /* sps, pps and track are set */
    uint32_t generation; /* of the parameter sets when they were */
    s3hls__h265_sps sps;
    s3hls__h265_pps pps;
    s3hls__track track;
    s3hls__h265_poc poc;
    bool ended;              /* a sequence; no IRAP picture has followed */
    s3hls__h265_slice first; /* of the newest picture */
    uint32_t address;        /* of its newest slice segment */
} s3hls__h265;

extern const s3hls__codec s3hls__codec_h265;

#endif
