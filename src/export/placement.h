/* SPDX-License-Identifier: MIT-0 */
/* Maps timestamps of pictures from a transport stream's 33 bits to the wall clock. Pure. */
#ifndef S3HLS_EXPORT_PLACEMENT_H
#define S3HLS_EXPORT_PLACEMENT_H

#include "s3hls/env.h"
#include "s3hls/layout.h"
#include <stdbool.h>

/* Timestamps of one picture, 90 kHz; since 1970 after placement. */
typedef struct s3hls__stamp {
    int64_t pts, dts;
} s3hls__stamp;

/* Offset of the pictures' clock to the wall clock at the previous segment. Initialise to zero. */
typedef struct s3hls__placement {
    bool known;
    s3hls_segment segment;
    int64_t stamp;     /* PTS of one of its pictures, 33 bits */
    int64_t wall_90k;  /* its time, since 1970 */
    int64_t drift_90k; /* the pictures' time less that of the names */
} s3hls__placement;

typedef enum s3hls__placed {
    S3HLS__PLACED,       /* after what was placed before */
    S3HLS__PLACED_TWICE, /* most of its time was placed before: another recording */
    S3HLS__PLACED_NOMEM
} s3hls__placed;

/* Set the times of a segment's pictures. Within a timeline they continue from the previous segment;
 * else they begin at the time in the segment's name, but not before end_90k. Implausible timestamps
 * are replaced. Afterwards DTS increases and is not later than PTS.
 * @param stamps   in decoding order, count of them, at least one; 33 bits; receive the times
 * @param end_90k  end of the pictures placed before, since 1970; INT64_MIN: none
 * @param beside   the recording of the segment before continues after this one */
s3hls__placed s3hls__placement_next(s3hls__placement *p, const s3hls_segment *segment,
                                    s3hls__stamp *stamps, size_t count, int64_t end_90k,
                                    bool beside, const s3hls_env *env);

/* Time of a stamp of the segment that was placed last, 90 kHz since 1970. */
int64_t s3hls__placement_at(const s3hls__placement *p, int64_t stamp);

/* Approximate duration of a picture of the segment: 90 kHz, at least 1. */
int64_t s3hls__placement_frame(const s3hls_segment *segment, size_t count);

#endif
