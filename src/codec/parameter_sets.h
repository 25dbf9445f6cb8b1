/* SPDX-License-Identifier: MIT-0 */
/* The parameter sets a stream has shown so far, kept as they came, to be put before keyframes that
 * lack them. */
#ifndef S3HLS_CODEC_PARAMETER_SETS_H
#define S3HLS_CODEC_PARAMETER_SETS_H

#include "codec/h264.h"

enum { S3HLS__SETS_BYTES = 8 * 1024, S3HLS__SETS_MAX = 64 };

typedef struct s3hls__parameter_set {
    uint8_t type; /* nal_unit_type: 7 or 8 */
    uint8_t id;
    uint16_t offset, size; /* in bytes[] */
} s3hls__parameter_set;

typedef struct s3hls__parameter_sets {
    uint32_t count;
    uint32_t used;
    uint32_t generation;                        /* changes with every set that does */
    s3hls__parameter_set sets[S3HLS__SETS_MAX]; /* all SPS before all PPS, each kind by id */
    uint8_t bytes[S3HLS__SETS_BYTES];
} s3hls__parameter_sets;

/* Keep a NAL unit of type 7 or 8 instead of the one with its id, if it can be read.
 * @return S3HLS_OK; S3HLS_E_MALFORMED; S3HLS_E_UNSUPPORTED; S3HLS_E_TOO_LARGE: no room; the old one
 * stays. */
int s3hls__sets_keep(s3hls__parameter_sets *s, const uint8_t *nal, size_t size);

/* NULL where there is none. */
const s3hls__parameter_set *s3hls__sets_find(const s3hls__parameter_sets *s, uint8_t type,
                                             uint8_t id);

/* The SPS and PPS a slice refers to. @return S3HLS_OK, S3HLS_E_NOT_FOUND, S3HLS_E_MALFORMED. */
int s3hls__sets_activate(const s3hls__parameter_sets *s, uint8_t pps_id, s3hls__h264_sps *sps,
                         s3hls__h264_pps *pps);

#endif
