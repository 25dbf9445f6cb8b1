/* SPDX-License-Identifier: MIT-0 */
#include "h265_gen.h"
#include <string.h>

typedef struct bits {
    uint8_t data[256];
    size_t count; /* bits */
} bits;

static void u(bits *b, unsigned n, uint32_t value) {
    while (n--) {
        if (b->count % 8 == 0)
            b->data[b->count / 8] = 0;
        b->data[b->count / 8] |= (uint8_t)((value >> n & 1) << (7 - b->count % 8));
        b->count++;
    }
}

static void ue(bits *b, uint32_t value) {
    unsigned n = 0;
    while ((value + 1) >> (n + 1))
        n++;
    u(b, n, 0);
    u(b, n + 1, value + 1);
}

static void trailing(bits *b) {
    u(b, 1, 1);
    while (b->count % 8)
        u(b, 1, 0);
}

/* A start code, and the bytes with emulation prevention (7.4.2). */
static size_t nal(uint8_t *out, unsigned type, const bits *b, size_t payload) {
    static const uint8_t start[] = {0, 0, 0, 1};
    size_t n = sizeof start, zeros = 0, size = b->count / 8;
    memcpy(out, start, n);
    out[n++] = (uint8_t)(type << 1);
    out[n++] = 1;
    for (size_t i = 0; i < size; i++) {
        if (zeros >= 2 && b->data[i] <= 3) {
            out[n++] = 3;
            zeros = 0;
        }
        zeros = b->data[i] ? 0 : zeros + 1;
        out[n++] = b->data[i];
    }
    for (size_t i = 0; i < payload; i++)
        out[n++] = (uint8_t)(i * 7 | 1);
    return n;
}

/* profile_tier_level: Main, level 3.1, progressive frames only */
static void profile(bits *b) {
    u(b, 2 + 1, 0);
    u(b, 5, 1);
    u(b, 32, 0x60000000);
    u(b, 8, 0x90);
    u(b, 32, 0);
    u(b, 8, 0);
    u(b, 8, 93);
}

size_t h265_gen_vps(uint8_t *out) {
    bits b = {.count = 0};
    u(&b, 4, 0);
    u(&b, 2, 3);
    u(&b, 6, 0);
    u(&b, 3, 0);
    u(&b, 1, 1);
    u(&b, 16, 0xffff);
    profile(&b);
    u(&b, 1, 1);
    ue(&b, 4);
    ue(&b, 1);
    ue(&b, 0);
    u(&b, 6, 0);
    ue(&b, 0);
    u(&b, 2, 0); /* timing, extension */
    trailing(&b);
    return nal(out, 32, &b, 0);
}

static void vui(const h265_gen *g, bits *b) {
    u(b, 1, 1); /* vui_parameters_present_flag */
    u(b, 5, 0); /* aspect ratio, overscan, video signal, chroma, neutral chroma */
    u(b, 3, 0); /* fields, frame info, default window */
    u(b, 1, 1);
    u(b, 32, g->ticks);
    u(b, 32, g->scale);
    u(b, 3, 0); /* poc proportional, hrd, restrictions */
}

enum { LOG2_POC = 6, CTB = 16 };

size_t h265_gen_sps(const h265_gen *g, uint8_t *out) {
    bits b = {.count = 0};
    u(&b, 4, 0);
    u(&b, 3, 0);
    u(&b, 1, 1);
    profile(&b);
    ue(&b, 0);
    ue(&b, 1);
    ue(&b, g->width);
    ue(&b, g->height);
    bool window = g->cut_right || g->cut_bottom;
    u(&b, 1, window);
    if (window) {
        ue(&b, 0);
        ue(&b, g->cut_right / 2);
        ue(&b, 0);
        ue(&b, g->cut_bottom / 2);
    }
    ue(&b, 0);
    ue(&b, 0);
    ue(&b, LOG2_POC - 4);
    u(&b, 1, 1);
    ue(&b, 4);
    ue(&b, g->reordered);
    ue(&b, 0);
    ue(&b, 0); /* blocks of 8, and of 16 */
    ue(&b, 1);
    ue(&b, 0);
    ue(&b, 2);
    ue(&b, 1);
    ue(&b, 1);
    u(&b, 1, 1); /* scaling lists: the default ones */
    u(&b, 1, 0);
    u(&b, 3, 0); /* amp, sao, pcm */
    ue(&b, 2);   /* reference sets: the second follows from the first */
    ue(&b, 1);
    ue(&b, 0);
    ue(&b, 0);
    u(&b, 1, 1);
    u(&b, 1, 1);
    u(&b, 1, 0);
    ue(&b, 0);
    u(&b, 2, 3);
    u(&b, 3, 0); /* long-term, mvp, smoothing */
    if (g->scale)
        vui(g, &b);
    else
        u(&b, 1, 0);
    u(&b, 1, 0);
    trailing(&b);
    return nal(out, 33, &b, 0);
}

size_t h265_gen_pps(uint8_t *out) {
    bits b = {.count = 0};
    ue(&b, 0);
    ue(&b, 0);
    u(&b, 1, 1); /* dependent slices */
    u(&b, 1, 0);
    u(&b, 3, 1); /* one extra bit in slice headers */
    u(&b, 16, 0x8000);
    trailing(&b);
    return nal(out, 34, &b, 0);
}

uint64_t h265_gen_place(const h265_gen *g, uint64_t n) {
    uint64_t in_gop = n % g->gop;
    if (!g->reordered || in_gop == 0 || (in_gop + 1 == g->gop && in_gop % 2))
        return n;
    return in_gop % 2 ? n + 1 : n - 1;
}

static unsigned address_bits(const h265_gen *g) {
    uint32_t blocks = ((g->width + CTB - 1) / CTB) * ((g->height + CTB - 1) / CTB);
    unsigned n = 0;
    while (1u << n < blocks)
        n++;
    return n;
}

size_t h265_gen_next(h265_gen *g, uint8_t *out) {
    enum { TRAIL_N = 0, TRAIL_R = 1, IDR_W_RADL = 19, CRA = 21 };
    uint64_t n = g->pictures++, in_gop = n % g->gop;
    bool key = in_gop == 0, idr = key && (!g->cra || n == 0);
    bool b_picture = g->reordered && !key && h265_gen_place(g, n) < n;
    unsigned type = idr ? IDR_W_RADL : key ? CRA : b_picture ? TRAIL_N : TRAIL_R;
    uint64_t since_idr = g->cra ? h265_gen_place(g, n) : h265_gen_place(g, n) % g->gop;
    size_t size = 0;
    if (key && (!g->sets_once || n == 0)) {
        size += h265_gen_vps(out + size);
        size += h265_gen_sps(g, out + size);
        size += h265_gen_pps(out + size);
    }
    uint32_t slices = g->slices ? g->slices : 1;
    for (uint32_t i = 0; i < slices; i++) {
        bits b = {.count = 0};
        u(&b, 1, i == 0);
        if (key)
            u(&b, 1, 0);
        ue(&b, 0);
        if (i > 0) {
            u(&b, 1, i % 2); /* every other one depends on the one before */
            u(&b, address_bits(g), i);
        }
        if (i % 2 == 0) {
            u(&b, 1, 0);
            ue(&b, key ? 2 : b_picture ? 0 : 1);
            if (!idr)
                u(&b, LOG2_POC, (uint32_t)since_idr & ((1u << LOG2_POC) - 1));
        }
        trailing(&b);
        size += nal(out + size, type, &b, (key ? g->key_bytes : g->other_bytes) / slices);
    }
    return size;
}
