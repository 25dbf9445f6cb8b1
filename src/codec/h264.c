/* SPDX-License-Identifier: MIT-0 */
#include "codec/h264.h"
#include <string.h>

/* ---- NAL units */

static uint8_t nal_type(const uint8_t *head) {
    return head[0] & 31;
}

/* Table 7-1, in the classes of 7.4.1.2.3. */
static s3hls__nal_kind nal_kind(const uint8_t *head, size_t size) {
    enum { PREFIX_NAL = 14, SUBSET_SPS = 15, RESERVED_18 = 18 };
    uint8_t type = nal_type(head);
    (void)size;
    if (head[0] & 0x80) /* forbidden_zero_bit */
        return type >= S3HLS__H264_NON_IDR && type <= S3HLS__H264_IDR ? S3HLS__NAL_DAMAGED_SLICE
                                                                      : S3HLS__NAL_DAMAGED;
    switch (type) {
    case S3HLS__H264_NON_IDR:
    case S3HLS__H264_PARTITION_A:
        return S3HLS__NAL_SLICE;
    case S3HLS__H264_IDR:
        return S3HLS__NAL_KEY_SLICE;
    case S3HLS__H264_SEI:
        return S3HLS__NAL_LEADING;
    case S3HLS__H264_SPS:
        return S3HLS__NAL_SPS;
    case S3HLS__H264_PPS:
        return S3HLS__NAL_PPS;
    case S3HLS__H264_AUD:
        return S3HLS__NAL_DELIMITER;
    case S3HLS__H264_END_SEQUENCE:
        return S3HLS__NAL_END_SEQUENCE;
    case S3HLS__H264_END_STREAM:
        return S3HLS__NAL_END_STREAM;
    case PREFIX_NAL: /* before each slice of a scalable stream's base layer, G.7.3.2.12 */
        return S3HLS__NAL_PREFIX;
    default:
        return type >= SUBSET_SPS && type <= RESERVED_18 ? S3HLS__NAL_LEADING : S3HLS__NAL_TRAILING;
    }
}

static bool recovery_point(const uint8_t *nal, size_t size) {
    return s3hls__h264_recovery_point(nal, size) >= 0;
}

/* ---- parameter sets */

/* 7.4.1: nal_ref_idc of a parameter set is not 0. */
static int read_set(const uint8_t *nal, size_t size, s3hls__set_key *key) {
    s3hls__h264_sps sps;
    s3hls__h264_pps pps;
    if (size == 0 || !(nal[0] & 0x60))
        return S3HLS_E_MALFORMED;
    if (nal_type(nal) == S3HLS__H264_SPS) {
        int rc = s3hls__h264_parse_sps(nal, size, &sps);
        *key = (s3hls__set_key){.kind = S3HLS__NAL_SPS, .id = sps.id};
        return rc;
    }
    int rc = s3hls__h264_parse_pps(nal, size, &pps);
    *key = (s3hls__set_key){.kind = S3HLS__NAL_PPS, .id = pps.id, .parent = pps.sps_id};
    return rc;
}

/* AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3.1 */
static size_t decoder_config(const s3hls__parameter_sets *sets, uint8_t pps_id, uint8_t *to,
                             size_t size) {
    enum { LENGTH_SIZE_4 = 0xff, BASELINE = 66, MAIN = 77, EXTENDED = 88 };
    const s3hls__parameter_set *pps = s3hls__sets_find(sets, S3HLS__NAL_PPS, pps_id);
    const s3hls__parameter_set *sps =
        pps ? s3hls__sets_find(sets, S3HLS__NAL_SPS, pps->key.parent) : NULL;
    s3hls__h264_sps facts;
    if (!sps || s3hls__h264_parse_sps(sets->bytes + sps->offset, sps->size, &facts))
        return 0;
    s3hls__record r = {.data = to, .size = size};
    const uint8_t head[] = {
        1, facts.profile_idc, facts.constraint_flags, facts.level_idc, LENGTH_SIZE_4, 0xe0 | 1};
    s3hls__record_add(&r, head, sizeof head);
    s3hls__record_add_set(&r, sets, sps);
    s3hls__record_add_sets(&r, sets, S3HLS__NAL_PPS, sps->key.id, 1);
    if (facts.profile_idc != BASELINE && facts.profile_idc != MAIN &&
        facts.profile_idc != EXTENDED) {
        const uint8_t extension[] = {(uint8_t)(0xfc | facts.chroma_format_idc),
                                     (uint8_t)(0xf8 | facts.bit_depth_luma_minus8),
                                     (uint8_t)(0xf8 | facts.bit_depth_chroma_minus8), 0};
        s3hls__record_add(&r, extension, sizeof extension);
    }
    return r.failed ? 0 : r.used;
}

/* "avc1.PPCCLL", RFC 6381 3.3 */
static void format_codecs(const s3hls__h264_sps *sps, char *text) {
    static const char hex[] = "0123456789abcdef";
    const uint8_t bytes[3] = {sps->profile_idc, sps->constraint_flags, sps->level_idc};
    memcpy(text, "avc1.", 5);
    for (int i = 0; i < 3; i++) {
        text[5 + 2 * i] = hex[bytes[i] >> 4];
        text[6 + 2 * i] = hex[bytes[i] & 15];
    }
    text[11] = 0;
}

void s3hls__h264_describe(const s3hls__h264_sps *sps, uint64_t content, s3hls__track *track) {
    enum { BASELINE = 66 };
    *track = (s3hls__track){.codec = S3HLS__CODEC_H264,
                            .parameters = content,
                            .width = sps->width,
                            .height = sps->height,
                            .reorder_frames = sps->max_reorder_frames};
    /* 8.2.1.3, A.2.1 */
    track->never_reorders =
        sps->poc_type == 2 || (sps->profile_idc == BASELINE && sps->max_reorder_frames == 0);
    s3hls__track_set_rate(track, sps->time_scale, (uint64_t)sps->num_units_in_tick * 2);
    format_codecs(sps, track->codecs);
}

static int activate_sps(s3hls__h264 *h, const s3hls__parameter_sets *sets, uint8_t id) {
    s3hls__h264_sps sps;
    if (h->active && h->sps.id == id && h->generation == sets->generation)
        return S3HLS_OK;
    const s3hls__parameter_set *set = s3hls__sets_find(sets, S3HLS__NAL_SPS, id);
    if (!set)
        return S3HLS_E_NOT_FOUND;
    const uint8_t *nal = sets->bytes + set->offset;
    int rc = s3hls__h264_parse_sps(nal, set->size, &sps);
    if (rc)
        return rc;
    h->sps = sps;
    s3hls__h264_describe(&sps, s3hls__h264_sps_content(nal, set->size), &h->track);
    return S3HLS_OK;
}

/* On failure the sets that were active remain active. */
static int activate(s3hls__h264 *h, const s3hls__parameter_sets *sets, int pps_id) {
    s3hls__h264_pps pps;
    if (pps_id < 0)
        return pps_id;
    if (h->active && h->pps.id == pps_id && h->generation == sets->generation)
        return S3HLS_OK;
    const s3hls__parameter_set *set = s3hls__sets_find(sets, S3HLS__NAL_PPS, (uint8_t)pps_id);
    if (!set)
        return S3HLS_E_NOT_FOUND;
    int rc = s3hls__h264_parse_pps(sets->bytes + set->offset, set->size, &pps);
    if (!rc)
        rc = activate_sps(h, sets, pps.sps_id);
    if (rc)
        return rc;
    h->pps = pps;
    h->generation = sets->generation;
    h->active = true;
    return S3HLS_OK;
}

/* ---- pictures, 7.4.1.2.4
 *
 * Headers distinguish most pictures, but not all: an encoder may give consecutive pictures the same
 * headers. So a second slice with macroblock 0 always begins a picture. If slices have an order (in
 * all streams except those that may use ASO or FMO), a slice that fits the picture neither by its
 * header nor by its position is damaged, or the start of its picture is lost. */

/* Are slices in the order of their macroblocks? Not if the profile allows arbitrary slice order
 * (A.2.1, A.2.3) or the PPS has slice groups. */
static bool in_order(const s3hls__h264_sps *sps, const s3hls__h264_pps *pps) {
    enum { BASELINE = 66, EXTENDED = 88, CONSTRAINT_SET1 = 0x40 };
    bool arbitrary = (sps->profile_idc == BASELINE || sps->profile_idc == EXTENDED) &&
                     !(sps->constraint_flags & CONSTRAINT_SET1);
    return !arbitrary && !pps->slice_groups;
}

/* If slices may arrive in any order, a boundary separates pictures; otherwise it may lie between
 * two slices of one picture. */
static s3hls__slice_place place(const s3hls__h264 *h, const s3hls__h264_slice *slice,
                                s3hls__slice_after after) {
    const s3hls__h264_picture *picture = &h->picture;
    bool ordered = in_order(&h->sps, &h->pps), redundant = slice->redundant_pic_cnt != 0;
    bool known =
        after == S3HLS__AFTER_SLICE || (after == S3HLS__AFTER_BOUNDARY && ordered && !redundant);
    if (redundant)
        return known ? S3HLS__SLICE_CONTINUES : S3HLS__SLICE_HEADLESS;
    bool other = !known || s3hls__h264_first_of_picture(&picture->first, slice);
    unsigned plane = slice->colour_plane;
    if (slice->first_mb == 0)
        return other || picture->begun >> plane & 1 ? S3HLS__SLICE_BEGINS : S3HLS__SLICE_CONTINUES;
    if (other && !ordered)
        return S3HLS__SLICE_BEGINS;
    if (!known || (ordered && !other && slice->first_mb < picture->next_mb[plane]))
        return S3HLS__SLICE_HEADLESS;
    return other ? S3HLS__SLICE_STRAY : S3HLS__SLICE_CONTINUES;
}

static void add_slice(s3hls__h264_picture *picture, const s3hls__h264_slice *slice) {
    if (slice->redundant_pic_cnt)
        return;
    if (slice->first_mb == 0)
        picture->begun |= (uint8_t)(1u << slice->colour_plane);
    picture->next_mb[slice->colour_plane] = slice->first_mb + 1;
}

/* The second field of the frame that the newest picture began (3.30, 7.4.1.2.4). */
static bool is_second_field(const s3hls__h264_picture *picture, const s3hls__h264_slice *s) {
    const s3hls__h264_slice *first = &picture->first;
    return !picture->second_field && first->field_pic && s->field_pic &&
           first->bottom_field != s->bottom_field && first->frame_num == s->frame_num &&
           !(s->nal_unit_type == S3HLS__H264_IDR && first->nal_unit_type != S3HLS__H264_IDR) &&
           !(first->nal_ref_idc == 0 && s->nal_ref_idc != 0);
}

static void begin_picture(s3hls__h264 *h, const s3hls__h264_slice *slice, bool known,
                          s3hls__unit *unit) {
    unit->idr = slice->nal_unit_type == S3HLS__H264_IDR;
    unit->field = slice->field_pic;
    unit->second_field = known && is_second_field(&h->picture, slice);
    unit->poc = s3hls__h264_poc_next(&h->poc, &h->sps, slice);
    h->picture = (s3hls__h264_picture){.first = *slice, .second_field = unit->second_field};
}

static int read_slice(void *state, const s3hls__parameter_sets *sets, const uint8_t *nal,
                      size_t size, s3hls__slice_after after, s3hls__slice *out) {
    s3hls__h264 *h = state;
    s3hls__h264_slice slice;
    int rc = activate(h, sets, s3hls__h264_slice_pps_id(nal, size));
    *out = (s3hls__slice){.unit.track = h->active ? &h->track : NULL};
    if (!rc)
        rc = s3hls__h264_parse_slice(nal, size, &h->sps, &h->pps, &slice);
    if (rc)
        return rc;
    out->pps_id = slice.pps_id;
    out->redundant = slice.redundant_pic_cnt != 0;
    out->number = slice.frame_num;
    out->number_range = 1u << h->sps.log2_max_frame_num;
    out->reference = slice.nal_ref_idc != 0;
    out->place = place(h, &slice, after);
    if (out->place == S3HLS__SLICE_BEGINS)
        begin_picture(h, &slice, after != S3HLS__AFTER_NOTHING, &out->unit);
    if (out->place == S3HLS__SLICE_BEGINS || out->place == S3HLS__SLICE_CONTINUES)
        add_slice(&h->picture, &slice);
    return S3HLS_OK;
}

const s3hls__codec s3hls__codec_h264 = {
    .id = S3HLS__CODEC_H264,
    .header_size = 1,
    .sets = 1u << S3HLS__NAL_SPS | 1u << S3HLS__NAL_PPS,
    .delimiter = {S3HLS__H264_AUD, 0xf0}, /* any slice type */
    .end_of_stream = {S3HLS__H264_END_STREAM},
    .nal_kind = nal_kind,
    .nal_type = nal_type,
    .read_set = read_set,
    .decoder_config = decoder_config,
    .recovery_point = recovery_point,
    .read_slice = read_slice,
};
