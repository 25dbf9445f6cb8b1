/* SPDX-License-Identifier: MIT-0 */
/** @file version.h
 * The version of headers and library.
 */
#ifndef S3HLS_VERSION_H
#define S3HLS_VERSION_H

#include "s3hls/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define S3HLS_VERSION "0.1.0"

/** Version of the linked library, "0.1.0". Any thread; static memory. */
S3HLS_API const char *s3hls_version(void);

#ifdef __cplusplus
}
#endif
#endif
