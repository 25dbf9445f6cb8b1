/* SPDX-License-Identifier: MIT-0 */
#include "s3/crc32c.h"

void s3hls__crc32c_init(s3hls__crc32c_table *table) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0); /* 0x1EDC6F41, bit-reversed */
        table->of[0][byte] = crc;
    }
    for (int zeros = 1; zeros < 8; zeros++)
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t crc = table->of[zeros - 1][byte];
            table->of[zeros][byte] = crc >> 8 ^ table->of[0][crc & 255];
        }
}

uint32_t s3hls__crc32c(const s3hls__crc32c_table *table, uint32_t crc, const uint8_t *data,
                       size_t size) {
    const uint32_t(*of)[256] = table->of;
    crc = ~crc;
    for (; size >= 8; data += 8, size -= 8) {
        crc ^= (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
               (uint32_t)data[3] << 24;
        crc = of[7][crc & 255] ^ of[6][crc >> 8 & 255] ^ of[5][crc >> 16 & 255] ^ of[4][crc >> 24] ^
              of[3][data[4]] ^ of[2][data[5]] ^ of[1][data[6]] ^ of[0][data[7]];
    }
    for (; size > 0; data++, size--)
        crc = crc >> 8 ^ of[0][(crc ^ *data) & 255];
    return ~crc;
}
