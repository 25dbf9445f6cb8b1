/* SPDX-License-Identifier: MIT-0 */
/* Detection of control characters and malformed UTF-8. */
#ifndef S3HLS_BASE_PRINTABLE_H
#define S3HLS_BASE_PRINTABLE_H

#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed UTF-8 sequence at s (RFC 3629: shortest form, no surrogates).
 * @param size  1 or more
 * @return 0: malformed, or a control character (C0, DEL, C1) */
size_t s3hls__utf8_printable(const uint8_t *s, size_t size);

#endif
