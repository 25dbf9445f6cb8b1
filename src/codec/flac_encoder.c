/* SPDX-License-Identifier: MIT-0 */
#include "codec/flac_encoder.h"
#include <FLAC/stream_encoder.h>
#include <string.h>

enum { RATE_MAX = 96000, BITS = 16, BLOCK_HEADER = 4 };

/* libFLAC writes one frame per call; metadata has no samples. */
static FLAC__StreamEncoderWriteStatus write_frame(const FLAC__StreamEncoder *library,
                                                  const FLAC__byte data[], size_t size,
                                                  uint32_t samples, uint32_t number, void *ctx) {
    s3hls__flac_encoder *e = ctx;
    (void)library, (void)number;
    if (samples)
        e->sink(e->ctx, data, size, samples);
    if (!samples && size == BLOCK_HEADER + S3HLS__FLAC_STREAMINFO &&
        (data[0] & 0x7f) == FLAC__METADATA_TYPE_STREAMINFO)
        memcpy(e->info, data + BLOCK_HEADER, S3HLS__FLAC_STREAMINFO);
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

static int start(s3hls__flac_encoder *e, uint32_t rate) {
    FLAC__StreamEncoder *f = e->library;
    bool ok = FLAC__stream_encoder_set_channels(f, e->channels) &&
              FLAC__stream_encoder_set_bits_per_sample(f, BITS) &&
              FLAC__stream_encoder_set_sample_rate(f, rate) &&
              FLAC__stream_encoder_set_compression_level(f, 0) && /* fixed predictors */
              FLAC__stream_encoder_set_do_mid_side_stereo(f, e->channels == 2) &&
              FLAC__stream_encoder_set_loose_mid_side_stereo(f, false) &&
              FLAC__stream_encoder_set_blocksize(f, S3HLS__FLAC_BLOCK);
    if (!ok)
        return S3HLS_E_UNSUPPORTED;
    FLAC__StreamEncoderInitStatus status =
        FLAC__stream_encoder_init_stream(f, write_frame, NULL, NULL, NULL, e);
    if (status == FLAC__STREAM_ENCODER_INIT_STATUS_OK)
        return S3HLS_OK;
    return status == FLAC__STREAM_ENCODER_INIT_STATUS_ENCODER_ERROR ? S3HLS_E_NOMEM
                                                                    : S3HLS_E_UNSUPPORTED;
}

int s3hls__flac_encoder_init(s3hls__flac_encoder *e, uint32_t rate, uint32_t channels,
                             s3hls__flac_sink *sink, void *ctx) {
    *e = (s3hls__flac_encoder){.sink = sink, .ctx = ctx, .channels = channels};
    if (rate < 1 || rate > RATE_MAX || channels < 1 || channels > 2)
        return S3HLS_E_UNSUPPORTED;
    e->library = FLAC__stream_encoder_new();
    int rc = e->library ? start(e, rate) : S3HLS_E_NOMEM;
    if (rc)
        s3hls__flac_encoder_deinit(e);
    return rc;
}

int s3hls__flac_encoder_encode(s3hls__flac_encoder *e, const int16_t *pcm, size_t samples) {
    const size_t most = S3HLS__FLAC_CHUNK / e->channels;
    while (samples) {
        size_t n = samples < most ? samples : most, values = n * e->channels;
        for (size_t i = 0; i < values; i++)
            e->chunk[i] = pcm[i];
        if (!FLAC__stream_encoder_process_interleaved(e->library, e->chunk, (uint32_t)n))
            return S3HLS_E_NOMEM;
        pcm += values;
        samples -= n;
    }
    return S3HLS_OK;
}

int s3hls__flac_encoder_end(s3hls__flac_encoder *e) {
    return FLAC__stream_encoder_finish(e->library) ? S3HLS_OK : S3HLS_E_NOMEM;
}

void s3hls__flac_encoder_deinit(s3hls__flac_encoder *e) {
    if (e->library)
        FLAC__stream_encoder_delete(e->library);
    e->library = NULL;
}
