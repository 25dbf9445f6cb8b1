/* SPDX-License-Identifier: MIT-0 */
/* Examines access units: the NAL units in them. */
#ifndef S3HLS_VERIFY_UNITS_H
#define S3HLS_VERIFY_UNITS_H

#include "codec/annexb.h"
#include "codec/codecs.h"

enum { S3HLS__UNITS_NAL_KEPT = S3HLS__SETS_BYTES };

typedef struct s3hls__units {
    const s3hls__codec *codec;
    bool framed; /* samples of an MP4: NAL units after their lengths, without delimiters */
    s3hls__nal_splitter splitter;
    s3hls__codec_state state;
    s3hls__parameter_sets sets; /* all that have passed */
    s3hls__track track;         /* of the first slice of all; width 0: not known */
    bool keyframe_seen; /* with its parameter sets: those of all slices behind it are known */

    /* of the access unit that is open */
    uint32_t nals; /* begun */
    unsigned came; /* 1 << s3hls__nal_kind: parameter sets in it */
    bool delimiter, has_slice, keyframe;
    bool ended;         /* an end of stream NAL unit: nothing follows */
    uint32_t pictures;  /* primary coded ones; 0: none, or parameter sets are not known */
    s3hls__slice first; /* first slice of the first picture */
    const char *wrong;  /* the first fault; NULL: none */
    uint8_t nal[S3HLS__UNITS_NAL_KEPT]; /* first bytes of the open NAL unit */
    size_t nal_size;
} s3hls__units;

void s3hls__units_init(s3hls__units *u, const s3hls__codec *codec, bool framed);

void s3hls__units_begin(s3hls__units *u);
/* @param data  of a framed access unit: all of it */
void s3hls__units_add(s3hls__units *u, const uint8_t *data, size_t size);
/* Test whether all kinds of parameter sets are in the access unit that a keyframe needs. */
bool s3hls__units_has_sets(const s3hls__units *u);

/* End the access unit; the members above describe it. @return its fault; NULL: none. */
const char *s3hls__units_end(s3hls__units *u);

#endif
