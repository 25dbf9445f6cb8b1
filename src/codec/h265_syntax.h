/* SPDX-License-Identifier: MIT-0 */
/* H.265 syntax: parameter sets and slice headers. Pure. NAL units are passed without start code,
 * with header and emulation prevention bytes. Clause numbers: Rec. ITU-T H.265 (08/2021). */
#ifndef S3HLS_CODEC_H265_SYNTAX_H
#define S3HLS_CODEC_H265_SYNTAX_H

#include "s3hls/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* nal_unit_type, Table 7-1 */
enum {
    S3HLS__H265_RADL_N = 6,
    S3HLS__H265_RASL_N = 8,
    S3HLS__H265_RASL_R = 9,
    S3HLS__H265_RESERVED_10 = 10, /* non-IRAP, up to 15 */
    S3HLS__H265_BLA_W_LP = 16,    /* IRAP pictures, up to 21 */
    S3HLS__H265_BLA_N_LP = 18,
    S3HLS__H265_IDR_W_RADL = 19,
    S3HLS__H265_IDR_N_LP = 20,
    S3HLS__H265_CRA = 21,
    S3HLS__H265_RESERVED_IRAP = 22, /* and 23 */
    S3HLS__H265_VCL_END = 32,       /* slices are below */
    S3HLS__H265_VPS = 32,
    S3HLS__H265_SPS = 33,
    S3HLS__H265_PPS = 34,
    S3HLS__H265_AUD = 35,
    S3HLS__H265_END_SEQUENCE = 36,
    S3HLS__H265_END_STREAM = 37,
    S3HLS__H265_PREFIX_SEI = 39,
    S3HLS__H265_RESERVED_41 = 41, /* up to 44: before a picture */
    S3HLS__H265_RESERVED_45 = 45,
    S3HLS__H265_UNSPECIFIED_48 = 48, /* up to 55: before a picture */
    S3HLS__H265_UNSPECIFIED_56 = 56
};

/* The bytes of profile_tier_level() that describe a whole stream, 7.3.3. */
typedef struct s3hls__h265_profile {
    uint8_t space, tier, idc;
    uint32_t compatibility; /* general_profile_compatibility_flag[0] is the highest bit */
    uint8_t constraints[6];
    uint8_t level_idc;
} s3hls__h265_profile;

/* Sequence parameter set, 7.3.2.2.1, as far as it is needed. */
typedef struct s3hls__h265_sps {
    uint8_t id, vps_id; /* 0 to 15 */
    uint8_t sub_layers; /* 1 to 7 */
    bool temporal_id_nesting;
    s3hls__h265_profile profile;
    uint8_t chroma_format_idc, bit_depth_luma_minus8, bit_depth_chroma_minus8;
    bool separate_colour_plane;
    uint32_t width, height; /* pixels, cropped by the conformance window */
    uint8_t log2_max_poc_lsb;
    uint8_t max_reorder_pictures; /* of the highest sub-layer */
    uint8_t address_bits;         /* of slice_segment_address */
    /* VUI, Annex E; 0 where it is absent or truncated: pictures per second =
     * time_scale / num_units_in_tick */
    uint32_t num_units_in_tick, time_scale;
} s3hls__h265_sps;

/* Picture parameter set, 7.3.2.3.1, as far as it is needed. */
typedef struct s3hls__h265_pps {
    uint8_t id, sps_id; /* 0 to 63, 0 to 15 */
    bool dependent_slices;
    bool output_flag_present;
    uint8_t extra_slice_header_bits;
} s3hls__h265_pps;

/* Slice segment header, 7.3.6.1, down to slice_pic_order_cnt_lsb. */
typedef struct s3hls__h265_slice {
    uint8_t nal_unit_type, temporal_id;
    uint8_t pps_id;
    bool first;       /* first_slice_segment_in_pic_flag */
    bool dependent;   /* what follows address is that of the slice segment before */
    uint32_t address; /* coding tree block where it begins */
    uint32_t pic_order_cnt_lsb;
} s3hls__h265_slice;

static inline uint8_t s3hls__h265_type(const uint8_t *nal) {
    return nal[0] >> 1 & 63;
}
static inline bool s3hls__h265_is_irap(uint8_t type) {
    return type >= S3HLS__H265_BLA_W_LP && type <= S3HLS__H265_CRA;
}
static inline bool s3hls__h265_is_idr(uint8_t type) {
    return type == S3HLS__H265_IDR_W_RADL || type == S3HLS__H265_IDR_N_LP;
}

/* Parse a parameter set or slice header.
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: truncated, a value is out of range, or another type of NAL unit
 *   S3HLS_E_UNSUPPORTED: SPS: valid, but the picture exceeds 16,384 x 16,384 */
int s3hls__h265_parse_vps(const uint8_t *nal, size_t size, uint8_t *id);
int s3hls__h265_parse_sps(const uint8_t *nal, size_t size, s3hls__h265_sps *sps);
int s3hls__h265_parse_pps(const uint8_t *nal, size_t size, s3hls__h265_pps *pps);
/* @param size      may be that of the NAL unit's first bytes; S3HLS__SLICE_HEADER_BYTES are enough
 * @param sps, pps  the active ones for this slice; see s3hls__h265_slice_pps_id() */
int s3hls__h265_parse_slice(const uint8_t *nal, size_t size, const s3hls__h265_sps *sps,
                            const s3hls__h265_pps *pps, s3hls__h265_slice *slice);
/* slice_pic_parameter_set_id (0 to 63) of a slice's NAL unit, or S3HLS_E_MALFORMED. */
int s3hls__h265_slice_pps_id(const uint8_t *nal, size_t size);

/* State of the picture order count, 8.3.1. Initialise to zero. */
typedef struct s3hls__h265_poc {
    bool begun;
    int32_t previous; /* of the newest picture that others are counted from (prevTid0Pic) */
} s3hls__h265_poc;
/* Order count of a picture, in decoding order. Never overflows: out-of-range streams saturate. */
int32_t s3hls__h265_poc_next(s3hls__h265_poc *poc, const s3hls__h265_sps *sps,
                             const s3hls__h265_slice *slice);

#endif
