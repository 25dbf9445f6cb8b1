/* SPDX-License-Identifier: MIT-0 */
#include "codec/codecs.h"

static const s3hls__codec *const codecs[] = {&s3hls__codec_h264, &s3hls__codec_h265};

const s3hls__codec *s3hls__codec_find(s3hls__codec_id id) {
    for (unsigned i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i]->id == id)
            return codecs[i];
    return NULL;
}

/* The NAL unit headers of one codec are not of the base layer of the other, or of a type that it
 * leaves unspecified or uses rarely. */
const s3hls__codec *s3hls__codec_detect(const uint8_t *head, size_t size) {
    enum { FORBIDDEN_OR_TYPE = 0x9f, H265_VPS = 0x40, H265_SPS = 0x42, BASE_LAYER = 1 };
    if (size < 2)
        return NULL;
    if ((head[0] & FORBIDDEN_OR_TYPE) == S3HLS__H264_SPS)
        return &s3hls__codec_h264;
    bool h265 = (head[0] == H265_VPS || head[0] == H265_SPS) && head[1] == BASE_LAYER;
    return h265 ? &s3hls__codec_h265 : NULL;
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
