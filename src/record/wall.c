/* SPDX-License-Identifier: MIT-0 */
#include "record/wall.h"

static int64_t monotonic_us(const s3hls__wall *w) {
    return w->env->monotonic_us(w->env->ctx);
}

static int64_t wall_us(const s3hls__wall *w) {
    return w->env->wall_us(w->env->ctx);
}

static bool beyond(int64_t value, int64_t bound) {
    return value > bound || value < -bound;
}

static void forget(s3hls__wall *w, int64_t pts_90k) {
    w->cut_monotonic_us = monotonic_us(w) - w->age_us;
    w->cut_90k = pts_90k;
    w->least_ahead_us = INT64_MAX;
}

static void look(s3hls__wall *w) {
    w->offset_us = wall_us(w) - monotonic_us(w);
    w->was_set = s3hls__env_wall_is_set(w->env);
}

int64_t s3hls__wall_now(const s3hls__wall *w) {
    return (w->provisional ? monotonic_us(w) : wall_us(w)) - w->age_us;
}

void s3hls__wall_begin(s3hls__wall *w, int64_t pts_90k) {
    w->provisional = !w->start_time_us && !s3hls__env_wall_is_set(w->env);
    s3hls__wall_anchor(w, pts_90k, w->start_time_us ? w->start_time_us : s3hls__wall_now(w));
}

void s3hls__wall_anchor(s3hls__wall *w, int64_t pts_90k, int64_t at_us) {
    w->anchor_us = at_us;
    w->anchor_90k = pts_90k;
    look(w);
    forget(w, pts_90k);
}

int64_t s3hls__wall_at(const s3hls__wall *w, int64_t pts_90k) {
    return w->anchor_us + (pts_90k - w->anchor_90k) * 100 / 9;
}

void s3hls__wall_settle(s3hls__wall *w, int64_t true_clock_us) {
    w->anchor_us += true_clock_us;
    w->provisional = false;
    look(w);
    w->least_ahead_us = INT64_MAX;
}

void s3hls__wall_note(s3hls__wall *w, int64_t pts_90k) {
    int64_t ahead_us = s3hls__wall_now(w) - s3hls__wall_at(w, pts_90k);
    if (ahead_us < w->least_ahead_us)
        w->least_ahead_us = ahead_us;
}

/* Is it a camera, or a file that is read as fast as it goes? */
static bool in_real_time(const s3hls__wall *w, int64_t pts_90k) {
    int64_t media_us = (pts_90k - w->cut_90k) * 100 / 9;
    int64_t real_us = monotonic_us(w) - w->age_us - w->cut_monotonic_us;
    return real_us > media_us / 2 && real_us < media_us * 2;
}

int64_t s3hls__wall_cut(s3hls__wall *w, int64_t pts_90k) {
    int64_t before_us = w->offset_us, ahead_us = w->least_ahead_us, by_us = 0;
    bool was_set = w->was_set, real_time = in_real_time(w, pts_90k);
    look(w);
    forget(w, pts_90k);
    if (w->start_time_us || w->provisional || !w->was_set)
        return 0; /* while the system's clock is not set, the store's is ours */
    if (!was_set)
        by_us = s3hls__wall_now(w) - s3hls__wall_at(w, pts_90k);
    else if (beyond(w->offset_us - before_us, S3HLS__WALL_DRIFT_US))
        by_us = w->offset_us - before_us;
    else if (real_time && ahead_us != INT64_MAX)
        by_us = ahead_us;
    return beyond(by_us, S3HLS__WALL_DRIFT_US) ? by_us : 0;
}
