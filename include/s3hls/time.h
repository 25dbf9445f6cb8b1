/* SPDX-License-Identifier: MIT-0 */
/** @file time.h
 * Times as people and addresses write them.
 */
#ifndef S3HLS_TIME_H
#define S3HLS_TIME_H

#include "s3hls/status.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define S3HLS_TIME_TEXT_MAX 32 /* bytes of a formatted time, with the NUL */

/** Read ISO 8601 in UTC ("2026-11-23", "2026-11-23T03:12", "2026-11-23T03:12:00.5Z") or UNIX
 * seconds ("1795403520.5").
 * @param us  receives microseconds since 1970
 * @return S3HLS_OK; S3HLS_E_MALFORMED: neither, or no day of the calendar; S3HLS_E_INVALID: NULL.
 */
S3HLS_API int s3hls_time_parse(const char *text, int64_t *us);

/** Write "2026-11-23T03:12:00.500Z".
 * @param us    microseconds since 1970, up to the year 9999
 * @param text  receives it, NUL-terminated; S3HLS_TIME_TEXT_MAX bytes always do */
S3HLS_API void s3hls_time_format(int64_t us, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
