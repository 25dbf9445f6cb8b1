/* SPDX-License-Identifier: MIT-0 */
/* Converts audio to AAC in ADTS frames, by libavcodec. */
#ifndef S3HLS_INPUT_TO_AAC_H
#define S3HLS_INPUT_TO_AAC_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct s3hls__input_to_aac s3hls__input_to_aac;

/* @return S3HLS_OK
 *   S3HLS_E_UNSUPPORTED: why (256 bytes) states the reason
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__input_to_aac_open(s3hls__input_to_aac **out, const AVCodecParameters *par,
                             char why[256]);
void s3hls__input_to_aac_close(s3hls__input_to_aac **converter);
/* Convert a packet with a PTS in microseconds, or none. NULL: the end. */
void s3hls__input_to_aac_push(s3hls__input_to_aac *c, const AVPacket *packet);
/* @return an ADTS frame with its PTS in microseconds, the caller's; NULL: none is complete */
AVPacket *s3hls__input_to_aac_pop(s3hls__input_to_aac *c);
uint64_t s3hls__input_to_aac_damaged(const s3hls__input_to_aac *c);

enum { S3HLS__INPUT_ADTS_HEADER = 7 };
/* Write the ADTS header of an empty frame (ISO/IEC 14496-3 1.A.2.2) for an AudioSpecificConfig.
 * @return false: ADTS cannot express it */
bool s3hls__input_adts_header(const uint8_t *config, size_t size,
                              uint8_t header[S3HLS__INPUT_ADTS_HEADER]);
/* Duration of an ADTS frame. @return microseconds; 0: it is none */
int64_t s3hls__input_adts_us(const uint8_t *frame, size_t size);
/* Set the size of the frame's payload. */
void s3hls__input_adts_size(uint8_t header[S3HLS__INPUT_ADTS_HEADER], size_t payload);

#endif
