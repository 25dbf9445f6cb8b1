/* SPDX-License-Identifier: MIT-0 */
/* Name and text of a timeline's object. Pure; the recorder writes it, archive/timeline.c reads it.
 * The names of segments are public: s3hls_segment_key_format(),
 * s3hls_segment_key_parse(). */
#ifndef S3HLS_LAYOUT_KEY_H
#define S3HLS_LAYOUT_KEY_H

#include "s3hls/layout.h"

#include <stdbool.h>

#define S3HLS__TIMELINES_PREFIX "timelines/"

/* Write "timelines/{timeline}.json". @return length, or S3HLS_E_TOO_LARGE. */
int s3hls__timeline_key(uint64_t timeline, char *key, size_t size);
/* Write the object's JSON. @return length, or S3HLS_E_TOO_LARGE (512 bytes are always enough). */
int s3hls__timeline_format(const s3hls_timeline *t, char *text, size_t size);

/* Test whether b belongs to the same session as a, which is before it. In a session that began at
 * UNIX second S the n-th segment has sequence S + n, and the k-th timeline is S + k. A new session
 * begins with a new S, later by more than a segment. So two neighbours belong to one session if the
 * timeline is equal or higher by one, and the sequence is higher, by no more than a session may
 * lose. */
bool s3hls__segment_same_session(const s3hls_segment *a, const s3hls_segment *b);
/* Test whether a clock that ran ahead named the segment: it arrived before its own time. */
bool s3hls__segment_is_ahead(const s3hls_segment *segment);

#endif
