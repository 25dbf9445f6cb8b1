/* SPDX-License-Identifier: MIT-0 */
/* What the numbers in the names of two segments state about them. Pure.
 *
 * In a session that began at UNIX second S the n-th segment has sequence S + n, and the k-th
 * timeline is S + k. A new session begins with a new S, later by more than a segment. */
#ifndef S3HLS_LAYOUT_SESSION_H
#define S3HLS_LAYOUT_SESSION_H

#include "s3hls/layout.h"
#include <stdbool.h>

/* Test whether b belongs to the same session as a, which is before it: the timeline is equal or
 * higher by one, and the sequence is higher, by no more than a session may lose. */
bool s3hls__segment_same_session(const s3hls_segment *a, const s3hls_segment *b);
/* Number of sequence numbers missing between two segments of one session; 0: another session. */
uint64_t s3hls__segment_missing(const s3hls_segment *a, const s3hls_segment *b);
/* Test whether a clock that ran ahead named the segment: it arrived before its own time. */
bool s3hls__segment_is_ahead(const s3hls_segment *segment);

#endif
