/* SPDX-License-Identifier: MIT-0 */
#include "h264_gen.h"
#include <string.h>

typedef struct bits {
    uint8_t *p;
    size_t n; /* bits written */
} bits;

static void put(bits *b, uint32_t value, unsigned count) {
    while (count--) {
        if (b->n % 8 == 0)
            b->p[b->n / 8] = 0;
        b->p[b->n / 8] |= (uint8_t)(((value >> count) & 1) << (7 - b->n % 8));
        b->n++;
    }
}

static void put_ue(bits *b, uint32_t value) {
    unsigned length = 0;
    while ((value + 1) >> (length + 1))
        length++;
    put(b, 0, length);
    put(b, value + 1, length + 1);
}

/* Start code, header byte, what write() adds. */
static bits begin_nal(uint8_t *out, uint8_t header) {
    static const uint8_t start[] = {0, 0, 0, 1};
    memcpy(out, start, 4);
    bits b = {out + 4, 0};
    put(&b, header, 8);
    return b;
}

static size_t end_nal(bits *b) {
    put(b, 1, 1); /* rbsp_stop_one_bit */
    return 4 + (b->n + 7) / 8;
}

static size_t write_sps(const h264_gen *g, uint8_t *out) {
    bits b = begin_nal(out, 0x67);
    bool main_profile = g->fields || g->reordered;
    put(&b, main_profile ? 77 : 66, 8);  /* profile_idc: main, baseline */
    put(&b, main_profile ? 0 : 0xc0, 8); /* constraint_set0, 1 */
    put(&b, 30, 8);                      /* level_idc */
    put_ue(&b, 0);                       /* seq_parameter_set_id */
    put_ue(&b, 4);                       /* log2_max_frame_num_minus4 */
    put_ue(&b, main_profile ? 0 : 2);    /* pic_order_cnt_type */
    if (main_profile)
        put_ue(&b, 4); /* log2_max_pic_order_cnt_lsb_minus4 */
    put_ue(&b, 1);     /* max_num_ref_frames */
    put(&b, 0, 1);     /* gaps_in_frame_num_value_allowed_flag */
    put_ue(&b, g->width / 16 - 1);
    put_ue(&b, g->height / (g->fields ? 32 : 16) - 1);
    put(&b, !g->fields, 1); /* frame_mbs_only_flag */
    if (g->fields)
        put(&b, 0, 1); /* mb_adaptive_frame_field_flag */
    put(&b, 1, 1);     /* direct_8x8_inference_flag */
    put(&b, 0, 1);     /* frame_cropping_flag */
    put(&b, 0, 1);     /* vui_parameters_present_flag */
    return end_nal(&b);
}

static size_t write_pps(uint8_t *out) {
    bits b = begin_nal(out, 0x68);
    put_ue(&b, 0); /* pic_parameter_set_id */
    put_ue(&b, 0); /* seq_parameter_set_id */
    put(&b, 0, 2); /* entropy_coding_mode, bottom_field_pic_order */
    put_ue(&b, 0); /* num_slice_groups_minus1 */
    put_ue(&b, 0); /* num_ref_idx_l0_default_active_minus1 */
    put_ue(&b, 0); /* l1 */
    put(&b, 0, 3); /* weighted prediction */
    put_ue(&b, 0); /* pic_init_qp_minus26, as se(0) */
    put_ue(&b, 0); /* pic_init_qs_minus26 */
    put_ue(&b, 0); /* chroma_qp_index_offset */
    put(&b, 4, 3); /* deblocking_filter_control_present, constrained_intra, redundant_pic_cnt */
    return end_nal(&b);
}

uint64_t h264_gen_place(const h264_gen *g, uint64_t n) {
    uint64_t k = n % g->gop;
    if (!g->reordered || k == 0 || (k % 2 && k + 1 == g->gop))
        return n;
    return k % 2 ? n + 1 : n - 1;
}

static size_t write_slice(const h264_gen *g, uint32_t number, uint8_t *out) {
    uint64_t in_gop = g->pictures % g->gop;
    bool idr = in_gop == 0;
    bool b_slice = g->reordered && !idr && in_gop % 2 == 0;
    bits b = begin_nal(out, idr ? 0x65 : b_slice ? 0x01 : 0x41);
    put_ue(&b, 10 * number);               /* first_mb_in_slice */
    put_ue(&b, idr ? 7 : b_slice ? 6 : 5); /* slice_type: all I, all B, all P */
    put_ue(&b, 0);                         /* pic_parameter_set_id */
    uint64_t frame = g->fields ? in_gop / 2 : in_gop;
    put(&b, (g->reordered ? (in_gop + 1) / 2 + b_slice : frame) & 255, 8); /* frame_num */
    if (g->fields)
        put(&b, in_gop & 1 ? 3 : 2, 2); /* field_pic_flag, bottom_field_flag */
    if (idr)
        put_ue(&b, g->pictures / g->gop % 2); /* idr_pic_id */
    uint64_t place = h264_gen_place(g, g->pictures) - g->pictures + in_gop;
    if (g->fields || g->reordered)
        put(&b, 2 * (g->reordered ? place : frame) & 255, 8); /* pic_order_cnt_lsb */
    put(&b, 1, 1);
    size_t size = 4 + (b.n + 7) / 8, want = idr ? g->key_bytes : g->other_bytes;
    uint32_t seed = (uint32_t)g->pictures * 2654435761u + 1 + number;
    for (; size < want; size++) { /* never two zero bytes: no start code, no emulation prevention */
        seed = seed * 1664525u + 1013904223u;
        out[size] = (uint8_t)(seed >> 24) | 1;
    }
    return size;
}

size_t h264_gen_next(h264_gen *g, uint8_t *out, size_t cap) {
    size_t slice = g->key_bytes > g->other_bytes ? g->key_bytes : g->other_bytes, n = 0;
    uint32_t slices = g->slices ? g->slices : 1;
    if (cap < slices * slice + 128)
        return 0;
    if (g->pictures % g->gop == 0 && !(g->sets_once && g->pictures)) {
        n += write_sps(g, out);
        n += write_pps(out + n);
    }
    for (uint32_t i = 0; i < slices; i++)
        n += write_slice(g, i, out + n);
    g->pictures++;
    return n;
}
