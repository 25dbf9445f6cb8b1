/* SPDX-License-Identifier: MIT-0 */
/* Times of a segment's access units, held against what the pictures themselves say: order counts
 * (8.2.1) for the order of presentation, frame_num (7.4.3) for that of decoding; and how long the
 * pictures last, held against the segment's name. */
#ifndef S3HLS_VERIFY_TIMES_H
#define S3HLS_VERIFY_TIMES_H

#include "verify/units.h"

enum { S3HLS__TIMES_WINDOW = 32 };

/* Zero it. Times are 90 kHz after the first DTS. */
typedef struct s3hls__times {
    uint32_t count; /* access units whose times could be read */
    int64_t origin; /* first DTS, on the clock of 33 bits */
    int64_t dts;    /* the newest */
    int64_t first_pts, earliest_pts, latest_pts;
    int64_t longest_delay, shortest_delay; /* PTS - DTS */
    int64_t longest_step, shortest_step;   /* DTS */
    int64_t steps[S3HLS__TIMES_WINDOW];    /* the newest ones */
    bool fields;

    s3hls__h264_poc poc;
    bool base_known;
    int32_t base; /* order count of the newest IDR picture */
    struct {
        int32_t poc;
        int64_t pts;
    } shown[S3HLS__TIMES_WINDOW]; /* the newest since the last IDR picture */
    uint32_t shown_count;

    bool decoded;             /* the two below are known */
    uint32_t reference;       /* frame_num of the newest reference picture */
    uint32_t skipped, beyond; /* frame_num that should have come, and that came instead */
    uint32_t skipped_since;   /* access units; 0: none is skipped */
} s3hls__times;

/* The next access unit's times, on the clock of 33 bits. @return its DTS less the one before, 0 at
 * first. */
int64_t s3hls__times_add(s3hls__times *t, int64_t pts, int64_t dts);

/* The same one, once its NAL units are known. @return what is wrong with its place; NULL: nothing.
 */
const char *s3hls__times_judge(s3hls__times *t, int64_t pts, const s3hls__units *u);

/* Do the pictures last as long as the name says, if another segment may follow, whose first
 * pictures are shown before the end of this one? */
bool s3hls__times_fill(const s3hls__times *t, int64_t named_90k);

/* If nothing follows, what is missing at the end, or stands behind it; 0: nothing. ended: the last
 * picture is known to be the last one. */
int64_t s3hls__times_missing(const s3hls__times *t, int64_t named_90k, bool ended);

/* From the first picture to the end of the last one shown, which is taken to last as long as they
 * do on average; 0 for fewer than two. */
int64_t s3hls__times_length(const s3hls__times *t);

#endif
