/* SPDX-License-Identifier: MIT-0 */
/* Segments on flash: what memory cannot hold waits here, also through a loss of power. One folder a
 * destination, one file a segment, in order of recording. No network, no thread; the uploader's
 * thread alone works on it, but at open and close.
 *
 *   {dir}/{destination, percent-encoded}/2026_11_23_07_15_12.345-4000-1763-1763.ts
 *                                        timelines_1763.json
 *                                        session              numbers used so far
 *                                        .tmp-*               being written; removed at open
 *                                        damaged-*            not whole any more; never sent
 *
 * A file is the object, its tags and a trailer; it is written under another name, synced and
 * renamed, so that what has its name is whole:
 *   object | tags | "s3hlsSP1" | size of object, u64 | size of tags, u32 | CRC-32C of all that, u32
 *   (little-endian) */
#ifndef S3HLS_RECORD_SPOOL_H
#define S3HLS_RECORD_SPOOL_H

#include "base/env.h"
#include "s3hls/archive.h"
#include "s3hls/frame.h"

typedef struct s3hls__spool s3hls__spool;

/* What one file holds. segment.size: bytes of the object. */
typedef struct s3hls__spool_entry {
    s3hls_segment segment;
    bool media;            /* false: a timeline's object, of segment.timeline */
    bool busy;             /* is being delivered: not to be evicted */
    int64_t not_before_us; /* monotonic: the store refused this one, no try before */
} s3hls__spool_entry;

/* Told at open of a segment whose file is not whole any more. */
typedef void (*s3hls__spool_damaged_fn)(void *ctx, const s3hls__spool_entry *entry);

/* Read what a folder holds. A disk that cannot be used is no error: it is tried again with each
 * write.
 * @return S3HLS_OK; S3HLS_E_STATE: another recorder has it open; S3HLS_E_INVALID: dir too long;
 * S3HLS_E_NOMEM. */
int s3hls__spool_open(s3hls__spool **out, const char *dir, const char *destination,
                      const s3hls_env *env, s3hls__spool_damaged_fn damaged, void *ctx);
void s3hls__spool_close(s3hls__spool **spool);

/* How an object is named, in the spool and in the store. @return a status. */
int s3hls__spool_key(const s3hls__spool_entry *entry, char key[S3HLS_KEY_MAX]);

/* Store an object, whole or not at all, also through a loss of power. body as in s3hls__op.
 * @return S3HLS_OK; S3HLS_E_NOSPC, S3HLS_E_ACCESS, S3HLS_E_IO; S3HLS_E_NOMEM. */
int s3hls__spool_write(s3hls__spool *spool, const s3hls__spool_entry *entry, const char *tags,
                       s3hls_span (*body)(void *ctx, uint64_t offset), void *body_ctx);

/* The first of them all that is not busy and not set aside at now_us (INT64_MAX: whatever was);
 * NULL: none. Valid until the next call that adds or removes. */
s3hls__spool_entry *s3hls__spool_oldest(s3hls__spool *spool, int64_t now_us);
/* It was delivered, or has to go. */
void s3hls__spool_remove(s3hls__spool *spool, const s3hls__spool_entry *entry);
/* The one of that number, busy or not; NULL. */
s3hls__spool_entry *s3hls__spool_find(s3hls__spool *spool, const s3hls__spool_entry *like);

uint64_t s3hls__spool_bytes(const s3hls__spool *spool); /* of segments */
uint64_t s3hls__spool_segments(const s3hls__spool *spool);
bool s3hls__spool_empty(
    const s3hls__spool *spool); /* nothing at all, no timelines' objects either */

/* The first number of the sequence that no earlier session has used, as far as is remembered. */
uint64_t s3hls__spool_floor(const s3hls__spool *spool);
/* Remember, before it is used, that numbers up to this one are. */
int s3hls__spool_reserve(s3hls__spool *spool, uint64_t sequence);

/* ---- reading back, one at a time */

/* Open an entry and check the whole of it.
 * @return S3HLS_OK; S3HLS_E_MALFORMED: not whole any more: it is set aside and no longer in the
 * spool; S3HLS_E_NOT_FOUND: somebody removed it, no longer in the spool; S3HLS_E_IO. */
int s3hls__spool_read(s3hls__spool *spool, const s3hls__spool_entry *entry);
/* Tags of what was opened, as they stand in the header; "" for none. Valid until it is closed. */
const char *s3hls__spool_tags(const s3hls__spool *spool);
/* s3hls__op.body: ctx is the spool. */
s3hls_span s3hls__spool_body(void *ctx, uint64_t offset);
void s3hls__spool_read_end(s3hls__spool *spool);

#endif
