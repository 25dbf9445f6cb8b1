/* SPDX-License-Identifier: MIT-0 */
#ifndef S3HLS_CODEC_BITS_H
#define S3HLS_CODEC_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads an RBSP from a NAL unit's bytes, skipping emulation_prevention_three_byte (7.4.1). Past the
 * end it returns zeros and sets failed, which the caller checks once. */
typedef struct s3hls__bits {
    const uint8_t *p, *end;
    unsigned zeros; /* zero bytes in a row before p */
    unsigned left;  /* bits of byte not read yet */
    uint8_t byte;
    bool failed;
    bool plain; /* not an RBSP: there is nothing to skip */
} s3hls__bits;

void s3hls__bits_init(s3hls__bits *b, const uint8_t *data, size_t size);
void s3hls__bits_init_plain(s3hls__bits *b, const uint8_t *data, size_t size);
uint32_t s3hls__bits_read(s3hls__bits *b, unsigned count); /* u(n), n up to 32 */
uint32_t s3hls__bits_ue(s3hls__bits *b);                   /* ue(v), 9.1; fails beyond 2^32 - 2 */
int32_t s3hls__bits_se(s3hls__bits *b);                    /* se(v), 9.1.1 */

#endif
