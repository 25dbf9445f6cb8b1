/* SPDX-License-Identifier: MIT-0 */
/* Copies of the objects of a recorder's newest timelines, so that they can be stored again: without
 * its timeline's object a segment plays, but its codec and picture size are not known, and without
 * its initialisation segment it does not play at all. They are stored again before the next segment
 * of their timeline if the store may have lost them: after an outage, after an answer that there is
 * no such bucket, and every hour. */
#ifndef S3HLS_DELIVER_TIMELINES_H
#define S3HLS_DELIVER_TIMELINES_H

#include "deliver/object.h"
#include "layout/key.h"
#include "s3hls/span.h"
#include <stdbool.h>

enum { S3HLS__TIMELINES_KEPT = 8, S3HLS__TIMELINE_BYTES_MAX = 32 * 1024 };

typedef struct s3hls__timeline_copy {
    s3hls__key_kind kind;                /* TIMELINE or INIT */
    uint64_t timeline;                   /* 0: none */
    uint32_t size;                       /* bytes */
    bool doubtful;                       /* it may be missing in the store */
    bool busy;                           /* is being delivered */
    int64_t delivered_us, not_before_us; /* monotonic: delivered last; no try before */
    s3hls__tags *tags;                   /* a reference */
    uint8_t *data;                       /* allocated */
} s3hls__timeline_copy;

/* Used by the uploader's thread only. Initialise to zero. */
typedef struct s3hls__timelines {
    s3hls__timeline_copy copies[S3HLS__TIMELINES_KEPT];
    uint32_t newest;
} s3hls__timelines;

/* What to keep. */
typedef struct s3hls__timeline_object {
    s3hls__key_kind kind;
    uint64_t timeline, size;
    s3hls__tags *tags; /* not changed; may be NULL */
    s3hls_span (*body)(void *ctx, uint64_t offset);
    void *body_ctx;
} s3hls__timeline_object;

/* Keep an object instead of the oldest copy. An object that is already kept or too large, or for
 * which there is no memory, is ignored. */
void s3hls__timelines_keep(s3hls__timelines *t, const s3hls__timeline_object *object,
                           const s3hls_env *env);
void s3hls__timelines_deinit(s3hls__timelines *t, const s3hls_env *env);

/* @return NULL: there is none */
s3hls__timeline_copy *s3hls__timelines_find(s3hls__timelines *t, s3hls__key_kind kind,
                                            uint64_t timeline);
/* Any of them may be missing in the store. */
void s3hls__timelines_doubt(s3hls__timelines *t);
/* One was delivered, from memory, spool or copy. */
void s3hls__timelines_note_delivered(s3hls__timelines *t, s3hls__key_kind kind, uint64_t timeline,
                                     int64_t now_us);
/* @return an object of that timeline that must be stored again before a segment of it; NULL: none
 */
s3hls__timeline_copy *s3hls__timelines_due(s3hls__timelines *t, uint64_t timeline, int64_t now_us);
/* s3hls__op.body: ctx is a copy. */
s3hls_span s3hls__timeline_copy_body(void *ctx, uint64_t offset);

#endif
