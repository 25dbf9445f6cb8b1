/* SPDX-License-Identifier: MIT-0 */
#include "codec/h264_syntax.h"
#include <string.h>

static int32_t saturated(int64_t value) {
    return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

/* The earlier of a frame's two fields, or the field's own count. */
static int32_t of_picture(const s3hls__h264_slice *slice, int64_t top, int64_t bottom) {
    if (slice->field_pic)
        return saturated(slice->bottom_field ? bottom : top);
    return saturated(top < bottom ? top : bottom);
}

/* 8.2.1.1 */
static int32_t type_0(s3hls__h264_poc *poc, const s3hls__h264_sps *sps,
                      const s3hls__h264_slice *slice) {
    int64_t range = INT64_C(1) << sps->log2_max_poc_lsb, lsb = slice->pic_order_cnt_lsb;
    int64_t msb = poc->prev_msb, prev_lsb = poc->prev_lsb;
    if (slice->nal_unit_type == S3HLS__H264_IDR)
        msb = prev_lsb = 0;
    if (lsb < prev_lsb && prev_lsb - lsb >= range / 2)
        msb += range;
    else if (lsb > prev_lsb && lsb - prev_lsb > range / 2)
        msb -= range;
    if (slice->nal_ref_idc) {
        poc->prev_msb = saturated(msb);
        poc->prev_lsb = slice->pic_order_cnt_lsb;
    }
    int64_t top = msb + lsb;
    return of_picture(slice, top, slice->field_pic ? top : top + slice->delta_pic_order_cnt_bottom);
}

/* FrameNumOffset of 8.2.1.2 and 8.2.1.3. */
static int64_t frame_num_offset(s3hls__h264_poc *poc, const s3hls__h264_sps *sps,
                                const s3hls__h264_slice *slice) {
    int64_t offset = poc->prev_frame_num_offset;
    if (slice->nal_unit_type == S3HLS__H264_IDR)
        offset = 0;
    else if (poc->prev_frame_num > slice->frame_num)
        offset += INT64_C(1) << sps->log2_max_frame_num;
    if (offset > INT32_MAX / 2)
        offset = INT32_MAX / 2;
    poc->prev_frame_num_offset = (uint32_t)offset;
    poc->prev_frame_num = slice->frame_num;
    return offset;
}

/* 8.2.1.2 */
static int32_t type_1(s3hls__h264_poc *poc, const s3hls__h264_sps *sps,
                      const s3hls__h264_slice *slice) {
    int64_t offset = frame_num_offset(poc, sps, slice), expected = 0, cycle = 0;
    int64_t abs_frame_num = sps->ref_frames_in_poc_cycle ? offset + slice->frame_num : 0;
    if (slice->nal_ref_idc == 0 && abs_frame_num > 0)
        abs_frame_num--;
    for (uint32_t i = 0; i < sps->ref_frames_in_poc_cycle; i++)
        cycle += sps->offset_for_ref_frame[i];
    if (abs_frame_num > 0) {
        int64_t cycles = (abs_frame_num - 1) / sps->ref_frames_in_poc_cycle;
        int64_t in_cycle = (abs_frame_num - 1) % sps->ref_frames_in_poc_cycle;
        expected = (int64_t)saturated(cycle) * cycles;
        for (int64_t i = 0; i <= in_cycle; i++)
            expected += sps->offset_for_ref_frame[i];
    }
    if (slice->nal_ref_idc == 0)
        expected += sps->offset_for_non_ref_pic;
    int64_t top = expected + slice->delta_pic_order_cnt[0];
    int64_t bottom = top + sps->offset_for_top_to_bottom_field + slice->delta_pic_order_cnt[1];
    return of_picture(slice, top, bottom);
}

/* 8.2.1.3: output order is decoding order. */
static int32_t type_2(s3hls__h264_poc *poc, const s3hls__h264_sps *sps,
                      const s3hls__h264_slice *slice) {
    int64_t count = 2 * (frame_num_offset(poc, sps, slice) + slice->frame_num);
    if (slice->nal_ref_idc == 0 && count > 0)
        count--;
    return saturated(slice->nal_unit_type == S3HLS__H264_IDR ? 0 : count);
}

int32_t s3hls__h264_poc_next(s3hls__h264_poc *poc, const s3hls__h264_sps *sps,
                             const s3hls__h264_slice *slice) {
    if (sps->poc_type == 0)
        return type_0(poc, sps, slice);
    return sps->poc_type == 1 ? type_1(poc, sps, slice) : type_2(poc, sps, slice);
}
