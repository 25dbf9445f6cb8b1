/* SPDX-License-Identifier: MIT-0 */
/* Predicts the arrival of a camera's next segment, so that a listing is requested only when there
 * is something new. Pure.
 *
 * A segment that the store received at time m is followed by the next one a segment's duration
 * later. The further delay until a listing shows it (clock difference, upload time) is learned:
 * each look that is too early adds an eighth of a segment, each one that finds something subtracts
 * a thirty-second. So about one look in five is too early: in the long run 1.25 looks a segment. */
#ifndef S3HLS_ARCHIVE_PACE_H
#define S3HLS_ARCHIVE_PACE_H

#include "s3hls/layout.h"
#include <stdbool.h>

enum {
    S3HLS__PACE_RETRY_MIN_MS = 500,
    S3HLS__PACE_RETRY_MAX_MS = 60000 /* between two looks at a camera that has stopped */
};

/* Times are UTC, ms. Initialise to zero. */
typedef struct s3hls__pace {
    bool looked, known;               /* known: the newest segment is known */
    int64_t newest_ms, newest_end_ms; /* start and end of the newest segment seen */
    int64_t looked_ms, missed_ms;     /* the last look; the last that found nothing new */
    int64_t due_ms;                   /* when to look again */
    int64_t late_ms;                  /* learned */
    int64_t period_ms;                /* duration of the newest segment, 1 s to 60 s */
    unsigned misses;                  /* looks since the newest segment that found nothing new */
} s3hls__pace;

/* Note that a look at looked_ms found this segment as the newest one (NULL: none). Notes with the
 * same looked_ms are one look: the newest of their segments counts. */
void s3hls__pace_note(s3hls__pace *pace, const s3hls_segment *newest, int64_t looked_ms);

#endif
