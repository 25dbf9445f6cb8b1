/* SPDX-License-Identifier: MIT-0 */
#include "record/writer.h"
#include "layout/timeline.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t s3hls__writer_bytes(const s3hls__writer *w) {
    if (!w->slot)
        return 0;
    return w->full_blocks * S3HLS__BLOCK_BYTES +
           (uint64_t)(w->out.p - s3hls__pool_data(w->pool, w->slot->last));
}

/* ---- handing over, without a system call: the uploader polls */

static void hand_over(s3hls__writer *w, s3hls__slot *slot) {
    slot->provisional = w->wall.provisional;
    slot->tags = s3hls__tags_retain(w->tags);
    s3hls__outbox_accept(w->box, slot);
}

/* Queue the timeline's object before its first segment. Without a free slot, or before the session
 * number is known, it is queued with a later segment. */
static void say_timeline(s3hls__writer *w, uint32_t duration_ms) {
    uint64_t base = s3hls__outbox_first_number(w->box);
    s3hls__slot *slot = base ? s3hls__outbox_free_slot(w->box) : NULL;
    if (!slot || !s3hls__slot_begin(slot, w->pool))
        return;
    w->timeline.target_duration_ms = s3hls__segmenter_target_ms(&w->segmenter, duration_ms);
    s3hls_timeline timeline = w->timeline;
    timeline.timeline += base;
    char *text = (char *)s3hls__pool_data(w->pool, slot->first);
    slot->media = false;
    slot->segment = (s3hls_segment){.timeline = w->timeline.timeline};
    slot->segment.size = (uint64_t)s3hls__timeline_format(&timeline, text, S3HLS__BLOCK_BYTES);
    hand_over(w, slot);
    w->timeline_unsaid = false;
}

/* Correct the provisional times once the clock is known. */
static void settle(s3hls__writer *w) {
    if (!w->wall.provisional || !s3hls__outbox_first_number(w->box))
        return;
    int64_t true_clock_us = s3hls__outbox_utc_offset_us(w->box);
    s3hls__wall_settle(&w->wall, true_clock_us);
    w->end_us += w->end_us ? true_clock_us : 0;
}

static s3hls_segment describe_segment(s3hls__writer *w, int64_t end_90k) {
    int64_t start_ms = s3hls__wall_at(&w->wall, w->segmenter.start_90k) / 1000;
    int64_t end_ms = s3hls__wall_at(&w->wall, end_90k) / 1000;
    return (s3hls_segment){.start_ms = start_ms,
                           .duration_ms = end_ms > start_ms ? (uint32_t)(end_ms - start_ms) : 1,
                           .sequence = w->sequence++,
                           .timeline = w->timeline.timeline,
                           .size = s3hls__writer_bytes(w),
                           .entry = w->entry};
}

static void note_segment(s3hls__writer *w, const s3hls_segment *segment, int64_t end_90k) {
    w->recorded_90k += end_90k - w->segmenter.start_90k;
    w->end_us = s3hls__wall_at(&w->wall, end_90k);
    atomic_store(&w->media_us, w->recorded_90k * 100 / 9);
    if (w->wall.provisional)
        return;
    if (!atomic_load(&w->first_segment_us))
        atomic_store(&w->first_segment_us, segment->start_ms * 1000);
    atomic_store(&w->last_end_us, w->end_us);
}

static void tell_timeline(s3hls__writer *w) {
    s3hls__outbox_report(
        w->box, &(s3hls_event){.type = S3HLS_EVENT_TIMELINE,
                               .count = w->timeline.timeline + s3hls__outbox_first_number(w->box),
                               .message = w->timeline_reason});
}

/* No segment is longer than its timeline's object states (RFC 8216 6.2.1): a longer one begins
 * another timeline, without a gap. A segment that needs the previous one to decode stays in the
 * current timeline, because players reset their decoders at a discontinuity; the next keyframe then
 * begins another timeline. */
static void widen_timeline(s3hls__writer *w, s3hls_segment *segment) {
    if (w->timeline_unsaid ||
        (segment->duration_ms + 500) / 1000 <= w->timeline.target_duration_ms / 1000)
        return;
    w->timeline_outgrown = segment->entry == S3HLS_ENTRY_NONE;
    if (w->timeline_outgrown)
        return;
    segment->timeline = w->timeline.timeline = w->timelines++;
    w->timeline_unsaid = true;
    w->timeline_reason = "longer segments";
    tell_timeline(w);
}

static void end_segment(s3hls__writer *w, int64_t end_90k) {
    s3hls__slot *slot = w->slot;
    if (!slot)
        return;
    settle(w);
    if (end_90k <= w->segmenter.start_90k)
        end_90k = w->kept_end_90k;
    slot->segment = describe_segment(w, end_90k);
    slot->media = true;
    widen_timeline(w, &slot->segment);
    if (w->timeline_unsaid)
        say_timeline(w, slot->segment.duration_ms);
    note_segment(w, &slot->segment, end_90k);
    w->slot = NULL;
    w->timing.movable = false;
    hand_over(w, slot);
}

/* ---- beginning */

static s3hls__wall_place place(const s3hls__writer *w) {
    return (s3hls__wall_place){w->timing.pts_90k, w->timing.source_pts_90k};
}

static void begin_session(s3hls__writer *w) {
    s3hls__wall_begin(&w->wall, place(w));
    w->session_begun = true;
    w->first_given_us = w->pts_us - w->timing.first_off_us;
    w->timeline_reason = "recording begins";
    s3hls__outbox_begin_session(w->box, w->wall.anchor_us, w->wall.start_time_us != 0,
                                w->wall.provisional);
}

/* Wall time of a new timeline. It continues the previous timeline, unless the clock was corrected
 * or pictures follow a pause: then it is the current time, or the time that the footage states. It
 * overlaps recorded time only if a clock was far ahead. begun_us: duration of its first segment so
 * far. */
static int64_t new_anchor_us(const s3hls__writer *w, int64_t begun_us) {
    int64_t anchor_us = s3hls__wall_at(&w->wall, w->timing.pts_90k), end_us = w->end_us + begun_us;
    if (w->correction_us)
        return anchor_us + w->correction_us;
    if (!w->end_us)
        return w->wall.anchor_us;
    if (!w->wall.start_time_us && w->timing.broken)
        anchor_us = s3hls__wall_now(&w->wall);
    else if (w->timing.broken && !w->timing.rate_num)
        anchor_us = w->wall.start_time_us +
                    (w->timing.last_given_us - w->first_given_us - w->timing.first_off_us);
    return anchor_us > end_us ? anchor_us : end_us;
}

uint32_t s3hls__writer_frame_rate_milli(const s3hls__writer *w) {
    if (w->timing.rate_num)
        return (uint32_t)((uint64_t)w->timing.rate_num * 1000 / w->timing.rate_den);
    return w->timing.frame_90k > 0 ? (uint32_t)(90000000 / w->timing.frame_90k) : 0;
}

/* The timeline begins with the segment being filled, or, without one, with the current access
 * unit. */
static void begin_timeline(s3hls__writer *w, const s3hls__unit *au) {
    int64_t begun_90k = w->slot ? w->timing.pts_90k - w->segmenter.start_90k : 0;
    settle(w);
    s3hls__wall_anchor(&w->wall, place(w), new_anchor_us(w, begun_90k * 100 / 9));
    if (w->timing.broken)
        s3hls__wall_watch_anew(&w->wall);
    w->correction_us = 0;
    w->timing.broken = false;
    w->timeline = (s3hls_timeline){.timeline = w->timelines++,
                                   .width = au->track->width,
                                   .height = au->track->height,
                                   .frame_rate_milli = s3hls__writer_frame_rate_milli(w),
                                   .container = "ts"};
    memcpy(w->timeline.codecs, au->track->codecs, sizeof au->track->codecs);
    w->timeline_begun = w->timeline_unsaid = true;
    if (!w->timeline_outgrown)
        w->segmenter.longest_gop_90k = 0;
    w->timeline_outgrown = false;
    if (!w->slot)
        s3hls__ts_init(&w->mux, S3HLS__TS_STREAM_H264);
    tell_timeline(w);
}

static void report_clock(s3hls__writer *w, int64_t by_us, bool step) {
    s3hls__log(w->env, S3HLS_LOG_WARN, "record",
               "the recording's time was %" PRId64 " ms %s: corrected%s",
               (by_us < 0 ? -by_us : by_us) / 1000, by_us < 0 ? "ahead" : "behind",
               step ? ", in a new timeline" : "");
    s3hls__outbox_report(w->box, &(s3hls_event){.type = S3HLS_EVENT_CLOCK,
                                                .duration_ms = by_us / 1000,
                                                .message = "the wall clock was corrected"});
}

static void report_wrong_rate(s3hls__writer *w, int32_t percent) {
    char text[160];
    snprintf(text, sizeof text,
             "the input's times run at %" PRId32 ".%02" PRId32
             " times their true speed: the recording is not as long as what it shows took",
             percent / 100, percent % 100);
    s3hls__log(w->env, S3HLS_LOG_WARN, "record", "%s", text);
    s3hls__outbox_report(w->box, &(s3hls_event){.type = S3HLS_EVENT_INPUT_CLOCK,
                                                .count = (uint64_t)percent,
                                                .message = text});
}

/* The wall clock and the recording's clock differ: a small difference is corrected at the cut, a
 * step begins a new timeline. */
static void correct_wall(s3hls__writer *w) {
    s3hls__wall_finding found = s3hls__wall_cut(&w->wall, place(w));
    int64_t by_us = found.by_us;
    bool step = by_us > S3HLS__WALL_STEP_US || by_us < -S3HLS__WALL_STEP_US;
    s3hls__timing_set_speed(&w->timing, found.speed_ppm);
    if (found.wrong_percent)
        report_wrong_rate(w, found.wrong_percent);
    if (by_us)
        report_clock(w, by_us, step);
    if (step)
        w->correction_us = by_us;
    else if (by_us)
        s3hls__wall_anchor(&w->wall, place(w), s3hls__wall_at(&w->wall, w->timing.pts_90k) + by_us);
    if (step)
        s3hls__wall_watch_anew(&w->wall);
}

/* Drop an older segment if memory is exhausted and the caller's policy allows it. */
static bool evict(s3hls__writer *w) {
    bool done = s3hls__outbox_drop_oldest(w->box);
    w->call_evicted |= done;
    return done;
}

static bool next_block(s3hls__writer *w) {
    uint8_t *block = s3hls__slot_extend(w->slot);
    if (!block)
        return false;
    w->full_blocks++;
    w->out.p = block;
    w->out.end = block + S3HLS__BLOCK_BYTES;
    return true;
}

static int more_room(void *ctx, s3hls__ts_output *out) {
    s3hls__writer *w = ctx;
    (void)out; /* identical to w->out */
    while (!next_block(w))
        if (!evict(w))
            return S3HLS_E_FULL;
    return S3HLS_OK;
}

static int begin_segment(s3hls__writer *w, s3hls_segment_entry entry) {
    s3hls__slot *slot;
    while (!(slot = s3hls__outbox_free_slot(w->box)) || !s3hls__slot_begin(slot, w->pool))
        if (!evict(w))
            return S3HLS_E_FULL;
    w->slot = slot;
    w->entry = entry;
    w->full_blocks = w->units = 0;
    w->far.p = NULL;
    w->reordered = false;
    w->out.p = s3hls__pool_data(w->pool, slot->first);
    w->out.end = w->out.p + S3HLS__BLOCK_BYTES;
    s3hls__segmenter_begin(&w->segmenter, w->timing.pts_90k, w->parser.nals_counted,
                           entry != S3HLS_ENTRY_NONE);
    return s3hls__ts_begin_segment(&w->mux, &w->out);
}

/* ---- when memory is exhausted */

static void save(s3hls__writer *w) {
    w->saved.mux = w->mux;
    w->saved.out = w->out;
    w->saved.last = w->slot->last;
    w->saved.full_blocks = w->full_blocks;
    w->saved.call_bytes = w->call_bytes;
}

/* Remove the access unit, deliver the segment up to it, and skip what cannot be decoded without
 * it. */
static int give_up_unit(s3hls__writer *w, int status) {
    atomic_fetch_add(&w->gops_dropped, 1); /* a whole GOP, or the end of one */
    if (w->slot) {
        w->mux = w->saved.mux;
        w->out = w->saved.out;
        w->full_blocks = w->saved.full_blocks;
        s3hls__slot_shorten(w->slot, w->saved.last);
        if (w->units > 0) {
            end_segment(w, w->kept_end_90k);
        } else {
            s3hls__slot_release(w->slot, w->env);
            w->slot = NULL;
        }
    }
    w->call_bytes = w->saved.call_bytes;
    w->skipping = w->dropped = true;
    return status;
}

static void tell_frames_lost(s3hls__writer *w) {
    if (w->lost)
        s3hls__outbox_report(w->box, &(s3hls_event){.type = S3HLS_EVENT_FRAMES_LOST,
                                                    .status = S3HLS_E_FULL,
                                                    .count = w->lost});
    w->lost = 0;
}

/* Recording continues after a gap. As many sequence numbers are skipped as the gap would have had
 * segments, so that playlists show it. */
static void number_hole(s3hls__writer *w) {
    int64_t hole = w->timing.pts_90k - w->kept_end_90k;
    int64_t unused = (hole + w->segmenter.duration_90k - 1) / w->segmenter.duration_90k;
    w->sequence += unused > 1 ? (uint64_t)unused : 1;
    w->dropped = false;
    tell_frames_lost(w);
}

static int skip_unit(s3hls__writer *w, int status) {
    atomic_fetch_add(w->dropped ? &w->frames_dropped : &w->frames_skipped, 1);
    w->lost += w->dropped;
    if (!w->call_status || w->call_status == S3HLS_E_SKIPPED)
        w->call_status = status; /* keep the first cause, not its consequences */
    return status;
}

/* ---- corrected times */

/* Next packet of the segment, from *p in *block. */
static uint8_t *next_packet(const s3hls__writer *w, uint8_t **p, uint32_t *block) {
    uint8_t *begin = s3hls__pool_data(w->pool, *block);
    if (*p == begin + S3HLS__BLOCK_BYTES) {
        *block = s3hls__pool_next(w->pool, *block);
        *p = s3hls__pool_data(w->pool, *block);
    }
    *p += S3HLS__TS_PACKET;
    return *p - S3HLS__TS_PACKET;
}

/* The packet with which an access unit begins that was written from there on.
 * @param count  which of its packets it is, from 1 */
static uint8_t *find_unit(const s3hls__writer *w, uint8_t *p, uint32_t block, int64_t *count) {
    uint8_t *packet;
    *count = 1;
    while (!s3hls__ts_begins_unit(packet = next_packet(w, &p, &block)))
        ++*count;
    return packet;
}

/* An access unit whose PTS is in doubt is remembered until later ones have decided. */
static void remember_far(s3hls__writer *w) {
    w->far.p = w->out.p;
    w->far.block = w->slot->last;
    w->far.other_end_90k = w->kept_end_90k;
}

static void decide_far(s3hls__writer *w) {
    int64_t count;
    if (w->timing.withdrawn && w->slot && w->far.p) {
        s3hls__ts_move_unit(find_unit(w, w->far.p, w->far.block, &count), w->timing.far_by_90k, 0);
        w->kept_end_90k = w->far.other_end_90k;
        if (w->kept_before_90k > w->kept_end_90k)
            w->kept_before_90k = w->kept_end_90k;
    }
    w->far.p = NULL;
}

/* The previous access unit's time changed: correct it in memory, and spread the PCRs that precede
 * it evenly. */
static void restamp_before(s3hls__writer *w) {
    int64_t from = w->saved.mux.last_pcr_90k, to = w->timing.moved_to_90k - S3HLS__TS_PCR_LEAD_90K;
    uint8_t *p = w->saved.out.p;
    uint32_t block = w->saved.last;
    int64_t count;
    uint8_t *unit = find_unit(w, p, block, &count);
    for (int64_t i = 1; i <= count; i++) {
        uint8_t *packet = next_packet(w, &p, &block);
        if (s3hls__ts_set_pcr(packet, from + (to - from) * i / count))
            w->mux.last_pcr_90k = from + (to - from) * i / count;
    }
    s3hls__ts_move_unit(unit, w->timing.moved_by_90k, w->timing.moved_by_90k);
    s3hls__wall_forget_newest(&w->wall);
    w->kept_end_90k += w->timing.moved_by_90k;
    if (w->kept_end_90k < w->kept_before_90k)
        w->kept_end_90k = w->kept_before_90k;
}

/* The segment being filled began with a suspected jump, which is now confirmed. */
static void begin_timeline_late(s3hls__writer *w, const s3hls__unit *au) {
    if (!w->timing.broken || !w->slot || w->segmenter.start_90k != w->timing.jumped_90k)
        return;
    w->timeline_reason = "the encoder's times broke off, or it fell silent";
    begin_timeline(w, au);
}

/* ---- the parser's sink */

static bool cut_due(s3hls__writer *w, bool keyframe, bool new_timeline) {
    int64_t pts = w->timing.pts_90k;
    uint64_t bytes = s3hls__writer_bytes(w);
    if (!keyframe ||
        (w->timing.far && !new_timeline)) /* where a segment begins is never corrected */
        return s3hls__segmenter_guard(&w->segmenter, pts, bytes, w->timing.frame_90k);
    return s3hls__segmenter_keyframe(&w->segmenter, pts, bytes, w->parser.nals_counted,
                                     w->timing.frame_90k) ||
           new_timeline || w->timing.doubtful;
}

enum { DEPENDENT_BY_RECOVERY, DEPENDENT_BY_SIZE, DEPENDENT_BY_DURATION };
static const char *const DEPENDENT_WORDS[] = {
    [DEPENDENT_BY_RECOVERY] = "the encoder's keyframes are recovery points, not IDR pictures: "
                              "pictures beside them need the segment before",
    [DEPENDENT_BY_SIZE] = "a group of pictures is larger than a segment may be (by default 3/4 of "
                          "the pool), so that segments begin inside it: shorten the encoder's "
                          "keyframe interval, or enlarge the pool",
    [DEPENDENT_BY_DURATION] = "a group of pictures is longer than 60 s, so that segments begin "
                              "inside it: shorten the encoder's keyframe interval"};

/* Report a segment that does not decode on its own. Each cause is reported once, and again only
 * after several segments that do. */
static void note_entry(s3hls__writer *w, s3hls_segment_entry next) {
    enum { WHOLE_AGAIN = 10 };
    if (next == S3HLS_ENTRY_IDR) {
        if (++w->whole_segments >= WHOLE_AGAIN)
            w->causes_told = 0;
        return;
    }
    w->whole_segments = 0;
    bool large = s3hls__writer_bytes(w) >= w->segmenter.max_bytes;
    int cause = next == S3HLS_ENTRY_RECOVERY ? DEPENDENT_BY_RECOVERY
                : large                      ? DEPENDENT_BY_SIZE
                                             : DEPENDENT_BY_DURATION;
    if (w->causes_told & 1u << cause)
        return;
    w->causes_told |= 1u << cause;
    s3hls__log(w->env, S3HLS_LOG_WARN, "record", "segments do not decode on their own: %s",
               DEPENDENT_WORDS[cause]);
    s3hls__outbox_report(
        w->box, &(s3hls_event){.type = S3HLS_EVENT_DEPENDENT, .message = DEPENDENT_WORDS[cause]});
}

/* Does this keyframe begin another timeline? Sets the reason. */
static bool timeline_ends(s3hls__writer *w, const s3hls__unit *au) {
    if (!w->timeline_begun)
        return true;
    if (w->timing.broken)
        w->timeline_reason = "the encoder's times broke off, or it fell silent";
    else if (au->parameters_changed)
        w->timeline_reason = "other parameters";
    else if (w->correction_us)
        w->timeline_reason = "the wall clock stepped";
    else if (w->timeline_outgrown)
        w->timeline_reason = "longer segments";
    else
        return false;
    return true;
}

/* The rest of an access unit that the previous call ended: it is appended to the same PES
 * packet. */
static int continue_unit(s3hls__writer *w) {
    w->unit_continues = true;
    w->timing.movable = false; /* w->saved no longer holds its beginning */
    if (w->skipping || !w->slot) {
        w->call_status = w->call_status ? w->call_status : S3HLS_E_SKIPPED;
        return S3HLS_E_SKIPPED;
    }
    save(w);
    return S3HLS_OK;
}

/* End the segment before this access unit if a cut is due; never between the fields of a frame.
 * @return whether a new timeline begins here. */
static bool cut_before(s3hls__writer *w, const s3hls__unit *au, s3hls_segment_entry entry) {
    bool keyframe = entry != S3HLS_ENTRY_NONE, new_timeline = keyframe && timeline_ends(w, au);
    if (!w->slot || au->second_field || !cut_due(w, keyframe, new_timeline))
        return new_timeline;
    note_entry(w, entry);
    end_segment(w, w->timing.pts_90k);
    correct_wall(w);
    return keyframe && (new_timeline || timeline_ends(w, au));
}

static int unit_begin(void *ctx, const s3hls__unit *au) {
    s3hls__writer *w = ctx;
    if (au->continues)
        return continue_unit(w);
    w->unit_continues = false;
    bool keyframe = au->keyframe;
    s3hls__timing_next(&w->timing, au, w->given, w->pts_us, w->composition_us);
    w->given = false;
    if (!w->timing.doubts || w->timing.far)
        decide_far(w);
    if (w->timing.restamped)
        restamp_before(w);
    if (keyframe)
        w->damage_seen = w->parser.slices_damaged;
    else if (w->damage_seen != w->parser.slices_damaged)
        w->skipping = true; /* pictures that refer to a damaged picture are damaged too */
    bool was_skipping = w->skipping;
    if (w->skipping && !keyframe)
        return skip_unit(w, S3HLS_E_SKIPPED);
    if (!w->session_begun)
        begin_session(w);
    begin_timeline_late(w, au);
    if (!w->timing.far)
        s3hls__wall_note(&w->wall, place(w));

    int rc = S3HLS_OK;
    s3hls_segment_entry entry = !keyframe ? S3HLS_ENTRY_NONE
                                : au->idr ? S3HLS_ENTRY_IDR
                                          : S3HLS_ENTRY_RECOVERY;
    if (cut_before(w, au, entry))
        begin_timeline(w, au);
    if (!w->slot)
        rc = begin_segment(w, entry);
    if (!rc) {
        if (w->dropped)
            number_hole(w);
        w->skipping = false;
        save(w);
        if (w->timing.far && w->units > 0)
            remember_far(w);
        w->unit_is_key = keyframe;
        s3hls__ts_unit unit = {w->timing.pts_90k, w->timing.dts_90k, keyframe};
        w->reordered |= unit.pts_90k > unit.dts_90k;
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
    if (rc)
        return skip_unit(w, give_up_unit(w, rc));
    w->call_bytes += size;
    return S3HLS_OK;
}

/* The first NAL unit and parameter sets have a zero byte before their start code (H.264 B.1.2). */
static int unit_nal(void *ctx, s3hls__nal_kind kind) {
    static const uint8_t start_code[4] = {0, 0, 0, 1};
    bool zero_byte = kind == S3HLS__NAL_DELIMITER || s3hls__nal_is_set(kind);
    return unit_data(ctx, start_code + !zero_byte, sizeof start_code - !zero_byte);
}

static int unit_end(void *ctx) {
    s3hls__writer *w = ctx;
    int rc = s3hls__ts_end_unit(&w->mux, &w->out);
    if (rc)
        return skip_unit(w, give_up_unit(w, rc));
    if (w->unit_continues)
        return S3HLS_OK;
    int64_t end = w->timing.pts_90k + w->timing.duration_90k;
    w->kept_before_90k = w->kept_end_90k;
    if (end > w->kept_end_90k)
        w->kept_end_90k = end;
    int64_t other_end = w->timing.far ? end + w->timing.far_by_90k : end;
    if (w->far.p && other_end > w->far.other_end_90k)
        w->far.other_end_90k = other_end;
    w->timing.movable = w->units > 0; /* a segment name states the first one's time */
    atomic_fetch_add(&w->frames_in, 1);
    w->slot->gops += w->unit_is_key;
    w->units++;
    return S3HLS_OK;
}

/* ---- the module's interface */

void s3hls__writer_init(s3hls__writer *w, const s3hls_recorder_config *cfg, uint64_t max_bytes) {
    s3hls__au_sink sink = {w, unit_begin, unit_nal, unit_data, unit_end};
    s3hls__au_input input = cfg->input == S3HLS_INPUT_NALS    ? S3HLS__AU_INPUT_NALS
                            : cfg->input == S3HLS_INPUT_BYTES ? S3HLS__AU_INPUT_BYTES
                                                              : S3HLS__AU_INPUT_FRAMES;
    s3hls__au_init(&w->parser, s3hls__codec_find(S3HLS__CODEC_H264), input, cfg->nal_length_size,
                   &sink);
    s3hls__timing_init(&w->timing, cfg->frame_rate_num, cfg->frame_rate_den);
    w->timing.rate_of_stream = cfg->frame_rate_of_stream != 0;
    s3hls__segmenter_init(&w->segmenter, cfg->segment_duration_ms, max_bytes,
                          cfg->segment_nal_count);
    w->parser.counted_type = (uint8_t)cfg->segment_nal_type;
    w->wall.env = w->env;
    w->wall.start_time_us = cfg->start_time_us;
    w->out.ctx = w;
    w->out.more = more_room;
    w->skipping = true;
}

/* Status of a call: negative only if nothing of it was kept. */
static int call_result(const s3hls__writer *w, int parsed) {
    if (!w->call_bytes && w->call_status)
        return w->call_status;
    if (w->call_status == S3HLS_E_FULL)
        return S3HLS_W_FULL;
    if (parsed == S3HLS_E_MALFORMED)
        return w->call_bytes ? S3HLS_W_DAMAGED : parsed;
    if (parsed == S3HLS_E_TOO_LARGE)
        return w->call_bytes ? S3HLS_W_SEI_DROPPED : parsed;
    return w->call_evicted ? S3HLS_W_DROPPED_OLDER : S3HLS_OK;
}

int s3hls__writer_put(s3hls__writer *w, const s3hls_span *spans, size_t count,
                      const s3hls_frame *frame) {
    w->given = true;
    w->pts_us = frame->pts_us;
    w->composition_us = frame->composition_offset_us;
    w->wall.age_us = (int64_t)frame->age_us;
    w->call_bytes = w->saved.call_bytes = 0;
    w->call_status = S3HLS_OK;
    w->call_evicted = false;
    return call_result(w, s3hls__au_put(&w->parser, spans, count));
}

/* The input may end before B-frames that are shown between the last pictures have arrived. An end
 * of stream NAL unit (7.4.1.2.3) after the last picture marks the segment as complete. It is
 * omitted if no memory is left. */
static void mark_end(s3hls__writer *w) {
    static const uint8_t end_of_stream[] = {0, 0, 1, S3HLS__H264_END_STREAM};
    if (!w->slot || !w->reordered || w->units == 0 || (w->out.p == w->out.end && !next_block(w)))
        return;
    s3hls__ts_write(&w->mux, &w->out, end_of_stream, sizeof end_of_stream);
    s3hls__ts_end_unit(&w->mux, &w->out);
}

void s3hls__writer_flush(s3hls__writer *w) {
    s3hls__au_flush(&w->parser);
    mark_end(w);
    end_segment(w, w->kept_end_90k);
    w->skipping = true;
    s3hls__timing_interrupt(&w->timing);
}

void s3hls__writer_finish(s3hls__writer *w) {
    s3hls__writer_flush(w);
    tell_frames_lost(w);
}
