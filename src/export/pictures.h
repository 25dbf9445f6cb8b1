/* SPDX-License-Identifier: MIT-0 */
/* The pictures of one MPEG-TS segment, read by itself (libavformat), so that damage in it costs no
 * other. */
#ifndef S3HLS_EXPORT_PICTURES_H
#define S3HLS_EXPORT_PICTURES_H

#include "s3hls/env.h"
#include <libavcodec/avcodec.h>
#include <stdbool.h>

typedef struct s3hls__picture {
    AVPacket *packet; /* Annex B; PTS and DTS as in the stream, 90 kHz */
    bool key;         /* decoding can begin here */
    int structure; /* enum AVPictureStructure; both fields of a frame: AV_PICTURE_STRUCTURE_FRAME */
} s3hls__picture;

/* In decoding order; the two fields of a frame are one picture. Zero it. */
typedef struct s3hls__pictures {
    s3hls__picture *list;
    size_t count, capacity;
} s3hls__pictures;

/* Reads headers; knows the parameter sets of the segments read before. */
typedef struct s3hls__picture_parser {
    AVCodecParserContext *parser;
    AVCodecContext *codec;
} s3hls__picture_parser;

int s3hls__picture_parser_open(s3hls__picture_parser *p);
void s3hls__picture_parser_close(s3hls__picture_parser *p);

/* Append the pictures of a segment.
 * @param split  an access unit is not known to be one PES packet (not of this library's making)
 * @return S3HLS_OK; S3HLS_E_MALFORMED: there is none; S3HLS_E_NOMEM. */
int s3hls__pictures_read(s3hls__pictures *pictures, s3hls__picture_parser *p, const uint8_t *data,
                         size_t size, bool split, const s3hls_env *env);
/* Free all pictures. */
void s3hls__pictures_clear(s3hls__pictures *pictures, const s3hls_env *env);

/* What a decoder has to know of a segment's video: parameter sets, size, colours.
 * @param keyframe  the newest that was read, of the segment that data holds
 * @return to be freed with avcodec_parameters_free(); NULL: it cannot be found out */
AVCodecParameters *s3hls__pictures_parameters(const s3hls__picture_parser *p,
                                              const s3hls__picture *keyframe, const uint8_t *data,
                                              size_t size);

#endif
