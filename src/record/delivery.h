/* SPDX-License-Identifier: MIT-0 */
/* One PUT on its way, of a segment in memory or in the spool, and what becomes of it. */
#ifndef S3HLS_RECORD_DELIVERY_H
#define S3HLS_RECORD_DELIVERY_H

#include "record/outbox.h"

typedef struct s3hls__delivery {
    s3hls__outbox *box;         /* NULL: nothing is under way */
    s3hls__slot *slot;          /* NULL: from the spool, or a copy */
    s3hls__timeline_copy *copy; /* a timeline's object that is stored again; NULL: none */
    s3hls__spool_entry entry;
    s3hls__op op;
    char key[S3HLS_KEY_MAX];
    s3hls_s3_put_options put;
    s3hls_header headers[S3HLS__OBJECT_HEADERS_MAX];
    int64_t begun_us;
    bool comparing;    /* the op asks what is there already */
    bool ours;         /* the answer: it is this very object */
    char given_up[96]; /* why the uploader cancelled it; "": it did not */
} s3hls__delivery;

/* Begin to put a SENDING slot, a timeline's copy (slot NULL), or an entry that s3hls__spool_read()
 * has opened (both NULL). done is called when it is over, op.error says how. */
void s3hls__delivery_begin(s3hls__delivery *d, s3hls__outbox *box, s3hls__slot *slot,
                           s3hls__timeline_copy *copy, const s3hls__spool_entry *entry,
                           void (*done)(s3hls__op *op));
/* Is it from the spool? */
static inline bool s3hls__delivery_is_spooled(const s3hls__delivery *d) {
    return !d->slot && !d->copy;
}

/* In done. There is an object of that key already, and none may be replaced: ask whether it is this
 * one, from an earlier try whose answer was lost. @return true: done will be called once more. */
bool s3hls__delivery_compare(s3hls__delivery *d);

#endif
