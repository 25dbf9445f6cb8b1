/* SPDX-License-Identifier: MIT-0 */
/* The transport's internals: HTTP exchanges on one curl multi handle. */
#ifndef S3HLS_S3_HTTP_H
#define S3HLS_S3_HTTP_H

#include "s3/object.h"
#include <curl/curl.h>

/* One request and its answer. Embedded in what the client keeps for an operation. */
typedef struct s3hls__exchange {
    CURL *easy; /* set up by the client before s3hls__http_begin() */
    s3hls__op *op;
    /* The transfer has ended. Either begin it again, or post the op and free the exchange. */
    void (*ended)(struct s3hls__exchange *exchange, CURLcode code);
    int64_t moved_us;             /* monotonic: when a byte last moved; kept by the client */
    struct s3hls__exchange *next; /* the transport's */
} s3hls__exchange;

int s3hls__http_begin(s3hls__http *http, s3hls__exchange *exchange);

#endif
