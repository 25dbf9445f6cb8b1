/* SPDX-License-Identifier: MIT-0 */
#include "gateway/feed.h"

void s3hls__feed_lose(s3hls__feed *feed) {
    feed->again = true;
    feed->first_seen = false;
    feed->await_keyframe = true;
    s3hls_recorder_flush(feed->recorder);
}

static void put_picture(s3hls__feed *feed, s3hls_frame frame) {
    static const int64_t STEP_BACK_US = 1000000; /* large enough to begin a new timeline */
    if (!feed->first_seen && feed->again)
        feed->shift_us = feed->newest_us - STEP_BACK_US - frame.pts_us;
    feed->first_seen = true;
    frame.pts_us += feed->shift_us;
    feed->newest_us = frame.pts_us;
    s3hls_recorder_put_video(feed->recorder, &frame); /* failures are in the statistics */
}

void s3hls__feed_put_audio(s3hls__feed *feed, s3hls_source *source) {
    bool wanted = s3hls_source_get_facts(source)->audio.codec == feed->audio;
    s3hls_audio audio;
    while (s3hls_source_take_audio(source, &audio)) {
        audio.pts_us += feed->shift_us;
        if (wanted && feed->first_seen) /* failures are in the statistics */
            s3hls_recorder_put_audio(feed->recorder, &audio);
    }
}

void s3hls__feed_put(s3hls__feed *feed, s3hls_source *source, const s3hls_frame *frame) {
    feed->await_keyframe &= !s3hls_source_at_keyframe(source);
    if (!feed->await_keyframe)
        put_picture(feed, *frame);
    s3hls__feed_put_audio(feed, source);
}
