/* SPDX-License-Identifier: MIT-0 */
/* Memory that runs out when it is told to: ours, libcurl's, OpenSSL's, expat's and jansson's, by one
 * countdown. */
#ifndef S3HLS_TESTS_SUPPORT_FAILING_MEMORY_H
#define S3HLS_TESTS_SUPPORT_FAILING_MEMORY_H

#include "s3hls/env.h"
#include <stdbool.h>

typedef enum memory_failure {
    MEMORY_FAILS_ONCE, /* the n-th allocation alone */
    MEMORY_GOES        /* the n-th and all after it, until memory_is_back() */
} memory_failure;

/* Before anything else uses these libraries. @return false: it came too late. */
bool memory_install(void);
/* Let the allocation fail before which n others succeed, from now on. */
void memory_fail(long n, memory_failure how);
void memory_is_back(void);
/* Allocations asked for so far, and those that were not given back. */
long memory_asked(void);
long memory_out(void);
/* s3hls_env.reallocate */
void *memory_reallocate(void *ctx, void *p, size_t size);

#endif
