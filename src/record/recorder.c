/* SPDX-License-Identifier: MIT-0 */
#include "s3hls/recorder.h"
#include "base/config.h"
#include "record/writer.h"
#include <inttypes.h>
#include <string.h>

/* A time beyond +-18,000 years would overflow in 90 kHz. */
static const int64_t MAX_TIME_US = INT64_C(1) << 59;
static const uint64_t MAX_AGE_US = 3600000000; /* of a frame */

struct s3hls_recorder {
    /* set at open */
    s3hls_env env;
    s3hls_uploader *uploader;
    bool own_uploader;
    s3hls__outbox *box;

    /* encoder thread only, except for the atomic counters inside */
    s3hls__writer writer;
    bool ended;

    /* any thread */
    _Atomic uint64_t bytes_in, nals_damaged, nals_refused, slices_early;
    _Atomic uint32_t frame_rate_milli;
};

/* ---- open */

static const char *what_is_wrong(const s3hls_recorder_config *c) {
    if (!c->destination)
        return "destination is not set: s3://bucket/prefix or file:///directory";
    if (c->input > S3HLS_INPUT_BYTES)
        return "input must be one of s3hls_input";
    if (c->nal_length_size > 4 || c->nal_length_size == 3)
        return "nal_length_size must be 0, 1, 2 or 4";
    if (c->nal_length_size && c->input == S3HLS_INPUT_BYTES)
        return "nal_length_size needs whole NAL units: not with S3HLS_INPUT_BYTES";
    if (c->frame_rate_num > 1000000 || c->frame_rate_den > 1000000 ||
        (c->frame_rate_num && !c->frame_rate_den) ||
        c->frame_rate_num > 1000 * (uint64_t)c->frame_rate_den)
        return "frame_rate_num/frame_rate_den must be 0 to 1,000 frames per second, each at most "
               "1,000,000";
    if (c->start_time_us < 0 || c->start_time_us > MAX_TIME_US / 4)
        return "start_time_us must be a UTC time after 1970, in microseconds";
    if (c->segment_duration_ms < 1000 || c->segment_duration_ms > S3HLS__SEGMENT_MAX_MS)
        return "segment_duration_ms must be 1,000 to 60,000";
    if (c->segment_nal_count && (c->segment_nal_type < 1 || c->segment_nal_type > 12))
        return "segment_nal_type must be 1 to 12 where segment_nal_count is set";
    if ((unsigned)c->codec > S3HLS_CODEC_H265)
        return "codec must be one of s3hls_codec";
    if ((unsigned)c->audio.codec > S3HLS_AUDIO_ULAW)
        return "audio.codec must be one of s3hls_audio_codec";
    if (c->container != S3HLS_CONTAINER_AUTO && !s3hls__container_find(c->container))
        return "container must be one of s3hls_container";
    if (c->drop > S3HLS_DROP_OLDEST)
        return "drop must be one of s3hls_drop";
    if (c->spool_share_percent < 1 || c->spool_share_percent > 100)
        return "spool_share_percent must be 1 to 100";
    if (c->pool_quota_bytes && c->pool_quota_bytes < 256 << 10)
        return "pool_quota_bytes must be 256 KiB or more; 0: no quota";
    if (c->spool_dir && !c->spool_dir[0])
        return "spool_dir is empty: a directory, or NULL for none";
    return NULL;
}

static int open_uploader(s3hls_recorder *r, const s3hls_recorder_config *cfg) {
    if (cfg->uploader) {
        r->uploader = cfg->uploader;
        return S3HLS_OK;
    }
    s3hls_uploader_config u;
    s3hls_uploader_config_init(&u);
    u.pool_bytes = cfg->pool_bytes;
    u.max_in_flight = cfg->max_in_flight;
    u.no_thread = cfg->no_thread;
    u.env = &r->env;
    r->own_uploader = true;
    return s3hls_uploader_open(&r->uploader, &u);
}

static int open_tags(s3hls_recorder *r, const s3hls_object_options *options) {
    int rc = s3hls__tags_open(&r->writer.session.tags, options->tags, options->tag_count, &r->env);
    if (rc == S3HLS_E_INVALID)
        s3hls__log(&r->env, S3HLS_LOG_ERROR, "record",
                   "recorder: object.tags: at most 10, names of 1 to 128 characters, values of up "
                   "to 256, no name twice");
    return rc;
}

static int open_audio(s3hls_recorder *r, const s3hls_recorder_config *cfg) {
    const char *wrong = "";
    r->writer.audio.counted = cfg->frame_rate_num != 0;
    int rc = s3hls__audio_open(&r->writer.audio, &cfg->audio, &r->env, &wrong);
    if (rc == S3HLS_E_NOMEM)
        return rc;
    bool only_fmp4 = cfg->audio.codec >= S3HLS_AUDIO_OPUS;
    if (!rc && only_fmp4 && cfg->container == S3HLS_CONTAINER_TS) {
        wrong =
            "audio.codec: no player of HLS reads Opus, FLAC or G.711 from MPEG-TS: set container "
            "to S3HLS_CONTAINER_AUTO";
        rc = S3HLS_E_UNSUPPORTED;
    }
    if (rc)
        s3hls__log(&r->env, S3HLS_LOG_ERROR, "record", "recorder: %s", wrong);
    return rc;
}

static int open_writer(s3hls_recorder *r, const s3hls_recorder_config *cfg) {
    s3hls__pool *pool = s3hls__outbox_pool(r->box);
    uint64_t pool_bytes = s3hls__pool_count(pool) * (uint64_t)S3HLS__BLOCK_BYTES;
    uint64_t max_bytes = cfg->segment_max_bytes ? cfg->segment_max_bytes : pool_bytes / 4 * 3;
    if (max_bytes < S3HLS__BLOCK_BYTES || max_bytes > pool_bytes) {
        s3hls__log(&r->env, S3HLS_LOG_ERROR, "record",
                   "segment_max_bytes must be %zu to the pool's %" PRIu64, S3HLS__BLOCK_BYTES,
                   pool_bytes);
        return S3HLS_E_INVALID;
    }
    s3hls__writer_init(&r->writer, cfg, max_bytes, r->box, &r->env);
    return open_audio(r, cfg);
}

static void free_recorder(s3hls_recorder *r);

int s3hls_recorder_open(s3hls_recorder **out, const s3hls_recorder_config *config) {
    s3hls_recorder_config cfg;
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls_recorder_config_init(&cfg);
    int rc = s3hls__config_copy(&cfg, sizeof cfg, config);
    if (rc)
        return rc;
    s3hls_env env = s3hls__env_resolve(cfg.env);
    const char *wrong = what_is_wrong(&cfg);
    if (wrong) {
        s3hls__log(&env, S3HLS_LOG_ERROR, "record", "recorder: %s", wrong);
        return S3HLS_E_INVALID;
    }
    s3hls_recorder *r = s3hls__env_alloc(&env, sizeof *r);
    if (!r)
        return S3HLS_E_NOMEM;
    r->env = env;
    rc = open_uploader(r, &cfg);
    if (!rc)
        rc = s3hls__outbox_open(&r->box, r->uploader, &cfg, &r->env);
    if (!rc)
        rc = open_tags(r, &cfg.object);
    if (!rc)
        rc = open_writer(r, &cfg);
    if (rc) {
        free_recorder(r);
        return rc;
    }
    *out = r;
    return S3HLS_OK;
}

/* ---- put */

static int check_frame(const s3hls_recorder *r, const s3hls_frame *f) {
    if (!r || !f || (!f->span_count && (!f->data || !f->size)) || (f->span_count && !f->spans))
        return S3HLS_E_INVALID;
    for (size_t i = 0; i < f->span_count; i++)
        if (!f->spans[i].data && f->spans[i].size)
            return S3HLS_E_INVALID;
    bool counted = r->writer.timing.rate_num > 0;
    if (!counted && (f->pts_us > MAX_TIME_US || f->pts_us < -MAX_TIME_US ||
                     f->composition_offset_us < 0 || f->composition_offset_us > 10000000))
        return S3HLS_E_INVALID;
    if (f->age_us > MAX_AGE_US)
        return S3HLS_E_INVALID;
    return r->ended ? S3HLS_E_STATE : S3HLS_OK;
}

/* Publish the parser's counters for other threads. */
static void publish_counts(s3hls_recorder *r) {
    const s3hls__au_parser *p = &r->writer.parser;
    atomic_store(&r->nals_damaged, p->nals_damaged);
    atomic_store(&r->nals_refused, p->nals_refused);
    atomic_store(&r->slices_early, p->slices_early);
    if (r->writer.timing.rate_num)
        atomic_store(&r->frame_rate_milli, s3hls__writer_frame_rate_milli(&r->writer));
}

int s3hls_recorder_put_video(s3hls_recorder *r, const s3hls_frame *frame) {
    int rc = check_frame(r, frame);
    if (rc)
        return rc;
    s3hls_span whole = {frame->data, frame->size};
    const s3hls_span *spans = frame->span_count ? frame->spans : &whole;
    size_t count = frame->span_count ? frame->span_count : 1;
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += spans[i].size;
    if (bytes == 0)
        return S3HLS_E_INVALID;
    atomic_fetch_add(&r->bytes_in, bytes);
    rc = s3hls__writer_put(&r->writer, spans, count, frame);
    publish_counts(r);
    return rc;
}

int s3hls_recorder_put_audio(s3hls_recorder *r, const s3hls_audio *audio) {
    if (!r || !audio || !audio->data || !audio->size || audio->pts_us > MAX_TIME_US ||
        audio->pts_us < -MAX_TIME_US)
        return S3HLS_E_INVALID;
    if (r->writer.audio.codec == S3HLS_AUDIO_NONE)
        return S3HLS_E_STATE;
    return s3hls__audio_put(&r->writer.audio, audio);
}

int s3hls_recorder_cut(s3hls_recorder *r) {
    if (!r)
        return S3HLS_E_INVALID;
    r->writer.decider.segmenter.forced = true;
    return r->ended ? S3HLS_E_STATE : S3HLS_OK;
}

int s3hls_recorder_flush(s3hls_recorder *r) {
    if (!r)
        return S3HLS_E_INVALID;
    if (r->ended)
        return S3HLS_E_STATE;
    s3hls__writer_flush(&r->writer);
    publish_counts(r);
    return S3HLS_OK;
}

/* ---- the end */

static int nothing_recorded(const s3hls_recorder *r) {
    return atomic_load(&r->bytes_in) && !r->writer.parser.sps_seen ? S3HLS_E_NOT_H264
                                                                   : S3HLS_E_NO_VIDEO;
}

static int end_input(s3hls_recorder *r) {
    if (!r->ended) {
        s3hls__audio_end(&r->writer.audio);
        s3hls__writer_finish(&r->writer);
        s3hls__audio_discard(&r->writer.audio);
    }
    publish_counts(r);
    r->ended = true;
    return s3hls__outbox_is_used(r->box) ? S3HLS_OK : nothing_recorded(r);
}

int s3hls_recorder_drain(s3hls_recorder *r, uint32_t deadline_ms) {
    if (!r)
        return S3HLS_E_INVALID;
    int rc = end_input(r);
    return rc ? rc : s3hls__outbox_drain(r->box, deadline_ms, true);
}

static void free_recorder(s3hls_recorder *r) {
    s3hls_env env = r->env;
    s3hls__writer_deinit(&r->writer, &env);
    s3hls__outbox_close(&r->box);
    if (r->own_uploader)
        s3hls_uploader_close(&r->uploader);
    s3hls__env_free(&env, r);
}

int s3hls_recorder_close_stats(s3hls_recorder **recorder, uint32_t deadline_ms,
                               s3hls_recorder_stats *stats) {
    s3hls_recorder *r = recorder ? *recorder : NULL;
    if (stats)
        memset(stats, 0, sizeof *stats);
    if (!r)
        return S3HLS_OK;
    int rc = end_input(r);
    if (!rc)
        s3hls__outbox_drain(r->box, deadline_ms, false);
    int ended = s3hls__outbox_end(r->box);
    rc = rc ? rc : ended;
    if (!atomic_load(&r->bytes_in))
        rc = S3HLS_OK;
    if (stats)
        s3hls_recorder_get_stats(r, stats);
    free_recorder(r);
    *recorder = NULL;
    return rc;
}

int s3hls_recorder_close(s3hls_recorder **recorder, uint32_t deadline_ms) {
    return s3hls_recorder_close_stats(recorder, deadline_ms, NULL);
}

/* ---- tags */

int s3hls_recorder_set_tags(s3hls_recorder *r, const s3hls_pair *tags, size_t count) {
    s3hls__tags *set;
    int rc = r ? s3hls__tags_open(&set, tags, count, &r->env) : S3HLS_E_INVALID;
    if (rc)
        return rc;
    s3hls__tags_release(r->writer.session.tags, &r->env);
    r->writer.session.tags = set;
    return S3HLS_OK;
}

/* ---- counts */

int s3hls_recorder_get_stats(s3hls_recorder *r, s3hls_recorder_stats *stats) {
    if (!r || !stats)
        return S3HLS_E_INVALID;
    memset(stats, 0, sizeof *stats);
    s3hls__outbox_get_stats(r->box, stats);
    stats->gops_dropped += atomic_load(&r->writer.gops_dropped);
    stats->frames_in = atomic_load(&r->writer.frames_in);
    stats->frames_skipped = atomic_load(&r->writer.frames_skipped) + atomic_load(&r->slices_early);
    stats->frames_dropped = atomic_load(&r->writer.frames_dropped);
    stats->bytes_in = atomic_load(&r->bytes_in);
    stats->nals_damaged = atomic_load(&r->nals_damaged);
    stats->nals_refused = atomic_load(&r->nals_refused);
    stats->media_us = atomic_load(&r->writer.session.media_us);
    stats->first_segment_us = atomic_load(&r->writer.session.first_segment_us);
    stats->last_segment_end_us = atomic_load(&r->writer.session.last_end_us);
    stats->frame_rate_milli = atomic_load(&r->frame_rate_milli);
    s3hls__audio_get_stats(&r->writer.audio, stats);
    return S3HLS_OK;
}
