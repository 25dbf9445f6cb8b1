/* SPDX-License-Identifier: MIT-0 */
/* A segment on its way: a list of pool blocks, filled by the encoder's thread, sent by the
 * uploader's. The state says whose it is; it passes from hand to hand by one atomic store, no lock.
 *
 *   FREE ──encoder──▶ FILLING ──encoder──▶ WAITING ──uploader──▶ SENDING ──2xx──▶ FREE
 *                                             ▲                     │
 *                                             └────── failure ──────┘
 */
#ifndef S3HLS_RECORD_SEGMENT_H
#define S3HLS_RECORD_SEGMENT_H

#include "base/pool.h"
#include "s3/object.h"
#include "s3hls/archive.h"
#include <stdatomic.h>

typedef enum s3hls__segment_state {
    S3HLS__SEGMENT_FREE,
    S3HLS__SEGMENT_FILLING,
    S3HLS__SEGMENT_WAITING,
    S3HLS__SEGMENT_SENDING
} s3hls__segment_state;

typedef struct s3hls__slot {
    _Atomic int state;         /* s3hls__segment_state */
    struct s3hls__outbox *box; /* set at open */

    /* the holder's: encoder while FILLING, uploader from WAITING on */
    s3hls__pool *pool;
    uint32_t first, last; /* blocks */
    uint64_t bytes;
    bool media;     /* a segment that counts; false: a timeline object */
    uint64_t order; /* of handing over: what came first goes first */
    char key[S3HLS_KEY_MAX];
    s3hls_s3_put_options put;

    /* uploader thread only */
    s3hls__op op;
    uint32_t read_block; /* where the last body read was, to go on from there */
    uint64_t read_index; /* its place in the list */
} s3hls__slot;

/* Make a FREE slot FILLING, with one block. @return false: the pool is empty. */
bool s3hls__slot_begin(s3hls__slot *slot, s3hls__pool *pool);
/* One more block at the end. @return its memory, or NULL: the pool is empty. */
uint8_t *s3hls__slot_extend(s3hls__slot *slot);
/* Give back all blocks behind the given last one. */
void s3hls__slot_shorten(s3hls__slot *slot, uint32_t last);
/* Give back everything; the slot is FREE. */
void s3hls__slot_release(s3hls__slot *slot);
/* s3hls__op.body: ctx is the slot. */
s3hls_span s3hls__slot_body(void *ctx, uint64_t offset);

#endif
