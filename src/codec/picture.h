/* SPDX-License-Identifier: MIT-0 */
/* Assigns slices to pictures (7.4.1.2.4). Pure.
 *
 * Headers distinguish most pictures, but not all: an encoder may give consecutive pictures the same
 * headers. So a second slice with macroblock 0 always begins a picture. If slices have an order (in
 * all streams except those that may use ASO or FMO), a slice that fits the picture neither by its
 * header nor by its position is damaged, or the start of its picture is lost. */
#ifndef S3HLS_CODEC_PICTURE_H
#define S3HLS_CODEC_PICTURE_H

#include "codec/h264.h"

/* A primary coded picture of which some slices have arrived. */
typedef struct s3hls__picture {
    s3hls__h264_slice first; /* its first slice */
    uint8_t begun;           /* bit n: the slice with macroblock 0 of colour plane n has come */
    uint32_t next_mb[3];     /* by colour plane: a slice in order begins here or later */
} s3hls__picture;

typedef enum s3hls__slice_place {
    S3HLS__SLICE_BEGINS,    /* the first slice of another picture */
    S3HLS__SLICE_CONTINUES, /* a slice of this picture, primary or redundant */
    S3HLS__SLICE_STRAY,     /* its header is of another picture, its position is not: damaged */
    S3HLS__SLICE_HEADLESS   /* of another picture, whose start is lost */
} s3hls__slice_place;

/* Assign a slice. @param picture  NULL: none is known */
s3hls__slice_place s3hls__picture_place(const s3hls__picture *picture,
                                        const s3hls__h264_slice *slice, const s3hls__h264_sps *sps,
                                        const s3hls__h264_pps *pps);

/* Test whether slices are in the order of their macroblocks: not if the profile allows arbitrary
 * slice order (A.2.1, A.2.3) or the PPS has slice groups. */
bool s3hls__picture_in_order(const s3hls__h264_sps *sps, const s3hls__h264_pps *pps);

void s3hls__picture_begin(s3hls__picture *picture, const s3hls__h264_slice *slice);
void s3hls__picture_add(s3hls__picture *picture, const s3hls__h264_slice *slice);

#endif
