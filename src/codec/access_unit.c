/* SPDX-License-Identifier: MIT-0 */
#include "codec/access_unit.h"
#include "codec/annexb.h"
#include <string.h>

static const uint8_t ZEROS[64];

void s3hls__au_init(s3hls__au_parser *p, s3hls__au_input input, unsigned nal_length_size,
                    const s3hls__au_sink *sink) {
    memset(p, 0, offsetof(s3hls__au_parser, held.bytes));
    p->input = input;
    p->nal_length_size = nal_length_size;
    p->sink = *sink;
}

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

static void emit_nal(s3hls__au_parser *p, const uint8_t *nal, size_t size) {
    unsigned type = nal[0] & 31;
    s3hls__nal_kind kind = type == S3HLS__H264_SPS   ? S3HLS__NAL_SPS
                           : type == S3HLS__H264_PPS ? S3HLS__NAL_PPS
                           : type == S3HLS__H264_AUD ? S3HLS__NAL_DELIMITER
                                                     : S3HLS__NAL_OTHER;
    if (!p->muted)
        note(p, p->sink.nal(p->sink.ctx, kind));
    emit(p, nal, size);
}

static void emit_set(void *ctx, const uint8_t *nal, size_t size) {
    emit_nal(ctx, nal, size);
}

/* ---- held NAL units */

static void emit_held(s3hls__au_parser *p) {
    size_t size;
    for (const uint8_t *nal = NULL; (nal = s3hls__held_next(&p->held, nal, &size));)
        emit_nal(p, nal, size);
}

static void forget_held(s3hls__au_parser *p) {
    s3hls__held_clear(&p->held);
    p->aud = 0;
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
    s3hls__unit au = {.idr = p->picture.first.nal_unit_type == S3HLS__H264_IDR,
                      .field = p->picture.first.field_pic,
                      .second_field = p->second_field,
                      .continues = true,
                      .track = &p->track};
    p->open = true;
    note(p, p->sink.begin(p->sink.ctx, &au));
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
    bool changed = p->keyframe_seen && p->track.parameters != p->keyframe_parameters;
    p->keyframe_seen = true;
    p->keyframe_parameters = p->track.parameters;
    return changed;
}

/* The second field of the frame that the previous access unit began (3.30, 7.4.1.2.4). */
static bool is_second_field(const s3hls__au_parser *p, const s3hls__h264_slice *s) {
    const s3hls__h264_slice *first = &p->picture.first;
    return p->known && !p->second_field && first->field_pic && s->field_pic &&
           first->bottom_field != s->bottom_field && first->frame_num == s->frame_num &&
           !(s->nal_unit_type == S3HLS__H264_IDR && first->nal_unit_type != S3HLS__H264_IDR) &&
           !(first->nal_ref_idc == 0 && s->nal_ref_idc != 0);
}

/* Write the AUD, the required parameter sets, and the other held NAL units (7.4.1.2.3). */
static void begin_unit(s3hls__au_parser *p, const s3hls__h264_slice *slice) {
    s3hls__unit au = {.idr = slice->nal_unit_type == S3HLS__H264_IDR,
                      .field = slice->field_pic,
                      .second_field = is_second_field(p, slice),
                      .track = &p->track};
    const uint8_t aud[2] = {S3HLS__H264_AUD, p->aud ? p->aud : 0xf0}; /* any slice type */
    end_unit(p);
    au.keyframe = (au.idr || p->recovery_point) && !au.second_field;
    au.parameters_changed = au.keyframe && parameters_changed(p);
    au.poc = s3hls__h264_poc_next(&p->poc, &p->sps, slice);
    s3hls__picture_begin(&p->picture, slice);
    p->second_field = au.second_field;
    p->pps_id = p->pps.id;
    p->known = p->open = true;
    note(p, p->sink.begin(p->sink.ctx, &au));
    emit_nal(p, aud, sizeof aud);
    s3hls__sets_begin_picture(&p->sets, &p->pps, au.keyframe, emit_set, p);
    emit_held(p);
    forget_held(p);
}

/* The held NAL units were between two slices of one picture: a prefix NAL unit (G.7.3.2.12), or a
 * misplaced SEI. */
static void continue_unit(s3hls__au_parser *p, const s3hls__h264_slice *slice) {
    if (!p->open)
        reopen_unit(p);
    s3hls__picture_add(&p->picture, slice);
    if (p->pps.id != p->pps_id)
        s3hls__sets_use_inside(&p->sets, &p->pps, emit_set, p);
    emit_held(p);
    forget_held(p);
}

/* ---- handling of one NAL unit */

static void damaged(s3hls__au_parser *p, bool slice) {
    p->nals_damaged++;
    p->slices_damaged += slice;
    p->nal = S3HLS__AT_SKIP;
}

static int activate(s3hls__au_parser *p, int pps_id) {
    if (pps_id < 0)
        return pps_id;
    if (p->active && p->pps.id == pps_id && p->active_generation == p->sets.generation)
        return S3HLS_OK;
    s3hls__h264_sps sps;
    s3hls__h264_pps pps;
    int rc = s3hls__sets_activate(&p->sets, (uint8_t)pps_id, &sps, &pps);
    if (rc)
        return rc;
    const s3hls__parameter_set *set = s3hls__sets_find(&p->sets, S3HLS__H264_SPS, sps.id);
    uint64_t content = s3hls__h264_sps_content(p->sets.bytes + set->offset, set->size);
    s3hls__h264_describe(&sps, content, &p->track);
    p->sps = sps;
    p->pps = pps;
    p->active_generation = p->sets.generation;
    p->active = true;
    return S3HLS_OK;
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

/* Decide which picture a slice belongs to. If slices may arrive in any order, a NAL unit that
 * begins an access unit, or the end of a call, separates pictures; otherwise these may lie between
 * two slices of one picture. */
static s3hls__slice_place place_slice(const s3hls__au_parser *p, const s3hls__h264_slice *slice) {
    bool in_order = s3hls__picture_in_order(&p->sps, &p->pps) && !slice->redundant_pic_cnt;
    bool believed = (p->boundary || !p->open) && !in_order;
    return s3hls__picture_place(p->known && !believed ? &p->picture : NULL, slice, &p->sps,
                                &p->pps);
}

static void decide_slice(s3hls__au_parser *p) {
    s3hls__h264_slice slice;
    int rc = activate(p, s3hls__h264_slice_pps_id(p->head, p->head_size));
    if (rc == S3HLS_E_NOT_FOUND && !p->active) {
        p->slices_early++;
        leave_out_slice(p, true);
        return;
    }
    if (!rc)
        rc = s3hls__h264_parse_slice(p->head, p->head_size, &p->sps, &p->pps, &slice);
    s3hls__slice_place place = rc ? S3HLS__SLICE_STRAY : place_slice(p, &slice);
    if (place == S3HLS__SLICE_STRAY || place == S3HLS__SLICE_HEADLESS) {
        leave_out_slice(p, place == S3HLS__SLICE_HEADLESS);
        if (rc || !slice.redundant_pic_cnt) /* otherwise its primary picture is missing */
            damaged(p, true);
        return;
    }
    p->nal = S3HLS__AT_PASS;
    if (place == S3HLS__SLICE_BEGINS)
        begin_unit(p, &slice);
    else
        continue_unit(p, &slice);
    emit_nal(p, p->head, p->head_size);
}

/* End of sequence and end of stream: no NAL unit of the next access unit precedes them. */
static void decide_end(s3hls__au_parser *p) {
    p->nal = p->known ? S3HLS__AT_PASS : S3HLS__AT_SKIP;
    if (!p->known)
        return;
    if (!p->open)
        reopen_unit(p);
    emit_held(p);
    forget_held(p);
    emit_nal(p, p->head, p->head_size);
}

/* NAL units 6 to 9 and 15 to 18 after a picture's last slice begin the next access unit. Type 14
 * precedes each slice of a scalable stream's base layer: that slice decides. */
static void decide(s3hls__au_parser *p) {
    enum { PREFIX_NAL = 14, SUBSET_SPS = 15, RESERVED_18 = 18 };
    unsigned type = p->head[0] & 31;
    if (p->head[0] & 0x80) { /* forbidden_zero_bit */
        bool slice = type >= S3HLS__H264_NON_IDR && type <= S3HLS__H264_IDR;
        if (slice)
            leave_out_slice(p, false);
        damaged(p, slice);
        return;
    }
    p->nals_counted += type == p->counted_type;
    p->sps_seen |= type == S3HLS__H264_SPS;
    bool begins = (type >= S3HLS__H264_SEI && type <= S3HLS__H264_AUD) ||
                  (type >= SUBSET_SPS && type <= RESERVED_18);
    p->boundary |= begins;
    if (type == S3HLS__H264_NON_IDR || type == S3HLS__H264_PARTITION_A || type == S3HLS__H264_IDR) {
        decide_slice(p);
    } else if (type == S3HLS__H264_AUD) {
        p->aud = p->head_size > 1 ? p->head[1] : 0;
        p->nal = S3HLS__AT_SKIP; /* a new AUD is written as the first NAL unit */
    } else if (begins || type == PREFIX_NAL) {
        hold(p);
    } else if (type == S3HLS__H264_END_SEQUENCE || type == S3HLS__H264_END_STREAM) {
        decide_end(p);
    } else if (p->open &&
               !p->boundary) { /* partitions, filler, extensions: part of the open picture */
        p->nal = S3HLS__AT_PASS;
        emit_nal(p, p->head, p->head_size);
    } else {
        p->nal = S3HLS__AT_SKIP;
    }
}

/* Parameter sets are written from the stored copy. */
static void end_held_nal(s3hls__au_parser *p) {
    size_t size;
    const uint8_t *nal = s3hls__held_newest(&p->held, &size);
    unsigned type = nal[0] & 31;
    if (type == S3HLS__H264_SEI)
        p->recovery_point |= s3hls__h264_recovery_point(nal, size) >= 0;
    if (type != S3HLS__H264_SPS && type != S3HLS__H264_PPS)
        return;
    if (s3hls__sets_keep(&p->sets, nal, size))
        damaged(p, false);
    s3hls__held_drop_newest(&p->held);
}

/* ---- NAL units out of bytes */

static void nal_begin(s3hls__au_parser *p) {
    p->nal = S3HLS__AT_HEAD;
    p->head_size = 0;
}

static void nal_bytes(s3hls__au_parser *p, const uint8_t *data, size_t size) {
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

static void nal_end(s3hls__au_parser *p) {
    if (p->nal == S3HLS__AT_HEAD && p->head_size > 0) /* an empty NAL unit is not damage */
        decide(p);
    if (p->nal == S3HLS__AT_HELD)
        end_held_nal(p);
    p->nal = S3HLS__AT_NONE;
}

/* The held zero bytes are part of the NAL unit. */
static void release_zeros(s3hls__au_parser *p) {
    while (p->zeros) {
        size_t n = p->zeros < sizeof ZEROS ? p->zeros : sizeof ZEROS;
        nal_bytes(p, ZEROS, n);
        p->zeros -= n;
    }
}

static void next_nal(s3hls__au_parser *p) {
    if (p->nal != S3HLS__AT_NONE)
        nal_end(p);
    nal_begin(p);
}

/* Handle held zero bytes according to the bytes that follow. Zeros before a start code belong to no
 * NAL unit (B.1.1, leading_zero_8bits, trailing_zero_8bits). @return where to continue. */
static const uint8_t *settle_zeros(s3hls__au_parser *p, const uint8_t *at, const uint8_t *end) {
    for (; at != end && *at == 0; at++)
        p->zeros++;
    if (at == end)
        return at;
    if (*at == 1 && p->zeros >= 2) {
        p->zeros = 0;
        next_nal(p);
        return at + 1;
    }
    release_zeros(p);
    return at;
}

static void put_annex_b(s3hls__au_parser *p, const uint8_t *at, const uint8_t *end) {
    while (at != end) {
        if (p->zeros) {
            at = settle_zeros(p, at, end);
            continue;
        }
        const uint8_t *stop = s3hls__nal_start_code(at, end), *last = stop;
        while (last != at && last[-1] == 0)
            last--;
        nal_bytes(p, at, (size_t)(last - at));
        at = stop == end ? end : stop + 2; /* the zeros of the start code are held too */
        p->zeros = (size_t)(at - last);
    }
}

/* left: bytes of the call from at on. A larger length is damage, and the following NAL units cannot
 * be located. */
static void put_length_prefixed(s3hls__au_parser *p, const uint8_t *at, const uint8_t *end,
                                uint64_t left) {
    while (at != end) {
        if (p->nal != S3HLS__AT_NONE) {
            uint64_t here = (uint64_t)(end - at);
            size_t n = (size_t)(p->length < here ? p->length : here);
            nal_bytes(p, at, n);
            at += n;
            left -= n;
            p->length -= n;
            if (p->length == 0)
                nal_end(p);
            continue;
        }
        p->length = (p->length_bytes ? p->length << 8 : 0) | *at++;
        left--;
        if (++p->length_bytes < p->nal_length_size)
            continue;
        p->length_bytes = 0;
        if (p->length > left) {
            damaged(p, true);
            p->length = left;
            if (left == 0)
                p->nal = S3HLS__AT_NONE;
            continue;
        }
        nal_begin(p);
        if (p->length == 0)
            nal_end(p);
    }
}

/* ---- calls */

static bool begins_with_start_code(const s3hls_span *spans, size_t count) {
    size_t zeros = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < spans[i].size; k++) {
            if (spans[i].data[k])
                return spans[i].data[k] == 1 && zeros >= 2;
            zeros++;
        }
    return false;
}

/* End the open NAL unit, without the held zeros. */
static void end_of_nal(s3hls__au_parser *p) {
    if (p->length_bytes) /* incomplete length field */
        damaged(p, true);
    if (p->nal != S3HLS__AT_NONE)
        nal_end(p);
    p->zeros = 0;
    p->length_bytes = 0;
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
    uint64_t left = 0;
    p->status = S3HLS_OK;
    if (p->input != S3HLS__AU_INPUT_BYTES && !p->nal_length_size &&
        !begins_with_start_code(spans, count))
        nal_begin(p); /* a NAL unit without a length field */
    for (size_t i = 0; i < count; i++)
        left += spans[i].size;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = spans[i].data, *end = spans[i].size ? at + spans[i].size : at;
        if (p->nal_length_size)
            put_length_prefixed(p, at, end, left);
        else
            put_annex_b(p, at, end);
        left -= spans[i].size;
    }
    if (p->input != S3HLS__AU_INPUT_BYTES)
        end_of_nal(p);
    if (p->input == S3HLS__AU_INPUT_FRAMES)
        end_unit_with_held(p);
    return outcome(p, before);
}

int s3hls__au_flush(s3hls__au_parser *p) {
    counts before = counts_of(p);
    p->status = S3HLS_OK;
    end_of_nal(p);
    if (!p->open && p->known && s3hls__held_count(&p->held))
        reopen_unit(p);
    end_unit_with_held(p);
    p->nals_refused += s3hls__held_count(&p->held); /* their picture never arrived */
    forget_held(p);
    return outcome(p, before);
}
