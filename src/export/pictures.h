/* SPDX-License-Identifier: MIT-0 */
/* Reads the pictures and audio frames of one segment by itself (libavformat), so that damage does
 * not affect other segments. */
#ifndef S3HLS_EXPORT_PICTURES_H
#define S3HLS_EXPORT_PICTURES_H

#include "export/sound.h"
#include "s3hls/layout.h"
#include <libavcodec/avcodec.h>
#include <stdbool.h>

typedef struct s3hls__picture {
    AVPacket *packet; /* Annex B; PTS and DTS as in the stream, 90 kHz */
    bool key;         /* decoding can begin here */
    int structure; /* enum AVPictureStructure; both fields of a frame: AV_PICTURE_STRUCTURE_FRAME */
} s3hls__picture;

/* In decoding order; two fields of a frame are one picture. Initialise to zero. */
typedef struct s3hls__pictures {
    s3hls__picture *list;
    size_t count, capacity;
    s3hls__sound sound; /* beside them */
} s3hls__pictures;

/* A segment's bytes; of fragmented MP4, behind its initialisation segment. */
typedef struct s3hls__segment_bytes {
    const uint8_t *data;
    size_t size;
    s3hls_container container;
    bool split; /* an access unit may not be one PES packet (it is not from this library) */
} s3hls__segment_bytes;

/* Parses headers; keeps the parameter sets of earlier segments. */
typedef struct s3hls__picture_parser {
    AVCodecParserContext *parser; /* of the codec of the segment before; NULL: none yet */
    AVCodecContext *codec;
} s3hls__picture_parser;

void s3hls__picture_parser_close(s3hls__picture_parser *p);

/* Append the pictures of a segment, and its audio frames.
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: there is no picture
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__pictures_read(s3hls__pictures *pictures, s3hls__picture_parser *p,
                         const s3hls__segment_bytes *segment, const s3hls_env *env);
/* Free all pictures and audio frames, but keep the audio's track. */
void s3hls__pictures_clear(s3hls__pictures *pictures, const s3hls_env *env);

/* The decoder configuration of a segment's video: parameter sets, size, colours.
 * @param keyframe  the latest one read, from this segment
 * @return free with avcodec_parameters_free(); NULL: it cannot be determined */
AVCodecParameters *s3hls__pictures_parameters(const s3hls__picture_parser *p,
                                              const s3hls__picture *keyframe,
                                              const s3hls__segment_bytes *segment);

#endif
