/* SPDX-License-Identifier: MIT-0 */
/* The playlists that --publish writes: what is in them, and how they are put. */
#ifndef TOOL_PUBLISHED_H
#define TOOL_PUBLISHED_H

#include "s3hls/archive.h"
#include <stdbool.h>

enum { LIVE_MAX = 64 };

/* What live.m3u8 lists. Zeroed at first. */
typedef struct live_list {
    s3hls_segment segments[LIVE_MAX]; /* ascending; what is older is listed no more */
    size_t count;
    bool ended;              /* live.m3u8 as it was found has ENDLIST: this session is over */
    uint32_t target_ms;      /* never falls: players know the address by it (RFC 8216 6.2.1) */
    s3hls_timeline timeline; /* the newest segment's, as far as it was read */
    unsigned waits;          /* for the timeline's object */
    uint64_t master_timeline, master_bps; /* as written */
} live_list;

/* Was the segment recorded by a clock that ran ahead of now_ms? It is not live until its time has
 * come. */
bool live_is_ahead(const s3hls_segment *s, int64_t now_ms);
/* Take what a clock that ran ahead recorded out of the list, and what is before it: the list begins
 * after the last of them. */
void live_drop_ahead(live_list *l, int64_t now_ms);
/* Go on where an earlier recording stopped: read live.m3u8 back, but for what is ahead of now_ms.
 * @return S3HLS_OK, also where there is none; a store's status. */
int live_begin(live_list *l, s3hls_archive *archive, int64_t now_ms, s3hls_s3_error *error);
/* Has the list gone on beyond this one, so that it may not come in any more? */
bool live_passed(const live_list *l, const s3hls_segment *s);
/* Is nothing missing between the list and this one? */
bool live_follows(const live_list *l, const s3hls_segment *s);
void live_append(live_list *l, const s3hls_segment *s);
/* Put live.m3u8, and master.m3u8 where it changes.
 * @return S3HLS_OK; S3HLS_E_NOT_FOUND: the timeline's object is not there yet: try again soon; a
 * store's status. */
int live_write(live_list *l, s3hls_archive *archive, bool ended, const s3hls_env *env,
               s3hls_s3_error *error);

/* List an hour and put its index.m3u8. over: nothing more is recorded in it. */
int hour_write(s3hls_archive *archive, int64_t begin_ms, bool over, uint32_t target_ms,
               const s3hls_env *env, s3hls_s3_error *error);

#endif
