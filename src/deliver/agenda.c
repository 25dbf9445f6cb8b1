/* SPDX-License-Identifier: MIT-0 */
#include "deliver/agenda.h"

/* ---- lists */

static void unlink_item(s3hls__agenda *a, s3hls__agenda_item *item) {
    s3hls__agenda_list list = item->list;
    if (list == S3HLS__AGENDA_NONE)
        return;
    if (item->previous)
        item->previous->next = item->next;
    else
        a->first[list] = item->next;
    if (item->next)
        item->next->previous = item->previous;
    else
        a->last[list] = item->previous;
    item->previous = item->next = NULL;
    item->list = S3HLS__AGENDA_NONE;
}

void s3hls__agenda_move(s3hls__agenda *a, s3hls__agenda_item *item, s3hls__agenda_list list) {
    unlink_item(a, item);
    if (list == S3HLS__AGENDA_NONE)
        return;
    item->list = list;
    item->previous = a->last[list];
    if (item->previous)
        item->previous->next = item;
    else
        a->first[list] = item;
    a->last[list] = item;
}

s3hls__agenda_item *s3hls__agenda_take(s3hls__agenda *a, s3hls__agenda_list list) {
    s3hls__agenda_item *item = a->first[list];
    if (item)
        unlink_item(a, item);
    return item;
}

/* ---- timers: a binary heap (Williams 1964) */

static void put_timer(s3hls__agenda *a, size_t at, s3hls__agenda_item *item) {
    a->timers[at] = item;
    item->timer = at;
}

static void rise(s3hls__agenda *a, size_t at) {
    s3hls__agenda_item *item = a->timers[at];
    for (size_t above; at > 0; at = above) {
        above = (at - 1) / 2;
        if (a->timers[above]->due_us <= item->due_us)
            break;
        put_timer(a, at, a->timers[above]);
    }
    put_timer(a, at, item);
}

static void sink(s3hls__agenda *a, size_t at) {
    s3hls__agenda_item *item = a->timers[at];
    for (size_t below; (below = 2 * at + 1) < a->count; at = below) {
        if (below + 1 < a->count && a->timers[below + 1]->due_us < a->timers[below]->due_us)
            below++;
        if (item->due_us <= a->timers[below]->due_us)
            break;
        put_timer(a, at, a->timers[below]);
    }
    put_timer(a, at, item);
}

void s3hls__agenda_set_timer(s3hls__agenda *a, s3hls__agenda_item *item, int64_t due_us) {
    item->due_us = due_us;
    rise(a, item->timer);
    sink(a, item->timer);
}

/* ---- signals: a stack that is only emptied as a whole, so that no head returns unseen (ABA) */

void s3hls__agenda_signal(s3hls__agenda *a, s3hls__agenda_item *item) {
    if (atomic_exchange(&item->signalled, true))
        return;
    s3hls__agenda_item *head = atomic_load(&a->signalled);
    do
        item->next_signalled = head;
    while (!atomic_compare_exchange_weak(&a->signalled, &head, item));
}

static void take_signals(s3hls__agenda *a) {
    s3hls__agenda_item *item = atomic_exchange(&a->signalled, NULL);
    for (s3hls__agenda_item *next; item; item = next) {
        next = item->next_signalled;
        atomic_exchange(&item->signalled,
                        false); /* sees what preceded the signals; later ones count again */
        s3hls__agenda_move(a, item, S3HLS__AGENDA_CHANGED);
    }
}

void s3hls__agenda_collect(s3hls__agenda *a, int64_t now_us) {
    take_signals(a);
    while (a->count > 0 && a->timers[0]->due_us <= now_us) {
        s3hls__agenda_move(a, a->timers[0], S3HLS__AGENDA_CHANGED);
        s3hls__agenda_set_timer(a, a->timers[0], INT64_MAX);
    }
}

int64_t s3hls__agenda_due_us(const s3hls__agenda *a) {
    if (a->first[S3HLS__AGENDA_CHANGED])
        return 0;
    return a->count > 0 ? a->timers[0]->due_us : INT64_MAX;
}

/* ---- items */

int s3hls__agenda_add(s3hls__agenda *a, s3hls__agenda_item *item, const s3hls_env *env) {
    if (a->count == a->capacity) {
        size_t capacity = a->capacity ? a->capacity * 2 : 4;
        void *timers = s3hls__env_realloc(env, (void *)a->timers, capacity * sizeof(void *));
        if (!timers)
            return S3HLS_E_NOMEM;
        a->timers = timers;
        a->capacity = capacity;
    }
    item->due_us = INT64_MAX;
    put_timer(a, a->count++, item);
    s3hls__agenda_move(a, item, S3HLS__AGENDA_CHANGED);
    return S3HLS_OK;
}

void s3hls__agenda_remove(s3hls__agenda *a, s3hls__agenda_item *item) {
    take_signals(a);
    unlink_item(a, item);
    s3hls__agenda_item *last = a->timers[--a->count];
    if (last == item)
        return;
    put_timer(a, item->timer, last);
    rise(a, last->timer);
    sink(a, last->timer);
}

void s3hls__agenda_deinit(s3hls__agenda *a, const s3hls_env *env) {
    s3hls__env_free(env, (void *)a->timers);
    a->timers = NULL;
}
