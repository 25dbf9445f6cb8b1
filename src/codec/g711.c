/* SPDX-License-Identifier: MIT-0 */
#include "codec/g711.h"

enum { SIGN = 0x80, SEGMENT_SHIFT = 4, SEGMENT_MASK = 7, STEP_MASK = 15 };

/* 13 bits in the upper part of 16. The two lowest segments have the same step. */
static int16_t decode_alaw(uint8_t coded) {
    enum { EVEN_BITS = 0x55, HALF_STEP = 8, FIRST_OF_SEGMENT = 0x100 };
    unsigned bits = coded ^ EVEN_BITS;
    unsigned segment = bits >> SEGMENT_SHIFT & SEGMENT_MASK;
    int value = (int)((bits & STEP_MASK) << 4) + HALF_STEP;
    if (segment > 0)
        value = (value + FIRST_OF_SEGMENT) << (segment - 1);
    return (int16_t)(bits & SIGN ? value : -value);
}

/* 14 bits in the upper part of 16. */
static int16_t decode_mulaw(uint8_t coded) {
    enum { BIAS = 0x84 };
    unsigned bits = (uint8_t)~coded;
    unsigned segment = bits >> SEGMENT_SHIFT & SEGMENT_MASK;
    int value = (((int)(bits & STEP_MASK) << 3) + BIAS) << segment;
    return (int16_t)(bits & SIGN ? BIAS - value : value - BIAS);
}

void s3hls__g711_decode(const uint8_t *data, size_t size, bool alaw, int16_t *out) {
    for (size_t i = 0; i < size; i++)
        out[i] = alaw ? decode_alaw(data[i]) : decode_mulaw(data[i]);
}
