/* SPDX-License-Identifier: MIT-0 */
/* What arrives from the input, and what is wrong with it: pictures that data is missing from, and
 * pictures that cannot be recorded. Both are reported while they happen, and once more at the end.
 */
#ifndef TOOL_INTAKE_H
#define TOOL_INTAKE_H

#include "camera.h"
#include "media.h"

#define INTAKE_PRIVATE                                                                             \
    "it has private framing around its pictures, as recorders write it; export it as MP4, or "     \
    "convert it with its maker's program"

typedef struct intake {
    const camera *camera; /* for reports */

    /* NAL units by type, as long as nothing was recorded of them */
    uint64_t units[32];
    uint64_t private_units; /* forbidden_zero_bit is set: framing of a recorder's maker */
    uint64_t hevc_sets;     /* what looks like parameter sets of H.265 */
    uint64_t bytes;
    bool private_seen;
    bool starts_prefixed; /* the first bytes look like a length, not a start code */

    /* pictures that cannot be recorded */
    uint64_t accepted; /* pictures, when last looked at */
    uint64_t waiting;  /* frames put since then */
    int64_t since_us;  /* monotonic: nothing was accepted since then */
    bool unusable;

    /* pictures that data is missing from */
    uint64_t damaged, damaged_before; /* of all sessions, of those before this one */
    uint64_t damaged_reported;
    int64_t damaged_reported_us;
} intake;

void intake_init(intake *i, const camera *c);
/* Another session of the same input begins. */
void intake_begin(intake *i);
/* A frame was read and is put next. The delivery's counts are fresh. */
void intake_note(intake *i, const media *input, const s3hls_frame *frame);
/* Nothing more is read of this session. */
void intake_end(intake *i, const media *input);
/* Why nothing could be recorded. @return S3HLS_E_NO_VIDEO, S3HLS_E_NOT_H264 */
int intake_reason(const intake *i, char reason[256]);

#endif
