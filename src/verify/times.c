/* SPDX-License-Identifier: MIT-0 */
#include "verify/times.h"
#include "verify/report.h"

enum {
    SKIPPED_FOR = 8,  /* access units for which a skipped number is remembered */
    RESTART_AFTER = 3 /* pictures after which order counts may restart without an IDR picture */
};

/* ---- steps */

static void note_step(s3hls__times *t, int64_t step) {
    if (step <= 0)
        return;
    if (t->longest_step == 0 || step > t->longest_step)
        t->longest_step = step;
    if (t->shortest_step == 0 || step < t->shortest_step)
        t->shortest_step = step;
    t->steps[t->count % S3HLS__TIMES_WINDOW] = step;
}

/* The longest or shortest recent step. */
static int64_t newest_step(const s3hls__times *t, bool longest) {
    int64_t found = 0;
    for (int i = 0; i < S3HLS__TIMES_WINDOW; i++)
        if (t->steps[i] && (!found || (t->steps[i] > found) == longest))
            found = t->steps[i];
    return found;
}

int64_t s3hls__times_add(s3hls__times *t, int64_t pts, int64_t dts) {
    if (t->count == 0)
        t->origin = dts;
    int64_t at = s3hls__clock_since(dts, t->origin), shown = s3hls__clock_since(pts, t->origin);
    int64_t step = t->count ? at - t->dts : 0, delay = shown - at;
    bool first = t->count == 0;
    note_step(t, step);
    t->count++;
    t->dts = at;
    if (first)
        t->first_pts = shown;
    if (first || shown > t->latest_pts)
        t->latest_pts = shown;
    if (first || shown < t->earliest_pts)
        t->earliest_pts = shown;
    if (first || delay > t->longest_delay)
        t->longest_delay = delay;
    if (first || delay < t->shortest_delay)
        t->shortest_delay = delay;
    /* After a gap, counts cannot be compared: a complete cycle of them may be missing. */
    if (step > 2 * newest_step(t, false))
        t->shown_count = 0;
    return step;
}

/* ---- order of decoding */

/* Lost pictures leave a gap in their numbers. If the skipped number appears later, its picture is
 * in the wrong position. */
static const char *judge_number(s3hls__times *t, const s3hls__slice *s) {
    uint32_t range = s->number_range;
    if (!range)
        return NULL;
    uint32_t next = (t->reference + 1) % range;
    bool idr = s->unit.idr, known = t->decoded && !idr;
    if (idr || (t->skipped_since && ++t->skipped_since > SKIPPED_FOR))
        t->skipped_since = 0;
    bool late = t->skipped_since &&
                (s->number - t->skipped + range) % range < (t->beyond - t->skipped + range) % range;
    if (known && s->number != t->reference && s->number != next) {
        t->shown_count = 0;
        if (!late && (s->number - next + range) % range < range / 2) {
            t->skipped = next;
            t->beyond = s->number;
            t->skipped_since = 1;
        }
    }
    if (s->reference)
        t->reference = s->number;
    t->decoded = true;
    return late ? "pictures are in another order than their frame_num" : NULL;
}

/* ---- order of presentation */

/* Order counts restart without an IDR picture (memory_management_control_operation 5): all later
 * counts are lower, but shown later. */
static bool restarts(const s3hls__times *t, int32_t poc, int64_t pts) {
    for (uint32_t i = 0; i < t->shown_count; i++)
        if (poc >= t->shown[i].poc || pts <= t->shown[i].pts)
            return false;
    return t->shown_count >= RESTART_AFTER;
}

static bool in_order(const s3hls__times *t, int32_t poc, int64_t pts) {
    for (uint32_t i = 0; i < t->shown_count; i++) {
        int32_t other = t->shown[i].poc;
        if (poc != other && (poc > other ? pts <= t->shown[i].pts : pts >= t->shown[i].pts))
            return false;
    }
    return true;
}

static void note_shown(s3hls__times *t, int32_t poc, int64_t pts) {
    uint32_t at = t->shown_count;
    if (at == S3HLS__TIMES_WINDOW) /* remove the picture that is shown first */
        for (uint32_t i = at = 0; i < t->shown_count; i++)
            if (t->shown[i].pts < t->shown[at].pts)
                at = i;
    t->shown[at].poc = poc;
    t->shown[at].pts = pts;
    t->shown_count += t->shown_count < S3HLS__TIMES_WINDOW;
}

const char *s3hls__times_judge(s3hls__times *t, int64_t pts, const s3hls__units *u) {
    const s3hls__slice *s = &u->first;
    int64_t shown = s3hls__clock_since(pts, t->origin);
    if (u->pictures == 0)
        return NULL;
    bool idr = s->unit.idr;
    int32_t poc = s->unit.poc;
    const char *wrong = judge_number(t, s);
    t->fields |= s->unit.field;
    if (idr || restarts(t, poc, shown)) {
        t->shown_count = 0;
        t->base_known = idr;
        t->base = poc;
    } else if (t->base_known &&
               poc < t->base) { /* shown before its IDR picture: cut from another stream */
        return wrong;
    }
    if (!in_order(t, poc, shown) || (idr && t->count > 1 && shown < t->latest_pts))
        wrong = "pictures are shown in another order than their order counts";
    note_shown(t, poc, shown);
    return wrong;
}

/* ---- how long they last */

typedef struct extent {
    int64_t rest;  /* of the name's duration, after the last DTS */
    int64_t shown; /* and after the latest PTS */
    int64_t lead;  /* of pictures shown before the first one */
    int64_t reorder;
    int64_t longest; /* longest step that may be the last picture's duration */
    int64_t may;     /* rounding; with variable steps also the possible distance of DTS from PTS */
} extent;

static extent measure(const s3hls__times *t, int64_t named_90k) {
    extent e = {.rest = named_90k - t->dts,
                .shown = named_90k - (t->latest_pts - t->first_pts),
                .lead = t->first_pts - t->earliest_pts,
                .reorder = t->longest_delay - t->shortest_delay,
                .longest = newest_step(t, true),
                .may = S3HLS__VERIFY_ROUNDING_90K};
    if (e.reorder > 0) {
        int64_t depth = 1 + e.reorder / t->shortest_step;
        e.longest = t->longest_step;
        e.may += (t->longest_step - t->shortest_step) * (depth < 17 ? depth : 17);
    }
    if (t->fields)
        e.longest *= 2;
    return e;
}

static bool known(const s3hls__times *t) {
    return t->count > 1 && t->shortest_step > 0;
}

bool s3hls__times_fill(const s3hls__times *t, int64_t named_90k) {
    if (!known(t))
        return true;
    extent e = measure(t, named_90k);
    return e.rest >= -e.may - e.lead - e.reorder && e.shown >= -e.may - e.reorder &&
           e.rest <= e.longest + e.may + e.reorder && e.shown <= e.longest + e.may + e.reorder;
}

int64_t s3hls__times_missing(const s3hls__times *t, int64_t named_90k, bool ended) {
    if (!known(t))
        return 0;
    extent e = measure(t, named_90k);
    int64_t most = e.longest + e.may;
    bool ends = e.shown <= most && e.rest + e.lead <= most;
    bool is_cut = e.rest <= most && e.shown <= most + e.lead;
    if (e.shown < -S3HLS__VERIFY_ROUNDING_90K) /* a picture is shown after the end */
        return -e.shown;
    if (ends || is_cut || ended)
        return 0;
    return (e.shown > e.rest ? e.shown : e.rest) - e.longest;
}

int64_t s3hls__times_length(const s3hls__times *t) {
    return t->count < 2 ? 0 : t->latest_pts - t->first_pts + t->dts / (t->count - 1);
}
