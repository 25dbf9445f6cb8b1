/* SPDX-License-Identifier: MIT-0 */
/* Text that is well-formed and holds no control characters. */
#ifndef S3HLS_BASE_PRINTABLE_H
#define S3HLS_BASE_PRINTABLE_H

#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed UTF-8 sequence at s (RFC 3629: shortest form, no surrogates) if it is
 * no control character (C0, DEL, C1); 0 otherwise. size: above 0. */
size_t s3hls__utf8_printable(const uint8_t *s, size_t size);

#endif
