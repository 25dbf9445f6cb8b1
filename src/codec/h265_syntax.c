/* SPDX-License-Identifier: MIT-0 */
#include "codec/h265_syntax.h"
#include "codec/bits.h"
#include <string.h>

enum { HEADER = 2, LARGEST = 16384 };

static bool begin(s3hls__bits *b, const uint8_t *nal, size_t size, uint8_t type) {
    s3hls__bits_init(b, nal + HEADER, size > HEADER ? size - HEADER : 0);
    return size > HEADER && s3hls__h265_type(nal) == type;
}

/* ue(v) with a limit. */
static uint32_t read_ue(s3hls__bits *b, uint32_t max) {
    uint32_t value = s3hls__bits_ue(b);
    b->failed |= value > max;
    return b->failed ? 0 : value;
}

static bool read_flag(s3hls__bits *b) {
    return s3hls__bits_read(b, 1);
}

static void skip(s3hls__bits *b, unsigned bits) {
    for (; bits > 32; bits -= 32)
        s3hls__bits_read(b, 32);
    s3hls__bits_read(b, bits);
}

int s3hls__h265_parse_vps(const uint8_t *nal, size_t size, uint8_t *id) {
    s3hls__bits b;
    bool ok = begin(&b, nal, size, S3HLS__H265_VPS);
    *id = (uint8_t)s3hls__bits_read(&b, 4);
    skip(&b, 2 + 6 + 3 + 1); /* layers */
    ok = ok && s3hls__bits_read(&b, 16) == 0xffff;
    return ok && !b.failed ? S3HLS_OK : S3HLS_E_MALFORMED;
}

/* ---- sequence parameter set */

/* 7.3.3 */
static void read_profile(s3hls__bits *b, s3hls__h265_profile *p, unsigned sub_layers) {
    bool profile[8] = {false}, level[8] = {false};
    p->space = (uint8_t)s3hls__bits_read(b, 2);
    p->tier = read_flag(b);
    p->idc = (uint8_t)s3hls__bits_read(b, 5);
    p->compatibility = s3hls__bits_read(b, 32);
    for (int i = 0; i < 6; i++)
        p->constraints[i] = (uint8_t)s3hls__bits_read(b, 8);
    p->level_idc = (uint8_t)s3hls__bits_read(b, 8);
    if (sub_layers == 1)
        return;
    for (unsigned i = 0; i < sub_layers - 1; i++) {
        profile[i] = read_flag(b);
        level[i] = read_flag(b);
    }
    skip(b, 2 * (8 - (sub_layers - 1)));
    for (unsigned i = 0; i < sub_layers - 1; i++)
        skip(b, (profile[i] ? 88 : 0) + (level[i] ? 8 : 0));
}

/* Table 6-1 */
static void read_size(s3hls__bits *b, s3hls__h265_sps *sps, uint32_t coded[2]) {
    uint32_t window[4] = {0};
    coded[0] = read_ue(b, UINT32_MAX - 1);
    coded[1] = read_ue(b, UINT32_MAX - 1);
    if (read_flag(b))
        for (int i = 0; i < 4; i++)
            window[i] = read_ue(b, UINT32_MAX - 1);
    bool planes = sps->separate_colour_plane || sps->chroma_format_idc == 0;
    uint64_t unit_x = !planes && sps->chroma_format_idc != 3 ? 2 : 1;
    uint64_t unit_y = !planes && sps->chroma_format_idc == 1 ? 2 : 1;
    uint64_t cut_x = unit_x * ((uint64_t)window[0] + window[1]);
    uint64_t cut_y = unit_y * ((uint64_t)window[2] + window[3]);
    b->failed |= cut_x >= coded[0] || cut_y >= coded[1];
    sps->width = b->failed ? 0 : (uint32_t)(coded[0] - cut_x);
    sps->height = b->failed ? 0 : (uint32_t)(coded[1] - cut_y);
}

static void read_ordering(s3hls__bits *b, s3hls__h265_sps *sps) {
    enum { PICTURES_MAX = 16 };
    bool all = read_flag(b);
    for (unsigned i = all ? 0 : sps->sub_layers - 1u; i < sps->sub_layers; i++) {
        read_ue(b, PICTURES_MAX); /* sps_max_dec_pic_buffering_minus1 */
        sps->max_reorder_pictures = (uint8_t)read_ue(b, PICTURES_MAX);
        read_ue(b, UINT32_MAX - 1);
    }
}

/* Sizes of blocks. @return bits of slice_segment_address: Ceil(Log2(PicSizeInCtbsY)) */
static uint8_t read_blocks(s3hls__bits *b, const uint32_t coded[2]) {
    uint32_t log2_ctb = read_ue(b, 3) + 3;
    log2_ctb += read_ue(b, 3);
    for (int i = 0; i < 4; i++)
        read_ue(b, 6); /* transform blocks */
    uint64_t ctb = UINT64_C(1) << log2_ctb;
    uint64_t blocks = (coded[0] + ctb - 1) / ctb * ((coded[1] + ctb - 1) / ctb);
    uint8_t bits = 0;
    while (bits < 32 && UINT64_C(1) << bits < blocks)
        bits++;
    return bits;
}

/* 7.3.4 */
static void skip_scaling_lists(s3hls__bits *b) {
    for (unsigned size = 0; size < 4; size++)
        for (unsigned matrix = 0; matrix < 6 && !b->failed; matrix += size == 3 ? 3 : 1) {
            if (!read_flag(b)) {
                read_ue(b, 5);
                continue;
            }
            unsigned coefficients = size == 0 ? 16 : 64;
            if (size > 1)
                s3hls__bits_se(b);
            for (unsigned i = 0; i < coefficients; i++)
                s3hls__bits_se(b);
        }
}

enum { REFERENCES_MAX = 16 };

/* st_ref_pic_set(), 7.3.7. @param before  pictures in the set before, NumDeltaPocs
 * @return pictures in this one */
static unsigned skip_reference_set(s3hls__bits *b, bool first, unsigned before) {
    unsigned count = 0;
    if (!first && read_flag(b)) {
        read_flag(b);
        read_ue(b, 32767);
        for (unsigned i = 0; i <= before && !b->failed; i++) {
            bool used = read_flag(b); /* used_by_curr_pic_flag; else use_delta_flag follows */
            count += used || s3hls__bits_read(b, 1);
        }
        return count;
    }
    count = read_ue(b, REFERENCES_MAX);
    count += read_ue(b, REFERENCES_MAX);
    for (unsigned i = 0; i < count && !b->failed; i++) {
        read_ue(b, 32767);
        read_flag(b);
    }
    return count;
}

static void skip_references(s3hls__bits *b, const s3hls__h265_sps *sps) {
    unsigned sets = read_ue(b, 64), before = 0;
    for (unsigned i = 0; i < sets && !b->failed; i++)
        before = skip_reference_set(b, i == 0, before);
    if (!read_flag(b))
        return;
    unsigned long_term = read_ue(b, 32);
    for (unsigned i = 0; i < long_term; i++)
        skip(b, sps->log2_max_poc_lsb + 1u);
}

/* Annex E, down to the timing. */
static void read_vui(s3hls__bits *b, s3hls__h265_sps *sps) {
    enum { EXTENDED_SAR = 255 };
    if (read_flag(b) && s3hls__bits_read(b, 8) == EXTENDED_SAR)
        skip(b, 32);
    if (read_flag(b)) /* overscan */
        skip(b, 1);
    if (read_flag(b)) { /* video_signal_type */
        skip(b, 4);
        if (read_flag(b))
            skip(b, 24);
    }
    if (read_flag(b)) { /* chroma_loc */
        s3hls__bits_ue(b);
        s3hls__bits_ue(b);
    }
    skip(b, 3);
    if (read_flag(b)) /* default_display_window */
        for (int i = 0; i < 4; i++)
            s3hls__bits_ue(b);
    if (!read_flag(b))
        return;
    uint32_t ticks = s3hls__bits_read(b, 32), scale = s3hls__bits_read(b, 32);
    sps->num_units_in_tick = b->failed ? 0 : ticks;
    sps->time_scale = b->failed ? 0 : scale;
}

/* What stands before the timing. A fault here costs the timing only. */
static void read_timing(s3hls__bits *b, s3hls__h265_sps *sps) {
    bool scaling = read_flag(b), lists = scaling && read_flag(b);
    if (lists)
        skip_scaling_lists(b);
    skip(b, 2);
    if (read_flag(b)) { /* pcm */
        skip(b, 8);
        s3hls__bits_ue(b);
        s3hls__bits_ue(b);
        skip(b, 1);
    }
    skip_references(b, sps);
    skip(b, 2);
    if (read_flag(b) && !b->failed)
        read_vui(b, sps);
}

int s3hls__h265_parse_sps(const uint8_t *nal, size_t size, s3hls__h265_sps *sps) {
    s3hls__bits b;
    uint32_t coded[2];
    memset(sps, 0, sizeof *sps);
    if (!begin(&b, nal, size, S3HLS__H265_SPS))
        return S3HLS_E_MALFORMED;
    sps->vps_id = (uint8_t)s3hls__bits_read(&b, 4);
    sps->sub_layers = (uint8_t)(s3hls__bits_read(&b, 3) + 1);
    b.failed |= sps->sub_layers > 7;
    sps->temporal_id_nesting = read_flag(&b);
    read_profile(&b, &sps->profile, b.failed ? 1 : sps->sub_layers);
    sps->id = (uint8_t)read_ue(&b, 15);
    sps->chroma_format_idc = (uint8_t)read_ue(&b, 3);
    if (sps->chroma_format_idc == 3)
        sps->separate_colour_plane = read_flag(&b);
    read_size(&b, sps, coded);
    sps->bit_depth_luma_minus8 = (uint8_t)read_ue(&b, 8);
    sps->bit_depth_chroma_minus8 = (uint8_t)read_ue(&b, 8);
    sps->log2_max_poc_lsb = (uint8_t)(read_ue(&b, 12) + 4);
    if (!b.failed)
        read_ordering(&b, sps);
    sps->address_bits = read_blocks(&b, coded);
    if (b.failed)
        return S3HLS_E_MALFORMED;
    if (coded[0] > LARGEST || coded[1] > LARGEST)
        return S3HLS_E_UNSUPPORTED;
    read_timing(&b, sps);
    return S3HLS_OK;
}

/* ---- picture parameter set, slices */

int s3hls__h265_parse_pps(const uint8_t *nal, size_t size, s3hls__h265_pps *pps) {
    s3hls__bits b;
    memset(pps, 0, sizeof *pps);
    if (!begin(&b, nal, size, S3HLS__H265_PPS))
        return S3HLS_E_MALFORMED;
    pps->id = (uint8_t)read_ue(&b, 63);
    pps->sps_id = (uint8_t)read_ue(&b, 15);
    pps->dependent_slices = read_flag(&b);
    pps->output_flag_present = read_flag(&b);
    pps->extra_slice_header_bits = (uint8_t)s3hls__bits_read(&b, 3);
    return b.failed ? S3HLS_E_MALFORMED : S3HLS_OK;
}

/* The beginning of a slice header, which does not depend on parameter sets. */
static bool begin_slice(s3hls__bits *b, const uint8_t *nal, size_t size, s3hls__h265_slice *s) {
    memset(s, 0, sizeof *s);
    if (size <= HEADER || s3hls__h265_type(nal) >= S3HLS__H265_VCL_END)
        return false;
    s3hls__bits_init(b, nal + HEADER, size - HEADER);
    s->nal_unit_type = s3hls__h265_type(nal);
    s->temporal_id = (uint8_t)((nal[1] & 7) - 1);
    s->first = read_flag(b);
    if (s->nal_unit_type >= S3HLS__H265_BLA_W_LP && s->nal_unit_type <= 23)
        skip(b, 1); /* no_output_of_prior_pics_flag */
    s->pps_id = (uint8_t)read_ue(b, 63);
    return !b->failed;
}

int s3hls__h265_slice_pps_id(const uint8_t *nal, size_t size) {
    s3hls__bits b;
    s3hls__h265_slice s;
    return begin_slice(&b, nal, size, &s) ? s.pps_id : S3HLS_E_MALFORMED;
}

int s3hls__h265_parse_slice(const uint8_t *nal, size_t size, const s3hls__h265_sps *sps,
                            const s3hls__h265_pps *pps, s3hls__h265_slice *s) {
    enum { SLICE_TYPES = 3 };
    s3hls__bits b;
    if (!begin_slice(&b, nal, size, s))
        return S3HLS_E_MALFORMED;
    if (!s->first) {
        s->dependent = pps->dependent_slices && read_flag(&b);
        s->address = s3hls__bits_read(&b, sps->address_bits);
    }
    if (!s->dependent) {
        skip(&b, pps->extra_slice_header_bits);
        read_ue(&b, SLICE_TYPES - 1);
        if (pps->output_flag_present)
            skip(&b, 1);
        if (sps->separate_colour_plane)
            skip(&b, 2);
        if (!s3hls__h265_is_idr(s->nal_unit_type))
            s->pic_order_cnt_lsb = s3hls__bits_read(&b, sps->log2_max_poc_lsb);
    }
    return b.failed ? S3HLS_E_MALFORMED : S3HLS_OK;
}

/* ---- picture order count, 8.3.1 */

/* Of temporal sub-layer 0, and neither leading nor without reference in its sub-layer. */
static bool is_counted_from(const s3hls__h265_slice *s) {
    bool leading = s->nal_unit_type >= S3HLS__H265_RADL_N && s->nal_unit_type <= S3HLS__H265_RASL_R;
    bool unused = s->nal_unit_type < S3HLS__H265_BLA_W_LP && !(s->nal_unit_type & 1);
    return s->temporal_id == 0 && !leading && !unused;
}

int32_t s3hls__h265_poc_next(s3hls__h265_poc *poc, const s3hls__h265_sps *sps,
                             const s3hls__h265_slice *s) {
    int64_t range = INT64_C(1) << sps->log2_max_poc_lsb, lsb = s->pic_order_cnt_lsb, msb = 0;
    bool restarts =
        !poc->begun || s3hls__h265_is_idr(s->nal_unit_type) ||
        (s->nal_unit_type >= S3HLS__H265_BLA_W_LP && s->nal_unit_type <= S3HLS__H265_BLA_N_LP);
    if (!restarts) {
        int64_t before = poc->previous & (range - 1);
        msb = poc->previous - before;
        if (lsb < before && before - lsb >= range / 2)
            msb += range;
        else if (lsb > before && lsb - before > range / 2)
            msb -= range;
    }
    int64_t value = msb + lsb;
    int32_t result = value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
    if (is_counted_from(s) || !poc->begun)
        poc->previous = result;
    poc->begun = true;
    return result;
}
