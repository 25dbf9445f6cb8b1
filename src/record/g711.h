/* SPDX-License-Identifier: MIT-0 */
/* G.711 of a camera without an AAC encoder, recorded as FLAC, which keeps every sample (CMake
 * option S3HLS_FLAC; without it no_g711.c replaces g711.c). */
#ifndef S3HLS_RECORD_G711_H
#define S3HLS_RECORD_G711_H

#include "base/env.h"
#include "media/media.h"
#include "s3hls/recorder.h"

typedef struct s3hls__g711_input s3hls__g711_input;

/* Takes one FLAC frame, which is valid during the call. @param pts_us  of its first sample */
typedef void s3hls__g711_sink(void *ctx, const uint8_t *frame, size_t size, uint32_t samples,
                              int64_t pts_us);

/* @param track  receives the description of the FLAC frames. @return S3HLS_OK
 *   S3HLS_E_INVALID: *wrong names the option
 *   S3HLS_E_UNSUPPORTED: not built in; *wrong states it
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__g711_open(s3hls__g711_input **g, const s3hls_audio_config *cfg, const s3hls_env *env,
                     s3hls__audio_track *track, const char **wrong);

/* Samples wait until a frame of 1,024 is complete. @return S3HLS_OK
 *   S3HLS_E_MALFORMED: not whole samples of each channel
 *   S3HLS_E_NOMEM: libFLAC failed; nothing more is encoded */
int s3hls__g711_put(s3hls__g711_input *g, const s3hls_audio *audio, s3hls__g711_sink *sink,
                    void *ctx);

/* Emit the samples that wait, as a shorter frame. Only s3hls__g711_close() may follow.
 * @return S3HLS_OK
 *   S3HLS_E_NOMEM: libFLAC failed; they are lost */
int s3hls__g711_end(s3hls__g711_input *g, s3hls__g711_sink *sink, void *ctx);

/* NULL: does nothing. */
void s3hls__g711_close(s3hls__g711_input *g, const s3hls_env *env);

#endif
