/* SPDX-License-Identifier: MIT-0 */
#include "deliver/timelines.h"
#include <string.h>

static const int64_t AGAIN_US = INT64_C(3600) * 1000000;

s3hls__timeline_copy *s3hls__timelines_find(s3hls__timelines *t, s3hls__key_kind kind,
                                            uint64_t timeline) {
    for (size_t i = 0; timeline && i < S3HLS__TIMELINES_KEPT; i++)
        if (t->copies[i].timeline == timeline && t->copies[i].kind == kind)
            return &t->copies[i];
    return NULL;
}

static void clear(s3hls__timeline_copy *c, const s3hls_env *env) {
    s3hls__tags_release(c->tags, env);
    s3hls__env_free(env, c->data);
    memset(c, 0, sizeof *c);
}

static bool copy_body(s3hls__timeline_copy *c, const s3hls__timeline_object *o,
                      const s3hls_env *env) {
    c->data = s3hls__env_alloc(env, o->size + 1);
    for (uint64_t at = 0; c->data && at < o->size;) {
        s3hls_span span = o->body(o->body_ctx, at);
        if (!span.size || span.size > o->size - at)
            return false;
        memcpy(c->data + at, span.data, span.size);
        at += span.size;
    }
    c->size = (uint32_t)o->size;
    return c->data != NULL;
}

void s3hls__timelines_keep(s3hls__timelines *t, const s3hls__timeline_object *o,
                           const s3hls_env *env) {
    if (!o->timeline || o->size > S3HLS__TIMELINE_BYTES_MAX ||
        s3hls__timelines_find(t, o->kind, o->timeline))
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
    clear(c, env);
    if (!copy_body(c, o, env)) {
        clear(c, env);
        return;
    }
    c->kind = o->kind;
    c->timeline = o->timeline;
    c->tags = s3hls__tags_retain(o->tags);
    t->newest = at;
}

void s3hls__timelines_deinit(s3hls__timelines *t, const s3hls_env *env) {
    for (size_t i = 0; i < S3HLS__TIMELINES_KEPT; i++)
        clear(&t->copies[i], env);
    t->newest = 0;
}

void s3hls__timelines_doubt(s3hls__timelines *t) {
    for (size_t i = 0; i < S3HLS__TIMELINES_KEPT; i++)
        t->copies[i].doubtful = true;
}

void s3hls__timelines_note_delivered(s3hls__timelines *t, s3hls__key_kind kind, uint64_t timeline,
                                     int64_t now_us) {
    s3hls__timeline_copy *c = s3hls__timelines_find(t, kind, timeline);
    if (!c)
        return;
    c->doubtful = false;
    c->delivered_us = now_us;
}

static bool is_due(const s3hls__timeline_copy *c, int64_t now_us) {
    bool old = c->delivered_us && now_us - c->delivered_us >= AGAIN_US;
    return !c->busy && (c->doubtful || old) && c->not_before_us <= now_us;
}

s3hls__timeline_copy *s3hls__timelines_due(s3hls__timelines *t, uint64_t timeline, int64_t now_us) {
    for (size_t i = 0; timeline && i < S3HLS__TIMELINES_KEPT; i++)
        if (t->copies[i].timeline == timeline && is_due(&t->copies[i], now_us))
            return &t->copies[i];
    return NULL;
}

s3hls_span s3hls__timeline_copy_body(void *ctx, uint64_t offset) {
    s3hls__timeline_copy *c = ctx;
    s3hls_span none = {NULL, 0};
    return offset < c->size ? (s3hls_span){c->data + offset, c->size - offset} : none;
}
