/* SPDX-License-Identifier: MIT-0 */
/* The state of the deliveries of one recorder. Pure: the current time and random numbers are
 * parameters. It is the only owner of the back-off, of the times of attempts and probes, and of the
 * decision to spool.
 *
 *            FAILED           HOLD, REFUSED
 *      ┌────────────── OK ──────────────┐
 *      ▼                ▲               ▼
 *   FAILING ─SUCCEEDED──┴──SUCCEEDED─ HELD
 *      │ ▲                             │ ▲
 *      │ └───────────FAILED────────────┘ │
 *      └──────────HOLD, REFUSED──────────┘
 *
 * Each change of state is reported by one event, and HELD again if its status changes. */
#ifndef S3HLS_DELIVER_HEALTH_H
#define S3HLS_DELIVER_HEALTH_H

#include "s3hls/recorder.h"
#include <stdbool.h>

typedef enum s3hls__health_action {
    S3HLS__HEALTH_SUCCEEDED, /* the store confirmed an object */
    S3HLS__HEALTH_FAILED,    /* temporarily: a later attempt may succeed */
    S3HLS__HEALTH_HOLD,      /* an operator must act */
    S3HLS__HEALTH_REFUSED,   /* the store refuses this object; other objects may continue */
    S3HLS__HEALTH_RETRY,     /* the cause may be removed, or the recorder is closing: no delay */
    S3HLS__HEALTH_PROBED     /* a probe has ended, with or without success */
} s3hls__health_action;

/* Other files read the members and do not change them. Times are monotonic, microseconds. */
typedef struct s3hls__health {
    /* set at open */
    int64_t retry_first_us, retry_max_us; /* back-off */
    int64_t spool_after_us;               /* failing this long: segments move to the spool */
    int64_t stall_us;                     /* an upload that moves no byte this long is stalled */
    bool has_spool;

    s3hls_delivery_state state;
    int status;            /* of the latest failure; S3HLS_OK: OK */
    bool store_failed;     /* not only single objects were refused */
    uint32_t failures;     /* in a row; back-off grows with them */
    int64_t since_us;      /* when the first of them happened */
    int64_t not_before_us; /* no attempt before; 0: none is delayed */
    int64_t probe_not_before_us;
    bool pressure; /* memory is short */
} s3hls__health;

typedef struct s3hls__health_result {
    int64_t wait_us;   /* of a failure: delay before the next attempt, or of the refused object */
    int event;         /* s3hls_event_type to report; 0: none */
    int64_t failed_us; /* RECOVERED: how long deliveries failed */
} s3hls__health_result;

/* Apply an action.
 * @param status  of a failure; otherwise S3HLS_OK
 * @param random  selects the jitter, which is half of the delay */
s3hls__health_result s3hls__health_step(s3hls__health *h, s3hls__health_action action, int status,
                                        int64_t now_us, uint64_t random);
/* Test the use of a pool for pressure, which begins above 3/4 and ends at 1/2.
 * @param before  the result of the latest test */
static inline bool s3hls__health_is_pressed(bool before, uint32_t used, uint32_t count) {
    return used > (before ? count / 2 : count / 4 * 3);
}
/* Apply the pressure of the pool.
 * @return S3HLS_EVENT_PRESSURE, S3HLS_EVENT_RELIEVED; 0: no change */
int s3hls__health_set_pressure(s3hls__health *h, bool pressure);

/* Test whether a delivery may begin. Unless deliveries work, there is one task at a time. */
bool s3hls__health_may_send(const s3hls__health *h, int64_t now_us, uint32_t tasks);
/* Test whether all segments move to the spool, not only refused ones. */
bool s3hls__health_must_spool(const s3hls__health *h, int64_t now_us);
/* When that begins, if only time passes. @return INT64_MAX: not, or it has begun */
int64_t s3hls__health_spool_due_us(const s3hls__health *h, int64_t now_us);
bool s3hls__health_may_probe(const s3hls__health *h, int64_t now_us);
/* Test for a failure so long that the store may have been replaced meanwhile. */
bool s3hls__health_is_outage(const s3hls__health *h, int64_t now_us);
/* How long an upload may move no byte before it is aborted, as another attempt can do better.
 * @param reachable  the store responds on another connection */
int64_t s3hls__health_abort_after_us(const s3hls__health *h, bool reachable);

#endif
