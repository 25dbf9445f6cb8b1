/* SPDX-License-Identifier: MIT-0 */
/* AAC (ISO/IEC 14496-3): configurations and ADTS frames. Pure. */
#ifndef S3HLS_CODEC_AAC_H
#define S3HLS_CODEC_AAC_H

#include "media/media.h"
#include "s3hls/status.h"

/* AudioSpecificConfig, 1.6.2.1, as far as it is needed. */
typedef struct s3hls__aac_config {
    uint8_t object_type; /* of the core: 2, AAC LC */
    bool sbr, ps;        /* HE-AAC, HE-AAC v2, where the configuration states it */
    uint32_t rate;       /* samples per second of the core */
    uint8_t rate_index;  /* of that rate; 15: it has none */
    uint8_t channels;    /* 1 to 8; coded, thus 1 with ps */
    uint16_t samples;    /* of a frame of the core: 1024 or 960 */
} s3hls__aac_config;

enum { S3HLS__ADTS_HEADER = 7, S3HLS__ADTS_FRAME_MAX = 8191 };

/* ADTS header, 1.A.2.2. */
typedef struct s3hls__adts {
    uint8_t object_type; /* 1 to 4 */
    uint8_t rate_index, channels;
    uint8_t header_size; /* 7, or 9 with a CRC */
    uint8_t blocks;      /* raw data blocks, 1 to 4 */
    uint16_t size;       /* of the frame with its header, bytes */
} s3hls__adts;

/* Parse an AudioSpecificConfig.
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: truncated, or a reserved value
 *   S3HLS_E_UNSUPPORTED: not AAC LC, alone or as the core of HE-AAC */
int s3hls__aac_parse_config(const uint8_t *data, size_t size, s3hls__aac_config *config);

/* Parse an ADTS header.
 * @param size  bytes that there are; more than the header are not read
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: none, or it is truncated */
int s3hls__adts_parse(const uint8_t *data, size_t size, s3hls__adts *adts);

/* Describe a track by its AudioSpecificConfig.
 * @return as s3hls__aac_parse_config() */
int s3hls__aac_describe(const uint8_t *config, size_t size, s3hls__audio_track *track);
/* Describe a track by the ADTS header of a frame.
 * @return S3HLS_OK
 *   S3HLS_E_UNSUPPORTED: not AAC LC, or its channels are not stated in the header */
int s3hls__adts_describe(const s3hls__adts *adts, s3hls__audio_track *track);

#endif
