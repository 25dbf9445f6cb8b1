/* SPDX-License-Identifier: MIT-0 */
/* The outbox: all segments that a recorder has accepted and not delivered, in memory and in the
 * spool, and the numbers of its session. This is the recorder's side; the uploader's side is in
 * outbox_internal.h.
 *
 *   free_slot ─▶ fill the slot ─▶ accept        the outbox delivers, spools or reports it as lost
 */
#ifndef S3HLS_DELIVER_OUTBOX_H
#define S3HLS_DELIVER_OUTBOX_H

#include "deliver/slot.h"
#include "s3hls/recorder.h"

typedef struct s3hls__outbox s3hls__outbox;

/* Open the destination and the spool of a recorder, and begin to deliver from the spool.
 * @param uploader  outlives the outbox
 * @param cfg       a whole configuration; copied
 * @return as s3hls_recorder_open() */
int s3hls__outbox_open(s3hls__outbox **out, s3hls_uploader *uploader,
                       const s3hls_recorder_config *cfg, const s3hls_env *env);
/* Cancel deliveries in flight and free the outbox with all segments. Accepts a pointer to NULL. */
void s3hls__outbox_close(s3hls__outbox **outbox);
/* The memory of its slots. */
s3hls__pool *s3hls__outbox_pool(const s3hls__outbox *box);
/* Bytes of the pool for each of the recorders that share it. The encoder's thread. */
uint64_t s3hls__outbox_pool_share(const s3hls__outbox *box);

/* ---- the encoder's thread: no call blocks or allocates. A call that gives the uploader something
 * to do wakes it if it sleeps, by one system call; no call makes another. */

/* Begin the session at that time.
 * @param imported     the recorder has a start_time_us: earlier sessions' numbers do not matter
 * @param provisional  start_us is on the monotonic clock, because the wall clock is not set */
void s3hls__outbox_begin_session(s3hls__outbox *box, int64_t start_us, bool imported,
                                 bool provisional);
/* The session's first sequence and timeline; 0: not known before the clock is. */
uint64_t s3hls__outbox_first_number(const s3hls__outbox *box);
/* UTC minus the monotonic clock, of a session that began without a clock; 0: not known. */
int64_t s3hls__outbox_utc_offset_us(const s3hls__outbox *box);

/* @return a FREE slot; NULL: none. */
s3hls__slot *s3hls__outbox_free_slot(s3hls__outbox *box);
/* Accept a complete FILLING slot, with sequence and timeline counted from the session's first
 * number: it is WAITING then. */
void s3hls__outbox_accept(s3hls__outbox *box, s3hls__slot *slot);
/* The pool is full: drop the oldest WAITING segment, with S3HLS_DROP_OLDEST only.
 * @return false: nothing was dropped */
bool s3hls__outbox_drop_oldest(s3hls__outbox *box);

/* The use of the pool has changed: wake the uploader if memory is short now, or no more. Any
 * thread. */
void s3hls__outbox_note_memory(s3hls__outbox *box);

/* Call the recorder's event function. Any thread, under no lock. */
void s3hls__outbox_report(s3hls__outbox *box, const s3hls_event *event);

/* ---- the end of a recording: these calls block */

/* Deliver everything in memory (with_spool: and in the spool), without back-off at first.
 * @return S3HLS_OK
 *   S3HLS_E_UNDELIVERED: deadline_ms have passed */
int s3hls__outbox_drain(s3hls__outbox *box, uint32_t deadline_ms, bool with_spool);
/* Cancel deliveries in flight and move what remains in memory to the spool.
 * @return S3HLS_OK
 *   S3HLS_E_UNDELIVERED: segments were dropped; each was reported */
int s3hls__outbox_end(s3hls__outbox *box);

/* ---- any thread */

/* Set the members of stats that concern delivery. Takes the uploader's lock. */
void s3hls__outbox_get_stats(s3hls__outbox *box, s3hls_recorder_stats *stats);
/* Test whether a segment was accepted, from the recorder or from the spool. */
bool s3hls__outbox_is_used(const s3hls__outbox *box);

#endif
