/* SPDX-License-Identifier: MIT-0 */
#include "record/segmenter.h"
#include <string.h>

void s3hls__segmenter_init(s3hls__segmenter *s, uint32_t duration_ms, uint64_t max_bytes,
                           uint32_t nal_count) {
    memset(s, 0, sizeof *s);
    s->duration_90k = (int64_t)duration_ms * 90;
    s->max_bytes = s->fit_bytes = max_bytes;
    s->nal_count = nal_count;
}

static const int64_t LONGEST_90K = (int64_t)S3HLS__SEGMENT_MAX_MS * 90;

void s3hls__segmenter_begin(s3hls__segmenter *s, int64_t pts_90k, uint64_t nals_seen,
                            bool keyframe) {
    s->inside = !keyframe;
    s->start_90k = pts_90k;
    s->start_nals = nals_seen;
    s->gop_start_bytes = 0;
    if (keyframe) {
        s->forced = false;
        s->gop_start_90k = pts_90k;
        s->gop_bytes_before = 0;
    }
}

/* The keyframe at pts_90k ends a GOP. */
static void note_gop(s3hls__segmenter *s, int64_t pts_90k, uint64_t bytes) {
    uint64_t size = s->gop_bytes_before + bytes - s->gop_start_bytes;
    int64_t length = pts_90k - s->gop_start_90k;
    if (length > s->longest_gop_90k)
        s->longest_gop_90k = length;
    s->likely_gop_90k -= s->likely_gop_90k / 16;
    if (length > s->likely_gop_90k)
        s->likely_gop_90k = length;
    s->likely_gop_bytes -= s->likely_gop_bytes / 16;
    if (size > s->likely_gop_bytes)
        s->likely_gop_bytes = size;
    s->newest_gop_90k = length;
    s->newest_gop_bytes = size;
    s->gop_start_90k = pts_90k;
    s->gop_start_bytes = bytes;
    s->gop_bytes_before = 0;
}

static uint64_t fit_bytes(const s3hls__segmenter *s) {
    return s->fit_bytes < s->max_bytes ? s->fit_bytes : s->max_bytes;
}

/* Size at which a segment ends inside a GOP. A GOP that exceeds max_bytes is divided in any case:
 * its parts then fit the pool. */
static uint64_t part_bytes(const s3hls__segmenter *s) {
    bool divided = s->likely_gop_bytes > s->max_bytes || s->gop_bytes_before >= s->max_bytes;
    return divided ? fit_bytes(s) : s->max_bytes;
}

/* Does another GOP of the usual length and size fit before a limit would cut it? */
static bool next_gop_fits(const s3hls__segmenter *s, int64_t pts_90k, uint64_t bytes) {
    return bytes + s->likely_gop_bytes <= fit_bytes(s) &&
           pts_90k - s->start_90k + s->likely_gop_90k <= LONGEST_90K;
}

bool s3hls__segmenter_keyframe(s3hls__segmenter *s, int64_t pts_90k, uint64_t bytes,
                               uint64_t nals_seen, int64_t frame_90k) {
    note_gop(s, pts_90k, bytes);
    if (s->forced || s->inside || !next_gop_fits(s, pts_90k, bytes))
        return true;
    if (s->nal_count)
        return nals_seen - s->start_nals >= s->nal_count;
    return pts_90k - s->start_90k + frame_90k / 2 >= s->duration_90k;
}

bool s3hls__segmenter_guard(s3hls__segmenter *s, int64_t pts_90k, uint64_t bytes,
                            int64_t frame_90k) {
    s->too_large = bytes >= part_bytes(s);
    bool cut = s->too_large || pts_90k - s->start_90k + frame_90k > LONGEST_90K;
    if (cut)
        s->gop_bytes_before += bytes - s->gop_start_bytes;
    return cut;
}

uint32_t s3hls__segmenter_target_ms(const s3hls__segmenter *s, uint32_t duration_ms) {
    int64_t target = duration_ms;
    if (!s->nal_count && s->longest_gop_90k > 0) {
        int64_t gops = (s->duration_90k + s->longest_gop_90k - 1) / s->longest_gop_90k;
        if (gops * s->longest_gop_90k / 90 > target)
            target = gops * s->longest_gop_90k / 90;
    }
    target = (target + 999) / 1000 * 1000;
    return (uint32_t)(target < S3HLS__SEGMENT_MAX_MS ? target : S3HLS__SEGMENT_MAX_MS);
}
