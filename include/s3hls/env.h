/* SPDX-License-Identifier: MIT-0 */
/** @file env.h
 * Everything the library takes from outside: memory, time, randomness, a place to log.
 * Replace a function and a test of time needs no sleep, a test of memory no luck.
 */
#ifndef S3HLS_ENV_H
#define S3HLS_ENV_H

#include "s3hls/log.h"
#include "s3hls/status.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The outside world. Every open() copies it; a NULL function means the process's own.
 * All functions may be called from any thread the object works on. */
typedef struct s3hls_env {
    void *ctx; /* handed to every function below */

    /** realloc(p, size), with size 0 freeing p and answering NULL. NULL: out of memory. */
    void *(*reallocate)(void *ctx, void *p, size_t size);
    /** UTC, microseconds since 1970. May step, in both directions. */
    int64_t (*wall_us)(void *ctx);
    /** Microseconds from any start. Never steps back. */
    int64_t (*monotonic_us)(void *ctx);
    /** A uniformly random number, for jitter and temporary names; needs no secrecy. */
    uint64_t (*random)(void *ctx);

    s3hls_log_fn log;          /* NULL: silence */
    s3hls_log_level log_level; /* 0: S3HLS_LOG_INFO */
    void *reserved[4];         /* zero */
} s3hls_env;

/** The process's own: realloc, CLOCK_REALTIME, CLOCK_MONOTONIC, getrandom, no log. */
S3HLS_API s3hls_env s3hls_env_default(void);

/** Free a string or array that the library handed out "to be freed with s3hls_free()".
 * @param env  as given to the object that made it; NULL: the process's own */
S3HLS_API void s3hls_free(const s3hls_env *env, void *p);

/** Make text from outside safe for a terminal, in place: each byte of a control character (C0, DEL,
 * C1), and each that is not part of well-formed UTF-8, becomes '?', a tab or line end a space. Log
 * lines and the texts of an s3hls_s3_error have been treated so.
 * @param text  NUL-terminated; its length stays */
S3HLS_API void s3hls_printable(char *text);

#ifdef __cplusplus
}
#endif
#endif
