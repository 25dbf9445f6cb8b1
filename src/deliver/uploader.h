/* SPDX-License-Identifier: MIT-0 */
/* The uploader's internals: one thread that empties the outboxes of all recorders.
 *
 *   uploader.c  the thread, and those that wait for it
 *   schedule.c  selects the next task: probe, check, spool, send
 *   task.c      executes or begins it
 *   delivery.c  one PUT
 *   outcome.c   handles its result */
#ifndef S3HLS_DELIVER_UPLOADER_H
#define S3HLS_DELIVER_UPLOADER_H

#include "deliver/agenda.h"
#include "deliver/delivery.h"

struct s3hls_uploader {
    /* set at open */
    s3hls_env env;
    s3hls_uploader_config cfg;
    s3hls__pool *pool;
    s3hls__http *http;
    s3hls__delivery *deliveries; /* cfg.max_in_flight */
    pthread_t thread;
    bool has_thread;
    _Atomic uint32_t box_count; /* written under lock */

    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a delivery ended */
    s3hls__outbox *boxes;
    s3hls__agenda agenda; /* of the outboxes */
    uint32_t detaching;   /* outboxes */
    bool stop;

    /* any thread */
    _Atomic bool pressure; /* of the whole pool, as the uploader's thread has last seen it */

    /* the uploader's thread */
    uint32_t in_flight; /* deliveries */
};

static inline int64_t s3hls__uploader_now_us(const s3hls_uploader *u) {
    return u->env.monotonic_us(u->env.ctx);
}

static inline bool s3hls__outbox_has_share(const s3hls__outbox *box) {
    return box->pool != box->uploader->pool;
}

/* ---- uploader.c */
/* @return S3HLS_OK; S3HLS_E_NOMEM */
int s3hls__uploader_attach(s3hls_uploader *u, s3hls__outbox *box);
/* The outbox has something new: wake the thread if it sleeps. Any thread; takes no lock. */
void s3hls__uploader_signal(s3hls_uploader *u, s3hls__outbox *box);
/* The outbox has used or released memory: wake the thread if pressure begins or ends. As above. */
void s3hls__uploader_note_memory(s3hls_uploader *u, s3hls__outbox *box);
/* Test whether the memory that an outbox uses is short. The uploader's thread. */
bool s3hls__uploader_is_pressed(s3hls_uploader *u, s3hls__outbox *box);
/* Wait until the outbox has no segment in memory (and none in its spool, if spool is set).
 * @return S3HLS_OK
 *   S3HLS_E_UNDELIVERED: deadline_ms have passed */
int s3hls__uploader_drain(s3hls_uploader *u, s3hls__outbox *box, uint32_t deadline_ms, bool spool);
/* Cancel deliveries in flight and remove the outbox; its waiting segments belong to its owner. */
void s3hls__uploader_detach(s3hls_uploader *u, s3hls__outbox *box);

/* ---- schedule.c */
typedef enum s3hls__task_kind {
    S3HLS__TASK_NONE,
    S3HLS__TASK_REPORT,      /* report event */
    S3HLS__TASK_PROBE,       /* read the store's time, or test whether it is reachable */
    S3HLS__TASK_CHECK_SPOOL, /* examine the spool's disk */
    S3HLS__TASK_SPOOL,       /* move slot to the spool */
    S3HLS__TASK_SEND,        /* deliver slot */
    S3HLS__TASK_SEND_COPY,   /* deliver the copy of a timeline's object again */
    S3HLS__TASK_SEND_SPOOLED /* deliver entry from the spool */
} s3hls__task_kind;

typedef struct s3hls__task {
    s3hls__task_kind kind;
    s3hls__outbox *box;
    s3hls__slot *slot;
    s3hls__timeline_copy *copy;
    s3hls__spool_entry entry; /* of the delivery */
    s3hls_event_type event;
} s3hls__task;

/* Select a task and reserve what it needs. @return false: nothing is due. */
bool s3hls__uploader_next_task(s3hls_uploader *u, s3hls__task *t);
/* Time until something is due, at most limit_ms. After s3hls__uploader_next_task() found nothing.
 */
uint32_t s3hls__uploader_until_due_ms(s3hls_uploader *u, uint32_t limit_ms);
/* Test whether anything waits or is in progress. */
bool s3hls__uploader_is_pending(s3hls_uploader *u);

/* ---- task.c */
void s3hls__uploader_perform(s3hls_uploader *u, const s3hls__task *t);

/* ---- outcome.c */
/* s3hls__op.done of a delivery, and of a probe. */
void s3hls__uploader_delivery_done(s3hls__op *op);
void s3hls__uploader_probe_done(s3hls__op *op);
/* A task of the outbox has ended. */
void s3hls__uploader_task_ended(s3hls_uploader *u, s3hls__outbox *box);

#endif
