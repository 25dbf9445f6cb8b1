/* SPDX-License-Identifier: MIT-0 */
#include "codec/picture.h"
#include <string.h>

bool s3hls__picture_in_order(const s3hls__h264_sps *sps, const s3hls__h264_pps *pps) {
    enum { BASELINE = 66, EXTENDED = 88, CONSTRAINT_SET1 = 0x40 };
    bool arbitrary = (sps->profile_idc == BASELINE || sps->profile_idc == EXTENDED) &&
                     !(sps->constraint_flags & CONSTRAINT_SET1);
    return !arbitrary && !pps->slice_groups;
}

s3hls__slice_place s3hls__picture_place(const s3hls__picture *picture,
                                        const s3hls__h264_slice *slice, const s3hls__h264_sps *sps,
                                        const s3hls__h264_pps *pps) {
    if (slice->redundant_pic_cnt)
        return picture ? S3HLS__SLICE_CONTINUES : S3HLS__SLICE_HEADLESS;
    bool other = !picture || s3hls__h264_first_of_picture(&picture->first, slice);
    bool in_order = s3hls__picture_in_order(sps, pps);
    unsigned plane = slice->colour_plane;
    if (slice->first_mb == 0)
        return other || picture->begun >> plane & 1 ? S3HLS__SLICE_BEGINS : S3HLS__SLICE_CONTINUES;
    if (other && !in_order)
        return S3HLS__SLICE_BEGINS;
    if (!picture || (in_order && !other && slice->first_mb < picture->next_mb[plane]))
        return S3HLS__SLICE_HEADLESS;
    return other ? S3HLS__SLICE_STRAY : S3HLS__SLICE_CONTINUES;
}

void s3hls__picture_begin(s3hls__picture *picture, const s3hls__h264_slice *slice) {
    memset(picture, 0, sizeof *picture);
    picture->first = *slice;
    s3hls__picture_add(picture, slice);
}

void s3hls__picture_add(s3hls__picture *picture, const s3hls__h264_slice *slice) {
    if (slice->redundant_pic_cnt)
        return;
    if (slice->first_mb == 0)
        picture->begun |= (uint8_t)(1u << slice->colour_plane);
    picture->next_mb[slice->colour_plane] = slice->first_mb + 1;
}
