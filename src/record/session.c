/* SPDX-License-Identifier: MIT-0 */
#include "record/session.h"
#include "layout/timeline.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- handing over */

static void hand_over(s3hls__session *s, s3hls__slot *slot) {
    slot->provisional = s->wall.provisional;
    slot->tags = s3hls__tags_retain(s->tags);
    s3hls__outbox_accept(s->box, slot);
}

/* @return a slot for an object of the timeline, with one block; NULL: there is none */
static s3hls__slot *begin_object(s3hls__session *s, s3hls__key_kind kind) {
    s3hls__slot *slot = s3hls__outbox_free_slot(s->box);
    uint32_t block = slot ? s3hls__pool_take(s->pool) : S3HLS__NO_BLOCK;
    if (block == S3HLS__NO_BLOCK)
        return NULL;
    s3hls__slot_begin(slot, s->pool);
    s3hls__slot_append(slot, block, block);
    slot->kind = kind;
    return slot;
}

static void end_object(s3hls__session *s, s3hls__slot *slot, size_t size) {
    s3hls__pool_set_bytes(s->pool, slot->first, (uint32_t)size);
    slot->segment = (s3hls_segment){.timeline = s->timeline.timeline, .size = size};
    hand_over(s, slot);
}

/* Queue the timeline's initialisation segment. */
static void accept_init(s3hls__session *s) {
    s3hls__tracks tracks = *s->tracks;
    if (!s->timeline_audio)
        tracks.audio.codec = S3HLS__CODEC_NONE;
    s3hls__slot *slot = s->init_slot;
    size_t size = s->container->init_segment(&tracks, s3hls__pool_data(s->pool, slot->first),
                                             S3HLS__BLOCK_BYTES);
    s->init_slot = NULL;
    s->init_due = false;
    if (size) {
        end_object(s, slot, size);
        return;
    }
    s3hls__slot_release(slot, s->env);
    s3hls__log(s->env, S3HLS_LOG_ERROR, "record",
               "the parameter sets do not fit into an initialisation segment: these segments "
               "cannot be played");
}

static void set_codecs(s3hls__session *s) {
    snprintf(s->timeline.codecs, sizeof s->timeline.codecs, "%s%s%s", s->tracks->video.codecs,
             s->timeline_audio ? "," : "", s->timeline_audio ? s->tracks->audio.codecs : "");
}

/* Queue the timeline's object before its first segment. Without a free slot, or before the session
 * number is known, it is queued with a later segment. */
static void accept_timeline(s3hls__session *s, uint32_t target_ms) {
    uint64_t base = s3hls__outbox_first_number(s->box);
    s3hls__slot *slot = base ? begin_object(s, S3HLS__KEY_TIMELINE) : NULL;
    if (!slot)
        return;
    s->timeline.target_duration_ms = target_ms;
    s3hls_timeline timeline = s->timeline;
    timeline.timeline += base;
    char *text = (char *)s3hls__pool_data(s->pool, slot->first);
    end_object(s, slot, (size_t)s3hls__timeline_format(&timeline, text, S3HLS__BLOCK_BYTES));
    s->timeline_due = false;
}

bool s3hls__session_reserve(s3hls__session *s) {
    if (!s->container || !s->container->init_segment)
        return true;
    if (!s->init_slot)
        s->init_slot = begin_object(s, S3HLS__KEY_INIT);
    return s->init_slot != NULL;
}

void s3hls__session_end(s3hls__session *s) {
    if (s->init_slot)
        s3hls__slot_release(s->init_slot, s->env);
    s->init_slot = NULL;
}

/* ---- segments */

/* Correct the provisional times once the clock is known. */
static void settle(s3hls__session *s) {
    if (!s->wall.provisional || !s3hls__outbox_first_number(s->box))
        return;
    int64_t utc_offset_us = s3hls__outbox_utc_offset_us(s->box);
    s3hls__wall_settle(&s->wall, utc_offset_us);
    s->end_us += s->end_us ? utc_offset_us : 0;
}

static void count_segment(s3hls__session *s, int64_t start_us, int64_t length_90k) {
    s->recorded_90k += length_90k;
    atomic_store(&s->media_us, s->recorded_90k * 100 / 9);
    if (s->wall.provisional)
        return;
    if (!atomic_load(&s->first_segment_us))
        atomic_store(&s->first_segment_us, start_us);
    atomic_store(&s->last_end_us, s->end_us);
}

static void report_timeline(s3hls__session *s) {
    s3hls__outbox_report(
        s->box, &(s3hls_event){.type = S3HLS_EVENT_TIMELINE,
                               .count = s->timeline.timeline + s3hls__outbox_first_number(s->box),
                               .message = s->timeline_reason});
}

bool s3hls__session_audio(const s3hls__session *s, bool segment_has_audio) {
    enum { PATIENCE = 2 }; /* segments */
    return segment_has_audio ||
           (!s->timeline_empty && s->timeline_audio && s->segments_without_audio + 1 < PATIENCE);
}

/* @return how a segment differs from its timeline; NULL: it does not */
static const char *difference(const s3hls__session *s, const s3hls_segment *segment, bool audio) {
    if (!s->timeline_due &&
        (segment->duration_ms + 500) / 1000 > s->timeline.target_duration_ms / 1000)
        return "longer segments";
    if (audio != s->timeline_audio)
        return audio ? "audio begins" : "audio has ended";
    return NULL;
}

/* No segment is longer than its timeline's object states (RFC 8216 6.2.1), or has other tracks: one
 * that differs begins another timeline, without a gap. A segment that needs the previous one to
 * decode stays in the current timeline, because players reset their decoders at a discontinuity;
 * the next keyframe then begins another timeline. */
static void fit_timeline(s3hls__session *s, s3hls_segment *segment, bool audio) {
    if (s->timeline_empty)
        s->timeline_audio = audio;
    const char *reason = s->timeline_empty ? NULL : difference(s, segment, audio);
    s->timeline_outgrown = reason && segment->entry == S3HLS_ENTRY_NONE;
    if (reason && !s->timeline_outgrown) {
        segment->timeline = s->timeline.timeline = s->timelines++;
        s->timeline_audio = audio;
        s->timeline_due = true;
        s->init_due = s->container->init_segment != NULL;
        s->timeline_reason = reason;
        report_timeline(s);
    }
    s->timeline_empty = false;
    set_codecs(s);
}

void s3hls__session_accept(s3hls__session *s, s3hls__slot *slot, const s3hls__session_segment *a) {
    settle(s);
    int64_t start_90k = a->segmenter->start_90k;
    int64_t start_ms = s3hls__wall_at(&s->wall, start_90k) / 1000;
    int64_t end_ms = s3hls__wall_at(&s->wall, a->end_90k) / 1000;
    slot->kind = S3HLS__KEY_SEGMENT;
    slot->segment =
        (s3hls_segment){.start_ms = start_ms,
                        .duration_ms = end_ms > start_ms ? (uint32_t)(end_ms - start_ms) : 1,
                        .sequence = s->sequence++,
                        .timeline = s->timeline.timeline,
                        .size = slot->segment.size,
                        .entry = a->entry,
                        .container = slot->segment.container};
    uint32_t duration_ms = slot->segment.duration_ms;
    fit_timeline(s, &slot->segment, a->audio);
    s->segments_without_audio = a->silent ? s->segments_without_audio + 1 : 0;
    if (s->init_due)
        accept_init(s);
    if (s->timeline_due)
        accept_timeline(s, s3hls__segmenter_target_ms(a->segmenter, duration_ms));
    s->end_us = s3hls__wall_at(&s->wall, a->end_90k);
    count_segment(s, start_ms * 1000, a->end_90k - start_90k);
    hand_over(s, slot);
}

void s3hls__session_skip(s3hls__session *s, uint64_t segments) {
    s->sequence += segments;
}

/* ---- session and timelines */

void s3hls__session_begin(s3hls__session *s, s3hls__wall_place place, int64_t given_us) {
    s3hls__wall_begin(&s->wall, place);
    s->begun = true;
    s->first_given_us = given_us;
    s3hls__outbox_begin_session(s->box, s->wall.anchor_us, s->wall.start_time_us != 0,
                                s->wall.provisional);
}

/* Wall time of a new timeline. It continues the previous timeline, unless the clock was corrected
 * or pictures follow a pause: then it is the current time, or the time that the footage states. It
 * overlaps recorded time only if a clock was far ahead. */
static int64_t new_anchor_us(const s3hls__session *s, const s3hls__timeline_start *start) {
    int64_t anchor_us = s3hls__wall_at(&s->wall, start->place.pts_90k);
    int64_t end_us = s->end_us + start->begun_us;
    if (s->correction_us)
        return anchor_us + s->correction_us;
    if (!s->end_us)
        return s->wall.anchor_us;
    if (!s->wall.start_time_us && start->times_broke)
        anchor_us = s3hls__wall_now(&s->wall);
    else if (start->times_broke && start->times_given)
        anchor_us = s->wall.start_time_us + start->last_given_us - s->first_given_us;
    return anchor_us > end_us ? anchor_us : end_us;
}

void s3hls__session_begin_timeline(s3hls__session *s, const s3hls__timeline_start *start) {
    settle(s);
    s3hls__wall_anchor(&s->wall, start->place, new_anchor_us(s, start));
    if (start->times_broke)
        s3hls__wall_watch_anew(&s->wall);
    s->correction_us = 0;
    s->timeline = (s3hls_timeline){.timeline = s->timelines++,
                                   .width = start->tracks->video.width,
                                   .height = start->tracks->video.height,
                                   .frame_rate_milli = start->frame_rate_milli};
    s->tracks = start->tracks;
    s->container = start->container;
    snprintf(s->timeline.container, sizeof s->timeline.container, "%s", s->container->name);
    s->timeline_begun = s->timeline_due = s->timeline_empty = true;
    s->init_due = s->container->init_segment != NULL;
    s->timeline_outgrown = false;
    s->timeline_reason = start->reason;
    report_timeline(s);
}

/* ---- the wall clock */

static void report_clock(s3hls__session *s, int64_t by_us, bool step) {
    s3hls__log(s->env, S3HLS_LOG_WARN, "record",
               "the recording's time was %" PRId64 " ms %s: corrected%s",
               (by_us < 0 ? -by_us : by_us) / 1000, by_us < 0 ? "ahead" : "behind",
               step ? ", in a new timeline" : "");
    s3hls__outbox_report(s->box, &(s3hls_event){.type = S3HLS_EVENT_CLOCK,
                                                .duration_ms = by_us / 1000,
                                                .message = "the wall clock was corrected"});
}

static void report_wrong_rate(s3hls__session *s, int32_t percent) {
    char text[160];
    snprintf(text, sizeof text,
             "the input's times run at %" PRId32 ".%02" PRId32
             " times their true speed: the recording is not as long as what it shows took",
             percent / 100, percent % 100);
    s3hls__log(s->env, S3HLS_LOG_WARN, "record", "%s", text);
    s3hls__outbox_report(s->box, &(s3hls_event){.type = S3HLS_EVENT_INPUT_CLOCK,
                                                .count = (uint64_t)percent,
                                                .message = text});
}

int32_t s3hls__session_correct(s3hls__session *s, s3hls__wall_place place) {
    s3hls__wall_finding found = s3hls__wall_cut(&s->wall, place);
    int64_t by_us = found.by_us;
    bool step = by_us > S3HLS__WALL_STEP_US || by_us < -S3HLS__WALL_STEP_US;
    if (found.wrong_percent)
        report_wrong_rate(s, found.wrong_percent);
    if (by_us)
        report_clock(s, by_us, step);
    if (step) {
        s->correction_us = by_us;
        s3hls__wall_watch_anew(&s->wall);
    } else if (by_us) {
        s3hls__wall_anchor(&s->wall, place, s3hls__wall_at(&s->wall, place.pts_90k) + by_us);
    }
    return found.speed_ppm;
}
