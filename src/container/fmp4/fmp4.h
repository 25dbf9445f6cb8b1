/* SPDX-License-Identifier: MIT-0 */
/* Fragmented MP4 (ISO/IEC 14496-12 8.8, RFC 8216 3.3) as one of the containers (container.h).
 *
 *   HEAD        | moof mfhd traf tfhd tfdt trun, a row for each picture   |
 *   AUDIO_HEAD  |      traf tfhd tfdt trun, a row for each audio frame    |
 *   MEDIA       | mdat, pictures: NAL units, each after its length        |
 *   AUDIO       |      audio frames                                       |
 *
 * A row is written when the next picture or frame begins, because only then are its size and
 * duration known. Space for it is reserved before, so that ending a segment cannot fail. */
#ifndef S3HLS_CONTAINER_FMP4_H
#define S3HLS_CONTAINER_FMP4_H

#include "container/container.h"

/* The newest picture or audio frame of a segment. */
typedef struct s3hls__fmp4_sample {
    bool pending; /* its row is not written yet */
    bool key;
    int64_t dts;         /* 90 kHz; audio: 1 / rate s */
    int64_t composition; /* PTS - DTS, 90 kHz */
    uint32_t size;       /* bytes */
    uint32_t samples;    /* audio: duration */
} s3hls__fmp4_sample;

/* A track of a segment. */
typedef struct s3hls__fmp4_run {
    uint8_t *head; /* its traf box; NULL: the segment has none of it */
    int64_t first_dts;
    uint32_t rows;  /* written */
    uint32_t bytes; /* of its samples */
    s3hls__fmp4_sample newest;
} s3hls__fmp4_run;

typedef struct s3hls__fmp4 {
    const s3hls__tracks *tracks;
    uint32_t sequence;    /* of the next moof box (8.8.5) */
    uint8_t *moof, *mdat; /* of the segment */
    uint8_t *nal_length;  /* of the open NAL unit, written at its end; NULL: none is open */
    uint32_t nal_size;    /* bytes of it so far */
    bool nal_left_out;    /* the initialisation segment has it, or nobody needs it */
    bool unit_is_key;     /* the open access unit */
    s3hls__fmp4_run video, audio;
} s3hls__fmp4;

/* Parameter sets of keyframes are in the initialisation segment only. The two fields of a frame are
 * one sample. */
extern const s3hls__container s3hls__container_fmp4;

#endif
