/* SPDX-License-Identifier: MIT-0 */
/* Writes boxes of the ISO base media file format (ISO/IEC 14496-12 4.2) into memory. */
#ifndef S3HLS_CONTAINER_BOXES_H
#define S3HLS_CONTAINER_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Initially at = 0. What does not fit is left out, and failed is set. */
typedef struct s3hls__boxes {
    uint8_t *data;
    size_t size, at;
    bool failed;
} s3hls__boxes;

/* An unsigned integer, big-endian. @return what is behind it */
static inline uint8_t *s3hls__be(uint8_t *p, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    return p + bytes;
}

static inline uint32_t s3hls__be32_of(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void s3hls__box_bytes(s3hls__boxes *b, const void *data, size_t size);
void s3hls__box_int(s3hls__boxes *b, uint64_t value, unsigned bytes);
void s3hls__box_zeros(s3hls__boxes *b, unsigned bytes);

/* @return where it begins, for s3hls__box_end() */
size_t s3hls__box_begin(s3hls__boxes *b, const char type[4]);
/* With version and flags (4.2, FullBox). */
size_t s3hls__box_begin_full(s3hls__boxes *b, const char type[4], uint32_t flags);
void s3hls__box_end(s3hls__boxes *b, size_t begin);

#endif
