/* SPDX-License-Identifier: MIT-0 */
#include "input/nal.h"
#include <string.h>

bool s3hls__input_nal_next(const uint8_t **p, const uint8_t *end, uint8_t *header) {
    const uint8_t *at = *p;
    while (end - at > 3 && (at = memchr(at, 0, (size_t)(end - at) - 3))) {
        if (at[1] == 0 && at[2] == 1) {
            *header = at[3];
            *p = at + 4;
            return true;
        }
        at++;
    }
    return false;
}

static s3hls__input_slice h264_slice(uint8_t header) {
    return (s3hls__input_slice){.idr = (header & 31) == S3HLS__INPUT_NAL_IDR,
                                .disposable = !(header & 0x60)};
}

/* Table 7-1: below 16, even types are of pictures to which none of their sub-layer refers. */
static s3hls__input_slice h265_slice(uint8_t type) {
    enum { IRAP = 16, CRA = 21 };
    return (s3hls__input_slice){.idr = type >= IRAP && type < CRA,
                                .disposable = type < IRAP && !(type & 1)};
}

s3hls__input_slice s3hls__input_nal_slice(const uint8_t *p, size_t size, bool h265) {
    enum { H265_SLICES = 32 };
    uint8_t header;
    for (const uint8_t *at = p; s3hls__input_nal_next(&at, p + size, &header);) {
        uint8_t type = h265 ? header >> 1 & 63 : header & 31;
        if (h265 && type < H265_SLICES)
            return h265_slice(type);
        if (!h265 && (type == S3HLS__INPUT_NAL_SLICE || type == S3HLS__INPUT_NAL_IDR))
            return h264_slice(header);
    }
    return (s3hls__input_slice){.disposable = true};
}

bool s3hls__input_nal_has_sps(const uint8_t *p, size_t size, bool h265) {
    enum { H265_SPS = 33 };
    uint8_t header;
    for (const uint8_t *at = p; s3hls__input_nal_next(&at, p + size, &header);)
        if (h265 ? (header >> 1 & 63) == H265_SPS : (header & 31) == S3HLS__INPUT_NAL_SPS)
            return true;
    return false;
}
