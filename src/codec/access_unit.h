/* SPDX-License-Identifier: MIT-0 */
/* A push parser: video in pieces of any size in, access units out (H.264 7.4.1.2.3, H.265
 * 7.4.2.4.4). What differs between codecs is asked of s3hls__codec.
 *
 *   put(bytes) ──▶ NAL units ──▶ begin(unit) nal data data ... nal data ... end ──▶ the recorder
 *
 * NAL units before a picture's first slice (AUD, parameter sets, SEI) are held in a buffer, because
 * begin must report whether the picture is a keyframe. Slices pass through as views of the caller's
 * memory: only the first bytes of each are copied. An access unit begins with an AUD, and has at
 * each keyframe the parameter sets that its group of pictures uses, even if the encoder did not
 * repeat them. Does not allocate: the struct is its own memory. */
#ifndef S3HLS_CODEC_ACCESS_UNIT_H
#define S3HLS_CODEC_ACCESS_UNIT_H

#include "codec/annexb.h"
#include "codec/codecs.h"
#include "codec/held.h"

typedef struct s3hls__au_sink {
    void *ctx;
    /* A status other than OK: data and end are not called for this access unit; put continues. */
    int (*begin)(void *ctx, const s3hls__unit *unit);
    /* A NAL unit begins. A status other than OK ends the access unit: end is not called. */
    int (*nal)(void *ctx, s3hls__nal_kind kind);
    /* Its bytes in order, without start code, valid during the call. Status: as nal. */
    int (*data)(void *ctx, const uint8_t *data, size_t size);
    int (*end)(void *ctx);
} s3hls__au_sink;

typedef enum s3hls__au_input {
    S3HLS__AU_INPUT_FRAMES, /* a call ends with an access unit's end; SEI behind its picture stays
                             */
    S3HLS__AU_INPUT_NALS, /* a call ends with a NAL unit's end; a first one may lack its start code
                           */
    S3HLS__AU_INPUT_BYTES /* a call ends anywhere */
} s3hls__au_input;

/* Members are private, except the counters. */
typedef struct s3hls__au_parser {
    uint64_t nals_counted;   /* NAL units of counted_type, up to and with the newest */
    uint64_t nals_damaged;   /* that could not be parsed; left out */
    uint64_t slices_damaged; /* of these, those that held or may have held picture data */
    uint64_t slices_early;   /* before any parameter set: a stream joined in its middle */
    uint64_t nals_refused;   /* SEI and the like, left out: too large to be held back, or the stream
                                ended before a picture came that they could go with */
    bool sps_seen;           /* of this codec; damaged ones too */
    uint8_t counted_type;    /* nal_unit_type; set by the caller, 0: none */

    const s3hls__codec *codec;
    bool detects;  /* the stream's parameter sets decide on the codec */
    bool detected; /* they have; before that, codec is H.264, and held NAL units are of any kind */
    s3hls__au_sink sink;
    s3hls__au_input input;
    int status; /* first failure of the sink in this call */

    /* the NAL unit that is open */
    s3hls__nal_splitter splitter;
    enum { S3HLS__AT_HEAD, S3HLS__AT_HELD, S3HLS__AT_PASS, S3HLS__AT_SKIP } nal;
    s3hls__nal_kind kind;
    uint8_t head[S3HLS__SLICE_HEADER_BYTES]; /* its first bytes, until it is known what to do with
                                                it */
    size_t head_size;

    /* NAL units behind the newest slice: of the next picture, or of the open one, as the next slice
     * decides */
    bool boundary;       /* one of them begins an access unit */
    bool recovery_point; /* one of them states that decoding can begin */
    uint8_t delimiter;   /* last byte of the access unit delimiter among them; 0: none */

    /* the newest access unit */
    bool open;
    bool muted; /* the sink wants no more of it */
    bool known; /* its picture is known, and may get more slices */
    s3hls__unit unit;
    uint8_t pps_id; /* of its first slice */

    bool keyframe_seen;
    uint64_t keyframe_parameters; /* of the last keyframe's track */
    s3hls__codec_state state;
    s3hls__parameter_sets sets;
    s3hls__held held; /* last: its bytes are not cleared */
} s3hls__au_parser;

/* @param codec            NULL: detect it by the parameter sets, whenever they are of another one;
 *                         the output is that of the configured codec
 * @param nal_length_size  0: Annex B; 1, 2 or 4: length-prefixed input */
void s3hls__au_init(s3hls__au_parser *p, const s3hls__codec *codec, s3hls__au_input input,
                    unsigned nal_length_size, const s3hls__au_sink *sink);

/* Parse bytes in spans, in order, as if they were contiguous.
 * @return the sink's first failure; else
 *   S3HLS_E_MALFORMED: there was damage; else
 *   S3HLS_E_TOO_LARGE: nals_refused was increased; else
 *   S3HLS_OK */
int s3hls__au_put(s3hls__au_parser *p, const s3hls_span *spans, size_t count);

/* End the stream and the open access unit. @return as s3hls__au_put(). */
int s3hls__au_flush(s3hls__au_parser *p);

#endif
