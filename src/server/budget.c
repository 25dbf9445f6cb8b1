/* SPDX-License-Identifier: MIT-0 */
#include "server/budget.h"

static const int64_t MINUTE_US = 60000000;

static int64_t now_us(const s3hls__budget *b) {
    return b->env->monotonic_us(b->env->ctx);
}

void s3hls__budget_init(s3hls__budget *b, uint32_t per_minute, const s3hls_env *env) {
    b->env = env;
    b->per_minute = per_minute ? per_minute : S3HLS__BUDGET_DEFAULT;
    b->level_us = MINUTE_US;
    b->filled_us = now_us(b);
    pthread_mutex_init(&b->lock, NULL);
}

void s3hls__budget_deinit(s3hls__budget *b) {
    pthread_mutex_destroy(&b->lock);
}

void s3hls__budget_charge(void *ctx) {
    atomic_fetch_add(&((s3hls__budget *)ctx)->lists, 1);
}

/* Called with the lock held. Viewers' requests beyond the budget become a debt of at most one
 * minute. */
static void settle(s3hls__budget *b) {
    int64_t us = now_us(b);
    uint64_t lists = atomic_load(&b->lists);
    b->level_us += us - b->filled_us;
    if (b->level_us > MINUTE_US)
        b->level_us = MINUTE_US;
    b->level_us -= (int64_t)(lists - b->charged) * (MINUTE_US / b->per_minute);
    if (b->level_us < -MINUTE_US)
        b->level_us = -MINUTE_US;
    b->filled_us = us;
    b->charged = lists;
}

bool s3hls__budget_allows(s3hls__budget *b, uint32_t reserve) {
    pthread_mutex_lock(&b->lock);
    settle(b);
    bool allowed = b->level_us >= ((int64_t)reserve + 1) * (MINUTE_US / b->per_minute);
    pthread_mutex_unlock(&b->lock);
    return allowed;
}
