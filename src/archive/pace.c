/* SPDX-License-Identifier: MIT-0 */
#include "archive/pace.h"

enum {
    PERIOD_MIN_MS = 1000,
    PERIOD_MAX_MS = 60000,
    LATE_MS = 500 /* initial value: a store states times in whole seconds, rounded down */
};

static int64_t clamp(int64_t value, int64_t min, int64_t max) {
    return value < min ? min : value > max ? max : value;
}

/* Wait an eighth of a segment, then twice as long after each attempt. */
static int64_t retry_ms(const s3hls__pace *p) {
    int64_t ms = p->period_ms / 8;
    for (unsigned i = 1; i < p->misses && ms < S3HLS__PACE_RETRY_MAX_MS; i++)
        ms *= 2;
    return clamp(ms, S3HLS__PACE_RETRY_MIN_MS, S3HLS__PACE_RETRY_MAX_MS);
}

static void note_miss(s3hls__pace *p, int64_t looked_ms) {
    enum { EARLY = 2 }; /* after more consecutive misses, the camera has stopped */
    if (!p->period_ms)
        p->period_ms = 4 * PERIOD_MIN_MS;
    p->misses++;
    p->missed_ms = looked_ms;
    if (p->known && p->misses <= EARLY)
        p->late_ms += p->period_ms / 8;
    p->due_ms = looked_ms + retry_ms(p);
}

/* A segment that the last listing did not contain arrived after it, regardless of the store's
 * clock. */
static void learn(s3hls__pace *p, int64_t received_ms) {
    if (p->misses == 0)
        p->late_ms = clamp(p->late_ms - p->period_ms / 32, 0, INT64_MAX);
    else if (received_ms && p->missed_ms - received_ms > p->late_ms)
        p->late_ms = p->missed_ms - received_ms;
}

static void note_found(s3hls__pace *p, const s3hls_segment *s, int64_t looked_ms) {
    int64_t received_ms = s->modified_unix_s * 1000;
    p->period_ms = clamp(s->duration_ms, PERIOD_MIN_MS, PERIOD_MAX_MS);
    if (p->known)
        learn(p, received_ms);
    else
        p->late_ms = LATE_MS;
    p->known = true;
    p->newest_ms = s->start_ms;
    p->newest_end_ms = s->start_ms + s->duration_ms;
    p->misses = 0;
    p->due_ms = received_ms + p->late_ms + p->period_ms;
    if (!received_ms || received_ms + p->late_ms > looked_ms) /* the store's clock is fast */
        p->due_ms = looked_ms + p->period_ms - p->period_ms / 32;
    if (p->due_ms <= looked_ms)
        p->due_ms = looked_ms + retry_ms(p);
}

void s3hls__pace_note(s3hls__pace *p, const s3hls_segment *newest, int64_t looked_ms) {
    bool same_look = p->looked && looked_ms == p->looked_ms;
    p->looked = true;
    p->looked_ms = looked_ms;
    if (newest && (!p->known || newest->start_ms > p->newest_ms))
        note_found(p, newest, looked_ms);
    else if (!same_look)
        note_miss(p, looked_ms);
}
