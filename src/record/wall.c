/* SPDX-License-Identifier: MIT-0 */
#include "record/wall.h"

static int64_t monotonic_us(const s3hls__wall *w) {
    return w->env->monotonic_us(w->env->ctx) - w->age_us;
}

static int64_t wall_us(const s3hls__wall *w) {
    return w->env->wall_us(w->env->ctx) - w->age_us;
}

static bool beyond(int64_t value, int64_t bound) {
    return value > bound || value < -bound;
}

static int64_t to_us(int64_t time_90k) {
    return time_90k * 100 / 9;
}

static void begin_interval(s3hls__wall *w, s3hls__wall_place place) {
    w->cut_monotonic_us = monotonic_us(w);
    w->cut = place;
    w->least_ahead_us = w->least_late_us = INT64_MAX;
}

static void look(s3hls__wall *w) {
    w->offset_us = wall_us(w) - monotonic_us(w);
    w->was_set = s3hls__env_wall_is_set(w->env);
}

int64_t s3hls__wall_now(const s3hls__wall *w) {
    return w->provisional ? monotonic_us(w) : wall_us(w);
}

void s3hls__wall_begin(s3hls__wall *w, s3hls__wall_place place) {
    w->provisional = !w->start_time_us && !s3hls__env_wall_is_set(w->env);
    s3hls__wall_anchor(w, place, w->start_time_us ? w->start_time_us : s3hls__wall_now(w));
}

void s3hls__wall_anchor(s3hls__wall *w, s3hls__wall_place place, int64_t at_us) {
    w->anchor_us = at_us;
    w->anchor_90k = place.pts_90k;
    w->fresh = false;
    look(w);
    begin_interval(w, place);
}

int64_t s3hls__wall_at(const s3hls__wall *w, int64_t pts_90k) {
    return w->anchor_us + to_us(pts_90k - w->anchor_90k);
}

void s3hls__wall_settle(s3hls__wall *w, int64_t true_clock_us) {
    w->anchor_us += true_clock_us;
    w->provisional = w->fresh = false;
    look(w);
    w->least_ahead_us = INT64_MAX;
}

/* ---- lateness */

static void count_newest(s3hls__wall *w) {
    if (w->fresh && w->fresh_ahead_us < w->least_ahead_us)
        w->least_ahead_us = w->fresh_ahead_us;
    if (w->fresh && w->fresh_late_us < w->least_late_us)
        w->least_late_us = w->fresh_late_us;
    w->fresh = false;
}

void s3hls__wall_note(s3hls__wall *w, s3hls__wall_place place) {
    count_newest(w);
    w->fresh = true;
    w->fresh_ahead_us = s3hls__wall_now(w) - s3hls__wall_at(w, place.pts_90k);
    w->fresh_late_us = monotonic_us(w) - to_us(place.source_90k);
    w->pictures++;
}

void s3hls__wall_forget_newest(s3hls__wall *w) {
    w->fresh = false;
}

/* ---- the camera's speed */

void s3hls__wall_watch_anew(s3hls__wall *w) {
    w->watched = 0;
}

static void watch(s3hls__wall *w, int index, s3hls__wall_place place) {
    w->watch[index].source_90k = place.source_90k;
    w->watch[index].monotonic_us = monotonic_us(w);
    w->watch[index].late_us = w->least_late_us;
    w->watched = index + 1;
    if (index == 0)
        w->pictures = 0;
}

/* Growth of the delay since an earlier cut, relative to the media time since then. */
static int64_t rate_since(const s3hls__wall *w, int index, int64_t source_90k, int64_t late_us) {
    int64_t media_us = to_us(source_90k - w->watch[index].source_90k);
    return (late_us - w->watch[index].late_us) * 1000 / (media_us / 1000 + 1);
}

/* Pictures may be late for other reasons. The delay is taken as the camera's clock rate only if it
 * grows steadily in both halves of the measurement. */
static void find_rate(s3hls__wall *w, s3hls__wall_place place) {
    enum { CERTAIN_US = 200000 };
    int64_t first = rate_since(w, 0, w->watch[1].source_90k, w->watch[1].late_us);
    int64_t second = rate_since(w, 1, place.source_90k, w->least_late_us);
    int64_t rate = rate_since(w, 0, place.source_90k, w->least_late_us);
    bool certain = beyond(w->least_late_us - w->watch[0].late_us, CERTAIN_US);
    bool steady =
        rate > 0 ? first > rate / 2 && second > rate / 2 : first < rate / 2 && second < rate / 2;
    if (rate > INT32_MAX || (certain && !steady))
        return;
    w->rate_ppm = certain ? (int32_t)rate : 0;
    w->rate_known = true;
}

/* Each measurement takes twice as long as the one before. It restarts after a while, since clock
 * rates change. */
static void measure_rate(s3hls__wall *w, s3hls__wall_place place) {
    const int64_t LONG_US = INT64_C(1200) * 1000000;
    int64_t now_us = monotonic_us(w), since_us = now_us - w->watch[0].monotonic_us;
    if (w->least_late_us == INT64_MAX)
        return;
    if (w->watched == 0) {
        watch(w, 0, place);
    } else if (w->watched == 1) {
        if (since_us >= S3HLS__WALL_RATE_AFTER_US)
            watch(w, 1, place);
    } else if (since_us >= 2 * (w->watch[1].monotonic_us - w->watch[0].monotonic_us)) {
        find_rate(w, place);
        watch(w, since_us < LONG_US, place);
    }
}

static bool is_inexact(const s3hls__wall *w) {
    return w->rate_known && !beyond(w->rate_ppm, S3HLS__WALL_RATE_MAX_PPM);
}

/* Reported once, and only for a camera: pictures that arrive faster than any camera sends them come
 * from a file. */
static int32_t find_wrong_rate(s3hls__wall *w) {
    enum { CAMERA_FASTEST = 300 };
    int64_t real_us = monotonic_us(w) - w->watch[0].monotonic_us;
    bool camera = (int64_t)w->pictures <= real_us / (1000000 / CAMERA_FASTEST);
    if (!w->rate_known || is_inexact(w) || w->wrong_reported || !camera || w->rate_ppm <= -1000000)
        return 0;
    w->wrong_reported = true;
    int64_t true_ppm = INT64_C(1000000) + w->rate_ppm;
    return (int32_t)((100000000 + true_ppm / 2) / true_ppm);
}

/* ---- a cut */

/* Distinguishes a camera from a file that is read at full speed. */
static bool in_real_time(const s3hls__wall *w, s3hls__wall_place place) {
    return monotonic_us(w) - w->cut_monotonic_us > to_us(place.source_90k - w->cut.source_90k) / 2;
}

static int64_t find_step(s3hls__wall *w, s3hls__wall_place place, bool real_time) {
    int64_t before_us = w->offset_us, by_us = 0;
    bool was_set = w->was_set;
    look(w);
    if (!w->was_set) /* while the system clock is not set, the store's time is used */
        return 0;
    if (!was_set)
        by_us = wall_us(w) - s3hls__wall_at(w, place.pts_90k);
    else if (beyond(w->offset_us - before_us, S3HLS__WALL_DRIFT_US))
        by_us = w->offset_us - before_us;
    else if (real_time && w->least_ahead_us != INT64_MAX && w->least_ahead_us > 0)
        by_us = w->least_ahead_us;
    return by_us > S3HLS__WALL_DRIFT_US || by_us < -S3HLS__WALL_BACK_US ? by_us : 0;
}

/* Difference in rate between the recording's clock and the camera's, in ppm. */
static int32_t find_speed(s3hls__wall *w, bool real_time) {
    if (!real_time || !is_inexact(w) || w->least_ahead_us == INT64_MAX)
        return is_inexact(w) ? w->rate_ppm : 0;
    if (w->least_ahead_us < -S3HLS__WALL_DRIFT_US)
        w->catching_up = true;
    else if (w->least_ahead_us > -S3HLS__WALL_DRIFT_US / 4)
        w->catching_up = false;
    return w->rate_ppm - (w->catching_up ? S3HLS__WALL_CATCH_UP_PPM : 0);
}

s3hls__wall_finding s3hls__wall_cut(s3hls__wall *w, s3hls__wall_place place) {
    s3hls__wall_finding found = {0, 0, 0};
    if (w->start_time_us)
        return found;
    bool real_time = in_real_time(w, place);
    measure_rate(w, place);
    found.wrong_percent = find_wrong_rate(w);
    found.speed_ppm = find_speed(w, real_time);
    if (w->provisional)
        look(w);
    else
        found.by_us = find_step(w, place, real_time);
    begin_interval(w, place);
    return found;
}
