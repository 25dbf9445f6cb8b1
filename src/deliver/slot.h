/* SPDX-License-Identifier: MIT-0 */
/* A segment on its way: a list of pool blocks, filled by the encoder's thread, sent or spooled by
 * the uploader's. The state defines whose it is; it passes from hand to hand by one atomic
 * operation, no lock.
 *
 *   FREE ──encoder──▶ FILLING ──encoder──▶ WAITING ──uploader──▶ SENDING ──2xx, spooled──▶ FREE
 *                        ▲                  │   ▲                   │
 *                        └── encoder: evicted   └────── failure ────┘
 */
#ifndef S3HLS_DELIVER_SLOT_H
#define S3HLS_DELIVER_SLOT_H

#include "base/pool.h"
#include "deliver/object.h"
#include "layout/key.h"
#include "s3hls/span.h"
#include <stdatomic.h>

typedef enum s3hls__segment_state {
    S3HLS__SEGMENT_FREE,
    S3HLS__SEGMENT_FILLING,
    S3HLS__SEGMENT_WAITING,
    S3HLS__SEGMENT_SENDING
} s3hls__segment_state;

typedef struct s3hls__slot {
    _Atomic int state; /* s3hls__segment_state */

    /* owned by the encoder's thread while FILLING, by the uploader's from WAITING on; the encoder's
     * may evict a WAITING segment, so that the uploader's reads only the atomic ones before SENDING
     */
    s3hls__pool *pool;
    uint32_t first, last; /* blocks */
    uint32_t gops;
    _Atomic s3hls__key_kind kind; /* only a segment counts in the ledger */
    bool named;               /* false: numbers count from the session's, which are not known yet */
    bool provisional;         /* start_ms is on the monotonic clock; only while not named */
    _Atomic uint64_t order;   /* order of acceptance, in which slots are delivered */
    _Atomic int64_t ended_us; /* monotonic: when a segment was handed over; 0: another object */
    _Atomic int64_t not_before_us; /* monotonic: the store refused this one; no try before */
    _Atomic bool held;     /* until then not spooled either: the spool holds another of its name */
    s3hls_segment segment; /* size: of the object */
    s3hls__tags *tags;     /* a reference */

    /* uploader thread only */
    uint32_t read_block; /* the block of the last body read */
    uint64_t read_begin; /* offset of its first byte in the object */
} s3hls__slot;

/* Make a FREE slot FILLING, without blocks. */
void s3hls__slot_begin(s3hls__slot *slot, s3hls__pool *pool);
/* Append a list of blocks, from first to last. Accepts S3HLS__NO_BLOCK for both. */
void s3hls__slot_append(s3hls__slot *slot, uint32_t first, uint32_t last);
/* Return all blocks; the slot is FREE then. */
void s3hls__slot_release(s3hls__slot *slot, const s3hls_env *env);
/* s3hls__op.body: ctx is the slot. */
s3hls_span s3hls__slot_body(void *ctx, uint64_t offset);

#endif
