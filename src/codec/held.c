/* SPDX-License-Identifier: MIT-0 */
#include "codec/held.h"
#include <string.h>

enum { HEADER = sizeof(uint32_t) };

static uint32_t size_at(const s3hls__held *h, uint32_t at) {
    uint32_t size;
    memcpy(&size, h->bytes + at, HEADER);
    return size;
}

void s3hls__held_clear(s3hls__held *h) {
    h->size = h->newest = 0;
}

void s3hls__held_begin(s3hls__held *h) {
    h->newest = h->size;
}

bool s3hls__held_append(s3hls__held *h, const uint8_t *data, size_t size) {
    size_t header = h->size == h->newest ? HEADER : 0;
    if (header + size > S3HLS__HELD_BYTES - h->size) {
        s3hls__held_drop_newest(h);
        return false;
    }
    memcpy(h->bytes + h->size + header, data, size);
    h->size += (uint32_t)(header + size);
    uint32_t whole = h->size - h->newest - HEADER;
    memcpy(h->bytes + h->newest, &whole, HEADER);
    return true;
}

void s3hls__held_drop_newest(s3hls__held *h) {
    h->size = h->newest;
}

const uint8_t *s3hls__held_newest(const s3hls__held *h, size_t *size) {
    *size = size_at(h, h->newest);
    return h->bytes + h->newest + HEADER;
}

const uint8_t *s3hls__held_next(const s3hls__held *h, const uint8_t *nal, size_t *size) {
    uint32_t at = 0;
    if (nal) {
        uint32_t here = (uint32_t)(nal - h->bytes) - HEADER;
        at = here + HEADER + size_at(h, here);
    }
    if (at == h->size)
        return NULL;
    *size = size_at(h, at);
    return h->bytes + at + HEADER;
}

void s3hls__held_filter(s3hls__held *h,
                        s3hls__held_verdict (*decide)(void *ctx, const uint8_t *nal, size_t size),
                        void *ctx) {
    uint32_t kept = 0;
    for (uint32_t at = 0, next; at < h->size; at = next) {
        uint32_t size = size_at(h, at);
        next = at + HEADER + size;
        s3hls__held_verdict verdict = decide(ctx, h->bytes + at + HEADER, size);
        if (verdict == S3HLS__HELD_KEEP) {
            memmove(h->bytes + kept, h->bytes + at, HEADER + size);
            kept += HEADER + size;
        } else if (verdict == S3HLS__HELD_DROP_ALL) {
            kept = 0;
        }
    }
    h->size = h->newest = kept;
}

uint32_t s3hls__held_count(const s3hls__held *h) {
    uint32_t count = 0;
    size_t size;
    for (const uint8_t *nal = NULL; (nal = s3hls__held_next(h, nal, &size));)
        count++;
    return count;
}
