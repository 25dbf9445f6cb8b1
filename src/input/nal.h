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

/* What the first slice of a picture shows. */
typedef struct s3hls__input_slice {
    bool idr;        /* of a picture at which everything begins anew (H.265: IDR or BLA) */
    bool disposable; /* no other picture refers to it; also if there is no slice */
} s3hls__input_slice;
s3hls__input_slice s3hls__input_nal_slice(const uint8_t *p, size_t size, bool h265);

bool s3hls__input_nal_has_sps(const uint8_t *p, size_t size, bool h265);

#endif
