/* SPDX-License-Identifier: MIT-0 */
/* From a source to a recorder: pictures from a keyframe on, audio beside them, and times that
 * continue although each connection to a camera has its own. */
#ifndef S3HLS_GATEWAY_FEED_H
#define S3HLS_GATEWAY_FEED_H

#include "s3hls/input.h"
#include "s3hls/recorder.h"
#include <stdbool.h>

/* Set the members of the first group; the rest is initially zero. One thread at a time. */
typedef struct s3hls__feed {
    s3hls_recorder *recorder;
    s3hls_audio_codec audio; /* of the recorder: other audio is left out */

    bool again;          /* a source was connected before */
    bool first_seen;     /* a picture of this source was put */
    bool await_keyframe; /* pictures are left out up to it */
    int64_t newest_us;   /* time of the newest picture, as put */
    int64_t shift_us;    /* from the source's times to those of the recorder */
} s3hls__feed;

/* A source was lost: end the segment. The next one begins at a keyframe, in a new timeline. */
void s3hls__feed_lose(s3hls__feed *feed);
/* Put what was read from a source: an access unit, and the audio that came with it. */
void s3hls__feed_put(s3hls__feed *feed, s3hls_source *source, const s3hls_frame *frame);
/* Put the audio that remains behind the last picture. */
void s3hls__feed_put_audio(s3hls__feed *feed, s3hls_source *source);

#endif
