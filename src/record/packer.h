/* SPDX-License-Identifier: MIT-0 */
/* Access units and audio frames into the blocks of one segment, in place, by a container. Each part
 * of the segment (container.h) is a list of blocks; the lists are joined at its end. What was
 * written can be undone if the pool is full, and an access unit moved while its time is in doubt.
 * The encoder's thread; does not block or allocate. */
#ifndef S3HLS_RECORD_PACKER_H
#define S3HLS_RECORD_PACKER_H

#include "codec/codec.h"
#include "container/containers.h"
#include "deliver/outbox.h"

/* Where an access unit begins. */
typedef struct s3hls__packer_place {
    s3hls__container_state state;
    s3hls__output out[S3HLS__PARTS]; /* piece: the last block; S3HLS__NO_BLOCK: there is none yet */
    uint64_t full_bytes;
    uint64_t audio_frames; /* in the segment */
    bool second_field;     /* of a frame: the access unit is one */
} s3hls__packer_place;

/* Set the members of the first group; the rest is initially zero. Others read the members. */
typedef struct s3hls__packer {
    const s3hls_env *env;
    s3hls__outbox *box; /* of the slots; evicts old segments */
    s3hls__pool *pool;
    const s3hls__container *container;

    s3hls__slot *slot; /* being filled; NULL: none */
    uint32_t units;    /* access units in it */
    bool reordered;    /* pictures in it are not shown in the order of decoding */
    bool reopened;     /* the newest access unit has been counted */
    bool marked;
    bool keeps_others;            /* evict nothing */
    bool evicted;                 /* an older segment was dropped; cleared by the caller */
    uint32_t first[S3HLS__PARTS]; /* block of each part */
    s3hls__packer_place now;      /* full_bytes: before the blocks that out points into */
    s3hls__packer_place newest;   /* access unit */
    s3hls__packer_place mark;
} s3hls__packer;

/* Release the segment. */
void s3hls__packer_close(s3hls__packer *p);

/* @param tracks  valid until the next timeline begins */
void s3hls__packer_begin_timeline(s3hls__packer *p, const s3hls__tracks *tracks);

/* @return S3HLS_OK; S3HLS_E_FULL: no memory, and nothing that may be evicted */
int s3hls__packer_begin_segment(s3hls__packer *p);
/* Bytes in the segment. */
uint64_t s3hls__packer_bytes(const s3hls__packer *p);
/* Mark the end of the stream after the last picture (H.264 7.4.1.2.3), if pictures that are shown
 * before others may be missing. It is omitted if no memory is left. */
void s3hls__packer_end_stream(s3hls__packer *p, const s3hls__codec *codec);
/* Drop an older segment because memory is exhausted, if the caller's policy allows it.
 * @return false: nothing was dropped */
bool s3hls__packer_evict(s3hls__packer *p);
/* End the segment.
 * @param end_90k  DTS of the access unit behind it, or that it would have
 * @param audio    the timeline has audio
 * @return its slot, with size and container; the packer has none then */
s3hls__slot *s3hls__packer_end_segment(s3hls__packer *p, int64_t end_90k, bool audio);

/* One access unit. A status: S3HLS_E_FULL; call undo then. */
int s3hls__packer_begin_unit(s3hls__packer *p, const s3hls__unit *unit);
/* Continue the newest one, which was ended. */
void s3hls__packer_reopen_unit(s3hls__packer *p);
int s3hls__packer_begin_nal(s3hls__packer *p, s3hls__nal_kind kind);
int s3hls__packer_data(s3hls__packer *p, const uint8_t *data, size_t size);
int s3hls__packer_end_unit(s3hls__packer *p);
/* Remove the newest access unit, or what was added to it since it was reopened. A segment without
 * an access unit is released. */
void s3hls__packer_undo_unit(s3hls__packer *p);

/* Write audio frames, between two access units.
 * @return S3HLS_OK; S3HLS_E_FULL: nothing was written */
int s3hls__packer_audio(s3hls__packer *p, const s3hls__audio_frame *frames, size_t count);

/* Move the newest access unit. */
void s3hls__packer_move_newest(s3hls__packer *p, const s3hls__move *by);
/* Remember the newest access unit, not the first of its segment; one at a time. */
void s3hls__packer_mark_newest(s3hls__packer *p);
/* Forget it: its time is right. */
void s3hls__packer_unmark(s3hls__packer *p);
/* Move the remembered one: its PTS only. */
void s3hls__packer_move_marked(s3hls__packer *p, int64_t pts_by_90k);

#endif
