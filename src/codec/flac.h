/* SPDX-License-Identifier: MIT-0 */
/* FLAC (RFC 9639): durations of frames, and tracks. Pure. */
#ifndef S3HLS_CODEC_FLAC_H
#define S3HLS_CODEC_FLAC_H

#include "media/media.h"
#include "s3hls/status.h"

enum { S3HLS__FLAC_STREAMINFO = 34 }; /* bytes */

/* Samples of a frame, by its header (9.1). @return 0: it is malformed */
uint32_t s3hls__flac_samples(const uint8_t *frame, size_t size);
/* Describe a track by its STREAMINFO (8.2).
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: not a STREAMINFO
 *   S3HLS_E_UNSUPPORTED: more than two channels, or over 96,000 samples per second */
int s3hls__flac_describe(const uint8_t *info, size_t size, s3hls__audio_track *track);

#endif
