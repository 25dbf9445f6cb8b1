/* SPDX-License-Identifier: MIT-0 */
#include "codec/annexb.h"
#include <string.h>

/* Search for the rarest of the three bytes with the C library's fast search, then check the two
 * bytes before it. */
const uint8_t *s3hls__nal_start_code(const uint8_t *p, const uint8_t *end) {
    while (end - p >= 3) {
        const uint8_t *one = memchr(p + 2, 1, (size_t)(end - p) - 2);
        if (!one)
            break;
        if (one[-1] == 0 && one[-2] == 0)
            return one - 2;
        p = one - 1;
    }
    return end;
}

/* ---- pieces of NAL units */

static void begin(s3hls__nal_splitter *s) {
    s->inside = true;
    s->sink.begin(s->sink.ctx);
}

static void end(s3hls__nal_splitter *s) {
    s->inside = false;
    s->sink.end(s->sink.ctx);
}

static void bytes(s3hls__nal_splitter *s, const uint8_t *data, size_t size) {
    if (!s->inside)
        s->stray |= size > 0;
    else if (size > 0)
        s->sink.bytes(s->sink.ctx, data, size);
}

/* ---- start codes */

/* The held zero bytes are part of the NAL unit. */
static void release_zeros(s3hls__nal_splitter *s) {
    static const uint8_t zeros[64];
    while (s->zeros) {
        size_t n = s->zeros < sizeof zeros ? s->zeros : sizeof zeros;
        bytes(s, zeros, n);
        s->zeros -= n;
    }
}

/* Handle held zero bytes according to the bytes that follow. Zeros before a start code belong to no
 * NAL unit (B.1.1, leading_zero_8bits, trailing_zero_8bits). @return where to continue. */
static const uint8_t *settle_zeros(s3hls__nal_splitter *s, const uint8_t *at, const uint8_t *stop) {
    for (; at != stop && *at == 0; at++)
        s->zeros++;
    if (at == stop)
        return at;
    if (*at == 1 && s->zeros >= 2) {
        s->zeros = 0;
        if (s->inside)
            end(s);
        begin(s);
        return at + 1;
    }
    release_zeros(s);
    return at;
}

static void split_annex_b(s3hls__nal_splitter *s, const uint8_t *at, const uint8_t *stop) {
    while (at != stop) {
        if (s->zeros) {
            at = settle_zeros(s, at, stop);
            continue;
        }
        const uint8_t *code = s3hls__nal_start_code(at, stop), *last = code;
        while (last != at && last[-1] == 0)
            last--;
        bytes(s, at, (size_t)(last - at));
        at = code == stop ? stop : code + 2; /* the zeros of the start code are held too */
        s->zeros = (size_t)(at - last);
    }
}

static bool begins_with_start_code(const s3hls_span *spans, size_t count) {
    size_t zeros = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < spans[i].size; k++) {
            if (spans[i].data[k])
                return spans[i].data[k] == 1 && zeros >= 2;
            zeros++;
        }
    return false;
}

/* ---- length fields */

/* A length field is complete. left: bytes of the call behind it. With a larger length, the
 * following NAL units cannot be located. */
static void begin_length(s3hls__nal_splitter *s, uint64_t left) {
    s->length_bytes = 0;
    if (s->length > left) {
        s->sink.damaged(s->sink.ctx);
        s->length = left;
        return;
    }
    begin(s);
    if (s->length == 0)
        end(s);
}

/* left: bytes of the call from at on. */
static void split_lengths(s3hls__nal_splitter *s, const uint8_t *at, const uint8_t *stop,
                          uint64_t left) {
    while (at != stop) {
        if (s->length && !s->length_bytes) {
            uint64_t here = (uint64_t)(stop - at);
            size_t n = (size_t)(s->length < here ? s->length : here);
            bytes(s, at, n);
            at += n;
            left -= n;
            s->length -= n;
            if (s->length == 0 && s->inside)
                end(s);
            continue;
        }
        s->length = (s->length_bytes ? s->length << 8 : 0) | *at++;
        left--;
        if (++s->length_bytes == s->length_size)
            begin_length(s, left);
    }
}

/* ---- calls */

void s3hls__nal_split(s3hls__nal_splitter *s, const s3hls_span *spans, size_t count, bool whole) {
    uint64_t left = 0;
    if (whole && !s->length_size && !begins_with_start_code(spans, count))
        begin(s); /* a NAL unit without a length field */
    for (size_t i = 0; i < count; i++)
        left += spans[i].size;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = spans[i].data, *stop = spans[i].size ? at + spans[i].size : at;
        if (s->length_size)
            split_lengths(s, at, stop, left);
        else
            split_annex_b(s, at, stop);
        left -= spans[i].size;
    }
    if (whole)
        s3hls__nal_split_end(s);
}

void s3hls__nal_split_end(s3hls__nal_splitter *s) {
    if (s->length_bytes) /* incomplete length field */
        s->sink.damaged(s->sink.ctx);
    if (s->inside)
        end(s);
    s->zeros = 0;
    s->length = s->length_bytes = 0;
}
