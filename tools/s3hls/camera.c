/* SPDX-License-Identifier: MIT-0 */
#include "camera.h"
#include <stdio.h>

static void say(const camera *c, const char *event, const char *message, int64_t ms) {
    fprintf(stderr, "s3hls record: %s: %s\n", c->name, message);
    events_tell_input(c->delivery->events, event, message, ms);
}

/* Between half of it and all of it; the counts are kept on the screen meanwhile. */
static void pause_jittered(const camera *c, int64_t ms) {
    const s3hls_env env = s3hls_env_default();
    int64_t half = ms / 2;
    int64_t end_us =
        delivery_clock_us() + (half + (int64_t)(env.random(env.ctx) % (uint64_t)(half + 1))) * 1000;
    while (delivery_clock_us() < end_us && !delivery_interrupted()) {
        delivery_pause_ms(50);
        delivery_look(c->delivery);
    }
}

bool camera_find_again(const camera *c, media **input, const char *why) {
    enum { FIRST_MS = 1000, LONGEST_MS = 30000 };
    char message[320], other[256];
    int64_t gone_us = delivery_clock_us();
    media_options options = *c->options;
    snprintf(message, sizeof message, "the camera is gone (%s); looking for it", why);
    c->delivery->input_gone = true;
    s3hls_recorder_flush(c->delivery->recorder); /* what there is goes its way */
    say(c, "input-lost", message, 0);
    options.at_keyframe = true;
    for (int64_t ms = FIRST_MS; !*input; ms = ms < LONGEST_MS / 2 ? ms * 2 : LONGEST_MS) {
        pause_jittered(c, ms);
        if (delivery_interrupted())
            return false;
        media_open(input, c->address, &options, other);
    }
    c->delivery->reconnects++;
    c->delivery->input_gone = false;
    int64_t gap_ms = (delivery_clock_us() - gone_us) / 1000;
    snprintf(message, sizeof message, "the camera is back; %.1f s were not recorded",
             (double)gap_ms / 1e3);
    say(c, "input-back", message, gap_ms);
    return true;
}
