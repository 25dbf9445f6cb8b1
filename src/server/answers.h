/* SPDX-License-Identifier: MIT-0 */
/* Answers by what was asked: made once by a worker, however many ask at the same time, kept while
 * fresh and while there is room. Workers block on the store; those who ask do not. */
#ifndef S3HLS_SERVER_ANSWERS_H
#define S3HLS_SERVER_ANSWERS_H

#include "server/access.h"
#include "server/answer.h"

typedef struct s3hls__answers s3hls__answers;

enum { S3HLS__ANSWER_DEADLINE_S = 15 }; /* nobody waits longer for a store */

/* Who waits for an answer. wake is called once, from a worker or from the call itself, without a
 * lock; answer is then a reference of the waiter's own, or NULL: out of memory, or closed. */
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
/* Waits for what is being made; who waits for something else is woken with NULL, and who asks from
 * now on is refused. */
void s3hls__answers_stop(s3hls__answers *answers);
/* Stopped, and nobody asks any more. */
void s3hls__answers_close(s3hls__answers **answers);

/* An answer that is there, with a reference; NULL: there is none that may be used. One that is no
 * longer fresh is handed out while the next is being made. */
s3hls__answer *s3hls__answers_find(s3hls__answers *answers, const s3hls__request *request,
                                   const s3hls__grant *grant);
/* Wait for an answer. Request and grant are copied. What cannot be had because too much is asked
 * for already is answered with a 503 at once. */
void s3hls__answers_join(s3hls__answers *answers, const s3hls__request *request,
                         const s3hls__grant *grant, s3hls__waiter *waiter);
/* Answer 504 to who has waited for longer than S3HLS__ANSWER_DEADLINE_S, whatever the workers do;
 * give up what was not begun and nobody waits for any more. To be called once a second. */
void s3hls__answers_expire(s3hls__answers *answers);
/* How many were made, for metrics. */
uint64_t s3hls__answers_made(const s3hls__answers *answers);

#endif
