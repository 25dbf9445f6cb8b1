/* SPDX-License-Identifier: MIT-0 */
/* Replaces g711.c in builds without libFLAC. */
#include "record/g711.h"
#include "s3hls/status.h"

int s3hls__g711_open(s3hls__g711_input **g, const s3hls_audio_config *cfg, const s3hls_env *env,
                     s3hls__audio_track *track, const char **wrong) {
    (void)cfg, (void)env, (void)track;
    *g = NULL;
    *wrong =
        "audio.codec: no player of HLS decodes G.711: encode it as AAC, or build with S3HLS_FLAC";
    return S3HLS_E_UNSUPPORTED;
}

int s3hls__g711_put(s3hls__g711_input *g, const s3hls_audio *audio, s3hls__g711_sink *sink,
                    void *ctx) {
    (void)g, (void)audio, (void)sink, (void)ctx;
    return S3HLS_E_UNSUPPORTED;
}

int s3hls__g711_end(s3hls__g711_input *g, s3hls__g711_sink *sink, void *ctx) {
    (void)g, (void)sink, (void)ctx;
    return S3HLS_OK;
}

void s3hls__g711_close(s3hls__g711_input *g, const s3hls_env *env) {
    (void)g, (void)env;
}
