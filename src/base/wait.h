/* SPDX-License-Identifier: MIT-0 */
/* Timed waits for a condition, by the monotonic clock: steps of the wall clock do not matter. */
#ifndef S3HLS_BASE_WAIT_H
#define S3HLS_BASE_WAIT_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Initialise a condition whose timed waits use the monotonic clock. */
void s3hls__wait_init(pthread_cond_t *condition);
/* The time that lies this far ahead, for pthread_cond_timedwait() on such a condition. */
struct timespec s3hls__wait_until(unsigned seconds);
struct timespec s3hls__wait_until_us(int64_t us);

#endif
