/* SPDX-License-Identifier: MIT-0 */
/* The live playlist, which only ever grows at its end, and master.m3u8, which names it: live.m3u8,
 * or live-{seconds}.m3u8 where a larger EXT-X-TARGETDURATION was needed, which must not change for
 * a URL (RFC 8216 6.2.1). */
#ifndef S3HLS_PUBLISH_LIVE_H
#define S3HLS_PUBLISH_LIVE_H

#include "base/env.h"
#include "publish/object.h"
#include "s3hls/layout.h"
#include "s3hls/store.h"

enum { S3HLS__LIVE_MAX = 64 };

/* Set store and env; the rest is initially zero. */
typedef struct s3hls__live {
    s3hls_store *store;
    const s3hls_env *env;
    s3hls_segment listed[S3HLS__LIVE_MAX]; /* ascending; older segments are not listed */
    s3hls_segment held[S3HLS__LIVE_MAX];   /* ascending, behind a gap that may still be filled */
    size_t listed_count, held_count;
    int64_t held_since_us; /* monotonic */
    bool begun, changed, end_written;
    bool ended;              /* the existing live playlist has ENDLIST: its session is over */
    s3hls__live_key key;     /* of the live playlist */
    bool renamed;            /* master.m3u8 does not name this key yet */
    uint32_t key_target_ms;  /* as written at this key; 0: not written yet */
    uint32_t target_ms;      /* never decreases */
    s3hls_timeline timeline; /* of the newest segment, if it was read */
    unsigned waits;          /* how often the timeline's object was not available yet */
    uint64_t master_timeline, master_bps; /* as written */
} s3hls__live;

/* A clock that ran ahead of the current time named the segment. It is not live before its time. */
bool s3hls__live_is_ahead(const s3hls__live *l, const s3hls_segment *s);

/* Continue the list of an earlier recording, except for segments that are ahead.
 * @return S3HLS_OK: also if there is none; S3HLS_E_NOMEM; a store's status */
int s3hls__live_begin(s3hls__live *l, s3hls_s3_error *error);

/* Add a delivered segment. It is held until the segments before it are listed, for half a target
 * duration at most: parallel uploads end in any order. */
void s3hls__live_add(s3hls__live *l, const s3hls_segment *s);
/* List the held segments that are due. @param all  do not wait for missing ones */
void s3hls__live_release(s3hls__live *l, bool all);
/* Monotonic time at which there is something to do; INT64_MAX: not before the next segment. */
int64_t s3hls__live_due_us(const s3hls__live *l);

/* Put the live playlist if it changed, and master.m3u8 if necessary.
 * @param end  the camera has stopped: with ENDLIST
 * @return S3HLS_OK; S3HLS_E_NOT_FOUND: the timeline's object is not available yet, try again soon;
 *   S3HLS_E_NOMEM; a store's status */
int s3hls__live_write(s3hls__live *l, bool end, s3hls_s3_error *error);

#endif
