/* SPDX-License-Identifier: MIT-0 */
/* Hashes by mbedTLS 2.28 or 3. */
#include "s3/crypto.h"
#include <mbedtls/md.h>
#include <stdlib.h>

void s3hls__hash_begin(s3hls__hash *hash, s3hls__hash_kind kind) {
    const mbedtls_md_info_t *info =
        mbedtls_md_info_from_type(kind == S3HLS__MD5 ? MBEDTLS_MD_MD5 : MBEDTLS_MD_SHA256);
    mbedtls_md_context_t *context = hash->context = malloc(sizeof *context);
    if (context)
        mbedtls_md_init(context);
    hash->failed = !context || mbedtls_md_setup(context, info, 0) || mbedtls_md_starts(context);
}

void s3hls__hash_add(s3hls__hash *hash, const void *data, size_t size) {
    hash->failed = hash->failed || mbedtls_md_update(hash->context, data, size);
}

bool s3hls__hash_end(s3hls__hash *hash, uint8_t *digest) {
    bool ok = !hash->failed && mbedtls_md_finish(hash->context, digest) == 0;
    if (hash->context)
        mbedtls_md_free(hash->context);
    free(hash->context);
    return ok;
}
