/* SPDX-License-Identifier: MIT-0 */
/* A tiny camera for tests: H.265 with real parameter sets and slice headers and payload of no
 * meaning, as many bytes as asked for. Main profile. Annex B. */
#ifndef TESTS_SUPPORT_H265_GEN_H
#define TESTS_SUPPORT_H265_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct h265_gen {
    uint32_t width, height;         /* coded: multiples of 8 */
    uint32_t cut_right, cut_bottom; /* of the conformance window, in pixels; even */
    uint32_t gop;                   /* pictures from one IRAP picture to the next */
    uint32_t key_bytes, other_bytes;
    uint32_t slices;       /* of a picture; 0: one */
    bool cra;              /* keyframes after the first are CRA pictures */
    bool reordered;        /* I P B P B, each B shown before its P */
    bool sets_once;        /* parameter sets with the first picture only */
    uint32_t ticks, scale; /* of the VUI; 0: none */
    uint64_t pictures;     /* made so far */
} h265_gen;

/* Place of a picture in presentation order: of the nth one of all in decoding order. */
uint64_t h265_gen_place(const h265_gen *g, uint64_t n);

/* One NAL unit with its start code. @return its size */
size_t h265_gen_vps(uint8_t *out);
size_t h265_gen_sps(const h265_gen *g, uint8_t *out);
size_t h265_gen_pps(uint8_t *out);

/* The next access unit into out, which must hold the slices and 256 bytes. @return its size. */
size_t h265_gen_next(h265_gen *g, uint8_t *out);

#endif
