/* SPDX-License-Identifier: MIT-0 */
#include "layout/session.h"

bool s3hls__segment_same_session(const s3hls_segment *a, const s3hls_segment *b) {
    enum { LOST_MAX = 10000 }; /* a larger difference is not a loss but unrelated */
    if (a->sdk_name || b->sdk_name)
        return a->sdk_name && b->sdk_name;
    return b->sequence > a->sequence && b->sequence - a->sequence - 1 <= LOST_MAX &&
           b->timeline - a->timeline <= 1;
}

uint64_t s3hls__segment_missing(const s3hls_segment *a, const s3hls_segment *b) {
    return a->sdk_name || !s3hls__segment_same_session(a, b) ? 0 : b->sequence - a->sequence - 1;
}

bool s3hls__segment_is_ahead(const s3hls_segment *s) {
    return s->modified_unix_s > 0 && s->modified_unix_s < INT64_MAX / 1000 &&
           s->start_ms > s->modified_unix_s * 1000 + S3HLS_CLOCK_AHEAD_MS;
}
