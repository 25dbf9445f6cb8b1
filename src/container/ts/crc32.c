/* SPDX-License-Identifier: MIT-0 */
#include "container/ts/crc32.h"

uint32_t s3hls__mux_crc32(const uint8_t *data, size_t size) {
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size;
         i++) { /* only two sections per segment: a table is not worthwhile */
        crc ^= (uint32_t)data[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
    }
    return crc;
}
