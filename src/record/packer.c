/* SPDX-License-Identifier: MIT-0 */
#include "record/packer.h"

/* ---- memory */

static uint8_t *data_of(const s3hls__packer *p, uint32_t block) {
    return s3hls__pool_data(p->pool, block);
}

/* State the bytes of an output's last block. @return their number */
static uint32_t end_block(s3hls__packer *p, const s3hls__output *out) {
    if (out->piece == S3HLS__NO_BLOCK)
        return 0;
    uint32_t bytes = (uint32_t)(out->p - data_of(p, out->piece));
    s3hls__pool_set_bytes(p->pool, out->piece, bytes);
    return bytes;
}

static bool next_block(s3hls__packer *p, s3hls__output *out) {
    uint32_t block = s3hls__pool_take(p->pool);
    if (block == S3HLS__NO_BLOCK)
        return false;
    s3hls__outbox_note_memory(p->box);
    p->now.full_bytes += end_block(p, out);
    if (out->piece == S3HLS__NO_BLOCK)
        p->first[out - p->now.out] = block;
    else
        s3hls__pool_link(p->pool, out->piece, block);
    out->piece = block;
    out->p = data_of(p, block);
    out->end = out->p + S3HLS__BLOCK_BYTES;
    return true;
}

bool s3hls__packer_evict(s3hls__packer *p) {
    bool done = !p->keeps_others && s3hls__outbox_drop_oldest(p->box);
    p->evicted |= done;
    return done;
}

static int more_memory(void *ctx, s3hls__output *out) {
    s3hls__packer *p = ctx;
    while (!next_block(p, out))
        if (!s3hls__packer_evict(p))
            return S3HLS_E_FULL;
    return S3HLS_OK;
}

/* Return all blocks of a part after the given last one. */
static void shorten(s3hls__packer *p, s3hls__part part, uint32_t last) {
    uint32_t behind = p->first[part];
    if (last != S3HLS__NO_BLOCK) {
        behind = s3hls__pool_next(p->pool, last);
        s3hls__pool_link(p->pool, last, S3HLS__NO_BLOCK);
    } else {
        p->first[part] = S3HLS__NO_BLOCK;
    }
    s3hls__pool_give(p->pool, behind);
    s3hls__outbox_note_memory(p->box);
}

static void go_back(s3hls__packer *p, const s3hls__packer_place *place) {
    for (int part = 0; part < S3HLS__PARTS; part++)
        if (p->now.out[part].piece != place->out[part].piece)
            shorten(p, (s3hls__part)part, place->out[part].piece);
    p->now = *place;
}

/* ---- segments */

static void join_parts(s3hls__packer *p) {
    for (int part = 0; part < S3HLS__PARTS; part++) {
        end_block(p, &p->now.out[part]);
        s3hls__slot_append(p->slot, p->first[part], p->now.out[part].piece);
    }
}

void s3hls__packer_close(s3hls__packer *p) {
    if (!p->slot)
        return;
    join_parts(p);
    s3hls__slot_release(p->slot, p->env);
    p->slot = NULL;
}

void s3hls__packer_begin_timeline(s3hls__packer *p, const s3hls__tracks *tracks) {
    p->container->begin_timeline(&p->now.state, tracks);
}

int s3hls__packer_begin_segment(s3hls__packer *p) {
    s3hls__slot *slot;
    while (!(slot = s3hls__outbox_free_slot(p->box)))
        if (!s3hls__packer_evict(p))
            return S3HLS_E_FULL;
    s3hls__slot_begin(slot, p->pool);
    p->slot = slot;
    for (int part = 0; part < S3HLS__PARTS; part++) {
        p->first[part] = S3HLS__NO_BLOCK;
        p->now.out[part] = (s3hls__output){.piece = S3HLS__NO_BLOCK, .ctx = p, .more = more_memory};
    }
    p->now.full_bytes = p->now.audio_frames = p->units = 0;
    p->reordered = p->marked = false;
    int rc = p->container->begin_segment(&p->now.state, p->now.out);
    if (rc)
        s3hls__packer_close(p);
    return rc;
}

uint64_t s3hls__packer_bytes(const s3hls__packer *p) {
    uint64_t bytes = p->slot ? p->now.full_bytes : 0;
    for (int part = 0; p->slot && part < S3HLS__PARTS; part++) {
        const s3hls__output *out = &p->now.out[part];
        bytes += out->piece == S3HLS__NO_BLOCK ? 0 : (uint64_t)(out->p - data_of(p, out->piece));
    }
    return bytes;
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

s3hls__slot *s3hls__packer_end_segment(s3hls__packer *p, int64_t end_90k, bool audio) {
    s3hls__slot *slot = p->slot;
    p->container->end_segment(&p->now.state, p->now.out, end_90k, audio);
    slot->segment.size = s3hls__packer_bytes(p);
    slot->segment.container = p->container->id;
    join_parts(p);
    p->slot = NULL;
    p->marked = false;
    return slot;
}

/* ---- access units */

int s3hls__packer_begin_unit(s3hls__packer *p, const s3hls__unit *unit) {
    p->newest = p->now;
    p->newest.second_field = unit->second_field;
    p->reopened = false;
    p->reordered |= unit->pts_90k > unit->dts_90k;
    return p->container->begin_unit(&p->now.state, p->now.out, unit);
}

void s3hls__packer_reopen_unit(s3hls__packer *p) {
    p->newest = p->now;
    p->reopened = true;
}

int s3hls__packer_begin_nal(s3hls__packer *p, s3hls__nal_kind kind) {
    return p->container->begin_nal(&p->now.state, p->now.out, kind);
}

int s3hls__packer_data(s3hls__packer *p, const uint8_t *data, size_t size) {
    return p->container->data(&p->now.state, p->now.out, data, size);
}

int s3hls__packer_end_unit(s3hls__packer *p) {
    p->units += !p->reopened;
    return p->container->end_unit(&p->now.state, p->now.out);
}

void s3hls__packer_undo_unit(s3hls__packer *p) {
    go_back(p, &p->newest);
    if (p->units == 0)
        s3hls__packer_close(p);
}

int s3hls__packer_audio(s3hls__packer *p, const s3hls__audio_frame *frames, size_t count) {
    s3hls__packer_place before = p->now;
    p->keeps_others = true; /* video is never dropped for audio */
    int rc = p->container->audio(&p->now.state, p->now.out, frames, count);
    p->keeps_others = false;
    p->now.audio_frames += count;
    if (rc)
        go_back(p, &before);
    return rc;
}

/* ---- moved access units */

static void enter(s3hls__packer *p, s3hls__output *out, uint32_t block) {
    if (block == S3HLS__NO_BLOCK)
        return;
    out->piece = block;
    out->p = data_of(p, block);
    out->end = out->p + S3HLS__BLOCK_BYTES;
}

/* Read along the blocks. The last one has been filled up to a place behind the access unit. */
static int next_piece(void *ctx, s3hls__output *out) {
    s3hls__packer *p = ctx;
    enter(p, out, s3hls__pool_next(p->pool, out->piece));
    return S3HLS_OK;
}

static void move_unit(s3hls__packer *p, const s3hls__packer_place *place, const s3hls__move *by) {
    s3hls__output at[S3HLS__PARTS];
    for (int part = 0; part < S3HLS__PARTS; part++) {
        at[part] = place->out[part];
        at[part].ctx = p;
        at[part].more = next_piece;
        if (at[part].piece == S3HLS__NO_BLOCK)
            enter(p, &at[part], p->first[part]);
    }
    s3hls__move move = *by;
    move.second_field = place->second_field;
    p->container->move_unit(&p->now.state, &place->state, at, &move);
}

void s3hls__packer_move_newest(s3hls__packer *p, const s3hls__move *by) {
    move_unit(p, &p->newest, by);
}

void s3hls__packer_mark_newest(s3hls__packer *p) {
    p->mark = p->newest;
    p->marked = true;
}

void s3hls__packer_unmark(s3hls__packer *p) {
    p->marked = false;
}

void s3hls__packer_move_marked(s3hls__packer *p, int64_t pts_by_90k) {
    move_unit(p, &p->mark, &(s3hls__move){.pts_by_90k = pts_by_90k});
    p->marked = false;
}
