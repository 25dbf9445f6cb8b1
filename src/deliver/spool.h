/* SPDX-License-Identifier: MIT-0 */
/* Segments on flash: segments that memory cannot hold wait here, also through a power failure. One
 * folder per destination, one file per segment, in order of recording. No network, no thread of its
 * own; used by the uploader's thread only, except at open and close.
 *
 *   {dir}/{destination, percent-encoded}/2026_11_23_07_15_12.345-4000-1763-1763.ts
 *                                        timelines_1763.json
 *                                        session              numbers used so far
 *                                        .tmp-*               being written; removed at open
 *                                        damaged-*            damaged; never sent
 *
 * If the directory cannot be used, is removed, or another file system is mounted over it, it is
 * examined again periodically: segments found there later are accepted then, and segments written
 * elsewhere meanwhile are moved. A timeline's object stays as long as segments of its timeline do.
 *
 * A file is the object, its tags and a trailer. It is written under a temporary name, synced and
 * renamed, so that a file of the final name is complete:
 *   object | tags | "s3hlsSP1" | size of object, u64 | size of tags, u32 | CRC-32C of all that, u32
 *   (little-endian) */
#ifndef S3HLS_DELIVER_SPOOL_H
#define S3HLS_DELIVER_SPOOL_H

#include "deliver/spool_index.h"
#include "s3hls/span.h"

typedef struct s3hls__spool s3hls__spool;

/* Receives an entry that was found at open or later, on the calling thread.
 * @param whole  false: its file is damaged and was renamed */
typedef void (*s3hls__spool_found_fn)(void *ctx, const s3hls__spool_entry *entry, bool whole);

typedef struct s3hls__spool_config {
    const char *dir, *destination;
    uint32_t file_mode; /* as s3hls_s3_options */
    s3hls__spool_found_fn found;
    void *ctx;
} s3hls__spool_config;

/* Open a spool and read its folder. A disk that cannot be used is not an error: it is tried again
 * with each write, and by s3hls__spool_look().
 * @return S3HLS_OK
 *   S3HLS_E_STATE: another recorder has it open
 *   S3HLS_E_INVALID: dir or the destination is too long
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__spool_open(s3hls__spool **out, const s3hls__spool_config *cfg, const s3hls_env *env);
void s3hls__spool_close(s3hls__spool **spool);

/* Examine the disk again: read a folder that has become reachable, and move up to max_bytes of
 * segments into the folder that is at its place now. */
void s3hls__spool_look(s3hls__spool *spool, uint64_t max_bytes);
/* @return S3HLS_OK, or why the disk cannot be used now. */
int s3hls__spool_status(const s3hls__spool *spool);

/* An object to be stored. */
typedef struct s3hls__spool_source {
    s3hls_span (*body)(void *ctx, uint64_t offset); /* as in s3hls__op */
    void *ctx;
    uint64_t size;
    const char *tags; /* formatted for the header; "": none */
} s3hls__spool_source;

/* Store an object, whole or not at all, also through a power failure.
 * @return S3HLS_OK
 *   S3HLS_E_EXISTS: there is one of that name
 *   S3HLS_E_NOSPC, S3HLS_E_ACCESS, S3HLS_E_IO: of the disk
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__spool_write(s3hls__spool *spool, const s3hls__spool_entry *entry,
                       const s3hls__spool_source *source);
/* Test whether there is an object of that name with these bytes. */
bool s3hls__spool_holds(s3hls__spool *spool, const s3hls__spool_entry *entry,
                        const s3hls__spool_source *source);

/* The first entry to deliver: not busy, not delivered, not refused until after now_us (INT64_MAX:
 * refused or not). Valid until the next call that adds or removes. @return NULL: none */
s3hls__spool_entry *s3hls__spool_oldest(s3hls__spool *spool, int64_t now_us);
/* The same of the timelines' objects, which are delivered before any segment. */
s3hls__spool_entry *s3hls__spool_oldest_object(s3hls__spool *spool, int64_t now_us);
/* When the first entry is due that is refused at now_us. @return INT64_MAX: none */
int64_t s3hls__spool_next_due_us(const s3hls__spool *spool, int64_t now_us);
/* The first segment that is not busy, for eviction. */
s3hls__spool_entry *s3hls__spool_oldest_segment(s3hls__spool *spool);
/* A timeline's object was delivered: it is removed with the last segment of its timeline. */
void s3hls__spool_note_delivered(s3hls__spool *spool, const s3hls__spool_entry *object);
/* The store may have lost delivered objects: timelines' objects have to be delivered again. */
void s3hls__spool_doubt(s3hls__spool *spool);
/* Remove an entry that was delivered or is dropped. */
void s3hls__spool_remove(s3hls__spool *spool, const s3hls__spool_entry *entry);
/* The entry of that number, busy or not. @return NULL: none */
s3hls__spool_entry *s3hls__spool_find(s3hls__spool *spool, const s3hls__spool_entry *like);

uint64_t s3hls__spool_bytes(const s3hls__spool *spool); /* of segments */
uint64_t s3hls__spool_segments(const s3hls__spool *spool);
/* @return true: no segments and no timelines' objects */
bool s3hls__spool_empty(const s3hls__spool *spool);

/* The first sequence number that no earlier session has used, as far as recorded. Any thread. */
uint64_t s3hls__spool_floor(const s3hls__spool *spool);
/* Record that numbers up to this one are used, before they are. @return a status. */
int s3hls__spool_reserve(s3hls__spool *spool, uint64_t sequence);

/* ---- reading back, one at a time */

/* Open an entry and verify all of it.
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: it is damaged; it was renamed and is no longer in the spool
 *   S3HLS_E_NOT_FOUND: the file was removed; it is no longer in the spool
 *   S3HLS_E_IO: it cannot be read now */
int s3hls__spool_read(s3hls__spool *spool, const s3hls__spool_entry *entry);
/* Tags of the open entry, formatted for the header; "": none. Valid until it is closed. */
const char *s3hls__spool_tags(const s3hls__spool *spool);
/* s3hls__op.body: ctx is the spool. */
s3hls_span s3hls__spool_body(void *ctx, uint64_t offset);
void s3hls__spool_read_end(s3hls__spool *spool);

#endif
