/* SPDX-License-Identifier: MIT-0 */
#include "codec/codecs.h"

static const s3hls__codec *const codecs[] = {&s3hls__codec_h264};

const s3hls__codec *s3hls__codec_find(s3hls__codec_id id) {
    for (unsigned i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i]->id == id)
            return codecs[i];
    return NULL;
}

void s3hls__track_set_rate(s3hls__track *track, uint64_t scale, uint64_t ticks) {
    enum { SLOWEST_S = 60, FASTEST = 300 };
    track->rate_num = track->rate_den = 0;
    if (!ticks || !scale || scale * SLOWEST_S < ticks || scale > ticks * FASTEST)
        return;
    uint64_t divisor = ticks, rest = scale;
    while (rest) {
        uint64_t next = divisor % rest;
        divisor = rest;
        rest = next;
    }
    ticks /= divisor;
    scale /= divisor;
    for (; ticks > 1000000 || scale > 1000000; ticks /= 2, scale /= 2) {
    }
    track->rate_num = (uint32_t)scale;
    track->rate_den = (uint32_t)ticks;
}
