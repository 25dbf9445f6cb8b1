/* SPDX-License-Identifier: MIT-0 */
#include "record/writer.h"
#include "archive/key.h"
#include <inttypes.h>
#include <string.h>

/* Before 2024 a clock has not been set: names made from it would lie. */
static const int64_t EARLIEST_WALL_US = INT64_C(1704067200) * 1000000;

static int64_t wall_us_of(const s3hls__writer *w, int64_t pts_90k) {
    return w->anchor_us + (pts_90k - w->anchor_90k) * 100 / 9;
}

uint64_t s3hls__writer_bytes(const s3hls__writer *w) {
    if (!w->slot)
        return 0;
    return w->full_blocks * S3HLS__BLOCK_BYTES +
           (uint64_t)(w->out.p - s3hls__pool_data(w->pool, w->slot->last));
}

static uint64_t rule_nals(const s3hls__writer *w) {
    return w->parser.nal_seen[w->nal_type & 31];
}

/* ---- handing over */

static s3hls__slot *free_slot(s3hls__outbox *box) {
    for (uint32_t i = 0; i < box->slot_count; i++)
        if (atomic_load_explicit(&box->slots[i].state, memory_order_acquire) == S3HLS__SEGMENT_FREE)
            return &box->slots[i];
    return NULL;
}

static void hand_over(s3hls__writer *w, s3hls__slot *slot, const char *content_type) {
    slot->order = w->orders++;
    slot->put = (s3hls_s3_put_options){.content_type = content_type};
    if (slot->media)
        atomic_fetch_add(&w->box->accepted, 1);
    atomic_store_explicit(&slot->state, S3HLS__SEGMENT_WAITING, memory_order_release);
    s3hls__uploader_wake(w->box->uploader);
}

/* The timeline's object, before its first segment. Without room it is said with a later one. */
static void say_timeline(s3hls__writer *w, uint32_t duration_ms) {
    s3hls__slot *slot = free_slot(w->box);
    if (!slot || !s3hls__slot_begin(slot, w->pool))
        return;
    w->timeline.target_duration_ms = s3hls__segmenter_target_ms(&w->segmenter, duration_ms);
    char *text = (char *)s3hls__pool_data(w->pool, slot->first);
    int size = s3hls__timeline_format(&w->timeline, text, S3HLS__BLOCK_BYTES);
    slot->media = false;
    slot->bytes = (uint64_t)size;
    s3hls__timeline_key(w->timeline.timeline, slot->key, sizeof slot->key);
    hand_over(w, slot, "application/json");
    w->timeline_unsaid = false;
}

static void name_segment(s3hls__writer *w, int64_t end_90k, s3hls_segment *segment) {
    int64_t end_ms = wall_us_of(w, end_90k) / 1000;
    memset(segment, 0, sizeof *segment);
    segment->start_ms = wall_us_of(w, w->segmenter.start_90k) / 1000;
    segment->duration_ms = end_ms > segment->start_ms ? (uint32_t)(end_ms - segment->start_ms) : 1;
    segment->sequence = w->sequence++;
    segment->timeline = w->timeline.timeline;
}

static void end_segment(s3hls__writer *w, int64_t end_90k) {
    s3hls__slot *slot = w->slot;
    if (!slot)
        return;
    s3hls_segment segment;
    if (end_90k <= w->segmenter.start_90k)
        end_90k = w->kept_end_90k;
    name_segment(w, end_90k, &segment);
    if (w->timeline_unsaid)
        say_timeline(w, segment.duration_ms);
    slot->bytes = s3hls__writer_bytes(w);
    slot->media = true;
    s3hls_segment_key_format(&segment, slot->key, sizeof slot->key);
    w->recorded_90k += end_90k - w->segmenter.start_90k;
    atomic_store(&w->media_us, w->recorded_90k * 100 / 9);
    if (!atomic_load(&w->first_segment_us))
        atomic_store(&w->first_segment_us, segment.start_ms * 1000);
    atomic_store(&w->last_end_us, wall_us_of(w, end_90k));
    w->slot = NULL;
    hand_over(w, slot, "video/mp2t");
}

/* ---- beginning */

static int begin_session(s3hls__writer *w) {
    int64_t now_us = w->start_time_us ? w->start_time_us : w->env->wall_us(w->env->ctx);
    if (!w->start_time_us && now_us < EARLIEST_WALL_US)
        return S3HLS_E_CLOCK;
    w->session_begun = true;
    w->session_s = now_us / 1000000;
    w->sequence = (uint64_t)w->session_s;
    w->first_given_us = w->pts_us;
    w->anchor_us = now_us;
    return S3HLS_OK;
}

/* Wall time of a new timeline: now, or what the footage's own times say; never before what is
 * recorded already, so that no two segments share a name. */
static int64_t new_anchor_us(const s3hls__writer *w) {
    int64_t last_end_us = atomic_load(&w->last_end_us);
    int64_t anchor_us;
    if (!last_end_us)
        return w->anchor_us;
    if (!w->start_time_us)
        anchor_us = w->env->wall_us(w->env->ctx);
    else if (!w->timing.rate_num)
        anchor_us = w->start_time_us + (w->timing.last_given_us - w->first_given_us);
    else
        anchor_us = wall_us_of(w, w->timing.pts_90k);
    return anchor_us > last_end_us ? anchor_us : last_end_us;
}

static uint32_t frame_rate_milli(const s3hls__writer *w) {
    if (w->timing.rate_num)
        return (uint32_t)((uint64_t)w->timing.rate_num * 1000 / w->timing.rate_den);
    return w->timing.frame_90k > 0 ? (uint32_t)(90000000 / w->timing.frame_90k) : 0;
}

static void begin_timeline(s3hls__writer *w, const s3hls__access_unit *au) {
    w->anchor_us = new_anchor_us(w);
    w->anchor_90k = w->timing.pts_90k;
    w->timing.broken = false;
    w->timeline = (s3hls_timeline){.timeline = (uint64_t)w->session_s + w->timelines++,
                                   .width = au->sps->width,
                                   .height = au->sps->height,
                                   .frame_rate_milli = frame_rate_milli(w),
                                   .container = "ts"};
    s3hls__h264_codecs(au->sps, w->timeline.codecs);
    w->timeline_begun = w->timeline_unsaid = true;
    w->segmenter.longest_gop_90k = 0;
    s3hls__ts_init(&w->mux, S3HLS__TS_STREAM_H264);
}

static int more_room(void *ctx, s3hls__ts_output *out) {
    s3hls__writer *w = ctx;
    uint8_t *block = s3hls__slot_extend(w->slot);
    if (!block)
        return S3HLS_E_FULL;
    w->full_blocks++;
    out->p = block;
    out->end = block + S3HLS__BLOCK_BYTES;
    return S3HLS_OK;
}

static int begin_segment(s3hls__writer *w) {
    s3hls__slot *slot = free_slot(w->box);
    if (!slot || !s3hls__slot_begin(slot, w->pool))
        return S3HLS_E_FULL;
    w->slot = slot;
    w->full_blocks = w->units = 0;
    w->out.p = s3hls__pool_data(w->pool, slot->first);
    w->out.end = w->out.p + S3HLS__BLOCK_BYTES;
    s3hls__segmenter_begin(&w->segmenter, w->timing.pts_90k, rule_nals(w));
    return s3hls__ts_begin_segment(&w->mux, &w->out);
}

/* ---- when there is no room */

static void save(s3hls__writer *w) {
    w->saved.mux = w->mux;
    w->saved.out = w->out;
    w->saved.last = w->slot->last;
    w->saved.full_blocks = w->full_blocks;
}

/* Take the access unit back, deliver what came before it, and leave out what cannot be decoded
 * without it. */
static int give_up_unit(s3hls__writer *w, int status) {
    if (w->slot) {
        w->mux = w->saved.mux;
        w->out = w->saved.out;
        w->full_blocks = w->saved.full_blocks;
        s3hls__slot_shorten(w->slot, w->saved.last);
        if (w->units > 0) {
            end_segment(w, w->kept_end_90k);
        } else {
            s3hls__slot_release(w->slot);
            w->slot = NULL;
        }
    }
    w->skipping = w->dropped = true;
    return status;
}

/* Recording goes on behind a hole: numbers of the sequence go unused, as many as it would have had
 * segments, so that playlists show it. */
static void number_hole(s3hls__writer *w) {
    int64_t hole = w->timing.pts_90k - w->kept_end_90k;
    int64_t unused = (hole + w->segmenter.duration_90k - 1) / w->segmenter.duration_90k;
    w->sequence += unused > 1 ? (uint64_t)unused : 1;
    w->dropped = false;
}

static int skip_unit(s3hls__writer *w, int status) {
    atomic_fetch_add(w->dropped ? &w->frames_dropped : &w->frames_skipped, 1);
    w->call_skipped++;
    if (!w->call_status || w->call_status == S3HLS_E_SKIPPED)
        w->call_status = status; /* what follows for lack of a keyframe does not hide why */
    return status;
}

/* ---- the parser's sink */

static bool cut_due(s3hls__writer *w, bool keyframe, bool new_timeline) {
    int64_t pts = w->timing.pts_90k;
    uint64_t bytes = s3hls__writer_bytes(w);
    if (!keyframe)
        return s3hls__segmenter_guard(&w->segmenter, pts, bytes);
    return s3hls__segmenter_keyframe(&w->segmenter, pts, bytes, rule_nals(w),
                                     w->timing.frame_90k) ||
           new_timeline;
}

static int unit_begin(void *ctx, const s3hls__access_unit *au) {
    s3hls__writer *w = ctx;
    bool keyframe = (au->idr || au->recovery_point) && !au->second_field;
    s3hls__timing_next(&w->timing, au, w->given, w->pts_us, w->composition_us);
    w->given = false;
    if (keyframe)
        w->damage_seen = w->parser.slices_damaged;
    else if (w->damage_seen != w->parser.slices_damaged)
        w->skipping = true; /* what refers to a damaged picture is damaged too */
    bool was_skipping = w->skipping;
    if (w->skipping && !keyframe)
        return skip_unit(w, S3HLS_E_SKIPPED);
    int rc = w->session_begun ? S3HLS_OK : begin_session(w);
    if (rc)
        return skip_unit(w, rc);

    bool new_timeline =
        keyframe && (!w->timeline_begun || au->parameters_changed || w->timing.broken);
    if (w->slot && cut_due(w, keyframe, new_timeline)) {
        if (!keyframe)
            s3hls__log(w->env, S3HLS_LOG_WARN, "record",
                       "no keyframe for %" PRIu64
                       " bytes: segment ended inside a GOP, the next one "
                       "needs it to decode",
                       s3hls__writer_bytes(w));
        end_segment(w, w->timing.pts_90k);
    }
    if (new_timeline)
        begin_timeline(w, au);
    if (!w->slot)
        rc = begin_segment(w);
    if (!rc) {
        if (w->dropped)
            number_hole(w);
        w->skipping = false;
        save(w);
        s3hls__ts_unit unit = {w->timing.pts_90k, w->timing.dts_90k, keyframe};
        rc = s3hls__ts_begin_unit(&w->mux, &w->out, &unit);
    }
    if (rc) {
        w->skipping = was_skipping;
        return skip_unit(w, give_up_unit(w, rc));
    }
    return S3HLS_OK;
}

static int unit_data(void *ctx, const uint8_t *data, size_t size) {
    s3hls__writer *w = ctx;
    int rc = s3hls__ts_write(&w->mux, &w->out, data, size);
    return rc ? skip_unit(w, give_up_unit(w, rc)) : S3HLS_OK;
}

static int unit_end(void *ctx) {
    s3hls__writer *w = ctx;
    int rc = s3hls__ts_end_unit(&w->mux, &w->out);
    if (rc)
        return skip_unit(w, give_up_unit(w, rc));
    int64_t end = w->timing.pts_90k + w->timing.frame_90k;
    if (end > w->kept_end_90k)
        w->kept_end_90k = end;
    atomic_fetch_add(&w->frames_in, 1);
    w->units++;
    w->call_kept++;
    return S3HLS_OK;
}

/* ---- the room's face */

void s3hls__writer_init(s3hls__writer *w, const s3hls_recorder_config *cfg, uint64_t max_bytes) {
    s3hls__au_sink sink = {w, unit_begin, unit_data, unit_end};
    s3hls__au_input input = cfg->input == S3HLS_INPUT_NALS    ? S3HLS__AU_INPUT_NALS
                            : cfg->input == S3HLS_INPUT_BYTES ? S3HLS__AU_INPUT_BYTES
                                                              : S3HLS__AU_INPUT_FRAMES;
    s3hls__au_init(&w->parser, input, cfg->nal_length_size, &sink);
    s3hls__timing_init(&w->timing, cfg->frame_rate_num, cfg->frame_rate_den);
    s3hls__segmenter_init(&w->segmenter, cfg->segment_duration_ms, max_bytes,
                          cfg->segment_nal_count);
    w->nal_type = cfg->segment_nal_type;
    w->start_time_us = cfg->start_time_us;
    w->out.ctx = w;
    w->out.more = more_room;
    w->skipping = true;
}

int s3hls__writer_put(s3hls__writer *w, const s3hls_span *spans, size_t count, int64_t pts_us,
                      int64_t composition_us) {
    w->given = true;
    w->pts_us = pts_us;
    w->composition_us = composition_us;
    w->call_kept = w->call_skipped = 0;
    w->call_status = S3HLS_OK;
    int rc = s3hls__au_put(&w->parser, spans, count);
    if (w->call_skipped && (w->call_status != S3HLS_E_SKIPPED || !w->call_kept))
        return w->call_status;
    return rc == S3HLS_E_MALFORMED ? rc : S3HLS_OK;
}

void s3hls__writer_finish(s3hls__writer *w) {
    s3hls__au_flush(&w->parser);
    end_segment(w, w->kept_end_90k);
}
