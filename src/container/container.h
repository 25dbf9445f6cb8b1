/* SPDX-License-Identifier: MIT-0 */
/* What differs between containers: how the access units and audio frames of a timeline become
 * segments. All are pure. A container is one file, ts/ts.c for example, and a row in containers.h
 * and containers.c; layout/ has its suffix and media type.
 *
 *   begin_timeline ─▶ ( begin_segment ─▶ ( unit | audio )... ─▶ end_segment )...
 *   unit:  begin_unit ─▶ ( begin_nal ─▶ data... )... ─▶ end_unit
 *
 * Every function writes in place; each payload byte is copied once. The state can be copied, and
 * copied back with the outputs to undo what was written since. A function that returns a status has
 * written a part: undo it. */
#ifndef S3HLS_CONTAINER_H
#define S3HLS_CONTAINER_H

#include "media/media.h"
#include "s3hls/layout.h"
#include "s3hls/status.h"

/* Memory in pieces, to write to or to read again. Copy it to remember a place. */
typedef struct s3hls__output {
    uint8_t *p, *end; /* the rest of the piece */
    uint32_t piece;   /* which one it is; more() uses it */
    void *ctx;
    /* Set p, end and piece to the next piece. @return a status; the caller fails with it */
    int (*more)(void *ctx, struct s3hls__output *out);
} s3hls__output;

/* The parts of a segment. They are written at the same time, each to its own output, and joined in
 * this order when the segment ends. A container need not use all. */
typedef enum s3hls__part {
    S3HLS__PART_HEAD,       /* what can only be completed at the end, but precedes the media */
    S3HLS__PART_AUDIO_HEAD, /* the same of the audio track */
    S3HLS__PART_MEDIA,
    S3HLS__PART_AUDIO,
    S3HLS__PARTS
} s3hls__part;

/* Other times for an access unit that was written, 90 kHz. */
typedef struct s3hls__move {
    int64_t pts_by_90k, dts_by_90k; /* to be added */
    int64_t dts_90k;                /* the result */
    bool second_field;              /* it is the second field of a frame */
} s3hls__move;

/* @param state  the container's own member of s3hls__container_state
 * @param out    an output for each part */
typedef struct s3hls__container {
    s3hls_container id;
    const char *name; /* in a timeline's object */

    /* Write the initialisation segment of a timeline. @return its size, bytes; 0: it does not fit.
     * NULL: segments need none. */
    size_t (*init_segment)(const s3hls__tracks *tracks, uint8_t *to, size_t size);

    /* Begin without any earlier state. @param tracks  valid until the next begin_timeline */
    void (*begin_timeline)(void *state, const s3hls__tracks *tracks);
    int (*begin_segment)(void *state, s3hls__output *out);
    /* @param end_90k  DTS of the access unit behind the segment, or that it would have
     * @param audio    the timeline has audio. The segment need not; if it has, so has the timeline
     */
    void (*end_segment)(void *state, s3hls__output *out, int64_t end_90k, bool audio);
    /* @param unit  with its times: 90 kHz, unwrapped, pts >= dts, dts above that of the last one */
    int (*begin_unit)(void *state, s3hls__output *out, const s3hls__unit *unit);
    int (*begin_nal)(void *state, s3hls__output *out, s3hls__nal_kind kind);
    int (*data)(void *state, s3hls__output *out, const uint8_t *data, size_t size);
    int (*end_unit)(void *state, s3hls__output *out);

    /* Write audio frames, between two access units. @param frames  in order; up to
     * S3HLS__AUDIO_RUN_FRAMES, of up to S3HLS__AUDIO_RUN_BYTES in all */
    int (*audio)(void *state, s3hls__output *out, const s3hls__audio_frame *frames, size_t count);

    /* Move an access unit of the segment that is being written. Not the segment's first one. If
     * dts_by_90k is not 0, it is the newest one.
     * @param before  the state before the access unit was begun
     * @param at      the outputs then; more() leads along what was written. Changed */
    void (*move_unit)(void *state, const void *before, s3hls__output *at, const s3hls__move *by);
} s3hls__container;

enum { S3HLS__AUDIO_RUN_FRAMES = 64, S3HLS__AUDIO_RUN_BYTES = 60000 };

/* @return NULL: there is no such container */
const s3hls__container *s3hls__container_find(s3hls_container id);

#endif
