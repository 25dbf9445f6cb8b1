/* SPDX-License-Identifier: MIT-0 */
/* From access units to segments: the encoder thread's half of a recorder. Gives each access unit
 * its time, cuts at keyframes, muxes in place into pool blocks, names what is complete and hands it
 * to the outbox. */
#ifndef S3HLS_RECORD_WRITER_H
#define S3HLS_RECORD_WRITER_H

#include "codec/access_unit.h"
#include "container/ts/ts.h"
#include "deliver/outbox.h"
#include "record/segmenter.h"
#include "record/timing.h"
#include "record/wall.h"

typedef struct s3hls__writer {
    /* set at open */
    const s3hls_env *env;
    s3hls__pool *pool;
    s3hls__outbox *box;

    /* any thread */
    _Atomic uint64_t frames_in, frames_skipped, frames_dropped, gops_dropped;
    _Atomic int64_t media_us, first_segment_us, last_end_us; /* the times 0 while provisional */

    /* encoder thread only, from here on */
    s3hls__au_parser parser;
    s3hls__timing timing;
    s3hls__segmenter segmenter;
    s3hls__ts_mux mux;
    s3hls__ts_output out;
    s3hls__slot *slot;         /* being filled; NULL: none */
    uint64_t full_blocks;      /* of slot, before the one out points into */
    uint32_t units;            /* access units in slot */
    bool reordered;            /* pictures in slot are not shown in the order of decoding */
    bool unit_is_key;          /* the one that is being written */
    bool unit_continues;       /* it has been counted by the call before */
    s3hls_segment_entry entry; /* of slot */
    uint32_t whole_segments;   /* in a row, that decode on their own */
    unsigned causes_told;      /* why they do not: bits */
    bool skipping;             /* up to the next keyframe */
    bool dropped;              /* the pool was full: the skipped access units count as dropped */
    uint64_t lost;             /* access units dropped since recording last went on */
    uint64_t damage_seen;      /* damaged slices up to the last keyframe */

    /* to undo an access unit if the pool is full */
    struct {
        s3hls__ts_mux mux;
        s3hls__ts_output out;
        uint32_t last;
        uint64_t full_blocks, call_bytes;
    } saved;
    struct {        /* the access unit whose PTS is in doubt: */
        uint8_t *p; /* where it begins; NULL: none in this segment */
        uint32_t block;
        int64_t other_end_90k; /* kept_end_90k, if it is wrong */
    } far;

    /* the call that is running */
    int64_t pts_us, composition_us;
    uint64_t call_bytes; /* written into segments */
    int call_status;     /* why something was skipped; S3HLS_OK: nothing was */
    bool given;          /* its time has not been used yet */
    bool call_evicted;   /* an older segment was dropped for it */

    /* session, timeline; numbers count from the session's own (outbox) */
    s3hls__wall wall;
    uint64_t sequence; /* of the next segment */
    s3hls__tags *tags; /* of the segments to come; a reference */
    s3hls_timeline timeline;
    uint64_t timelines;
    bool session_begun, timeline_begun;
    bool timeline_unsaid;   /* its object has not been handed over yet */
    bool timeline_outgrown; /* a segment was longer than its object says: another one is due */
    const char *timeline_reason;
    int64_t correction_us; /* of the wall clock, that a new timeline is to make; 0: none */
    int64_t first_given_us;
    int64_t end_us; /* wall time, or provisional, of the end of what is recorded; 0: nothing */
    int64_t kept_end_90k;    /* where what was kept ends */
    int64_t kept_before_90k; /* and without its last access unit */
    int64_t recorded_90k;    /* length of all ended segments */
} s3hls__writer;

/* All members of the first group are set by the caller, the rest is zero. */
void s3hls__writer_init(s3hls__writer *w, const s3hls_recorder_config *cfg, uint64_t max_bytes);

/* Put the bytes of one call, in spans, with the times of frame.
 * @return as s3hls_recorder_put_video() */
int s3hls__writer_put(s3hls__writer *w, const s3hls_span *spans, size_t count,
                      const s3hls_frame *frame);

/* End the segment immediately; recording resumes at the next keyframe, in a new timeline. */
void s3hls__writer_flush(s3hls__writer *w);

/* End the input, the open access unit and the segment. */
void s3hls__writer_finish(s3hls__writer *w);

/* Frames per 1,000 seconds, as the newest are counted or come; 0: not known. */
uint32_t s3hls__writer_frame_rate_milli(const s3hls__writer *w);

/* Bytes in the segment that is being filled. */
uint64_t s3hls__writer_bytes(const s3hls__writer *w);

#endif
