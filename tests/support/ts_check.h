/* SPDX-License-Identifier: MIT-0 */
/* A conformance checker of its own for the transport streams that tests make: written from ISO/IEC
 * 13818-1 and the HLS rules, sharing no code with the multiplexer. */
#ifndef TESTS_SUPPORT_TS_CHECK_H
#define TESTS_SUPPORT_TS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct ts_check_pes {
    uint8_t *bytes;
    size_t size, capacity;
} ts_check_pes;

/* What goes on from one segment of a timeline to the next. Zero it at a timeline's start. */
typedef struct ts_check {
    FILE *out; /* complaints, one a line; NULL: only counted */
    const char *name;
    int complaints;

    bool cc_known[8192];
    uint8_t cc[8192];
    bool pcr_known, dts_known, audio_pts_known;
    int64_t pcr, dts, pts_first, pts_last, audio_pts; /* 90 kHz, 33 bits */
    int64_t unit_pcr;                                 /* when the open unit began */

    /* of the segment */
    uint64_t packets, access_units, audio_frames, payload_bytes;
    size_t packet; /* index of the one at hand */
    int pmt_pid, video_pid, audio_pid, pcr_pid;
    ts_check_pes unit, sound; /* the open PES packet of each track */
    bool random_access;
} ts_check;

/* Check one segment. @return complaints about it. */
int ts_check_segment(ts_check *c, const uint8_t *data, size_t size);
void ts_check_deinit(ts_check *c);

#endif
