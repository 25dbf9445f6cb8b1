/* SPDX-License-Identifier: MIT-0 */
#include "codec/codec.h"
#include <string.h>

static unsigned order(unsigned kind, uint8_t id) {
    return kind << 8 | id;
}

/* Index of the set with this kind and id, or the index at which to insert it. */
static uint32_t place_of(const s3hls__parameter_sets *s, unsigned kind, uint8_t id) {
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (order(s->sets[middle].key.kind, s->sets[middle].key.id) < order(kind, id))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_at(const s3hls__parameter_sets *s, uint32_t i, unsigned kind, uint8_t id) {
    return i < s->count && s->sets[i].key.kind == kind && s->sets[i].key.id == id;
}

static void remove_at(s3hls__parameter_sets *s, uint32_t i) {
    s3hls__parameter_set dropped = s->sets[i];
    uint32_t behind = (uint32_t)dropped.offset + dropped.size;
    memmove(s->bytes + dropped.offset, s->bytes + behind, s->bytes_used - behind);
    s->bytes_used -= dropped.size;
    s->count--;
    memmove(&s->sets[i], &s->sets[i + 1], (s->count - i) * sizeof s->sets[0]);
    for (uint32_t k = 0; k < s->count; k++)
        if (s->sets[k].offset > dropped.offset)
            s->sets[k].offset = (uint16_t)(s->sets[k].offset - dropped.size);
}

static void remove_least_recently_used(s3hls__parameter_sets *s) {
    uint32_t oldest = 0;
    for (uint32_t i = 1; i < s->count; i++)
        if (s->clock - s->sets[i].used > s->clock - s->sets[oldest].used)
            oldest = i;
    remove_at(s, oldest);
}

int s3hls__sets_keep(s3hls__parameter_sets *s, const s3hls__codec *codec, const uint8_t *nal,
                     size_t size) {
    s3hls__parameter_set set = {.came = true, .size = (uint16_t)size};
    int rc = codec->read_set(nal, size, &set.key);
    if (rc)
        return rc;
    if (size > S3HLS__SETS_BYTES)
        return S3HLS_E_TOO_LARGE;
    set.used = ++s->clock;
    uint32_t i = place_of(s, set.key.kind, set.key.id);
    if (stands_at(s, i, set.key.kind, set.key.id)) {
        s3hls__parameter_set *old = &s->sets[i];
        old->came = true;
        old->used = set.used;
        if (old->size == size && memcmp(s->bytes + old->offset, nal, size) == 0)
            return S3HLS_OK;
        set.inside = old->inside && old->key.parent == set.key.parent;
        remove_at(s, i);
    }
    while (s->bytes_used + size > S3HLS__SETS_BYTES)
        remove_least_recently_used(s);
    i = place_of(s, set.key.kind, set.key.id);
    set.offset = (uint16_t)s->bytes_used;
    memmove(&s->sets[i + 1], &s->sets[i], (s->count - i) * sizeof s->sets[0]);
    s->sets[i] = set;
    memcpy(s->bytes + s->bytes_used, nal, size);
    s->bytes_used += (uint32_t)size;
    s->count++;
    s->generation++;
    return S3HLS_OK;
}

static s3hls__parameter_set *find(s3hls__parameter_sets *s, unsigned kind, uint8_t id) {
    uint32_t i = place_of(s, kind, id);
    return stands_at(s, i, kind, id) ? &s->sets[i] : NULL;
}

const s3hls__parameter_set *s3hls__sets_find(const s3hls__parameter_sets *s, s3hls__nal_kind kind,
                                             uint8_t id) {
    uint32_t i = place_of(s, kind, id);
    return stands_at(s, i, kind, id) ? &s->sets[i] : NULL;
}

/* ---- selection of parameter sets to write */

enum { CHAIN = 3 };

/* A PPS after its SPS, after that one's VPS; NULL where there is none. */
static void find_chain(s3hls__parameter_sets *s, uint8_t pps_id,
                       s3hls__parameter_set *chain[CHAIN]) {
    chain[2] = find(s, S3HLS__NAL_PPS, pps_id);
    chain[1] = chain[2] ? find(s, S3HLS__NAL_SPS, chain[2]->key.parent) : NULL;
    chain[0] = chain[1] ? find(s, S3HLS__NAL_VPS, chain[1]->key.parent) : NULL;
}

static bool is_in(s3hls__parameter_set *const chain[CHAIN], const s3hls__parameter_set *set) {
    return set == chain[0] || set == chain[1] || set == chain[2];
}

void s3hls__sets_begin_picture(s3hls__parameter_sets *s, uint8_t pps_id, bool keyframe,
                               s3hls__set_write *write, void *ctx) {
    s3hls__parameter_set *chain[CHAIN];
    find_chain(s, pps_id, chain);
    s->clock++;
    for (uint32_t i = 0; i < s->count; i++) {
        s3hls__parameter_set *set = &s->sets[i];
        bool used = is_in(chain, set), came = set->came;
        set->came = false;
        set->written &= !keyframe;
        if (used)
            set->used = s->clock;
        /* sets of another SPS are of no use */
        bool related = used || (chain[1] && set->key.kind == S3HLS__NAL_PPS &&
                                set->key.parent == chain[1]->key.id);
        bool wanted = (used && !set->written) || came || (keyframe && set->inside);
        if (!related || !wanted)
            continue;
        set->written = true;
        write(ctx, s->bytes + set->offset, set->size, (s3hls__nal_kind)set->key.kind);
    }
}

void s3hls__sets_use_inside(s3hls__parameter_sets *s, uint8_t pps_id, s3hls__set_write *write,
                            void *ctx) {
    s3hls__parameter_set *chain[CHAIN];
    find_chain(s, pps_id, chain);
    s->clock++;
    for (int i = 0; i < CHAIN; i++) {
        s3hls__parameter_set *set = chain[i];
        if (!set)
            continue;
        if (!set->written)
            write(ctx, s->bytes + set->offset, set->size, (s3hls__nal_kind)set->key.kind);
        set->written = true;
        set->used = s->clock;
    }
    if (chain[2])
        chain[2]->inside = true;
}

/* ---- decoder configuration records */

void s3hls__record_add(s3hls__record *r, const void *data, size_t size) {
    r->failed |= size > r->size - r->used;
    if (r->failed)
        return;
    memcpy(r->data + r->used, data, size);
    r->used += size;
}

void s3hls__record_add_set(s3hls__record *r, const s3hls__parameter_sets *s,
                           const s3hls__parameter_set *set) {
    const uint8_t size[2] = {(uint8_t)(set->size >> 8), (uint8_t)set->size};
    s3hls__record_add(r, size, sizeof size);
    s3hls__record_add(r, s->bytes + set->offset, set->size);
}

void s3hls__record_add_sets(s3hls__record *r, const s3hls__parameter_sets *s, s3hls__nal_kind kind,
                            uint8_t parent, unsigned number_bytes) {
    size_t number_at = r->used;
    const uint8_t none[2] = {0, 0};
    unsigned number = 0;
    s3hls__record_add(r, none, number_bytes);
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->sets[i].key.kind != kind || s->sets[i].key.parent != parent)
            continue;
        s3hls__record_add_set(r, s, &s->sets[i]);
        number++;
    }
    if (!r->failed)
        r->data[number_at + number_bytes - 1] = (uint8_t)number;
}
