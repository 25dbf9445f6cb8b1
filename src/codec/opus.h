/* SPDX-License-Identifier: MIT-0 */
/* Opus (RFC 6716): durations of packets, and tracks. Pure. */
#ifndef S3HLS_CODEC_OPUS_H
#define S3HLS_CODEC_OPUS_H

#include "media/media.h"
#include "s3hls/status.h"

/* Samples of a packet at 48,000 Hz, RFC 6716 3.1, 3.2. @return 0: it is malformed */
uint32_t s3hls__opus_samples(const uint8_t *packet, size_t size);
/* Describe a track. @param head  OpusHead (RFC 7845 5.1) of 19 bytes or more; NULL: none, then
 * @param channels  1 or 2
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: not an OpusHead
 *   S3HLS_E_UNSUPPORTED: more than two channels */
int s3hls__opus_describe(const uint8_t *head, size_t size, uint32_t channels,
                         s3hls__audio_track *track);

#endif
