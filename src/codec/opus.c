/* SPDX-License-Identifier: MIT-0 */
#include "codec/opus.h"
#include <string.h>

enum { RATE = 48000, LONGEST = RATE / 1000 * 120 };

/* Samples of one frame, by the configuration number of Table 2. */
static uint32_t frame_samples(uint8_t toc) {
    static const uint16_t silk[] = {480, 960, 1920, 2880};
    unsigned config = toc >> 3;
    if (config < 12)
        return silk[config & 3];
    if (config < 16)
        return config & 1 ? 960 : 480;
    return 120u << (config & 3);
}

/* The length of the first of two frames, 3.2.1, is within the packet. */
static bool first_frame_fits(const uint8_t *p, size_t size) {
    enum { LONG = 252 };
    if (size < 1 || (p[0] >= LONG && size < 2))
        return false;
    return p[0] < LONG ? p[0] <= size - 1 : p[0] + 4u * p[1] <= size - 2;
}

uint32_t s3hls__opus_samples(const uint8_t *packet, size_t size) {
    if (size < 1)
        return 0;
    unsigned code = packet[0] & 3;
    uint32_t frames = code ? 2 : 1;
    if (code == 1 && size % 2 == 0) /* two frames of equal size (3.2.3) */
        return 0;
    if (code == 2 && !first_frame_fits(packet + 1, size - 1))
        return 0;
    if (code == 3)
        frames = size > 1 ? packet[1] & 63 : 0;
    uint32_t samples = frames * frame_samples(packet[0]);
    return samples <= LONGEST ? samples : 0;
}

/* The body of a dOps box ("Encapsulation of Opus in ISO Base Media File Format" 4.3.2): OpusHead,
 * big-endian, and another version. */
static void write_dops(s3hls__audio_track *track, uint16_t pre_skip, uint32_t rate, int16_t gain) {
    uint8_t *p = track->config;
    p[0] = 0;
    p[1] = (uint8_t)track->channels;
    p[2] = (uint8_t)(pre_skip >> 8);
    p[3] = (uint8_t)pre_skip;
    for (int i = 0; i < 4; i++)
        p[4 + i] = (uint8_t)(rate >> (24 - 8 * i));
    p[8] = (uint8_t)((uint16_t)gain >> 8);
    p[9] = (uint8_t)gain;
    p[10] = 0; /* mono or stereo */
    track->config_size = 11;
}

int s3hls__opus_describe(const uint8_t *head, size_t size, uint32_t channels,
                         s3hls__audio_track *track) {
    enum { HEAD = 19, PRE_SKIP = 312 };
    uint16_t pre_skip = PRE_SKIP;
    uint32_t rate = RATE;
    int16_t gain = 0;
    if (head && (size < HEAD || memcmp(head, "OpusHead", 8) != 0))
        return S3HLS_E_MALFORMED;
    if (head) {
        channels = head[9];
        pre_skip = (uint16_t)(head[10] | head[11] << 8);
        rate = head[12] | (uint32_t)head[13] << 8 | (uint32_t)head[14] << 16 |
               (uint32_t)head[15] << 24;
        gain = (int16_t)(head[16] | head[17] << 8);
    }
    if (channels < 1 || channels > 2)
        return S3HLS_E_UNSUPPORTED;
    *track = (s3hls__audio_track){
        .codec = S3HLS__CODEC_OPUS, .codecs = "opus", .rate = RATE, .channels = channels};
    write_dops(track, pre_skip, rate, gain);
    return S3HLS_OK;
}
