/* SPDX-License-Identifier: MIT-0 */
#ifndef S3HLS_CONTAINER_CRC32_H
#define S3HLS_CONTAINER_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC_32 of a PSI section, ISO/IEC 13818-1 Annex A: polynomial 0x04c11db7, most significant bit
 * first, begun with ones.
 */
uint32_t s3hls__mux_crc32(const uint8_t *data, size_t size);

#endif
