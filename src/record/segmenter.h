/* SPDX-License-Identifier: MIT-0 */
/* Decides where segments end. Pure. Segments begin at keyframes; only the limits of size and
 * duration end one inside a GOP, and the next keyframe ends the segment that begins there.
 * Memory of a segment is free again once all of it is delivered. Therefore segments fit into the
 * pool twice while the encoder's keyframes permit it: one is delivered while the next is filled. */
#ifndef S3HLS_RECORD_SEGMENTER_H
#define S3HLS_RECORD_SEGMENTER_H

#include <stdbool.h>
#include <stdint.h>

enum { S3HLS__SEGMENT_MAX_MS = 60000 };

typedef struct s3hls__segmenter {
    /* set at open */
    int64_t duration_90k;
    uint64_t max_bytes;
    uint32_t nal_count; /* 0: by duration */

    uint64_t fit_bytes; /* a segment of several GOPs stays within it; set by the caller */

    bool forced;    /* the caller asked for a cut */
    bool inside;    /* the segment that is being filled begins inside a GOP */
    bool too_large; /* the newest cut inside a GOP was due to a size */
    /* of the segment that is being filled */
    int64_t start_90k;
    uint64_t start_nals; /* NAL units of the rule's type seen when it began */
    int64_t gop_start_90k;
    uint64_t gop_start_bytes;
    uint64_t gop_bytes_before; /* of the GOP, in the segments before this one */
    int64_t longest_gop_90k;   /* of the timeline so far */
    int64_t likely_gop_90k;    /* the longest and the largest of late: what was once is forgotten */
    uint64_t likely_gop_bytes;
    int64_t newest_gop_90k; /* the newest whole GOP */
    uint64_t newest_gop_bytes;
} s3hls__segmenter;

void s3hls__segmenter_init(s3hls__segmenter *s, uint32_t duration_ms, uint64_t max_bytes,
                           uint32_t nal_count);
/* Begin a segment with the access unit at pts_90k. */
void s3hls__segmenter_begin(s3hls__segmenter *s, int64_t pts_90k, uint64_t nals_seen,
                            bool keyframe);

/* Decide at a keyframe.
 * @param bytes      of the segment so far
 * @param frame_90k  a frame's duration; half of it is tolerated, so that jitter of the clock
 *                   does not double a segment
 * @return true: the segment ends before this keyframe */
bool s3hls__segmenter_keyframe(s3hls__segmenter *s, int64_t pts_90k, uint64_t bytes,
                               uint64_t nals_seen, int64_t frame_90k);
/* Decide at any other access unit.
 * @return true: the segment ends here, because its GOP exceeds a limit, or would with this frame */
bool s3hls__segmenter_guard(s3hls__segmenter *s, int64_t pts_90k, uint64_t bytes,
                            int64_t frame_90k);

/* Longest segment to expect after one of duration_ms, ms, in whole seconds. */
uint32_t s3hls__segmenter_target_ms(const s3hls__segmenter *s, uint32_t duration_ms);

#endif
