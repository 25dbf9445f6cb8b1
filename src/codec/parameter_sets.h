/* SPDX-License-Identifier: MIT-0 */
/* The parameter sets of a stream, kept unchanged, and where each must be written. There is an entry
 * for every id; when their bytes exceed the memory, the least recently used sets are dropped.
 *
 * A keyframe gets the sets that its group of pictures uses, as far as that is known when it begins:
 * those of its first slice, those that arrived with it, and those that slices inside pictures have
 * used before (7.4.1.2.3: no set may be between the slices of a picture). A set that a later
 * picture uses first is written before that picture. */
#ifndef S3HLS_CODEC_PARAMETER_SETS_H
#define S3HLS_CODEC_PARAMETER_SETS_H

#include "codec/h264.h"

enum { S3HLS__SETS_BYTES = 8 * 1024, S3HLS__SETS_MAX = 32 + 256 };

typedef struct s3hls__parameter_set {
    uint8_t type; /* nal_unit_type: 7 or 8 */
    uint8_t id;
    uint8_t sps_id;        /* the SPS it belongs to, or is */
    bool came;             /* since the newest picture began */
    bool written;          /* as it is now, since the newest keyframe */
    bool inside;           /* slices behind the first of a picture have used it */
    uint16_t offset, size; /* in bytes[] */
    uint32_t used;         /* when it was used or came last, as clock says */
} s3hls__parameter_set;

typedef struct s3hls__parameter_sets {
    uint32_t count;
    uint32_t bytes_used;
    uint32_t generation;                        /* changes with every set that does */
    uint32_t clock;                             /* counts uses */
    s3hls__parameter_set sets[S3HLS__SETS_MAX]; /* all SPS before all PPS, each kind by id */
    uint8_t bytes[S3HLS__SETS_BYTES];
} s3hls__parameter_sets;

/* Keep a NAL unit of type 7 or 8 and replace the one with its id. On failure the old one remains.
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED, S3HLS_E_UNSUPPORTED: as s3hls__h264_parse_sps()
 *   S3HLS_E_TOO_LARGE: it exceeds the memory */
int s3hls__sets_keep(s3hls__parameter_sets *s, const uint8_t *nal, size_t size);

/* @return NULL: there is none */
s3hls__parameter_set *s3hls__sets_find(s3hls__parameter_sets *s, uint8_t type, uint8_t id);

/* Parse the SPS and PPS that a slice refers to.
 * @return S3HLS_OK, S3HLS_E_NOT_FOUND, S3HLS_E_MALFORMED, S3HLS_E_UNSUPPORTED. */
int s3hls__sets_activate(s3hls__parameter_sets *s, uint8_t pps_id, s3hls__h264_sps *sps,
                         s3hls__h264_pps *pps);

/* Begin a picture whose first slice refers to pps. Calls write for each set that must precede it,
 * SPS before PPS, each kind by id. */
void s3hls__sets_begin_picture(s3hls__parameter_sets *s, const s3hls__h264_pps *pps, bool keyframe,
                               void (*write)(void *ctx, const uint8_t *nal, size_t size),
                               void *ctx);

/* Note that a further slice of the picture refers to pps. Calls write as above. */
void s3hls__sets_use_inside(s3hls__parameter_sets *s, const s3hls__h264_pps *pps,
                            void (*write)(void *ctx, const uint8_t *nal, size_t size), void *ctx);

#endif
