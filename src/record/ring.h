/* SPDX-License-Identifier: MIT-0 */
/* A ring of audio frames from one thread to another, without locks. Its memory is allocated at
 * open. When it is full, the producer drops the oldest frame, unless the consumer is reading it.
 *
 *   producer:  push                          consumer:  begin ─▶ next ... ─▶ end
 */
#ifndef S3HLS_RECORD_RING_H
#define S3HLS_RECORD_RING_H

#include "base/env.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct s3hls__ring {
    uint8_t *bytes;
    uint64_t size;         /* a power of two */
    _Atomic uint64_t head; /* bytes pushed so far */
    _Atomic uint64_t tail; /* twice the bytes that were removed so far; odd: the consumer reads */
    _Atomic uint64_t dropped; /* frames */
} s3hls__ring;

/* A frame in the ring. */
typedef struct s3hls__ring_frame {
    int64_t pts_us;
    uint32_t samples;
    uint32_t size;          /* bytes */
    const uint8_t *data[2]; /* set by next: valid until end */
    size_t part[2];         /* bytes of each piece */
    uint64_t after;         /* set by next: where the frame behind it begins */
} s3hls__ring_frame;

/* @param size  bytes; rounded up to a power of two. @return S3HLS_OK; S3HLS_E_NOMEM */
int s3hls__ring_open(s3hls__ring *ring, size_t size, const s3hls_env *env);
void s3hls__ring_close(s3hls__ring *ring, const s3hls_env *env);

/* Producer: copy a frame into the ring.
 * @return S3HLS_OK
 *   S3HLS_W_DROPPED_OLDER: older frames were dropped
 *   S3HLS_E_FULL: the consumer is reading; it was not kept
 *   S3HLS_E_TOO_LARGE: it is larger than the ring */
int s3hls__ring_push(s3hls__ring *ring, const s3hls__ring_frame *frame, const uint8_t *data);

/* Consumer: begin to read. @return where the oldest frame begins, for next */
uint64_t s3hls__ring_begin(s3hls__ring *ring);
/* @return false: no frame begins at this place yet */
bool s3hls__ring_next(const s3hls__ring *ring, uint64_t at, s3hls__ring_frame *frame);
/* Remove the frames before this place. */
void s3hls__ring_end(s3hls__ring *ring, uint64_t at);

#endif
