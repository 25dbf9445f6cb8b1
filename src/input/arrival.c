/* SPDX-License-Identifier: MIT-0 */
#include "input/arrival.h"

enum { AVERAGED = 32, HELD_MAX = 256, PACED = 3 };

static const int64_t HELD_MAX_US = 20000000, PACED_US = 400000;

/* Note the step from the previous picture, if both are shown in the order of their arrival. */
static void note_step(s3hls__input_arrival *a, int64_t step_us) {
    if (step_us > HELD_MAX_US) /* the times jumped */
        return;
    a->span_us += step_us;
    if (++a->pictures >= 2 * AVERAGED) {
        a->span_us /= 2;
        a->pictures /= 2;
    }
}

/* Has the backlog been received completely? A pause within it does not mean that it has. */
static bool in_real_time(s3hls__input_arrival *a, int64_t passed_us, int64_t step_us) {
    bool paced = passed_us >= step_us / 2;
    a->paced = paced ? a->paced + 1 : 0;
    a->paced_us = paced ? a->paced_us + step_us : 0;
    return a->paced >= PACED || a->paced_us >= PACED_US;
}

void s3hls__input_arrival_note(s3hls__input_arrival *a, int64_t now_us, int64_t time_us) {
    bool first = !a->pictures && !a->held;
    int64_t behind_us = now_us - time_us, step_us = time_us - a->latest_us;
    if (!first && step_us < -HELD_MAX_US) /* the times restarted */
        a->latest_us = time_us;
    if (first || behind_us < a->base_us)
        a->base_us = behind_us;
    if (first)
        a->first_us = time_us;
    else
        a->pictures += step_us <= 0; /* shown before an earlier arrival: part of its step */
    if (!first && step_us > 0)
        note_step(a, step_us);
    a->held += !a->settled;
    if (!first && !a->settled && step_us > 0 && in_real_time(a, now_us - a->newest_us, step_us))
        s3hls__input_arrival_settle(a, true);
    if (!a->settled && (a->held >= HELD_MAX || time_us - a->first_us > HELD_MAX_US))
        s3hls__input_arrival_settle(a, false);
    if (first || step_us > 0) {
        a->latest_us = time_us;
        a->newest_us = now_us;
    }
}

void s3hls__input_arrival_settle(s3hls__input_arrival *a, bool in_real_time) {
    if (!a->settled && !in_real_time)
        a->held = 0;
    a->settled = true;
}

int64_t s3hls__input_arrival_late_us(s3hls__input_arrival *a, int64_t arrived_us, int64_t time_us) {
    if (!a->held)
        return 0;
    a->held--;
    int64_t late_us = arrived_us - time_us - a->base_us;
    return late_us > 0 && late_us <= 2 * HELD_MAX_US ? late_us : 0;
}

int64_t s3hls__input_arrival_picture_us(const s3hls__input_arrival *a) {
    return a->pictures ? a->span_us / a->pictures : 0;
}
