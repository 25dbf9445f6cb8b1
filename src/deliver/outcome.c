/* SPDX-License-Identifier: MIT-0 */
/* The result of a delivery or a probe: changes the health, reports, and frees memory. */
#include "deliver/uploader.h"
#include "s3/errors.h"
#include <inttypes.h>
#include <stdio.h>

void s3hls__uploader_task_ended(s3hls_uploader *u, s3hls__outbox *box) {
    pthread_mutex_lock(&u->lock);
    box->tasks--;
    s3hls__agenda_move(&u->agenda, &box->agenda, S3HLS__AGENDA_CHANGED);
    pthread_cond_broadcast(&u->changed);
    pthread_mutex_unlock(&u->lock);
}

/* ---- health */

static s3hls__health_result step(s3hls__outbox *box, s3hls__health_action action, int status) {
    uint64_t random = action == S3HLS__HEALTH_SUCCEEDED ? 0 : box->env.random(box->env.ctx);
    pthread_mutex_lock(box->lock);
    s3hls__health_result result =
        s3hls__health_step(&box->health, action, status, s3hls__outbox_now_us(box), random);
    pthread_mutex_unlock(box->lock);
    return result;
}

static s3hls__health_action action_of(const s3hls__outbox *box, const s3hls_s3_error *e) {
    switch (s3hls__s3_action(e, box->env.wall_us(box->env.ctx) / 1000000)) {
    case S3HLS__RETRY:
    case S3HLS__CORRECT_CLOCK:
        return S3HLS__HEALTH_FAILED;
    case S3HLS__REFRESH:
        return s3hls__credentials_renews(box->credentials) ? S3HLS__HEALTH_FAILED
                                                           : S3HLS__HEALTH_HOLD;
    case S3HLS__COMPARE:
    case S3HLS__SET_ASIDE:
        return S3HLS__HEALTH_REFUSED;
    default:
        return S3HLS__HEALTH_HOLD;
    }
}

static void note_error(s3hls__outbox *box, const s3hls_s3_error *e) {
    pthread_mutex_lock(&box->error_lock);
    box->last_error = *e;
    box->last_error_us = box->env.wall_us(box->env.ctx);
    pthread_mutex_unlock(&box->error_lock);
    box->retries_by[s3hls__s3_cause(e->status)]++;
}

static void log_failure(const s3hls__outbox *box, const char *what, const s3hls_s3_error *e,
                        int64_t wait_us) {
    char answer[256] = "";
    if (e->http_status)
        snprintf(answer, sizeof answer, "HTTP %ld %s, request %s: ", e->http_status, e->code,
                 e->request_id);
    s3hls__log(&box->env, S3HLS_LOG_WARN, "record",
               "%s failed: %s: %s%s; next try in %" PRId64 " ms", what,
               s3hls_status_name(e->status), answer, e->message, wait_us / 1000);
}

/* An operation failed. @return the delay before the next attempt with a refused object; 0: the
 * object is not refused. */
static int64_t operation_failed(s3hls__outbox *box, const char *what, const s3hls_s3_error *e) {
    s3hls__health_action action = action_of(box, e);
    note_error(box, e);
    if (e->status == S3HLS_E_NO_BUCKET || e->status == S3HLS_E_NOT_FOUND)
        s3hls__outbox_redeliver_timelines(box);
    s3hls__health_result result = step(box, action, e->status);
    log_failure(box, what, e, result.wait_us);
    if (result.event)
        s3hls__outbox_report(box, &(s3hls_event){.type = (s3hls_event_type)result.event,
                                                 .status = e->status,
                                                 .error = e,
                                                 .message = e->message});
    return action == S3HLS__HEALTH_REFUSED ? result.wait_us : 0;
}

static void operation_succeeded(s3hls__outbox *box) {
    s3hls__health_result result = step(box, S3HLS__HEALTH_SUCCEEDED, S3HLS_OK);
    if (result.event)
        s3hls__outbox_report(box, &(s3hls_event){.type = (s3hls_event_type)result.event,
                                                 .duration_ms = result.failed_us / 1000});
}

/* ---- deliveries */

static void report_delivered(s3hls__outbox *box, const s3hls__delivery *d, bool drained) {
    s3hls__log(&box->env, S3HLS_LOG_DEBUG, "record", "delivered %s, %" PRIu64 " bytes", d->key,
               d->entry.segment.size);
    if (s3hls__spool_is_segment(&d->entry))
        s3hls__outbox_report(box, &(s3hls_event){.type = S3HLS_EVENT_DELIVERED,
                                                 .key = d->key,
                                                 .bytes = d->entry.segment.size});
    if (drained)
        s3hls__outbox_report(box, &(s3hls_event){.type = S3HLS_EVENT_SPOOL_DRAINED});
}

/* @return true: the spool is empty now. */
static bool remove_from_spool(s3hls__outbox *box, const s3hls__delivery *d) {
    s3hls__spool_read_end(box->spool);
    if (s3hls__spool_is_segment(&d->entry))
        s3hls__spool_remove(box->spool, &d->entry);
    else
        s3hls__spool_note_delivered(box->spool, &d->entry);
    s3hls__outbox_note_spool(box);
    return s3hls__spool_empty(box->spool);
}

static void delivery_succeeded(s3hls_uploader *u, s3hls__delivery *d) {
    s3hls__outbox *box = d->box;
    bool spooled = s3hls__delivery_is_spooled(d);
    bool drained = spooled && remove_from_spool(box, d);
    int64_t now_us = s3hls__uploader_now_us(u);
    if (!s3hls__spool_is_segment(&d->entry))
        s3hls__timelines_note_delivered(&box->timelines, d->entry.kind, d->entry.segment.timeline,
                                        now_us);
    pthread_mutex_lock(&u->lock);
    if (s3hls__spool_is_segment(&d->entry))
        s3hls__ledger_move(&box->ledger, spooled ? S3HLS__SPOOLED : S3HLS__WAITING,
                           S3HLS__DELIVERED, d->entry.segment.size);
    if (d->slot)
        s3hls__slot_release(d->slot, &box->env);
    else if (spooled)
        s3hls__outbox_use_share(box, now_us - d->begun_us);
    pthread_mutex_unlock(&u->lock);
    operation_succeeded(box);
    report_delivered(box, d, drained);
}

/* The final error of a failed delivery. */
static const s3hls_s3_error *explain(s3hls__delivery *d) {
    s3hls_s3_error *e = &d->op.result;
    if (e->status == S3HLS_E_CANCELLED && d->aborted[0]) {
        e->status = S3HLS_E_NETWORK;
        snprintf(e->message, sizeof e->message, "%s", d->aborted);
    } else if (d->comparing && (e->status == S3HLS_OK || e->http_status)) {
        const char *unread = e->status ? ", and cannot be read" : "";
        e->status = S3HLS_E_EXISTS; /* affects only this object: others continue */
        snprintf(e->message, sizeof e->message, "another object has this key%s", unread);
    }
    return e;
}

/* Let the object wait again, in memory or in the spool. */
static void return_object(s3hls__delivery *d, int64_t not_before_us) {
    if (d->copy) {
        d->copy->not_before_us = not_before_us;
    } else if (d->slot) {
        d->slot->not_before_us = not_before_us;
        d->slot->held = false;
        atomic_store_explicit(&d->slot->state, S3HLS__SEGMENT_WAITING, memory_order_release);
    } else {
        s3hls__spool_read_end(d->box->spool);
        s3hls__spool_entry *entry = s3hls__spool_find(d->box->spool, &d->entry);
        if (entry) {
            entry->busy = false;
            entry->not_before_us = not_before_us;
        }
    }
}

static void delivery_failed(s3hls_uploader *u, s3hls__delivery *d) {
    const s3hls_s3_error *e = explain(d);
    int64_t refused_us = 0;
    if (e->status != S3HLS_E_CANCELLED) { /* otherwise the outbox is being closed */
        char what[S3HLS_KEY_MAX + 8];
        snprintf(what, sizeof what, "put %s", d->key);
        refused_us = operation_failed(d->box, what, e);
    }
    return_object(d, refused_us ? s3hls__uploader_now_us(u) + refused_us : 0);
}

/* s3hls__op.done; called on the thread that steps the transport. Only a success frees a segment. */
void s3hls__uploader_delivery_done(s3hls__op *op) {
    s3hls__delivery *d = op->user;
    s3hls__outbox *box = d->box;
    s3hls_uploader *u = box->uploader;
    if (s3hls__delivery_compare(d))
        return;
    if (op->result.status == S3HLS_OK && (!d->comparing || d->ours))
        delivery_succeeded(u, d);
    else
        delivery_failed(u, d);
    if (d->copy)
        d->copy->busy = false;
    box->reading_spool = box->reading_spool && !s3hls__delivery_is_spooled(d);
    d->box = NULL;
    u->in_flight--;
    s3hls__uploader_task_ended(u, box);
}

/* ---- probes */

/* Every response of a reachable store carries its time. */
static void learn_time(s3hls__outbox *box, int64_t server_unix_s) {
    if (!s3hls__outbox_needs_clock(box) || server_unix_s < S3HLS__EARLIEST_WALL_S)
        return;
    s3hls__outbox_set_clock(box, server_unix_s * 1000000 - s3hls__outbox_now_us(box));
    s3hls__log(&box->env, S3HLS_LOG_WARN, "record",
               "the clock is not set: segments are named by the store's");
    s3hls__outbox_report(box,
                         &(s3hls_event){.type = S3HLS_EVENT_CLOCK,
                                        .duration_ms = box->utc_offset_us / 1000,
                                        .message = "the clock is not set: the store's is used"});
}

/* Abort uploads that another attempt can do better. */
static void abort_stalled(s3hls_uploader *u, s3hls__outbox *box, bool reachable) {
    int64_t after_us = s3hls__health_abort_after_us(&box->health, reachable);
    for (uint32_t i = 0; i < u->cfg.max_in_flight; i++) {
        s3hls__delivery *d = &u->deliveries[i];
        int64_t idle_us = d->box == box ? s3hls__http_idle_us(u->http, &d->op) : 0;
        if (idle_us <= after_us)
            continue;
        snprintf(d->aborted, sizeof d->aborted, "no byte moved for %" PRId64 " s, and the store %s",
                 idle_us / 1000000,
                 reachable ? "responds on another connection" : "is unreachable");
        s3hls__http_cancel(u->http, &d->op);
    }
}

void s3hls__uploader_probe_done(s3hls__op *op) {
    s3hls__outbox *box = op->user;
    s3hls_uploader *u = box->uploader;
    const s3hls_s3_error *e = &op->result;
    box->probing = false;
    step(box, S3HLS__HEALTH_PROBED, S3HLS_OK);
    learn_time(box, e->server_unix_s);
    if (e->http_status)
        abort_stalled(u, box, true);
    if (e->curl_code && e->status != S3HLS_E_CANCELLED) {
        operation_failed(box, "probe", e);
        abort_stalled(u, box, false);
    }
    s3hls__uploader_task_ended(u, box);
}
