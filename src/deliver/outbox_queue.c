/* SPDX-License-Identifier: MIT-0 */
#include "deliver/outbox_internal.h"
#include <inttypes.h>

static int state_of(const s3hls__slot *slot) {
    return atomic_load_explicit(&slot->state, memory_order_acquire);
}

/* ---- which slot is next */

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

static bool is_segment(const s3hls__slot *slot, int64_t now_us) {
    (void)now_us;
    return slot->kind == S3HLS__KEY_SEGMENT;
}

/* A segment is sent after the objects of timelines that were accepted before it have been delivered
 * or moved to the spool, so that a device that loses power leaves no segment in the store that
 * cannot be played. An object that the store refuses holds up nothing. The encoder's thread may
 * evict and refill any segment's slot meanwhile: only atomic members are read. */
static bool awaits_timeline(s3hls__outbox *box, const s3hls__slot *segment, int64_t now_us) {
    for (uint32_t i = 0; segment->kind == S3HLS__KEY_SEGMENT && i < box->slot_count; i++) {
        const s3hls__slot *slot = &box->slots[i];
        int state = state_of(slot);
        bool sending = state == S3HLS__SEGMENT_SENDING;
        bool waiting = state == S3HLS__SEGMENT_WAITING && !is_refused(slot, now_us);
        if ((sending || waiting) && slot->kind != S3HLS__KEY_SEGMENT &&
            slot->order < segment->order)
            return true;
    }
    return false;
}

s3hls__slot *s3hls__outbox_oldest(s3hls__outbox *box, int64_t now_us) {
    s3hls__slot *oldest = oldest_of(box, is_due, now_us);
    return oldest && awaits_timeline(box, oldest, now_us) ? NULL : oldest;
}

s3hls__slot *s3hls__outbox_oldest_to_spool(s3hls__outbox *box, int64_t now_us, bool all) {
    return oldest_of(box, all ? is_due_or_refused : is_refused, now_us);
}

s3hls__slot *s3hls__outbox_oldest_segment(s3hls__outbox *box) {
    return oldest_of(box, is_segment, 0);
}

int64_t s3hls__outbox_next_due_us(const s3hls__outbox *box, int64_t now_us) {
    int64_t due_us = INT64_MAX;
    for (uint32_t i = 0; i < box->slot_count; i++) {
        int64_t at_us = box->slots[i].not_before_us;
        if (state_of(&box->slots[i]) == S3HLS__SEGMENT_WAITING && at_us > now_us && at_us < due_us)
            due_us = at_us;
    }
    return due_us;
}

void s3hls__outbox_begin_draining(s3hls__outbox *box) {
    box->draining = true;
    box->spool_share_us = 0;
    s3hls__health_step(&box->health, S3HLS__HEALTH_RETRY, S3HLS_OK, 0, 0);
    for (uint32_t i = 0; i < box->slot_count; i++)
        if (state_of(&box->slots[i]) == S3HLS__SEGMENT_WAITING)
            box->slots[i].not_before_us = 0;
}

/* ---- whether anything is left */

bool s3hls__outbox_memory_is_empty(const s3hls__outbox *box) {
    for (uint32_t i = 0; i < box->slot_count; i++)
        if (state_of(&box->slots[i]) != S3HLS__SEGMENT_FREE)
            return false;
    return true;
}

bool s3hls__outbox_is_empty(const s3hls__outbox *box) {
    return box->ledger.segments[S3HLS__SPOOLED] == 0 && s3hls__outbox_memory_is_empty(box);
}

int64_t s3hls__outbox_lag_us(s3hls__outbox *box) {
    int64_t now_us = s3hls__outbox_now_us(box), lag_us = 0;
    for (uint32_t i = 0; i < box->slot_count; i++) {
        int64_t ended_us = box->slots[i].ended_us;
        if (state_of(&box->slots[i]) >= S3HLS__SEGMENT_WAITING && ended_us &&
            now_us - ended_us > lag_us)
            lag_us = now_us - ended_us;
    }
    int64_t oldest_ms = box->spool_oldest_ms;
    int64_t age_us = oldest_ms ? box->env.wall_us(box->env.ctx) - oldest_ms * 1000 : 0;
    return age_us > lag_us ? age_us : lag_us;
}

/* ---- what leaves memory */

s3hls__spool_entry s3hls__outbox_entry(const s3hls__slot *slot) {
    s3hls__spool_entry entry = {
        .segment = slot->segment, .kind = slot->kind, .not_before_us = slot->not_before_us};
    if (!slot->named)
        entry.segment.sequence = 0;
    return entry;
}

void s3hls__outbox_report_lost(s3hls__outbox *box, const s3hls__spool_entry *what, int status) {
    char key[S3HLS_KEY_MAX] = "";
    if (what->segment.sequence) /* otherwise it has no name yet */
        s3hls__spool_key(what, key);
    s3hls__log(&box->env, S3HLS_LOG_ERROR, "record", "lost: %s, %" PRIu64 " bytes: %s",
               key[0] ? key : "a segment without a name", what->segment.size,
               s3hls_strerror(status));
    s3hls__outbox_report(box, &(s3hls_event){.type = S3HLS_EVENT_SEGMENT_LOST,
                                             .status = status,
                                             .key = key,
                                             .bytes = what->segment.size});
}

void s3hls__outbox_keep_timeline(s3hls__outbox *box, s3hls__slot *slot) {
    if (slot->kind != S3HLS__KEY_SEGMENT && slot->named)
        s3hls__timelines_keep(&box->timelines,
                              &(s3hls__timeline_object){.kind = slot->kind,
                                                        .timeline = slot->segment.timeline,
                                                        .size = slot->segment.size,
                                                        .tags = slot->tags,
                                                        .body = s3hls__slot_body,
                                                        .body_ctx = slot},
                              &box->env);
}

void s3hls__outbox_redeliver_timelines(s3hls__outbox *box) {
    s3hls__timelines_doubt(&box->timelines);
    if (box->spool)
        s3hls__spool_doubt(box->spool);
}
