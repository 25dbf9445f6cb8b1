/* SPDX-License-Identifier: MIT-0 */
/* What happens to an access unit: it is skipped, appended to the segment, or begins another
 * segment or timeline. Pure. */
#ifndef S3HLS_RECORD_DECISION_H
#define S3HLS_RECORD_DECISION_H

#include "media/media.h"
#include "record/segmenter.h"
#include "s3hls/layout.h"

/* The facts that a decision depends on. */
typedef struct s3hls__decision_facts {
    const s3hls__unit *unit;
    int64_t pts_90k, frame_90k; /* frame_90k: usual duration of a frame */
    bool pts_in_doubt;          /* its PTS may change: no segment begins with it by choice */
    bool behind_gap;            /* a keyframe behind a gap or jump */
    bool times_broke;           /* the clock of the input jumped, or paused */

    bool filling;        /* there is a segment, */
    uint64_t bytes;      /* of that size so far */
    uint64_t nals;       /* of the type that cuts, in the stream so far */
    uint64_t pool_bytes; /* the recorder's share of the pool */

    bool timeline_begun;
    bool config_changed; /* the timeline's initialisation segment lacks a parameter set */
    bool clock_stepped;  /* the wall clock needs a correction that begins another timeline */
    bool outgrown;       /* a segment was longer than its timeline's object states */
} s3hls__decision_facts;

typedef struct s3hls__decision {
    bool cut;                  /* the segment ends before this access unit */
    const char *timeline;      /* why a timeline begins; NULL: none does */
    s3hls_segment_entry entry; /* of a segment that would begin here */
} s3hls__decision;

/* Others read skipping, and set it to begin at the next keyframe. */
typedef struct s3hls__decider {
    s3hls__segmenter segmenter;
    bool skipping;           /* up to the next keyframe */
    uint64_t damage_seen;    /* damaged slices up to the last keyframe */
    uint32_t whole_segments; /* in a row, that decode on their own */
    unsigned reported;       /* causes why they do not: bits */
    bool keeps_max;          /* the caller has set the largest size: the pool's does not matter */
    bool pool_reported;
    uint32_t gops_that_fit; /* in a row */
} s3hls__decider;

/* A GOP that is too large for the pool, and the remedy. */
typedef struct s3hls__pool_finding {
    uint64_t gop_bytes, bits_per_s, pool_bytes;
    int64_t gop_ms;
    uint64_t uplink_bits_per_s; /* a slower one loses pictures */
    uint64_t enough_bytes;      /* pool in which the GOP fits, */
    int64_t shorter_ms;         /* or the GOP that fits into this one */
} s3hls__pool_finding;

/* Test whether an access unit is skipped: all are up to a keyframe, and from damage on, because
 * pictures that refer to a damaged picture are damaged too.
 * @param slices_damaged  in the stream so far */
bool s3hls__decide_skip(s3hls__decider *d, bool keyframe, uint64_t slices_damaged);

/* Decide on an access unit that is not skipped. Never cuts between the fields of a frame. */
s3hls__decision s3hls__decide(s3hls__decider *d, const s3hls__decision_facts *f);

/* Why a keyframe begins a timeline. @return NULL: it does not */
const char *s3hls__decide_timeline(const s3hls__decision_facts *f);

/* Note that a segment begins. Each cause why it does not decode on its own is reported once, and
 * again only after several segments that do.
 * @return text to report; NULL: nothing */
const char *s3hls__decide_report(s3hls__decider *d, s3hls_segment_entry entry);

/* At a keyframe that has been decided on: test whether the GOP before it is larger than the pool
 * permits, so that pictures are lost although the uplink is faster than the stream. Reported once,
 * and again only after several GOPs that fit. */
bool s3hls__decide_pool(s3hls__decider *d, uint64_t pool_bytes, s3hls__pool_finding *finding);

#endif
