/* SPDX-License-Identifier: MIT-0 */
#include "export/placement.h"
#include "base/env.h"
#include <stdlib.h>
#include <string.h>

enum {
    TICKS_MS = 90,
    WINDOW_90K = 2 * 90000,  /* pictures further outside of their segment have no valid time */
    REORDER_90K = 10 * 90000 /* maximum of PTS after DTS */
};

/* a - b on a 33-bit clock. */
static int64_t since(int64_t a, int64_t b) {
    const int64_t half = INT64_C(1) << 32;
    return ((a - b + half) & (2 * half - 1)) - half;
}

int64_t s3hls__placement_at(const s3hls__placement *p, int64_t stamp) {
    return p->wall_90k + since(stamp, p->stamp);
}

int64_t s3hls__placement_frame(const s3hls_segment *segment, size_t count) {
    int64_t frame = count ? (int64_t)segment->duration_ms * TICKS_MS / (int64_t)count : 0;
    return frame > 0 ? frame : 1;
}

/* A linear mapping from the pictures' clock to the wall clock. */
typedef struct line {
    int64_t stamp, wall_90k;
    int64_t drift_90k; /* expected */
} line;

static int64_t wall_of(const line *l, int64_t stamp) {
    return l->wall_90k + since(stamp, l->stamp);
}

static bool fits(const line *l, const s3hls_segment *s, int64_t stamp) {
    int64_t at = wall_of(l, stamp) - l->drift_90k - s->start_ms * TICKS_MS;
    return at >= -WINDOW_90K && at <= (int64_t)s->duration_ms * TICKS_MS + WINDOW_90K;
}

static size_t count_fitting(const line *l, const s3hls_segment *s, const s3hls__stamp *stamps,
                            size_t count) {
    size_t fitting = 0;
    for (size_t i = 0; i < count; i++)
        fitting += fits(l, s, stamps[i].pts);
    return fitting;
}

/* Mapping by the segment's name, whose time is that of the first picture. If that picture's time is
 * wrong, use the earliest consistent ones. */
static line line_by_name(const s3hls_segment *s, const s3hls__stamp *stamps, size_t count) {
    enum { TRIES = 4 };
    int64_t begin = s->start_ms * TICKS_MS;
    line best = {stamps[0].pts, begin, 0};
    size_t most = count_fitting(&best, s, stamps, count);
    for (size_t i = 1; i < count && i < TRIES; i++) {
        line l = {stamps[i].pts, begin, 0};
        size_t fitting = count_fitting(&l, s, stamps, count);
        if (fitting <= 2 * most)
            continue;
        most = fitting;
        for (size_t k = 0; k < count; k++)
            if (fits(&l, s, stamps[k].pts) && since(stamps[k].pts, l.stamp) < 0)
                l.stamp = stamps[k].pts;
        best = l;
    }
    return best;
}

/* @return true: the pictures continue those of the previous segment. */
static bool line_from_before(const s3hls__placement *p, const s3hls_segment *s,
                             const s3hls__stamp *stamps, size_t count, line *l) {
    *l = (line){p->stamp, p->wall_90k, p->drift_90k};
    bool same =
        p->known && p->segment.timeline == s->timeline && !p->segment.sdk_name == !s->sdk_name;
    return same && 2 * count_fitting(l, s, stamps, count) >= count;
}

/* ---- times that cannot be right */

static int ascending(const void *a, const void *b) {
    int64_t x = ((const s3hls__stamp *)a)->pts, y = ((const s3hls__stamp *)b)->pts;
    return x < y ? -1 : x > y;
}

/* Derive DTS from PTS: the sorted PTS values, earlier by the depth of reordering. */
static bool derive_dts(s3hls__stamp *stamps, size_t count, const s3hls_env *env) {
    s3hls__stamp *sorted = s3hls__env_alloc(env, count * sizeof *sorted);
    int64_t delay = 0;
    if (!sorted)
        return false;
    memcpy(sorted, stamps, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, ascending);
    for (size_t i = 1; i < count; i++)
        if (sorted[i].pts <= sorted[i - 1].pts)
            sorted[i].pts = sorted[i - 1].pts + 1;
    for (size_t i = 0; i < count; i++)
        if (sorted[i].pts - stamps[i].pts > delay)
            delay = sorted[i].pts - stamps[i].pts;
    for (size_t i = 0; i < count; i++)
        stamps[i].dts = sorted[i].pts - delay;
    s3hls__env_free(env, sorted);
    return true;
}

static bool in_order(const s3hls__stamp *stamps, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (stamps[i].dts > stamps[i].pts || stamps[i].pts - stamps[i].dts > REORDER_90K ||
            (i && stamps[i].dts <= stamps[i - 1].dts))
            return false;
    return true;
}

static bool repair(const line *l, const s3hls_segment *s, s3hls__stamp *stamps, size_t count,
                   const s3hls_env *env) {
    int64_t frame = s3hls__placement_frame(s, count);
    int64_t before = s->start_ms * TICKS_MS + l->drift_90k - frame;
    int64_t last_stamp = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        s3hls__stamp *t = &stamps[i];
        int64_t delay = since(t->pts, t->dts);
        bool right = t->pts != last_stamp && fits(l, s, t->pts);
        last_stamp = t->pts;
        t->pts = right ? wall_of(l, t->pts) : before + frame;
        t->dts = t->pts - delay;
        before = t->pts;
    }
    return in_order(stamps, count) || derive_dts(stamps, count, env);
}

/* ---- the whole */

static void move(s3hls__stamp *stamps, size_t count, int64_t by) {
    for (size_t i = 0; i < count; i++) {
        stamps[i].pts += by;
        stamps[i].dts += by;
    }
}

static int64_t earliest(const s3hls__stamp *stamps, size_t count) {
    int64_t pts = stamps[0].pts;
    for (size_t i = 1; i < count; i++)
        pts = stamps[i].pts < pts ? stamps[i].pts : pts;
    return pts;
}

s3hls__placed s3hls__placement_next(s3hls__placement *p, const s3hls_segment *segment,
                                    s3hls__stamp *stamps, size_t count, int64_t end_90k,
                                    bool beside, const s3hls_env *env) {
    line l;
    int64_t begin_90k = segment->start_ms * TICKS_MS, moved = 0;
    bool runs_on = line_from_before(p, segment, stamps, count, &l);
    if (!runs_on) {
        if (beside && end_90k != INT64_MIN &&
            end_90k - begin_90k > (int64_t)segment->duration_ms * TICKS_MS / 2)
            return S3HLS__PLACED_TWICE;
        l = line_by_name(segment, stamps, count);
    }
    int64_t stamp = l.stamp;
    for (size_t i = 0; i < count; i++)
        if (fits(&l, segment, stamps[i].pts))
            stamp = stamps[i].pts;
    if (!repair(&l, segment, stamps, count, env))
        return S3HLS__PLACED_NOMEM;
    if (!runs_on && end_90k != INT64_MIN && earliest(stamps, count) < end_90k)
        moved = end_90k - earliest(stamps, count);
    move(stamps, count, moved);
    *p = (s3hls__placement){
        .known = true, .segment = *segment, .stamp = stamp, .wall_90k = wall_of(&l, stamp) + moved};
    p->drift_90k = stamps[0].pts - begin_90k;
    return S3HLS__PLACED;
}
