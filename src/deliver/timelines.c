/* SPDX-License-Identifier: MIT-0 */
#include "deliver/timelines.h"
#include <string.h>

static const int64_t AGAIN_US = INT64_C(3600) * 1000000;

s3hls__timeline_copy *s3hls__timelines_find(s3hls__timelines *t, uint64_t timeline) {
    for (size_t i = 0; timeline && i < S3HLS__TIMELINES_KEPT; i++)
        if (t->copies[i].timeline == timeline)
            return &t->copies[i];
    return NULL;
}

static bool copy_text(s3hls__timeline_copy *c, uint64_t size,
                      s3hls_span (*body)(void *ctx, uint64_t offset), void *body_ctx) {
    for (uint64_t at = 0; at < size;) {
        s3hls_span span = body(body_ctx, at);
        if (!span.size || span.size > size - at)
            return false;
        memcpy(c->text + at, span.data, span.size);
        at += span.size;
    }
    c->size = (uint32_t)size;
    return true;
}

void s3hls__timelines_keep(s3hls__timelines *t, uint64_t timeline, uint64_t size, s3hls__tags *tags,
                           s3hls_span (*body)(void *ctx, uint64_t offset), void *body_ctx,
                           const s3hls_env *env) {
    if (!timeline || size > S3HLS__TIMELINE_BYTES_MAX || s3hls__timelines_find(t, timeline))
        return;
    uint32_t at = t->newest;
    for (uint32_t i = 0; i < S3HLS__TIMELINES_KEPT; i++) {
        at = (at + 1) % S3HLS__TIMELINES_KEPT;
        if (!t->copies[at].busy)
            break;
    }
    s3hls__timeline_copy *c = &t->copies[at];
    if (c->busy)
        return;
    s3hls__tags_release(c->tags, env);
    memset(c, 0, sizeof *c);
    if (!copy_text(c, size, body, body_ctx))
        return;
    c->timeline = timeline;
    c->tags = s3hls__tags_retain(tags);
    t->newest = at;
}

void s3hls__timelines_deinit(s3hls__timelines *t, const s3hls_env *env) {
    for (size_t i = 0; i < S3HLS__TIMELINES_KEPT; i++)
        s3hls__tags_release(t->copies[i].tags, env);
    memset(t, 0, sizeof *t);
}

void s3hls__timelines_doubt(s3hls__timelines *t) {
    for (size_t i = 0; i < S3HLS__TIMELINES_KEPT; i++)
        t->copies[i].doubtful = true;
}

void s3hls__timelines_note_delivered(s3hls__timelines *t, uint64_t timeline, int64_t now_us) {
    s3hls__timeline_copy *c = s3hls__timelines_find(t, timeline);
    if (!c)
        return;
    c->doubtful = false;
    c->delivered_us = now_us;
}

bool s3hls__timelines_is_due(s3hls__timelines *t, uint64_t timeline, int64_t now_us) {
    const s3hls__timeline_copy *c = s3hls__timelines_find(t, timeline);
    bool old = c && c->delivered_us && now_us - c->delivered_us >= AGAIN_US;
    return c && !c->busy && (c->doubtful || old) && c->not_before_us <= now_us;
}

s3hls_span s3hls__timeline_copy_body(void *ctx, uint64_t offset) {
    s3hls__timeline_copy *c = ctx;
    s3hls_span none = {NULL, 0};
    return offset < c->size ? (s3hls_span){(const uint8_t *)c->text + offset, c->size - offset}
                            : none;
}
