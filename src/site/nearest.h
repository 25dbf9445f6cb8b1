/* SPDX-License-Identifier: MIT-0 */
/* The word that somebody may have meant. Pure. */
#ifndef S3HLS_SITE_NEAREST_H
#define S3HLS_SITE_NEAREST_H

typedef struct s3hls__site_nearest {
    const char *word;  /* as it was written */
    const char *found; /* the nearest candidate so far; NULL: none is near */
    unsigned distance; /* of found */
} s3hls__site_nearest;

/* Replace found by the candidate if that is nearer: fewer characters are added, removed, changed or
 * exchanged with their neighbour. Case does not count, and '_' is '-'. */
void s3hls__site_nearest_try(s3hls__site_nearest *n, const char *candidate);

#endif
