/* SPDX-License-Identifier: MIT-0 */
/* Answers by request: each is made once by a worker for all concurrent requests, and cached while
 * it is fresh and memory suffices. Workers block on the store; callers do not. */
#ifndef S3HLS_SERVER_ANSWERS_H
#define S3HLS_SERVER_ANSWERS_H

#include "server/access.h"
#include "server/answer.h"

typedef struct s3hls__answers s3hls__answers;

enum { S3HLS__ANSWER_DEADLINE_S = 15 }; /* longest wait for a store */

/* A caller that waits for an answer. wake is called once, by a worker or within the call, without a
 * lock; answer is then a reference owned by the waiter; NULL: out of memory, or closed. */
typedef struct s3hls__waiter {
    struct s3hls__waiter *next;
    int64_t since_us; /* set by s3hls__answers_join() */
    s3hls__answer *answer;
    void (*wake)(struct s3hls__waiter *waiter);
} s3hls__waiter;

typedef struct s3hls__answers_config {
    s3hls_env env;
    s3hls__answer_account *account;
    unsigned workers;
    uint64_t cache_bytes;
    void *ctx;
    /* On each worker's thread, at its begin and end: what it works with. NULL: out of memory. */
    void *(*worker_open)(void *ctx);
    void (*worker_close)(void *worker);
    /* On a worker's thread: make the answer, blocking. NULL: out of memory. */
    s3hls__answer *(*make)(void *worker, const s3hls__request *request, const s3hls__grant *grant);
} s3hls__answers_config;

int s3hls__answers_open(s3hls__answers **out, const s3hls__answers_config *config);
/* Wait for the answers that are being made; wake all other waiters with NULL; refuse new requests.
 */
void s3hls__answers_stop(s3hls__answers *answers);
/* Free it, after s3hls__answers_stop() and the last call. */
void s3hls__answers_close(s3hls__answers **answers);

/* Find a cached answer. One that is no longer fresh is returned while the next is being made.
 * @return a reference; NULL: there is no usable one */
s3hls__answer *s3hls__answers_find(s3hls__answers *answers, const s3hls__request *request,
                                   const s3hls__grant *grant);
/* Wait for an answer. Request and grant are copied. If too many requests are waiting, the answer is
 * a 503 at once. */
void s3hls__answers_join(s3hls__answers *answers, const s3hls__request *request,
                         const s3hls__grant *grant, s3hls__waiter *waiter);
/* Answer 504 to waiters older than S3HLS__ANSWER_DEADLINE_S, even if no worker is free; drop
 * requests that were not begun and have no waiter. Called once a second. */
void s3hls__answers_expire(s3hls__answers *answers);
/* Number of answers made, for metrics. */
uint64_t s3hls__answers_made(const s3hls__answers *answers);

#endif
