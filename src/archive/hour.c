/* SPDX-License-Identifier: MIT-0 */
#include "archive/hour.h"

s3hls__hour *s3hls__hour_new(int64_t number, size_t capacity, const s3hls_env *env) {
    s3hls__hour *h = s3hls__env_alloc(env, sizeof *h + capacity * sizeof h->segments[0]);
    if (h) {
        atomic_init(&h->references, 1);
        h->number = number;
        h->capacity = capacity;
    }
    return h;
}

int s3hls__hour_add(s3hls__hour **hour, const s3hls_segment *segment, const s3hls_env *env) {
    s3hls__hour *h = *hour;
    if (h->count == h->capacity) {
        size_t capacity = h->capacity ? 2 * h->capacity : 16;
        h = s3hls__env_realloc(env, h, sizeof *h + capacity * sizeof h->segments[0]);
        if (!h)
            return S3HLS_E_NOMEM;
        h->capacity = capacity;
        *hour = h;
    }
    h->segments[h->count++] = *segment;
    return S3HLS_OK;
}

void s3hls__hour_retain(s3hls__hour *hour) {
    atomic_fetch_add(&hour->references, 1);
}

void s3hls__hour_release(s3hls__hour **hour, const s3hls_env *env) {
    if (*hour && atomic_fetch_sub(&(*hour)->references, 1) == 1)
        s3hls__env_free(env, *hour);
    *hour = NULL;
}
