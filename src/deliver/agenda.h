/* SPDX-License-Identifier: MIT-0 */
/* Which outboxes the uploader looks at, and when: it examines those that have changed, and no
 * others. An outbox with nothing to do costs nothing.
 *
 *   signalled ─▶ CHANGED ─▶ LIVE, SPOOLED      it can send as soon as a place for a PUT is free
 *                   ▲  └──▶ NONE               nothing can be done now
 *                   └── its timer expires, one of its tasks ends
 *
 * A signal takes no lock. Everything else is done under the uploader's lock. */
#ifndef S3HLS_DELIVER_AGENDA_H
#define S3HLS_DELIVER_AGENDA_H

#include "base/env.h"
#include <stdatomic.h>
#include <stdbool.h>

typedef enum s3hls__agenda_list {
    S3HLS__AGENDA_NONE,
    S3HLS__AGENDA_CHANGED,
    S3HLS__AGENDA_LIVE,
    S3HLS__AGENDA_SPOOLED,
    S3HLS__AGENDA_LISTS
} s3hls__agenda_list;

/* The place of an outbox on the agenda. Initialise to zero. */
typedef struct s3hls__agenda_item {
    struct s3hls__agenda_item *previous, *next; /* on its list */
    s3hls__agenda_list list;
    int64_t due_us; /* monotonic; INT64_MAX: no timer is set */
    size_t timer;   /* index of its timer */
    _Atomic bool signalled;
    struct s3hls__agenda_item *next_signalled;
} s3hls__agenda_item;

typedef struct s3hls__agenda {
    s3hls__agenda_item *first[S3HLS__AGENDA_LISTS], *last[S3HLS__AGENDA_LISTS];
    s3hls__agenda_item **timers; /* a heap: the earliest is first */
    size_t count, capacity;
    s3hls__agenda_item *_Atomic signalled;
} s3hls__agenda;

/* Add an item, which is CHANGED. @return S3HLS_OK; S3HLS_E_NOMEM */
int s3hls__agenda_add(s3hls__agenda *a, s3hls__agenda_item *item, const s3hls_env *env);
/* Remove an item that no thread signals any more. */
void s3hls__agenda_remove(s3hls__agenda *a, s3hls__agenda_item *item);
void s3hls__agenda_deinit(s3hls__agenda *a, const s3hls_env *env);

/* The item has changed. Any thread, without a lock; does not allocate or make a system call. */
void s3hls__agenda_signal(s3hls__agenda *a, s3hls__agenda_item *item);
/* Move an item to the end of a list. */
void s3hls__agenda_move(s3hls__agenda *a, s3hls__agenda_item *item, s3hls__agenda_list list);
void s3hls__agenda_set_timer(s3hls__agenda *a, s3hls__agenda_item *item, int64_t due_us);

/* Items that were signalled, or whose timers have expired, are CHANGED now. */
void s3hls__agenda_collect(s3hls__agenda *a, int64_t now_us);
/* Remove the first item of a list. @return NULL: the list is empty */
s3hls__agenda_item *s3hls__agenda_take(s3hls__agenda *a, s3hls__agenda_list list);
/* @return when the earliest timer expires; 0: an item is CHANGED; INT64_MAX: never */
int64_t s3hls__agenda_due_us(const s3hls__agenda *a);

#endif
