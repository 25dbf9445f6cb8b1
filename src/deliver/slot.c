/* SPDX-License-Identifier: MIT-0 */
#include "deliver/slot.h"

void s3hls__slot_begin(s3hls__slot *slot, s3hls__pool *pool) {
    slot->pool = pool;
    slot->first = slot->last = S3HLS__NO_BLOCK;
    slot->gops = 0;
    slot->not_before_us = 0;
    slot->held = false;
    slot->tags = NULL;
    slot->segment.size = 0;
    slot->read_block = S3HLS__NO_BLOCK;
    slot->read_begin = 0;
    atomic_store_explicit(&slot->state, S3HLS__SEGMENT_FILLING, memory_order_relaxed);
}

void s3hls__slot_append(s3hls__slot *slot, uint32_t first, uint32_t last) {
    if (first == S3HLS__NO_BLOCK)
        return;
    if (slot->first == S3HLS__NO_BLOCK)
        slot->first = first;
    else
        s3hls__pool_link(slot->pool, slot->last, first);
    slot->last = last;
}

void s3hls__slot_release(s3hls__slot *slot, const s3hls_env *env) {
    s3hls__tags_release(slot->tags, env);
    slot->tags = NULL;
    s3hls__pool_give(slot->pool, slot->first);
    slot->first = slot->last = S3HLS__NO_BLOCK;
    atomic_store_explicit(&slot->state, S3HLS__SEGMENT_FREE, memory_order_release);
}

s3hls_span s3hls__slot_body(void *ctx, uint64_t offset) {
    s3hls__slot *slot = ctx;
    s3hls_span span = {NULL, 0};
    if (offset >= slot->segment.size)
        return span;
    if (slot->read_block == S3HLS__NO_BLOCK || offset < slot->read_begin) {
        slot->read_block = slot->first;
        slot->read_begin = 0;
    }
    uint32_t bytes;
    while (offset - slot->read_begin >= (bytes = s3hls__pool_bytes(slot->pool, slot->read_block))) {
        slot->read_begin += bytes;
        slot->read_block = s3hls__pool_next(slot->pool, slot->read_block);
    }
    size_t within = (size_t)(offset - slot->read_begin);
    span.data = s3hls__pool_data(slot->pool, slot->read_block) + within;
    span.size = bytes - within;
    return span;
}
