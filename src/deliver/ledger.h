/* SPDX-License-Identifier: MIT-0 */
/* The counts of a recorder's segments. Each accepted segment is in exactly one state:
 *
 *   accepted = waiting (in memory) + spooled + delivered + dropped, in segments and in bytes
 *
 * Each of the five is counted independently. The ledger is a seqlock for the encoder's thread,
 * which takes no lock: it makes the version odd during a change. Other threads change and read the
 * ledger under the uploader's lock. */
#ifndef S3HLS_DELIVER_LEDGER_H
#define S3HLS_DELIVER_LEDGER_H

#include "s3hls/recorder.h"
#include <stdatomic.h>
#include <stdbool.h>

typedef enum s3hls__ledger_state {
    S3HLS__WAITING,
    S3HLS__SPOOLED,
    S3HLS__DELIVERED,
    S3HLS__DROPPED,
    S3HLS__LEDGER_STATES
} s3hls__ledger_state;

typedef struct s3hls__ledger {
    _Atomic uint64_t version; /* odd while the encoder's thread changes the ledger */
    _Atomic uint64_t accepted, bytes_accepted;
    _Atomic uint64_t segments[S3HLS__LEDGER_STATES], bytes[S3HLS__LEDGER_STATES];
    _Atomic uint64_t recovered, gops_dropped;
} s3hls__ledger;

/* ---- the encoder's thread */
/* A segment is complete: it is accepted and WAITING. */
void s3hls__ledger_accept(s3hls__ledger *l, uint64_t bytes);
/* A WAITING segment is dropped for a newer one. */
void s3hls__ledger_evict(s3hls__ledger *l, uint64_t bytes, uint32_t gops);

/* ---- other threads, under the uploader's lock */
void s3hls__ledger_move(s3hls__ledger *l, s3hls__ledger_state from, s3hls__ledger_state to,
                        uint64_t bytes);
void s3hls__ledger_drop(s3hls__ledger *l, s3hls__ledger_state from, uint64_t bytes, uint32_t gops);
/* A segment of an earlier session was found in the spool.
 * @param whole  false: its file is damaged; it is DROPPED, and its bytes are not known */
void s3hls__ledger_recover(s3hls__ledger *l, uint64_t bytes, bool whole);
/* A WAITING segment is the same as a SPOOLED one that was recovered: the two count as one. */
void s3hls__ledger_merge(s3hls__ledger *l, uint64_t bytes);
/* Set the segments_*, bytes_* and gops_dropped members of stats. */
void s3hls__ledger_read(const s3hls__ledger *l, s3hls_recorder_stats *stats);

#endif
