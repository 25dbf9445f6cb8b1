/* SPDX-License-Identifier: MIT-0 */
/** @file log.h
 * The library logs through one callback, never through stdio. No line holds a secret key, a session
 * token, an Authorization header or a presigned query.
 */
#ifndef S3HLS_LOG_H
#define S3HLS_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum s3hls_log_level {
    S3HLS_LOG_ERROR = 1, /* data was lost, or will be unless somebody acts */
    S3HLS_LOG_WARN = 2,  /* something failed and is being retried or worked around */
    S3HLS_LOG_INFO = 3,  /* changes of state that an operator wants to see once */
    S3HLS_LOG_DEBUG = 4  /* every segment and request */
} s3hls_log_level;

/** Receives one line, on the thread on which the event happened. It must not call the library.
 * Lines above s3hls_env.log_level are not formatted.
 * @param ctx        s3hls_env.ctx
 * @param component  module that logs: "record", "s3", "store", "archive", "server"; static memory
 * @param message    UTF-8, at most 511 bytes, without line ends and control characters; valid
 *                   during the call */
typedef void (*s3hls_log_fn)(void *ctx, s3hls_log_level level, const char *component,
                             const char *message);

#ifdef __cplusplus
}
#endif
#endif
