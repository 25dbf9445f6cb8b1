/* SPDX-License-Identifier: MIT-0 */
#include "record/packer.h"

/* ---- memory */

static bool next_block(s3hls__packer *p) {
    uint32_t full = p->slot->last;
    uint8_t *block = s3hls__slot_extend(p->slot);
    if (!block)
        return false;
    uint32_t bytes = (uint32_t)(p->out.p - s3hls__pool_data(p->pool, full));
    s3hls__pool_set_bytes(p->pool, full, bytes);
    p->full_bytes += bytes;
    p->out.p = block;
    p->out.end = block + S3HLS__BLOCK_BYTES;
    p->out.piece = p->slot->last;
    return true;
}

/* Drop an older segment if memory is exhausted and the caller's policy allows it. */
static bool evict(s3hls__packer *p) {
    bool done = !p->keeps_others && s3hls__outbox_drop_oldest(p->box);
    p->evicted |= done;
    return done;
}

static int more_memory(void *ctx, s3hls__output *out) {
    s3hls__packer *p = ctx;
    (void)out; /* identical to p->out */
    while (!next_block(p))
        if (!evict(p))
            return S3HLS_E_FULL;
    return S3HLS_OK;
}

/* ---- segments */

void s3hls__packer_close(s3hls__packer *p) {
    if (p->slot)
        s3hls__slot_release(p->slot, p->env);
    p->slot = NULL;
}

void s3hls__packer_begin_timeline(s3hls__packer *p, const s3hls__track *track) {
    p->container->begin_timeline(&p->state, track);
}

int s3hls__packer_begin_segment(s3hls__packer *p) {
    s3hls__slot *slot;
    while (!(slot = s3hls__outbox_free_slot(p->box)) || !s3hls__slot_begin(slot, p->pool))
        if (!evict(p))
            return S3HLS_E_FULL;
    uint8_t *block = s3hls__pool_data(p->pool, slot->first);
    p->slot = slot;
    p->out = (s3hls__output){block, block + S3HLS__BLOCK_BYTES, slot->first, p, more_memory};
    p->full_bytes = p->units = 0;
    p->reordered = p->marked = false;
    int rc = p->container->begin_segment(&p->state, &p->out);
    if (rc)
        s3hls__packer_close(p);
    return rc;
}

uint64_t s3hls__packer_bytes(const s3hls__packer *p) {
    if (!p->slot)
        return 0;
    return p->full_bytes + (uint64_t)(p->out.p - s3hls__pool_data(p->pool, p->slot->last));
}

void s3hls__packer_end_stream(s3hls__packer *p, const s3hls__codec *codec) {
    if (!p->slot || !p->reordered || p->units == 0)
        return;
    p->keeps_others = true;
    s3hls__packer_reopen_unit(p);
    int rc = s3hls__packer_begin_nal(p, S3HLS__NAL_END_STREAM);
    if (!rc)
        rc = s3hls__packer_data(p, codec->end_of_stream, codec->header_size);
    if (!rc)
        rc = s3hls__packer_end_unit(p);
    if (rc)
        s3hls__packer_undo_unit(p);
    p->keeps_others = false;
}

s3hls__slot *s3hls__packer_end_segment(s3hls__packer *p) {
    s3hls__slot *slot = p->slot;
    slot->segment.size = s3hls__packer_bytes(p);
    slot->segment.container = p->container->id;
    s3hls__pool_set_bytes(p->pool, slot->last, (uint32_t)(slot->segment.size - p->full_bytes));
    p->slot = NULL;
    p->marked = false;
    return slot;
}

/* ---- access units */

static void remember_place(s3hls__packer *p) {
    p->newest = (s3hls__packer_place){p->state, p->out, p->full_bytes};
}

int s3hls__packer_begin_unit(s3hls__packer *p, const s3hls__unit *unit) {
    remember_place(p);
    p->reopened = false;
    p->reordered |= unit->pts_90k > unit->dts_90k;
    return p->container->begin_unit(&p->state, &p->out, unit);
}

void s3hls__packer_reopen_unit(s3hls__packer *p) {
    remember_place(p);
    p->reopened = true;
}

int s3hls__packer_begin_nal(s3hls__packer *p, s3hls__nal_kind kind) {
    return p->container->begin_nal(&p->state, &p->out, kind);
}

int s3hls__packer_data(s3hls__packer *p, const uint8_t *data, size_t size) {
    return p->container->data(&p->state, &p->out, data, size);
}

int s3hls__packer_end_unit(s3hls__packer *p) {
    p->units += !p->reopened;
    return p->container->end_unit(&p->state, &p->out);
}

void s3hls__packer_undo_unit(s3hls__packer *p) {
    p->state = p->newest.state;
    p->out = p->newest.out;
    p->full_bytes = p->newest.full_bytes;
    s3hls__slot_shorten(p->slot, p->out.piece);
    if (p->units == 0)
        s3hls__packer_close(p);
}

/* ---- moved access units */

/* Read along the blocks. The last one has been filled up to a place behind the access unit. */
static int next_piece(void *ctx, s3hls__output *out) {
    s3hls__pool *pool = ctx;
    out->piece = s3hls__pool_next(pool, out->piece);
    out->p = s3hls__pool_data(pool, out->piece);
    out->end = out->p + S3HLS__BLOCK_BYTES;
    return S3HLS_OK;
}

static void move(s3hls__packer *p, const s3hls__packer_place *place, const s3hls__move *by) {
    s3hls__output at = place->out;
    at.ctx = p->pool;
    at.more = next_piece;
    p->container->move_unit(&p->state, &place->state, at, by);
}

void s3hls__packer_move_newest(s3hls__packer *p, const s3hls__move *by) {
    move(p, &p->newest, by);
}

void s3hls__packer_mark_newest(s3hls__packer *p) {
    p->mark = p->newest;
    p->marked = true;
}

void s3hls__packer_unmark(s3hls__packer *p) {
    p->marked = false;
}

void s3hls__packer_move_marked(s3hls__packer *p, int64_t pts_by_90k) {
    move(p, &p->mark, &(s3hls__move){.pts_by_90k = pts_by_90k});
    p->marked = false;
}
