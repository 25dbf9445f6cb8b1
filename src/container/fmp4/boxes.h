/* SPDX-License-Identifier: MIT-0 */
/* Writes boxes of the ISO base media file format (ISO/IEC 14496-12 4.2) into memory. */
#ifndef S3HLS_CONTAINER_BOXES_H
#define S3HLS_CONTAINER_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Initially at = 0. What does not fit is left out, and failed is set. */
typedef struct s3hls__boxes {
    uint8_t *data;
    size_t size, at;
    bool failed;
} s3hls__boxes;

/* An unsigned integer, big-endian. */
static inline uint8_t *s3hls__be(uint8_t *p, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    return p + bytes;
}

static inline uint32_t s3hls__be32_of(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void s3hls__box_bytes(s3hls__boxes *b, const void *data, size_t size) {
    b->failed |= size > b->size - b->at;
    if (b->failed || size == 0)
        return;
    memcpy(b->data + b->at, data, size);
    b->at += size;
}

static inline void s3hls__box_int(s3hls__boxes *b, uint64_t value, unsigned bytes) {
    uint8_t text[8];
    s3hls__be(text, value, bytes);
    s3hls__box_bytes(b, text, bytes);
}

static inline void s3hls__box_zeros(s3hls__boxes *b, unsigned bytes) {
    for (; bytes > 0; bytes--)
        s3hls__box_int(b, 0, 1);
}

/* @return where it begins, for s3hls__box_end() */
static inline size_t s3hls__box_begin(s3hls__boxes *b, const char type[4]) {
    size_t begin = b->at;
    s3hls__box_int(b, 0, 4);
    s3hls__box_bytes(b, type, 4);
    return begin;
}

/* With version and flags (4.2, FullBox). */
static inline size_t s3hls__box_begin_full(s3hls__boxes *b, const char type[4], uint32_t flags) {
    size_t begin = s3hls__box_begin(b, type);
    s3hls__box_int(b, flags, 4);
    return begin;
}

static inline void s3hls__box_end(s3hls__boxes *b, size_t begin) {
    if (!b->failed)
        s3hls__be(b->data + begin, b->at - begin, 4);
}

#endif
