/* SPDX-License-Identifier: MIT-0 */
/* What a spool holds, in order of recording, and how its files are named. No disk. */
#ifndef S3HLS_RECORD_SPOOL_INDEX_H
#define S3HLS_RECORD_SPOOL_INDEX_H

#include "base/env.h"
#include "s3hls/archive.h"
#include <stdbool.h>

/* What one file holds. segment.size: bytes of the object. */
typedef struct s3hls__spool_entry {
    s3hls_segment segment;
    bool media;            /* false: a timeline's object, of segment.timeline */
    bool busy;             /* is being delivered: not to be evicted */
    bool said;             /* a timeline's object that was delivered, and stays for its segments */
    int folder;            /* the spool's own: in which it lies */
    int64_t not_before_us; /* monotonic: the store refused this one, no try before */
} s3hls__spool_entry;

typedef struct s3hls__spool_index {
    const s3hls_env *env;
    s3hls__spool_entry *entries; /* by timeline, its object first, then by sequence */
    size_t count, capacity;
    size_t objects;           /* of the entries, of timelines */
    uint64_t segments, bytes; /* of the others, and of their objects */
} s3hls__spool_index;

/* How an object is named in the store. @return a status. */
int s3hls__spool_key(const s3hls__spool_entry *entry, char key[S3HLS_KEY_MAX]);
/* ... and its file in the spool: with _ for /. @return a status. */
int s3hls__spool_name(const s3hls__spool_entry *entry, char name[S3HLS_KEY_MAX]);
/* @return false: a name that is not ours. */
bool s3hls__spool_parse_name(const char *name, s3hls__spool_entry *entry);

/* Have room for one more. @return S3HLS_OK; S3HLS_E_NOMEM. */
int s3hls__spool_index_reserve(s3hls__spool_index *index);
/* Where there is room: add one in its place; or at the end, to be sorted when all are there. */
void s3hls__spool_index_insert(s3hls__spool_index *index, const s3hls__spool_entry *entry);
void s3hls__spool_index_append(s3hls__spool_index *index, const s3hls__spool_entry *entry);
void s3hls__spool_index_sort(s3hls__spool_index *index);
void s3hls__spool_index_forget(s3hls__spool_index *index, const s3hls__spool_entry *entry);

/* The one of that name among the first count, which are sorted; NULL. */
s3hls__spool_entry *s3hls__spool_index_find(s3hls__spool_index *index,
                                            const s3hls__spool_entry *like, size_t count);
/* As s3hls__spool_oldest(), s3hls__spool_oldest_object(), s3hls__spool_oldest_segment(). */
s3hls__spool_entry *s3hls__spool_index_oldest(s3hls__spool_index *index, int64_t now_us);
s3hls__spool_entry *s3hls__spool_index_oldest_object(s3hls__spool_index *index, int64_t now_us);
s3hls__spool_entry *s3hls__spool_index_oldest_segment(s3hls__spool_index *index);
/* Are there segments of the timeline of an object that is in the index? */
bool s3hls__spool_index_has_segments(const s3hls__spool_index *index,
                                     const s3hls__spool_entry *object);

#endif
