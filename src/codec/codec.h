/* SPDX-License-Identifier: MIT-0 */
#ifndef S3HLS_CODEC_H
#define S3HLS_CODEC_H

#include "media/media.h"

/* Set a track's frame rate: scale / ticks per second, reduced. No rate is set if scale or ticks is
 * 0, or if no camera has this rate (below 1/60 or above 300). */
void s3hls__track_set_rate(s3hls__track *track, uint64_t scale, uint64_t ticks);

#endif
