/* SPDX-License-Identifier: MIT-0 */
/* Selects the uploader's next task: data safety first, then live segments of all outboxes in turn,
 * then the spools. Under the lock. */
#include "deliver/uploader.h"
#include <stddef.h>

enum { CLOCK_POLL_US = 1000000, FOREIGN_CLOCK_US = 1000000 };

static s3hls__outbox *outbox_of(s3hls__agenda_item *item) {
    return (s3hls__outbox *)(void *)((char *)item - offsetof(s3hls__outbox, agenda));
}

/* When the first of the outbox's uploads is stalled, if no byte moves. */
static int64_t stalled_us(const s3hls_uploader *u, const s3hls__outbox *box, int64_t now) {
    int64_t at = INT64_MAX;
    for (uint32_t i = 0; i < u->cfg.max_in_flight; i++) {
        if (u->deliveries[i].box != box)
            continue;
        int64_t idle = s3hls__http_idle_us(u->http, &u->deliveries[i].op);
        if (now - idle + box->health.stall_us + 1 < at)
            at = now - idle + box->health.stall_us + 1;
    }
    return at;
}

/* The clock was not set when the session began. Test whether it is set now. */
static bool clock_was_set(s3hls__outbox *box) {
    if (!s3hls__outbox_needs_clock(box) || !s3hls__env_wall_is_set(&box->env))
        return false;
    s3hls__outbox_set_clock(box, box->env.wall_us(box->env.ctx) - s3hls__outbox_now_us(box));
    return true;
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

static s3hls__task_kind find_urgent(s3hls_uploader *u, s3hls__outbox *box, int64_t now,
                                    s3hls__task *t) {
    bool pressure = s3hls__uploader_is_pressed(u, box);
    t->event = (s3hls_event_type)s3hls__health_set_pressure(&box->health, pressure);
    if (!t->event && clock_was_set(box))
        t->event = S3HLS_EVENT_CLOCK;
    if (t->event)
        return S3HLS__TASK_REPORT;
    bool needs_probe = s3hls__outbox_needs_clock(box) || stalled_us(u, box, now) <= now;
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

static s3hls__task_kind find_delivery(s3hls__outbox *box, int64_t now, bool spooled,
                                      s3hls__task *t) {
    if (!s3hls__health_may_send(&box->health, now, box->tasks))
        return S3HLS__TASK_NONE;
    if (s3hls__health_is_outage(&box->health, now)) /* the store may have been replaced */
        s3hls__outbox_redeliver_timelines(box);
    if (spooled)
        return find_spooled(s3hls__outbox_next_spooled(box, now), t);
    s3hls__task_kind kind = find_spooled(s3hls__outbox_next_spooled_object(box, now), t);
    return kind ? kind : find_live(box, now, t);
}

/* ---- what an outbox waits for */

static s3hls__agenda_list list_of(s3hls__outbox *box, int64_t now) {
    if (box->detaching || !s3hls__health_may_send(&box->health, now, box->tasks))
        return S3HLS__AGENDA_NONE;
    bool live = !s3hls__outbox_needs_clock(box) && s3hls__outbox_oldest(box, now);
    if (live || s3hls__outbox_next_spooled_object(box, now))
        return S3HLS__AGENDA_LIVE;
    return s3hls__outbox_next_spooled(box, now) ? S3HLS__AGENDA_SPOOLED : S3HLS__AGENDA_NONE;
}

static void note_due(int64_t *due, int64_t at, int64_t now) {
    if (at > now && at < *due)
        *due = at;
}

/* When a probe or a check is due. */
static int64_t check_due_us(const s3hls_uploader *u, const s3hls__outbox *box, int64_t now) {
    int64_t due = INT64_MAX, may_us = box->health.probe_not_before_us;
    int64_t stalled = box->probing ? INT64_MAX : stalled_us(u, box, now);
    note_due(&due, stalled > may_us ? stalled : may_us, now);
    if (s3hls__outbox_needs_clock(box)) {
        note_due(&due, (now / CLOCK_POLL_US + 1) * CLOCK_POLL_US, now); /* all at the same time */
        note_due(&due, may_us, now);
    }
    if (box->spool)
        note_due(&due, box->spool_check_us, now);
    return due;
}

/* When something becomes possible that is not possible now, if only time passes. */
static int64_t due_us(const s3hls_uploader *u, s3hls__outbox *box, int64_t now) {
    int64_t due = check_due_us(u, box, now);
    bool memory = s3hls__outbox_oldest(box, INT64_MAX) != NULL;
    bool spooled = box->spool && !box->reading_spool && s3hls__spool_oldest(box->spool, INT64_MAX);
    if (memory || spooled)
        note_due(&due, box->health.not_before_us, now);
    if (memory)
        note_due(&due, s3hls__outbox_next_due_us(box, now), now);
    if (memory && box->spool) {
        note_due(&due, s3hls__health_spool_due_us(&box->health, now), now);
        note_due(&due, box->spool_retry_us, now);
    }
    if (spooled) {
        note_due(&due, box->spool_share_us, now);
        note_due(&due, s3hls__spool_next_due_us(box->spool, now), now);
    }
    return due;
}

/* The outbox has no urgent task: let it wait. */
static void settle(s3hls_uploader *u, s3hls__outbox *box, int64_t now) {
    s3hls__agenda_move(&u->agenda, &box->agenda, list_of(box, now));
    s3hls__agenda_set_timer(&u->agenda, &box->agenda,
                            box->detaching ? INT64_MAX : due_us(u, box, now));
}

/* ---- next task of all */

static bool is_delivery(s3hls__task_kind kind) {
    return kind == S3HLS__TASK_SEND || kind == S3HLS__TASK_SEND_COPY ||
           kind == S3HLS__TASK_SEND_SPOOLED;
}

/* The next task of the outboxes on a list. */
static void find_on(s3hls_uploader *u, s3hls__agenda_list list, int64_t now, s3hls__task *t) {
    for (s3hls__agenda_item *item; !t->kind && (item = s3hls__agenda_take(&u->agenda, list));) {
        t->box = outbox_of(item);
        if (!t->box->detaching)
            t->kind = list == S3HLS__AGENDA_CHANGED
                          ? find_urgent(u, t->box, now, t)
                          : find_delivery(t->box, now, list == S3HLS__AGENDA_SPOOLED, t);
        if (!t->kind)
            settle(u, t->box, now);
    }
}

bool s3hls__uploader_next_task(s3hls_uploader *u, s3hls__task *t) {
    *t = (s3hls__task){0};
    pthread_mutex_lock(&u->lock);
    int64_t now = s3hls__uploader_now_us(u);
    s3hls__agenda_collect(&u->agenda, now);
    find_on(u, S3HLS__AGENDA_CHANGED, now, t);
    bool place = u->in_flight < u->cfg.max_in_flight;
    if (!t->kind && place)
        find_on(u, S3HLS__AGENDA_LIVE, now, t);
    if (!t->kind && place)
        find_on(u, S3HLS__AGENDA_SPOOLED, now, t);
    if (t->kind) {
        t->box->tasks++;
        u->in_flight += is_delivery(t->kind);
        s3hls__agenda_move(&u->agenda, &t->box->agenda, S3HLS__AGENDA_CHANGED);
    }
    pthread_mutex_unlock(&u->lock);
    return t->kind != S3HLS__TASK_NONE;
}

/* ---- how long to sleep */

uint32_t s3hls__uploader_until_due_ms(s3hls_uploader *u, uint32_t limit_ms) {
    pthread_mutex_lock(&u->lock);
    int64_t due = s3hls__agenda_due_us(&u->agenda), now = s3hls__uploader_now_us(u);
    bool foreign = u->cfg.env->monotonic_us != s3hls_env_default().monotonic_us;
    pthread_mutex_unlock(&u->lock);
    if (foreign && due > now + FOREIGN_CLOCK_US) /* its pace may be another than the system's */
        due = now + FOREIGN_CLOCK_US;
    if (due <= now)
        return 0;
    return (due - now) / 1000 < limit_ms ? (uint32_t)((due - now + 999) / 1000) : limit_ms;
}

bool s3hls__uploader_is_pending(s3hls_uploader *u) {
    pthread_mutex_lock(&u->lock);
    bool pending = u->in_flight > 0;
    for (s3hls__outbox *box = u->boxes; box && !pending; box = box->next)
        pending = box->tasks || s3hls__outbox_oldest(box, INT64_MAX) ||
                  (box->spool && !box->reading_spool && s3hls__spool_oldest(box->spool, INT64_MAX));
    pthread_mutex_unlock(&u->lock);
    return pending;
}
