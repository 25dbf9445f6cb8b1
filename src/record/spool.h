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
 * Where the directory cannot be used, or is removed, or something is mounted over it, it is looked
 * at again now and then: what is found there later is accepted then, and what was written elsewhere
 * meanwhile is moved. A timeline's object stays as long as segments of the timeline do.
 *
 * A file is the object, its tags and a trailer; it is written under another name, synced and
 * renamed, so that what has its name is whole:
 *   object | tags | "s3hlsSP1" | size of object, u64 | size of tags, u32 | CRC-32C of all that, u32
 *   (little-endian) */
#ifndef S3HLS_RECORD_SPOOL_H
#define S3HLS_RECORD_SPOOL_H

#include "record/spool_index.h"
#include "s3hls/frame.h"

typedef struct s3hls__spool s3hls__spool;

/* An entry was found, at open or later; whole false: its file is not whole any more, and is set
 * aside. On the thread that calls. */
typedef void (*s3hls__spool_found_fn)(void *ctx, const s3hls__spool_entry *entry, bool whole);

typedef struct s3hls__spool_config {
    const char *dir, *destination;
    uint32_t file_mode; /* as s3hls_s3_options */
    s3hls__spool_found_fn found;
    void *ctx;
} s3hls__spool_config;

/* Read what a folder holds. A disk that cannot be used is no error: it is tried again with each
 * write, and by s3hls__spool_look().
 * @return S3HLS_OK; S3HLS_E_STATE: another recorder has it open; S3HLS_E_INVALID: dir too long;
 * S3HLS_E_NOMEM. */
int s3hls__spool_open(s3hls__spool **out, const s3hls__spool_config *cfg, const s3hls_env *env);
void s3hls__spool_close(s3hls__spool **spool);

/* Look at the disk again: read a folder that has become reachable, move up to max_bytes of segments
 * into the folder that the place leads to now. */
void s3hls__spool_look(s3hls__spool *spool, uint64_t max_bytes);
/* S3HLS_OK; why the disk cannot be used (now). */
int s3hls__spool_status(const s3hls__spool *spool);

/* An object to be stored. */
typedef struct s3hls__spool_source {
    s3hls_span (*body)(void *ctx, uint64_t offset); /* as in s3hls__op */
    void *ctx;
    uint64_t size;
    const char *tags; /* as they stand in the header; "" for none */
} s3hls__spool_source;

/* Store an object, whole or not at all, also through a loss of power.
 * @return S3HLS_OK; S3HLS_E_EXISTS: one of that name is there; S3HLS_E_NOSPC, S3HLS_E_ACCESS,
 * S3HLS_E_IO; S3HLS_E_NOMEM. */
int s3hls__spool_write(s3hls__spool *spool, const s3hls__spool_entry *entry,
                       const s3hls__spool_source *source);
/* Is there an object of that name, with these bytes? */
bool s3hls__spool_holds(s3hls__spool *spool, const s3hls__spool_entry *entry,
                        const s3hls__spool_source *source);

/* The first of them all that is to be delivered: not busy, not said, not set aside at now_us
 * (INT64_MAX: whatever was); NULL: none. Valid until the next call that adds or removes. */
s3hls__spool_entry *s3hls__spool_oldest(s3hls__spool *spool, int64_t now_us);
/* ... of the timelines' objects, which go before any segment. */
s3hls__spool_entry *s3hls__spool_oldest_object(s3hls__spool *spool, int64_t now_us);
/* The first segment that is not busy: to be evicted. */
s3hls__spool_entry *s3hls__spool_oldest_segment(s3hls__spool *spool);
/* A timeline's object was delivered: it goes with the last segment of its timeline. */
void s3hls__spool_said(s3hls__spool *spool, const s3hls__spool_entry *object);
/* The store may have lost what was delivered: timelines' objects are to be delivered again. */
void s3hls__spool_doubt(s3hls__spool *spool);
/* It was delivered, or has to go. */
void s3hls__spool_remove(s3hls__spool *spool, const s3hls__spool_entry *entry);
/* The one of that number, busy or not; NULL. */
s3hls__spool_entry *s3hls__spool_find(s3hls__spool *spool, const s3hls__spool_entry *like);

uint64_t s3hls__spool_bytes(const s3hls__spool *spool); /* of segments */
uint64_t s3hls__spool_segments(const s3hls__spool *spool);
/* Nothing at all, no timelines' objects either. */
bool s3hls__spool_empty(const s3hls__spool *spool);

/* The first number of the sequence that no earlier session has used, as far as is remembered. Any
 * thread. */
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
