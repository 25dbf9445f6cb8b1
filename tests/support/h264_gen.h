/* SPDX-License-Identifier: MIT-0 */
/* A tiny camera for tests: H.264 with real parameter sets and slice headers and payload of no
 * meaning, as many bytes as asked for. Constrained baseline, picture order type 2; or,
 * in fields or reordered, Main profile and type 0. Annex B. */
#ifndef TESTS_SUPPORT_H264_GEN_H
#define TESTS_SUPPORT_H264_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct h264_gen {
    uint32_t width, height;          /* multiples of 16 */
    uint32_t gop;                    /* pictures from IDR to IDR */
    uint32_t key_bytes, other_bytes; /* of a slice, about */
    bool sets_once;                  /* parameter sets with the first picture only */
    uint32_t slices;                 /* of a picture; 0: one */
    bool
        fields; /* a picture is a field, gop is even; both fields of a frame have one order count */
    bool reordered;    /* I P B P B, each B shown before its P; not in fields */
    uint64_t pictures; /* made so far */
} h264_gen;

/* Place of a picture in presentation order: of the nth one of all in decoding order. */
uint64_t h264_gen_place(const h264_gen *g, uint64_t n);

/* The next access unit into out (S3HLS-independent; cap must hold the slices and 128 bytes).
 * @return its size. */
size_t h264_gen_next(h264_gen *g, uint8_t *out, size_t cap);

#endif
