/* SPDX-License-Identifier: MIT-0 */
/* cmocka, and an outside world that can be made to fail. */
#ifndef S3HLS_TESTS_UNIT_S3_UNIT_H
#define S3HLS_TESTS_UNIT_S3_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/env.h"
#include <stdlib.h>
#include <string.h>

typedef struct world {
    int out;           /* allocations not given back */
    int until_failure; /* allocations that still succeed; negative: all */
    int64_t wall_us;
    char log[8192]; /* lines, one after the other */
} world;

static inline void *world_reallocate(void *ctx, void *p, size_t size) {
    world *w = ctx;
    if (size == 0) {
        w->out--;
        free(p);
        return NULL;
    }
    if (w->until_failure == 0)
        return NULL;
    w->until_failure--;
    void *q = realloc(p, size);
    w->out += q && !p;
    return q;
}

static inline int64_t world_wall_us(void *ctx) {
    return ((world *)ctx)->wall_us;
}

static inline void world_log(void *ctx, s3hls_log_level level, const char *component,
                             const char *message) {
    world *w = ctx;
    (void)level;
    (void)component;
    size_t n = strlen(w->log), size = strlen(message);
    if (n + size + 2 < sizeof w->log) {
        memcpy(w->log + n, message, size);
        memcpy(w->log + n + size, "\n", 2);
    }
}

/* 2013-05-24T00:00:00Z, the day of the examples in the S3 API reference. */
#define WORLD_START_US (INT64_C(1369353600) * 1000000)

static inline void world_init(world *w) {
    memset(w, 0, sizeof *w);
    w->until_failure = -1;
    w->wall_us = WORLD_START_US;
}

static inline s3hls_env world_env(world *w) {
    return s3hls__env_resolve(&(s3hls_env){.ctx = w,
                                           .reallocate = world_reallocate,
                                           .wall_us = world_wall_us,
                                           .log = world_log,
                                           .log_level = S3HLS_LOG_DEBUG});
}

#endif
