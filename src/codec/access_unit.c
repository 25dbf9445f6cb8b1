/* SPDX-License-Identifier: MIT-0 */
#include "codec/access_unit.h"
#include <string.h>

/* ---- output to the sink */

static void note(s3hls__au_parser *p, int status) {
    if (status && !p->status)
        p->status = status;
    p->muted |= status != S3HLS_OK;
}

static void emit(s3hls__au_parser *p, const uint8_t *data, size_t size) {
    if (!p->muted && size)
        note(p, p->sink.data(p->sink.ctx, data, size));
}

static void emit_nal(s3hls__au_parser *p, const uint8_t *nal, size_t size, s3hls__nal_kind kind) {
    if (!p->muted)
        note(p, p->sink.nal(p->sink.ctx, kind));
    emit(p, nal, size);
}

static void emit_head(s3hls__au_parser *p) {
    p->nal = S3HLS__AT_PASS;
    emit_nal(p, p->head, p->head_size, p->kind);
}

static void emit_set(void *ctx, const uint8_t *nal, size_t size, s3hls__nal_kind kind) {
    emit_nal(ctx, nal, size, kind);
}

/* ---- held NAL units */

static void emit_held(s3hls__au_parser *p) {
    size_t size;
    for (const uint8_t *nal = NULL; (nal = s3hls__held_next(&p->held, nal, &size));)
        emit_nal(p, nal, size, p->codec->nal_kind(nal, size));
}

static void forget_held(s3hls__au_parser *p) {
    s3hls__held_clear(&p->held);
    p->delimiter = 0;
    p->boundary = p->recovery_point = false;
}

static void append_held(s3hls__au_parser *p, const uint8_t *data, size_t size) {
    p->nal = S3HLS__AT_HELD;
    if (s3hls__held_append(&p->held, data, size))
        return;
    p->nals_refused++;
    p->nal = S3HLS__AT_SKIP;
}

static void hold(s3hls__au_parser *p) {
    s3hls__held_begin(&p->held);
    append_held(p, p->head, p->head_size);
}

/* ---- access units */

static void end_unit(s3hls__au_parser *p) {
    if (p->open && !p->muted)
        note(p, p->sink.end(p->sink.ctx));
    p->open = p->muted = false;
}

/* The previous call ended the newest access unit, but the unit continues. */
static void reopen_unit(s3hls__au_parser *p) {
    p->unit.continues = p->open = true;
    note(p, p->sink.begin(p->sink.ctx, &p->unit));
}

/* No slices follow: the held NAL units after the last slice belong to its access unit. */
static void end_unit_with_held(s3hls__au_parser *p) {
    if (p->open) {
        emit_held(p);
        forget_held(p);
    }
    end_unit(p);
}

static bool parameters_changed(s3hls__au_parser *p) {
    uint64_t parameters = p->unit.track->parameters;
    bool changed = p->keyframe_seen && parameters != p->keyframe_parameters;
    p->keyframe_seen = true;
    p->keyframe_parameters = parameters;
    return changed;
}

/* Write a delimiter, the stream's own where it has one. */
static void emit_delimiter(s3hls__au_parser *p) {
    uint8_t nal[sizeof p->codec->delimiter];
    size_t header = p->codec->header_size;
    memcpy(nal, p->codec->delimiter, sizeof nal);
    if (p->delimiter)
        nal[header] = p->delimiter;
    emit_nal(p, nal, header + 1, S3HLS__NAL_DELIMITER);
}

/* Write the delimiter, the required parameter sets, and the other held NAL units. */
static void begin_unit(s3hls__au_parser *p, const s3hls__slice *slice) {
    end_unit(p);
    p->unit = slice->unit;
    p->unit.keyframe =
        (p->kind == S3HLS__NAL_KEY_SLICE || p->recovery_point) && !p->unit.second_field;
    p->unit.parameters_changed = p->unit.keyframe && parameters_changed(p);
    p->pps_id = slice->pps_id;
    p->known = p->open = true;
    note(p, p->sink.begin(p->sink.ctx, &p->unit));
    emit_delimiter(p);
    s3hls__sets_begin_picture(&p->sets, p->pps_id, p->unit.keyframe, emit_set, p);
    emit_held(p);
    forget_held(p);
}

/* The held NAL units were between two slices of one picture: prefix NAL units, or a misplaced
 * SEI. */
static void continue_unit(s3hls__au_parser *p, const s3hls__slice *slice) {
    if (!p->open)
        reopen_unit(p);
    if (slice->pps_id != p->pps_id)
        s3hls__sets_use_inside(&p->sets, slice->pps_id, emit_set, p);
    emit_held(p);
    forget_held(p);
}

/* ---- handling of one NAL unit */

static void damaged(s3hls__au_parser *p, bool slice) {
    p->nals_damaged++;
    p->slices_damaged += slice;
    p->nal = S3HLS__AT_SKIP;
}

/* Drop an unusable slice together with the NAL units that were held for its picture. If it may have
 * begun a picture, the following slices do not belong to the previous picture. */
static void leave_out_slice(s3hls__au_parser *p, bool headless) {
    if (headless || p->boundary || !p->open) {
        end_unit(p);
        p->known = false;
    }
    forget_held(p);
    p->nal = S3HLS__AT_SKIP;
}

static s3hls__slice_after newest_before(const s3hls__au_parser *p) {
    if (!p->known)
        return S3HLS__AFTER_NOTHING;
    return p->boundary || !p->open ? S3HLS__AFTER_BOUNDARY : S3HLS__AFTER_SLICE;
}

static void decide_slice(s3hls__au_parser *p) {
    s3hls__slice slice;
    int rc =
        p->codec->read_slice(&p->state, &p->sets, p->head, p->head_size, newest_before(p), &slice);
    if (rc == S3HLS_E_NOT_FOUND && !slice.unit.track) {
        p->slices_early++;
        leave_out_slice(p, true);
    } else if (!rc && slice.place == S3HLS__SLICE_BEGINS) {
        begin_unit(p, &slice);
        emit_head(p);
    } else if (!rc && slice.place == S3HLS__SLICE_CONTINUES) {
        continue_unit(p, &slice);
        emit_head(p);
    } else {
        leave_out_slice(p, !rc && slice.place == S3HLS__SLICE_HEADLESS);
        if (rc || !slice.redundant)
            damaged(p, true);
    }
}

/* End of sequence and end of stream: no NAL unit of the next access unit precedes them. */
static void decide_end(s3hls__au_parser *p) {
    p->nal = S3HLS__AT_SKIP;
    if (p->codec->end_sequence)
        p->codec->end_sequence(&p->state);
    if (!p->known)
        return;
    if (!p->open)
        reopen_unit(p);
    emit_held(p);
    forget_held(p);
    emit_head(p);
}

/* The stream continues in another codec, as when a camera's settings were changed. */
static void switch_codec(s3hls__au_parser *p, const s3hls__codec *codec) {
    end_unit_with_held(p);
    p->known = false;
    p->codec = codec;
    memset(&p->state, 0, sizeof p->state);
    memset(&p->sets, 0, offsetof(s3hls__parameter_sets, bytes));
    p->sps_seen = false;
    forget_held(p);
}

/* Note what a NAL unit means for the next picture and for the counters. */
static void note_kind(s3hls__au_parser *p, s3hls__nal_kind kind, const uint8_t *nal, size_t size) {
    size_t header = p->codec->header_size;
    if (kind < S3HLS__NAL_DAMAGED && p->counted_type)
        p->nals_counted += p->codec->nal_type(nal) == p->counted_type;
    p->sps_seen |= kind == S3HLS__NAL_SPS;
    p->boundary |= kind <= S3HLS__NAL_LEADING;
    if (kind == S3HLS__NAL_DELIMITER) /* one is written as the first NAL unit */
        p->delimiter = size > header ? nal[header] : 0;
}

/* ---- detection of the codec */

/* A NAL unit that was held before the codec was known. */
static s3hls__held_verdict decide_held(void *ctx, const uint8_t *nal, size_t size) {
    s3hls__au_parser *p = ctx;
    s3hls__nal_kind kind = p->codec->nal_kind(nal, size);
    note_kind(p, kind, nal, size);
    if (s3hls__nal_is_slice(kind)) {
        p->slices_early++;
        p->delimiter = 0;
        p->boundary = p->recovery_point = false;
        return S3HLS__HELD_DROP_ALL;
    }
    if (s3hls__nal_is_set(kind) && s3hls__sets_keep(&p->sets, p->codec, nal, size))
        p->nals_damaged++;
    if (kind != S3HLS__NAL_LEADING && kind != S3HLS__NAL_PREFIX)
        return S3HLS__HELD_DROP;
    p->recovery_point |= p->codec->recovery_point(nal, size);
    return S3HLS__HELD_KEEP;
}

static void detect(s3hls__au_parser *p) {
    const s3hls__codec *codec =
        s3hls__codec_detect(p->detected ? p->codec : NULL, p->head, p->head_size);
    if (!codec)
        return;
    if (p->detected) {
        switch_codec(p, codec);
        return;
    }
    p->codec = codec;
    p->detected = true;
    s3hls__held_filter(&p->held, decide_held, p);
}

/* Handle a NAL unit of a stream whose codec is not known yet.
 * @return false: it is the same in each codec */
static bool decide_undetected(s3hls__au_parser *p) {
    s3hls__nal_kind h264 = s3hls__codec_h264.nal_kind(p->head, p->head_size);
    s3hls__nal_kind h265 = s3hls__codec_h265.nal_kind(p->head, p->head_size);
    if (s3hls__codec_any_slice(p->head, p->head_size)) {
        p->slices_early++;
        leave_out_slice(p, true);
        return true;
    }
    if (h264 > S3HLS__NAL_PREFIX && h265 > S3HLS__NAL_PREFIX)
        return false;
    hold(p);
    return true;
}

static void decide(s3hls__au_parser *p) {
    if (p->detects)
        detect(p);
    p->kind = p->codec->nal_kind(p->head, p->head_size);
    p->nal = S3HLS__AT_SKIP;
    if (p->detects && !p->detected && decide_undetected(p))
        return;
    note_kind(p, p->kind, p->head, p->head_size);
    switch (p->kind) {
    case S3HLS__NAL_DELIMITER:
        break;
    case S3HLS__NAL_VPS:
    case S3HLS__NAL_SPS:
    case S3HLS__NAL_PPS:
    case S3HLS__NAL_LEADING:
    case S3HLS__NAL_PREFIX:
        hold(p);
        break;
    case S3HLS__NAL_SLICE:
    case S3HLS__NAL_KEY_SLICE:
        decide_slice(p);
        break;
    case S3HLS__NAL_TRAILING:
        if (p->open && !p->boundary)
            emit_head(p);
        break;
    case S3HLS__NAL_END_SEQUENCE:
    case S3HLS__NAL_END_STREAM:
        decide_end(p);
        break;
    case S3HLS__NAL_DROPPED:
        break;
    case S3HLS__NAL_DAMAGED_SLICE:
        leave_out_slice(p, false);
        damaged(p, true);
        break;
    case S3HLS__NAL_DAMAGED:
        damaged(p, false);
    }
}

/* Parameter sets are written from the stored copy. */
static void end_held_nal(s3hls__au_parser *p) {
    size_t size;
    const uint8_t *nal = s3hls__held_newest(&p->held, &size);
    if (p->detects && !p->detected)
        return;
    if (!s3hls__nal_is_set(p->kind)) {
        p->recovery_point |= p->codec->recovery_point(nal, size);
        return;
    }
    if (s3hls__sets_keep(&p->sets, p->codec, nal, size))
        damaged(p, false);
    s3hls__held_drop_newest(&p->held);
}

/* ---- from the splitter */

static void nal_begin(void *ctx) {
    s3hls__au_parser *p = ctx;
    p->nal = S3HLS__AT_HEAD;
    p->head_size = 0;
}

static void nal_bytes(void *ctx, const uint8_t *data, size_t size) {
    s3hls__au_parser *p = ctx;
    if (p->nal == S3HLS__AT_HEAD) {
        size_t n = sizeof p->head - p->head_size < size ? sizeof p->head - p->head_size : size;
        memcpy(p->head + p->head_size, data, n);
        p->head_size += n;
        data += n;
        size -= n;
        if (p->head_size == sizeof p->head)
            decide(p);
    }
    if (size == 0)
        return;
    if (p->nal == S3HLS__AT_HELD)
        append_held(p, data, size);
    else if (p->nal == S3HLS__AT_PASS)
        emit(p, data, size);
}

static void nal_end(void *ctx) {
    s3hls__au_parser *p = ctx;
    if (p->nal == S3HLS__AT_HEAD && p->head_size > 0) /* an empty NAL unit is not damage */
        decide(p);
    if (p->nal == S3HLS__AT_HELD)
        end_held_nal(p);
}

static void nal_damaged(void *ctx) {
    damaged(ctx, true);
}

/* ---- calls */

void s3hls__au_init(s3hls__au_parser *p, const s3hls__codec *codec, s3hls__au_input input,
                    unsigned nal_length_size, const s3hls__au_sink *sink) {
    memset(p, 0, offsetof(s3hls__au_parser, held.bytes));
    p->codec = codec ? codec : &s3hls__codec_h264;
    p->detects = !codec;
    p->input = input;
    p->sink = *sink;
    p->splitter.sink = (s3hls__nal_sink){p, nal_begin, nal_bytes, nal_end, nal_damaged};
    p->splitter.length_size = nal_length_size;
}

typedef struct counts {
    uint64_t damaged, refused;
} counts;

static counts counts_of(const s3hls__au_parser *p) {
    return (counts){p->nals_damaged, p->nals_refused};
}

static int outcome(const s3hls__au_parser *p, counts before) {
    if (p->status)
        return p->status;
    if (p->nals_damaged > before.damaged)
        return S3HLS_E_MALFORMED;
    return p->nals_refused > before.refused ? S3HLS_E_TOO_LARGE : S3HLS_OK;
}

int s3hls__au_put(s3hls__au_parser *p, const s3hls_span *spans, size_t count) {
    counts before = counts_of(p);
    p->status = S3HLS_OK;
    s3hls__nal_split(&p->splitter, spans, count, p->input != S3HLS__AU_INPUT_BYTES);
    if (p->input == S3HLS__AU_INPUT_FRAMES)
        end_unit_with_held(p);
    return outcome(p, before);
}

int s3hls__au_flush(s3hls__au_parser *p) {
    counts before = counts_of(p);
    p->status = S3HLS_OK;
    s3hls__nal_split_end(&p->splitter);
    if (!p->open && p->known && s3hls__held_count(&p->held))
        reopen_unit(p);
    end_unit_with_held(p);
    if (p->detects && !p->detected)
        s3hls__held_filter(&p->held, decide_held, p);
    p->nals_refused += s3hls__held_count(&p->held); /* their picture never arrived */
    forget_held(p);
    return outcome(p, before);
}
