/* SPDX-License-Identifier: MIT-0 */
#include "codec/bits.h"

void s3hls__bits_init(s3hls__bits *b, const uint8_t *data, size_t size) {
    *b = (s3hls__bits){.p = data, .end = data + size};
}

void s3hls__bits_init_plain(s3hls__bits *b, const uint8_t *data, size_t size) {
    s3hls__bits_init(b, data, size);
    b->plain = true;
}

static void next_byte(s3hls__bits *b) {
    if (!b->plain && b->p < b->end && *b->p == 3 && b->zeros >= 2) {
        b->p++;
        b->zeros = 0;
    }
    if (b->p == b->end) {
        b->failed = true;
        b->byte = 0;
    } else {
        b->byte = *b->p++;
        b->zeros = b->byte == 0 ? b->zeros + 1 : 0;
    }
    b->left = 8;
}

uint32_t s3hls__bits_read(s3hls__bits *b, unsigned count) {
    uint32_t value = 0;
    while (count > 0) {
        if (b->left == 0)
            next_byte(b);
        unsigned n = count < b->left ? count : b->left;
        b->left -= n;
        count -= n;
        value = value << n | (uint32_t)((b->byte >> b->left) & ((1u << n) - 1));
    }
    return value;
}

uint32_t s3hls__bits_ue(s3hls__bits *b) {
    unsigned zeros = 0;
    while (zeros < 32 && !b->failed && s3hls__bits_read(b, 1) == 0)
        zeros++;
    if (zeros == 32 || b->failed) {
        b->failed = true;
        return 0;
    }
    return (1u << zeros) - 1 + s3hls__bits_read(b, zeros);
}

int32_t s3hls__bits_se(s3hls__bits *b) {
    uint32_t k = s3hls__bits_ue(b);
    int32_t half = (int32_t)(k >> 1);
    return k & 1 ? half + 1 : -half;
}
