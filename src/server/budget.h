/* SPDX-License-Identifier: MIT-0 */
/* Budget of LIST requests for finding cameras and their state: a token bucket with one token per
 * LIST that fills at a constant rate. Viewers' requests are never refused but also take tokens, so
 * that names and states wait. Any thread. */
#ifndef S3HLS_SERVER_BUDGET_H
#define S3HLS_SERVER_BUDGET_H

#include "base/env.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { S3HLS__BUDGET_DEFAULT = 60 }; /* LISTs a minute */

typedef struct s3hls__budget {
    _Atomic uint64_t lists; /* sent so far */
    const s3hls_env *env;
    uint32_t per_minute;
    pthread_mutex_t lock;
    uint64_t charged;  /* of lists */
    int64_t filled_us; /* monotonic */
    int64_t level_us;  /* tokens, as the time that filling them takes: one minute at most */
} s3hls__budget;

/* @param per_minute  0: the default
 * @param env         must outlive the budget */
void s3hls__budget_init(s3hls__budget *budget, uint32_t per_minute, const s3hls_env *env);
void s3hls__budget_deinit(s3hls__budget *budget);

/* Note that a LIST was sent. @param ctx  the budget */
void s3hls__budget_charge(void *ctx);

/* Test whether a LIST that can wait may be sent and leaves at least reserve tokens. */
bool s3hls__budget_allows(s3hls__budget *budget, uint32_t reserve);

#endif
