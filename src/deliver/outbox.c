/* SPDX-License-Identifier: MIT-0 */
#include "deliver/outbox.h"
#include <inttypes.h>
#include <sched.h>
#include <string.h>

static int64_t monotonic_us(const s3hls__outbox *box) {
    return box->env.monotonic_us(box->env.ctx);
}

static int state_of(const s3hls__slot *slot) {
    return atomic_load_explicit(&slot->state, memory_order_acquire);
}

/* ---- events */

void s3hls__outbox_tell(s3hls__outbox *box, const s3hls_event *event) {
    if (!box->on_event)
        return;
    s3hls_event e = *event;
    int64_t true_clock_us = box->true_clock_us;
    e.wall_us = true_clock_us ? monotonic_us(box) + true_clock_us : box->env.wall_us(box->env.ctx);
    e.key = e.key ? e.key : "";
    e.message = e.message ? e.message : "";
    box->on_event(box->event_ctx, &e);
}

void s3hls__outbox_tell_lost(s3hls__outbox *box, const s3hls__spool_entry *what, int status) {
    char key[S3HLS_KEY_MAX] = "";
    if (what->segment.sequence) /* otherwise it has no name yet */
        s3hls__spool_key(what, key);
    s3hls__log(&box->env, S3HLS_LOG_ERROR, "record", "lost: %s, %" PRIu64 " bytes: %s",
               key[0] ? key : "a segment without a name", what->segment.size,
               s3hls_strerror(status));
    s3hls__outbox_tell(box, &(s3hls_event){.type = S3HLS_EVENT_SEGMENT_LOST,
                                           .status = status,
                                           .key = key,
                                           .bytes = what->segment.size});
}

/* ---- the ledger */

static void count_dropped(s3hls__outbox *box, uint64_t bytes, uint32_t gops) {
    box->ledger.dropped++;
    box->ledger.bytes_dropped += bytes;
    box->ledger.gops_dropped += gops;
}

static void leave(s3hls__outbox *box, uint64_t bytes, bool spool) {
    s3hls__ledger *l = &box->ledger;
    *(spool ? &l->spooled : &l->waiting) -= 1;
    *(spool ? &l->bytes_spooled : &l->bytes_waiting) -= bytes;
}

void s3hls__outbox_delivered(s3hls__outbox *box, const s3hls__spool_entry *what, bool from_spool) {
    if (!what->media)
        return;
    leave(box, what->segment.size, from_spool);
    box->ledger.delivered++;
    box->ledger.bytes_delivered += what->segment.size;
}

void s3hls__outbox_dropped(s3hls__outbox *box, const s3hls__spool_entry *what, bool from_spool,
                           uint32_t gops) {
    if (!what->media)
        return;
    leave(box, what->segment.size, from_spool);
    count_dropped(box, what->segment.size, gops);
}

static void move_to_spool(s3hls__outbox *box, uint64_t bytes) {
    leave(box, bytes, false);
    box->ledger.spooled++;
    box->ledger.bytes_spooled += bytes;
}

/* Age of the oldest segment that waits in memory. */
static int64_t memory_lag_us(s3hls__outbox *box) {
    int64_t now_us = monotonic_us(box), lag_us = 0;
    for (uint32_t i = 0; i < box->slot_count; i++) {
        int64_t ended_us = box->slots[i].ended_us;
        if (state_of(&box->slots[i]) >= S3HLS__SEGMENT_WAITING && ended_us &&
            now_us - ended_us > lag_us)
            lag_us = now_us - ended_us;
    }
    return lag_us;
}

static void count_once(s3hls__outbox *box, s3hls_recorder_stats *s) {
    const s3hls__ledger *l = &box->ledger;
    s->segments_accepted = l->accepted;
    s->segments_delivered = l->delivered;
    s->segments_spooled = l->spooled;
    s->segments_dropped = l->dropped;
    s->segments_recovered = l->recovered;
    s->gops_dropped = l->gops_dropped;
    s->bytes_accepted = l->bytes_accepted;
    s->bytes_delivered = l->bytes_delivered;
    s->bytes_dropped = l->bytes_dropped;
    s->bytes_spooled = l->bytes_spooled;
    s->segments_waiting = l->waiting;
    s->bytes_waiting = l->bytes_waiting;
}

void s3hls__outbox_count(s3hls__outbox *box, s3hls_recorder_stats *stats) {
    for (;; sched_yield()) {
        uint64_t before = box->ledger.changes;
        count_once(box, stats);
        if (before % 2 == 0 && before == box->ledger.changes)
            break;
    }
    stats->lag_us = memory_lag_us(box);
    stats->spool_status = box->spool_status;
    int64_t oldest_ms = box->spool_oldest_ms;
    int64_t age_us = oldest_ms ? box->env.wall_us(box->env.ctx) - oldest_ms * 1000 : 0;
    if (age_us > stats->lag_us)
        stats->lag_us = age_us;
}

/* ---- spooled entries */

/* Called without a lock. */
void s3hls__outbox_found(void *ctx, const s3hls__spool_entry *entry, bool whole) {
    s3hls__outbox *box = ctx;
    s3hls__ledger *l = &box->ledger;
    if (!entry->media)
        return;
    pthread_mutex_lock(box->lock);
    l->accepted++;
    l->recovered++;
    l->spooled += whole;
    l->dropped += !whole;
    l->bytes_accepted += whole ? entry->segment.size : 0;
    l->bytes_spooled += whole ? entry->segment.size : 0;
    pthread_mutex_unlock(box->lock);
    if (!whole)
        s3hls__outbox_tell_lost(box, entry, S3HLS_E_MALFORMED);
}

/* ---- encoder's thread */

s3hls__slot *s3hls__outbox_free_slot(s3hls__outbox *box) {
    for (uint32_t i = 0; i < box->slot_count; i++)
        if (state_of(&box->slots[i]) == S3HLS__SEGMENT_FREE)
            return &box->slots[i];
    return NULL;
}

void s3hls__outbox_accept(s3hls__outbox *box, s3hls__slot *slot) {
    s3hls__ledger *l = &box->ledger;
    slot->ended_us = slot->media ? monotonic_us(box) : 0;
    l->changes++;
    if (slot->media) {
        l->accepted++;
        l->waiting++;
        l->bytes_accepted += slot->segment.size;
        l->bytes_waiting += slot->segment.size;
    }
    atomic_store_explicit(&slot->state, S3HLS__SEGMENT_WAITING, memory_order_release);
    l->changes++;
}

static s3hls__slot *oldest_media(s3hls__outbox *box) {
    s3hls__slot *oldest = NULL;
    for (uint32_t i = 0; i < box->slot_count; i++) {
        s3hls__slot *slot = &box->slots[i];
        if (state_of(slot) == S3HLS__SEGMENT_WAITING && slot->media &&
            (!oldest || slot->order < oldest->order))
            oldest = slot;
    }
    return oldest;
}

bool s3hls__outbox_evict(s3hls__outbox *box) {
    for (s3hls__slot *slot; (slot = oldest_media(box));) {
        int waiting = S3HLS__SEGMENT_WAITING;
        box->ledger.changes++;
        bool ours = atomic_compare_exchange_strong(&slot->state, &waiting, S3HLS__SEGMENT_FILLING);
        if (ours) {
            leave(box, slot->segment.size, false);
            count_dropped(box, slot->segment.size, slot->gops);
        }
        box->ledger.changes++;
        if (!ours)
            continue; /* the uploader took it first */
        s3hls__spool_entry lost = s3hls__outbox_entry(slot);
        s3hls__slot_release(slot, &box->env);
        s3hls__outbox_tell_lost(box, &lost, S3HLS_E_FULL);
        return true;
    }
    return false;
}

/* ---- numbers */

void s3hls__outbox_begin_session(s3hls__outbox *box, int64_t start_us, bool imported,
                                 bool provisional) {
    uint64_t start_s = (uint64_t)(start_us / 1000000);
    uint64_t floor = box->spool && !imported ? s3hls__spool_floor(box->spool) : 0;
    if (provisional)
        box->wanted_since_us = start_us ? start_us : 1;
    else
        box->base = start_s > floor ? start_s : floor;
}

void s3hls__outbox_settle(s3hls__outbox *box, int64_t true_clock_us) {
    uint64_t start_s = (uint64_t)((box->wanted_since_us + true_clock_us) / 1000000);
    uint64_t floor = box->spool ? s3hls__spool_floor(box->spool) : 0;
    box->true_clock_us = true_clock_us;
    box->base = start_s > floor ? start_s : floor;
}

bool s3hls__outbox_name(s3hls__outbox *box, s3hls__slot *slot) {
    uint64_t base = box->base;
    if (slot->named || !base)
        return slot->named;
    slot->segment.sequence += base;
    slot->segment.timeline += base;
    if (slot->provisional)
        slot->segment.start_ms += box->true_clock_us / 1000;
    slot->named = true;
    return true;
}

/* ---- uploader's thread */

static s3hls__slot *oldest_of(s3hls__outbox *box,
                              bool (*fits)(const s3hls__slot *slot, int64_t now_us),
                              int64_t now_us) {
    s3hls__slot *oldest = NULL;
    for (uint32_t i = 0; i < box->slot_count; i++) {
        s3hls__slot *slot = &box->slots[i];
        if (state_of(slot) == S3HLS__SEGMENT_WAITING && fits(slot, now_us) &&
            (!oldest || slot->order < oldest->order))
            oldest = slot;
    }
    return oldest;
}

static bool is_due(const s3hls__slot *slot, int64_t now_us) {
    return slot->not_before_us <= now_us;
}

static bool is_refused(const s3hls__slot *slot, int64_t now_us) {
    return slot->not_before_us > now_us && !slot->held;
}

static bool is_due_or_refused(const s3hls__slot *slot, int64_t now_us) {
    return is_due(slot, now_us) || is_refused(slot, now_us);
}

s3hls__slot *s3hls__outbox_oldest(s3hls__outbox *box, int64_t now_us) {
    return oldest_of(box, is_due, now_us);
}

s3hls__slot *s3hls__outbox_oldest_to_spool(s3hls__outbox *box, int64_t now_us, bool all) {
    return oldest_of(box, all ? is_due_or_refused : is_refused, now_us);
}

s3hls__spool_entry s3hls__outbox_entry(const s3hls__slot *slot) {
    s3hls__spool_entry entry = {
        .segment = slot->segment, .media = slot->media, .not_before_us = slot->not_before_us};
    if (!slot->named)
        entry.segment.sequence = 0;
    return entry;
}

void s3hls__outbox_keep(s3hls__outbox *box, s3hls__slot *slot) {
    if (!slot->media && slot->named)
        s3hls__timelines_keep(&box->timelines, slot->segment.timeline, slot->segment.size,
                              slot->tags, s3hls__slot_body, slot, &box->env);
}

void s3hls__outbox_doubt(s3hls__outbox *box) {
    s3hls__timelines_doubt(&box->timelines);
    if (box->spool)
        s3hls__spool_doubt(box->spool);
}

bool s3hls__outbox_in_spool(s3hls__outbox *box, const s3hls__slot *slot) {
    s3hls__spool_entry entry = s3hls__outbox_entry(slot);
    return box->spool && s3hls__spool_find(box->spool, &entry);
}

/* ---- moving to the spool */

static void make_room(s3hls__outbox *box, uint64_t bytes) {
    s3hls__spool_entry *oldest;
    while (s3hls__spool_bytes(box->spool) + bytes > box->spool_max_bytes &&
           (oldest = s3hls__spool_oldest_segment(box->spool))) {
        s3hls__spool_entry lost = *oldest;
        s3hls__spool_remove(box->spool, &lost);
        pthread_mutex_lock(box->lock);
        s3hls__outbox_dropped(box, &lost, true, 1);
        pthread_mutex_unlock(box->lock);
        s3hls__outbox_tell_lost(box, &lost, S3HLS_E_NOSPC);
    }
}

void s3hls__outbox_spool_failed(s3hls__outbox *box, int status) {
    enum { AGAIN_US = 10000000 };
    bool told = box->spool_retry_us != 0;
    box->spool_retry_us = monotonic_us(box) + AGAIN_US;
    if (told)
        return;
    s3hls__log(&box->env, S3HLS_LOG_ERROR, "record", "the spool cannot be used: %s; memory alone",
               s3hls_strerror(status));
    s3hls__outbox_tell(box, &(s3hls_event){.type = S3HLS_EVENT_SPOOL_FAILED,
                                           .status = status,
                                           .message = s3hls_strerror(status)});
}

/* The spool already holds an object with the slot's name. @return as s3hls__outbox_spool(). */
static int join_spooled(s3hls__outbox *box, s3hls__slot *slot, const s3hls__spool_entry *entry,
                        const s3hls__spool_source *source) {
    if (!s3hls__spool_holds(box->spool, entry, source))
        return S3HLS_E_EXISTS;
    pthread_mutex_lock(box->lock);
    if (entry->media) { /* the same segment: the spooled copy is counted as this recording's */
        leave(box, entry->segment.size, false);
        box->ledger.accepted--;
        box->ledger.recovered -= box->ledger.recovered > 0;
        box->ledger.bytes_accepted -= entry->segment.size;
    }
    s3hls__slot_release(slot, &box->env);
    pthread_mutex_unlock(box->lock);
    return S3HLS_OK;
}

/* The spool always holds a segment's timeline object too: it is required if the segments are
 * delivered to another bucket. */
static void spool_timeline(s3hls__outbox *box, uint64_t timeline) {
    s3hls__timeline_copy *copy = s3hls__timelines_find(&box->timelines, timeline);
    s3hls__spool_entry object = {.segment.timeline = timeline};
    if (!copy || s3hls__spool_find(box->spool, &object))
        return;
    s3hls__spool_source source = {s3hls__timeline_copy_body, copy, copy->size,
                                  copy->tags ? copy->tags->text : ""};
    s3hls__spool_write(box->spool, &object, &source);
}

static int write_slot(s3hls__outbox *box, s3hls__slot *slot, const s3hls__spool_entry *entry,
                      const s3hls__spool_source *source) {
    if (s3hls__spool_find(box->spool, entry))
        return join_spooled(box, slot, entry, source);
    if (source->size > box->spool_max_bytes)
        return S3HLS_E_NOSPC;
    make_room(box, source->size);
    int rc = s3hls__spool_write(box->spool, entry, source);
    if (rc == S3HLS_E_EXISTS) /* the spool found it just now */
        return join_spooled(box, slot, entry, source);
    if (rc)
        return rc;
    pthread_mutex_lock(box->lock);
    if (entry->media)
        move_to_spool(box, source->size);
    s3hls__slot_release(slot, &box->env);
    pthread_mutex_unlock(box->lock);
    return S3HLS_OK;
}

int s3hls__outbox_spool(s3hls__outbox *box, s3hls__slot *slot) {
    s3hls__spool_entry entry = s3hls__outbox_entry(slot);
    char key[S3HLS_KEY_MAX];
    s3hls__outbox_keep(box, slot);
    s3hls__spool_source source = {s3hls__slot_body, slot, slot->segment.size,
                                  slot->tags ? slot->tags->text : ""};
    int rc = write_slot(box, slot, &entry, &source);
    box->spool_status = s3hls__spool_status(box->spool);
    if (rc == S3HLS_E_EXISTS)
        return rc;
    if (rc) {
        s3hls__outbox_spool_failed(box, rc);
        return rc;
    }
    box->spool_retry_us = 0;
    if (!entry.media)
        return S3HLS_OK;
    spool_timeline(box, entry.segment.timeline);
    s3hls__spool_key(&entry, key);
    s3hls__log(&box->env, S3HLS_LOG_DEBUG, "record", "spooled %s", key);
    s3hls__outbox_tell(
        box, &(s3hls_event){.type = S3HLS_EVENT_SPOOLED, .key = key, .bytes = entry.segment.size});
    return S3HLS_OK;
}
