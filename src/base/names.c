/* SPDX-License-Identifier: MIT-0 */
#include "base/names.h"
#include <stdlib.h>
#include <string.h>

int s3hls__names_add(s3hls__names *n, const char *name, const char *tail) {
    if (n->count == n->capacity) {
        size_t capacity = n->capacity ? 2 * n->capacity : 32;
        char **items = s3hls__env_realloc(n->env, n->items, capacity * sizeof *items);
        if (!items)
            return S3HLS_E_NOMEM;
        n->items = items;
        n->capacity = capacity;
    }
    size_t size = strlen(name), tail_size = strlen(tail);
    char *copy = s3hls__env_alloc(n->env, size + tail_size + 1);
    if (!copy)
        return S3HLS_E_NOMEM;
    memcpy(copy, name, size);
    memcpy(copy + size, tail, tail_size);
    n->items[n->count++] = copy;
    return S3HLS_OK;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void s3hls__names_sort(s3hls__names *n) {
    if (n->count)
        qsort(n->items, n->count, sizeof *n->items, by_bytes);
}

void s3hls__names_deinit(s3hls__names *n) {
    for (size_t i = 0; i < n->count; i++)
        s3hls__env_free(n->env, n->items[i]);
    s3hls__env_free(n->env, n->items);
    *n = (s3hls__names){.env = n->env};
}
