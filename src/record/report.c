/* SPDX-License-Identifier: MIT-0 */
#include "record/report.h"
#include <inttypes.h>
#include <stdio.h>

void s3hls__report_dependent(const s3hls_env *env, s3hls__outbox *box, s3hls__decider *d,
                             s3hls_segment_entry entry) {
    const char *text = s3hls__decide_report(d, entry);
    if (!text)
        return;
    s3hls__log(env, S3HLS_LOG_WARN, "record", "segments do not decode on their own: %s", text);
    s3hls__outbox_report(box, &(s3hls_event){.type = S3HLS_EVENT_DEPENDENT, .message = text});
}

void s3hls__report_pool(const s3hls_env *env, s3hls__outbox *box, s3hls__decider *d,
                        uint64_t pool_bytes) {
    enum { TENTH = 100000 }; /* of a Mbit */
    s3hls__pool_finding f;
    char text[320];
    if (!s3hls__decide_pool(d, pool_bytes, &f))
        return;
    uint64_t stream = (f.bits_per_s + TENTH / 2) / TENTH;
    uint64_t uplink = (f.uplink_bits_per_s + TENTH - 1) / TENTH;
    snprintf(text, sizeof text,
             "a group of pictures has %" PRIu64 " bytes (%" PRId64 " ms at %" PRIu64 ".%" PRIu64
             " Mbit/s), more than 3/8 of the pool of %" PRIu64
             ": pictures are lost if the uplink is slower than %" PRIu64 ".%" PRIu64
             " Mbit/s. Set pool_bytes to %" PRIu64
             ", or the encoder's keyframe interval to %" PRId64 " ms",
             f.gop_bytes, f.gop_ms, stream / 10, stream % 10, f.pool_bytes, uplink / 10,
             uplink % 10, f.enough_bytes, f.shorter_ms);
    s3hls__log(env, S3HLS_LOG_WARN, "record", "%s", text);
    s3hls__outbox_report(box, &(s3hls_event){.type = S3HLS_EVENT_POOL_SMALL,
                                             .bytes = f.gop_bytes,
                                             .count = f.bits_per_s,
                                             .duration_ms = f.gop_ms,
                                             .message = text});
}
