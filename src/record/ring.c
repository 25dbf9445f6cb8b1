/* SPDX-License-Identifier: MIT-0 */
#include "record/ring.h"
#include "s3hls/status.h"
#include <string.h>

/* Before each frame. */
typedef struct header {
    int64_t pts_us;
    uint32_t samples, size;
} header;

enum { BUSY = 1 };

int s3hls__ring_open(s3hls__ring *r, size_t size, const s3hls_env *env) {
    r->size = 1;
    while (r->size < size)
        r->size *= 2;
    r->bytes = s3hls__env_alloc(env, (size_t)r->size);
    return r->bytes ? S3HLS_OK : S3HLS_E_NOMEM;
}

void s3hls__ring_close(s3hls__ring *r, const s3hls_env *env) {
    s3hls__env_free(env, r->bytes);
    r->bytes = NULL;
}

/* ---- bytes around the end */

static size_t until_end(const s3hls__ring *r, uint64_t at, size_t size) {
    uint64_t left = r->size - (at & (r->size - 1));
    return left < size ? (size_t)left : size;
}

static void write_bytes(s3hls__ring *r, uint64_t at, const void *data, size_t size) {
    size_t first = until_end(r, at, size);
    memcpy(r->bytes + (at & (r->size - 1)), data, first);
    memcpy(r->bytes, (const uint8_t *)data + first, size - first);
}

static header read_header(const s3hls__ring *r, uint64_t at) {
    header h;
    size_t first = until_end(r, at, sizeof h);
    memcpy(&h, r->bytes + (at & (r->size - 1)), first);
    memcpy((uint8_t *)&h + first, r->bytes, sizeof h - first);
    return h;
}

/* ---- producer */

static bool drop_oldest(s3hls__ring *r) {
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    if (tail & BUSY)
        return false;
    uint64_t next = tail / 2 + sizeof(header) + read_header(r, tail / 2).size;
    /* the consumer may have begun to read, or removed it, in the meantime */
    if (atomic_compare_exchange_strong(&r->tail, &tail, 2 * next))
        atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
    return true;
}

int s3hls__ring_push(s3hls__ring *r, const s3hls__ring_frame *f, const uint8_t *data) {
    header h = {f->pts_us, f->samples, f->size};
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint64_t need = sizeof h + f->size;
    int rc = S3HLS_OK;
    if (need > r->size)
        return S3HLS_E_TOO_LARGE;
    while (head - atomic_load_explicit(&r->tail, memory_order_acquire) / 2 + need > r->size) {
        if (!drop_oldest(r)) {
            atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
            return S3HLS_E_FULL;
        }
        rc = S3HLS_W_DROPPED_OLDER;
    }
    write_bytes(r, head, &h, sizeof h);
    write_bytes(r, head + sizeof h, data, f->size);
    atomic_store_explicit(&r->head, head + need, memory_order_release);
    return rc;
}

/* ---- consumer */

uint64_t s3hls__ring_begin(s3hls__ring *r) {
    return atomic_fetch_or_explicit(&r->tail, BUSY, memory_order_acquire) / 2;
}

bool s3hls__ring_next(const s3hls__ring *r, uint64_t at, s3hls__ring_frame *f) {
    if (at == atomic_load_explicit(&r->head, memory_order_acquire))
        return false;
    header h = read_header(r, at);
    uint64_t begin = at + sizeof h;
    size_t first = until_end(r, begin, h.size);
    *f = (s3hls__ring_frame){.pts_us = h.pts_us,
                             .samples = h.samples,
                             .size = h.size,
                             .data = {r->bytes + (begin & (r->size - 1)), r->bytes},
                             .part = {first, h.size - first},
                             .after = begin + h.size};
    return true;
}

void s3hls__ring_end(s3hls__ring *r, uint64_t at) {
    atomic_store_explicit(&r->tail, 2 * at, memory_order_release);
}
