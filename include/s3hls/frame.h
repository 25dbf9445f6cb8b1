/* SPDX-License-Identifier: MIT-0 */
/** @file frame.h
 * The input of one put.
 */
#ifndef S3HLS_FRAME_H
#define S3HLS_FRAME_H

#include "s3hls/span.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The video of one call: one or more access units, one or more NAL units, or any chunk of a byte
 * stream, as s3hls_recorder_config.input selects. The bytes are read during the call only. Set to
 * zero, then set what you need.
 *
 * Give either data and size, or spans: if a frame wraps around the end of the encoder's ring
 * buffer, its parts are read in order as if they were contiguous. */
typedef struct s3hls_frame {
    const uint8_t *data;
    size_t size; /* bytes */

    const s3hls_span *spans; /* used instead of data if span_count > 0 */
    size_t span_count;

    /** Presentation time of the first access unit, microseconds since any fixed moment, within 2^59
     * either way. Ignored if the recorder counts frames (s3hls_recorder_config.frame_rate_num). */
    int64_t pts_us;
    /** PTS - DTS, microseconds, 0 to 10,000,000; 0 for a stream without B-frames (H.264 C.4.5).
     * Ignored if the recorder counts frames. */
    int64_t composition_offset_us;
    /** Time since the first access unit was captured, microseconds, 0 to 3,600,000,000: how long it
     * was buffered before this call. For live footage (s3hls_recorder_config.start_time_us 0), its
     * wall time is the current time minus this. 0: captured now. */
    uint64_t age_us;
    uint64_t reserved; /* zero */
} s3hls_frame;

#ifdef __cplusplus
}
#endif
#endif
