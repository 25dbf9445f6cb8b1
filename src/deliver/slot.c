/* SPDX-License-Identifier: MIT-0 */
#include "deliver/slot.h"

bool s3hls__slot_begin(s3hls__slot *slot, s3hls__pool *pool) {
    uint32_t block = s3hls__pool_take(pool);
    if (block == S3HLS__NO_BLOCK)
        return false;
    slot->pool = pool;
    slot->first = slot->last = block;
    slot->gops = 0;
    slot->not_before_us = 0;
    slot->held = false;
    slot->tags = NULL;
    slot->segment.size = 0;
    slot->read_block = S3HLS__NO_BLOCK;
    slot->read_index = 0;
    atomic_store_explicit(&slot->state, S3HLS__SEGMENT_FILLING, memory_order_relaxed);
    return true;
}

uint8_t *s3hls__slot_extend(s3hls__slot *slot) {
    uint32_t block = s3hls__pool_take(slot->pool);
    if (block == S3HLS__NO_BLOCK)
        return NULL;
    s3hls__pool_link(slot->pool, slot->last, block);
    slot->last = block;
    return s3hls__pool_data(slot->pool, block);
}

void s3hls__slot_shorten(s3hls__slot *slot, uint32_t last) {
    uint32_t behind = s3hls__pool_next(slot->pool, last);
    s3hls__pool_link(slot->pool, last, S3HLS__NO_BLOCK);
    s3hls__pool_give(slot->pool, behind);
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
    uint64_t index = offset / S3HLS__BLOCK_BYTES;
    if (slot->read_block == S3HLS__NO_BLOCK || index < slot->read_index) {
        slot->read_block = slot->first;
        slot->read_index = 0;
    }
    for (; slot->read_index < index; slot->read_index++)
        slot->read_block = s3hls__pool_next(slot->pool, slot->read_block);
    size_t within = (size_t)(offset % S3HLS__BLOCK_BYTES);
    uint64_t left = slot->segment.size - offset;
    span.data = s3hls__pool_data(slot->pool, slot->read_block) + within;
    span.size = S3HLS__BLOCK_BYTES - within;
    if (span.size > left)
        span.size = (size_t)left;
    return span;
}
