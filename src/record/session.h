/* SPDX-License-Identifier: MIT-0 */
/* Numbers, timelines and wall time of a recording: names its segments, and hands them and the
 * timelines' objects to the outbox. The encoder's thread; does not block or allocate. */
#ifndef S3HLS_RECORD_SESSION_H
#define S3HLS_RECORD_SESSION_H

#include "container/container.h"
#include "deliver/outbox.h"
#include "media/media.h"
#include "record/segmenter.h"
#include "record/wall.h"

/* Set the members of the first group, env and start_time_us of wall; the rest is initially zero.
 * Others read the members. Sequence and timeline count from the session's first number (outbox). */
typedef struct s3hls__session {
    const s3hls_env *env;
    s3hls__pool *pool;
    s3hls__outbox *box;
    s3hls__tags *tags; /* of the segments to come; a reference; replaced by the recorder */

    /* any thread */
    _Atomic int64_t media_us, first_segment_us, last_end_us; /* the times 0 while provisional */

    s3hls__wall wall;
    bool begun, timeline_begun;
    bool timeline_due;      /* its JSON has not been handed over yet */
    bool init_due;          /* nor has its initialisation segment, if it has one */
    bool timeline_outgrown; /* a segment was longer than its object states: another one is due */
    uint64_t sequence;      /* of the next segment */
    uint64_t timelines;
    s3hls_timeline timeline;
    const s3hls__tracks *tracks; /* of the timeline: all that may come */
    const s3hls__container *container;
    s3hls__slot *init_slot; /* reserved for an initialisation segment, so that there is one as soon
                               as a segment needs it; NULL: none */
    bool timeline_empty;    /* no segment of it has been accepted yet */
    bool timeline_audio;    /* the timeline has audio */
    uint32_t segments_without_audio; /* in a row */
    const char *timeline_reason;
    int64_t correction_us; /* of the wall clock, that a new timeline is to make; 0: none */
    int64_t first_given_us;
    int64_t end_us; /* wall time, or provisional, of the end of what is recorded; 0: nothing */
    int64_t recorded_90k; /* length of all segments */
} s3hls__session;

/* @param given_us  the time that the caller gave the first picture, or should have given it */
void s3hls__session_begin(s3hls__session *s, s3hls__wall_place place, int64_t given_us);

/* How a timeline begins. */
typedef struct s3hls__timeline_start {
    s3hls__wall_place place; /* of its current access unit */
    int64_t begun_us;        /* duration of its first segment so far */
    bool times_broke;        /* pictures follow a jump or a pause; last_given_us: the first one's */
    bool times_given;        /* by the caller: pictures are not counted */
    int64_t last_given_us;
    const s3hls__tracks *tracks; /* valid as long as the timeline */
    uint32_t frame_rate_milli;
    const s3hls__container *container;
    const char *reason;
} s3hls__timeline_start;
void s3hls__session_begin_timeline(s3hls__session *s, const s3hls__timeline_start *start);

/* Reserve what the next segment's timeline needs. @return false: no memory is left */
bool s3hls__session_reserve(s3hls__session *s);
/* Test whether the timeline of a segment has audio. It has not after several segments without. */
bool s3hls__session_audio(const s3hls__session *s, bool segment_has_audio);

typedef struct s3hls__session_segment {
    s3hls_segment_entry entry;
    int64_t end_90k;
    bool audio;  /* its timeline has audio */
    bool silent; /* the segment has none */
    const s3hls__segmenter *segmenter;
} s3hls__session_segment;
/* Name a complete segment and hand it over, after its timeline's objects. A segment that differs
 * from its timeline (longer, or with other tracks) begins another one.
 * @param slot  FILLING, with size and container */
void s3hls__session_accept(s3hls__session *s, s3hls__slot *slot, const s3hls__session_segment *a);
/* No segment follows: release what is reserved. */
void s3hls__session_end(s3hls__session *s);
/* Leave out numbers of segments that were not recorded. */
void s3hls__session_skip(s3hls__session *s, uint64_t segments);

/* At a cut: correct the difference of the wall clock and the recording's clock. A small one is
 * corrected at once, a step by a new timeline.
 * @return the speed of the recording's clock from here on, ppm */
int32_t s3hls__session_correct(s3hls__session *s, s3hls__wall_place place);

#endif
