/* SPDX-License-Identifier: MIT-0 */
/* The timeline's object: its name and its text. Pure; the recorder writes it, archive/timeline.c
 * reads it. The names of segments are public: s3hls_segment_key_format(),
 * s3hls_segment_key_parse(). */
#ifndef S3HLS_ARCHIVE_KEY_H
#define S3HLS_ARCHIVE_KEY_H

#include "s3hls/archive.h"

#define S3HLS__TIMELINES_PREFIX "timelines/"

/* "timelines/{timeline}.json". @return length, or S3HLS_E_TOO_LARGE. */
int s3hls__timeline_key(uint64_t timeline, char *key, size_t size);
/* The object's JSON. @return length, or S3HLS_E_TOO_LARGE (512 bytes always do). */
int s3hls__timeline_format(const s3hls_timeline *t, char *text, size_t size);

#endif
