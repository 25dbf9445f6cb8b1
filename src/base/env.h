/* SPDX-License-Identifier: MIT-0 */
/* The environment as the modules use it: a copy of s3hls_env without NULL functions. */
#ifndef S3HLS_BASE_ENV_H
#define S3HLS_BASE_ENV_H

#include "s3hls/env.h"
#include <stdbool.h>

/* Copy env (NULL: the process's own) and replace NULL functions with the process's own. */
s3hls_env s3hls__env_resolve(const s3hls_env *env);

/* A clock before 2024 is not set. */
#define S3HLS__EARLIEST_WALL_S INT64_C(1704067200)
int64_t s3hls__env_wall_s(const s3hls_env *env);
bool s3hls__env_wall_is_set(const s3hls_env *env);
/* Test whether the kernel knows that the wall clock is right (NTP, PTP). A caller's clock is not
 * known to be. */
bool s3hls__env_wall_is_synchronised(const s3hls_env *env);

static inline int64_t s3hls__env_now_us(const s3hls_env *env) {
    return env->monotonic_us(env->ctx);
}

/* A random duration of 0 to most_us, so that devices do not act at the same time. */
static inline int64_t s3hls__env_chance_us(const s3hls_env *env, int64_t most_us) {
    return (int64_t)(env->random(env->ctx) % (uint64_t)(most_us + 1));
}

/* Zeroed memory, or NULL. */
void *s3hls__env_alloc(const s3hls_env *env, size_t size);
/* NULL on failure; p stays valid then. */
void *s3hls__env_realloc(const s3hls_env *env, void *p, size_t size);
void s3hls__env_free(const s3hls_env *env, void *p);
/* A copy of n bytes and a NUL. @return NULL: s is NULL, or out of memory */
char *s3hls__env_strndup(const s3hls_env *env, const char *s, size_t n);
char *s3hls__env_strdup(const s3hls_env *env, const char *s);

/* Format one line, cut to 511 bytes, and pass it to env->log. Does not allocate. */
void s3hls__log(const s3hls_env *env, s3hls_log_level level, const char *component,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
