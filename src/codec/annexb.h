/* SPDX-License-Identifier: MIT-0 */
/* Byte streams of any codec with NAL units: start codes (Annex B) or length fields in, NAL units in
 * pieces out. Pure; NAL units are not copied: a piece is a view of the caller's bytes. */
#ifndef S3HLS_CODEC_ANNEXB_H
#define S3HLS_CODEC_ANNEXB_H

#include "s3hls/span.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Find the next 00 00 01 in [p, end) (B.1.1). @return end: there is none */
const uint8_t *s3hls__nal_start_code(const uint8_t *p, const uint8_t *end);

typedef struct s3hls__nal_sink {
    void *ctx;
    void (*begin)(void *ctx);
    void (*bytes)(void *ctx, const uint8_t *data, size_t size); /* size > 0 */
    void (*end)(void *ctx);
    /* A length field is incomplete, or exceeds the bytes of the call, which are skipped then. */
    void (*damaged)(void *ctx);
} s3hls__nal_sink;

/* Members are private, except stray. Initialise to zero, then set the first two. */
typedef struct s3hls__nal_splitter {
    s3hls__nal_sink sink;
    unsigned length_size; /* 0: start codes; 1, 2 or 4: length fields of so many bytes */
    bool stray;           /* there were bytes other than zero before the first start code */

    bool inside;           /* a NAL unit is open */
    unsigned length_bytes; /* of a length field read so far */
    uint64_t length;       /* that field; then what is left of its NAL unit, or to be skipped */
    size_t zeros;          /* seen and held back: a start code's, or the NAL unit's */
} s3hls__nal_splitter;

/* Split bytes in spans, in order, as if they were contiguous.
 * @param whole  the bytes end where a NAL unit ends, and the first one may lack its start code */
void s3hls__nal_split(s3hls__nal_splitter *s, const s3hls_span *spans, size_t count, bool whole);

/* End the open NAL unit, without the zeros behind it. */
void s3hls__nal_split_end(s3hls__nal_splitter *s);

#endif
