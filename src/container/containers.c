/* SPDX-License-Identifier: MIT-0 */
#include "container/containers.h"

static const s3hls__container *const containers[] = {&s3hls__container_ts, &s3hls__container_fmp4};

const s3hls__container *s3hls__container_find(s3hls_container id) {
    for (unsigned i = 0; i < sizeof containers / sizeof *containers; i++)
        if (containers[i]->id == id)
            return containers[i];
    return NULL;
}
