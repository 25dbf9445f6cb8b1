/* SPDX-License-Identifier: MIT-0 */
/* NAL units of an Annex B byte stream, by their headers alone. Pure. */
#ifndef S3HLS_INPUT_NAL_H
#define S3HLS_INPUT_NAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    S3HLS__INPUT_NAL_SLICE = 1,
    S3HLS__INPUT_NAL_IDR = 5,
    S3HLS__INPUT_NAL_SEI = 6,
    S3HLS__INPUT_NAL_SPS = 7,
    S3HLS__INPUT_NAL_PPS = 8
};

/* Find the next start code at or after *p; *p is moved after the NAL unit header that follows it.
 * @param header  receives the NAL unit's first byte
 * @return false: there is none before end. */
bool s3hls__input_nal_next(const uint8_t **p, const uint8_t *end, uint8_t *header);

/* @return the header of the first slice; 0: there is none. */
uint8_t s3hls__input_nal_slice(const uint8_t *p, size_t size);

bool s3hls__input_nal_has_sps(const uint8_t *p, size_t size);

#endif
