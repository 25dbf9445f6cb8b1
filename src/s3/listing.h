/* SPDX-License-Identifier: MIT-0 */
/* A listing over all its pages, in ascending order of keys for any server. If a server lists
 * without order, the whole listing is read and sorted. If its continuation tokens lead back or
 * nowhere, it is paged by start-after. If it does not support start-after, it is read from the
 * beginning.
 *
 * No key is reported before the order is known: until PROVEN_KEYS keys arrived in ascending order,
 * over all listings of a client, or the listing ended. From then on each page is reported at once.
 */
#ifndef S3HLS_S3_LISTING_H
#define S3HLS_S3_LISTING_H

#include "s3/object.h"

/* s3hls__op.lister */
extern const s3hls__lister s3hls__s3_lister;

#endif
