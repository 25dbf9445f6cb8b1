/* SPDX-License-Identifier: MIT-0 */
#include "codec/access_unit.h"
#include "codec/nal.h"
#include <string.h>

static const uint8_t START_CODE[4] = {0, 0, 0, 1};
static const uint8_t ZEROS[64];

void s3hls__au_init(s3hls__au_parser *p, s3hls__au_input input, unsigned nal_length_size,
                    const s3hls__au_sink *sink) {
    memset(p, 0, sizeof *p);
    p->input = input;
    p->nal_length_size = nal_length_size;
    p->sink = *sink;
}

/* ---- out: to the sink */

static void note(s3hls__au_parser *p, int status) {
    if (status && !p->status)
        p->status = status;
    p->muted |= status != S3HLS_OK;
}

static void emit(s3hls__au_parser *p, const uint8_t *data, size_t size) {
    if (!p->muted && size)
        note(p, p->sink.data(p->sink.ctx, data, size));
}

/* The first NAL unit and parameter sets have a zero byte before their start code (B.1.2). */
static void emit_nal(s3hls__au_parser *p, const uint8_t *nal, size_t size) {
    unsigned type = nal[0] & 31;
    bool zero_byte = type == S3HLS__NAL_SPS || type == S3HLS__NAL_PPS || type == S3HLS__NAL_AUD;
    emit(p, START_CODE + !zero_byte, sizeof START_CODE - !zero_byte);
    emit(p, nal, size);
}

static void emit_prefix(s3hls__au_parser *p, bool with_sets) {
    for (uint32_t i = 0; i < p->prefix_count; i++) {
        const uint8_t *nal = p->prefix + p->prefix_nals[i].offset;
        unsigned type = nal[0] & 31;
        if (with_sets || (type != S3HLS__NAL_SPS && type != S3HLS__NAL_PPS))
            emit_nal(p, nal, p->prefix_nals[i].size);
    }
}

static void forget_prefix(s3hls__au_parser *p) {
    p->prefix_count = p->prefix_used = 0;
    p->aud = 0;
    p->recovery_point = false;
}

static void end_unit(s3hls__au_parser *p) {
    if (p->open && !p->muted)
        note(p, p->sink.end(p->sink.ctx));
    p->open = p->muted = false;
}

/* AUD, at keyframes the parameter sets, the rest of what was held back (7.4.1.2.3). */
static void emit_beginning(s3hls__au_parser *p, bool keyframe) {
    const uint8_t aud[2] = {S3HLS__NAL_AUD, p->aud ? p->aud : 0xf0}; /* any slice type */
    emit_nal(p, aud, sizeof aud);
    for (uint32_t i = 0; keyframe && i < p->sets.count; i++)
        emit_nal(p, p->sets.bytes + p->sets.sets[i].offset, p->sets.sets[i].size);
    emit_prefix(p, !keyframe);
}

static bool sps_changed(s3hls__au_parser *p) {
    const s3hls__parameter_set *set = s3hls__sets_find(&p->sets, S3HLS__NAL_SPS, p->sps.id);
    const uint8_t *bytes = p->sets.bytes + set->offset;
    bool first = p->keyframe_sps_size == 0;
    bool same = p->keyframe_sps_size == set->size && !memcmp(p->keyframe_sps, bytes, set->size);
    memcpy(p->keyframe_sps, bytes, set->size);
    p->keyframe_sps_size = set->size;
    return !first && !same;
}

/* The other field of the frame that the access unit before began (3.30, 7.4.1.2.4). */
static bool is_second_field(const s3hls__au_parser *p, const s3hls__h264_slice *s) {
    const s3hls__h264_slice *first = &p->slice;
    return p->has_slice && !p->second_field && first->field_pic && s->field_pic &&
           first->bottom_field != s->bottom_field && first->frame_num == s->frame_num &&
           !(s->nal_unit_type == S3HLS__NAL_IDR && first->nal_unit_type != S3HLS__NAL_IDR) &&
           !(first->nal_ref_idc == 0 && s->nal_ref_idc != 0);
}

static void begin_unit(s3hls__au_parser *p, const s3hls__h264_slice *slice) {
    s3hls__access_unit au = {.idr = slice->nal_unit_type == S3HLS__NAL_IDR,
                             .field_pic = slice->field_pic,
                             .second_field = is_second_field(p, slice),
                             .sps = &p->sps};
    end_unit(p);
    au.recovery_point = p->recovery_point && !au.idr;
    bool keyframe = au.idr || au.recovery_point;
    au.parameters_changed = keyframe && sps_changed(p);
    au.poc = s3hls__h264_poc_next(&p->poc, &p->sps, slice);
    p->slice = *slice;
    p->second_field = au.second_field;
    p->has_slice = p->open = true;
    note(p, p->sink.begin(p->sink.ctx, &au));
    emit_beginning(p, keyframe);
    forget_prefix(p);
}

/* ---- one NAL unit: what to do with it */

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
    p->sps = sps;
    p->pps = pps;
    p->active_generation = p->sets.generation;
    p->active = true;
    return S3HLS_OK;
}

static void decide_slice(s3hls__au_parser *p) {
    s3hls__h264_slice slice;
    int rc = activate(p, s3hls__h264_slice_pps_id(p->head, p->head_size));
    if (rc == S3HLS_E_NOT_FOUND && !p->active) {
        p->slices_early++;
        p->nal = S3HLS__AT_SKIP;
        return;
    }
    if (!rc)
        rc = s3hls__h264_parse_slice(p->head, p->head_size, &p->sps, &p->pps, &slice);
    if (rc) {
        damaged(p, true);
        return;
    }
    bool first = slice.redundant_pic_cnt == 0 &&
                 (!p->open || s3hls__h264_first_of_picture(&p->slice, &slice, &p->sps));
    p->nal = S3HLS__AT_PASS;
    if (first)
        begin_unit(p, &slice);
    else if (!p->open)
        p->nal = S3HLS__AT_SKIP; /* a redundant slice of a picture that never came */
    else if (p->prefix_count) {
        emit_prefix(p, true); /* between slices of one picture: a prefix NAL unit (G.7.3.2.12) */
        forget_prefix(p);
    }
    if (p->nal == S3HLS__AT_PASS)
        emit_nal(p, p->head, p->head_size);
}

static void append_prefix(s3hls__au_parser *p, const uint8_t *data, size_t size) {
    if (size > S3HLS__AU_PREFIX_BYTES - p->prefix_used) {
        p->prefix_used = p->prefix_nals[--p->prefix_count].offset;
        damaged(p, false);
        return;
    }
    memcpy(p->prefix + p->prefix_used, data, size);
    p->prefix_used += (uint32_t)size;
    p->prefix_nals[p->prefix_count - 1].size += (uint32_t)size;
}

static void begin_prefix_nal(s3hls__au_parser *p) {
    if (p->prefix_count == S3HLS__AU_PREFIX_NALS) {
        damaged(p, false);
        return;
    }
    p->prefix_nals[p->prefix_count].offset = p->prefix_used;
    p->prefix_nals[p->prefix_count++].size = 0;
    p->nal = S3HLS__AT_PREFIX;
    append_prefix(p, p->head, p->head_size);
}

/* NAL units 6 to 9 and 15 to 18 behind a picture's last slice begin the next access unit; 14 stands
 * before each slice of a scalable stream's base layer, and that slice decides. */
static void decide(s3hls__au_parser *p) {
    enum { PREFIX_NAL = 14, SUBSET_SPS = 15, RESERVED_18 = 18 };
    unsigned type = p->head[0] & 31;
    if (p->head[0] & 0x80) { /* forbidden_zero_bit */
        damaged(p, type >= S3HLS__NAL_NON_IDR && type <= S3HLS__NAL_IDR);
        return;
    }
    p->nal_seen[type]++;
    bool begins = (type >= S3HLS__NAL_SEI && type <= S3HLS__NAL_AUD) ||
                  (type >= SUBSET_SPS && type <= RESERVED_18);
    if (begins)
        end_unit(p);
    if (type == S3HLS__NAL_NON_IDR || type == S3HLS__NAL_PARTITION_A || type == S3HLS__NAL_IDR) {
        decide_slice(p);
    } else if (type == S3HLS__NAL_AUD) {
        p->aud = p->head_size > 1 ? p->head[1] : 0;
        p->nal = S3HLS__AT_SKIP; /* written anew, as the first */
    } else if (begins || type == PREFIX_NAL) {
        begin_prefix_nal(p);
    } else if (p->open) { /* partitions, filler, ends, extensions: of the picture that is open */
        p->nal = S3HLS__AT_PASS;
        emit_nal(p, p->head, p->head_size);
    } else {
        p->nal = S3HLS__AT_SKIP;
    }
}

static void end_prefix_nal(s3hls__au_parser *p) {
    uint32_t offset = p->prefix_nals[p->prefix_count - 1].offset;
    const uint8_t *nal = p->prefix + offset;
    size_t size = p->prefix_nals[p->prefix_count - 1].size;
    unsigned type = nal[0] & 31;
    if (type == S3HLS__NAL_SEI)
        p->recovery_point |= s3hls__h264_recovery_point(nal, size) >= 0;
    if ((type == S3HLS__NAL_SPS || type == S3HLS__NAL_PPS) &&
        s3hls__sets_keep(&p->sets, nal, size)) {
        p->prefix_used = offset;
        p->prefix_count--;
        damaged(p, false);
    }
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
    if (p->nal == S3HLS__AT_PREFIX)
        append_prefix(p, data, size);
    else if (p->nal == S3HLS__AT_PASS)
        emit(p, data, size);
}

static void nal_end(s3hls__au_parser *p) {
    if (p->nal == S3HLS__AT_HEAD && p->head_size == 0)
        damaged(p, false); /* a NAL unit of no bytes */
    else if (p->nal == S3HLS__AT_HEAD)
        decide(p);
    if (p->nal == S3HLS__AT_PREFIX)
        end_prefix_nal(p);
    p->nal = S3HLS__AT_NONE;
}

/* Zero bytes that were held back turned out to be the NAL unit's own. */
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

/* Zeros held back meet what comes behind them. Before a start code they belong to no NAL unit
 * (B.1.1, leading_zero_8bits, trailing_zero_8bits). @return where to go on. */
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
        at = stop == end ? end : stop + 2; /* the start code's own zeros are held back too */
        p->zeros = (size_t)(at - last);
    }
}

/* left: bytes of the call from at on. A length beyond them is damage, and what follows cannot be
 * told apart. */
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

/* The NAL unit that is open ends here, with nothing of what is held back. */
static void end_of_nal(s3hls__au_parser *p) {
    if (p->length_bytes) /* half of a length field */
        damaged(p, true);
    if (p->nal != S3HLS__AT_NONE)
        nal_end(p);
    p->zeros = 0;
    p->length_bytes = 0;
}

static int outcome(const s3hls__au_parser *p, uint64_t damaged_before) {
    if (p->status)
        return p->status;
    return p->nals_damaged > damaged_before ? S3HLS_E_MALFORMED : S3HLS_OK;
}

int s3hls__au_put(s3hls__au_parser *p, const s3hls_span *spans, size_t count) {
    uint64_t damaged_before = p->nals_damaged, left = 0;
    p->status = S3HLS_OK;
    if (p->input != S3HLS__AU_INPUT_BYTES && !p->nal_length_size &&
        !begins_with_start_code(spans, count))
        nal_begin(p); /* a NAL unit without one */
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
        end_unit(p);
    return outcome(p, damaged_before);
}

int s3hls__au_flush(s3hls__au_parser *p) {
    uint64_t damaged_before = p->nals_damaged;
    p->status = S3HLS_OK;
    end_of_nal(p);
    end_unit(p);
    return outcome(p, damaged_before);
}
