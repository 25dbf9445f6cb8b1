/* SPDX-License-Identifier: MIT-0 */
/** @file time.h
 * Times as text, for people and URLs. Both functions are pure; any thread.
 */
#ifndef S3HLS_TIME_H
#define S3HLS_TIME_H

#include "s3hls/status.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define S3HLS_TIME_TEXT_MAX 32 /* bytes of a formatted time, including the NUL */

/** Parse ISO 8601 in UTC ("2026-11-23", "2026-11-23T03:12", "2026-11-23T03:12:00.5Z") or UNIX
 * seconds ("1795403520.5").
 * @param text  NUL-terminated
 * @param us    receives microseconds since 1970, up to the year 9999
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: neither form, or not a valid date or time of day
 *   S3HLS_E_INVALID: text or us is NULL */
S3HLS_API int s3hls_time_parse(const char *text, int64_t *us);

/** Format as "2026-11-23T03:12:00.500Z".
 * @param us    microseconds since 1970, 0 to the year 9999
 * @param text  receives it, NUL-terminated, cut to size
 * @param size  bytes; S3HLS_TIME_TEXT_MAX is always enough */
S3HLS_API void s3hls_time_format(int64_t us, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
