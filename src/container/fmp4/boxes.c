/* SPDX-License-Identifier: MIT-0 */
#include "container/fmp4/boxes.h"
#include <string.h>

void s3hls__box_bytes(s3hls__boxes *b, const void *data, size_t size) {
    b->failed |= size > b->size - b->at;
    if (b->failed || size == 0)
        return;
    memcpy(b->data + b->at, data, size);
    b->at += size;
}

void s3hls__box_int(s3hls__boxes *b, uint64_t value, unsigned bytes) {
    uint8_t text[8];
    s3hls__be(text, value, bytes);
    s3hls__box_bytes(b, text, bytes);
}

void s3hls__box_zeros(s3hls__boxes *b, unsigned bytes) {
    for (; bytes > 0; bytes--)
        s3hls__box_int(b, 0, 1);
}

size_t s3hls__box_begin(s3hls__boxes *b, const char type[4]) {
    size_t begin = b->at;
    s3hls__box_int(b, 0, 4);
    s3hls__box_bytes(b, type, 4);
    return begin;
}

size_t s3hls__box_begin_full(s3hls__boxes *b, const char type[4], uint32_t flags) {
    size_t begin = s3hls__box_begin(b, type);
    s3hls__box_int(b, flags, 4);
    return begin;
}

void s3hls__box_end(s3hls__boxes *b, size_t begin) {
    if (!b->failed)
        s3hls__be(b->data + begin, b->at - begin, 4);
}
