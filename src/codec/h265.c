/* SPDX-License-Identifier: MIT-0 */
#include "codec/h265.h"
#include <stdio.h>
#include <string.h>

enum { HEADER = 2 };

/* ---- NAL units */

/* In the classes of 7.4.2.4.4. */
static s3hls__nal_kind kind_of_type(uint8_t type) {
    if (type < S3HLS__H265_RESERVED_10)
        return S3HLS__NAL_SLICE;
    if (s3hls__h265_is_irap(type))
        return S3HLS__NAL_KEY_SLICE;
    if (type < S3HLS__H265_VCL_END) /* reserved: decoders ignore them */
        return S3HLS__NAL_DROPPED;
    switch (type) {
    case S3HLS__H265_VPS:
        return S3HLS__NAL_VPS;
    case S3HLS__H265_SPS:
        return S3HLS__NAL_SPS;
    case S3HLS__H265_PPS:
        return S3HLS__NAL_PPS;
    case S3HLS__H265_AUD:
        return S3HLS__NAL_DELIMITER;
    case S3HLS__H265_END_SEQUENCE:
        return S3HLS__NAL_END_SEQUENCE;
    case S3HLS__H265_END_STREAM:
        return S3HLS__NAL_END_STREAM;
    case S3HLS__H265_PREFIX_SEI:
        return S3HLS__NAL_LEADING;
    default: {
        bool leading = (type >= S3HLS__H265_RESERVED_41 && type < S3HLS__H265_RESERVED_45) ||
                       (type >= S3HLS__H265_UNSPECIFIED_48 && type < S3HLS__H265_UNSPECIFIED_56);
        return leading ? S3HLS__NAL_LEADING : S3HLS__NAL_TRAILING;
    }
    }
}

static s3hls__nal_kind nal_kind(const uint8_t *head, size_t size) {
    uint8_t type = s3hls__h265_type(head);
    bool forbidden = head[0] & 0x80, no_temporal_id = size >= HEADER && !(head[1] & 7);
    if (size < HEADER || forbidden || no_temporal_id)
        return type < S3HLS__H265_VCL_END ? S3HLS__NAL_DAMAGED_SLICE : S3HLS__NAL_DAMAGED;
    bool base_layer = !(head[0] & 1) && !(head[1] & 0xf8); /* nuh_layer_id 0 */
    return base_layer ? kind_of_type(type) : S3HLS__NAL_DROPPED;
}

/* Intra refresh without IRAP pictures is not a place at which MP4 files can begin. */
static bool recovery_point(const uint8_t *nal, size_t size) {
    (void)nal;
    (void)size;
    return false;
}

/* ---- parameter sets */

static int read_set(const uint8_t *nal, size_t size, s3hls__set_key *key) {
    s3hls__h265_sps sps;
    s3hls__h265_pps pps;
    int rc;
    switch (size ? s3hls__h265_type(nal) : 0) {
    case S3HLS__H265_VPS:
        *key = (s3hls__set_key){.kind = S3HLS__NAL_VPS};
        return s3hls__h265_parse_vps(nal, size, &key->id);
    case S3HLS__H265_SPS:
        rc = s3hls__h265_parse_sps(nal, size, &sps);
        *key = (s3hls__set_key){.kind = S3HLS__NAL_SPS, .id = sps.id, .parent = sps.vps_id};
        return rc;
    case S3HLS__H265_PPS:
        rc = s3hls__h265_parse_pps(nal, size, &pps);
        *key = (s3hls__set_key){.kind = S3HLS__NAL_PPS, .id = pps.id, .parent = pps.sps_id};
        return rc;
    default:
        return S3HLS_E_MALFORMED;
    }
}

static uint32_t reversed(uint32_t bits) {
    uint32_t out = 0;
    for (int i = 0; i < 32; i++)
        out |= (bits >> i & 1) << (31 - i);
    return out;
}

/* "hvc1.1.6.L93.90", ISO/IEC 14496-15 E.3 */
static void format_codecs(const s3hls__h265_profile *p, char *text, size_t size) {
    static const char spaces[][2] = {"", "A", "B", "C"};
    int count = 6,
        n = snprintf(text, size, "hvc1.%s%u.%X.%c%u", spaces[p->space], p->idc,
                     (unsigned)reversed(p->compatibility), p->tier ? 'H' : 'L', p->level_idc);
    while (count > 0 && !p->constraints[count - 1])
        count--;
    for (int i = 0; i < count; i++)
        n += snprintf(text + n, size - (size_t)n, ".%X", p->constraints[i]);
}

static uint64_t hash(const uint8_t *data, size_t size) {
    uint64_t sum = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ data[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static void describe(const s3hls__h265_sps *sps, uint64_t content, s3hls__track *track) {
    *track = (s3hls__track){.codec = S3HLS__CODEC_H265,
                            .parameters = content,
                            .width = sps->width,
                            .height = sps->height,
                            .reorder_frames = sps->max_reorder_pictures,
                            .never_reorders = sps->max_reorder_pictures == 0};
    s3hls__track_set_rate(track, sps->time_scale, sps->num_units_in_tick);
    format_codecs(&sps->profile, track->codecs, sizeof track->codecs);
}

/* On failure the sets that were active remain active. */
static int activate(s3hls__h265 *h, const s3hls__parameter_sets *sets, int pps_id) {
    s3hls__h265_pps pps;
    s3hls__h265_sps sps;
    if (pps_id < 0)
        return pps_id;
    if (h->active && h->pps.id == pps_id && h->generation == sets->generation)
        return S3HLS_OK;
    const s3hls__parameter_set *set = s3hls__sets_find(sets, S3HLS__NAL_PPS, (uint8_t)pps_id);
    if (!set)
        return S3HLS_E_NOT_FOUND;
    int rc = s3hls__h265_parse_pps(sets->bytes + set->offset, set->size, &pps);
    set = rc ? NULL : s3hls__sets_find(sets, S3HLS__NAL_SPS, pps.sps_id);
    if (!set)
        return rc ? rc : S3HLS_E_NOT_FOUND;
    const uint8_t *nal = sets->bytes + set->offset;
    rc = s3hls__h265_parse_sps(nal, set->size, &sps);
    if (rc)
        return rc;
    h->sps = sps;
    h->pps = pps;
    h->generation = sets->generation;
    h->active = true;
    describe(&sps, hash(nal, set->size), &h->track);
    return S3HLS_OK;
}

/* HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 8.3.3.1 */
static void add_config_head(s3hls__record *r, const s3hls__h265_sps *sps) {
    enum { VERSION = 1, LENGTH_SIZE_4 = 3, ARRAYS = 3 };
    const s3hls__h265_profile *p = &sps->profile;
    const uint8_t head[] = {VERSION,
                            (uint8_t)(p->space << 6 | p->tier << 5 | p->idc),
                            (uint8_t)(p->compatibility >> 24),
                            (uint8_t)(p->compatibility >> 16),
                            (uint8_t)(p->compatibility >> 8),
                            (uint8_t)p->compatibility};
    const uint8_t tail[] = {
        p->level_idc,
        0xf0, /* min_spatial_segmentation_idc, parallelismType: not known */
        0,
        0xfc,
        (uint8_t)(0xfc | sps->chroma_format_idc),
        (uint8_t)(0xf8 | sps->bit_depth_luma_minus8),
        (uint8_t)(0xf8 | sps->bit_depth_chroma_minus8),
        0, /* avgFrameRate: not known */
        0,
        (uint8_t)(sps->sub_layers << 3 | sps->temporal_id_nesting << 2 | LENGTH_SIZE_4),
        ARRAYS};
    s3hls__record_add(r, head, sizeof head);
    s3hls__record_add(r, p->constraints, sizeof p->constraints);
    s3hls__record_add(r, tail, sizeof tail);
}

static void add_array(s3hls__record *r, const s3hls__parameter_sets *sets,
                      const s3hls__parameter_set *set, uint8_t type) {
    const uint8_t one[] = {(uint8_t)(0x80 | type), 0, 1}; /* array_completeness */
    s3hls__record_add(r, one, sizeof one);
    s3hls__record_add_set(r, sets, set);
}

static size_t decoder_config(const s3hls__parameter_sets *sets, uint8_t pps_id, uint8_t *to,
                             size_t size) {
    const uint8_t pps_array = 0x80 | S3HLS__H265_PPS;
    const s3hls__parameter_set *pps = s3hls__sets_find(sets, S3HLS__NAL_PPS, pps_id);
    const s3hls__parameter_set *sps =
        pps ? s3hls__sets_find(sets, S3HLS__NAL_SPS, pps->key.parent) : NULL;
    const s3hls__parameter_set *vps =
        sps ? s3hls__sets_find(sets, S3HLS__NAL_VPS, sps->key.parent) : NULL;
    s3hls__h265_sps facts;
    if (!vps || s3hls__h265_parse_sps(sets->bytes + sps->offset, sps->size, &facts))
        return 0;
    s3hls__record r = {.data = to, .size = size};
    add_config_head(&r, &facts);
    add_array(&r, sets, vps, S3HLS__H265_VPS);
    add_array(&r, sets, sps, S3HLS__H265_SPS);
    s3hls__record_add(&r, &pps_array, 1);
    s3hls__record_add_sets(&r, sets, S3HLS__NAL_PPS, sps->key.id, 2);
    return r.failed ? 0 : r.used;
}

/* ---- slices */

/* Slice segments of a picture are in order, and nothing but suffix SEI and the like is between
 * them. */
static s3hls__slice_place place(const s3hls__h265 *h, const s3hls__h265_slice *s,
                                s3hls__slice_after after) {
    if (s->first)
        return S3HLS__SLICE_BEGINS;
    bool same = s->dependent || s->pic_order_cnt_lsb == h->first.pic_order_cnt_lsb;
    bool follows = after != S3HLS__AFTER_NOTHING && same && s->address > h->address &&
                   s->nal_unit_type == h->first.nal_unit_type &&
                   s->temporal_id == h->first.temporal_id;
    return follows ? S3HLS__SLICE_CONTINUES : S3HLS__SLICE_HEADLESS;
}

/* An IRAP picture that follows the end of a sequence begins another, of whichever type it is
 * (NoRaslOutputFlag, 8.1.3). */
static void end_sequence(void *state) {
    s3hls__h265 *h = state;
    h->ended = true;
}

static void begin_picture(s3hls__h265 *h, const s3hls__h265_slice *slice, s3hls__unit *unit) {
    uint8_t type = slice->nal_unit_type;
    bool irap = s3hls__h265_is_irap(type), begins = irap && h->ended;
    if (begins)
        h->poc.begun = false;
    unit->idr = irap && (type != S3HLS__H265_CRA || begins);
    unit->rasl = type == S3HLS__H265_RASL_N || type == S3HLS__H265_RASL_R;
    unit->poc = s3hls__h265_poc_next(&h->poc, &h->sps, slice);
    h->first = *slice;
    h->ended &= !irap;
}

static int read_slice(void *state, const s3hls__parameter_sets *sets, const uint8_t *nal,
                      size_t size, s3hls__slice_after after, s3hls__slice *out) {
    s3hls__h265 *h = state;
    s3hls__h265_slice slice;
    int rc = activate(h, sets, s3hls__h265_slice_pps_id(nal, size));
    *out = (s3hls__slice){.unit.track = h->active ? &h->track : NULL};
    if (!rc)
        rc = s3hls__h265_parse_slice(nal, size, &h->sps, &h->pps, &slice);
    if (rc)
        return rc;
    out->pps_id = slice.pps_id;
    out->place = place(h, &slice, after);
    if (out->place == S3HLS__SLICE_BEGINS)
        begin_picture(h, &slice, &out->unit);
    if (out->place == S3HLS__SLICE_BEGINS || out->place == S3HLS__SLICE_CONTINUES)
        h->address = slice.address;
    return S3HLS_OK;
}

static uint8_t nal_type(const uint8_t *head) {
    return s3hls__h265_type(head);
}

const s3hls__codec s3hls__codec_h265 = {
    .id = S3HLS__CODEC_H265,
    .header_size = HEADER,
    .sets = 1u << S3HLS__NAL_VPS | 1u << S3HLS__NAL_SPS | 1u << S3HLS__NAL_PPS,
    .delimiter = {S3HLS__H265_AUD << 1, 1, 0x50}, /* any slice type */
    .end_of_stream = {S3HLS__H265_END_STREAM << 1, 1},
    .nal_kind = nal_kind,
    .nal_type = nal_type,
    .read_set = read_set,
    .decoder_config = decoder_config,
    .recovery_point = recovery_point,
    .end_sequence = end_sequence,
    .read_slice = read_slice,
};
