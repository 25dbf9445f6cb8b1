/* SPDX-License-Identifier: MIT-0 */
/* A buffer of NAL units that wait for the next slice, which determines the picture they belong to.
 * Each is preceded by its size. Signed video has SEI of tens of KiB. */
#ifndef S3HLS_CODEC_HELD_H
#define S3HLS_CODEC_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { S3HLS__HELD_BYTES = 64 * 1024 };

typedef struct s3hls__held {
    uint32_t size, newest; /* bytes in use; where the newest NAL unit's size stands */
    uint8_t bytes[S3HLS__HELD_BYTES];
} s3hls__held;

void s3hls__held_clear(s3hls__held *h);

/* Begin another NAL unit: the bytes appended next belong to it. */
void s3hls__held_begin(s3hls__held *h);

/* @return false: they do not fit, and the NAL unit is dropped. */
bool s3hls__held_append(s3hls__held *h, const uint8_t *data, size_t size);
void s3hls__held_drop_newest(s3hls__held *h);
const uint8_t *s3hls__held_newest(const s3hls__held *h, size_t *size);

/* The NAL unit after this one; the first one for NULL. @return NULL: there is none */
const uint8_t *s3hls__held_next(const s3hls__held *h, const uint8_t *nal, size_t *size);
typedef enum s3hls__held_verdict {
    S3HLS__HELD_KEEP,
    S3HLS__HELD_DROP,
    S3HLS__HELD_DROP_ALL /* this NAL unit and all before it */
} s3hls__held_verdict;

/* Decide on each NAL unit, in order. */
void s3hls__held_filter(s3hls__held *h,
                        s3hls__held_verdict (*decide)(void *ctx, const uint8_t *nal, size_t size),
                        void *ctx);
uint32_t s3hls__held_count(const s3hls__held *h);

#endif
