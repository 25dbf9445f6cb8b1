/* SPDX-License-Identifier: MIT-0 */
/* Hashes, HMAC and base64. The hashes come from one of three backends, which CMake selects by
 * S3HLS_CRYPTO: crypto_openssl.c, crypto_mbedtls.c or crypto_own.c; crypto.c is common. Random
 * numbers come from the kernel in all of them (base/env.c). */
#ifndef S3HLS_S3_CRYPTO_H
#define S3HLS_S3_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum s3hls__hash_kind { S3HLS__MD5, S3HLS__SHA256 } s3hls__hash_kind;
enum { S3HLS__MD5_BYTES = 16, S3HLS__SHA256_BYTES = 32, S3HLS__HASH_BYTES_MAX = 32 };

/* A hash in progress. */
typedef struct s3hls__hash {
    s3hls__hash_kind kind;
    void *context;     /* the library's; NULL: there is none */
    bool failed;       /* the library lacked memory, or refuses this hash */
    uint32_t state[8]; /* all below: crypto_own.c */
    uint64_t size;     /* bytes so far */
    uint8_t block[64];
} s3hls__hash;

/* Begin a hash; s3hls__hash_end() must follow. */
void s3hls__hash_begin(s3hls__hash *hash, s3hls__hash_kind kind);
void s3hls__hash_add(s3hls__hash *hash, const void *data, size_t size);
/* Write the digest and release the hash.
 * @return false: the library lacked memory, or refuses this hash; the digest is unspecified */
bool s3hls__hash_end(s3hls__hash *hash, uint8_t *digest);

/* One-shot forms. @return as s3hls__hash_end() */
bool s3hls__digest(s3hls__hash_kind kind, const void *data, size_t size, uint8_t *digest);
/* HMAC-SHA-256 (RFC 2104). The digest may be where the key is. */
bool s3hls__hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                        uint8_t digest[S3HLS__SHA256_BYTES]);

/* Write 2 * size lower-case digits and a NUL. */
void s3hls__to_hex(const uint8_t *bytes, size_t size, char *text);
/* Write (size + 2) / 3 * 4 characters (RFC 4648 4) and a NUL. */
void s3hls__to_base64(const uint8_t *bytes, size_t size, char *text);

/* Overwrite memory that held a secret; the compiler does not omit it. */
void s3hls__wipe(void *memory, size_t size);

#endif
