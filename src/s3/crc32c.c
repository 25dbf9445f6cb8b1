/* SPDX-License-Identifier: MIT-0 */
#include "s3/crc32c.h"
#include <string.h>

/* ---- the CPU's instruction. By inline assembly: intrinsics need options for the whole file, or
 * attributes that differ between compilers. */

#if defined(__x86_64__)
#include <cpuid.h>

static bool has_instruction(void) {
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && c & bit_SSE4_2;
}

static uint32_t next8(uint32_t crc, uint64_t data) {
    uint64_t wide = crc;
    __asm__("crc32q %1, %0" : "+r"(wide) : "r"(data));
    return (uint32_t)wide;
}

static uint32_t next1(uint32_t crc, uint8_t data) {
    __asm__("crc32b %1, %0" : "+r"(crc) : "r"(data));
    return crc;
}

#elif defined(__AARCH64EL__)
#include <sys/auxv.h>

static bool has_instruction(void) {
    return getauxval(AT_HWCAP) >> 7 & 1; /* HWCAP_CRC32 */
}

static uint32_t next8(uint32_t crc, uint64_t data) {
    __asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(data));
    return crc;
}

static uint32_t next1(uint32_t crc, uint8_t data) {
    __asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1" : "+r"(crc) : "r"(data));
    return crc;
}

#else
#define NO_INSTRUCTION
#endif

#ifndef NO_INSTRUCTION
static uint32_t by_instruction(uint32_t crc, const uint8_t *data, size_t size) {
    uint64_t bytes;
    for (; size >= sizeof bytes; data += sizeof bytes, size -= sizeof bytes) {
        memcpy(&bytes, data, sizeof bytes);
        crc = next8(crc, bytes);
    }
    for (; size > 0; data++, size--)
        crc = next1(crc, *data);
    return crc;
}
#endif

/* ---- tables */

void s3hls__crc32c_init_tables(s3hls__crc32c_table *table) {
    table->by_instruction = false;
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

static uint32_t by_tables(const uint32_t (*of)[256], uint32_t crc, const uint8_t *data,
                          size_t size) {
    for (; size >= 8; data += 8, size -= 8) {
        crc ^= (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
               (uint32_t)data[3] << 24;
        crc = of[7][crc & 255] ^ of[6][crc >> 8 & 255] ^ of[5][crc >> 16 & 255] ^ of[4][crc >> 24] ^
              of[3][data[4]] ^ of[2][data[5]] ^ of[1][data[6]] ^ of[0][data[7]];
    }
    for (; size > 0; data++, size--)
        crc = crc >> 8 ^ of[0][(crc ^ *data) & 255];
    return crc;
}

/* ---- */

void s3hls__crc32c_init(s3hls__crc32c_table *table) {
#ifndef NO_INSTRUCTION
    if (has_instruction()) {
        table->by_instruction = true;
        return;
    }
#endif
    s3hls__crc32c_init_tables(table);
}

uint32_t s3hls__crc32c(const s3hls__crc32c_table *table, uint32_t crc, const uint8_t *data,
                       size_t size) {
#ifndef NO_INSTRUCTION
    if (table->by_instruction)
        return ~by_instruction(~crc, data, size);
#endif
    return ~by_tables(table->of, ~crc, data, size);
}
