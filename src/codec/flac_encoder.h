/* SPDX-License-Identifier: MIT-0 */
/* FLAC by libFLAC (CMake option S3HLS_FLAC): sound for a camera without an AAC encoder. */
#ifndef S3HLS_CODEC_FLAC_ENCODER_H
#define S3HLS_CODEC_FLAC_ENCODER_H

#include "codec/flac.h"

enum { S3HLS__FLAC_BLOCK = 1024, S3HLS__FLAC_CHUNK = 512 }; /* samples; values */

/* Takes one frame, which is valid during the call. */
typedef void s3hls__flac_sink(void *ctx, const uint8_t *frame, size_t size, uint32_t samples);

typedef struct s3hls__flac_encoder {
    void *library; /* FLAC__StreamEncoder */
    s3hls__flac_sink *sink;
    void *ctx;
    uint32_t channels;
    uint8_t info[S3HLS__FLAC_STREAMINFO]; /* for s3hls__flac_describe() */
    int32_t chunk[S3HLS__FLAC_CHUNK];     /* samples as libFLAC takes them */
} s3hls__flac_encoder;

/* Prepare an encoder. Allocates, by malloc() of libFLAC.
 * @param rate  samples per second, 1 to 96,000
 * @param channels  1 or 2
 * @param sink  receives each frame, within the calls below
 * @return S3HLS_OK
 *   S3HLS_E_UNSUPPORTED: no rate or channels that a FLAC frame can state
 *   S3HLS_E_NOMEM: out of memory; there is nothing to deinit */
int s3hls__flac_encoder_init(s3hls__flac_encoder *e, uint32_t rate, uint32_t channels,
                             s3hls__flac_sink *sink, void *ctx);

/* Encode. Frames have S3HLS__FLAC_BLOCK samples. Allocates once, for the first frame
 * (docs/codec.md).
 * @param pcm  samples * channels values, interleaved
 * @return S3HLS_OK
 *   S3HLS_E_NOMEM: libFLAC failed; only s3hls__flac_encoder_deinit() may follow */
int s3hls__flac_encoder_encode(s3hls__flac_encoder *e, const int16_t *pcm, size_t samples);

/* Emit the rest as a shorter frame. Only s3hls__flac_encoder_deinit() may follow.
 * @return as s3hls__flac_encoder_encode() */
int s3hls__flac_encoder_end(s3hls__flac_encoder *e);

/* Free it; samples that have not been emitted are dropped. */
void s3hls__flac_encoder_deinit(s3hls__flac_encoder *e);

#endif
