/* SPDX-License-Identifier: MIT-0 */
/* The uploader from the inside. Each recorder has an outbox: slots the encoder's thread fills and
 * the uploader's empties. The encoder's thread never takes a lock; attach, detach, drain and the
 * uploader's scan do. */
#ifndef S3HLS_RECORD_UPLOADER_H
#define S3HLS_RECORD_UPLOADER_H

#include "record/segment.h"
#include "s3hls/recorder.h"
#include "store/store.h"
#include <pthread.h>

typedef struct s3hls__outbox {
    /* set at open */
    const s3hls_env *env;
    s3hls_store *store; /* on the uploader's transport: used by its thread alone */
    s3hls__slot *slots;
    uint32_t slot_count;

    /* any thread */
    _Atomic uint64_t accepted, delivered, dropped, bytes_delivered, retries;
    pthread_mutex_t error_lock; /* last_error */
    s3hls_s3_error last_error;

    /* under the uploader's lock */
    s3hls_uploader *uploader;
    struct s3hls__outbox *next;
    uint32_t in_flight;
    uint32_t failures;     /* in a row; back-off grows with it */
    int64_t not_before_us; /* monotonic: no try before */
    bool leaving;          /* detach: cancel what is in flight, begin nothing */
} s3hls__outbox;

s3hls__pool *s3hls__uploader_pool(s3hls_uploader *u);
s3hls__http *s3hls__uploader_http(s3hls_uploader *u);

/* A slot was set to WAITING: have the uploader look. Any thread, does not block. */
void s3hls__uploader_wake(s3hls_uploader *u);

void s3hls__uploader_attach(s3hls_uploader *u, s3hls__outbox *box);
/* Wait until every slot of the outbox is FREE, or the deadline has passed.
 * @return S3HLS_OK or S3HLS_E_UNDELIVERED. */
int s3hls__uploader_drain(s3hls_uploader *u, s3hls__outbox *box, uint32_t deadline_ms);
/* Cancel what is in flight and forget the outbox; what waits in it is its owner's again. */
void s3hls__uploader_detach(s3hls_uploader *u, s3hls__outbox *box);

#endif
