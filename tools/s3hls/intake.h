/* SPDX-License-Identifier: MIT-0 */
/* Checks the pictures that arrive: pictures with missing data, and pictures that cannot be
 * recorded. Both are reported immediately, and again at the end. */
#ifndef TOOL_INTAKE_H
#define TOOL_INTAKE_H

#include "camera.h"
#include "s3hls/input.h"

#define INTAKE_PRIVATE                                                                             \
    "it has private framing around its pictures, as recorders write it; export it as MP4, or "     \
    "convert it with its maker's program"

typedef struct intake {
    const camera *camera; /* for reports */

    /* NAL units by type, until the first picture is recorded */
    uint64_t units[32];
    uint64_t private_units; /* forbidden_zero_bit is set: a recorder manufacturer's framing */
    uint64_t hevc_sets;     /* may be parameter sets of H.265 */
    uint64_t bytes;
    bool private_seen;
    bool starts_prefixed; /* the first bytes may be a length instead of a start code */

    /* pictures that cannot be recorded */
    uint64_t accepted; /* pictures at the last check */
    uint64_t waiting;  /* frames put since then */
    int64_t since_us;  /* monotonic: nothing was accepted since then */
    bool unusable;

    /* pictures with missing data */
    uint64_t damaged, damaged_before; /* of all sessions; of the sessions before this one */
    uint64_t damaged_reported;
    int64_t damaged_reported_us;
} intake;

void intake_init(intake *i, const camera *c);
/* Begin another session of the same input. */
void intake_begin(intake *i);
/* A frame was read, and is put next. The delivery's counters are up to date. */
void intake_note(intake *i, const s3hls_source *input, const s3hls_frame *frame);
/* The session ends. */
void intake_end(intake *i, const s3hls_source *input);
/* The reason why nothing could be recorded. @return S3HLS_E_NO_VIDEO, S3HLS_E_NOT_H264. */
int intake_reason(const intake *i, char reason[256]);

#endif
