/* SPDX-License-Identifier: MIT-0 */
#include "s3/crypto.h"
#include <string.h>

bool s3hls__digest(s3hls__hash_kind kind, const void *data, size_t size, uint8_t *digest) {
    s3hls__hash hash;
    s3hls__hash_begin(&hash, kind);
    s3hls__hash_add(&hash, data, size);
    return s3hls__hash_end(&hash, digest);
}

/* RFC 2104 2: H((key ^ pad_out) || H((key ^ pad_in) || data)) */
static bool hash_padded(const uint8_t block[64], uint8_t pad, const void *data, size_t size,
                        uint8_t digest[S3HLS__SHA256_BYTES]) {
    uint8_t padded[64];
    s3hls__hash hash;
    for (size_t i = 0; i < sizeof padded; i++)
        padded[i] = block[i] ^ pad;
    s3hls__hash_begin(&hash, S3HLS__SHA256);
    s3hls__hash_add(&hash, padded, sizeof padded);
    s3hls__hash_add(&hash, data, size);
    s3hls__wipe(padded, sizeof padded);
    return s3hls__hash_end(&hash, digest);
}

bool s3hls__hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                        uint8_t digest[S3HLS__SHA256_BYTES]) {
    uint8_t block[64] = {0};
    bool ok = true;
    if (key_size > sizeof block)
        ok = s3hls__digest(S3HLS__SHA256, key, key_size, block);
    else if (key_size)
        memcpy(block, key, key_size);
    ok = ok && hash_padded(block, 0x36, data, size, digest) &&
         hash_padded(block, 0x5c, digest, S3HLS__SHA256_BYTES, digest);
    s3hls__wipe(block, sizeof block);
    return ok;
}

void s3hls__to_hex(const uint8_t *bytes, size_t size, char *text) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = 0;
}

void s3hls__to_base64(const uint8_t *bytes, size_t size, char *text) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t three = 0;
        for (size_t j = i; j < i + 3; j++)
            three = three << 8 | (j < size ? bytes[j] : 0u);
        for (size_t j = 0; j < 4; j++)
            *text++ = i + j > size ? '=' : digits[three >> (18 - 6 * j) & 63];
    }
    *text = 0;
}

void s3hls__wipe(void *memory, size_t size) {
    memset(memory, 0, size);
    __asm__ __volatile__("" ::"r"(memory) : "memory"); /* it is read from here, for the compiler */
}
