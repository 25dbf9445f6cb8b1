/* SPDX-License-Identifier: MIT-0 */
#include "playback/window.h"
#include "layout/session.h"

enum { SEGMENTS_MIN = 6 };

uint32_t s3hls__target_s(const s3hls_segment *s, uint32_t timeline_ms) {
    uint32_t rounded = s->duration_ms / 1000 + (s->duration_ms % 1000 >= 500);
    uint32_t stated = timeline_ms / 1000 + (timeline_ms % 1000 > 0);
    return stated > rounded ? stated : rounded;
}

/* ---- the beginning */

size_t s3hls__next_entry(const s3hls_segment *s, size_t at, size_t count) {
    while (at < count && s[at].entry == S3HLS_ENTRY_NONE)
        at++;
    return at;
}

/* Where to begin a list that would begin at the given segment of a session: at it or before, so
 * that decoding can begin; if that segment is not listed, after it. */
static size_t entry_near(const s3hls_segment *s, size_t at, size_t count) {
    size_t before = at;
    while (s[before].entry == S3HLS_ENTRY_NONE && before > 0 &&
           s3hls__segment_same_session(&s[before - 1], &s[before]))
        before--;
    if (s[before].entry != S3HLS_ENTRY_NONE)
        return before;
    size_t behind = s3hls__next_entry(s, at, count);
    return behind < count ? behind : at;
}

size_t s3hls__window_begin(const s3hls_segment *s, size_t count, size_t want, uint32_t target_s) {
    size_t at = count - 1;
    uint64_t target_ms = 1000 * (uint64_t)target_s, long_ms = s[at].duration_ms;
    while (at > 0 && s3hls__segment_same_session(&s[at - 1], &s[at]) &&
           (count - at < want || long_ms < 3 * target_ms))
        long_ms += s[--at].duration_ms;
    return entry_near(s, at, count);
}

/* ---- the end */

/* Segments of one timeline are neighbours: its target duration is asked for once. */
typedef struct needs {
    const s3hls_segment *s;
    s3hls__timeline_target_fn timeline_ms;
    void *ctx;
    const s3hls_segment *of; /* whose timeline was asked for; NULL: none */
    uint32_t of_ms;
} needs;

static uint32_t timeline_ms(needs *n, size_t i) {
    const s3hls_segment *s = &n->s[i];
    if (!n->of || n->of->timeline != s->timeline || n->of->sdk_name != s->sdk_name)
        n->of_ms = n->timeline_ms(n->ctx, s);
    n->of = s;
    return n->of_ms;
}

/* As many segments as a playlist lists, of whatever session: players may have loaded them. */
static size_t newest_window(needs *n, size_t count) {
    size_t at = count - 1;
    uint64_t target_ms = 1000 * (uint64_t)s3hls__target_s(&n->s[at], timeline_ms(n, at)),
             long_ms = n->s[at].duration_ms;
    while (at > 0 && (count - at < SEGMENTS_MIN || long_ms < 3 * target_ms))
        long_ms += n->s[--at].duration_ms;
    while (at > 0 && n->s[at].entry == S3HLS_ENTRY_NONE)
        at--;
    return at;
}

/* @param exact  the URL states no target duration */
static bool fits(needs *n, size_t i, uint32_t target_s, bool exact) {
    uint32_t ms = timeline_ms(n, i), need_s = s3hls__target_s(&n->s[i], ms);
    return exact ? !ms || !target_s || need_s == target_s : need_s <= target_s;
}

uint32_t s3hls__window_target_s(const s3hls_segment *s, size_t count, s3hls__timeline_target_fn fn,
                                void *ctx) {
    needs n = {.s = s, .timeline_ms = fn, .ctx = ctx};
    uint32_t target_s = 1;
    size_t begin = newest_window(&n, count);
    for (size_t i = count; i-- > begin;) {
        uint32_t need_s = s3hls__target_s(&s[i], timeline_ms(&n, i));
        target_s = need_s > target_s ? need_s : target_s;
    }
    return target_s;
}

size_t s3hls__window_end(const s3hls_segment *s, size_t count, uint32_t *target_s,
                         s3hls__timeline_target_fn fn, void *ctx) {
    needs n = {.s = s, .timeline_ms = fn, .ctx = ctx};
    bool exact = *target_s == 0;
    size_t begin = newest_window(&n, count), end = begin;
    if (exact) {
        uint32_t ms = timeline_ms(&n, begin);
        *target_s = ms ? s3hls__target_s(&s[begin], ms) : 0;
    }
    while (end < count && fits(&n, end, *target_s, exact))
        end++;
    while (end == begin && end > 0 && !fits(&n, end - 1, *target_s, exact))
        begin = --end;
    return end;
}
