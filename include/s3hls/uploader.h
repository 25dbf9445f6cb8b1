/* SPDX-License-Identifier: MIT-0 */
/** @file uploader.h
 * An uploader: one pool of memory blocks and one thread that delivers segments, shared by any
 * number of recorders. A recorder that is opened without one creates its own.
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
    uint32_t max_in_flight; /* concurrent PUTs, 1 to 64; default 4 */
    size_t pool_bytes; /* media memory, allocated once at open; 256 KiB to 4 GiB; default 4 MiB */
    int no_thread; /* non-zero: the caller drives delivery with s3hls_uploader_step(); default 0 */
    uint32_t retry_first_ms; /* back-off after the first failure, 1 to retry_max_ms; doubles, with
                                jitter; default 500 */
    uint32_t retry_max_ms;   /* longest back-off; default 30,000 */
    const s3hls_env *env;    /* NULL: the process's own */
} s3hls_uploader_config;

static inline void s3hls_uploader_config_init(s3hls_uploader_config *cfg) {
    memset(cfg, 0, sizeof *cfg);
    cfg->struct_size = (uint32_t)sizeof *cfg;
    cfg->max_in_flight = 4;
    cfg->pool_bytes = (size_t)4 << 20;
    cfg->retry_first_ms = 500;
    cfg->retry_max_ms = 30000;
}

/** Allocate the pool and start the thread. Any thread; sends no request.
 * @param cfg  copied
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out or cfg is NULL, or a value is out of range; the log line (component
 *   "record") names it
 *   S3HLS_E_NOMEM: out of memory, or no thread could be started. *out is NULL on failure. */
S3HLS_API int s3hls_uploader_open(s3hls_uploader **out, const s3hls_uploader_config *cfg);

/** Deliver what is due. Only with no_thread; one thread at a time. Blocks for up to timeout_ms
 * until something is due or a put completes a segment. At most 1 s if env has its own monotonic_us.
 * @return S3HLS_OK: nothing waits for delivery
 *   S3HLS_E_TIMEOUT: something still waits; call again
 *   S3HLS_E_INVALID: uploader is NULL
 *   S3HLS_E_STATE: the uploader has its own thread */
S3HLS_API int s3hls_uploader_step(s3hls_uploader *uploader, uint32_t timeout_ms);

/** Stop the thread and free the uploader, after its recorders were closed. Any thread; waits for
 * the thread to end. Accepts NULL and a pointer to NULL; sets *uploader to NULL.
 * @return S3HLS_OK
 *   S3HLS_E_STATE: a recorder still uses it; nothing was done */
S3HLS_API int s3hls_uploader_close(s3hls_uploader **uploader);

#ifdef __cplusplus
}
#endif
#endif
