/* SPDX-License-Identifier: MIT-0 */
/* A growing list of names: the contents of folders. */
#ifndef S3HLS_BASE_NAMES_H
#define S3HLS_BASE_NAMES_H

#include "base/env.h"

typedef struct s3hls__names {
    const s3hls_env *env;
    char **items;
    size_t count, capacity;
} s3hls__names;

/* Add a copy of name followed by tail. @return S3HLS_OK, S3HLS_E_NOMEM. */
int s3hls__names_add(s3hls__names *names, const char *name, const char *tail);
void s3hls__names_sort(s3hls__names *names); /* by bytes */
void s3hls__names_deinit(s3hls__names *names);

#endif
