/* SPDX-License-Identifier: MIT-0 */
/* How faults come into a report, and how the clock of 33 bits is read. */
#ifndef S3HLS_VERIFY_REPORT_H
#define S3HLS_VERIFY_REPORT_H

#include "s3hls/verify.h"
#include <stdbool.h>

enum {
    S3HLS__VERIFY_ROUNDING_90K = 180, /* names are in whole ms, rounded at both ends */
    S3HLS__PCR_GAP_MAX_90K = 9000     /* ISO/IEC 13818-1 2.7.2: 100 ms */
};

/* Add a fault; the first one's text is kept, behind its word. */
__attribute__((format(printf, 3, 4))) void s3hls__fault_note(s3hls_verify_report *report, int fault,
                                                             const char *format, ...);
/* A neighbour has cleared it. */
void s3hls__fault_take_back(s3hls_verify_report *report, int fault);

/* a - b, 90 kHz, on the clock of 33 bits: within half its round. */
int64_t s3hls__clock_since(int64_t a, int64_t b);

/* What that clock shows so long after a. */
int64_t s3hls__clock_after(int64_t a, int64_t length);

#endif
