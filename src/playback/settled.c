/* SPDX-License-Identifier: MIT-0 */
#include "playback/settled.h"
#include "layout/session.h"

/* Iterates from the end, so that the earliest arrival of the later segments is known. */
static size_t keep_timely(s3hls_segment *s, size_t count, uint32_t wait_s) {
    size_t kept = count; /* s[kept..count) are kept */
    int64_t arrived_s = INT64_MAX;
    for (size_t i = count; i-- > 0;) {
        bool waited =
            kept < count && !s[i].sdk_name && s3hls__segment_same_session(&s[i], &s[kept]);
        if (arrived_s != INT64_MAX && s[i].modified_unix_s > arrived_s + (waited ? wait_s : 0))
            continue;
        if (s[i].modified_unix_s < arrived_s && !s3hls__segment_is_ahead(&s[i]))
            arrived_s = s[i].modified_unix_s;
        s[--kept] = s[i];
    }
    for (size_t i = kept; kept && i < count; i++)
        s[i - kept] = s[i];
    return count - kept;
}

size_t s3hls__keep_settled(s3hls_segment *s, size_t count, int64_t now_s, uint32_t wait_s,
                           bool *waits) {
    int64_t arrived_s = INT64_MAX;
    count = keep_timely(s, count, wait_s);
    size_t end = count;
    for (size_t i = count; i-- > 1;) {
        if (s[i].modified_unix_s < arrived_s && !s3hls__segment_is_ahead(&s[i]))
            arrived_s = s[i].modified_unix_s;
        if (arrived_s != INT64_MAX && s3hls__segment_missing(&s[i - 1], &s[i]) &&
            now_s <= arrived_s + wait_s)
            end = i;
    }
    *waits = end < count;
    return end;
}
