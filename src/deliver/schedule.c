/* SPDX-License-Identifier: MIT-0 */
/* Selects the uploader's next task: data safety first, then live segments of all outboxes in turn,
 * then the spools. Under the lock. */
#include "deliver/uploader.h"

static bool is_stalled(const s3hls_uploader *u, const s3hls__outbox *box) {
    for (uint32_t i = 0; i < u->cfg.max_in_flight; i++)
        if (u->deliveries[i].box == box &&
            s3hls__http_idle_us(u->http, &u->deliveries[i].op) > box->health.stall_us)
            return true;
    return false;
}

/* ---- taking a segment */

static s3hls__slot *take(s3hls__outbox *box, s3hls__slot *slot) {
    int waiting = S3HLS__SEGMENT_WAITING;
    if (!slot || !atomic_compare_exchange_strong(&slot->state, &waiting, S3HLS__SEGMENT_SENDING))
        return NULL;
    s3hls__outbox_name(box, slot);
    return slot;
}

/* The oldest segment that waits to be sent, if its name is known. */
static s3hls__slot *take_slot(s3hls__outbox *box, int64_t now) {
    return s3hls__outbox_needs_clock(box) ? NULL : take(box, s3hls__outbox_oldest(box, now));
}

/* The next segment to spool: any during an outage; otherwise one that the store refuses, so that it
 * uses no memory until its next attempt. */
static s3hls__slot *take_slot_to_spool(s3hls__outbox *box, int64_t now) {
    if (!s3hls__outbox_may_spool(box, now))
        return NULL;
    bool all = s3hls__health_must_spool(&box->health, now);
    return take(box, s3hls__outbox_oldest_to_spool(box, now, all));
}

/* ---- next task of one outbox */

static s3hls__task_kind find_urgent(const s3hls_uploader *u, s3hls__outbox *box, int64_t now,
                                    s3hls__task *t) {
    bool needs_probe = s3hls__outbox_needs_clock(box) || is_stalled(u, box);
    if (needs_probe && !box->probing && s3hls__health_may_probe(&box->health, now)) {
        box->probing = true;
        return S3HLS__TASK_PROBE;
    }
    if (s3hls__outbox_spool_check_is_due(box, now))
        return S3HLS__TASK_CHECK_SPOOL;
    t->slot = take_slot_to_spool(box, now);
    return t->slot ? S3HLS__TASK_SPOOL : S3HLS__TASK_NONE;
}

static s3hls__task_kind find_spooled(s3hls__spool_entry *entry, s3hls__task *t) {
    if (!entry)
        return S3HLS__TASK_NONE;
    entry->busy = t->box->reading_spool = true;
    t->entry = *entry;
    return S3HLS__TASK_SEND_SPOOLED;
}

/* Send the segment's timeline again first, if the store may have lost it. */
static s3hls__task_kind find_live(s3hls__outbox *box, int64_t now, s3hls__task *t) {
    t->slot = take_slot(box, now);
    if (!t->slot)
        return S3HLS__TASK_NONE;
    t->entry = s3hls__outbox_entry(t->slot);
    uint64_t timeline = t->entry.segment.timeline;
    s3hls__timeline_copy *due = t->slot->kind == S3HLS__KEY_SEGMENT && t->slot->named
                                    ? s3hls__timelines_due(&box->timelines, timeline, now)
                                    : NULL;
    if (!due)
        return S3HLS__TASK_SEND;
    atomic_store_explicit(&t->slot->state, S3HLS__SEGMENT_WAITING, memory_order_release);
    t->slot = NULL;
    t->copy = due;
    due->busy = true;
    t->entry = (s3hls__spool_entry){.kind = due->kind,
                                    .segment = {.timeline = timeline, .size = due->size}};
    return S3HLS__TASK_SEND_COPY;
}

static s3hls__task_kind find_delivery(const s3hls_uploader *u, s3hls__outbox *box, int64_t now,
                                      bool spooled, s3hls__task *t) {
    if (u->in_flight >= u->cfg.max_in_flight ||
        !s3hls__health_may_send(&box->health, now, box->tasks))
        return S3HLS__TASK_NONE;
    if (s3hls__health_is_outage(&box->health, now)) /* the store may have been replaced */
        s3hls__outbox_redeliver_timelines(box);
    if (spooled)
        return find_spooled(s3hls__outbox_next_spooled(box, now), t);
    s3hls__task_kind kind = find_spooled(s3hls__outbox_next_spooled_object(box, now), t);
    return kind ? kind : find_live(box, now, t);
}

/* ---- next task of all */

static bool is_delivery(s3hls__task_kind kind) {
    return kind == S3HLS__TASK_SEND || kind == S3HLS__TASK_SEND_COPY ||
           kind == S3HLS__TASK_SEND_SPOOLED;
}

/* Move the outbox to the end of the list, so that the others come first. */
static void move_to_end(s3hls_uploader *u, s3hls__outbox *box) {
    s3hls__outbox **link = &u->boxes;
    while (*link)
        if (*link == box)
            *link = box->next;
        else
            link = &(*link)->next;
    *link = box;
    box->next = NULL;
}

bool s3hls__uploader_next_task(s3hls_uploader *u, s3hls__task *t) {
    *t = (s3hls__task){0};
    pthread_mutex_lock(&u->lock);
    int64_t now = s3hls__uploader_now_us(u);
    for (int pass = 0; pass < 3 && !t->kind; pass++)
        for (s3hls__outbox *box = u->boxes; box && !t->kind; box = box->next) {
            t->box = box;
            if (!box->detaching)
                t->kind = pass == 0 ? find_urgent(u, box, now, t)
                                    : find_delivery(u, box, now, pass == 2, t);
        }
    if (t->kind) {
        t->box->tasks++;
        u->in_flight += is_delivery(t->kind);
        move_to_end(u, t->box);
    }
    pthread_mutex_unlock(&u->lock);
    return t->kind != S3HLS__TASK_NONE;
}

/* ---- how long to wait */

/* When the outbox's next delivery may begin. Sets *waits if anything waits or is in progress. */
static int64_t due_us(const s3hls_uploader *u, s3hls__outbox *box, bool *waits) {
    int64_t due_us = box->health.not_before_us;
    bool memory = s3hls__outbox_oldest(box, INT64_MAX) != NULL;
    bool spooled = box->spool && !box->reading_spool && s3hls__spool_oldest(box->spool, INT64_MAX);
    *waits = memory || box->tasks || spooled;
    if (u->in_flight >= u->cfg.max_in_flight || (!memory && !spooled))
        return INT64_MAX;
    return memory || due_us > box->spool_share_us ? due_us : box->spool_share_us;
}

uint32_t s3hls__uploader_until_due_ms(s3hls_uploader *u, uint32_t limit_ms, bool *pending) {
    pthread_mutex_lock(&u->lock);
    *pending = u->in_flight > 0;
    int64_t now = s3hls__uploader_now_us(u);
    for (s3hls__outbox *box = u->boxes; box; box = box->next) {
        bool waits = false;
        int64_t due = box->detaching ? INT64_MAX : due_us(u, box, &waits);
        *pending |= waits;
        if (due > now && due != INT64_MAX && (due - now + 999) / 1000 < limit_ms)
            limit_ms = (uint32_t)((due - now + 999) / 1000);
    }
    pthread_mutex_unlock(&u->lock);
    return limit_ms;
}
