/* SPDX-License-Identifier: MIT-0 */
/* The audio of a recorder, from the caller's thread to the encoder's: frames go through a ring and
 * get times on the recording's clock.
 *
 *   audio thread: put ─▶ frames ─▶ ring ─▶ encoder's thread: take ─▶ packer
 *
 * Times follow the count of samples, and are corrected where the caller's differ. Neither side
 * blocks or allocates. */
#ifndef S3HLS_RECORD_AUDIO_H
#define S3HLS_RECORD_AUDIO_H

#include "container/container.h"
#include "record/g711.h"
#include "record/ring.h"
#include "record/timing.h"
#include "s3hls/recorder.h"

/* Times of frames. */
typedef struct s3hls__audio_clock {
    bool placed;       /* next is known */
    int64_t next;      /* time of the next frame by the count, 1 / rate s */
    int64_t shift_90k; /* to be added to the caller's times: its audio clock jumped */
    int64_t error_90k; /* by which the caller's times are ahead of the count, smoothed */
    int strange;       /* frames in a row whose times are far from the count */
    uint64_t corrections;
} s3hls__audio_clock;

typedef struct s3hls__audio_input {
    s3hls_audio_codec codec; /* NONE: there is no audio */
    s3hls__ring ring;

    /* audio thread; read by the encoder's thread once a frame is in the ring */
    s3hls__audio_track track; /* ADTS: known with the first frame */
    s3hls__g711_input *g711;  /* NULL: the frames are kept as they are */
    bool counted; /* pictures are counted: audio has the time of those it arrives with */

    /* any thread */
    _Atomic unsigned state;      /* whether put runs, and whether the audio has ended */
    _Atomic int64_t picture_90k; /* the newest picture's time + 1; 0: none yet */
    _Atomic uint64_t frames_in, frames_damaged, frames_skipped, corrections;

    /* encoder's thread */
    s3hls__audio_clock clock, before; /* before: of the frames that were taken last */
    int64_t floor_90k;                /* audio before this time has no pictures */
    uint64_t taken;                   /* place in the ring up to which frames were taken */
    uint64_t begin;                   /* where the oldest frame is */
    unsigned skipped;                 /* of the frames that were taken */
} s3hls__audio_input;

/* @param cfg  checked. @return S3HLS_OK
 *   S3HLS_E_INVALID, S3HLS_E_UNSUPPORTED: *wrong states the reason
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__audio_open(s3hls__audio_input *a, const s3hls_audio_config *cfg, const s3hls_env *env,
                      const char **wrong);
void s3hls__audio_close(s3hls__audio_input *a, const s3hls_env *env);

/* Audio thread. @return as s3hls_recorder_put_audio() */
int s3hls__audio_put(s3hls__audio_input *a, const s3hls_audio *audio);

/* Encoder's thread: no audio follows; put returns S3HLS_E_STATE from here on. Waits for a call of
 * put that runs, so that what it accepts is in the ring. Samples that wait for a frame to be
 * complete are written. */
void s3hls__audio_end(s3hls__audio_input *a);

/* Encoder's thread: what is in the ring has no pictures; count it as dropped. */
void s3hls__audio_discard(s3hls__audio_input *a);

/* Encoder's thread: a picture of this time was put. */
void s3hls__audio_note_picture(s3hls__audio_input *a, int64_t pts_90k);

/* Encoder's thread: audio that ends before this time is left out. */
void s3hls__audio_begin(s3hls__audio_input *a, int64_t start_90k);

/* A run of frames for the container. */
typedef struct s3hls__audio_run {
    s3hls__audio_frame frames[S3HLS__AUDIO_RUN_FRAMES];
    size_t count, bytes; /* bytes: of an ADTS header with each */
    bool full;           /* there may be more */
} s3hls__audio_run;

/* Encoder's thread: take the frames that begin before a time, in order. Their bytes are valid until
 * s3hls__audio_taken(), which must follow. Not before the first access unit has a time.
 * @param least_90k  take none unless they last so long together */
void s3hls__audio_take(s3hls__audio_input *a, const s3hls__timing *timing, int64_t until_90k,
                       int64_t least_90k, s3hls__audio_run *run);
/* Remove the frames that were taken from the ring, or, if they were not kept, leave them there. */
void s3hls__audio_taken(s3hls__audio_input *a, bool kept);

/* Any thread: set the members of stats that concern audio. */
void s3hls__audio_get_stats(const s3hls__audio_input *a, s3hls_recorder_stats *stats);

#endif
