/* SPDX-License-Identifier: MIT-0 */
/* From bytes to segments: the encoder thread's half of a recorder. It is the parser's sink, and
 * passes each access unit along:
 *
 *   parser ─▶ timing ─▶ decision ─▶ packer ─▶ session ─▶ outbox
 *             its time  skip, cut,  container, number,
 *                       timeline    undo       name, timeline
 */
#ifndef S3HLS_RECORD_WRITER_H
#define S3HLS_RECORD_WRITER_H

#include "codec/access_unit.h"
#include "record/audio.h"
#include "record/decision.h"
#include "record/packer.h"
#include "record/session.h"
#include "record/timing.h"

/* Others read the members. */
typedef struct s3hls__writer {
    const s3hls_env *env;
    s3hls__outbox *box;

    /* any thread */
    _Atomic uint64_t frames_in, frames_skipped, frames_dropped, gops_dropped;

    s3hls__audio_input audio; /* see there */

    /* encoder thread only, from here on */
    s3hls__au_parser parser;
    s3hls__timing timing;
    s3hls__decider decider;
    s3hls__packer packer;
    s3hls__session session;
    s3hls__tracks tracks;       /* of the timeline */
    uint32_t config_generation; /* of the parameter sets that tracks.config was compared with */
    int64_t audio_beyond_90k;   /* audio so long behind the last picture is kept */
    bool config_changed;        /* the timeline's initialisation segment lacks a parameter set */
    s3hls_container container;  /* as configured */

    bool unit_is_key;          /* the access unit that is being written */
    s3hls_segment_entry entry; /* of the segment that is being filled */
    bool dropped;              /* the pool was full: the skipped access units count as dropped */
    uint64_t lost;             /* access units dropped since the last report */
    struct {
        int64_t end_90k;          /* of the pictures in the segment */
        int64_t before_90k;       /* the same without the newest one */
        int64_t unless_moved_90k; /* the same if the marked one is moved */
        int64_t end_dts_90k;      /* of the newest access unit, of decoding */
    } kept;

    /* the call that is running */
    struct {
        int64_t pts_us, composition_us;
        uint64_t bytes;       /* written into segments */
        uint64_t bytes_ended; /* the same, of access units that have ended */
        int status;           /* why something was skipped; S3HLS_OK: nothing was */
        bool has_time;        /* its time has not been used yet */
    } call;
} s3hls__writer;

/* @param w    zeroed, except the tags of its session
 * @param box  has the slots and the pool */
void s3hls__writer_init(s3hls__writer *w, const s3hls_recorder_config *cfg, uint64_t max_bytes,
                        s3hls__outbox *box, const s3hls_env *env);
/* Release the segment and the tags. Accepts a writer that was not initialized. */
void s3hls__writer_deinit(s3hls__writer *w, const s3hls_env *env);

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

#endif
