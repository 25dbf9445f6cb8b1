/* SPDX-License-Identifier: MIT-0 */
/* Waiting for a condition for a time that steps of the wall clock do not change. */
#ifndef S3HLS_BASE_WAIT_H
#define S3HLS_BASE_WAIT_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Initialise a condition whose timed waits are by the monotonic clock. */
void s3hls__wait_init(pthread_cond_t *condition);
/* The moment so many seconds from now, for pthread_cond_timedwait() on such a condition. */
struct timespec s3hls__wait_until(unsigned seconds);
struct timespec s3hls__wait_until_us(int64_t us);

#endif
