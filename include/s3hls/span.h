/* SPDX-License-Identifier: MIT-0 */
/** @file span.h
 * Bytes without an owner.
 */
#ifndef S3HLS_SPAN_H
#define S3HLS_SPAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Contiguous bytes. A view: the memory remains the caller's. */
typedef struct s3hls_span {
    const uint8_t *data;
    size_t size; /* bytes */
} s3hls_span;

#ifdef __cplusplus
}
#endif
#endif
