/* SPDX-License-Identifier: MIT-0 */
#include "deliver/health.h"

static const int64_t OUTAGE_US = INT64_C(10) * 1000000;
/* An upload may resume with the network after this time, but it is not likely. */
static const int64_t STALLED_MAX_US = INT64_C(900) * 1000000;
enum { PROBE_FAILURES = 3 }; /* probes follow each other as attempts do after so many failures */

/* Exponential, with 50 % jitter. */
static int64_t backoff_us(const s3hls__health *h, uint32_t failures, uint64_t random) {
    int64_t us = h->retry_max_us;
    if (failures < 24 && h->retry_first_us <= us >> (failures - 1))
        us = h->retry_first_us << (failures - 1);
    int64_t half_us = us / 2;
    return half_us + (int64_t)(random % (uint64_t)(half_us + 1));
}

static s3hls__health_result succeed(s3hls__health *h, int64_t now_us) {
    s3hls__health_result result = {0};
    if (h->state != S3HLS_DELIVERY_OK) {
        result.event = S3HLS_EVENT_RECOVERED;
        result.failed_us = now_us - h->since_us;
    }
    h->state = S3HLS_DELIVERY_OK;
    h->status = S3HLS_OK;
    h->store_failed = false;
    h->failures = 0;
    h->since_us = h->not_before_us = 0;
    return result;
}

static s3hls__health_result fail(s3hls__health *h, s3hls__health_action action, int status,
                                 int64_t now_us, uint64_t random) {
    s3hls__health_result result = {0};
    bool temporary = action == S3HLS__HEALTH_FAILED;
    s3hls_delivery_state state = temporary ? S3HLS_DELIVERY_FAILING : S3HLS_DELIVERY_HELD;
    if (state != h->state || (!temporary && status != h->status))
        result.event = temporary ? S3HLS_EVENT_FAILING : S3HLS_EVENT_HELD;
    if (h->state == S3HLS_DELIVERY_OK)
        h->since_us = now_us;
    h->state = state;
    h->status = status;
    h->failures++;
    /* a retry does not correct the cause: the longest delay at once */
    result.wait_us = backoff_us(h, temporary ? h->failures : UINT32_MAX, random);
    if (action != S3HLS__HEALTH_REFUSED) {
        h->store_failed = true;
        h->not_before_us = now_us + result.wait_us;
    }
    return result;
}

s3hls__health_result s3hls__health_step(s3hls__health *h, s3hls__health_action action, int status,
                                        int64_t now_us, uint64_t random) {
    s3hls__health_result none = {0};
    switch (action) {
    case S3HLS__HEALTH_SUCCEEDED:
        return succeed(h, now_us);
    case S3HLS__HEALTH_RETRY:
        h->not_before_us = 0;
        return none;
    case S3HLS__HEALTH_PROBED:
        h->probe_not_before_us = now_us + backoff_us(h, PROBE_FAILURES, random);
        return none;
    default:
        return fail(h, action, status, now_us, random);
    }
}

int s3hls__health_set_pressure(s3hls__health *h, bool pressure) {
    if (pressure == h->pressure)
        return 0;
    h->pressure = pressure;
    return pressure ? S3HLS_EVENT_PRESSURE : S3HLS_EVENT_RELIEVED;
}

static bool has_failed_for(const s3hls__health *h, int64_t now_us, int64_t us) {
    return h->state != S3HLS_DELIVERY_OK && now_us - h->since_us >= us;
}

bool s3hls__health_may_send(const s3hls__health *h, int64_t now_us, uint32_t tasks) {
    return now_us >= h->not_before_us && (h->state == S3HLS_DELIVERY_OK || tasks == 0);
}

bool s3hls__health_must_spool(const s3hls__health *h, int64_t now_us) {
    return h->pressure || has_failed_for(h, now_us, h->spool_after_us);
}

int64_t s3hls__health_spool_due_us(const s3hls__health *h, int64_t now_us) {
    if (h->state == S3HLS_DELIVERY_OK || s3hls__health_must_spool(h, now_us))
        return INT64_MAX;
    return h->since_us + h->spool_after_us;
}

bool s3hls__health_may_probe(const s3hls__health *h, int64_t now_us) {
    return now_us >= h->probe_not_before_us;
}

bool s3hls__health_is_outage(const s3hls__health *h, int64_t now_us) {
    return h->store_failed && has_failed_for(h, now_us, OUTAGE_US);
}

int64_t s3hls__health_abort_after_us(const s3hls__health *h, bool reachable) {
    return reachable || h->has_spool ? h->stall_us : STALLED_MAX_US;
}
