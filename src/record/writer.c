/* SPDX-License-Identifier: MIT-0 */
#include "record/writer.h"
#include "record/report.h"
#include <string.h>

static const int64_t GAP_90K = 90000; /* between pictures: what was heard in it is left out */
static const int64_t AUDIO_LEAD_90K = 45000;    /* before the first picture, kept with it */
static const int64_t AUDIO_BEYOND_90K = 180000; /* behind the last picture, kept with it */
static const int64_t AUDIO_RUN_90K = 45000;     /* shares a PES packet; PTS may be 700 ms apart */

uint32_t s3hls__writer_frame_rate_milli(const s3hls__writer *w) {
    if (w->timing.rate_num)
        return (uint32_t)((uint64_t)w->timing.rate_num * 1000 / w->timing.rate_den);
    return w->timing.frame_90k > 0 ? (uint32_t)(90000000 / w->timing.frame_90k) : 0;
}

static s3hls__wall_place place(const s3hls__writer *w) {
    return (s3hls__wall_place){w->timing.pts_90k, w->timing.source_pts_90k};
}

/* ---- audio */

/* Tracks may be read by the packer's container from here on. */
static void note_audio_track(s3hls__writer *w) {
    if (w->tracks.audio.codec == S3HLS__CODEC_NONE)
        w->tracks.audio = w->audio.track;
}

/* Audio is written to the segment that is being filled, unless its timeline has none and cannot end
 * here. */
static bool takes_audio(const s3hls__writer *w) {
    bool bound = w->entry == S3HLS_ENTRY_NONE && !w->session.timeline_audio;
    return w->audio.codec != S3HLS_AUDIO_NONE && w->packer.slot && w->packer.units > 0 && !bound;
}

/* Write the audio that begins before a time, if it is a run worth a PES packet of its own. Audio
 * for which there is no memory stays in the ring. */
static void write_audio(s3hls__writer *w, int64_t until_90k, int64_t least_90k) {
    s3hls__audio_run run = {.full = true};
    while (run.full && takes_audio(w)) {
        s3hls__audio_take(&w->audio, &w->timing, until_90k, least_90k, &run);
        int rc = S3HLS_OK;
        if (run.count) {
            note_audio_track(w);
            rc = s3hls__packer_audio(&w->packer, run.frames, run.count);
        }
        s3hls__audio_taken(&w->audio, !rc);
        if (rc)
            return;
    }
}

/* ---- segments and timelines */

/* @param end_90k      PTS of the access unit behind the segment, or the end of its last picture
 * @param end_dts_90k  likewise, of decoding */
static void end_segment(s3hls__writer *w, int64_t end_90k, int64_t end_dts_90k) {
    if (!w->packer.slot)
        return;
    if (end_90k <= w->decider.segmenter.start_90k)
        end_90k = w->kept.end_90k;
    w->timing.movable = false;
    write_audio(w, end_90k + w->audio_beyond_90k, 0);
    bool silent = w->packer.now.audio_frames == 0;
    bool audio = s3hls__session_audio(&w->session, !silent);
    s3hls__slot *slot = s3hls__packer_end_segment(&w->packer, end_dts_90k, audio);
    s3hls__session_accept(&w->session, slot,
                          &(s3hls__session_segment){.entry = w->entry,
                                                    .end_90k = end_90k,
                                                    .audio = audio,
                                                    .silent = silent,
                                                    .segmenter = &w->decider.segmenter});
}

/* No access unit follows. */
static void end_last_segment(s3hls__writer *w) {
    end_segment(w, w->kept.end_90k, w->kept.end_dts_90k);
}

static int begin_segment(s3hls__writer *w, s3hls_segment_entry entry) {
    while (!s3hls__session_reserve(&w->session))
        if (!s3hls__packer_evict(&w->packer))
            return S3HLS_E_FULL;
    int rc = s3hls__packer_begin_segment(&w->packer);
    if (rc)
        return rc;
    w->entry = entry;
    if (w->timing.pts_90k - w->kept.end_90k > GAP_90K)
        s3hls__audio_begin(&w->audio, w->timing.pts_90k - AUDIO_LEAD_90K);
    s3hls__segmenter_begin(&w->decider.segmenter, w->timing.pts_90k, w->parser.nals_counted,
                           entry != S3HLS_ENTRY_NONE);
    return S3HLS_OK;
}

/* Compare the decoder configuration of a keyframe with that of the timeline. */
static void compare_config(s3hls__writer *w) {
    uint8_t config[S3HLS__DECODER_CONFIG_BYTES];
    const s3hls__au_parser *p = &w->parser;
    if (!w->packer.container->init_segment || w->config_generation == p->sets.generation)
        return;
    w->config_generation = p->sets.generation;
    size_t size = p->codec->decoder_config(&p->sets, p->pps_id, config, sizeof config);
    w->config_changed |=
        size != w->tracks.config_size || memcmp(config, w->tracks.config, size) != 0;
}

static void set_tracks(s3hls__writer *w, const s3hls__track *track) {
    const s3hls__au_parser *p = &w->parser;
    w->tracks.video = *track;
    w->tracks.config_size = (uint16_t)p->codec->decoder_config(
        &p->sets, p->pps_id, w->tracks.config, sizeof w->tracks.config);
    w->config_generation = p->sets.generation;
    w->config_changed = false;
}

static s3hls_container container_for(const s3hls__writer *w) {
    if (w->container != S3HLS_CONTAINER_AUTO)
        return w->container;
    bool ts = w->parser.codec->id == S3HLS__CODEC_H264 && w->audio.codec <= S3HLS_AUDIO_AAC;
    return ts ? S3HLS_CONTAINER_TS : S3HLS_CONTAINER_FMP4;
}

static void choose_container(s3hls__writer *w) {
    w->packer.container = s3hls__container_find(container_for(w));
    bool ts = w->packer.container->id == S3HLS_CONTAINER_TS;
    if (ts && w->parser.codec->id == S3HLS__CODEC_H265 && !w->session.timeline_begun)
        s3hls__log(w->env, S3HLS_LOG_WARN, "record",
                   "H.265 in MPEG-TS: Apple's players do not play it, but fragmented MP4");
}

/* The timeline begins with the segment being filled, or, without one, with the current access
 * unit. */
static void begin_timeline(s3hls__writer *w, const s3hls__track *track, const char *reason) {
    bool filling = w->packer.slot != NULL;
    set_tracks(w, track);
    if (!filling)
        choose_container(w);
    int64_t begun_90k = filling ? w->timing.pts_90k - w->decider.segmenter.start_90k : 0;
    if (!w->session.timeline_outgrown)
        w->decider.segmenter.longest_gop_90k = 0;
    s3hls__session_begin_timeline(
        &w->session,
        &(s3hls__timeline_start){.place = place(w),
                                 .begun_us = begun_90k * 100 / 9,
                                 .times_broke = w->timing.broken,
                                 .times_given = w->timing.rate_num == 0,
                                 .last_given_us = w->timing.last_given_us - w->timing.first_off_us,
                                 .tracks = &w->tracks,
                                 .frame_rate_milli = s3hls__writer_frame_rate_milli(w),
                                 .container = w->packer.container,
                                 .reason = reason});
    w->timing.broken = false;
    if (!filling)
        s3hls__packer_begin_timeline(&w->packer, &w->tracks);
}

static s3hls__decision_facts facts_of(const s3hls__writer *w, const s3hls__unit *unit) {
    return (s3hls__decision_facts){.unit = unit,
                                   .pts_90k = w->timing.pts_90k,
                                   .frame_90k = w->timing.frame_90k,
                                   .pts_in_doubt = w->timing.far,
                                   .behind_gap = w->timing.doubtful,
                                   .times_broke = w->timing.broken,
                                   .filling = w->packer.slot != NULL,
                                   .bytes = s3hls__packer_bytes(&w->packer),
                                   .pool_bytes = s3hls__outbox_pool_share(w->box),
                                   .nals = w->parser.nals_counted,
                                   .timeline_begun = w->session.timeline_begun,
                                   .config_changed = w->config_changed,
                                   .clock_stepped = w->session.correction_us != 0,
                                   .outgrown = w->session.timeline_outgrown};
}

/* The segment being filled began with a suspected jump, which is now confirmed. */
static void begin_timeline_late(s3hls__writer *w, const s3hls__unit *unit) {
    s3hls__decision_facts f = facts_of(w, unit);
    if (w->timing.broken && f.filling && w->decider.segmenter.start_90k == w->timing.jumped_90k)
        begin_timeline(w, unit->track, s3hls__decide_timeline(&f));
}

/* End the segment and begin a timeline before this access unit, if that is due.
 * @return the entry of a segment that begins with it */
static s3hls_segment_entry cut_before(s3hls__writer *w, const s3hls__unit *unit) {
    s3hls__decision_facts f = facts_of(w, unit);
    s3hls__decision decision = s3hls__decide(&w->decider, &f);
    if (unit->keyframe && f.filling)
        s3hls__report_pool(w->env, w->box, &w->decider, f.pool_bytes);
    if (decision.cut) {
        s3hls__report_dependent(w->env, w->box, &w->decider, decision.entry);
        end_segment(w, w->timing.pts_90k, w->timing.dts_90k);
        s3hls__timing_set_speed(&w->timing, s3hls__session_correct(&w->session, place(w)));
        f = facts_of(w, unit);
        if (unit->keyframe && !decision.timeline)
            decision.timeline = s3hls__decide_timeline(&f);
    }
    if (decision.timeline)
        begin_timeline(w, unit->track, decision.timeline);
    return decision.entry;
}

/* ---- what is left out */

static void report_lost(s3hls__writer *w) {
    if (w->lost)
        s3hls__outbox_report(w->box, &(s3hls_event){.type = S3HLS_EVENT_FRAMES_LOST,
                                                    .status = S3HLS_E_FULL,
                                                    .count = w->lost});
    w->lost = 0;
}

/* Recording continues after frames were dropped. As many sequence numbers are skipped as the gap
 * would have had segments, so that playlists show it. */
static void number_gap(s3hls__writer *w) {
    int64_t gap_90k = w->timing.pts_90k - w->kept.end_90k;
    int64_t duration_90k = w->decider.segmenter.duration_90k;
    int64_t segments = (gap_90k + duration_90k - 1) / duration_90k;
    s3hls__session_skip(&w->session, segments > 1 ? (uint64_t)segments : 1);
    w->dropped = false;
    report_lost(w);
}

static int skip_unit(s3hls__writer *w, int status) {
    atomic_fetch_add(w->dropped ? &w->frames_dropped : &w->frames_skipped, 1);
    w->lost += w->dropped;
    if (!w->call.status || w->call.status == S3HLS_E_SKIPPED)
        w->call.status = status; /* keep the first cause, not its consequences */
    return status;
}

/* Memory is exhausted: remove the access unit, deliver the segment up to it, and skip what cannot
 * be decoded without it. */
static int drop_unit(s3hls__writer *w, int status) {
    atomic_fetch_add(&w->gops_dropped, 1); /* a whole GOP, or the end of one */
    if (w->packer.slot) {
        s3hls__packer_undo_unit(&w->packer);
        end_last_segment(w);
    }
    w->call.bytes = w->call.bytes_ended;
    w->decider.skipping = w->dropped = true;
    return skip_unit(w, status);
}

/* ---- corrected times */

/* An access unit whose PTS was in doubt: later ones have decided. */
static void decide_marked(s3hls__writer *w) {
    if (w->timing.withdrawn && w->packer.slot && w->packer.marked) {
        s3hls__packer_move_marked(&w->packer, w->timing.far_by_90k);
        w->kept.end_90k = w->kept.unless_moved_90k;
        if (w->kept.before_90k > w->kept.end_90k)
            w->kept.before_90k = w->kept.end_90k;
    }
    s3hls__packer_unmark(&w->packer);
}

static void move_newest(s3hls__writer *w) {
    s3hls__packer_move_newest(&w->packer, &(s3hls__move){.pts_by_90k = w->timing.moved_by_90k,
                                                         .dts_by_90k = w->timing.moved_by_90k,
                                                         .dts_90k = w->timing.moved_to_90k});
    s3hls__wall_forget_newest(&w->session.wall);
    w->kept.end_90k += w->timing.moved_by_90k;
    if (w->kept.end_90k < w->kept.before_90k)
        w->kept.end_90k = w->kept.before_90k;
}

static void assign_times(s3hls__writer *w, const s3hls__unit *unit) {
    s3hls__timing_next(&w->timing, unit, w->call.has_time, w->call.pts_us, w->call.composition_us);
    w->call.has_time = false;
    if (!w->timing.doubts || w->timing.far)
        decide_marked(w);
    if (w->timing.restamped)
        move_newest(w);
}

/* ---- the parser's sink */

/* The rest of an access unit that the previous call ended. */
static int continue_unit(s3hls__writer *w) {
    w->timing.movable = false; /* the packer no longer knows its beginning */
    if (w->decider.skipping || !w->packer.slot) {
        w->call.status = w->call.status ? w->call.status : S3HLS_E_SKIPPED;
        return S3HLS_E_SKIPPED;
    }
    w->call.bytes_ended = w->call.bytes;
    s3hls__packer_reopen_unit(&w->packer);
    return S3HLS_OK;
}

static int append_unit(s3hls__writer *w, const s3hls__unit *unit) {
    s3hls__unit timed = *unit;
    timed.pts_90k = w->timing.pts_90k;
    timed.dts_90k = w->timing.dts_90k;
    if (w->dropped)
        number_gap(w);
    w->decider.skipping = false;
    w->unit_is_key = unit->keyframe;
    w->call.bytes_ended = w->call.bytes;
    s3hls__audio_note_picture(&w->audio, w->timing.pts_90k);
    if (!unit->second_field)
        write_audio(w, w->timing.dts_90k, AUDIO_RUN_90K);
    int rc = s3hls__packer_begin_unit(&w->packer, &timed);
    if (!rc && w->timing.far && w->packer.units > 0) {
        s3hls__packer_mark_newest(&w->packer);
        w->kept.unless_moved_90k = w->kept.end_90k;
    }
    return rc;
}

static int unit_begin(void *ctx, const s3hls__unit *unit) {
    s3hls__writer *w = ctx;
    if (unit->continues)
        return continue_unit(w);
    assign_times(w, unit);
    if (s3hls__decide_skip(&w->decider, unit->keyframe, w->parser.slices_damaged))
        return skip_unit(w, S3HLS_E_SKIPPED);
    if (!w->session.begun)
        s3hls__session_begin(&w->session, place(w), w->call.pts_us - w->timing.first_off_us);
    if (unit->keyframe)
        compare_config(w);
    begin_timeline_late(w, unit);
    if (!w->timing.far)
        s3hls__wall_note(&w->session.wall, place(w));
    s3hls_segment_entry entry = cut_before(w, unit);
    int rc = w->packer.slot ? S3HLS_OK : begin_segment(w, entry);
    if (!rc)
        rc = append_unit(w, unit);
    return rc ? drop_unit(w, rc) : S3HLS_OK;
}

static int unit_nal(void *ctx, s3hls__nal_kind kind) {
    s3hls__writer *w = ctx;
    int rc = s3hls__packer_begin_nal(&w->packer, kind);
    return rc ? drop_unit(w, rc) : S3HLS_OK;
}

static int unit_data(void *ctx, const uint8_t *data, size_t size) {
    s3hls__writer *w = ctx;
    int rc = s3hls__packer_data(&w->packer, data, size);
    if (rc)
        return drop_unit(w, rc);
    w->call.bytes += size;
    return S3HLS_OK;
}

static int unit_end(void *ctx) {
    s3hls__writer *w = ctx;
    int rc = s3hls__packer_end_unit(&w->packer);
    if (rc)
        return drop_unit(w, rc);
    if (w->packer.reopened)
        return S3HLS_OK;
    int64_t end_90k = w->timing.pts_90k + w->timing.duration_90k;
    w->kept.before_90k = w->kept.end_90k;
    w->kept.end_dts_90k = w->timing.dts_90k + w->timing.duration_90k;
    if (end_90k > w->kept.end_90k)
        w->kept.end_90k = end_90k;
    int64_t moved_end_90k = w->timing.far ? end_90k + w->timing.far_by_90k : end_90k;
    if (w->packer.marked && moved_end_90k > w->kept.unless_moved_90k)
        w->kept.unless_moved_90k = moved_end_90k;
    w->timing.movable = w->packer.units > 1; /* a segment's name states the first one's time */
    atomic_fetch_add(&w->frames_in, 1);
    w->packer.slot->gops += w->unit_is_key;
    return S3HLS_OK;
}

/* ---- calls */

static s3hls__codec_id codec_of(s3hls_codec codec) {
    return codec == S3HLS_CODEC_H264   ? S3HLS__CODEC_H264
           : codec == S3HLS_CODEC_H265 ? S3HLS__CODEC_H265
                                       : S3HLS__CODEC_NONE;
}

void s3hls__writer_init(s3hls__writer *w, const s3hls_recorder_config *cfg, uint64_t max_bytes,
                        s3hls__outbox *box, const s3hls_env *env) {
    const s3hls__codec *codec = s3hls__codec_find(codec_of(cfg->codec)); /* NULL: detected */
    s3hls__au_sink sink = {w, unit_begin, unit_nal, unit_data, unit_end};
    s3hls__au_input input = cfg->input == S3HLS_INPUT_NALS    ? S3HLS__AU_INPUT_NALS
                            : cfg->input == S3HLS_INPUT_BYTES ? S3HLS__AU_INPUT_BYTES
                                                              : S3HLS__AU_INPUT_FRAMES;
    w->env = env;
    w->box = box;
    s3hls__au_init(&w->parser, codec, input, cfg->nal_length_size, &sink);
    w->parser.counted_type = (uint8_t)cfg->segment_nal_type;
    s3hls__timing_init(&w->timing, cfg->frame_rate_num, cfg->frame_rate_den);
    w->timing.rate_of_stream = cfg->frame_rate_of_stream != 0;
    s3hls__segmenter_init(&w->decider.segmenter, cfg->segment_duration_ms, max_bytes,
                          cfg->segment_nal_count);
    w->decider.skipping = true;
    w->decider.keeps_max = cfg->segment_max_bytes != 0;
    w->packer.env = env;
    w->packer.box = box;
    w->packer.pool = s3hls__outbox_pool(box);
    w->container = cfg->container;
    w->packer.container = s3hls__container_find(
        cfg->container == S3HLS_CONTAINER_AUTO ? S3HLS_CONTAINER_TS : cfg->container);
    w->session.env = w->session.wall.env = env;
    w->session.box = box;
    w->session.pool = w->packer.pool;
    w->session.wall.start_time_us = cfg->start_time_us;
}

void s3hls__writer_deinit(s3hls__writer *w, const s3hls_env *env) {
    s3hls__packer_close(&w->packer);
    s3hls__audio_close(&w->audio, env);
    if (w->session.box)
        s3hls__session_end(&w->session);
    s3hls__tags_release(w->session.tags, env);
}

/* Status of a call: negative only if nothing of it was kept. */
static int call_result(const s3hls__writer *w, int parsed) {
    if (!w->call.bytes && w->call.status)
        return w->call.status;
    if (w->call.status == S3HLS_E_FULL)
        return S3HLS_W_FULL;
    if (parsed == S3HLS_E_MALFORMED)
        return w->call.bytes ? S3HLS_W_DAMAGED : parsed;
    if (parsed == S3HLS_E_TOO_LARGE)
        return w->call.bytes ? S3HLS_W_SEI_DROPPED : parsed;
    return w->packer.evicted ? S3HLS_W_DROPPED_OLDER : S3HLS_OK;
}

int s3hls__writer_put(s3hls__writer *w, const s3hls_span *spans, size_t count,
                      const s3hls_frame *frame) {
    memset(&w->call, 0, sizeof w->call);
    w->call.pts_us = frame->pts_us;
    w->call.composition_us = frame->composition_offset_us;
    w->call.has_time = true;
    w->session.wall.age_us = (int64_t)frame->age_us;
    w->packer.evicted = false;
    return call_result(w, s3hls__au_put(&w->parser, spans, count));
}

/* The input may end before B-frames that are shown between the last pictures have arrived: an end
 * of stream marks the segment as complete. */
void s3hls__writer_flush(s3hls__writer *w) {
    s3hls__au_flush(&w->parser);
    s3hls__packer_end_stream(&w->packer, w->parser.codec);
    end_last_segment(w);
    w->decider.skipping = true;
    s3hls__timing_interrupt(&w->timing);
}

void s3hls__writer_finish(s3hls__writer *w) {
    w->audio_beyond_90k = AUDIO_BEYOND_90K;
    s3hls__writer_flush(w);
    s3hls__session_end(&w->session);
    report_lost(w);
}
