/* SPDX-License-Identifier: MIT-0 */
#include "record/g711.h"
#include "base/env.h"
#include "codec/flac_encoder.h"
#include "codec/g711.h"
#include "s3hls/status.h"

enum { RATE_DEFAULT = 8000, RATE_MAX = 48000, CHUNK = 256 };

struct s3hls__g711_input {
    s3hls__flac_encoder encoder;
    bool alaw, failed;
    uint32_t rate, channels;
    uint32_t waiting; /* samples that no frame has yet */
    int64_t pts_us;   /* of the first of them */

    /* of the call at hand */
    s3hls__g711_sink *sink;
    void *ctx;
};

static int64_t duration_us(const s3hls__g711_input *g, uint32_t samples) {
    return (int64_t)samples * 1000000 / g->rate;
}

static void take_frame(void *ctx, const uint8_t *frame, size_t size, uint32_t samples) {
    s3hls__g711_input *g = ctx;
    if (g->sink)
        g->sink(g->ctx, frame, size, samples, g->pts_us);
    g->pts_us += duration_us(g, samples);
    g->waiting -= samples < g->waiting ? samples : g->waiting;
}

int s3hls__g711_open(s3hls__g711_input **out, const s3hls_audio_config *cfg, const s3hls_env *env,
                     s3hls__audio_track *track, const char **wrong) {
    uint32_t rate = cfg->sample_rate ? cfg->sample_rate : RATE_DEFAULT;
    uint32_t channels = cfg->channels ? cfg->channels : 1;
    *out = NULL;
    *wrong = "audio.sample_rate must be 8,000 to 48,000, and audio.channels 1 or 2";
    if (rate < RATE_DEFAULT || rate > RATE_MAX || channels > 2)
        return S3HLS_E_INVALID;
    s3hls__g711_input *g = s3hls__env_alloc(env, sizeof *g);
    if (!g)
        return S3HLS_E_NOMEM;
    g->alaw = cfg->codec == S3HLS_AUDIO_ALAW;
    g->rate = rate;
    g->channels = channels;
    int rc = s3hls__flac_encoder_init(&g->encoder, rate, channels, take_frame, g);
    if (!rc)
        rc = s3hls__flac_describe(g->encoder.info, sizeof g->encoder.info, track);
    if (rc)
        s3hls__g711_close(g, env);
    else
        *out = g;
    return rc;
}

int s3hls__g711_put(s3hls__g711_input *g, const s3hls_audio *audio, s3hls__g711_sink *sink,
                    void *ctx) {
    if (audio->size % g->channels)
        return S3HLS_E_MALFORMED;
    if (g->failed)
        return S3HLS_E_NOMEM;
    g->sink = sink;
    g->ctx = ctx;
    g->pts_us = audio->pts_us - duration_us(g, g->waiting);
    int16_t pcm[CHUNK];
    for (size_t at = 0; at < audio->size && !g->failed;) {
        size_t n = audio->size - at < CHUNK ? audio->size - at : CHUNK;
        s3hls__g711_decode(audio->data + at, n, g->alaw, pcm);
        at += n;
        g->waiting += (uint32_t)(n / g->channels);
        g->failed = s3hls__flac_encoder_encode(&g->encoder, pcm, n / g->channels) != S3HLS_OK;
    }
    return g->failed ? S3HLS_E_NOMEM : S3HLS_OK;
}

int s3hls__g711_end(s3hls__g711_input *g, s3hls__g711_sink *sink, void *ctx) {
    if (g->failed)
        return S3HLS_OK; /* put reported it */
    g->sink = sink;
    g->ctx = ctx;
    g->failed = true;
    return s3hls__flac_encoder_end(&g->encoder);
}

void s3hls__g711_close(s3hls__g711_input *g, const s3hls_env *env) {
    if (!g)
        return;
    g->sink = NULL; /* what waits is dropped */
    s3hls__flac_encoder_deinit(&g->encoder);
    s3hls__env_free(env, g);
}
