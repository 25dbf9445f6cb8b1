/* SPDX-License-Identifier: MIT-0 */
#ifndef TOOL_WHEN_H
#define TOOL_WHEN_H

#include "s3hls/time.h"
#include <stdbool.h>

/* Times as all commands read and write them. */
static inline bool time_parse(const char *text, int64_t *us) {
    return s3hls_time_parse(text, us) == S3HLS_OK;
}

static inline void time_format(int64_t us, char *text, size_t size) {
    s3hls_time_format(us, text, size);
}

#endif
