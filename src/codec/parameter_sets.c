/* SPDX-License-Identifier: MIT-0 */
#include "codec/parameter_sets.h"
#include <string.h>

/* 7.4.1: nal_ref_idc of a parameter set is not 0. */
static int identify(const uint8_t *nal, size_t size, s3hls__parameter_set *set) {
    int rc = size && nal[0] & 0x60 ? S3HLS_OK : S3HLS_E_MALFORMED;
    set->type = size ? nal[0] & 31 : 0;
    if (!rc && set->type == S3HLS__H264_SPS) {
        s3hls__h264_sps sps;
        rc = s3hls__h264_parse_sps(nal, size, &sps);
        set->id = set->sps_id = sps.id;
    } else if (!rc) {
        s3hls__h264_pps pps;
        rc = s3hls__h264_parse_pps(nal, size, &pps);
        set->id = pps.id;
        set->sps_id = pps.sps_id;
    }
    return rc;
}

static unsigned order(uint8_t type, uint8_t id) {
    return (unsigned)type << 8 | id;
}

/* Index of the set with this type and id, or the index at which to insert it. */
static uint32_t place_of(const s3hls__parameter_sets *s, uint8_t type, uint8_t id) {
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (order(s->sets[middle].type, s->sets[middle].id) < order(type, id))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_at(const s3hls__parameter_sets *s, uint32_t i, uint8_t type, uint8_t id) {
    return i < s->count && s->sets[i].type == type && s->sets[i].id == id;
}

static void remove_at(s3hls__parameter_sets *s, uint32_t i) {
    s3hls__parameter_set gone = s->sets[i];
    uint32_t behind = (uint32_t)gone.offset + gone.size;
    memmove(s->bytes + gone.offset, s->bytes + behind, s->bytes_used - behind);
    s->bytes_used -= gone.size;
    s->count--;
    memmove(&s->sets[i], &s->sets[i + 1], (s->count - i) * sizeof s->sets[0]);
    for (uint32_t k = 0; k < s->count; k++)
        if (s->sets[k].offset > gone.offset)
            s->sets[k].offset = (uint16_t)(s->sets[k].offset - gone.size);
}

static void remove_least_recently_used(s3hls__parameter_sets *s) {
    uint32_t oldest = 0;
    for (uint32_t i = 1; i < s->count; i++)
        if (s->clock - s->sets[i].used > s->clock - s->sets[oldest].used)
            oldest = i;
    remove_at(s, oldest);
}

int s3hls__sets_keep(s3hls__parameter_sets *s, const uint8_t *nal, size_t size) {
    s3hls__parameter_set set = {.came = true, .size = (uint16_t)size};
    int rc = identify(nal, size, &set);
    if (rc)
        return rc;
    if (size > S3HLS__SETS_BYTES)
        return S3HLS_E_TOO_LARGE;
    set.used = ++s->clock;
    uint32_t i = place_of(s, set.type, set.id);
    if (stands_at(s, i, set.type, set.id)) {
        s3hls__parameter_set *old = &s->sets[i];
        old->came = true;
        old->used = set.used;
        if (old->size == size && memcmp(s->bytes + old->offset, nal, size) == 0)
            return S3HLS_OK;
        set.inside = old->inside && old->sps_id == set.sps_id;
        remove_at(s, i);
    }
    while (s->bytes_used + size > S3HLS__SETS_BYTES)
        remove_least_recently_used(s);
    i = place_of(s, set.type, set.id);
    set.offset = (uint16_t)s->bytes_used;
    memmove(&s->sets[i + 1], &s->sets[i], (s->count - i) * sizeof s->sets[0]);
    s->sets[i] = set;
    memcpy(s->bytes + s->bytes_used, nal, size);
    s->bytes_used += (uint32_t)size;
    s->count++;
    s->generation++;
    return S3HLS_OK;
}

s3hls__parameter_set *s3hls__sets_find(s3hls__parameter_sets *s, uint8_t type, uint8_t id) {
    uint32_t i = place_of(s, type, id);
    return stands_at(s, i, type, id) ? &s->sets[i] : NULL;
}

int s3hls__sets_activate(s3hls__parameter_sets *s, uint8_t pps_id, s3hls__h264_sps *sps,
                         s3hls__h264_pps *pps) {
    const s3hls__parameter_set *set = s3hls__sets_find(s, S3HLS__H264_PPS, pps_id);
    if (!set)
        return S3HLS_E_NOT_FOUND;
    int rc = s3hls__h264_parse_pps(s->bytes + set->offset, set->size, pps);
    if (rc)
        return rc;
    set = s3hls__sets_find(s, S3HLS__H264_SPS, pps->sps_id);
    return set ? s3hls__h264_parse_sps(s->bytes + set->offset, set->size, sps) : S3HLS_E_NOT_FOUND;
}

/* ---- selection of parameter sets to write */

static bool refers_to(const s3hls__h264_pps *pps, const s3hls__parameter_set *set) {
    return set->type == S3HLS__H264_SPS ? set->id == pps->sps_id : set->id == pps->id;
}

void s3hls__sets_begin_picture(s3hls__parameter_sets *s, const s3hls__h264_pps *pps, bool keyframe,
                               void (*write)(void *ctx, const uint8_t *nal, size_t size),
                               void *ctx) {
    s->clock++;
    for (uint32_t i = 0; i < s->count; i++) {
        s3hls__parameter_set *set = &s->sets[i];
        bool used = refers_to(pps, set), came = set->came;
        set->came = false;
        set->written &= !keyframe;
        if (used)
            set->used = s->clock;
        bool wanted = (used && !set->written) || came || (keyframe && set->inside);
        if (set->sps_id != pps->sps_id || !wanted)
            continue;
        set->written = true;
        write(ctx, s->bytes + set->offset, set->size);
    }
}

void s3hls__sets_use_inside(s3hls__parameter_sets *s, const s3hls__h264_pps *pps,
                            void (*write)(void *ctx, const uint8_t *nal, size_t size), void *ctx) {
    s3hls__parameter_set *sps = s3hls__sets_find(s, S3HLS__H264_SPS, pps->sps_id);
    s3hls__parameter_set *set = s3hls__sets_find(s, S3HLS__H264_PPS, pps->id);
    s3hls__parameter_set *both[] = {sps, set};
    s->clock++;
    for (int i = 0; i < 2; i++) {
        if (!both[i])
            return;
        if (!both[i]->written)
            write(ctx, s->bytes + both[i]->offset, both[i]->size);
        both[i]->written = true;
        both[i]->used = s->clock;
    }
    set->inside = true;
}
