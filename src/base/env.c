/* SPDX-License-Identifier: MIT-0 */
#include "base/env.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static void *process_reallocate(void *ctx, void *p, size_t size) {
    (void)ctx;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, size);
}

static int64_t read_clock_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t process_wall_us(void *ctx) {
    (void)ctx;
    return read_clock_us(CLOCK_REALTIME);
}

static int64_t process_monotonic_us(void *ctx) {
    (void)ctx;
    return read_clock_us(CLOCK_MONOTONIC);
}

static uint64_t process_random(void *ctx) {
    (void)ctx;
    uint64_t x = 0;
    if (getrandom(&x, sizeof x, GRND_NONBLOCK) == (ssize_t)sizeof x)
        return x;
    int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC); /* early boot, or an old kernel */
    if (file >= 0) {
        if (read(file, &x, sizeof x) != (ssize_t)sizeof x)
            x = 0;
        close(file);
    }
    return x ^ (uint64_t)read_clock_us(CLOCK_MONOTONIC);
}

s3hls_env s3hls_env_default(void) {
    return s3hls__env_resolve(NULL);
}

s3hls_env s3hls__env_resolve(const s3hls_env *env) {
    s3hls_env e;
    memset(&e, 0, sizeof e);
    if (env)
        e = *env;
    if (!e.reallocate)
        e.reallocate = process_reallocate;
    if (!e.wall_us)
        e.wall_us = process_wall_us;
    if (!e.monotonic_us)
        e.monotonic_us = process_monotonic_us;
    if (!e.random)
        e.random = process_random;
    if (!e.log_level)
        e.log_level = S3HLS_LOG_INFO;
    return e;
}

int64_t s3hls__env_wall_s(const s3hls_env *env) {
    return env->wall_us(env->ctx) / 1000000;
}

bool s3hls__env_wall_is_set(const s3hls_env *env) {
    return s3hls__env_wall_s(env) >= S3HLS__EARLIEST_WALL_S;
}

bool s3hls__env_wall_is_synchronised(const s3hls_env *env) {
    struct timex t = {.modes = 0};
    return env->wall_us == process_wall_us && adjtimex(&t) != -1 && !(t.status & STA_UNSYNC);
}

void *s3hls__env_alloc(const s3hls_env *env, size_t size) {
    void *p = env->reallocate(env->ctx, NULL, size ? size : 1);
    return p ? memset(p, 0, size) : NULL;
}

void *s3hls__env_realloc(const s3hls_env *env, void *p, size_t size) {
    return env->reallocate(env->ctx, p, size ? size : 1);
}

void s3hls__env_free(const s3hls_env *env, void *p) {
    if (p)
        env->reallocate(env->ctx, p, 0);
}

char *s3hls__env_strndup(const s3hls_env *env, const char *s, size_t n) {
    char *copy = s ? s3hls__env_alloc(env, n + 1) : NULL;
    return copy ? memcpy(copy, s, n) : NULL;
}

char *s3hls__env_strdup(const s3hls_env *env, const char *s) {
    return s ? s3hls__env_strndup(env, s, strlen(s)) : NULL;
}

void s3hls_free(const s3hls_env *env, void *p) {
    s3hls_env e = s3hls__env_resolve(env);
    s3hls__env_free(&e, p);
}

void s3hls__log(const s3hls_env *env, s3hls_log_level level, const char *component,
                const char *format, ...) {
    if (!env->log || level > env->log_level)
        return;
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    s3hls_printable(line);
    env->log(env->ctx, level, component, line);
}
