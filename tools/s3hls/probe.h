/* SPDX-License-Identifier: MIT-0 */
/* What an input sends, found by reading it for some seconds. */
#ifndef TOOL_PROBE_H
#define TOOL_PROBE_H

#include "media/media.h"
#include "s3hls/input.h"

enum { PROBE_MS = 15000 }; /* of reading, unless enough keyframes arrive before */

typedef struct probe {
    int status; /* S3HLS_OK, or why it cannot be read */
    char why[S3HLS_SOURCE_WHY_BYTES];
    s3hls__track video; /* codec NONE: no keyframe has arrived */
    s3hls_audio_codec audio;
    char audio_refused[128]; /* "": it is not */
    int rotation;
    uint64_t pictures, bytes, keyframes, damaged;
    int64_t read_us;     /* how long it was read */
    int64_t media_us;    /* from the first picture to the last */
    int64_t interval_us; /* longest time between two keyframes; if there was none after the first,
                            the time since it */
} probe;

/* Open and read an input. Blocks for some seconds; allocates.
 * @param source  its functions are replaced */
void probe_run(probe *p, const s3hls_source_config *source);

#endif
