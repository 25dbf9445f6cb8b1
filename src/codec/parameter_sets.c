/* SPDX-License-Identifier: MIT-0 */
#include "codec/parameter_sets.h"
#include <string.h>

static int identify(const uint8_t *nal, size_t size, uint8_t *id) {
    if (size && (nal[0] & 31) == S3HLS__NAL_SPS) {
        s3hls__h264_sps sps;
        int rc = s3hls__h264_parse_sps(nal, size, &sps);
        *id = sps.id;
        return rc;
    }
    s3hls__h264_pps pps;
    int rc = s3hls__h264_parse_pps(nal, size, &pps);
    *id = pps.id;
    return rc;
}

/* Where a set of this kind and id stands, or would stand. */
static uint32_t place_of(const s3hls__parameter_sets *s, uint8_t type, uint8_t id) {
    uint32_t i = 0;
    while (i < s->count &&
           (s->sets[i].type < type || (s->sets[i].type == type && s->sets[i].id < id)))
        i++;
    return i;
}

static bool stands_at(const s3hls__parameter_sets *s, uint32_t i, uint8_t type, uint8_t id) {
    return i < s->count && s->sets[i].type == type && s->sets[i].id == id;
}

static void remove_at(s3hls__parameter_sets *s, uint32_t i) {
    s3hls__parameter_set gone = s->sets[i];
    uint32_t behind = (uint32_t)gone.offset + gone.size;
    memmove(s->bytes + gone.offset, s->bytes + behind, s->used - behind);
    s->used -= gone.size;
    s->count--;
    memmove(&s->sets[i], &s->sets[i + 1], (s->count - i) * sizeof s->sets[0]);
    for (uint32_t k = 0; k < s->count; k++)
        if (s->sets[k].offset > gone.offset)
            s->sets[k].offset = (uint16_t)(s->sets[k].offset - gone.size);
}

int s3hls__sets_keep(s3hls__parameter_sets *s, const uint8_t *nal, size_t size) {
    uint8_t type = size ? nal[0] & 31 : 0, id;
    int rc = identify(nal, size, &id);
    if (rc)
        return rc;
    uint32_t i = place_of(s, type, id);
    bool replaces = stands_at(s, i, type, id);
    const s3hls__parameter_set *old = &s->sets[i];
    if (replaces && old->size == size && memcmp(s->bytes + old->offset, nal, size) == 0)
        return S3HLS_OK;
    if (s->used - (replaces ? old->size : 0u) + size > S3HLS__SETS_BYTES ||
        (!replaces && s->count == S3HLS__SETS_MAX))
        return S3HLS_E_TOO_LARGE;
    if (replaces)
        remove_at(s, i);
    memmove(&s->sets[i + 1], &s->sets[i], (s->count - i) * sizeof s->sets[0]);
    s->sets[i] = (s3hls__parameter_set){type, id, (uint16_t)s->used, (uint16_t)size};
    memcpy(s->bytes + s->used, nal, size);
    s->used += (uint32_t)size;
    s->count++;
    s->generation++;
    return S3HLS_OK;
}

const s3hls__parameter_set *s3hls__sets_find(const s3hls__parameter_sets *s, uint8_t type,
                                             uint8_t id) {
    uint32_t i = place_of(s, type, id);
    return stands_at(s, i, type, id) ? &s->sets[i] : NULL;
}

int s3hls__sets_activate(const s3hls__parameter_sets *s, uint8_t pps_id, s3hls__h264_sps *sps,
                         s3hls__h264_pps *pps) {
    const s3hls__parameter_set *set = s3hls__sets_find(s, S3HLS__NAL_PPS, pps_id);
    if (!set)
        return S3HLS_E_NOT_FOUND;
    int rc = s3hls__h264_parse_pps(s->bytes + set->offset, set->size, pps);
    if (rc)
        return rc;
    set = s3hls__sets_find(s, S3HLS__NAL_SPS, pps->sps_id);
    return set ? s3hls__h264_parse_sps(s->bytes + set->offset, set->size, sps) : S3HLS_E_NOT_FOUND;
}
