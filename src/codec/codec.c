/* SPDX-License-Identifier: MIT-0 */
#include "codec/codecs.h"

static const s3hls__codec *const codecs[] = {&s3hls__codec_h264, &s3hls__codec_h265};

const s3hls__codec *s3hls__codec_find(s3hls__codec_id id) {
    for (unsigned i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i]->id == id)
            return codecs[i];
    return NULL;
}

/* A damaged header of H.265 is not enough: its second byte is below 8, and no profile is. A set
 * that is longer than its head may fail for that alone. */
static bool is_h264_sps(const uint8_t *head, size_t size) {
    enum { LOWEST_PROFILE = 44, RESERVED_BITS = 3, LOWEST_LEVEL = 9, HIGHEST_LEVEL = 62 };
    s3hls__h264_sps sps;
    if (size < 4 || head[1] < LOWEST_PROFILE)
        return false;
    if (s3hls__h264_parse_sps(head, size, &sps) == S3HLS_OK)
        return true;
    return size == S3HLS__SLICE_HEADER_BYTES && !(head[2] & RESERVED_BITS) &&
           head[3] >= LOWEST_LEVEL && head[3] <= HIGHEST_LEVEL;
}

/* The header of a parameter set of one codec is no header that the other uses in its base layer.
 * H.264 has data partitions that look like an SPS of H.265, but nothing that reads as a VPS. */
const s3hls__codec *s3hls__codec_detect(const s3hls__codec *now, const uint8_t *head, size_t size) {
    enum { FORBIDDEN_OR_TYPE = 0x9f, H265_VPS = 0x40, H265_SPS = 0x42, BASE_LAYER = 1 };
    uint8_t id;
    if (size < 2)
        return NULL;
    if ((head[0] & FORBIDDEN_OR_TYPE) == S3HLS__H264_SPS && now != &s3hls__codec_h264)
        return !now || is_h264_sps(head, size) ? &s3hls__codec_h264 : NULL;
    if (now == &s3hls__codec_h265 || head[1] != BASE_LAYER)
        return NULL;
    bool h265 = head[0] == H265_VPS || head[0] == H265_SPS;
    if (now)
        h265 = head[0] == H265_VPS && s3hls__h265_parse_vps(head, size, &id) == S3HLS_OK;
    return h265 ? &s3hls__codec_h265 : NULL;
}

/* Some headers are of a slice in one codec and of another NAL unit in the other: SEI of H.264 and
 * TSA_R, for example. Such a NAL unit waits for the codec. */
bool s3hls__codec_any_slice(const uint8_t *head, size_t size) {
    s3hls__nal_kind h264 = s3hls__codec_h264.nal_kind(head, size);
    s3hls__nal_kind h265 = s3hls__codec_h265.nal_kind(head, size);
    return (s3hls__nal_is_slice(h264) && h265 > S3HLS__NAL_PREFIX) ||
           (s3hls__nal_is_slice(h265) && head[0] != S3HLS__H264_SEI);
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
