/* SPDX-License-Identifier: MIT-0 */
/* The audio frames of one segment, as an MP4 holds them. */
#ifndef S3HLS_EXPORT_SOUND_H
#define S3HLS_EXPORT_SOUND_H

#include "s3hls/env.h"
#include <libavformat/avformat.h>
#include <stdbool.h>

/* In order. Initialise to zero. */
typedef struct s3hls__sound {
    AVPacket **list; /* PTS as in the stream, 90 kHz */
    size_t count, capacity;
    AVCodecParameters *track; /* of the newest frame; NULL: there was none yet */
} s3hls__sound;

/* Append the frames of a packet; what cannot be read is left out.
 * @return S3HLS_OK; S3HLS_E_NOMEM */
int s3hls__sound_add(s3hls__sound *sound, const AVStream *stream, const AVPacket *packet,
                     const s3hls_env *env);
/* No frame of the segment follows: durations that the demuxer does not state are those up to the
 * next frame. */
void s3hls__sound_complete(s3hls__sound *sound);
/* Free the frames, but keep the track. */
void s3hls__sound_clear(s3hls__sound *sound, const s3hls_env *env);
void s3hls__sound_close(s3hls__sound *sound, const s3hls_env *env);
/* Test whether frames of the second track can follow those of the first. Accepts NULL. */
bool s3hls__sound_same(const AVCodecParameters *a, const AVCodecParameters *b);

#endif
