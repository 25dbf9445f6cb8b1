/* SPDX-License-Identifier: MIT-0 */
/* CRC-32C (Castagnoli, RFC 3720 12.1): by the CPU's instruction (SSE 4.2, the CRC extension of
 * ARMv8) if it has one, otherwise eight bytes at a time by eight tables. */
#ifndef S3HLS_S3_CRC32C_H
#define S3HLS_S3_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct s3hls__crc32c_table {
    bool by_instruction; /* the tables are not filled */
    uint32_t of[8][256];
} s3hls__crc32c_table;

void s3hls__crc32c_init(s3hls__crc32c_table *table);
/* The same without the CPU's instruction. */
void s3hls__crc32c_init_tables(s3hls__crc32c_table *table);
/* Continue from crc; 0 at the start. */
uint32_t s3hls__crc32c(const s3hls__crc32c_table *table, uint32_t crc, const uint8_t *data,
                       size_t size);

#endif
