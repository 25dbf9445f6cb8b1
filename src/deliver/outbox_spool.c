/* SPDX-License-Identifier: MIT-0 */
#include "deliver/outbox_internal.h"

/* Called without a lock. */
void s3hls__outbox_recover(void *ctx, const s3hls__spool_entry *entry, bool whole) {
    s3hls__outbox *box = ctx;
    if (!s3hls__spool_is_segment(entry))
        return;
    pthread_mutex_lock(box->lock);
    s3hls__ledger_recover(&box->ledger, entry->segment.size, whole);
    pthread_mutex_unlock(box->lock);
    if (!whole)
        s3hls__outbox_report_lost(box, entry, S3HLS_E_MALFORMED);
}

bool s3hls__outbox_is_in_spool(s3hls__outbox *box, const s3hls__slot *slot) {
    s3hls__spool_entry entry = s3hls__outbox_entry(slot);
    return box->spool && s3hls__spool_find(box->spool, &entry);
}

/* ---- a disk that fails, or appears later */

/* Report it once, and write nothing for 10 s. */
static void spool_failed(s3hls__outbox *box, int status) {
    bool reported = box->spool_retry_us != 0;
    box->spool_retry_us = s3hls__outbox_now_us(box) + S3HLS__SPOOL_CHECK_US;
    if (reported)
        return;
    s3hls__log(&box->env, S3HLS_LOG_ERROR, "record",
               "the spool cannot be used: %s; segments are kept in memory only",
               s3hls_strerror(status));
    s3hls__outbox_report(box, &(s3hls_event){.type = S3HLS_EVENT_SPOOL_FAILED,
                                             .status = status,
                                             .message = s3hls_strerror(status)});
}

void s3hls__outbox_note_spool(s3hls__outbox *box) {
    s3hls__spool_entry *oldest = box->spool ? s3hls__spool_oldest_segment(box->spool) : NULL;
    box->spool_oldest_ms = oldest ? oldest->segment.start_ms + oldest->segment.duration_ms : 0;
    box->spool_status = box->spool ? s3hls__spool_status(box->spool) : S3HLS_OK;
}

bool s3hls__outbox_may_spool(const s3hls__outbox *box, int64_t now_us) {
    return box->spool && now_us >= box->spool_retry_us && !s3hls__outbox_needs_clock(box);
}

bool s3hls__outbox_spool_check_is_due(s3hls__outbox *box, int64_t now_us) {
    if (!box->spool || now_us < box->spool_check_us)
        return false;
    box->spool_check_us = s3hls__outbox_next_check_us(now_us);
    return true;
}

void s3hls__outbox_check_spool(s3hls__outbox *box) {
    enum { MOVE_BYTES = 32 << 20 }; /* moved from one folder to another per check */
    int before = box->spool_status;
    s3hls__spool_look(box->spool, MOVE_BYTES);
    s3hls__outbox_note_spool(box);
    if (box->spool_status)
        spool_failed(box, box->spool_status);
    else if (before)
        box->spool_retry_us = 0; /* it is reachable again */
}

/* ---- moving a segment */

static void free_space(s3hls__outbox *box, uint64_t bytes) {
    s3hls__spool_entry *oldest;
    while (s3hls__spool_bytes(box->spool) + bytes > box->spool_max_bytes &&
           (oldest = s3hls__spool_oldest_segment(box->spool))) {
        s3hls__spool_entry lost = *oldest;
        s3hls__spool_remove(box->spool, &lost);
        pthread_mutex_lock(box->lock);
        s3hls__ledger_drop(&box->ledger, S3HLS__SPOOLED, lost.segment.size, 1);
        pthread_mutex_unlock(box->lock);
        s3hls__outbox_report_lost(box, &lost, S3HLS_E_NOSPC);
    }
}

/* The spool already holds an object with the slot's name. @return as s3hls__outbox_spool(). */
static int merge(s3hls__outbox *box, s3hls__slot *slot, const s3hls__spool_entry *entry,
                 const s3hls__spool_source *source) {
    if (!s3hls__spool_holds(box->spool, entry, source))
        return S3HLS_E_EXISTS;
    pthread_mutex_lock(box->lock);
    if (s3hls__spool_is_segment(entry))
        s3hls__ledger_merge(&box->ledger, entry->segment.size);
    s3hls__slot_release(slot, &box->env);
    pthread_mutex_unlock(box->lock);
    return S3HLS_OK;
}

/* The spool always holds the objects of a segment's timeline too: they are required if the segments
 * are delivered to another bucket. */
static void spool_timeline(s3hls__outbox *box, s3hls__key_kind kind, uint64_t timeline) {
    s3hls__timeline_copy *copy = s3hls__timelines_find(&box->timelines, kind, timeline);
    s3hls__spool_entry object = {.kind = kind, .segment.timeline = timeline};
    if (!copy || s3hls__spool_find(box->spool, &object))
        return;
    s3hls__spool_source source = {s3hls__timeline_copy_body, copy, copy->size,
                                  copy->tags ? copy->tags->text : ""};
    s3hls__spool_write(box->spool, &object, &source);
}

static int write_slot(s3hls__outbox *box, s3hls__slot *slot, const s3hls__spool_entry *entry,
                      const s3hls__spool_source *source) {
    if (s3hls__spool_find(box->spool, entry))
        return merge(box, slot, entry, source);
    if (source->size > box->spool_max_bytes)
        return S3HLS_E_NOSPC;
    free_space(box, source->size);
    int rc = s3hls__spool_write(box->spool, entry, source);
    if (rc == S3HLS_E_EXISTS) /* the spool found it just now */
        return merge(box, slot, entry, source);
    if (rc)
        return rc;
    pthread_mutex_lock(box->lock);
    if (s3hls__spool_is_segment(entry))
        s3hls__ledger_move(&box->ledger, S3HLS__WAITING, S3HLS__SPOOLED, source->size);
    s3hls__slot_release(slot, &box->env);
    pthread_mutex_unlock(box->lock);
    return S3HLS_OK;
}

int s3hls__outbox_spool(s3hls__outbox *box, s3hls__slot *slot) {
    s3hls__spool_entry entry = s3hls__outbox_entry(slot);
    char key[S3HLS_KEY_MAX];
    s3hls__outbox_keep_timeline(box, slot);
    s3hls__spool_source source = {s3hls__slot_body, slot, slot->segment.size,
                                  slot->tags ? slot->tags->text : ""};
    if (s3hls__spool_is_segment(
            &entry)) { /* first, so that power fails with both or with neither */
        spool_timeline(box, S3HLS__KEY_INIT, entry.segment.timeline);
        spool_timeline(box, S3HLS__KEY_TIMELINE, entry.segment.timeline);
    }
    int rc = write_slot(box, slot, &entry, &source);
    s3hls__outbox_note_spool(box);
    if (rc == S3HLS_E_EXISTS)
        return rc;
    if (rc) {
        spool_failed(box, rc);
        return rc;
    }
    box->spool_retry_us = 0;
    if (!s3hls__spool_is_segment(&entry))
        return S3HLS_OK;
    s3hls__spool_key(&entry, key);
    s3hls__log(&box->env, S3HLS_LOG_DEBUG, "record", "spooled %s", key);
    s3hls__outbox_report(
        box, &(s3hls_event){.type = S3HLS_EVENT_SPOOLED, .key = key, .bytes = entry.segment.size});
    return S3HLS_OK;
}

/* ---- deliveries from the spool */

s3hls__spool_entry *s3hls__outbox_next_spooled(s3hls__outbox *box, int64_t now_us) {
    if (!box->spool || box->reading_spool || now_us < box->spool_share_us)
        return NULL;
    return s3hls__spool_oldest(box->spool, now_us);
}

s3hls__spool_entry *s3hls__outbox_next_spooled_object(s3hls__outbox *box, int64_t now_us) {
    if (!box->spool || box->reading_spool)
        return NULL;
    return s3hls__spool_oldest_object(box->spool, now_us);
}

void s3hls__outbox_use_share(s3hls__outbox *box, int64_t took_us) {
    int64_t share = box->spool_share_percent;
    box->spool_share_us =
        box->draining ? 0 : s3hls__outbox_now_us(box) + took_us * (100 - share) / share;
}
