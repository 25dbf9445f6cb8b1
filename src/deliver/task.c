/* SPDX-License-Identifier: MIT-0 */
/* Executes a task, or begins one that the transport continues. Under no lock. */
#include "deliver/uploader.h"

static void report(s3hls_uploader *u, const s3hls__task *t) {
    s3hls_event event = {.type = t->event};
    if (t->event == S3HLS_EVENT_CLOCK) {
        event.duration_ms = t->box->utc_offset_us / 1000;
        event.message = "the clock has been set";
    }
    s3hls__outbox_report(t->box, &event);
    s3hls__uploader_task_ended(u, t->box);
}

static void probe(s3hls__outbox *box) {
    box->probe = (s3hls__op){.request = {.kind = S3HLS__OP_HEAD, .key = "timelines", .fresh = true},
                             .done = s3hls__uploader_probe_done,
                             .user = box};
    s3hls__store_start(box->store, &box->probe);
}

static void check_spool(s3hls_uploader *u, s3hls__outbox *box) {
    s3hls__outbox_check_spool(box);
    s3hls__uploader_task_ended(u, box);
}

static void spool(s3hls_uploader *u, const s3hls__task *t) {
    enum { AGAIN_US = 1000000 };
    int rc = s3hls__outbox_spool(t->box, t->slot);
    if (rc) {
        t->slot->held = rc == S3HLS_E_EXISTS;
        if (t->slot->held) /* the spooled copy is sent first */
            t->slot->not_before_us = s3hls__uploader_now_us(u) + AGAIN_US;
        atomic_store_explicit(&t->slot->state, S3HLS__SEGMENT_WAITING, memory_order_release);
    }
    s3hls__uploader_task_ended(u, t->box);
}

/* An entry that cannot be read is lost, or is retried later. */
static void entry_unreadable(s3hls_uploader *u, const s3hls__task *t, int status) {
    enum { AGAIN_US = 10000000 };
    s3hls__spool_entry *entry = s3hls__spool_find(t->box->spool, &t->entry);
    pthread_mutex_lock(&u->lock);
    if (entry) {
        entry->busy = false;
        entry->not_before_us = s3hls__uploader_now_us(u) + AGAIN_US;
    } else if (s3hls__spool_is_segment(&t->entry)) {
        s3hls__ledger_drop(&t->box->ledger, S3HLS__SPOOLED, t->entry.segment.size, 1);
    }
    t->box->reading_spool = false;
    u->in_flight--;
    pthread_mutex_unlock(&u->lock);
    if (!entry && s3hls__spool_is_segment(&t->entry))
        s3hls__outbox_report_lost(t->box, &t->entry, status);
    else if (!entry)
        s3hls__timelines_doubt(&t->box->timelines);
    s3hls__uploader_task_ended(u, t->box);
}

static void deliver(s3hls_uploader *u, const s3hls__task *t) {
    if (t->box->spool && s3hls__spool_is_segment(&t->entry))
        s3hls__spool_reserve(t->box->spool, t->entry.segment.sequence);
    s3hls__delivery *d = u->deliveries;
    while (d->box)
        d++;
    s3hls__delivery_begin(d, t->box, t->slot, t->copy, &t->entry, s3hls__uploader_delivery_done);
}

/* A segment whose name is in the spool joins that one, which is delivered first. */
static void send_slot(s3hls_uploader *u, const s3hls__task *t) {
    if (!s3hls__outbox_is_in_spool(t->box, t->slot)) {
        s3hls__outbox_keep_timeline(t->box, t->slot);
        deliver(u, t);
        return;
    }
    u->in_flight--;
    spool(u, t);
}

static void send_spooled(s3hls_uploader *u, const s3hls__task *t) {
    int rc = s3hls__spool_read(t->box->spool, &t->entry);
    if (rc)
        entry_unreadable(u, t, rc);
    else
        deliver(u, t);
}

void s3hls__uploader_perform(s3hls_uploader *u, const s3hls__task *t) {
    switch (t->kind) {
    case S3HLS__TASK_REPORT:
        report(u, t);
        break;
    case S3HLS__TASK_PROBE:
        probe(t->box);
        break;
    case S3HLS__TASK_CHECK_SPOOL:
        check_spool(u, t->box);
        break;
    case S3HLS__TASK_SPOOL:
        spool(u, t);
        break;
    case S3HLS__TASK_SEND:
        send_slot(u, t);
        break;
    case S3HLS__TASK_SEND_COPY:
        deliver(u, t);
        break;
    case S3HLS__TASK_SEND_SPOOLED:
        send_spooled(u, t);
        break;
    case S3HLS__TASK_NONE:
        break;
    }
}
