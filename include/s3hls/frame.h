/* SPDX-License-Identifier: MIT-0 */
/** @file frame.h
 * What an encoder hands over in one call.
 */
#ifndef S3HLS_FRAME_H
#define S3HLS_FRAME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes that lie together. A view: the memory stays the caller's. */
typedef struct s3hls_span {
    const uint8_t *data;
    size_t size; /* bytes */
} s3hls_span;

/** One call's worth of video: an access unit, several, one NAL unit, or any chunk of a byte
 * stream, as s3hls_recorder_config.input says. The bytes are read during the call only.
 *
 * Either data/size, or, where a frame wraps round the end of the encoder's ring, spans: they
 * are read in order as if they lay together, and are not joined first. */
typedef struct s3hls_frame {
    const uint8_t *data;
    size_t size; /* bytes */

    const s3hls_span *spans; /* used instead of data when span_count > 0 */
    size_t span_count;

    /** Presentation time of the first access unit, microseconds from any fixed start of the
     * caller's choice. Ignored when the recorder counts frames (frame_rate_num > 0). */
    int64_t pts_us;
    /** pts - dts, microseconds, 0 or more; 0 for a stream without B-frames (H.264 C.4.5). */
    int64_t composition_offset_us;
    /** How long ago the first access unit was taken, microseconds, 0 to 3,600,000,000: the time
     * that it spent in buffers before this call. Where the recorder names live footage
     * (s3hls_recorder_config.start_time_us 0), its wall time is the current time less this. 0: it
     * was taken now. */
    uint64_t age_us;
    uint64_t reserved; /* zero */
} s3hls_frame;

#ifdef __cplusplus
}
#endif
#endif
