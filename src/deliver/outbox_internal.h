/* SPDX-License-Identifier: MIT-0 */
/* An outbox's internals, for the uploader's thread. The encoder's thread adds segments without a
 * lock; the uploader's thread removes them.
 *
 *   outbox.c        open, close, the encoder's side, statistics
 *   outbox_queue.c  what waits in memory, and the counts of what leaves it
 *   outbox_spool.c  moves segments from memory to the spool */
#ifndef S3HLS_DELIVER_OUTBOX_INTERNAL_H
#define S3HLS_DELIVER_OUTBOX_INTERNAL_H

#include "deliver/agenda.h"
#include "deliver/health.h"
#include "deliver/ledger.h"
#include "deliver/outbox.h"
#include "deliver/spool.h"
#include "deliver/timelines.h"
#include "s3/credentials.h"
#include "store/store.h"
#include <pthread.h>

/* Interval at which the spool's disk is checked, and at which writing to a failed disk is tried. */
enum { S3HLS__SPOOL_CHECK_US = 10000000 };

struct s3hls__outbox {
    /* set at open */
    s3hls_env env;
    s3hls_uploader *uploader;
    s3hls_store *store; /* on the uploader's transport: used by its thread only */
    s3hls_credentials_provider *credentials; /* the store's; NULL: none are needed */
    s3hls__pool *pool; /* the uploader's, or a share of it, which only this outbox uses */
    s3hls__slot *slots;
    uint32_t slot_count;
    s3hls__object object;
    s3hls_drop drop;
    s3hls_event_fn on_event;
    void *event_ctx;
    uint64_t spool_max_bytes;
    uint32_t spool_share_percent;

    /* encoder's thread */
    uint64_t accepted; /* slots; orders them */

    /* any thread */
    _Atomic bool pressure; /* of the share of the pool, as the uploader's thread has last seen it */
    s3hls__ledger ledger;
    _Atomic uint64_t retries_by[S3HLS_CAUSE_COUNT];
    _Atomic int spool_status;        /* why the spool cannot be used now; S3HLS_OK */
    _Atomic int64_t spool_oldest_ms; /* UTC: end of the oldest segment in the spool; 0: none */
    pthread_mutex_t error_lock;      /* the two below */
    s3hls_s3_error last_error;
    int64_t last_error_us;

    /* numbers of the session: written once, by the encoder's thread or, where there was no clock
     * when it began, by the uploader's */
    _Atomic uint64_t first_number;    /* its first sequence and timeline; 0: not known yet */
    _Atomic int64_t utc_offset_us;    /* UTC minus the monotonic clock, for provisional times */
    _Atomic int64_t session_begun_us; /* monotonic: it began without a clock; 0: with one, or not */

    /* the uploader's thread; what is changed elsewhere, under its lock */
    pthread_mutex_t *lock; /* the uploader's */
    struct s3hls__outbox *next;
    s3hls__agenda_item agenda;
    s3hls__watch watch;  /* of the credentials */
    s3hls__spool *spool; /* NULL: none */
    s3hls__timelines timelines;
    s3hls__health health;
    uint32_t tasks;  /* deliveries, probe and spool writes in progress */
    bool probing;    /* one of them is the probe */
    s3hls__op probe; /* HEAD: reads the store's time, or tests whether it is reachable */
    bool draining;   /* no live segments come any more */
    bool attached;   /* in the uploader's list */
    bool detaching;  /* cancel what is in progress, begin nothing */

    /* changed by outbox_spool.c; monotonic times */
    bool reading_spool;     /* one of the deliveries is from the spool */
    int64_t spool_retry_us; /* the disk failed: no write before */
    int64_t spool_check_us; /* when the disk is checked next */
    int64_t spool_share_us; /* the spool's share of time is used up until then */
};

static inline int64_t s3hls__outbox_now_us(const s3hls__outbox *box) {
    return box->env.monotonic_us(box->env.ctx);
}

/* When the spool's disk is checked next: at the same time for all outboxes, so that the uploader
 * wakes once. */
static inline int64_t s3hls__outbox_next_check_us(int64_t now_us) {
    return (now_us / S3HLS__SPOOL_CHECK_US + 1) * S3HLS__SPOOL_CHECK_US;
}

/* ---- numbers */
/* Test whether the session waits for the clock to get its numbers. */
bool s3hls__outbox_needs_clock(const s3hls__outbox *box);
/* The clock is known now: derive the session's numbers from it. */
void s3hls__outbox_set_clock(s3hls__outbox *box, int64_t utc_offset_us);
/* Add the session's numbers to a slot. @return false: they are not known yet. */
bool s3hls__outbox_name(s3hls__outbox *box, s3hls__slot *slot);

/* ---- outbox_queue.c: segments in memory */
bool s3hls__outbox_memory_is_empty(const s3hls__outbox *box);
bool s3hls__outbox_is_empty(const s3hls__outbox *box);
/* The oldest waiting slot that may be sent at now_us (INT64_MAX: any, even if refused). */
s3hls__slot *s3hls__outbox_oldest(s3hls__outbox *box, int64_t now_us);
/* When the first waiting slot may be sent that may not be sent at now_us. @return INT64_MAX: never
 */
int64_t s3hls__outbox_next_due_us(const s3hls__outbox *box, int64_t now_us);
/* The oldest waiting slot to spool. @param all  false: only those that the store refused */
s3hls__slot *s3hls__outbox_oldest_to_spool(s3hls__outbox *box, int64_t now_us, bool all);
/* The oldest waiting segment, refused or not. Any thread. */
s3hls__slot *s3hls__outbox_oldest_segment(s3hls__outbox *box);
/* The recorder is closing: nothing is delayed any more. Under the lock. */
void s3hls__outbox_begin_draining(s3hls__outbox *box);
/* The age of the oldest segment that was not delivered; 0: none. */
int64_t s3hls__outbox_lag_us(s3hls__outbox *box);
s3hls__spool_entry s3hls__outbox_entry(const s3hls__slot *slot);
/* Report a lost segment; under no lock. */
void s3hls__outbox_report_lost(s3hls__outbox *box, const s3hls__spool_entry *what, int status);
/* Keep a copy of a timeline's object that leaves memory. */
void s3hls__outbox_keep_timeline(s3hls__outbox *box, s3hls__slot *slot);
/* The store may have lost delivered objects: deliver timelines' objects again. */
void s3hls__outbox_redeliver_timelines(s3hls__outbox *box);

/* ---- outbox_spool.c: segments in the spool; the functions without a lock may access the disk */

/* s3hls__spool_found_fn: accept an entry of the spool, at open or when it becomes reachable. */
void s3hls__outbox_recover(void *box, const s3hls__spool_entry *entry, bool whole);
/* Test whether the spool holds an object of a named slot's name. */
bool s3hls__outbox_is_in_spool(s3hls__outbox *box, const s3hls__slot *slot);
/* Test whether slots may be spooled: there is a spool, its disk works, and names are known. */
bool s3hls__outbox_may_spool(const s3hls__outbox *box, int64_t now_us);
/* Move a SENDING slot to the spool, with its timeline's object; older entries are dropped if space
 * is needed. If the spool already holds the same bytes under its name, the two count as one
 * segment. Under no lock: the disk may be slow.
 * @return S3HLS_OK: the slot is FREE
 *   S3HLS_E_EXISTS: the spool holds another segment of its name, which is delivered first; the slot
 *   is unchanged
 *   other: why it failed; it was reported, and the slot is unchanged */
int s3hls__outbox_spool(s3hls__outbox *box, s3hls__slot *slot);
/* Test whether the disk is to be checked now; if so, the next check is up to 10 s later. */
bool s3hls__outbox_spool_check_is_due(s3hls__outbox *box, int64_t now_us);
/* Examine the disk, which may have appeared or changed. Under no lock. */
void s3hls__outbox_check_spool(s3hls__outbox *box);
/* The spool has changed: update its status and the age of its oldest segment. */
void s3hls__outbox_note_spool(s3hls__outbox *box);

/* The next entry to deliver. @return NULL: none, or one is being read, or the spool's share of time
 * is used up */
s3hls__spool_entry *s3hls__outbox_next_spooled(s3hls__outbox *box, int64_t now_us);
/* The next timeline's object. It is delivered before all segments, including those in memory. */
s3hls__spool_entry *s3hls__outbox_next_spooled_object(s3hls__outbox *box, int64_t now_us);
/* Limit the share of time that deliveries from the spool take while live segments also arrive.
 * @param took_us  duration of one that has ended */
void s3hls__outbox_use_share(s3hls__outbox *box, int64_t took_us);

#endif
