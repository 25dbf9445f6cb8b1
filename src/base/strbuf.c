/* SPDX-License-Identifier: MIT-0 */
#include "base/strbuf.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void s3hls__strbuf_init(s3hls__strbuf *b, const s3hls_env *env, size_t max) {
    memset(b, 0, sizeof *b);
    b->env = env;
    b->max = max;
}

void s3hls__strbuf_deinit(s3hls__strbuf *b) {
    s3hls__env_free(b->env, b->data);
    s3hls__strbuf_init(b, b->env, b->max);
}

void s3hls__strbuf_clear(s3hls__strbuf *b) {
    b->size = 0;
    b->status = S3HLS_OK;
}

/* Reserve memory for extra bytes and a NUL. @return the position to write at, or NULL. */
static char *grow(s3hls__strbuf *b, size_t extra) {
    if (b->status)
        return NULL;
    if (extra > b->max || b->size > b->max - extra) {
        b->status = S3HLS_E_TOO_LARGE;
        return NULL;
    }
    size_t need = b->size + extra + 1;
    if (need > b->capacity) {
        size_t capacity = b->capacity * 2 > need ? b->capacity * 2 : need + 64;
        char *data = s3hls__env_realloc(b->env, b->data, capacity);
        if (!data) {
            b->status = S3HLS_E_NOMEM;
            return NULL;
        }
        b->data = data;
        b->capacity = capacity;
    }
    return b->data + b->size;
}

void s3hls__strbuf_add(s3hls__strbuf *b, const void *data, size_t size) {
    char *p = grow(b, size);
    if (!p)
        return;
    if (size)
        memcpy(p, data, size);
    p[size] = 0;
    b->size += size;
}

void s3hls__strbuf_add_str(s3hls__strbuf *b, const char *s) {
    s3hls__strbuf_add(b, s, strlen(s));
}

int s3hls__strbuf_collect(void *ctx, const uint8_t *data, size_t size) {
    s3hls__strbuf *b = ctx;
    s3hls__strbuf_add(b, data, size);
    return b->status;
}

void s3hls__strbuf_add_char(s3hls__strbuf *b, char c) {
    s3hls__strbuf_add(b, &c, 1);
}

void s3hls__strbuf_addf(s3hls__strbuf *b, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *p = n < 0 ? NULL : grow(b, (size_t)n);
    if (p) {
        vsnprintf(p, (size_t)n + 1, format, again);
        b->size += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

int s3hls__strbuf_take(s3hls__strbuf *b, char **out) {
    if (!b->data)
        s3hls__strbuf_add(b, "", 0);
    int status = b->status;
    *out = status ? NULL : b->data;
    if (!status)
        b->data = NULL;
    s3hls__strbuf_deinit(b);
    return status;
}
