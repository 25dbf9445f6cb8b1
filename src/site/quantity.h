/* SPDX-License-Identifier: MIT-0 */
/* Quantities as people write them. Pure. */
#ifndef S3HLS_SITE_QUANTITY_H
#define S3HLS_SITE_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

/* Parse a size: "4M", "1.5G"; K, M, G and T are powers of 1,024; without a unit: bytes.
 * @return false: malformed, or 10^15 bytes or more */
bool s3hls__quantity_parse_size(const char *text, uint64_t *bytes);
/* Parse a duration: "500ms", "4s", "1.5m", "2h", "30d".
 * @return false: malformed, without a unit, or 10^15 ms or more */
bool s3hls__quantity_parse_duration(const char *text, uint64_t *ms);
/* Parse an integer of at most max. */
bool s3hls__quantity_parse_count(const char *text, uint64_t max, uint64_t *count);

#endif
