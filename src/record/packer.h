/* SPDX-License-Identifier: MIT-0 */
/* Access units into the blocks of one segment, in place, by a container. An access unit can be
 * undone if the pool is full, and moved while its time is in doubt. The encoder's thread; does not
 * block or allocate. */
#ifndef S3HLS_RECORD_PACKER_H
#define S3HLS_RECORD_PACKER_H

#include "codec/codec.h"
#include "container/containers.h"
#include "deliver/outbox.h"

/* Where an access unit begins. */
typedef struct s3hls__packer_place {
    s3hls__container_state state;
    s3hls__output out;
    uint64_t full_bytes;
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
    bool keeps_others;   /* evict nothing */
    bool evicted;        /* an older segment was dropped; cleared by the caller */
    uint64_t full_bytes; /* of slot, before the block that out points into */
    s3hls__container_state state;
    s3hls__output out;
    s3hls__packer_place newest; /* access unit */
    s3hls__packer_place mark;
} s3hls__packer;

/* Release the segment. */
void s3hls__packer_close(s3hls__packer *p);

void s3hls__packer_begin_timeline(s3hls__packer *p, const s3hls__track *track);

/* @return S3HLS_OK; S3HLS_E_FULL: no memory, and nothing that may be evicted */
int s3hls__packer_begin_segment(s3hls__packer *p);
/* Bytes in the segment. */
uint64_t s3hls__packer_bytes(const s3hls__packer *p);
/* Mark the end of the stream after the last picture (H.264 7.4.1.2.3), if pictures that are shown
 * before others may be missing. It is omitted if no memory is left. */
void s3hls__packer_end_stream(s3hls__packer *p, const s3hls__codec *codec);
/* End the segment. @return its slot, with size and container; the packer has none then */
s3hls__slot *s3hls__packer_end_segment(s3hls__packer *p);

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

/* Move the newest access unit. */
void s3hls__packer_move_newest(s3hls__packer *p, const s3hls__move *by);
/* Remember the newest access unit, not the first of its segment; one at a time. */
void s3hls__packer_mark_newest(s3hls__packer *p);
/* Forget it: its time is right. */
void s3hls__packer_unmark(s3hls__packer *p);
/* Move the remembered one: its PTS only. */
void s3hls__packer_move_marked(s3hls__packer *p, int64_t pts_by_90k);

#endif
