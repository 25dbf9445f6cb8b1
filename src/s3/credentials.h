/* SPDX-License-Identifier: MIT-0 */
/* A provider from the inside: shared, replaced at any time, read anew for each request. */
#ifndef S3HLS_S3_CREDENTIALS_H
#define S3HLS_S3_CREDENTIALS_H

#include "s3hls/credentials.h"

/* Keys by value: what a request signs with, whatever happens to the provider meanwhile. */
typedef struct s3hls__keys {
    char access_key_id[S3HLS_ACCESS_KEY_MAX + 1];
    char secret_access_key[S3HLS_SECRET_KEY_MAX + 1];
    char session_token[S3HLS_SESSION_TOKEN_MAX + 1];
    int64_t expires_unix_s;
} s3hls__keys;

/* Hold the provider; give it up with s3hls_credentials_close(). */
s3hls_credentials_provider *s3hls__credentials_retain(s3hls_credentials_provider *provider);
/* Any thread; wipe the copy with s3hls__keys_wipe(). */
void s3hls__credentials_get(s3hls_credentials_provider *provider, s3hls__keys *keys);
s3hls_credentials s3hls__keys_view(const s3hls__keys *keys);
void s3hls__keys_wipe(s3hls__keys *keys);

#endif
