/* SPDX-License-Identifier: MIT-0 */
#include "codec/h264_syntax.h"
#include "codec/bits.h"
#include <string.h>

enum { EXTENDED_SAR = 255, MAX_DIMENSION = 16384, NO_VUI = -2 };

/* Start reading at the RBSP of a NAL unit of the given type. */
static bool open_nal(s3hls__bits *b, const uint8_t *nal, size_t size, unsigned type) {
    if (size < 2 || nal[0] & 0x80 || (nal[0] & 31) != type)
        return false;
    s3hls__bits_init(b, nal + 1, size - 1);
    return true;
}

/* ---- sequence parameter set */

static void skip_scaling_list(s3hls__bits *b, unsigned count) {
    int32_t last = 8, next = 8;
    for (unsigned i = 0; i < count && !b->failed; i++) {
        if (next != 0)
            next = (int32_t)(((int64_t)last + s3hls__bits_se(b)) & 255);
        last = next == 0 ? last : next;
    }
}

static bool has_chroma_format(uint8_t profile_idc) {
    static const uint8_t profiles[] = {100, 110, 122, 244, 44,  83, 86,
                                       118, 128, 138, 139, 134, 135};
    return memchr(profiles, profile_idc, sizeof profiles) != NULL;
}

/* @return chroma_format_idc */
static uint32_t read_chroma_format(s3hls__bits *b, s3hls__h264_sps *sps) {
    uint32_t chroma_format_idc = s3hls__bits_ue(b);
    if (chroma_format_idc == 3)
        sps->separate_colour_plane = s3hls__bits_read(b, 1);
    b->failed |= chroma_format_idc > 3;
    uint32_t luma = s3hls__bits_ue(b), chroma = s3hls__bits_ue(b);
    b->failed |= luma > 6 || chroma > 6;
    sps->bit_depth_luma_minus8 = (uint8_t)(luma & 7);
    sps->bit_depth_chroma_minus8 = (uint8_t)(chroma & 7);
    s3hls__bits_read(b, 1);     /* qpprime_y_zero_transform_bypass_flag */
    if (s3hls__bits_read(b, 1)) /* seq_scaling_matrix_present_flag */
        for (unsigned i = 0; i < (chroma_format_idc == 3 ? 12 : 8); i++)
            if (s3hls__bits_read(b, 1))
                skip_scaling_list(b, i < 6 ? 16 : 64);
    return chroma_format_idc;
}

static void read_picture_order(s3hls__bits *b, s3hls__h264_sps *sps) {
    uint32_t type = s3hls__bits_ue(b);
    b->failed |= type > 2;
    sps->poc_type = (uint8_t)type;
    if (type == 0) {
        uint32_t log2 = s3hls__bits_ue(b) + 4;
        b->failed |= log2 > 16;
        sps->log2_max_poc_lsb = (uint8_t)log2;
    } else if (type == 1) {
        sps->delta_pic_order_always_zero = s3hls__bits_read(b, 1);
        sps->offset_for_non_ref_pic = s3hls__bits_se(b);
        sps->offset_for_top_to_bottom_field = s3hls__bits_se(b);
        sps->ref_frames_in_poc_cycle = s3hls__bits_ue(b);
        b->failed |= sps->ref_frames_in_poc_cycle > 255;
        for (uint32_t i = 0; i < sps->ref_frames_in_poc_cycle && !b->failed; i++)
            sps->offset_for_ref_frame[i] = s3hls__bits_se(b);
    }
}

/* Size in pixels, cropped (7.4.2.1.1, equations 7-19 to 7-22). @return macroblocks of a frame. */
static uint32_t read_size(s3hls__bits *b, s3hls__h264_sps *sps, uint32_t chroma_format_idc) {
    uint32_t width_mbs = s3hls__bits_ue(b), height_units = s3hls__bits_ue(b);
    sps->frame_mbs_only = s3hls__bits_read(b, 1);
    if (!sps->frame_mbs_only)
        s3hls__bits_read(b, 1); /* mb_adaptive_frame_field_flag */
    s3hls__bits_read(b, 1);     /* direct_8x8_inference_flag */
    if (width_mbs >= MAX_DIMENSION * 4 || height_units >= MAX_DIMENSION * 4)
        b->failed = true;
    if (b->failed)
        return 0;
    uint32_t fields = sps->frame_mbs_only ? 1 : 2;
    uint32_t height_mbs = (height_units + 1) * fields;
    width_mbs++;
    sps->width = width_mbs * 16;
    sps->height = height_mbs * 16;
    if (s3hls__bits_read(b, 1)) { /* frame_cropping_flag */
        bool planes = sps->separate_colour_plane || chroma_format_idc == 0;
        uint64_t unit_x = !planes && chroma_format_idc != 3 ? 2 : 1;
        uint64_t unit_y = (!planes && chroma_format_idc == 1 ? 2 : 1) * fields;
        uint64_t x = unit_x * ((uint64_t)s3hls__bits_ue(b) + s3hls__bits_ue(b));
        uint64_t y = unit_y * ((uint64_t)s3hls__bits_ue(b) + s3hls__bits_ue(b));
        b->failed |= x >= sps->width || y >= sps->height;
        sps->width -= (uint32_t)x;
        sps->height -= (uint32_t)y;
    }
    return width_mbs * height_mbs;
}

static void skip_hrd(s3hls__bits *b) {
    uint32_t count = s3hls__bits_ue(b);
    b->failed |= count > 31;
    s3hls__bits_read(b, 8); /* bit_rate_scale, cpb_size_scale */
    for (uint32_t i = 0; i <= count && !b->failed; i++) {
        s3hls__bits_ue(b);
        s3hls__bits_ue(b);
        s3hls__bits_read(b, 1);
    }
    s3hls__bits_read(b, 20); /* four lengths of 5 bits */
}

/* E.1.1. @return max_num_reorder_frames; -1 if absent; NO_VUI if the bits end early or are
 * invalid. */
static int32_t read_vui_fields(s3hls__bits *b, s3hls__h264_sps *sps) {
    if (s3hls__bits_read(b, 1) && s3hls__bits_read(b, 8) == EXTENDED_SAR)
        s3hls__bits_read(b, 32); /* sar_width, sar_height */
    if (s3hls__bits_read(b, 1))
        s3hls__bits_read(b, 1); /* overscan */
    if (s3hls__bits_read(b, 1)) {
        s3hls__bits_read(b, 4);     /* video_format, full range */
        if (s3hls__bits_read(b, 1)) /* colour description */
            s3hls__bits_read(b, 24);
    }
    if (s3hls__bits_read(b, 1)) { /* chroma location */
        s3hls__bits_ue(b);
        s3hls__bits_ue(b);
    }
    if (s3hls__bits_read(b, 1)) { /* timing */
        sps->num_units_in_tick = s3hls__bits_read(b, 32);
        sps->time_scale = s3hls__bits_read(b, 32);
        sps->fixed_frame_rate = s3hls__bits_read(b, 1);
    }
    bool nal_hrd = s3hls__bits_read(b, 1);
    if (nal_hrd)
        skip_hrd(b);
    bool vcl_hrd = s3hls__bits_read(b, 1);
    if (vcl_hrd)
        skip_hrd(b);
    if (nal_hrd || vcl_hrd)
        s3hls__bits_read(b, 1); /* low_delay_hrd_flag */
    s3hls__bits_read(b, 1);     /* pic_struct_present_flag */
    if (!s3hls__bits_read(b, 1))
        return b->failed ? NO_VUI : -1;
    s3hls__bits_read(b, 1);
    for (int i = 0; i < 4; i++)
        s3hls__bits_ue(b); /* max_bytes_per_pic_denom to log2_max_mv_length_vertical */
    uint32_t reorder = s3hls__bits_ue(b), buffered = s3hls__bits_ue(b);
    return b->failed || buffered > 16 || reorder > buffered ? NO_VUI : (int32_t)reorder;
}

/* Decoding only needs the SPS up to its VUI. A truncated VUI counts as absent. */
static int32_t read_vui(s3hls__bits *b, s3hls__h264_sps *sps) {
    s3hls__h264_sps with = *sps;
    int32_t reorder = read_vui_fields(b, &with);
    if (reorder == NO_VUI)
        return -1;
    *sps = with;
    return reorder;
}

/* MaxDpbMbs of Table A-1 over the picture's macroblocks, at most 16 (A.3.1). */
static uint8_t max_dpb_frames(const s3hls__h264_sps *sps, uint32_t picture_mbs) {
    static const struct {
        uint8_t level_idc;
        uint32_t mbs;
    } table[] = {{9, 396},     {10, 396},    {11, 900},    {12, 2376},   {13, 2376},
                 {20, 2376},   {21, 4752},   {22, 8100},   {30, 8100},   {31, 18000},
                 {32, 20480},  {40, 32768},  {41, 32768},  {42, 34816},  {50, 110400},
                 {51, 184320}, {52, 184320}, {60, 696320}, {61, 696320}, {62, 696320}};
    uint32_t mbs = 696320;
    bool level_1b = sps->level_idc == 11 && (sps->constraint_flags & 0x10);
    for (size_t i = sizeof table / sizeof *table; i-- > 0;)
        if (sps->level_idc <= table[i].level_idc)
            mbs = table[i].mbs;
    if (level_1b && sps->profile_idc <= 88)
        mbs = 396;
    uint32_t frames = picture_mbs ? mbs / picture_mbs : 16;
    return (uint8_t)(frames < 16 ? frames : 16);
}

/* Profiles without B slices, and intra-only profiles (constraint_set3 of the High family, A.2.8 to
 * A.2.11). */
static bool never_reorders(const s3hls__h264_sps *sps) {
    bool intra = (sps->constraint_flags & 0x10) && has_chroma_format(sps->profile_idc);
    return sps->profile_idc == 66 || sps->profile_idc == 44 || sps->poc_type == 2 || intra;
}

int s3hls__h264_parse_sps(const uint8_t *nal, size_t size, s3hls__h264_sps *sps) {
    s3hls__bits b;
    memset(sps, 0, sizeof *sps);
    if (!open_nal(&b, nal, size, S3HLS__H264_SPS))
        return S3HLS_E_MALFORMED;
    sps->profile_idc = (uint8_t)s3hls__bits_read(&b, 8);
    sps->constraint_flags = (uint8_t)s3hls__bits_read(&b, 8);
    sps->level_idc = (uint8_t)s3hls__bits_read(&b, 8);
    uint32_t id = s3hls__bits_ue(&b);
    sps->id = (uint8_t)id;
    uint32_t chroma_format_idc =
        has_chroma_format(sps->profile_idc) ? read_chroma_format(&b, sps) : 1;
    sps->chroma_format_idc = chroma_format_idc & 3;
    uint32_t log2_max_frame_num = s3hls__bits_ue(&b) + 4;
    sps->log2_max_frame_num = (uint8_t)log2_max_frame_num;
    read_picture_order(&b, sps);
    b.failed |= s3hls__bits_ue(&b) > 16; /* max_num_ref_frames */
    s3hls__bits_read(&b, 1);             /* gaps_in_frame_num_value_allowed_flag */
    uint32_t picture_mbs = read_size(&b, sps, chroma_format_idc);
    bool vui = s3hls__bits_read(&b, 1);
    if (b.failed || id > 31 || log2_max_frame_num > 16)
        return S3HLS_E_MALFORMED;
    int32_t reorder = vui ? read_vui(&b, sps) : -1;
    if (sps->width > MAX_DIMENSION || sps->height > MAX_DIMENSION)
        return S3HLS_E_UNSUPPORTED;
    if (reorder < 0)
        reorder = never_reorders(sps) ? 0 : max_dpb_frames(sps, picture_mbs);
    sps->max_reorder_frames = (uint8_t)reorder;
    return S3HLS_OK;
}

uint64_t s3hls__h264_sps_content(const uint8_t *nal, size_t size) {
    uint64_t sum = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    s3hls__bits b;
    s3hls__bits_init(&b, nal + 1, size - 1);
    for (unsigned i = 0; !b.failed; i++) {
        if (i == 3) /* after profile, constraints and level */
            s3hls__bits_ue(&b);
        uint32_t byte = s3hls__bits_read(&b, 8);
        if (b.failed && byte == 0)
            break; /* alignment, which depends on the length of the id */
        sum = (sum ^ byte) * UINT64_C(0x100000001b3);
    }
    return sum;
}

/* ---- picture parameter set */

static unsigned bits_for(uint32_t values) {
    unsigned bits = 0;
    while (bits < 32 && (1u << bits) < values)
        bits++;
    return bits;
}

/* Skip flexible macroblock ordering, to reach the fields after it (7.3.2.2). */
static void skip_slice_groups(s3hls__bits *b, uint32_t groups) {
    uint32_t type = s3hls__bits_ue(b);
    if (type == 0) {
        for (uint32_t i = 0; i < groups; i++)
            s3hls__bits_ue(b);
    } else if (type == 2) {
        for (uint32_t i = 0; i < 2 * (groups - 1); i++)
            s3hls__bits_ue(b);
    } else if (type >= 3 && type <= 5) {
        s3hls__bits_read(b, 1);
        s3hls__bits_ue(b);
    } else if (type == 6) {
        uint32_t count = s3hls__bits_ue(b);
        for (uint32_t i = 0; i <= count && !b->failed; i++)
            s3hls__bits_read(b, bits_for(groups));
    } else if (type != 1) {
        b->failed = true;
    }
}

int s3hls__h264_parse_pps(const uint8_t *nal, size_t size, s3hls__h264_pps *pps) {
    s3hls__bits b;
    memset(pps, 0, sizeof *pps);
    if (!open_nal(&b, nal, size, S3HLS__H264_PPS))
        return S3HLS_E_MALFORMED;
    uint32_t id = s3hls__bits_ue(&b), sps_id = s3hls__bits_ue(&b);
    s3hls__bits_read(&b, 1); /* entropy_coding_mode_flag */
    pps->bottom_field_pic_order_present = s3hls__bits_read(&b, 1);
    uint32_t groups = s3hls__bits_ue(&b) + 1;
    if (groups > 8 || b.failed)
        return S3HLS_E_MALFORMED;
    pps->slice_groups = groups > 1;
    if (groups > 1)
        skip_slice_groups(&b, groups);
    s3hls__bits_ue(&b);      /* num_ref_idx_l0_default_active_minus1 */
    s3hls__bits_ue(&b);      /* l1 */
    s3hls__bits_read(&b, 3); /* weighted prediction */
    for (int i = 0; i < 3; i++)
        s3hls__bits_se(&b);  /* pic_init_qp, pic_init_qs, chroma_qp_index_offset */
    s3hls__bits_read(&b, 2); /* deblocking_filter_control_present, constrained_intra_pred */
    pps->redundant_pic_cnt_present = s3hls__bits_read(&b, 1);
    if (b.failed || id > 255 || sps_id > 31)
        return S3HLS_E_MALFORMED;
    pps->id = (uint8_t)id;
    pps->sps_id = (uint8_t)sps_id;
    return S3HLS_OK;
}

/* ---- slice header */

static bool open_slice(s3hls__bits *b, const uint8_t *nal, size_t size) {
    unsigned type = size ? nal[0] & 31 : 0;
    return (type == S3HLS__H264_NON_IDR || type == S3HLS__H264_IDR ||
            type == S3HLS__H264_PARTITION_A) &&
           open_nal(b, nal, size, type);
}

int s3hls__h264_slice_pps_id(const uint8_t *nal, size_t size) {
    s3hls__bits b;
    if (!open_slice(&b, nal, size))
        return S3HLS_E_MALFORMED;
    s3hls__bits_ue(&b); /* first_mb_in_slice */
    s3hls__bits_ue(&b); /* slice_type */
    uint32_t id = s3hls__bits_ue(&b);
    return b.failed || id > 255 ? S3HLS_E_MALFORMED : (int)id;
}

int s3hls__h264_parse_slice(const uint8_t *nal, size_t size, const s3hls__h264_sps *sps,
                            const s3hls__h264_pps *pps, s3hls__h264_slice *slice) {
    s3hls__bits b;
    memset(slice, 0, sizeof *slice);
    if (!open_slice(&b, nal, size))
        return S3HLS_E_MALFORMED;
    slice->nal_unit_type = nal[0] & 31;
    slice->nal_ref_idc = nal[0] >> 5 & 3;
    slice->first_mb = s3hls__bits_ue(&b);
    uint32_t slice_type = s3hls__bits_ue(&b);
    slice->slice_type = (uint8_t)slice_type;
    uint32_t pps_id = s3hls__bits_ue(&b);
    slice->pps_id = (uint8_t)pps_id;
    slice->sps_id = sps->id;
    if (sps->separate_colour_plane)
        slice->colour_plane = (uint8_t)s3hls__bits_read(&b, 2);
    slice->frame_num = s3hls__bits_read(&b, sps->log2_max_frame_num);
    if (!sps->frame_mbs_only && (slice->field_pic = s3hls__bits_read(&b, 1)))
        slice->bottom_field = s3hls__bits_read(&b, 1);
    if (slice->nal_unit_type == S3HLS__H264_IDR)
        slice->idr_pic_id = s3hls__bits_ue(&b);
    bool both_fields = pps->bottom_field_pic_order_present && !slice->field_pic;
    if (sps->poc_type == 0) {
        slice->pic_order_cnt_lsb = s3hls__bits_read(&b, sps->log2_max_poc_lsb);
        if (both_fields)
            slice->delta_pic_order_cnt_bottom = s3hls__bits_se(&b);
    } else if (sps->poc_type == 1 && !sps->delta_pic_order_always_zero) {
        slice->delta_pic_order_cnt[0] = s3hls__bits_se(&b);
        if (both_fields)
            slice->delta_pic_order_cnt[1] = s3hls__bits_se(&b);
    }
    if (pps->redundant_pic_cnt_present)
        slice->redundant_pic_cnt = s3hls__bits_ue(&b);
    bool wrong = slice_type > 9 || pps_id > 255 || slice->colour_plane > 2 ||
                 slice->idr_pic_id > 65535 || slice->redundant_pic_cnt > 127;
    return b.failed || wrong ? S3HLS_E_MALFORMED : S3HLS_OK;
}

/* Fields that the poc_type does not use are 0 in both. */
bool s3hls__h264_first_of_picture(const s3hls__h264_slice *a, const s3hls__h264_slice *b) {
    bool idr = b->nal_unit_type == S3HLS__H264_IDR;
    if (a->frame_num != b->frame_num || a->sps_id != b->sps_id || a->field_pic != b->field_pic ||
        a->bottom_field != b->bottom_field || (a->nal_ref_idc == 0) != (b->nal_ref_idc == 0) ||
        (a->nal_unit_type == S3HLS__H264_IDR) != idr)
        return true;
    if (idr && a->idr_pic_id != b->idr_pic_id)
        return true;
    return a->pic_order_cnt_lsb != b->pic_order_cnt_lsb ||
           a->delta_pic_order_cnt_bottom != b->delta_pic_order_cnt_bottom ||
           a->delta_pic_order_cnt[0] != b->delta_pic_order_cnt[0] ||
           a->delta_pic_order_cnt[1] != b->delta_pic_order_cnt[1];
}

/* ---- SEI */

/* payloadType or payloadSize: bytes of 255 and a final byte (7.3.2.3.1). */
static uint32_t read_sei_number(s3hls__bits *b) {
    uint32_t value = 0, byte;
    do {
        byte = s3hls__bits_read(b, 8);
        value += byte;
    } while (byte == 255 && !b->failed && value < 1u << 20);
    return value;
}

int32_t s3hls__h264_recovery_point(const uint8_t *nal, size_t size) {
    enum { RECOVERY_POINT = 6 };
    s3hls__bits b;
    if (!open_nal(&b, nal, size, S3HLS__H264_SEI))
        return -1;
    while (b.end - b.p > 1 && !b.failed) {
        uint32_t type = read_sei_number(&b), bytes = read_sei_number(&b);
        if (type == RECOVERY_POINT) {
            uint32_t count = s3hls__bits_ue(&b);
            return b.failed || count > 65535 ? -1 : (int32_t)count;
        }
        for (; bytes > 0 && !b.failed; bytes--)
            s3hls__bits_read(&b, 8);
    }
    return -1;
}
