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

uint8_t s3hls__input_nal_slice(const uint8_t *p, size_t size) {
    uint8_t header;
    for (const uint8_t *at = p; s3hls__input_nal_next(&at, p + size, &header);)
        if ((header & 31) == S3HLS__INPUT_NAL_SLICE || (header & 31) == S3HLS__INPUT_NAL_IDR)
            return header;
    return 0;
}

bool s3hls__input_nal_has_sps(const uint8_t *p, size_t size) {
    uint8_t header;
    for (const uint8_t *at = p; s3hls__input_nal_next(&at, p + size, &header);)
        if ((header & 31) == S3HLS__INPUT_NAL_SPS)
            return true;
    return false;
}
