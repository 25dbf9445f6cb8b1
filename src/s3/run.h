/* SPDX-License-Identifier: MIT-0 */
/* A blocking call: one operation, on the caller's thread. */
#ifndef S3HLS_S3_RUN_H
#define S3HLS_S3_RUN_H

#include "s3/object.h"

typedef struct s3hls__runner {
    s3hls__http *http;
    s3hls_credentials_provider *keys; /* NULL: none are needed */
    void (*start)(void *ctx, s3hls__op *op);
    void *ctx;
} s3hls__runner;

/* Wait until there are keys (NULL: none are needed). @return S3HLS_OK, S3HLS_E_CREDENTIALS. */
int s3hls__run_wait(s3hls_credentials_provider *keys);

/* Begin an operation, step until it has ended. Waits for keys that are being fetched, and tries
 * once more with others where a server has refused them. @return op->error.status. */
int s3hls__run(const s3hls__runner *r, s3hls__op *op);

#endif
