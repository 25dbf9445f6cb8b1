/* SPDX-License-Identifier: MIT-0 */
/* H.264 syntax: parameter sets, slice headers, picture order. Pure; the caller holds all state. NAL
 * units are passed without start code, with header byte and emulation prevention bytes. Clause
 * numbers: Rec. ITU-T H.264 (08/2021). */
#ifndef S3HLS_CODEC_H264_SYNTAX_H
#define S3HLS_CODEC_H264_SYNTAX_H

#include "s3hls/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* nal_unit_type, Table 7-1 */
enum {
    S3HLS__H264_NON_IDR = 1,
    S3HLS__H264_PARTITION_A = 2,
    S3HLS__H264_PARTITION_C = 4,
    S3HLS__H264_IDR = 5,
    S3HLS__H264_SEI = 6,
    S3HLS__H264_SPS = 7,
    S3HLS__H264_PPS = 8,
    S3HLS__H264_AUD = 9,
    S3HLS__H264_END_SEQUENCE = 10,
    S3HLS__H264_END_STREAM = 11,
    S3HLS__H264_FILLER = 12
};

/* Sequence parameter set, 7.3.2.1.1, as far as it is needed. */
typedef struct s3hls__h264_sps {
    uint8_t id;                                       /* 0 to 31 */
    uint8_t profile_idc, constraint_flags, level_idc; /* the three bytes of "avc1.PPCCLL" */
    uint8_t chroma_format_idc, bit_depth_luma_minus8, bit_depth_chroma_minus8;
    uint32_t width, height; /* pixels, cropped */
    bool frame_mbs_only;    /* false: fields or MBAFF may come */
    bool separate_colour_plane;
    uint8_t log2_max_frame_num;
    uint8_t poc_type; /* 0, 1, 2 */
    uint8_t log2_max_poc_lsb;
    bool delta_pic_order_always_zero;
    int32_t offset_for_non_ref_pic, offset_for_top_to_bottom_field;
    uint32_t ref_frames_in_poc_cycle; /* 0 to 255 */
    int32_t offset_for_ref_frame[255];
    /* VUI, Annex E; 0 where it is absent, truncated or nonsensical */
    uint32_t num_units_in_tick,
        time_scale; /* frames per second = time_scale / (2 num_units_in_tick) */
    bool fixed_frame_rate;
    /* frames that output order may run behind decoding order: bitstream_restriction's
     * max_num_reorder_frames; else 0 where the profile has no B slices or poc_type is 2; else
     * MaxDpbFrames of Table A-1 */
    uint8_t max_reorder_frames;
} s3hls__h264_sps;

/* Picture parameter set, 7.3.2.2, as far as it is needed. */
typedef struct s3hls__h264_pps {
    uint8_t id, sps_id;
    bool bottom_field_pic_order_present;
    bool redundant_pic_cnt_present;
    bool slice_groups; /* flexible macroblock ordering */
} s3hls__h264_pps;

/* Slice header, 7.3.3, down to redundant_pic_cnt. */
typedef struct s3hls__h264_slice {
    uint8_t nal_unit_type, nal_ref_idc;
    uint8_t slice_type; /* 0 to 9 */
    uint8_t pps_id, sps_id;
    uint8_t colour_plane; /* 0 to 2; 0 where planes are not coded separately */
    uint32_t first_mb;    /* macroblock, or pair of them, where it begins */
    uint32_t frame_num;
    bool field_pic, bottom_field;
    uint32_t idr_pic_id;
    uint32_t pic_order_cnt_lsb;
    int32_t delta_pic_order_cnt_bottom, delta_pic_order_cnt[2];
    uint32_t redundant_pic_cnt;
} s3hls__h264_slice;

/* Parse an SPS, PPS or slice header.
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: truncated, a value is out of range, or another type of NAL unit
 *   S3HLS_E_UNSUPPORTED: SPS: valid, but the picture exceeds 16,384 x 16,384 */
int s3hls__h264_parse_sps(const uint8_t *nal, size_t size, s3hls__h264_sps *sps);
int s3hls__h264_parse_pps(const uint8_t *nal, size_t size, s3hls__h264_pps *pps);
/* A hash of a valid SPS without its id: an encoder may give the same parameters another id with
 * each IDR picture. */
uint64_t s3hls__h264_sps_content(const uint8_t *nal, size_t size);
/* @param size      may be that of the NAL unit's first bytes; S3HLS__SLICE_HEADER_BYTES are enough
 * @param sps, pps  the active ones for this slice; see s3hls__h264_slice_pps_id() */
int s3hls__h264_parse_slice(const uint8_t *nal, size_t size, const s3hls__h264_sps *sps,
                            const s3hls__h264_pps *pps, s3hls__h264_slice *slice);
#define S3HLS__SLICE_HEADER_BYTES 64

/* pic_parameter_set_id (0 to 255) of a slice's NAL unit, or S3HLS_E_MALFORMED. */
int s3hls__h264_slice_pps_id(const uint8_t *nal, size_t size);

/* Test by headers alone whether slice b begins another primary coded picture than that of slice a
 * (7.4.1.2.4). codec/h264.c considers more. */
bool s3hls__h264_first_of_picture(const s3hls__h264_slice *a, const s3hls__h264_slice *b);

/* Find a recovery point (D.1.8) in a SEI NAL unit. @return recovery_frame_cnt; -1: there is none.
 */
int32_t s3hls__h264_recovery_point(const uint8_t *nal, size_t size);

/* State of the picture order count, 8.2.1. Initialise to zero. Pictures with
 * memory_management_control_operation 5 are treated as any other: their order restarts at the next
 * IDR picture. */
typedef struct s3hls__h264_poc {
    int32_t prev_msb;
    uint32_t prev_lsb;
    uint32_t prev_frame_num, prev_frame_num_offset;
} s3hls__h264_poc;
/* Order count of a picture's first slice, in decoding order: min(top, bottom) for a frame. Never
 * overflows: out-of-range streams saturate. */
int32_t s3hls__h264_poc_next(s3hls__h264_poc *poc, const s3hls__h264_sps *sps,
                             const s3hls__h264_slice *slice);

#endif
