/* SPDX-License-Identifier: MIT-0 */
/* The audio of an input: packets that can be recorded are passed on, others are converted to AAC.
 */
#ifndef S3HLS_INPUT_AUDIO_H
#define S3HLS_INPUT_AUDIO_H

#include "s3hls/input.h"
#include <libavformat/avformat.h>
#include <stdbool.h>

typedef struct s3hls__input_audio s3hls__input_audio;

/* Choose and open the best audio stream.
 * @param out   NULL: there is none, or it is not wanted
 * @param why   receives the error, 256 bytes
 * @return S3HLS_OK
 *   S3HLS_E_UNSUPPORTED: it would have to be converted, which is not wanted or not possible
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__input_audio_open(s3hls__input_audio **out, AVFormatContext *format,
                            const s3hls_source_config *options, char why[256]);
void s3hls__input_audio_close(s3hls__input_audio **audio);

int s3hls__input_audio_stream(const s3hls__input_audio *a); /* its index */
/* How it is recorded. Valid until close. */
const s3hls_audio_config *s3hls__input_audio_config(const s3hls__input_audio *a);

/* Take over a packet of the stream; NULL: no packet follows. What cannot be decoded is counted. */
void s3hls__input_audio_push(s3hls__input_audio *a, AVPacket *packet);
/* @return false: nothing waits. audio->data is valid until the next call */
bool s3hls__input_audio_pop(s3hls__input_audio *a, s3hls_audio *audio);
uint64_t s3hls__input_audio_damaged(const s3hls__input_audio *a);

#endif
