/* SPDX-License-Identifier: MIT-0 */
/* The timeline's object: its name and its text. Pure; the recorder writes it, archive/timeline.c
 * reads it. The names of segments are public: s3hls_segment_key_format(),
 * s3hls_segment_key_parse(). */
#ifndef S3HLS_ARCHIVE_KEY_H
#define S3HLS_ARCHIVE_KEY_H

#include "s3hls/archive.h"

#include <stdbool.h>

#define S3HLS__TIMELINES_PREFIX "timelines/"

/* "timelines/{timeline}.json". @return length, or S3HLS_E_TOO_LARGE. */
int s3hls__timeline_key(uint64_t timeline, char *key, size_t size);
/* The object's JSON. @return length, or S3HLS_E_TOO_LARGE (512 bytes always do). */
int s3hls__timeline_format(const s3hls_timeline *t, char *text, size_t size);

/* Is b of the session of a, which comes before it? In a session that began at UNIX second S the
 * n-th segment has sequence S + n, and its k-th timeline S + k. A new session begins with a new S,
 * later by more than a segment; so two neighbours are of one session where the timeline stays or
 * rises by one and the sequence rises, by no more than a session may lose. */
bool s3hls__segment_same_session(const s3hls_segment *a, const s3hls_segment *b);
/* Was the segment recorded by a clock that ran ahead? It arrived before its own time. */
bool s3hls__segment_is_ahead(const s3hls_segment *segment);

#endif
