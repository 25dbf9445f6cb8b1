/* SPDX-License-Identifier: MIT-0 */
/* A growing string with a maximum size. It remembers its first failure, so that a series of appends
 * needs one check at its end. NUL-terminated after the first append. */
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
/* Empty the buffer, and keep its memory for reuse. */
void s3hls__strbuf_clear(s3hls__strbuf *b);
void s3hls__strbuf_add(s3hls__strbuf *b, const void *data, size_t size);
void s3hls__strbuf_add_str(s3hls__strbuf *b, const char *s);
void s3hls__strbuf_add_char(s3hls__strbuf *b, char c);
void s3hls__strbuf_addf(s3hls__strbuf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The one collector of a body, an s3hls_s3_data_fn: ctx is a strbuf. @return its status */
int s3hls__strbuf_collect(void *ctx, const uint8_t *data, size_t size);
/* Move the string ("" if nothing was appended) to the caller, who frees it with s3hls__env_free().
 * The buffer is empty afterwards.
 * @return S3HLS_OK
 *   the buffer's status: *out is NULL */
int s3hls__strbuf_take(s3hls__strbuf *b, char **out);

#endif
