/* SPDX-License-Identifier: MIT-0 */
/* What the tests of H.265 share: parameter sets and slices by hand, with every element that the
 * library reads, and a parser that remembers its units. */
#ifndef TESTS_UNIT_CODEC_H265_STREAM_H
#define TESTS_UNIT_CODEC_H265_STREAM_H

#include "stream.h"
#include <stdio.h>

/* ---- out */

typedef struct made {
    uint8_t bytes[1 << 16];
    size_t size;
} made;

/* @param b  payload without trailing bits */
static inline void add_nal(made *m, unsigned type, unsigned layer, unsigned temporal_id, bits *b) {
    static const uint8_t start[] = {0, 0, 0, 1};
    memcpy(m->bytes + m->size, start, 4);
    m->size += 4;
    m->bytes[m->size++] = (uint8_t)(type << 1 | layer >> 5);
    m->bytes[m->size++] = (uint8_t)(layer << 3 | (temporal_id + 1));
    u(b, 1, 1);
    m->size += escape(b, m->bytes + m->size);
}

/* ---- parameter sets */

typedef struct sps_kind {
    unsigned sub_layers_minus1, sub_profiles, sub_levels; /* bit n: of sub-layer n */
    unsigned space, tier, profile, level;
    uint32_t compatibility;
    uint8_t constraints[6];
    unsigned chroma, planes, width, height, window[4];
    unsigned depth, log2_poc_minus4;
    bool all_orders;
    unsigned reorder; /* of the highest sub-layer; lower ones have 0 */
    unsigned log2_ctb_minus3;
    bool lists, pcm, reference_sets, long_term, vui;
    uint32_t ticks, scale;
    size_t cut_bits; /* leave out this many at the end */
} sps_kind;

static const sps_kind ordinary = {.profile = 1,
                                  .level = 93,
                                  .compatibility = 0x60000000,
                                  .constraints = {0x90},
                                  .chroma = 1,
                                  .width = 640,
                                  .height = 360,
                                  .log2_poc_minus4 = 4,
                                  .log2_ctb_minus3 = 3};

static inline void write_profile(bits *b, const sps_kind *k) {
    u(b, k->space, 2);
    u(b, k->tier, 1);
    u(b, k->profile, 5);
    u(b, k->compatibility, 32);
    for (int i = 0; i < 6; i++)
        u(b, k->constraints[i], 8);
    u(b, k->level, 8);
    if (!k->sub_layers_minus1)
        return;
    for (unsigned i = 0; i < 8; i++) {
        bool there = i < k->sub_layers_minus1;
        u(b, there && k->sub_profiles >> i & 1, 1);
        u(b, there && k->sub_levels >> i & 1, 1);
    }
    for (unsigned i = 0; i < k->sub_layers_minus1; i++) {
        for (int n = 0; n < 11 && k->sub_profiles >> i & 1; n++)
            u(b, 0xa5, 8);
        if (k->sub_levels >> i & 1)
            u(b, 30, 8);
    }
}

static inline void write_lists(bits *b) {
    for (int size = 0; size < 4; size++)
        for (int matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
            u(b, matrix > 0, 1);
            if (matrix == 0) {
                ue(b, 0); /* as by default */
                continue;
            }
            if (size > 1)
                se(b, 4);
            for (int i = 0; i < (size ? 64 : 16); i++)
                se(b, i % 3 - 1);
        }
}

static inline void write_reference_sets(bits *b) {
    ue(b, 3);
    ue(b, 2); /* two before, one behind */
    ue(b, 1);
    for (int i = 0; i < 3; i++) {
        ue(b, (uint32_t)i);
        u(b, 1, 1);
    }
    for (int set = 0; set < 2; set++) { /* from the set before: of four flags, three count */
        u(b, 1, 1);
        u(b, 0, 1);
        ue(b, 0);
        for (int i = 0; i < 4; i++) {
            u(b, i != 1, 1);
            if (i == 1)
                u(b, 0, 1);
        }
    }
}

static inline void write_vui(bits *b, const sps_kind *k) {
    u(b, 1, 1);
    u(b, 255, 8); /* extended aspect ratio */
    u(b, 0x00040003, 32);
    u(b, 3, 2); /* overscan */
    u(b, 1, 1); /* video signal type with colours */
    u(b, 0xb, 5);
    u(b, 0x010101, 24);
    u(b, 1, 1);
    ue(b, 2);
    ue(b, 2);
    u(b, 0, 3);
    u(b, 1, 1); /* default display window */
    for (uint32_t i = 0; i < 4; i++)
        ue(b, i);
    u(b, k->scale != 0, 1);
    if (k->scale) {
        u(b, k->ticks, 32);
        u(b, k->scale, 32);
        u(b, 0, 2);
    }
    u(b, 1, 1); /* bitstream restriction */
    u(b, 2, 3);
    ue(b, 0);
    ue(b, 2);
    ue(b, 1);
    ue(b, 15);
    ue(b, 15);
}

static inline void write_sps(bits *b, unsigned id, const sps_kind *k) {
    u(b, 0, 4);
    u(b, k->sub_layers_minus1, 3);
    u(b, 1, 1);
    write_profile(b, k);
    ue(b, id);
    ue(b, k->chroma);
    if (k->chroma == 3)
        u(b, k->planes, 1);
    ue(b, k->width);
    ue(b, k->height);
    bool window = k->window[0] || k->window[1] || k->window[2] || k->window[3];
    u(b, window, 1);
    for (int i = 0; i < 4 && window; i++)
        ue(b, k->window[i]);
    ue(b, k->depth);
    ue(b, k->depth);
    ue(b, k->log2_poc_minus4);
    u(b, k->all_orders, 1);
    for (unsigned i = k->all_orders ? 0 : k->sub_layers_minus1; i <= k->sub_layers_minus1; i++) {
        ue(b, 4);
        ue(b, i == k->sub_layers_minus1 ? k->reorder : 0);
        ue(b, 0);
    }
    ue(b, 0);
    ue(b, k->log2_ctb_minus3);
    ue(b, 0);
    ue(b, 3);
    ue(b, 1);
    ue(b, 1);
    u(b, k->lists, 1);
    if (k->lists) {
        u(b, 1, 1);
        write_lists(b);
    }
    u(b, 2, 2);
    u(b, k->pcm, 1);
    if (k->pcm) {
        u(b, 0x77, 8);
        ue(b, 0);
        ue(b, 2);
        u(b, 1, 1);
    }
    if (k->reference_sets)
        write_reference_sets(b);
    else
        ue(b, 0);
    u(b, k->long_term, 1);
    if (k->long_term) {
        ue(b, 2);
        for (int i = 0; i < 2; i++)
            u(b, 1, k->log2_poc_minus4 + 4 + 1);
    }
    u(b, 3, 2);
    u(b, k->vui, 1);
    if (k->vui)
        write_vui(b, k);
    u(b, 0, 1);
    b->n -= k->cut_bits;
}

static inline void add_sps(made *m, unsigned id, const sps_kind *k) {
    bits b = {.n = 0};
    write_sps(&b, id, k);
    add_nal(m, 33, 0, 0, &b);
}

static inline void add_vps(made *m) {
    bits b = {.n = 0};
    u(&b, 0x0c01, 16);
    u(&b, 0xffff, 16);
    write_profile(&b, &ordinary);
    u(&b, 1, 1);
    ue(&b, 4);
    ue(&b, 2);
    ue(&b, 0);
    u(&b, 0, 6);
    ue(&b, 0);
    u(&b, 0, 2);
    add_nal(m, 32, 0, 0, &b);
}

typedef struct pps_kind {
    unsigned id, sps_id, dependent, output_flag, extra_bits;
} pps_kind;

static inline void add_pps(made *m, const pps_kind *k) {
    bits b = {.n = 0};
    ue(&b, k->id);
    ue(&b, k->sps_id);
    u(&b, k->dependent, 1);
    u(&b, k->output_flag, 1);
    u(&b, k->extra_bits, 3);
    u(&b, 0x8000, 16);
    add_nal(m, 34, 0, 0, &b);
}

/* ---- slices */

typedef struct slice_kind {
    unsigned type, temporal_id, lsb;
    unsigned address; /* 0: first of a picture */
    bool dependent;
    unsigned layer;
} slice_kind;

static inline void write_slice(bits *b, const sps_kind *sps, const pps_kind *pps,
                               unsigned address_bits, const slice_kind *s) {
    u(b, s->address == 0, 1);
    if (s->type >= 16 && s->type <= 23)
        u(b, 1, 1);
    ue(b, pps->id);
    if (s->address) {
        if (pps->dependent)
            u(b, s->dependent, 1);
        u(b, s->address, address_bits);
    }
    if (!s->dependent) {
        u(b, 0x55, pps->extra_bits);
        ue(b, 2);
        if (pps->output_flag)
            u(b, 1, 1);
        if (sps->chroma == 3 && sps->planes)
            u(b, 2, 2);
        if (s->type != 19 && s->type != 20)
            u(b, s->lsb, sps->log2_poc_minus4 + 4);
    }
    u(b, 0xabcdef, 24);
}

/* With the ordinary parameter sets: 10 x 6 blocks. */
static inline void add_slice(made *m, const slice_kind *s) {
    bits b = {.n = 0};
    write_slice(&b, &ordinary, &(pps_kind){.dependent = 1}, 6, s);
    add_nal(m, s->type, s->layer, s->temporal_id, &b);
}

static inline void add_picture(made *m, unsigned type, unsigned temporal_id, unsigned lsb) {
    add_slice(m, &(slice_kind){.type = type, .temporal_id = temporal_id, .lsb = lsb});
}

static inline void add_sets(made *m) {
    add_vps(m);
    add_sps(m, 0, &ordinary);
    add_pps(m, &(pps_kind){.dependent = 1});
}

static inline void add_small(made *m, unsigned type, unsigned value) {
    bits b = {.n = 0};
    u(&b, value, 24);
    add_nal(m, type, 0, 0, &b);
}

/* ---- in */

typedef struct counts {
    uint64_t damaged, slices_damaged, early, refused;
    const s3hls__codec *codec;
} counts;

/* @param codec  NULL: detected. @param step  bytes of a call */
static inline counts parse_as(const s3hls__codec *codec, const uint8_t *data, size_t size,
                              size_t step, seen *s) {
    s3hls__au_parser *p = parser(S3HLS__AU_INPUT_BYTES, 0, s);
    s3hls__au_init(p, codec, S3HLS__AU_INPUT_BYTES, 0,
                   &(s3hls__au_sink){s, on_begin, on_nal, on_data, on_end});
    for (size_t at = 0; at < size; at += step)
        put_copy(p, data + at, size - at < step ? size - at : step);
    s3hls__au_flush(p);
    counts c = {p->nals_damaged, p->slices_damaged, p->slices_early, p->nals_refused, p->codec};
    free(p);
    return c;
}

#endif
