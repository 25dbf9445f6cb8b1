/* SPDX-License-Identifier: MIT-0 */
#include "record/outbox.h"
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
    if (what->segment.sequence) /* else it never got a name */
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

/* Age of what waits longest in memory. */
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
    int64_t oldest_ms = box->spool_oldest_ms;
    int64_t age_us = oldest_ms ? box->env.wall_us(box->env.ctx) - oldest_ms * 1000 : 0;
    if (age_us > stats->lag_us)
        stats->lag_us = age_us;
}

/* ---- at open */

void s3hls__outbox_recover(s3hls__outbox *box) {
    s3hls__ledger *l = &box->ledger;
    uint64_t segments = s3hls__spool_segments(box->spool);
    l->accepted += segments;
    l->recovered += segments;
    l->spooled = segments;
    l->bytes_accepted += s3hls__spool_bytes(box->spool);
    l->bytes_spooled = s3hls__spool_bytes(box->spool);
    if (segments)
        s3hls__log(&box->env, S3HLS_LOG_INFO, "record", "the spool holds %" PRIu64 " segments",
                   segments);
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
            continue; /* the uploader was quicker */
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

s3hls__slot *s3hls__outbox_oldest(s3hls__outbox *box, int64_t now_us) {
    s3hls__slot *oldest = NULL;
    for (uint32_t i = 0; i < box->slot_count; i++) {
        s3hls__slot *slot = &box->slots[i];
        if (state_of(slot) == S3HLS__SEGMENT_WAITING && slot->not_before_us <= now_us &&
            (!oldest || slot->order < oldest->order))
            oldest = slot;
    }
    return oldest;
}

s3hls__spool_entry s3hls__outbox_entry(const s3hls__slot *slot) {
    s3hls__spool_entry entry = {.segment = slot->segment, .media = slot->media};
    if (!slot->named)
        entry.segment.sequence = 0;
    return entry;
}

static void make_room(s3hls__outbox *box, uint64_t bytes, pthread_mutex_t *lock) {
    s3hls__spool_entry *oldest;
    while (s3hls__spool_bytes(box->spool) + bytes > box->spool_max_bytes &&
           (oldest = s3hls__spool_oldest(box->spool, INT64_MAX))) {
        s3hls__spool_entry lost = *oldest;
        s3hls__spool_remove(box->spool, &lost);
        pthread_mutex_lock(lock);
        s3hls__outbox_dropped(box, &lost, true, 1);
        pthread_mutex_unlock(lock);
        if (lost.media)
            s3hls__outbox_tell_lost(box, &lost, S3HLS_E_NOSPC);
    }
}

static void tell_spool_failed(s3hls__outbox *box, int status) {
    enum { AGAIN_US = 10000000 };
    bool told = box->spool_retry_us != 0;
    box->spool_retry_us = monotonic_us(box) + AGAIN_US;
    if (told)
        return;
    s3hls__log(&box->env, S3HLS_LOG_ERROR, "record",
               "the spool cannot be written: %s; memory alone", s3hls_strerror(status));
    s3hls__outbox_tell(box, &(s3hls_event){.type = S3HLS_EVENT_SPOOL_FAILED,
                                           .status = status,
                                           .message = s3hls_strerror(status)});
}

int s3hls__outbox_spool(s3hls__outbox *box, s3hls__slot *slot, pthread_mutex_t *lock) {
    s3hls__spool_entry entry = s3hls__outbox_entry(slot);
    char key[S3HLS_KEY_MAX];
    int rc = S3HLS_E_NOSPC;
    if (entry.segment.size <= box->spool_max_bytes) {
        make_room(box, entry.segment.size, lock);
        rc = s3hls__spool_write(box->spool, &entry, slot->tags ? slot->tags->text : "",
                                s3hls__slot_body, slot);
    }
    if (rc) {
        tell_spool_failed(box, rc);
        return rc;
    }
    box->spool_retry_us = 0;
    pthread_mutex_lock(lock);
    if (entry.media)
        move_to_spool(box, entry.segment.size);
    s3hls__slot_release(slot, &box->env);
    pthread_mutex_unlock(lock);
    s3hls__spool_key(&entry, key);
    s3hls__log(&box->env, S3HLS_LOG_DEBUG, "record", "spooled %s", key);
    if (entry.media)
        s3hls__outbox_tell(
            box,
            &(s3hls_event){.type = S3HLS_EVENT_SPOOLED, .key = key, .bytes = entry.segment.size});
    return S3HLS_OK;
}
