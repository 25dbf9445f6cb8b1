/* SPDX-License-Identifier: MIT-0 */
/* Examines access units (H.264 7.4.1.2.3) in a byte stream: the NAL units in them. */
#ifndef S3HLS_VERIFY_UNITS_H
#define S3HLS_VERIFY_UNITS_H

#include "codec/parameter_sets.h"
#include "codec/picture.h"

enum { S3HLS__UNITS_NAL_KEPT = S3HLS__SETS_BYTES };

/* Initialise to zero. */
typedef struct s3hls__units {
    s3hls__parameter_sets sets; /* all that have passed */
    s3hls__track track;         /* of the first slice of all; width 0: not known */
    s3hls__h264_sps active_sps; /* of the newest slice */
    s3hls__h264_pps active_pps;
    uint32_t generation; /* of the sets that these two were read from; 0: none */
    bool keyframe_seen;  /* with its parameter sets: those of all slices behind it are known */
    uint32_t zeros;      /* zero bytes in a row before the next one */

    /* of the access unit that is open */
    uint32_t nals; /* begun */
    bool delimiter, has_sps, has_pps, slice, idr, recovery;
    bool ended;             /* an end of stream NAL unit: nothing follows */
    uint32_t pictures;      /* primary coded ones; 0: none, or parameter sets are not known */
    s3hls__picture picture; /* the newest */
    const char *wrong;      /* the first fault; NULL: none */
    uint8_t nal[S3HLS__UNITS_NAL_KEPT]; /* first bytes of the open NAL unit */
    size_t nal_size;
} s3hls__units;

void s3hls__units_begin(s3hls__units *u);
void s3hls__units_add(s3hls__units *u, const uint8_t *data, size_t size);
/* End the access unit; the members above describe it. @return its fault; NULL: none. */
const char *s3hls__units_end(s3hls__units *u);

#endif
