/* SPDX-License-Identifier: MIT-0 */
/* Types that codecs, containers and the recorder share.
 *
 *   bytes ─▶ codec/ ─ unit: facts of a picture ─▶ record/ ─ the same unit with times ─▶ container/
 */
#ifndef S3HLS_MEDIA_H
#define S3HLS_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum s3hls__codec_id {
    S3HLS__CODEC_NONE,
    S3HLS__CODEC_H264,
    S3HLS__CODEC_H265,
    S3HLS__CODEC_AAC,
    S3HLS__CODEC_OPUS,
    S3HLS__CODEC_FLAC
} s3hls__codec_id;

/* A video track, as its parameter sets describe it. */
typedef struct s3hls__track {
    s3hls__codec_id codec;
    char codecs[48];             /* RFC 6381: "avc1.64001f" */
    uint64_t parameters;         /* hash: differs if a decoder must be configured anew */
    uint32_t width, height;      /* pixels, cropped; 0: not known */
    uint32_t rate_num, rate_den; /* frames per second; rate_num 0: none stated, or implausible */
    uint8_t reorder_frames;      /* by which presentation may be behind decoding */
    bool never_reorders;         /* presentation order is decoding order, whatever poc is */
} s3hls__track;

enum { S3HLS__DECODER_CONFIG_BYTES = 2048, S3HLS__AUDIO_CONFIG_BYTES = 64 };

/* An audio track. */
typedef struct s3hls__audio_track {
    s3hls__codec_id codec; /* NONE: there is no audio */
    char codecs[16];       /* RFC 6381: "mp4a.40.2" */
    uint32_t rate;         /* samples per second: the unit of its times */
    uint32_t channels;
    uint32_t frame_samples; /* of each frame; 0: frames state it */
    uint16_t config_size;
    uint8_t config[S3HLS__AUDIO_CONFIG_BYTES]; /* AAC: AudioSpecificConfig; Opus: body of dOps;
                                                  FLAC: STREAMINFO */
    uint8_t adts[7]; /* AAC: ADTS header of an empty frame; a frame's size is to be added */
} s3hls__audio_track;

/* The tracks of a timeline. */
typedef struct s3hls__tracks {
    s3hls__track video;
    uint16_t config_size; /* of the video's decoder configuration record: avcC, hvcC */
    uint8_t config[S3HLS__DECODER_CONFIG_BYTES];
    s3hls__audio_track audio;
} s3hls__tracks;

/* An audio frame: the unit that a decoder takes. In two pieces, as it may wrap around the end of a
 * ring. */
typedef struct s3hls__audio_frame {
    const uint8_t *data[2];
    size_t size[2];   /* bytes */
    int64_t pts;      /* 1 / rate s, on the clock of the video */
    uint32_t samples; /* duration, 1 / rate s */
} s3hls__audio_frame;

static inline size_t s3hls__audio_frame_size(const s3hls__audio_frame *f) {
    return f->size[0] + f->size[1];
}

/* NAL units by their function, which H.264 and H.265 share. The first five begin an access unit
 * where they follow a picture (H.264 7.4.1.2.3, H.265 7.4.2.4.4). */
typedef enum s3hls__nal_kind {
    S3HLS__NAL_DELIMITER,     /* access unit delimiter */
    S3HLS__NAL_VPS,           /* video parameter set (H.265) */
    S3HLS__NAL_SPS,           /* sequence parameter set */
    S3HLS__NAL_PPS,           /* picture parameter set */
    S3HLS__NAL_LEADING,       /* of the next picture: SEI and the like */
    S3HLS__NAL_PREFIX,        /* of the next slice, whichever picture that belongs to */
    S3HLS__NAL_SLICE,         /* picture data with a slice header */
    S3HLS__NAL_KEY_SLICE,     /* of a picture at which decoding can begin */
    S3HLS__NAL_TRAILING,      /* of the picture before: partitions, filler, SEI behind it */
    S3HLS__NAL_END_SEQUENCE,  /* end of sequence */
    S3HLS__NAL_END_STREAM,    /* end of stream */
    S3HLS__NAL_DROPPED,       /* of a layer that is not recorded */
    S3HLS__NAL_DAMAGED,       /* its header is invalid */
    S3HLS__NAL_DAMAGED_SLICE, /* likewise, and it may hold picture data */
} s3hls__nal_kind;

static inline bool s3hls__nal_is_slice(s3hls__nal_kind kind) {
    return kind == S3HLS__NAL_SLICE || kind == S3HLS__NAL_KEY_SLICE;
}

static inline bool s3hls__nal_is_set(s3hls__nal_kind kind) {
    return kind >= S3HLS__NAL_VPS && kind <= S3HLS__NAL_PPS;
}

/* An access unit: a frame, or one field of a frame. */
typedef struct s3hls__unit {
    /* set by codec/ */
    const s3hls__track *track; /* valid during the sink's begin */
    int32_t poc;               /* picture order count; comparable up to the next IDR picture */
    bool keyframe;             /* decoding can begin here; never a second field */
    bool idr;                  /* no later picture refers to an earlier one */
    bool rasl; /* refers to pictures before the keyframe it follows: not decodable if that comes
                  first (H.265) */
    bool parameters_changed; /* keyframe: track->parameters differ from the last keyframe's */
    bool field;              /* one field of a frame */
    bool second_field;       /* of the frame that the unit before began */
    bool continues; /* no other unit, but slices that the call before left out of this one */

    /* set by record/, 90 kHz; pts >= dts, dts rises */
    int64_t pts_90k, dts_90k;
} s3hls__unit;

#endif
