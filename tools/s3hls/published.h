/* SPDX-License-Identifier: MIT-0 */
/* Playlists of --publish: their contents, and how they are put. */
#ifndef TOOL_PUBLISHED_H
#define TOOL_PUBLISHED_H

#include "s3hls/archive.h"
#include <stdbool.h>

enum { LIVE_MAX = 64 };

/* Contents of live.m3u8. Initially zeroed. */
typedef struct live_list {
    s3hls_segment segments[LIVE_MAX]; /* ascending; older segments are not listed */
    size_t count;
    bool ended;              /* the existing live.m3u8 has ENDLIST: its session is over */
    uint32_t target_ms;      /* never decreases: players rely on it for this URL (RFC 8216 6.2.1) */
    s3hls_timeline timeline; /* of the newest segment, if it was read */
    unsigned waits;          /* waits for the timeline's object */
    uint64_t master_timeline, master_bps; /* as written */
} live_list;

/* The segment was recorded by a clock that ran ahead of now_ms. It is not live before its time. */
bool live_is_ahead(const s3hls_segment *s, int64_t now_ms);
/* Remove the segments of a clock that ran ahead, and all segments before them: the list begins
 * after the last of them. */
void live_drop_ahead(live_list *l, int64_t now_ms);
/* Continue the list of an earlier recording: read live.m3u8, except for segments ahead of now_ms.
 * @return S3HLS_OK, also if there is none; a store's status. */
int live_begin(live_list *l, s3hls_archive *archive, int64_t now_ms, s3hls_s3_error *error);
/* The list has advanced beyond this segment, so that it must not be added any more. */
bool live_passed(const live_list *l, const s3hls_segment *s);
/* No segment is missing between the list and this one. */
bool live_follows(const live_list *l, const s3hls_segment *s);
void live_append(live_list *l, const s3hls_segment *s);
/* Put live.m3u8, and master.m3u8 if it changed. @return S3HLS_OK; S3HLS_E_NOT_FOUND: the timeline's
 * object is not available yet, try again soon; a store's status. */
int live_write(live_list *l, s3hls_archive *archive, bool ended, const s3hls_env *env,
               s3hls_s3_error *error);

/* List an hour and put its index.m3u8. over: no more segments are recorded in it. */
int hour_write(s3hls_archive *archive, int64_t begin_ms, bool over, uint32_t target_ms,
               const s3hls_env *env, s3hls_s3_error *error);

#endif
