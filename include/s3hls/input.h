/* SPDX-License-Identifier: MIT-0 */
/** @file input.h
 * Sources of video and audio for a recorder: files, pipes, and cameras by RTSP. A raw H.264 or
 * H.265 byte stream is read unchanged; anything else that libavformat opens (MP4, Matroska, TS,
 * RTSP) is demuxed, without transcoding its video. Part of libs3hls-server (libavformat).
 *
 *   s3hls_source_open() ─▶ read ─▶ s3hls_recorder_put_video()
 *                          take_audio ─▶ s3hls_recorder_put_audio() ... read ─▶ close ─▶ reopen,
 * ...
 *
 * One source belongs to one thread at a time. Many may be used at once.
 */
#ifndef S3HLS_INPUT_H
#define S3HLS_INPUT_H

#include "s3hls/audio.h"
#include "s3hls/env.h"
#include "s3hls/frame.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s3hls_source s3hls_source;

enum { S3HLS_SOURCE_WHY_BYTES = 256 }; /* of the text that explains a failure */

/** How RTP packets arrive. */
typedef enum s3hls_rtsp_transport {
    S3HLS_RTSP_TCP = 0,
    S3HLS_RTSP_UDP = 1,
    S3HLS_RTSP_AUTO = 2 /* TCP, and UDP if the camera refuses TCP */
} s3hls_rtsp_transport;

/** What to do with the audio of a source. */
typedef enum s3hls_source_audio {
    S3HLS_SOURCE_AUDIO_OFF = 0,
    S3HLS_SOURCE_AUDIO_AUTO = 1, /* copy what players of HLS decode, convert the rest to AAC */
    S3HLS_SOURCE_AUDIO_COPY = 2, /* copy it; refuse what no player decodes */
    S3HLS_SOURCE_AUDIO_AAC = 3   /* convert to AAC whatever is not AAC */
} s3hls_source_audio;

/** What to open. Pointers must stay valid until the source is closed. */
typedef struct s3hls_source_config {
    uint32_t struct_size; /* set by s3hls_source_config_init() */
    /** A file's name, "-" (standard input) or a URL. Required. Reserved characters in the user and
     * password of a URL need no escape, unless the end of the password would be ambiguous. */
    const char *address;
    const char *password; /* of the URL's user; NULL: the URL contains it, or there is none */
    int raw;              /* non-zero: a raw byte stream (H.264, H.265), whatever it looks like */
    s3hls_rtsp_transport transport;
    const char *ca_file; /* PEM: authorities to trust besides the system's; NULL: none */
    int insecure;        /* non-zero: accept any certificate */
    /** Called every 100 ms or more often while the source waits. @return non-zero: end the input */
    int (*stopped)(void *ctx);
    /** Called after each failed attempt of s3hls_source_reopen(); why may be "". NULL: none */
    void (*on_failure)(void *ctx, int status, const char *why);
    /** Return and forget the first error that libavformat logged on this thread; "": none. The log
     * belongs to the process, so that only the program can receive it. Without it, the reasons of
     * some failures are less precise. NULL: none */
    const char *(*take_logged_error)(void *ctx);
    void *ctx;                /* of all three */
    const s3hls_env *env;     /* clock and random numbers; NULL: the process's own */
    s3hls_source_audio audio; /* default S3HLS_SOURCE_AUDIO_OFF */
    int audio_in_ts;          /* non-zero: for MPEG-TS, which cannot carry Opus and FLAC */
} s3hls_source_config;

static inline void s3hls_source_config_init(s3hls_source_config *cfg) {
    memset(cfg, 0, sizeof *cfg);
    cfg->struct_size = (uint32_t)sizeof *cfg;
}

/** What is known of an open source. */
typedef struct s3hls_source_facts {
    int raw;             /* frames are chunks of bytes, without times: S3HLS_INPUT_BYTES */
    int live;            /* a camera: it does not wait for the recorder */
    int pipe;            /* its writer waits for the recorder */
    int64_t duration_us; /* 0: unknown */
    int64_t modified_us; /* UTC, of a regular file given by name; 0: none */
    uint32_t rate_num;   /* frames per second of a raw stream in such a file; 0: unknown */
    uint32_t rate_den;
    /** For s3hls_recorder_config.audio. Pointers are valid until the source is closed. */
    s3hls_audio_config audio;
    const char *audio_refused; /* why its audio is left out, static until close; NULL: it is not */
    int h265;                  /* its pictures are H.265 */
    int rotation; /* degrees clockwise by which players of the file turn its pictures, -180 to 180;
                     a recording does not state it */
    uint32_t width, height; /* of its pictures, as its container or its first pictures state them;
                               0: not known */
} s3hls_source_facts;

/** Test whether an address is of a camera (rtsp://, rtsps://), which can be reopened after a loss.
 * Pure; any thread. */
S3HLS_API int s3hls_source_is_camera(const char *address);

/** Check a config without connecting. Any thread; allocates; does not block.
 * @param why  receives the fault, S3HLS_SOURCE_WHY_BYTES
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: no or an uninitialized config, no address, no stopped function, an ambiguous
 * or second password, a password without a user, UDP with rtsps:// S3HLS_E_NOMEM: out of memory */
S3HLS_API int s3hls_source_check(const s3hls_source_config *cfg, char why[S3HLS_SOURCE_WHY_BYTES]);

/** Open a source. Blocks until the first picture at most; allocates.
 * @param out  NULL on failure
 * @param why  receives the reason of a failure, S3HLS_SOURCE_WHY_BYTES; "": the status explains it
 * @return S3HLS_OK
 *   S3HLS_E_INVALID, S3HLS_E_NOMEM: as s3hls_source_check()
 *   S3HLS_E_NO_VIDEO: it is empty
 *   S3HLS_E_NOT_H264: its video has another format, or it has none
 *   S3HLS_E_MALFORMED: a file that was cut off
 *   S3HLS_E_UNSUPPORTED: it cannot be read from a pipe, or is a raw stream behind other bytes
 *   S3HLS_E_ACCESS: a file is not readable, or the camera refused the user and password
 *   S3HLS_E_NOT_FOUND, S3HLS_E_IO: a file cannot be read, or the camera has no such stream
 *   S3HLS_E_RESOLVE, S3HLS_E_CONNECT, S3HLS_E_TLS, S3HLS_E_TIMEOUT, S3HLS_E_NETWORK: a connection
 *   failed */
S3HLS_API int s3hls_source_open(s3hls_source **out, const s3hls_source_config *cfg,
                                char why[S3HLS_SOURCE_WHY_BYTES]);

/** Open a source, and retry until that succeeds: the pauses grow from 1 s to 30 s, half of each is
 * jitter. Blocks; allocates.
 * @param out       closed first (a camera may accept one client only); may point to NULL
 * @param pause_ms  before the first attempt
 * @return S3HLS_OK
 *   S3HLS_E_CANCELLED: stopped() returned non-zero
 *   S3HLS_E_INVALID: as s3hls_source_check() */
S3HLS_API int s3hls_source_reopen(s3hls_source **out, const s3hls_source_config *cfg,
                                  uint32_t pause_ms);

/** Close a source. May block for a TEARDOWN. @param source  may point to NULL; set to NULL */
S3HLS_API void s3hls_source_close(s3hls_source **source);

/** Facts of an open source. Does not block or allocate. @return valid until it is closed */
S3HLS_API const s3hls_source_facts *s3hls_source_get_facts(const s3hls_source *source);

/** Read the next chunk of a raw stream, or the next access unit (Annex B). Blocks; allocates.
 * @param max_bytes  of a chunk, 1 or more; an access unit may be larger
 * @param frame      its bytes are valid until the next call
 * @param why        as for s3hls_source_open()
 * @return 1: a frame was read
 *   0: the end of the input, or stopped() returned non-zero
 *   negative: a status, as s3hls_source_open(); the input has ended */
S3HLS_API int s3hls_source_read(s3hls_source *source, size_t max_bytes, s3hls_frame *frame,
                                char why[S3HLS_SOURCE_WHY_BYTES]);

/** Take the audio that came with what was read, one frame or several in a call. Does not block;
 * allocates.
 * @param audio  its bytes are valid until the next call of this function
 * @return 1: audio was taken
 *   0: there is no more until the next s3hls_source_read() */
S3HLS_API int s3hls_source_take_audio(s3hls_source *source, s3hls_audio *audio);

/** Test whether decoding can begin at the access unit that was read last; always true of a raw
 * stream. Does not block or allocate. */
S3HLS_API int s3hls_source_at_keyframe(const s3hls_source *source);

/** Count the access units so far with missing data, or that could not be read; 0 of a raw stream.
 * Does not block or allocate. */
S3HLS_API uint64_t s3hls_source_damaged(const s3hls_source *source);

/** At the end of the input: test whether the file is shorter than its container states. May read
 * the file. */
S3HLS_API int s3hls_source_truncated(s3hls_source *source);

#ifdef __cplusplus
}
#endif
#endif
