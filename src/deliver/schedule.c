/* SPDX-License-Identifier: MIT-0 */
/* Selects the uploader's next task: data safety first, then live segments of all outboxes in turn,
 * then the spools. */
#include "deliver/uploader.h"
#include <string.h>

/* Encoders do not signal this thread, since waking a thread takes about 20 us: it polls them. */
enum { IDLE_MS = 1000, LOOK_MS = 20 };

/* ---- queries */

static void ask(s3hls__outbox *box) {
    box->probe = (s3hls__op){.kind = S3HLS__OP_HEAD,
                             .key = "timelines",
                             .fresh = true,
                             .done = s3hls__uploader_probe_done,
                             .user = box};
    s3hls__store_start(box->store, &box->probe);
}

static bool is_stalled(const s3hls_uploader *u, const s3hls__outbox *box) {
    for (uint32_t i = 0; i < u->cfg.max_in_flight; i++)
        if (u->deliveries[i].box == box &&
            s3hls__http_idle_us(u->http, &u->deliveries[i].op) > box->stall_us)
            return true;
    return false;
}

/* ---- next task (under the lock) */

typedef enum job { NOTHING, ASK, LOOK, SPOOL, SEND, SEND_COPY, SEND_SPOOLED } job;

/* Memory is short, or deliveries have failed for too long. */
static bool must_spool(const s3hls__outbox *box, int64_t now) {
    return box->pressure ||
           (box->failing_since_us && now - box->failing_since_us >= box->spool_after_us);
}

/* While an outbox fails, only one delivery at a time probes the store. */
static bool may_send(const s3hls_uploader *u, const s3hls__outbox *box, int64_t now) {
    return u->in_flight < u->cfg.max_in_flight && now >= box->not_before_us &&
           !(box->failures && box->in_flight);
}

static bool is_outage(const s3hls__outbox *box, int64_t now) {
    enum { OUTAGE_US = 10000000 };
    return box->down && now - box->failing_since_us >= OUTAGE_US;
}

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
 * uses no memory until its next try. */
static s3hls__slot *take_slot_to_spool(s3hls__outbox *box, int64_t now) {
    if (!box->spool || now < box->spool_retry_us || s3hls__outbox_needs_clock(box))
        return NULL;
    return take(box, s3hls__outbox_oldest_to_spool(box, now, must_spool(box, now)));
}

/* A spooled timeline object is sent before all segments, including live ones. */
static s3hls__spool_entry *take_object(s3hls__outbox *box, int64_t now) {
    if (!box->spool || box->reading_spool)
        return NULL;
    s3hls__spool_entry *entry = s3hls__spool_oldest_object(box->spool, now);
    if (entry)
        entry->busy = box->reading_spool = true;
    return entry;
}

static s3hls__spool_entry *take_entry(s3hls__outbox *box, int64_t now) {
    if (!box->spool || box->reading_spool || now < box->spool_not_before_us)
        return NULL;
    s3hls__spool_entry *entry = s3hls__spool_oldest(box->spool, now);
    if (entry)
        entry->busy = box->reading_spool = true;
    return entry;
}

typedef struct task {
    job what;
    s3hls__outbox *box;
    s3hls__slot *slot;
    s3hls__timeline_copy *copy;
    s3hls__spool_entry entry;
} task;

static bool find_urgent(s3hls_uploader *u, s3hls__outbox *box, int64_t now, task *t) {
    if ((s3hls__outbox_needs_clock(box) || is_stalled(u, box)) && !box->probing &&
        now >= box->probe_not_before_us) {
        box->probing = true;
        t->what = ASK;
    } else if (box->spool && now >= box->spool_check_us) {
        box->spool_check_us = now + S3HLS__LOOK_AT_DISK_US;
        t->what = LOOK;
    } else if ((t->slot = take_slot_to_spool(box, now))) {
        t->what = SPOOL;
    }
    return t->what != NOTHING;
}

/* Store the segment's timeline again first, if the store may have lost it. */
static void put_timeline_first(s3hls__outbox *box, int64_t now, task *t) {
    uint64_t timeline = t->entry.segment.timeline;
    if (!t->slot->media || !t->slot->named ||
        !s3hls__timelines_is_due(&box->timelines, timeline, now))
        return;
    atomic_store_explicit(&t->slot->state, S3HLS__SEGMENT_WAITING, memory_order_release);
    t->slot = NULL;
    t->copy = s3hls__timelines_find(&box->timelines, timeline);
    t->copy->busy = true;
    t->entry = (s3hls__spool_entry){.segment = {.timeline = timeline, .size = t->copy->size}};
    t->what = SEND_COPY;
}

static bool find_delivery(s3hls_uploader *u, s3hls__outbox *box, int64_t now, bool spooled,
                          task *t) {
    s3hls__spool_entry *entry;
    if (!may_send(u, box, now))
        return false;
    if (is_outage(box, now)) /* the store may have been replaced during the outage */
        s3hls__outbox_redeliver_timelines(box);
    if ((entry = spooled ? take_entry(box, now) : take_object(box, now))) {
        t->what = SEND_SPOOLED;
        t->entry = *entry;
    } else if (!spooled && (t->slot = take_slot(box, now))) {
        t->what = SEND;
        t->entry = s3hls__outbox_entry(t->slot);
        put_timeline_first(box, now, t);
    }
    return t->what != NOTHING;
}

static bool is_delivery(job what) {
    return what == SEND || what == SEND_COPY || what == SEND_SPOOLED;
}

/* Move the outbox to the end of the list, so that the others come first. */
static void move_to_end(s3hls_uploader *u, s3hls__outbox *box) {
    s3hls__outbox **link = &u->boxes;
    while (*link != box)
        link = &(*link)->next;
    *link = box->next;
    while (*link)
        link = &(*link)->next;
    *link = box;
    box->next = NULL;
}

/* Data safety first, then live segments of all outboxes in turn, then the spools. */
static task next_task(s3hls_uploader *u) {
    task t = {.what = NOTHING};
    pthread_mutex_lock(&u->lock);
    int64_t now = s3hls__uploader_now_us(u);
    for (int pass = 0; pass < 3 && t.what == NOTHING; pass++)
        for (s3hls__outbox *box = u->boxes; box && t.what == NOTHING; box = box->next) {
            t.box = box;
            if (!box->detaching && (pass == 0 ? find_urgent(u, box, now, &t)
                                              : find_delivery(u, box, now, pass == 2, &t)))
                box->in_flight++;
        }
    if (is_delivery(t.what))
        u->in_flight++;
    if (t.what != NOTHING)
        move_to_end(u, t.box);
    pthread_mutex_unlock(&u->lock);
    return t;
}

/* ---- doing it */

static void spool(s3hls_uploader *u, const task *t) {
    enum { AGAIN_US = 1000000 };
    int rc = s3hls__outbox_spool(t->box, t->slot);
    if (rc) {
        t->slot->held = rc == S3HLS_E_EXISTS;
        if (t->slot->held) /* the spooled copy is sent first */
            t->slot->not_before_us = s3hls__uploader_now_us(u) + AGAIN_US;
        atomic_store_explicit(&t->slot->state, S3HLS__SEGMENT_WAITING, memory_order_release);
    }
    s3hls__uploader_leave(u, t->box);
}

/* An entry that cannot be read is lost, or is retried later. */
static void entry_unreadable(s3hls_uploader *u, const task *t, int status) {
    enum { AGAIN_US = 10000000 };
    s3hls__spool_entry *entry = s3hls__spool_find(t->box->spool, &t->entry);
    pthread_mutex_lock(&u->lock);
    if (entry) {
        entry->busy = false;
        entry->not_before_us = s3hls__uploader_now_us(u) + AGAIN_US;
    } else if (t->entry.media) {
        s3hls__ledger_drop(&t->box->ledger, S3HLS__SPOOLED, t->entry.segment.size, 1);
    }
    t->box->reading_spool = false;
    u->in_flight--;
    pthread_mutex_unlock(&u->lock);
    if (!entry && t->entry.media)
        s3hls__outbox_report_lost(t->box, &t->entry, status);
    else if (!entry)
        s3hls__timelines_doubt(&t->box->timelines);
    s3hls__uploader_leave(u, t->box);
}

static void carry_out(s3hls_uploader *u, const task *t) {
    if (t->what == ASK) {
        ask(t->box);
        return;
    }
    if (t->what == LOOK) {
        s3hls__outbox_check_spool(t->box);
        s3hls__uploader_leave(u, t->box);
        return;
    }
    bool in_spool = t->what == SEND && s3hls__outbox_is_in_spool(t->box, t->slot);
    if (in_spool) {
        pthread_mutex_lock(&u->lock);
        u->in_flight--;
        pthread_mutex_unlock(&u->lock);
    }
    if (t->what == SPOOL || in_spool) {
        spool(u, t);
        return;
    }
    if (t->what == SEND)
        s3hls__outbox_keep_timeline(t->box, t->slot);
    int rc = t->what == SEND_SPOOLED ? s3hls__spool_read(t->box->spool, &t->entry) : S3HLS_OK;
    if (rc) {
        entry_unreadable(u, t, rc);
        return;
    }
    if (t->box->spool && t->entry.media)
        s3hls__spool_reserve(t->box->spool, t->entry.segment.sequence);
    s3hls__delivery *d = u->deliveries;
    while (d->box)
        d++;
    s3hls__delivery_begin(d, t->box, t->slot, t->copy, &t->entry, s3hls__uploader_delivery_done);
}

static void cancel_detaching(s3hls_uploader *u) {
    pthread_mutex_lock(&u->lock);
    for (uint32_t i = 0; i < u->cfg.max_in_flight; i++)
        if (u->deliveries[i].box && u->deliveries[i].box->detaching)
            s3hls__http_cancel(u->http, &u->deliveries[i].op);
    for (s3hls__outbox *box = u->boxes; box; box = box->next)
        if (box->detaching && box->probing)
            s3hls__http_cancel(u->http, &box->probe);
    pthread_mutex_unlock(&u->lock);
}

/* ---- environment */

/* Memory pressure begins or ends. Reported to each recorder, since recorders share the pool. */
static bool pressure_changes(const s3hls_uploader *u, s3hls__outbox *box) {
    uint32_t used = s3hls__pool_used(u->pool), count = s3hls__pool_count(u->pool);
    bool before = box->pressure;
    box->pressure = before ? used > count / 2 : used > count / 4 * 3;
    return box->pressure != before;
}

/* The clock was not set when the session began. Check whether it is set now. */
static bool clock_comes(const s3hls_uploader *u, s3hls__outbox *box) {
    if (!s3hls__outbox_needs_clock(box) || !s3hls__env_wall_is_set(&box->env))
        return false;
    s3hls__outbox_set_clock(box, box->env.wall_us(box->env.ctx) - s3hls__uploader_now_us(u));
    return true;
}

static void look_around(s3hls_uploader *u) {
    pthread_mutex_lock(&u->lock);
    for (s3hls__outbox *box = u->boxes; box; box = box->next) {
        bool pressure = pressure_changes(u, box), clock = clock_comes(u, box);
        if (!pressure && !clock)
            continue;
        box->in_flight++; /* keeps the outbox alive while the lock is released */
        pthread_mutex_unlock(&u->lock);
        if (pressure)
            s3hls__outbox_report(box, &(s3hls_event){.type = box->pressure ? S3HLS_EVENT_PRESSURE
                                                                           : S3HLS_EVENT_RELIEVED});
        if (clock)
            s3hls__outbox_report(box, &(s3hls_event){.type = S3HLS_EVENT_CLOCK,
                                                     .duration_ms = box->utc_offset_us / 1000,
                                                     .message = "the clock has been set"});
        s3hls__uploader_leave(u, box);
        pthread_mutex_lock(&u->lock);
    }
    pthread_mutex_unlock(&u->lock);
}

/* ---- how long to wait */

static int64_t box_due_us(const s3hls_uploader *u, s3hls__outbox *box, bool *waits) {
    int64_t due_us = INT64_MAX;
    bool memory = s3hls__outbox_oldest(box, INT64_MAX) != NULL;
    s3hls__spool_entry *entry =
        box->spool && !box->reading_spool ? s3hls__spool_oldest(box->spool, INT64_MAX) : NULL;
    *waits = memory || box->in_flight || entry;
    if (u->in_flight >= u->cfg.max_in_flight)
        return due_us;
    if (memory)
        due_us = box->not_before_us;
    else if (entry)
        due_us = box->not_before_us > box->spool_not_before_us ? box->not_before_us
                                                               : box->spool_not_before_us;
    return due_us;
}

/* Time until the next back-off ends or the next poll of the encoders is due, at most limit_ms. Sets
 * *pending if anything waits or is in flight. */
static uint32_t until_due_ms(s3hls_uploader *u, uint32_t limit_ms, bool *pending) {
    pthread_mutex_lock(&u->lock);
    *pending = u->in_flight > 0;
    int64_t now = s3hls__uploader_now_us(u);
    if (u->boxes && limit_ms > LOOK_MS)
        limit_ms = LOOK_MS;
    for (s3hls__outbox *box = u->boxes; box; box = box->next) {
        bool waits = false;
        int64_t due_us = box->detaching ? INT64_MAX : box_due_us(u, box, &waits);
        *pending |= waits;
        if (due_us > now && due_us != INT64_MAX && (due_us - now + 999) / 1000 < limit_ms)
            limit_ms = (uint32_t)((due_us - now + 999) / 1000);
    }
    pthread_mutex_unlock(&u->lock);
    return limit_ms;
}

/* Start due tasks, transfer data, and wait up to timeout_ms. @return whether anything still
 * waits. */
bool s3hls__uploader_run(s3hls_uploader *u, uint32_t timeout_ms) {
    bool pending;
    look_around(u);
    for (task t; (t = next_task(u)).what != NOTHING;)
        carry_out(u, &t);
    cancel_detaching(u);
    if (timeout_ms > IDLE_MS)
        timeout_ms = IDLE_MS;
    s3hls__http_step(u->http, until_due_ms(u, timeout_ms, &pending));
    until_due_ms(u, 0, &pending);
    return pending;
}
