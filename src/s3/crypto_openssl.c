/* SPDX-License-Identifier: MIT-0 */
/* Hashes by OpenSSL 1.1.1 or later. */
#include "s3/crypto.h"
#include <openssl/evp.h>

void s3hls__hash_begin(s3hls__hash *hash, s3hls__hash_kind kind) {
    hash->context = EVP_MD_CTX_new();
    hash->failed =
        !hash->context ||
        EVP_DigestInit_ex(hash->context, kind == S3HLS__MD5 ? EVP_md5() : EVP_sha256(), NULL) != 1;
}

void s3hls__hash_add(s3hls__hash *hash, const void *data, size_t size) {
    hash->failed = hash->failed || EVP_DigestUpdate(hash->context, data, size) != 1;
}

bool s3hls__hash_end(s3hls__hash *hash, uint8_t *digest) {
    bool ok = !hash->failed && EVP_DigestFinal_ex(hash->context, digest, NULL) == 1;
    EVP_MD_CTX_free(hash->context);
    return ok;
}
