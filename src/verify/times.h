/* SPDX-License-Identifier: MIT-0 */
/* Checks the timestamps of a segment's access units against the pictures: order counts for
 * the order of presentation, and the numbers of the order of decoding (H.264: frame_num, 7.4.3);
 * and the duration of the pictures against the segment's name. */
#ifndef S3HLS_VERIFY_TIMES_H
#define S3HLS_VERIFY_TIMES_H

#include "verify/units.h"

enum { S3HLS__TIMES_WINDOW = 32 };

/* Initialise to zero. Times are 90 kHz after the first DTS. */
typedef struct s3hls__times {
    uint32_t count; /* access units whose times could be read */
    int64_t origin; /* first DTS, on the clock of 33 bits */
    int64_t dts;    /* the newest */
    int64_t first_pts, earliest_pts, latest_pts;
    int64_t longest_delay, shortest_delay; /* PTS - DTS */
    int64_t longest_step, shortest_step;   /* DTS */
    int64_t steps[S3HLS__TIMES_WINDOW];    /* the newest ones */
    bool fields;

    bool base_known;
    int32_t base; /* order count of the newest IDR picture */
    struct {
        int32_t poc;
        int64_t pts;
    } shown[S3HLS__TIMES_WINDOW]; /* the newest since the last IDR picture */
    uint32_t shown_count;

    bool decoded;             /* the two below are known */
    uint32_t reference;       /* number of the newest reference picture */
    uint32_t skipped, beyond; /* number that should have come, and that came instead */
    uint32_t skipped_since;   /* access units; 0: none is skipped */
} s3hls__times;

/* Add the next access unit's timestamps, 33 bits. @return its DTS minus the previous one; at first
 * 0. */
int64_t s3hls__times_add(s3hls__times *t, int64_t pts, int64_t dts);

/* Check the same access unit when its NAL units are known. @return the fault; NULL: none. */
const char *s3hls__times_judge(s3hls__times *t, int64_t pts, const s3hls__units *u);

/* Test whether the pictures last as long as the name states, if another segment may follow whose
 * first pictures are shown before the end of this one. */
bool s3hls__times_fill(const s3hls__times *t, int64_t named_90k);

/* If no segment follows: duration that is missing at the end, or is surplus; 0: none.
 * @param ended  the last picture is known to be the last one */
int64_t s3hls__times_missing(const s3hls__times *t, int64_t named_90k, bool ended);

/* Duration from the first picture to the end of the last one shown, which is assumed to last as
 * long as the average; 0 for fewer than two pictures. */
int64_t s3hls__times_length(const s3hls__times *t);

#endif
