/* SPDX-License-Identifier: MIT-0 */
/* A listing over all its pages, in ascending order of keys whatever the server does: one that lists
 * in no order is read whole and sorted; one whose continuation tokens lead back or to nowhere is
 * paged by start-after; one that takes no start-after is read from the beginning.
 *
 * Nothing is told before the order is known: until PROVEN_KEYS keys came in ascending order, over
 * all listings of a client, or the listing ended. From then on each page is told as it comes. */
#ifndef S3HLS_S3_LISTING_H
#define S3HLS_S3_LISTING_H

#include "s3/object.h"

/* s3hls__op.lister */
extern const s3hls__lister s3hls__s3_lister;

#endif
