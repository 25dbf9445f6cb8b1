/* SPDX-License-Identifier: MIT-0 */
/* Dates and times of day in UTC, 1970 to 9999, as fields and as ISO 8601 text. Pure; without the C
 * library's time zones. */
#ifndef S3HLS_BASE_DATE_H
#define S3HLS_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define S3HLS__DATE_END_S      INT64_C(253402300800) /* the year 10000 */
#define S3HLS__DATE_TEXT_BYTES 25                    /* "2026-11-23T03:12:00.500Z", and the NUL */

typedef struct s3hls__date {
    unsigned year, month, day, hour, minute, second; /* month and day: from 1 */
} s3hls__date;

/* @param unix_s  0 to S3HLS__DATE_END_S - 1; a time outside is replaced by the nearest one */
s3hls__date s3hls__date_of(int64_t unix_s);
/* @return false: there is no such date or time of day from 1970 to 9999 */
bool s3hls__date_to_unix(const s3hls__date *date, int64_t *unix_s);

/* Parse "2026-11-23", "2026-11-23T03:12" or "2026-11-23 03:12:00.5" (rounded down to microseconds).
 * @return the text that follows: a time zone, or the end
 *   NULL: malformed, or no such time */
const char *s3hls__date_parse(const char *text, int64_t *unix_us);
/* Parse "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate, RFC 9110 5.6.7); the day of the week does not
 * count. @return false: malformed, or no such time */
bool s3hls__date_parse_http(const char *text, int64_t *unix_s);
/* Parse a fraction of a second, ".5". @return the text that follows; text: there is none */
const char *s3hls__date_parse_fraction(const char *text, int64_t *us);

/* Format as "2026-11-23T03:12:00.500Z". */
void s3hls__date_format(int64_t unix_ms, char text[S3HLS__DATE_TEXT_BYTES]);
/* Write a number with exactly count digits, without a NUL. @return the position after them */
char *s3hls__date_digits(char *to, uint64_t value, int count);

#endif
