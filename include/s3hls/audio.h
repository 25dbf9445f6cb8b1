/* SPDX-License-Identifier: MIT-0 */
/** @file audio.h
 * The audio track of a recorder.
 */
#ifndef S3HLS_AUDIO_H
#define S3HLS_AUDIO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codec of the audio that is put. */
typedef enum s3hls_audio_codec {
    S3HLS_AUDIO_NONE = 0,
    /** AAC LC (or HE-AAC, not announced) in ADTS frames (ISO/IEC 14496-3 1.A), any number in a
     * call. */
    S3HLS_AUDIO_AAC_ADTS = 1,
    /** Raw AAC frames, one in a call; config: AudioSpecificConfig (1.6.2.1) of AAC LC, HE-AAC or
     * HE-AAC v2. */
    S3HLS_AUDIO_AAC = 2,
    /** Opus packets (RFC 6716), one in a call; config: OpusHead (RFC 7845 5.1), or none with
     * channels set. Only in fragmented MP4. */
    S3HLS_AUDIO_OPUS = 3,
    /** FLAC frames (RFC 9639), one in a call; config: STREAMINFO, 34 bytes. Only in fragmented
     * MP4. */
    S3HLS_AUDIO_FLAC = 4,
    /** G.711 (ITU-T G.711), any number of samples in a call; channels and sample_rate state what
     * they are. No player of HLS decodes it: it is recorded as FLAC, in fragmented MP4, if the
     * library was built with S3HLS_FLAC. Otherwise s3hls_recorder_open() returns
     * S3HLS_E_UNSUPPORTED. */
    S3HLS_AUDIO_ALAW = 5,
    S3HLS_AUDIO_ULAW = 6
} s3hls_audio_codec;

/** How audio is put. Set to zero, then set what you need. Copied at open. */
typedef struct s3hls_audio_config {
    s3hls_audio_codec codec; /* default S3HLS_AUDIO_NONE: no audio */
    const uint8_t *config;   /* see s3hls_audio_codec; NULL: none */
    size_t config_size;      /* bytes */
    uint32_t channels;       /* where config does not state them: 1 or 2; 0: 1 */
    uint32_t sample_rate;    /* of G.711: samples per second, 8,000 to 48,000; 0: 8,000 */
    /** Memory for audio that waits for its pictures, bytes, 4,096 to 16 MiB; 0 (default): 128 KiB.
     * When it is full, the oldest audio is dropped. */
    size_t buffer_bytes;
    void *reserved[4]; /* zero */
} s3hls_audio_config;

/** The audio of one call. The bytes are read during the call only. Set to zero, then set what you
 * need. */
typedef struct s3hls_audio {
    const uint8_t *data;
    size_t size; /* bytes */
    /** Presentation time of the first sample, microseconds, on the clock of s3hls_frame.pts_us,
     * within 2^59 either way. Ignored if the recorder counts frames: audio then follows the
     * pictures as they arrive. */
    int64_t pts_us;
    uint64_t reserved[2]; /* zero */
} s3hls_audio;

#ifdef __cplusplus
}
#endif
#endif
