/* SPDX-License-Identifier: MIT-0 */
/** @file uploader.h
 * One pool of blocks and one thread that delivers, shared by as many recorders as the process runs.
 * A recorder opened without one makes its own.
 */
#ifndef S3HLS_UPLOADER_H
#define S3HLS_UPLOADER_H

#include "s3hls/env.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s3hls_uploader s3hls_uploader;

typedef struct s3hls_uploader_config {
    uint32_t struct_size;   /* set by s3hls_uploader_config_init() */
    uint32_t max_in_flight; /* PUTs at once, 1 to 64; default 4 */
    size_t pool_bytes; /* media memory, allocated once at open; 256 KiB to 4 GiB; default 4 MiB */
    int no_thread; /* non-zero: the caller drives delivery with s3hls_uploader_step(); default 0 */
    uint32_t
        retry_first_ms;    /* back-off after the first failure; doubles with jitter; default 500 */
    uint32_t retry_max_ms; /* longest back-off; default 30,000 */
    const s3hls_env *env;  /* NULL: the process's own */
} s3hls_uploader_config;

static inline void s3hls_uploader_config_init(s3hls_uploader_config *cfg) {
    memset(cfg, 0, sizeof *cfg);
    cfg->struct_size = (uint32_t)sizeof *cfg;
    cfg->max_in_flight = 4;
    cfg->pool_bytes = (size_t)4 << 20;
    cfg->retry_first_ms = 500;
    cfg->retry_max_ms = 30000;
}

/** Allocate the pool and start the thread.
 * @return S3HLS_OK, S3HLS_E_INVALID (a value out of its range), S3HLS_E_NOMEM. */
S3HLS_API int s3hls_uploader_open(s3hls_uploader **out, const s3hls_uploader_config *cfg);

/** Deliver what is due, waiting up to timeout_ms for something to do, at most 20 ms while there is
 * a recorder: a put wakes nobody. Only with no_thread.
 * @return S3HLS_OK: nothing waits any more; S3HLS_E_TIMEOUT: something still waits;
 * S3HLS_E_STATE: the uploader has its own thread. */
S3HLS_API int s3hls_uploader_step(s3hls_uploader *uploader, uint32_t timeout_ms);

/** Stop. Close the recorders first: with one still open it answers S3HLS_E_STATE and does nothing.
 * Takes NULL and a pointer to NULL. */
S3HLS_API int s3hls_uploader_close(s3hls_uploader **uploader);

#ifdef __cplusplus
}
#endif
#endif
