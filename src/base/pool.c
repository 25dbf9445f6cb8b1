/* SPDX-License-Identifier: MIT-0 */
#include "base/pool.h"
#include <stdatomic.h>

/* The free list is a Treiber stack (1986). Its head combines a block index with a change counter,
 * so that a head that was removed and added again is not mistaken for the old one (ABA problem). */
struct s3hls__pool {
    /* set at open */
    s3hls_env env;
    s3hls__pool *whole; /* of a share, which uses its arrays; NULL: this is no share */
    uint8_t *data;
    uint32_t count;
    /* any thread */
    _Atomic uint64_t head;
    _Atomic uint32_t free;
    _Atomic uint32_t *link; /* of a free block: the stack; of a used block: its holder's list */
    uint32_t *bytes;        /* of a used block; its holder's */
};

static uint64_t head_of(uint64_t old, uint32_t block) {
    return ((old >> 32) + 1) << 32 | block;
}

int s3hls__pool_open(s3hls__pool **out, size_t bytes, const s3hls_env *env) {
    *out = NULL;
    s3hls_env e = s3hls__env_resolve(env);
    size_t count = bytes / S3HLS__BLOCK_BYTES;
    if (count < 16)
        count = 16;
    if (count >= S3HLS__NO_BLOCK)
        return S3HLS_E_INVALID;
    s3hls__pool *pool = s3hls__env_alloc(&e, sizeof *pool);
    if (!pool)
        return S3HLS_E_NOMEM;
    pool->env = e;
    pool->count = (uint32_t)count;
    /* zeroed, so that the system allocates the pages now and not during the first puts */
    pool->data = s3hls__env_alloc(&e, count * S3HLS__BLOCK_BYTES);
    pool->link = s3hls__env_alloc(&e, count * sizeof *pool->link);
    pool->bytes = s3hls__env_alloc(&e, count * sizeof *pool->bytes);
    if (!pool->data || !pool->link || !pool->bytes) {
        s3hls__pool_close(&pool);
        return S3HLS_E_NOMEM;
    }
    for (uint32_t i = 0; i < pool->count; i++)
        atomic_init(&pool->link[i], i + 1 < pool->count ? i + 1 : S3HLS__NO_BLOCK);
    atomic_init(&pool->head, 0);
    atomic_init(&pool->free, pool->count);
    *out = pool;
    return S3HLS_OK;
}

int s3hls__pool_open_share(s3hls__pool **out, s3hls__pool *whole, size_t bytes,
                           const s3hls_env *env) {
    size_t count = bytes / S3HLS__BLOCK_BYTES;
    s3hls__pool *pool = *out = s3hls__env_alloc(env, sizeof *pool);
    if (!pool)
        return S3HLS_E_NOMEM;
    pool->env = *env;
    pool->whole = whole;
    pool->data = whole->data;
    pool->link = whole->link;
    pool->bytes = whole->bytes;
    pool->count = count < whole->count ? (uint32_t)count : whole->count;
    atomic_init(&pool->free, pool->count);
    return S3HLS_OK;
}

void s3hls__pool_close(s3hls__pool **pool) {
    if (!pool || !*pool)
        return;
    s3hls_env env = (*pool)->env;
    if (!(*pool)->whole) {
        s3hls__env_free(&env, (*pool)->data);
        s3hls__env_free(&env, (void *)(*pool)->link);
        s3hls__env_free(&env, (*pool)->bytes);
    }
    s3hls__env_free(&env, *pool);
    *pool = NULL;
}

static uint32_t take(s3hls__pool *pool) {
    uint64_t head = atomic_load_explicit(&pool->head, memory_order_acquire);
    uint32_t block;
    do {
        block = (uint32_t)head;
        if (block == S3HLS__NO_BLOCK)
            return block;
    } while (!atomic_compare_exchange_weak_explicit(
        &pool->head, &head,
        head_of(head, atomic_load_explicit(&pool->link[block], memory_order_relaxed)),
        memory_order_acq_rel, memory_order_acquire));
    atomic_fetch_sub(&pool->free, 1);
    s3hls__pool_link(pool, block, S3HLS__NO_BLOCK);
    pool->bytes[block] = S3HLS__BLOCK_BYTES;
    return block;
}

uint32_t s3hls__pool_take(s3hls__pool *pool) {
    if (!pool->whole)
        return take(pool);
    uint32_t block = atomic_load(&pool->free) ? take(pool->whole) : S3HLS__NO_BLOCK;
    if (block != S3HLS__NO_BLOCK)
        atomic_fetch_sub(&pool->free, 1);
    return block;
}

void s3hls__pool_give(s3hls__pool *pool, uint32_t first) {
    if (first == S3HLS__NO_BLOCK)
        return;
    uint32_t last = first, n = 1;
    for (uint32_t next; (next = s3hls__pool_next(pool, last)) != S3HLS__NO_BLOCK; n++)
        last = next;
    atomic_fetch_add(&pool->free, n);
    if (pool->whole) {
        pool = pool->whole;
        atomic_fetch_add(&pool->free, n);
    }
    uint64_t head = atomic_load_explicit(&pool->head, memory_order_relaxed);
    do
        s3hls__pool_link(pool, last, (uint32_t)head);
    while (!atomic_compare_exchange_weak_explicit(&pool->head, &head, head_of(head, first),
                                                  memory_order_acq_rel, memory_order_relaxed));
}

uint8_t *s3hls__pool_data(s3hls__pool *pool, uint32_t block) {
    return pool->data + (size_t)block * S3HLS__BLOCK_BYTES;
}

uint32_t s3hls__pool_next(const s3hls__pool *pool, uint32_t block) {
    return atomic_load_explicit(&pool->link[block], memory_order_relaxed);
}

void s3hls__pool_link(s3hls__pool *pool, uint32_t block, uint32_t next) {
    atomic_store_explicit(&pool->link[block], next, memory_order_relaxed);
}

uint32_t s3hls__pool_bytes(const s3hls__pool *pool, uint32_t block) {
    return pool->bytes[block];
}

void s3hls__pool_set_bytes(s3hls__pool *pool, uint32_t block, uint32_t bytes) {
    pool->bytes[block] = bytes;
}

uint32_t s3hls__pool_count(const s3hls__pool *pool) {
    return pool->count;
}

uint32_t s3hls__pool_used(const s3hls__pool *pool) {
    return pool->count - atomic_load(&pool->free);
}
