/* SPDX-License-Identifier: MIT-0 */
#include "base/disk.h"
#include "deliver/uploader.h"

enum { SLOTS_MAX = 512, STALL_DEFAULT_MS = 20000 };

/* ---- open, close */

static int open_pool(s3hls__outbox *box, uint64_t quota_bytes) {
    if (!quota_bytes)
        return S3HLS_OK;
    size_t bytes = quota_bytes < SIZE_MAX ? (size_t)quota_bytes : SIZE_MAX;
    return s3hls__pool_open_share(&box->pool, box->uploader->pool, bytes, &box->env);
}

static int open_slots(s3hls__outbox *box) {
    uint32_t blocks = s3hls__pool_count(box->pool);
    uint32_t count = blocks < SLOTS_MAX ? blocks : SLOTS_MAX;
    box->slots = s3hls__env_alloc(&box->env, count * sizeof *box->slots);
    if (!box->slots)
        return S3HLS_E_NOMEM;
    box->slot_count = count;
    return S3HLS_OK;
}

static int open_object(s3hls__outbox *box, const s3hls_object_options *options) {
    const char *wrong;
    int rc = s3hls__object_init(&box->object, options, &box->env, &wrong);
    if (rc == S3HLS_E_INVALID)
        s3hls__log(&box->env, S3HLS_LOG_ERROR, "record", "recorder: %s", wrong);
    return rc;
}

static int open_spool(s3hls__outbox *box, const s3hls_recorder_config *cfg) {
    if (!cfg->spool_dir)
        return S3HLS_OK;
    const s3hls__spool_config spool = {.dir = cfg->spool_dir,
                                       .destination = cfg->destination,
                                       .file_mode = cfg->s3.file_mode,
                                       .found = s3hls__outbox_recover,
                                       .ctx = box};
    if (!s3hls__disk_mode_ok(spool.file_mode)) {
        s3hls__log(&box->env, S3HLS_LOG_ERROR, "record", "s3.file_mode 0%o: give 0600 to 0777",
                   spool.file_mode);
        return S3HLS_E_INVALID;
    }
    int rc = s3hls__spool_open(&box->spool, &spool, &box->env);
    if (!rc)
        s3hls__outbox_note_spool(box);
    return rc;
}

static void configure(s3hls__outbox *box, s3hls_uploader *uploader,
                      const s3hls_recorder_config *cfg) {
    uint32_t stall_ms = cfg->s3.stall_timeout_ms ? cfg->s3.stall_timeout_ms : STALL_DEFAULT_MS;
    box->health = (s3hls__health){
        .retry_first_us = uploader->cfg.retry_first_ms * INT64_C(1000),
        .retry_max_us = uploader->cfg.retry_max_ms * INT64_C(1000),
        .spool_after_us = cfg->spool_after_ms * INT64_C(1000),
        .stall_us = stall_ms * INT64_C(1000),
        .has_spool = cfg->spool_dir != NULL,
    };
    box->uploader = uploader;
    box->pool = uploader->pool;
    box->lock = &uploader->lock;
    box->drop = cfg->drop;
    box->on_event = cfg->on_event;
    box->event_ctx = cfg->event_ctx;
    box->spool_max_bytes = cfg->spool_max_bytes;
    box->spool_share_percent = cfg->spool_share_percent;
    box->spool_check_us = s3hls__outbox_next_check_us(s3hls__outbox_now_us(box));
    pthread_mutex_init(&box->error_lock, NULL);
}

int s3hls__outbox_open(s3hls__outbox **out, s3hls_uploader *uploader,
                       const s3hls_recorder_config *cfg, const s3hls_env *env) {
    s3hls__outbox *box = *out = s3hls__env_alloc(env, sizeof *box);
    if (!box)
        return S3HLS_E_NOMEM;
    box->env = *env;
    configure(box, uploader, cfg);
    int rc = s3hls__store_open(&box->store, cfg->destination, uploader->http, &cfg->s3, &box->env);
    if (!rc) {
        box->credentials = s3hls__store_credentials(box->store);
        rc = open_object(box, &cfg->object);
    }
    if (!rc)
        rc = open_pool(box, cfg->pool_quota_bytes);
    if (!rc)
        rc = open_slots(box);
    if (!rc)
        rc = open_spool(box, cfg);
    if (!rc)
        rc = s3hls__uploader_attach(uploader, box);
    if (rc)
        s3hls__outbox_close(out);
    return rc;
}

void s3hls__outbox_close(s3hls__outbox **outbox) {
    s3hls__outbox *box = *outbox;
    if (!box)
        return;
    s3hls_env env = box->env;
    if (box->attached)
        s3hls__uploader_detach(box->uploader, box);
    s3hls_store_close(&box->store);
    s3hls__spool_close(&box->spool);
    s3hls__timelines_deinit(&box->timelines, &env);
    s3hls__object_deinit(&box->object, &env);
    pthread_mutex_destroy(&box->error_lock);
    s3hls__env_free(&env, box->slots);
    if (s3hls__outbox_has_share(box))
        s3hls__pool_close(&box->pool);
    s3hls__env_free(&env, box);
    *outbox = NULL;
}

s3hls__pool *s3hls__outbox_pool(const s3hls__outbox *box) {
    return box->pool;
}

uint64_t s3hls__outbox_pool_share(const s3hls__outbox *box) {
    uint64_t bytes = s3hls__pool_count(box->pool) * (uint64_t)S3HLS__BLOCK_BYTES;
    return s3hls__outbox_has_share(box) ? bytes : bytes / box->uploader->box_count;
}

/* ---- numbers of the session */

static uint64_t number_at(const s3hls__outbox *box, int64_t start_us, bool imported) {
    uint64_t start_s = (uint64_t)(start_us / 1000000);
    uint64_t floor = box->spool && !imported ? s3hls__spool_floor(box->spool) : 0;
    return start_s > floor ? start_s : floor;
}

void s3hls__outbox_begin_session(s3hls__outbox *box, int64_t start_us, bool imported,
                                 bool provisional) {
    if (provisional)
        box->session_begun_us = start_us ? start_us : 1;
    else
        box->first_number = number_at(box, start_us, imported);
    if (provisional) /* the store's time is to be read */
        s3hls__uploader_signal(box->uploader, box);
}

bool s3hls__outbox_needs_clock(const s3hls__outbox *box) {
    return box->session_begun_us && !box->first_number;
}

void s3hls__outbox_set_clock(s3hls__outbox *box, int64_t utc_offset_us) {
    box->utc_offset_us = utc_offset_us;
    box->first_number = number_at(box, box->session_begun_us + utc_offset_us, false);
}

uint64_t s3hls__outbox_first_number(const s3hls__outbox *box) {
    return box->first_number;
}

int64_t s3hls__outbox_utc_offset_us(const s3hls__outbox *box) {
    return box->utc_offset_us;
}

bool s3hls__outbox_name(s3hls__outbox *box, s3hls__slot *slot) {
    uint64_t first = box->first_number;
    if (slot->named || !first)
        return slot->named;
    slot->segment.sequence += first;
    slot->segment.timeline += first;
    if (slot->provisional)
        slot->segment.start_ms += box->utc_offset_us / 1000;
    slot->named = true;
    return true;
}

/* ---- the encoder's thread */

static int state_of(const s3hls__slot *slot) {
    return atomic_load_explicit(&slot->state, memory_order_acquire);
}

s3hls__slot *s3hls__outbox_free_slot(s3hls__outbox *box) {
    for (uint32_t i = 0; i < box->slot_count; i++)
        if (state_of(&box->slots[i]) == S3HLS__SEGMENT_FREE)
            return &box->slots[i];
    return NULL;
}

void s3hls__outbox_accept(s3hls__outbox *box, s3hls__slot *slot) {
    slot->order = box->accepted++;
    slot->named = false;
    s3hls__outbox_name(box, slot);
    slot->ended_us = slot->kind == S3HLS__KEY_SEGMENT ? s3hls__outbox_now_us(box) : 0;
    if (slot->kind == S3HLS__KEY_SEGMENT)
        s3hls__ledger_accept(&box->ledger, slot->segment.size);
    atomic_store_explicit(&slot->state, S3HLS__SEGMENT_WAITING, memory_order_release);
    s3hls__uploader_signal(box->uploader, box);
}

bool s3hls__outbox_drop_oldest(s3hls__outbox *box) {
    s3hls__slot *slot;
    int waiting;
    if (box->drop != S3HLS_DROP_OLDEST)
        return false;
    do { /* again if the uploader has just taken it */
        slot = s3hls__outbox_oldest_segment(box);
        waiting = S3HLS__SEGMENT_WAITING;
        if (!slot)
            return false;
    } while (!atomic_compare_exchange_strong(&slot->state, &waiting, S3HLS__SEGMENT_FILLING));
    s3hls__ledger_evict(&box->ledger, slot->segment.size, slot->gops);
    s3hls__spool_entry lost = s3hls__outbox_entry(slot);
    s3hls__slot_release(slot, &box->env);
    s3hls__outbox_note_memory(box);
    s3hls__outbox_report_lost(box, &lost, S3HLS_E_FULL);
    return true;
}

void s3hls__outbox_note_memory(s3hls__outbox *box) {
    s3hls__uploader_note_memory(box->uploader, box);
}

void s3hls__outbox_report(s3hls__outbox *box, const s3hls_event *event) {
    if (!box->on_event)
        return;
    s3hls_event e = *event;
    int64_t offset_us = box->utc_offset_us;
    e.wall_us = offset_us ? s3hls__outbox_now_us(box) + offset_us : box->env.wall_us(box->env.ctx);
    e.key = e.key ? e.key : "";
    e.message = e.message ? e.message : "";
    box->on_event(box->event_ctx, &e);
}

/* ---- the end */

int s3hls__outbox_drain(s3hls__outbox *box, uint32_t deadline_ms, bool with_spool) {
    return s3hls__uploader_drain(box->uploader, box, deadline_ms, with_spool);
}

int s3hls__outbox_end(s3hls__outbox *box) {
    int result = S3HLS_OK;
    s3hls__uploader_detach(box->uploader, box);
    for (s3hls__slot *slot; (slot = s3hls__outbox_oldest_to_spool(box, INT64_MAX, true));) {
        bool named = s3hls__outbox_name(box, slot);
        int rc = S3HLS_OK;
        if (named && box->spool && (rc = s3hls__outbox_spool(box, slot)) == S3HLS_OK)
            continue;
        s3hls__spool_entry lost = s3hls__outbox_entry(slot);
        if (s3hls__spool_is_segment(&lost)) {
            pthread_mutex_lock(box->lock);
            s3hls__ledger_drop(&box->ledger, S3HLS__WAITING, lost.segment.size, slot->gops);
            pthread_mutex_unlock(box->lock);
            s3hls__outbox_report_lost(box, &lost, rc == S3HLS_E_EXISTS ? rc : S3HLS_E_UNDELIVERED);
            result = S3HLS_E_UNDELIVERED;
        }
        s3hls__slot_release(slot, &box->env);
    }
    s3hls__outbox_note_memory(box);
    if (box->spool)
        s3hls__spool_look(box->spool, UINT64_MAX); /* moves other folders' entries there */
    return result;
}

/* ---- statistics */

bool s3hls__outbox_is_used(const s3hls__outbox *box) {
    return box->ledger.accepted > 0;
}

/* UTC minus the system's clock, by the store's responses: from naming, or from signing. */
static int64_t clock_offset_ms(s3hls__outbox *box) {
    int64_t offset_us = box->utc_offset_us;
    if (offset_us && !s3hls__env_wall_is_set(&box->env))
        return (s3hls__outbox_now_us(box) + offset_us - box->env.wall_us(box->env.ctx)) / 1000;
    return s3hls__store_clock_offset_s(box->store) * 1000;
}

/* Under the lock. */
static void read_health(s3hls__outbox *box, s3hls_recorder_stats *stats) {
    const s3hls__health *h = &box->health;
    int64_t now_us = s3hls__outbox_now_us(box);
    int64_t offset_us = box->utc_offset_us;
    if (!offset_us)
        offset_us = box->env.wall_us(box->env.ctx) - now_us;
    stats->delivery_state = h->state;
    stats->delivery_status = h->status;
    stats->failing_since_us = h->state == S3HLS_DELIVERY_OK ? 0 : h->since_us + offset_us;
    stats->next_attempt_us = h->not_before_us > now_us ? h->not_before_us + offset_us : 0;
}

void s3hls__outbox_get_stats(s3hls__outbox *box, s3hls_recorder_stats *stats) {
    s3hls_credentials_info credentials;
    pthread_mutex_lock(box->lock);
    s3hls__ledger_read(&box->ledger, stats);
    stats->lag_us = s3hls__outbox_lag_us(box);
    read_health(box, stats);
    pthread_mutex_unlock(box->lock);
    for (int i = 0; i < S3HLS_CAUSE_COUNT; i++)
        stats->retries += stats->retries_by[i] = box->retries_by[i];
    pthread_mutex_lock(&box->error_lock);
    stats->last_error = box->last_error;
    stats->last_error_us = box->last_error_us;
    pthread_mutex_unlock(&box->error_lock);
    stats->spool_status = box->spool_status;
    stats->pool_bytes = s3hls__pool_count(box->pool) * (uint64_t)S3HLS__BLOCK_BYTES;
    stats->pool_used_bytes = s3hls__pool_used(box->pool) * (uint64_t)S3HLS__BLOCK_BYTES;
    stats->clock_offset_ms = clock_offset_ms(box);
    if (s3hls_credentials_describe(box->credentials, &credentials) == S3HLS_OK)
        stats->credentials_expire_s = credentials.expires_unix_s;
}
