/* SPDX-License-Identifier: MIT-0 */
/* What one recorder has that is not delivered yet: segments in memory, segments in the spool, and
 * the account of all of them. The encoder's thread adds to it without a lock; the uploader's takes
 * from it. */
#ifndef S3HLS_RECORD_OUTBOX_H
#define S3HLS_RECORD_OUTBOX_H

#include "record/segment.h"
#include "record/spool.h"
#include "record/timelines.h"
#include "s3/credentials.h"
#include "s3hls/recorder.h"
#include "store/store.h"
#include <pthread.h>

/* Every segment accepted is in exactly one place: delivered, in the spool, in memory, dropped.
 * The uploader's thread changes it under the uploader's lock; the encoder's, which takes no lock,
 * between two steps of changes, so that a reader sees all of a change or nothing. */
typedef struct s3hls__ledger {
    _Atomic uint64_t changes; /* odd while the encoder changes something */
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
    int told;                 /* status of the HELD event that was told; 0: none */
    int64_t not_before_us;    /* monotonic: no try before */
    bool pressed;             /* PRESSURE was told */
    bool draining;            /* no live segments come any more */
    bool leaving;             /* detach: cancel what is in flight, begin nothing */
} s3hls__outbox;

/* ---- events: the caller's function, on this thread, under no lock */
void s3hls__outbox_tell(s3hls__outbox *box, const s3hls_event *event);

/* s3hls__spool_found_fn: what the spool holds is accepted, at open or when it becomes reachable. */
void s3hls__outbox_found(void *box, const s3hls__spool_entry *entry, bool whole);

/* ---- encoder's thread */
s3hls__slot *s3hls__outbox_free_slot(s3hls__outbox *box);
/* A FILLING slot is complete: it is WAITING. */
void s3hls__outbox_accept(s3hls__outbox *box, s3hls__slot *slot);
/* Drop the oldest segment that waits in memory. @return false: none does. */
bool s3hls__outbox_evict(s3hls__outbox *box);
/* The session begins at that time; provisional: on the monotonic clock. */
void s3hls__outbox_begin_session(s3hls__outbox *box, int64_t start_us, bool imported,
                                 bool provisional);

/* ---- uploader's thread */
/* The time is known: numbers of the session from now on. */
void s3hls__outbox_settle(s3hls__outbox *box, int64_t true_clock_us);
/* Give a slot the numbers of the session. @return false: they are not known yet. */
bool s3hls__outbox_name(s3hls__outbox *box, s3hls__slot *slot);
/* The first handed over that waits: to be sent at now_us (INT64_MAX: whatever was refused). */
s3hls__slot *s3hls__outbox_oldest(s3hls__outbox *box, int64_t now_us);
/* ... to be spooled: all of them, also what was refused and waits; or only that. */
s3hls__slot *s3hls__outbox_oldest_to_spool(s3hls__outbox *box, int64_t now_us, bool all);
/* Does the spool hold an object of a named slot's name? */
bool s3hls__outbox_in_spool(s3hls__outbox *box, const s3hls__slot *slot);
/* Move a SENDING slot to the spool, older ones there making room; its timeline's object goes with
 * it. What the spool holds already, byte for byte, is given up as the same segment. Under no lock:
 * the disk may be slow.
 * @return S3HLS_OK: the slot is FREE; S3HLS_E_EXISTS: the spool holds another of its name, which
 * goes first; else the reason was told. It stays as it is in both cases. */
int s3hls__outbox_spool(s3hls__outbox *box, s3hls__slot *slot);
/* The store may have lost what was delivered: timelines' objects are delivered again. */
void s3hls__outbox_doubt(s3hls__outbox *box);
/* The disk cannot be used: it is told once, until it can; no write is tried for 10 s. */
void s3hls__outbox_spool_failed(s3hls__outbox *box, int status);
/* Keep a copy of a timeline's object that is taken from memory. */
void s3hls__outbox_keep(s3hls__outbox *box, s3hls__slot *slot);
/* The account of what happened to a SENDING slot, or to an entry of the spool. Under the lock. */
void s3hls__outbox_delivered(s3hls__outbox *box, const s3hls__spool_entry *what, bool from_spool);
void s3hls__outbox_dropped(s3hls__outbox *box, const s3hls__spool_entry *what, bool from_spool,
                           uint32_t gops);
/* Tell of a loss; under no lock. */
void s3hls__outbox_tell_lost(s3hls__outbox *box, const s3hls__spool_entry *what, int status);
s3hls__spool_entry s3hls__outbox_entry(const s3hls__slot *slot);

/* ---- any thread, under the uploader's lock */
void s3hls__outbox_count(s3hls__outbox *box, s3hls_recorder_stats *stats);

#endif
