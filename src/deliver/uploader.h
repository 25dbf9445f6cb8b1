/* SPDX-License-Identifier: MIT-0 */
/* The uploader's internals: one thread that empties the outboxes of all recorders.
 *
 *   uploader.c  the thread, and waiting for it
 *   schedule.c  chooses the next task: ask, spool, send
 *   outcome.c   handles a task's result */
#ifndef S3HLS_DELIVER_UPLOADER_H
#define S3HLS_DELIVER_UPLOADER_H

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

    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a delivery ended */
    s3hls__outbox *boxes;
    bool stop;

    /* the uploader's thread */
    uint32_t in_flight; /* deliveries */
};

/* Interval at which the spool's disk is examined, as it may appear or change. */
enum { S3HLS__LOOK_AT_DISK_US = 10000000 };

static inline int64_t s3hls__uploader_now_us(const s3hls_uploader *u) {
    return u->env.monotonic_us(u->env.ctx);
}

void s3hls__uploader_attach(s3hls_uploader *u, s3hls__outbox *box);
/* Wait until the outbox has no segment in memory (and none in its spool, if spool is set).
 * @return S3HLS_OK
 *   S3HLS_E_UNDELIVERED: deadline_ms have passed */
int s3hls__uploader_drain(s3hls_uploader *u, s3hls__outbox *box, uint32_t deadline_ms, bool spool);
/* Cancel deliveries in flight and remove the outbox; its waiting segments belong to its owner. */
void s3hls__uploader_detach(s3hls_uploader *u, s3hls__outbox *box);

/* ---- schedule.c: begin what is due, move bytes, wait up to timeout_ms. @return whether anything
 * still waits. */
bool s3hls__uploader_run(s3hls_uploader *u, uint32_t timeout_ms);

/* ---- outcome.c */
/* s3hls__op.done of a delivery, and of an outbox's probe. */
void s3hls__uploader_delivery_done(s3hls__op *op);
void s3hls__uploader_probe_done(s3hls__op *op);
/* A task of the outbox has ended. */
void s3hls__uploader_leave(s3hls_uploader *u, s3hls__outbox *box);

#endif
