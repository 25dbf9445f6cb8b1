/* SPDX-License-Identifier: MIT-0 */
/* Adds faults to a report; arithmetic on 33-bit timestamps. */
#ifndef S3HLS_VERIFY_REPORT_H
#define S3HLS_VERIFY_REPORT_H

#include "s3hls/verify.h"
#include <stdbool.h>

enum {
    S3HLS__VERIFY_ROUNDING_90K = 180, /* names are in whole ms, rounded at both ends */
    S3HLS__PCR_GAP_MAX_90K = 9000,    /* ISO/IEC 13818-1 2.7.2: 100 ms */
    S3HLS__AUDIO_NEAR_90K = 9000      /* audio is so near to its pictures, and a frame */
};

/* Add a fault; the text of the first one is kept, after its word. */
__attribute__((format(printf, 3, 4))) void s3hls__fault_note(s3hls_verify_report *report, int fault,
                                                             const char *format, ...);
/* Remove a fault that a neighbour has cleared. */
void s3hls__fault_take_back(s3hls_verify_report *report, int fault);

/* a - b, 90 kHz, modulo 33 bits: within half of its range either way. */
int64_t s3hls__clock_since(int64_t a, int64_t b);

/* a + length, modulo 33 bits. */
int64_t s3hls__clock_after(int64_t a, int64_t length);

/* The recorder may correct the time of a frame by half of a frame. */
int64_t s3hls__audio_overlap_90k(int64_t frame);

/* Set where the audio of a segment is, and compare it with the segment's pictures: before the first
 * and behind the last segment of a timeline there may be more of it.
 * @param begin, end  90 kHz, any range
 * @param frame       duration of the longest frame */
void s3hls__audio_note(s3hls_verify_report *report, int64_t begin, int64_t end, int64_t frame);

#endif
