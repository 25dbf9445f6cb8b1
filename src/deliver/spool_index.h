/* SPDX-License-Identifier: MIT-0 */
/* The entries of a spool in order of recording, and the names of its files. No disk. */
#ifndef S3HLS_DELIVER_SPOOL_INDEX_H
#define S3HLS_DELIVER_SPOOL_INDEX_H

#include "base/env.h"
#include "layout/key.h"
#include <stdbool.h>

/* One file. segment.size: bytes of the object. */
typedef struct s3hls__spool_entry {
    s3hls_segment segment;
    s3hls__key_kind kind;  /* SEGMENT; TIMELINE, INIT: an object of segment.timeline */
    bool busy;             /* being delivered: must not be evicted */
    bool delivered;        /* an object of a timeline that stays with the timeline's segments */
    int folder;            /* used by the spool: the folder that holds it */
    int64_t not_before_us; /* monotonic: the store refused this one, no try before */
} s3hls__spool_entry;

typedef struct s3hls__spool_index {
    const s3hls_env *env;
    s3hls__spool_entry *entries; /* by timeline, its objects first, then by sequence */
    size_t count, capacity;
    size_t objects;           /* of the entries, of timelines */
    uint64_t segments, bytes; /* of the others, and of their objects */
} s3hls__spool_index;

/* Write an object's key in the store. @return a status. */
int s3hls__spool_key(const s3hls__spool_entry *entry, char key[S3HLS_KEY_MAX]);
/* Write its file's name in the spool: the key with _ for /. @return a status. */
int s3hls__spool_name(const s3hls__spool_entry *entry, char name[S3HLS_KEY_MAX]);
/* Media type of the object. */
const char *s3hls__spool_content_type(const s3hls__spool_entry *entry);
/* Parse a file's name. @return false: not a name of the spool. */
bool s3hls__spool_parse_name(const char *name, s3hls__spool_entry *entry);

/* Reserve memory for one more entry. @return S3HLS_OK; S3HLS_E_NOMEM. */
int s3hls__spool_index_reserve(s3hls__spool_index *index);
/* After a reserve: insert an entry in order; or append it, and sort when all are appended. */
void s3hls__spool_index_insert(s3hls__spool_index *index, const s3hls__spool_entry *entry);
void s3hls__spool_index_append(s3hls__spool_index *index, const s3hls__spool_entry *entry);
void s3hls__spool_index_sort(s3hls__spool_index *index);
void s3hls__spool_index_forget(s3hls__spool_index *index, const s3hls__spool_entry *entry);

/* The entry of that name among the first count, which are sorted. @return NULL: none */
s3hls__spool_entry *s3hls__spool_index_find(s3hls__spool_index *index,
                                            const s3hls__spool_entry *like, size_t count);
/* As s3hls__spool_oldest(), s3hls__spool_oldest_object(), s3hls__spool_oldest_segment(). */
s3hls__spool_entry *s3hls__spool_index_oldest(s3hls__spool_index *index, int64_t now_us);
s3hls__spool_entry *s3hls__spool_index_oldest_object(s3hls__spool_index *index, int64_t now_us);
s3hls__spool_entry *s3hls__spool_index_oldest_segment(s3hls__spool_index *index);
/* As s3hls__spool_next_due_us(). */
int64_t s3hls__spool_index_next_due_us(const s3hls__spool_index *index, int64_t now_us);
/* Test whether the index has segments of the timeline. */
bool s3hls__spool_index_has_segments(const s3hls__spool_index *index, uint64_t timeline);

static inline bool s3hls__spool_is_segment(const s3hls__spool_entry *entry) {
    return entry->kind == S3HLS__KEY_SEGMENT;
}

#endif
