/* SPDX-License-Identifier: MIT-0 */
/* Retries until a camera responds. */
#include "base/env.h"
#include "input/source.h"
#include <time.h>

enum { FIRST_MS = 1000, LONGEST_MS = 30000, CHECK_MS = 50 };

/* Wait between 50 % and 100 % of the time. @return 0: stopped */
static int wait_jittered(const s3hls_source_config *cfg, const s3hls_env *env, uint32_t ms) {
    int64_t half_us = (int64_t)ms * 1000 / 2;
    int64_t jitter_us = (int64_t)(env->random(env->ctx) % (uint64_t)(half_us + 1));
    int64_t end_us = env->monotonic_us(env->ctx) + half_us + jitter_us;
    while (env->monotonic_us(env->ctx) < end_us && !cfg->stopped(cfg->ctx))
        nanosleep(&(struct timespec){.tv_nsec = CHECK_MS * 1000000L}, NULL);
    return !cfg->stopped(cfg->ctx);
}

int s3hls_source_reopen(s3hls_source **out, const s3hls_source_config *config, uint32_t pause_ms) {
    s3hls_source_config own, *cfg = &own;
    char why[S3HLS_SOURCE_WHY_BYTES];
    s3hls_source_close(out);
    int rc = s3hls__source_config_read(cfg, config, why);
    if (rc == S3HLS_E_INVALID)
        return rc;
    const s3hls_env env = s3hls__env_resolve(cfg->env);
    for (uint32_t ms = pause_ms; wait_jittered(cfg, &env, ms);) {
        rc = s3hls_source_open(out, cfg, why);
        if (rc == S3HLS_OK)
            return S3HLS_OK;
        if (cfg->on_failure && !cfg->stopped(cfg->ctx))
            cfg->on_failure(cfg->ctx, rc, why);
        ms = ms < FIRST_MS ? FIRST_MS : ms < LONGEST_MS / 2 ? ms * 2 : LONGEST_MS;
    }
    return S3HLS_E_CANCELLED;
}
