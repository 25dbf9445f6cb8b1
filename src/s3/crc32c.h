/* SPDX-License-Identifier: MIT-0 */
/* CRC-32C (Castagnoli, RFC 3720 12.1), eight bytes at a time by eight tables. */
#ifndef S3HLS_S3_CRC32C_H
#define S3HLS_S3_CRC32C_H

#include <stddef.h>
#include <stdint.h>

typedef struct s3hls__crc32c_table {
    uint32_t of[8][256];
} s3hls__crc32c_table;

void s3hls__crc32c_init(s3hls__crc32c_table *table);
/* Continue from crc; 0 at the start. */
uint32_t s3hls__crc32c(const s3hls__crc32c_table *table, uint32_t crc, const uint8_t *data,
                       size_t size);

#endif
