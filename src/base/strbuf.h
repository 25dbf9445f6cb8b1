/* SPDX-License-Identifier: MIT-0 */
/* A growing string with an upper bound that remembers its first failure, so that a chain of appends
 * needs one check at its end. Always NUL-terminated once something was appended. */
#ifndef S3HLS_BASE_STRBUF_H
#define S3HLS_BASE_STRBUF_H

#include "base/env.h"

typedef struct s3hls__strbuf {
    const s3hls_env *env;
    char *data;  /* NULL until the first append */
    size_t size; /* bytes, without the NUL */
    size_t capacity;
    size_t max; /* largest size */
    int status; /* first failure: S3HLS_E_NOMEM, S3HLS_E_TOO_LARGE */
} s3hls__strbuf;

void s3hls__strbuf_init(s3hls__strbuf *b, const s3hls_env *env, size_t max);
void s3hls__strbuf_deinit(s3hls__strbuf *b);
void s3hls__strbuf_add(s3hls__strbuf *b, const void *data, size_t size);
void s3hls__strbuf_add_str(s3hls__strbuf *b, const char *s);
void s3hls__strbuf_add_char(s3hls__strbuf *b, char c);
void s3hls__strbuf_addf(s3hls__strbuf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Hand the string over, to be freed with s3hls__env_free(); "" where nothing was appended. After a
 * failure *out is NULL and the status comes back. The buffer is empty afterwards. */
int s3hls__strbuf_take(s3hls__strbuf *b, char **out);

#endif
