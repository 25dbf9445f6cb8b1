/* SPDX-License-Identifier: MIT-0 */
/* A thread that reads one source, and connects again when it is lost. A call of libavformat that
 * does not return blocks nothing else: the reader is left behind with all that it uses, frees
 * itself when the call returns, and another reader takes its place. */
#ifndef S3HLS_GATEWAY_READER_H
#define S3HLS_GATEWAY_READER_H

#include "s3hls/input.h"
#include <stdbool.h>

typedef struct s3hls__reader s3hls__reader;

/* Where it delivers. Called on the reader's thread, one call at a time, none after
 * s3hls__reader_end() has returned. They must not call the reader. */
typedef struct s3hls__reader_sink {
    void *ctx;
    /* The source was opened; valid until lost. */
    void (*opened)(void *ctx, s3hls_source *source);
    void (*frame)(void *ctx, s3hls_source *source, const s3hls_frame *frame);
    /* An open source ended. status: S3HLS_E_CANCELLED: the reader ends; why: never empty */
    void (*lost)(void *ctx, s3hls_source *source, int status, const char *why);
    /* It could not be opened, and is tried again. */
    void (*failed)(void *ctx, int status, const char *why);
} s3hls__reader_sink;

/* Start a reader.
 * @param source  stopped, on_failure and ctx are the reader's own; the strings are copied
 * @param sink    copied
 * @return S3HLS_OK
 *   S3HLS_E_NOMEM: out of memory, or no thread could be started. *out is NULL then */
int s3hls__reader_start(s3hls__reader **out, const s3hls_source_config *source,
                        const s3hls__reader_sink *sink, const s3hls_env *env);
/* Test whether a call of libavformat has not returned for much longer than it may take. Any thread.
 */
bool s3hls__reader_hangs(const s3hls__reader *reader);
/* Let it end. Does not block. */
void s3hls__reader_stop(s3hls__reader *reader);
/* Wait until it has ended, or leave it behind.
 * @param reader    accepts a pointer to NULL; set to NULL
 * @param until_us  monotonic
 * @return false: it was left behind */
bool s3hls__reader_end(s3hls__reader **reader, int64_t until_us);

#endif
