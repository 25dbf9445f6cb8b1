/* SPDX-License-Identifier: MIT-0 */
/* How many LIST requests looking after cameras may cost: a bucket of tokens, one a LIST, that fills
 * at so many a minute. Requests of viewers are never refused, but take from it too, and then names
 * and states wait. Any thread. */
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

/* per_minute: 0 for the default. env outlives the budget. */
void s3hls__budget_init(s3hls__budget *budget, uint32_t per_minute, const s3hls_env *env);
void s3hls__budget_deinit(s3hls__budget *budget);

/* A LIST was sent. ctx: the budget. */
void s3hls__budget_charge(void *ctx);

/* May a LIST be sent that can also wait, and leave so many tokens in the bucket? */
bool s3hls__budget_allows(s3hls__budget *budget, uint32_t reserve);

#endif
