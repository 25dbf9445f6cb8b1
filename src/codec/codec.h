/* SPDX-License-Identifier: MIT-0 */
/* What differs between video codecs that consist of NAL units, as functions over views. All are
 * pure. A codec is one file, h264.c for example, and a row in codecs.h and codec.c. NAL units are
 * passed without start code, with header and emulation prevention bytes. */
#ifndef S3HLS_CODEC_H
#define S3HLS_CODEC_H

#include "codec/parameter_sets.h"

/* What separates a slice from the newest picture. */
typedef enum s3hls__slice_after {
    S3HLS__AFTER_SLICE,    /* nothing that begins an access unit */
    S3HLS__AFTER_BOUNDARY, /* a NAL unit that begins one, or the end of a call */
    S3HLS__AFTER_NOTHING   /* the newest picture is not known */
} s3hls__slice_after;

typedef enum s3hls__slice_place {
    S3HLS__SLICE_STRAY,    /* its header is of another picture, its position is not: damaged */
    S3HLS__SLICE_HEADLESS, /* of another picture, whose start is lost */
    S3HLS__SLICE_CONTINUES,
    S3HLS__SLICE_BEGINS /* the first slice of another picture */
} s3hls__slice_place;

typedef struct s3hls__slice {
    s3hls__slice_place place;
    uint8_t pps_id;
    bool redundant; /* of no use without another slice */

    /* BEGINS: the picture. Its track is that of the active parameter sets; it is set whatever
     * read_slice() returns, and NULL if none have been active yet. */
    s3hls__unit unit;
    /* BEGINS: the picture's number in decoding order, modulo number_range (H.264: frame_num);
     * number_range 0: the codec numbers no pictures */
    uint32_t number, number_range;
    bool reference; /* the next picture's number is higher by one; otherwise it may be the same */
} s3hls__slice;

struct s3hls__codec {
    s3hls__codec_id id;
    uint8_t header_size;      /* bytes of a NAL unit's header */
    uint8_t sets;             /* 1 << s3hls__nal_kind: the parameter sets that a keyframe needs */
    uint8_t delimiter[3];     /* an access unit delimiter for any picture: header and one byte */
    uint8_t end_of_stream[2]; /* an end of stream NAL unit: a header */

    /* @param head  the first bytes of a NAL unit. @param size  1 or more */
    s3hls__nal_kind (*nal_kind)(const uint8_t *head, size_t size);
    uint8_t (*nal_type)(const uint8_t *head); /* nal_unit_type */

    /* Identify a parameter set and check its syntax.
     * @return S3HLS_OK, S3HLS_E_MALFORMED, S3HLS_E_UNSUPPORTED */
    int (*read_set)(const uint8_t *nal, size_t size, s3hls__set_key *key);

    /* Write the decoder configuration record (ISO/IEC 14496-15 5.3.3, 8.3.3) of the pictures that
     * refer to a PPS: all sets of its SPS, which the record's parser takes as complete.
     * @return its size, bytes; 0: sets are missing, or it does not fit */
    size_t (*decoder_config)(const s3hls__parameter_sets *sets, uint8_t pps_id, uint8_t *to,
                             size_t size);

    /* Test whether a NAL unit states that decoding can begin at the next picture. */
    bool (*recovery_point)(const uint8_t *nal, size_t size);

    /* Note that a sequence has ended: the next picture begins another. NULL: of no importance
     * @param state  as below */
    void (*end_sequence)(void *state);

    /* Read a slice header, decide to which picture the slice belongs, and add it to that picture.
     * @param state  the codec's own member of s3hls__codec_state, at first zero
     * @param size   S3HLS__SLICE_HEADER_BYTES are enough
     * @return S3HLS_OK
     *   S3HLS_E_NOT_FOUND: the slice refers to parameter sets that are not there
     *   S3HLS_E_MALFORMED, S3HLS_E_UNSUPPORTED: it or they cannot be read */
    int (*read_slice)(void *state, const s3hls__parameter_sets *sets, const uint8_t *nal,
                      size_t size, s3hls__slice_after after, s3hls__slice *slice);
};

enum { S3HLS__SLICE_HEADER_BYTES = 64 };

/* @return NULL: there is no such codec */
const s3hls__codec *s3hls__codec_find(s3hls__codec_id id);
/* Detect the codec of a stream by a parameter set.
 * @param now   the codec so far; NULL: not known, and the NAL unit's header decides. A known codec
 *              gives way only to a set that can be read, since damage changes headers too.
 * @param head  the first bytes of a NAL unit, S3HLS__SLICE_HEADER_BYTES where it has as many
 * @return NULL: the NAL unit shows no codec, or none but now */
const s3hls__codec *s3hls__codec_detect(const s3hls__codec *now, const uint8_t *head, size_t size);
/* Test whether a NAL unit has picture data, where no codec is known yet.
 * @return false: it has none, or that depends on the codec */
bool s3hls__codec_any_slice(const uint8_t *head, size_t size);

/* Set a track's frame rate: scale / ticks per second, reduced. No rate is set if scale or ticks is
 * 0, or if no camera has this rate (below 1/60 or above 300). */
void s3hls__track_set_rate(s3hls__track *track, uint64_t scale, uint64_t ticks);

#endif
