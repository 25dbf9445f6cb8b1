/* SPDX-License-Identifier: MIT-0 */
#ifndef S3HLS_BASE_CONFIG_H
#define S3HLS_BASE_CONFIG_H

#include "s3hls/status.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Copy a caller's configuration over the defaults in ours. Its first member is the size in the
 * caller's header: an older caller keeps the defaults of members that it does not know.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: callers is NULL, or its struct_size is too small */
static inline int s3hls__config_copy(void *ours, size_t size, const void *callers) {
    uint32_t struct_size = 0;
    if (!callers)
        return S3HLS_E_INVALID;
    memcpy(&struct_size, callers, sizeof struct_size);
    if (struct_size < sizeof struct_size)
        return S3HLS_E_INVALID;
    memcpy(ours, callers, struct_size < size ? struct_size : size);
    return S3HLS_OK;
}

#endif
