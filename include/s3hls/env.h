/* SPDX-License-Identifier: MIT-0 */
/** @file env.h
 * Everything that the library takes from its environment: memory, time, random numbers, the log. A
 * test replaces a function to control time or to make an allocation fail.
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

/** The environment. Every open function copies it. A NULL function stands for the process's own.
 * Each function may be called on any thread that the object works on, at the same time. */
typedef struct s3hls_env {
    void *ctx; /* passed to every function below and to log */

    /** As realloc(p, size); size 0 frees p and returns NULL. @return NULL: out of memory */
    void *(*reallocate)(void *ctx, void *p, size_t size);
    /** UTC, microseconds since 1970. May step in both directions. */
    int64_t (*wall_us)(void *ctx);
    /** Microseconds since any moment. Never decreases. */
    int64_t (*monotonic_us)(void *ctx);
    /** A uniformly distributed number, for jitter and temporary names; need not be secret. */
    uint64_t (*random)(void *ctx);

    s3hls_log_fn log;          /* NULL: no log */
    s3hls_log_level log_level; /* 0: S3HLS_LOG_INFO */
    void *reserved[4];         /* zero */
} s3hls_env;

/** The process's own environment: realloc, CLOCK_REALTIME, CLOCK_MONOTONIC, getrandom, no log. Any
 * thread. */
S3HLS_API s3hls_env s3hls_env_default(void);

/** Free a string or array that is documented "free with s3hls_free()". Any thread.
 * @param env  as given to the object that returned it; NULL: the process's own
 * @param p    may be NULL */
S3HLS_API void s3hls_free(const s3hls_env *env, void *p);

/** Make text from outside safe for a terminal, in place: each byte of a control character (C0, DEL,
 * C1), each of U+2028 to U+202E and U+2066 to U+2069 (they end lines and turn the direction of
 * text) and each byte that is not part of well-formed UTF-8 becomes '?'; a tab or line end becomes
 * a space. Log lines and the texts of s3hls_s3_error are already safe. Pure; any thread.
 * @param text  NUL-terminated; its length does not change */
S3HLS_API void s3hls_printable(char *text);

#ifdef __cplusplus
}
#endif
#endif
