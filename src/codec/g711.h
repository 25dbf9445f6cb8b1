/* SPDX-License-Identifier: MIT-0 */
/* G.711 (ITU-T G.711): samples of telephone audio. Pure. */
#ifndef S3HLS_CODEC_G711_H
#define S3HLS_CODEC_G711_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode samples to 16-bit linear PCM. Every byte is a valid sample.
 * @param size  bytes, which are samples: of all channels, if they are interleaved
 * @param alaw  A-law, Table 1; otherwise mu-law, Table 2
 * @param out  size samples */
void s3hls__g711_decode(const uint8_t *data, size_t size, bool alaw, int16_t *out);

#endif
