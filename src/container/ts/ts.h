/* SPDX-License-Identifier: MIT-0 */
/* MPEG-2 transport stream (ISO/IEC 13818-1 = Rec. ITU-T H.222.0): access units into 188-byte
 * packets, written in place. Pure: where the packets go is the output's business, what time it is
 * the caller's.
 *
 *   | 47 | TEI PUSI prio PID | scrambling, adaptation, continuity | adaptation field? | payload
 * |   2.4.3.2
 */
#ifndef S3HLS_CONTAINER_TS_H
#define S3HLS_CONTAINER_TS_H

#include "s3hls/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    S3HLS__TS_PACKET = 188,
    S3HLS__TS_PMT_PID = 0x1000,
    S3HLS__TS_VIDEO_PID = 0x0100,
    S3HLS__TS_STREAM_H264 = 0x1b,      /* Table 2-34 */
    S3HLS__TS_PCR_INTERVAL_90K = 7200, /* 80 ms; 2.7.2 allows 100 ms */
    S3HLS__TS_PCR_LEAD_90K = 9000 /* PCR runs 100 ms before DTS: time for a picture to arrive */
};

/* Where packets are written: memory from p to end, a whole number of packets. When it is used up,
 * more() gives the next piece (sets p and end) or a status; then the call fails with it, and the
 * caller takes back what the access unit had written (restore a copy of the mux and of its own
 * place). */
typedef struct s3hls__ts_output {
    uint8_t *p, *end;
    void *ctx;
    int (*more)(void *ctx, struct s3hls__ts_output *out);
} s3hls__ts_output;

/* State between packets; copy it to remember, copy it back to undo. */
typedef struct s3hls__ts_mux {
    uint8_t stream_type; /* of the one video track; a PMT lists only tracks that exist */
    uint8_t cc_pat, cc_pmt,
        cc_video;   /* continuity counters run on across segments (RFC 8216 3.2) */
    bool pcr_valid; /* a PCR has been written since the last discontinuity */
    bool pcr_due;   /* a segment's first access unit carries one, keyframe or not */
    int64_t last_pcr_90k;
    uint8_t *packet; /* begun, not yet full; NULL: none */
    uint8_t fill;    /* bytes of it written */
} s3hls__ts_mux;

/* One access unit's times, 90 kHz, unwrapped (33 bits are taken of them here), pts >= dts, dts
 * rising. */
typedef struct s3hls__ts_unit {
    int64_t pts_90k, dts_90k;
    bool random_access; /* random_access_indicator: decoding can begin here */
} s3hls__ts_unit;

void s3hls__ts_init(s3hls__ts_mux *m, uint8_t stream_type);

/* PAT and PMT: a segment's first two packets. */
int s3hls__ts_begin_segment(s3hls__ts_mux *m, s3hls__ts_output *out);

/* PCR packets where the last one is too long ago, then the PES header (PES_packet_length 0, DTS
 * only where it differs from PTS), with PCR where one is due: at each random access point, at a
 * segment's begin, and at most S3HLS__TS_PCR_INTERVAL_90K apart. After a discontinuity (a new
 * timeline) call s3hls__ts_init() again: its first PCR carries discontinuity_indicator nowhere,
 * because HLS says EXT-X-DISCONTINUITY instead. */
int s3hls__ts_begin_unit(s3hls__ts_mux *m, s3hls__ts_output *out, const s3hls__ts_unit *unit);

/* To give an access unit that is written already another time: the packet with its PES header, and
 * those before it that carry a PCR and nothing else. */
bool s3hls__ts_begins_unit(const uint8_t *packet);
void s3hls__ts_move_unit(uint8_t *packet, int64_t pts_by_90k, int64_t dts_by_90k);
/* @return false: it carries no PCR. */
bool s3hls__ts_set_pcr(uint8_t *packet, int64_t pcr_90k);

/* Payload, each byte copied once. */
int s3hls__ts_write(s3hls__ts_mux *m, s3hls__ts_output *out, const uint8_t *data, size_t size);

/* Fill up the last packet. */
int s3hls__ts_end_unit(s3hls__ts_mux *m, s3hls__ts_output *out);

#endif
