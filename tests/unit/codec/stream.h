/* SPDX-License-Identifier: MIT-0 */
/* What the codec's tests share: a sink that remembers, and a writer of bits. */
#ifndef TESTS_UNIT_CODEC_STREAM_H
#define TESTS_UNIT_CODEC_STREAM_H

#include "codec/access_unit.h"
#include <stdlib.h>
#include <string.h>

/* ---- a sink that remembers what it was given */

typedef struct seen {
    uint8_t *bytes;
    size_t size, capacity;
    int units, idr, recovery, changed, second_fields, rasl, ends;
    s3hls__track track;
    int32_t poc[64];
    int refuse_from; /* unit from which begin says no; 0: never */
} seen;

static inline void remember(seen *s, const void *data, size_t n) {
    if (s->size + n > s->capacity) {
        s->capacity = 2 * (s->size + n);
        s->bytes = realloc(s->bytes, s->capacity);
    }
    memcpy(s->bytes + s->size, data, n);
    s->size += n;
}

static inline int on_begin(void *ctx, const s3hls__unit *au) {
    seen *s = ctx;
    if (au->continues) { /* what the call before ended runs on */
        s->ends--;
        s->size -= 3;
        return S3HLS_OK;
    }
    bool recovery = au->keyframe && !au->idr;
    const uint8_t facts[4] = {(uint8_t)(au->idr | au->rasl << 1), recovery, au->second_field,
                              au->parameters_changed};
    remember(s, facts, sizeof facts);
    remember(s, &au->poc, sizeof au->poc);
    if (s->units < 64)
        s->poc[s->units] = au->poc;
    s->units++;
    s->idr += au->idr;
    s->recovery += recovery;
    s->changed += au->parameters_changed;
    s->second_fields += au->second_field;
    s->rasl += au->rasl;
    s->track = *au->track;
    return s->refuse_from && s->units >= s->refuse_from ? S3HLS_E_FULL : S3HLS_OK;
}

static inline int on_nal(void *ctx, s3hls__nal_kind kind) {
    bool zero_byte = kind == S3HLS__NAL_DELIMITER || s3hls__nal_is_set(kind);
    remember(ctx, zero_byte ? "\0\0\0\1" : "\0\0\1", zero_byte ? 4 : 3);
    return S3HLS_OK;
}

static inline int on_data(void *ctx, const uint8_t *data, size_t size) {
    remember(ctx, data, size);
    return S3HLS_OK;
}

static inline int on_end(void *ctx) {
    ((seen *)ctx)->ends++;
    remember(ctx, "END", 3);
    return S3HLS_OK;
}

static inline void seen_deinit(seen *s) {
    free(s->bytes);
    memset(s, 0, sizeof *s);
}

static inline s3hls__au_parser *parser(s3hls__au_input input, unsigned length_size, seen *s) {
    s3hls__au_sink sink = {s, on_begin, on_nal, on_data, on_end};
    s3hls__au_parser *p = malloc(sizeof *p);
    memset(s, 0, sizeof *s);
    s3hls__au_init(p, &s3hls__codec_h264, input, length_size, &sink);
    return p;
}

/* A copy in memory of its own size, so that reading past it is seen. */
static inline int put_copy(s3hls__au_parser *p, const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    s3hls_span span = {copy, size};
    int rc = s3hls__au_put(p, &span, 1);
    free(copy);
    return rc;
}

static inline void parse_all(const uint8_t *data, size_t size, size_t step, seen *s,
                             s3hls__au_parser **keep) {
    s3hls__au_parser *p = parser(S3HLS__AU_INPUT_BYTES, 0, s);
    for (size_t at = 0; at < size; at += step)
        put_copy(p, data + at, size - at < step ? size - at : step);
    s3hls__au_flush(p);
    if (keep)
        *keep = p;
    else
        free(p);
}

/* ---- bits by hand */

typedef struct bits {
    uint8_t bytes[1024];
    size_t n;
} bits;

static inline void u(bits *b, uint32_t value, unsigned count) {
    while (count--) {
        b->bytes[b->n / 8] |= (uint8_t)(((value >> count) & 1) << (7 - b->n % 8));
        b->n++;
    }
}

static inline void ue(bits *b, uint32_t value) {
    unsigned length = 0;
    while ((value + 1) >> (length + 1))
        length++;
    u(b, 0, length);
    u(b, value + 1, length + 1);
}

static inline void se(bits *b, int32_t value) {
    ue(b, value > 0 ? 2 * (uint32_t)value - 1 : 2 * (uint32_t)-value);
}

static inline size_t size_of(const bits *b) {
    return (b->n + 7) / 8;
}

/* Emulation prevention, as a NAL unit on the wire has it. */
static inline size_t escape(const bits *b, uint8_t *to) {
    size_t n = 0, zeros = 0;
    for (size_t i = 0; i < size_of(b); i++) {
        if (zeros >= 2 && b->bytes[i] <= 3) {
            to[n++] = 3;
            zeros = 0;
        }
        to[n++] = b->bytes[i];
        zeros = b->bytes[i] ? 0 : zeros + 1;
    }
    return n;
}

#endif
