/* SPDX-License-Identifier: MIT-0 */
/* MPEG-2 transport stream (ISO/IEC 13818-1 = Rec. ITU-T H.222.0) as one of the containers
 * (container.h): access units in 188-byte packets.
 *
 *   | 47 | TEI PUSI prio PID | scrambling, adaptation, continuity | adaptation field? | payload |
 *   2.4.3.2 */
#ifndef S3HLS_CONTAINER_TS_H
#define S3HLS_CONTAINER_TS_H

#include "container/container.h"

enum {
    S3HLS__TS_PACKET = 188,
    S3HLS__TS_PMT_PID = 0x1000,
    S3HLS__TS_VIDEO_PID = 0x0100,
    S3HLS__TS_AUDIO_PID = 0x0101,
    S3HLS__TS_STREAM_ADTS = 0x0f, /* Table 2-34 */
    S3HLS__TS_STREAM_H264 = 0x1b,
    S3HLS__TS_STREAM_H265 = 0x24,
    S3HLS__TS_PCR_INTERVAL_90K = 7200, /* 80 ms; 2.7.2 allows 100 ms */
    S3HLS__TS_PCR_LEAD_90K = 9000 /* PCR runs 100 ms before DTS: time for a picture to arrive */
};

/* State between packets. */
typedef struct s3hls__ts {
    uint8_t stream_type; /* of the video track */
    const s3hls__tracks *tracks;
    uint8_t cc_pat, cc_pmt, cc_video,
        cc_audio;   /* continuity counters continue across segments (RFC 8216 3.2) */
    uint8_t *pmt;   /* packet of the segment's PMT, written at its end */
    bool pcr_valid; /* a PCR has been written since the last discontinuity */
    bool pcr_due;   /* a segment's first access unit carries one, keyframe or not */
    int64_t last_pcr_90k;
    uint8_t *packet; /* begun, not yet full; NULL: none */
    uint8_t fill;    /* bytes of it written */
} s3hls__ts;

/* PCR packets where the last one is too long ago, then the PES header (PES_packet_length 0, DTS
 * only where it differs from PTS), with PCR where one is due: at each random access point, at a
 * segment's begin, and at most S3HLS__TS_PCR_INTERVAL_90K apart. A new timeline's first PCR has no
 * discontinuity_indicator, because HLS states EXT-X-DISCONTINUITY instead. A unit that is moved
 * spreads the PCRs before it evenly. */
extern const s3hls__container s3hls__container_ts;

#endif
