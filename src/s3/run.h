/* SPDX-License-Identifier: MIT-0 */
/* Blocking execution of one operation, on the calling thread. */
#ifndef S3HLS_S3_RUN_H
#define S3HLS_S3_RUN_H

#include "s3/object.h"

typedef struct s3hls__runner {
    s3hls__http *http;
    s3hls_credentials_provider *keys; /* NULL: none are needed */
    void (*start)(void *ctx, s3hls__op *op);
    void *ctx;
} s3hls__runner;

/* Wait until there are credentials (NULL: none needed). @return S3HLS_OK, S3HLS_E_CREDENTIALS. */
int s3hls__run_wait(s3hls_credentials_provider *keys);

/* Start an operation and step until it has ended. Waits for credentials that are being fetched, and
 * retries once with new ones if a server refused them. @return op->result.status. */
int s3hls__run(const s3hls__runner *r, s3hls__op *op);

#endif
