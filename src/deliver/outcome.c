/* SPDX-License-Identifier: MIT-0 */
/* Outcome of a delivery or a probe: reports, releases memory, and sets the delay before the next
 * try. */
#include "deliver/uploader.h"
#include "s3/errors.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- when deliveries fail */

/* Exponential back-off with 50 % jitter. An error that a retry cannot fix waits the maximum at
 * once. */
static int64_t backoff_us(const s3hls_uploader *u, uint32_t failures, bool hopeful) {
    int64_t ms = u->cfg.retry_max_ms;
    if (hopeful && failures < 24 && (int64_t)u->cfg.retry_first_ms << (failures - 1) < ms)
        ms = (int64_t)u->cfg.retry_first_ms << (failures - 1);
    int64_t half_us = ms * 500;
    return half_us + (int64_t)(u->env.random(u->env.ctx) % (uint64_t)(half_us + 1));
}

static void note_error(s3hls__outbox *box, const s3hls_s3_error *e) {
    pthread_mutex_lock(&box->error_lock);
    box->last_error = *e;
    box->last_error_us = box->env.wall_us(box->env.ctx);
    pthread_mutex_unlock(&box->error_lock);
    box->retries_by[s3hls__s3_cause(e->status)]++;
}

static bool is_hopeful(const s3hls__outbox *box, s3hls__action action) {
    bool renewed = action == S3HLS__REFRESH && s3hls__credentials_renews(box->credentials);
    return action == S3HLS__RETRY || action == S3HLS__CORRECT_CLOCK || renewed;
}

/* Only this object is refused; other objects may continue. */
static bool is_set_aside(s3hls__action action) {
    return action == S3HLS__SET_ASIDE || action == S3HLS__COMPARE;
}

/* A delivery failed. Reports the first failure, and repeats the report where the operator must act.
 * @return delay before the next try. */
static int64_t outbox_failed(s3hls_uploader *u, s3hls__outbox *box, const char *what,
                             const s3hls_s3_error *e) {
    s3hls__action action = s3hls__s3_action(e, box->env.wall_us(box->env.ctx) / 1000000);
    bool hopeful = is_hopeful(box, action), first = box->failing_since_us == 0;
    bool tell = first || (!hopeful && box->reported != e->status);
    note_error(box, e);
    if (e->status == S3HLS_E_NO_BUCKET || e->status == S3HLS_E_NOT_FOUND)
        s3hls__outbox_redeliver_timelines(box);
    pthread_mutex_lock(&u->lock);
    if (first)
        box->failing_since_us = s3hls__uploader_now_us(u);
    int64_t wait_us = backoff_us(u, ++box->failures, hopeful);
    if (!is_set_aside(action)) {
        box->not_before_us = s3hls__uploader_now_us(u) + wait_us;
        box->down = true;
    }
    box->reported = hopeful ? 0 : e->status;
    pthread_mutex_unlock(&u->lock);
    char answer[256] = "";
    if (e->http_status)
        snprintf(answer, sizeof answer, "HTTP %ld %s, request %s: ", e->http_status, e->code,
                 e->request_id);
    s3hls__log(&u->env, S3HLS_LOG_WARN, "record", "%s failed: %s: %s%s; next try in %" PRId64 " ms",
               what, s3hls_status_name(e->status), answer, e->message, wait_us / 1000);
    if (tell)
        s3hls__outbox_report(
            box, &(s3hls_event){.type = hopeful ? S3HLS_EVENT_FAILING : S3HLS_EVENT_HELD,
                                .status = e->status,
                                .error = e,
                                .message = e->message});
    return wait_us;
}

static void outbox_works(s3hls_uploader *u, s3hls__outbox *box) {
    pthread_mutex_lock(&u->lock);
    int64_t since_us = box->failing_since_us;
    box->failures = 0;
    box->failing_since_us = box->not_before_us = 0;
    box->reported = 0;
    box->down = false;
    pthread_mutex_unlock(&u->lock);
    if (since_us)
        s3hls__outbox_report(
            box, &(s3hls_event){.type = S3HLS_EVENT_RECOVERED,
                                .duration_ms = (s3hls__uploader_now_us(u) - since_us) / 1000});
}

/* ---- deliveries */

static void tell_delivered(s3hls__outbox *box, const s3hls__delivery *d, bool drained) {
    s3hls__log(&box->env, S3HLS_LOG_DEBUG, "record", "delivered %s, %" PRIu64 " bytes", d->key,
               d->entry.segment.size);
    if (d->entry.media)
        s3hls__outbox_report(box, &(s3hls_event){.type = S3HLS_EVENT_DELIVERED,
                                                 .key = d->key,
                                                 .bytes = d->entry.segment.size});
    if (drained)
        s3hls__outbox_report(box, &(s3hls_event){.type = S3HLS_EVENT_SPOOL_DRAINED});
}

/* Limit the share of time that spooled deliveries take while live segments also arrive. Called
 * under the lock. */
static void use_share(s3hls_uploader *u, s3hls__delivery *d) {
    s3hls__outbox *box = d->box;
    int64_t share = box->spool_share_percent, took_us = s3hls__uploader_now_us(u) - d->begun_us;
    box->spool_not_before_us =
        box->draining ? 0 : s3hls__uploader_now_us(u) + took_us * (100 - share) / share;
}

static void delivery_succeeded(s3hls_uploader *u, s3hls__delivery *d) {
    s3hls__outbox *box = d->box;
    bool drained = false;
    bool spooled = s3hls__delivery_is_spooled(d);
    if (spooled) {
        s3hls__spool_read_end(box->spool);
        (d->entry.media ? s3hls__spool_remove : s3hls__spool_said)(box->spool, &d->entry);
        drained = s3hls__spool_empty(box->spool);
        s3hls__outbox_note_spool(box);
    }
    if (!d->entry.media)
        s3hls__timelines_said(&box->timelines, d->entry.segment.timeline,
                              s3hls__uploader_now_us(u));
    pthread_mutex_lock(&u->lock);
    if (d->entry.media)
        s3hls__ledger_move(&box->ledger, spooled ? S3HLS__SPOOLED : S3HLS__WAITING,
                           S3HLS__DELIVERED, d->entry.segment.size);
    if (d->slot)
        s3hls__slot_release(d->slot, &box->env);
    else if (spooled)
        use_share(u, d);
    pthread_mutex_unlock(&u->lock);
    outbox_works(u, box);
    tell_delivered(box, d, drained);
}

static void delivery_failed(s3hls_uploader *u, s3hls__delivery *d) {
    s3hls__outbox *box = d->box;
    s3hls_s3_error *e = &d->op.error;
    int64_t not_before_us = 0;
    if (e->status == S3HLS_E_CANCELLED && d->given_up[0]) {
        e->status = S3HLS_E_NETWORK;
        snprintf(e->message, sizeof e->message, "%s", d->given_up);
    }
    if (e->status != S3HLS_E_CANCELLED) { /* otherwise the outbox is being closed */
        char what[S3HLS_KEY_MAX + 8];
        snprintf(what, sizeof what, "put %s", d->key);
        if (d->comparing && (e->status == S3HLS_OK || e->http_status)) {
            const char *unseen = e->status ? ", and cannot be looked at" : "";
            e->status = S3HLS_E_EXISTS; /* affects only this object: others continue */
            snprintf(e->message, sizeof e->message, "another object has this key%s", unseen);
        }
        int64_t wait_us = outbox_failed(u, box, what, e);
        if (is_set_aside(s3hls__s3_action(e, 0)))
            not_before_us = s3hls__uploader_now_us(u) + wait_us;
    }
    if (d->copy) {
        d->copy->not_before_us = not_before_us;
        return;
    }
    if (d->slot) {
        d->slot->not_before_us = not_before_us;
        d->slot->held = false;
        atomic_store_explicit(&d->slot->state, S3HLS__SEGMENT_WAITING, memory_order_release);
        return;
    }
    s3hls__spool_read_end(box->spool);
    s3hls__spool_entry *entry = s3hls__spool_find(box->spool, &d->entry);
    if (entry) {
        entry->busy = false;
        entry->not_before_us = not_before_us;
    }
}

void s3hls__uploader_leave(s3hls_uploader *u, s3hls__outbox *box) {
    pthread_mutex_lock(&u->lock);
    box->in_flight--;
    pthread_cond_broadcast(&u->changed);
    pthread_mutex_unlock(&u->lock);
}

/* s3hls__op.done; called on the thread that steps the transport. Only a success frees a segment. */
void s3hls__uploader_delivery_done(s3hls__op *op) {
    s3hls__delivery *d = op->user;
    s3hls__outbox *box = d->box;
    s3hls_uploader *u = box->uploader;
    if (s3hls__delivery_compare(d))
        return;
    if (op->error.status == S3HLS_OK && (!d->comparing || d->ours))
        delivery_succeeded(u, d);
    else
        delivery_failed(u, d);
    if (d->copy)
        d->copy->busy = false;
    box->reading_spool = box->reading_spool && !s3hls__delivery_is_spooled(d);
    d->box = NULL;
    u->in_flight--;
    s3hls__uploader_leave(u, box);
}

/* ---- queries */

static int64_t ask_wait_us(const s3hls_uploader *u) {
    return backoff_us(u, 3, true);
}

/* Every response of a reachable store carries its time. */
static void learn_time(s3hls_uploader *u, s3hls__outbox *box, int64_t server_unix_s) {
    if (!s3hls__outbox_needs_clock(box) || server_unix_s < S3HLS__EARLIEST_WALL_S)
        return;
    s3hls__outbox_set_clock(box, server_unix_s * 1000000 - s3hls__uploader_now_us(u));
    s3hls__log(&u->env, S3HLS_LOG_WARN, "record",
               "the clock is not set: segments are named by the store's");
    s3hls__outbox_report(box,
                         &(s3hls_event){.type = S3HLS_EVENT_CLOCK,
                                        .duration_ms = box->utc_offset_us / 1000,
                                        .message = "the clock is not set: the store's is used"});
}

/* Abort an upload that moved no byte for too long if another attempt can do better: the store is
 * reachable, or the segment can wait in the spool. Otherwise the upload may continue when the
 * network returns; it is kept for as long as that is likely. */
static const int64_t STALLED_FOR_GOOD_US = INT64_C(900) * 1000000;

static void give_up_stalled(s3hls_uploader *u, s3hls__outbox *box, int64_t after_us,
                            const char *why) {
    for (uint32_t i = 0; i < u->cfg.max_in_flight; i++) {
        s3hls__delivery *d = &u->deliveries[i];
        int64_t idle_us = d->box == box ? s3hls__http_idle_us(u->http, &d->op) : 0;
        if (idle_us <= after_us)
            continue;
        snprintf(d->given_up, sizeof d->given_up, "no byte moved for %" PRId64 " s, %s",
                 idle_us / 1000000, why);
        s3hls__http_cancel(u->http, &d->op);
    }
}

void s3hls__uploader_probe_done(s3hls__op *op) {
    s3hls__outbox *box = op->user;
    s3hls_uploader *u = box->uploader;
    const s3hls_s3_error *e = &op->error;
    box->probing = false;
    box->probe_not_before_us = s3hls__uploader_now_us(u) + ask_wait_us(u);
    learn_time(u, box, e->server_unix_s);
    if (e->http_status)
        give_up_stalled(u, box, box->stall_us, "and the store answers on another connection");
    if (e->curl_code && e->status != S3HLS_E_CANCELLED) {
        outbox_failed(u, box, "asking the store", e);
        give_up_stalled(u, box, box->spool ? box->stall_us : STALLED_FOR_GOOD_US,
                        "and the store does not answer");
    }
    s3hls__uploader_leave(u, box);
}
