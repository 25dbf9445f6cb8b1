/* SPDX-License-Identifier: MIT-0 */
/* All containers: here the state of each, in containers.c its functions. */
#ifndef S3HLS_CONTAINERS_H
#define S3HLS_CONTAINERS_H

#include "container/container.h"
#include "container/fmp4/fmp4.h"
#include "container/ts/ts.h"

typedef union s3hls__container_state {
    s3hls__ts ts;
    s3hls__fmp4 fmp4;
} s3hls__container_state;

#endif
