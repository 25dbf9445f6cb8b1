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
    w->cut_monotonic_us = monotonic_us(w);
    w->cut_90k = pts_90k;
    w->least_ahead_us = INT64_MAX;
}

int64_t s3hls__wall_now(const s3hls__wall *w) {
    return w->provisional ? monotonic_us(w) : wall_us(w);
}

void s3hls__wall_begin(s3hls__wall *w, int64_t pts_90k) {
    w->provisional = !w->start_time_us && !s3hls__env_wall_is_set(w->env);
    s3hls__wall_anchor(w, pts_90k, w->start_time_us ? w->start_time_us : s3hls__wall_now(w));
}

void s3hls__wall_anchor(s3hls__wall *w, int64_t pts_90k, int64_t at_us) {
    w->anchor_us = at_us;
    w->anchor_90k = pts_90k;
    w->offset_us = wall_us(w) - monotonic_us(w);
    forget(w, pts_90k);
}

int64_t s3hls__wall_at(const s3hls__wall *w, int64_t pts_90k) {
    return w->anchor_us + (pts_90k - w->anchor_90k) * 100 / 9;
}

void s3hls__wall_settle(s3hls__wall *w, int64_t true_clock_us) {
    w->anchor_us += true_clock_us;
    w->provisional = false;
    w->offset_us = wall_us(w) - monotonic_us(w);
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
    int64_t real_us = monotonic_us(w) - w->cut_monotonic_us;
    return real_us > media_us / 2 && real_us < media_us * 2;
}

int64_t s3hls__wall_cut(s3hls__wall *w, int64_t pts_90k) {
    int64_t offset_us = wall_us(w) - monotonic_us(w), step_us = offset_us - w->offset_us;
    int64_t ahead_us = w->least_ahead_us == INT64_MAX ? 0 : w->least_ahead_us;
    bool real_time = in_real_time(w, pts_90k);
    forget(w, pts_90k);
    /* while the system's clock is not set, the store's is ours */
    if (w->start_time_us || w->provisional || !s3hls__env_wall_is_set(w->env))
        return 0;
    if (beyond(step_us, S3HLS__WALL_DRIFT_US)) {
        w->offset_us = offset_us;
        return step_us;
    }
    return real_time && beyond(ahead_us, S3HLS__WALL_DRIFT_US) ? ahead_us : 0;
}
