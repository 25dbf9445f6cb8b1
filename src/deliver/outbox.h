/* SPDX-License-Identifier: MIT-0 */
/* The undelivered segments of one recorder, in memory and in the spool, and the ledger of all
 * segments. The encoder's thread adds segments without a lock; the uploader's thread removes them.
 */
#ifndef S3HLS_DELIVER_OUTBOX_H
#define S3HLS_DELIVER_OUTBOX_H

#include "deliver/slot.h"
#include "deliver/spool.h"
#include "deliver/timelines.h"
#include "s3/credentials.h"
#include "s3hls/recorder.h"
#include "store/store.h"
#include <pthread.h>

/* Each accepted segment is in exactly one state: delivered, spooled, waiting in memory or dropped.
 * The ledger is a seqlock for the encoder's thread, which takes no lock; the uploader's thread
 * changes it under the uploader's lock. */
typedef struct s3hls__ledger {
    _Atomic uint64_t changes; /* odd while the encoder's thread changes the ledger */
    _Atomic uint64_t accepted, recovered, delivered, spooled, waiting, dropped, gops_dropped;
    _Atomic uint64_t bytes_accepted, bytes_delivered, bytes_spooled, bytes_waiting, bytes_dropped;
} s3hls__ledger;

typedef struct s3hls__outbox {
    /* set at open */
    s3hls_env env;
    s3hls_store *store;               /* on the uploader's transport: used by its thread alone */
    s3hls_credentials_provider *keys; /* the store's; NULL: none are needed */
    s3hls__pool *pool;
    s3hls__slot *slots;
    uint32_t slot_count;
    s3hls__object object;
    s3hls_drop drop;
    s3hls_event_fn on_event;
    void *event_ctx;
    uint64_t spool_max_bytes;
    uint32_t spool_share_percent;
    int64_t spool_after_us, stall_us;

    /* any thread */
    s3hls__ledger ledger;
    _Atomic uint64_t retries_by[S3HLS_CAUSE_COUNT];
    _Atomic int spool_status;        /* why the spool cannot be used now; S3HLS_OK */
    _Atomic int64_t spool_oldest_ms; /* UTC: end of the oldest segment in the spool; 0: none */
    pthread_mutex_t error_lock;      /* the two below */
    s3hls_s3_error last_error;
    int64_t last_error_us;

    /* numbers of the session: written once, by the encoder's thread or, where there was no clock
     * when it began, by the uploader's */
    _Atomic uint64_t base;           /* its first sequence and timeline; 0: not known yet */
    _Atomic int64_t true_clock_us;   /* UTC less the monotonic clock, for provisional times */
    _Atomic int64_t wanted_since_us; /* monotonic: a session began without a clock; 0: none */

    /* the uploader's thread; what is changed elsewhere, under its lock */
    s3hls_uploader *uploader;
    pthread_mutex_t *lock; /* the uploader's */
    struct s3hls__outbox *next;
    s3hls__watch watch;  /* of keys */
    s3hls__spool *spool; /* NULL: none */
    s3hls__timelines timelines;
    int64_t spool_retry_us;      /* the disk failed: no try before */
    int64_t spool_look_us;       /* when the disk is looked at again */
    int64_t spool_not_before_us; /* the backlog's share of time is used up until then */
    uint32_t in_flight;          /* deliveries and questions under way, spool writes too */
    bool reading_spool;          /* one of them is from the spool */
    bool asking;                 /* one of them is the question below */
    s3hls__op question;          /* HEAD: what time is it, or, does the store answer */
    int64_t ask_not_before_us;
    uint32_t failures;        /* in a row; back-off grows with it */
    int64_t failing_since_us; /* monotonic; 0: deliveries work */
    bool down;                /* it is the store that fails, not single objects that it refuses */
    int told;                 /* status of the reported HELD event; 0: none */
    int64_t not_before_us;    /* monotonic: no try before */
    bool pressed;             /* PRESSURE was reported */
    bool draining;            /* no live segments come any more */
    bool leaving;             /* detach: cancel what is in flight, begin nothing */
} s3hls__outbox;

/* ---- events: calls the caller's function on this thread, under no lock */
void s3hls__outbox_tell(s3hls__outbox *box, const s3hls_event *event);

/* s3hls__spool_found_fn: accept an entry of the spool, at open or when it becomes reachable. */
void s3hls__outbox_found(void *box, const s3hls__spool_entry *entry, bool whole);

/* ---- encoder's thread */
s3hls__slot *s3hls__outbox_free_slot(s3hls__outbox *box);
/* Accept a complete FILLING slot: it is WAITING then. */
void s3hls__outbox_accept(s3hls__outbox *box, s3hls__slot *slot);
/* Drop the oldest segment that waits in memory. @return false: none waits. */
bool s3hls__outbox_evict(s3hls__outbox *box);
/* Begin the session at that time.
 * @param provisional  start_us is on the monotonic clock */
void s3hls__outbox_begin_session(s3hls__outbox *box, int64_t start_us, bool imported,
                                 bool provisional);

/* ---- uploader's thread */
/* The clock is known now: derive the session's numbers from it. */
void s3hls__outbox_settle(s3hls__outbox *box, int64_t true_clock_us);
/* Add the session's numbers to a slot. @return false: they are not known yet. */
bool s3hls__outbox_name(s3hls__outbox *box, s3hls__slot *slot);
/* The oldest waiting slot that may be sent at now_us (INT64_MAX: any, even if refused). */
s3hls__slot *s3hls__outbox_oldest(s3hls__outbox *box, int64_t now_us);
/* The oldest waiting slot to spool. @param all  false: only those that the store refused */
s3hls__slot *s3hls__outbox_oldest_to_spool(s3hls__outbox *box, int64_t now_us, bool all);
/* Test whether the spool holds an object of a named slot's name. */
bool s3hls__outbox_in_spool(s3hls__outbox *box, const s3hls__slot *slot);
/* Move a SENDING slot to the spool, with its timeline's object; older entries are dropped if space
 * is needed. If the spool already holds the same bytes under its name, the two count as one
 * segment. Under no lock: the disk may be slow.
 * @return S3HLS_OK: the slot is FREE
 *   S3HLS_E_EXISTS: the spool holds another segment of its name, which is delivered first; the slot
 *   is unchanged
 *   other: why it failed; it was reported, and the slot is unchanged */
int s3hls__outbox_spool(s3hls__outbox *box, s3hls__slot *slot);
/* The store may have lost delivered objects: deliver timelines' objects again. */
void s3hls__outbox_doubt(s3hls__outbox *box);
/* The disk cannot be used: report it once, and try no write for 10 s. */
void s3hls__outbox_spool_failed(s3hls__outbox *box, int status);
/* Keep a copy of a timeline's object that leaves memory. */
void s3hls__outbox_keep(s3hls__outbox *box, s3hls__slot *slot);
/* Update the ledger for a SENDING slot or an entry of the spool. Under the lock. */
void s3hls__outbox_delivered(s3hls__outbox *box, const s3hls__spool_entry *what, bool from_spool);
void s3hls__outbox_dropped(s3hls__outbox *box, const s3hls__spool_entry *what, bool from_spool,
                           uint32_t gops);
/* Report a lost segment; under no lock. */
void s3hls__outbox_tell_lost(s3hls__outbox *box, const s3hls__spool_entry *what, int status);
s3hls__spool_entry s3hls__outbox_entry(const s3hls__slot *slot);

/* ---- any thread, under the uploader's lock */
void s3hls__outbox_count(s3hls__outbox *box, s3hls_recorder_stats *stats);

#endif
