/* SPDX-License-Identifier: MIT-0 */
/* One PUT in progress, of a segment in memory or in the spool, and its result. */
#ifndef S3HLS_DELIVER_DELIVERY_H
#define S3HLS_DELIVER_DELIVERY_H

#include "deliver/outbox_internal.h"

typedef struct s3hls__delivery {
    s3hls__outbox *box;         /* NULL: unused */
    s3hls__slot *slot;          /* NULL: from the spool, or a copy */
    s3hls__timeline_copy *copy; /* a timeline's object that is stored again; NULL: none */
    s3hls__spool_entry entry;
    s3hls__op op;
    char key[S3HLS_KEY_MAX];
    s3hls_s3_put_options put;
    s3hls_header headers[S3HLS__OBJECT_HEADERS_MAX];
    int64_t begun_us;
    bool comparing;   /* the op reads the existing object's properties */
    bool ours;        /* result: the existing object is this one */
    char aborted[96]; /* why the uploader cancelled it; "": not cancelled */
} s3hls__delivery;

/* Start the PUT of a SENDING slot, of a timeline's copy (slot NULL), or of an entry that
 * s3hls__spool_read() has opened (both NULL). done is called at its end; op.result is the result.
 */
void s3hls__delivery_begin(s3hls__delivery *d, s3hls__outbox *box, s3hls__slot *slot,
                           s3hls__timeline_copy *copy, const s3hls__spool_entry *entry,
                           void (*done)(s3hls__op *op));
/* Test whether it is from the spool. */
static inline bool s3hls__delivery_is_spooled(const s3hls__delivery *d) {
    return !d->slot && !d->copy;
}

/* Called in done if an object of that key exists and must not be replaced: compare it with this
 * one, which an earlier try whose answer was lost may have stored.
 * @return true: done will be called once more */
bool s3hls__delivery_compare(s3hls__delivery *d);

#endif
