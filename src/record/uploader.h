/* SPDX-License-Identifier: MIT-0 */
/* The uploader from the inside: one thread that empties the outboxes of all recorders.
 *
 *   uploader.c  the thread, and who waits for it
 *   schedule.c  what to do next: ask, spool, send
 *   outcome.c   what became of it */
#ifndef S3HLS_RECORD_UPLOADER_H
#define S3HLS_RECORD_UPLOADER_H

#include "record/delivery.h"

struct s3hls_uploader {
    /* set at open */
    s3hls_env env;
    s3hls_uploader_config cfg;
    s3hls__pool *pool;
    s3hls__http *http;
    s3hls__delivery *deliveries; /* cfg.max_in_flight */
    pthread_t thread;
    bool has_thread;

    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a delivery ended */
    s3hls__outbox *boxes;
    bool stop;

    /* the uploader's thread */
    uint32_t in_flight; /* deliveries */
};

/* The spool's disk may come, or change: so often it is looked at. */
enum { S3HLS__LOOK_AT_DISK_US = 10000000 };

static inline int64_t s3hls__uploader_now_us(const s3hls_uploader *u) {
    return u->env.monotonic_us(u->env.ctx);
}

void s3hls__uploader_attach(s3hls_uploader *u, s3hls__outbox *box);
/* Wait until nothing of the outbox is in memory (and, spool: in its spool), or the deadline has
 * passed.
 * @return S3HLS_OK or S3HLS_E_UNDELIVERED. */
int s3hls__uploader_drain(s3hls_uploader *u, s3hls__outbox *box, uint32_t deadline_ms, bool spool);
/* Cancel what is in flight and forget the outbox; what waits in it is its owner's again. */
void s3hls__uploader_detach(s3hls_uploader *u, s3hls__outbox *box);

/* ---- schedule.c: begin what is due, move bytes, wait up to timeout_ms. @return whether anything
 * still waits. */
bool s3hls__uploader_run(s3hls_uploader *u, uint32_t timeout_ms);

/* ---- outcome.c */
/* s3hls__op.done of a delivery, and of an outbox's question. */
void s3hls__uploader_delivery_done(s3hls__op *op);
void s3hls__uploader_question_done(s3hls__op *op);
/* A task of the outbox is over. */
void s3hls__uploader_leave(s3hls_uploader *u, s3hls__outbox *box);
/* Its spool has changed: how old is the oldest there? */
void s3hls__uploader_note_spool(s3hls__outbox *box);

#endif
