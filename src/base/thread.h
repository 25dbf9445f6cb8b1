/* SPDX-License-Identifier: MIT-0 */
/* The one way to start a thread. */
#ifndef S3HLS_BASE_THREAD_H
#define S3HLS_BASE_THREAD_H

#include <pthread.h>

/* Start a thread that receives no signals: they belong to the program's own threads.
 * @return 0
 *   an errno: it did not start */
int s3hls__thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
