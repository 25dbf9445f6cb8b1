/* SPDX-License-Identifier: MIT-0 */
/** @file recorder.h
 * A recorder turns an encoder's H.264 or H.265, and audio, into HLS segments and delivers them to a
 * store.
 *
 * Threads: s3hls_recorder_get_stats() may be called on any thread, s3hls_recorder_put_audio() on
 * one thread at a time, everything else on one thread at a time, the encoder's. put never blocks,
 * allocates or waits for the network. It makes a system call only if it completes a segment, or
 * memory becomes short, while the uploader sleeps: one, which wakes it.
 */
#ifndef S3HLS_RECORDER_H
#define S3HLS_RECORDER_H

#include "s3hls/audio.h"
#include "s3hls/cause.h"
#include "s3hls/event.h"
#include "s3hls/frame.h"
#include "s3hls/layout.h"
#include "s3hls/s3.h"
#include "s3hls/uploader.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s3hls_recorder s3hls_recorder;

/** The unit of one put. */
typedef enum s3hls_input {
    /** One or more whole access units; the last one is complete without waiting for the next put.
     */
    S3HLS_INPUT_FRAMES = 0,
    S3HLS_INPUT_NALS = 1, /* one or more whole NAL units; an access unit may take several calls */
    S3HLS_INPUT_BYTES = 2 /* any chunk of an Annex B byte stream */
} s3hls_input;

/** Video codec of the input. */
typedef enum s3hls_codec {
    S3HLS_CODEC_AUTO = 0, /* detected by the parameter sets; another codec begins a timeline */
    S3HLS_CODEC_H264 = 1,
    S3HLS_CODEC_H265 = 2
} s3hls_codec;

/** What is dropped when the pool is full and the spool cannot take more. Always whole GOPs. */
typedef enum s3hls_drop {
    S3HLS_DROP_NEWEST = 0, /* new frames, up to the next keyframe: accepted segments are kept */
    S3HLS_DROP_OLDEST = 1  /* the oldest waiting segment: the newest footage is kept */
} s3hls_drop;

/** A name and a value, for tags and metadata. NUL-terminated; copied. */
typedef struct s3hls_pair {
    const char *name, *value;
} s3hls_pair;

/** Properties of every segment's object. Set to zero, then set what you need. Copied at open. */
typedef struct s3hls_object_options {
    const s3hls_pair *tags; /* up to 10; names of 1 to 128 characters, all different; values of up
                               to 256; UTF-8 */
    size_t tag_count;
    const s3hls_pair *metadata; /* x-amz-meta-<name>; up to 8; visible ASCII; 2,048 bytes in all;
                                   neither name nor value empty */
    size_t metadata_count;
    const char *storage_class; /* "STANDARD_IA"; NULL: the bucket's default */
    const char *encryption; /* "AES256" (SSE-S3), "aws:kms" (SSE-KMS); NULL: the bucket's default */
    const char *kms_key_id; /* only with "aws:kms"; NULL: the account's default key */
    /** Non-zero: send If-None-Match, so that no other object is replaced. An earlier PUT of the
     * recorder's own whose answer was lost is recognised by size and ETag. */
    int no_overwrite;
    void *reserved[4]; /* zero */
} s3hls_object_options;

/** How to record. Copied at open, but for uploader. */
typedef struct s3hls_recorder_config {
    uint32_t struct_size; /* set by s3hls_recorder_config_init() */

    s3hls_input input;        /* default S3HLS_INPUT_FRAMES */
    const char *destination;  /* "s3://bucket/prefix" or "file:///dir"; copied */
    s3hls_s3_options s3;      /* how to reach S3 */
    s3hls_uploader *uploader; /* shared, closed after the recorder; NULL: the recorder opens its own
                                 with the next three members */
    size_t pool_bytes;        /* see s3hls_uploader_config; default 4 MiB */
    uint32_t max_in_flight;   /* see s3hls_uploader_config; default 4 */
    int no_thread;            /* default 0; non-zero: only drain and close deliver */

    /** Frames per second as a fraction, at most 1,000: timestamps are then counted,
     * s3hls_frame.pts_us is ignored, and pictures are ordered by their picture order count
     * (H.264 8.2.1). Numerator and denominator are at most 1,000,000. 0 (default): the caller gives
     * timestamps. */
    uint32_t frame_rate_num;
    uint32_t frame_rate_den;  /* default 1 */
    uint32_t nal_length_size; /* 0 (default): Annex B start codes; 1, 2 or 4: bytes of the length
                                 before each NAL unit; not with S3HLS_INPUT_BYTES */
    /** UTC of the first frame, microseconds since 1970, for footage that was captured earlier. 0
     * (default): live, the current time minus s3hls_frame.age_us. */
    int64_t start_time_us;

    /** End a segment at the first keyframe after this duration; 1,000 to 60,000; default 4,000. */
    uint32_t segment_duration_ms;
    /** End a segment at this size even inside a GOP; at most the pool. 0 (default): 3/4 of the
     * pool, and a segment also ends at a keyframe if it would exceed 3/8 of the recorder's share of
     * the pool with another GOP, so that one is delivered while the next is filled. A share is the
     * recorder's quota or, without one, the pool divided by the recorders of the uploader. */
    uint64_t segment_max_bytes;
    /** The AWS sample SDK's cut rule, instead of a duration: end a segment at the keyframe with
     * which segment_nal_count more NAL units of type segment_nal_type (1 to 12) have arrived.
     * segment_nal_count 0 (default): not used. */
    uint32_t segment_nal_type;
    uint32_t segment_nal_count;

    /* ---- while the store is unreachable */

    /** A directory on flash for segments that memory cannot hold; NULL (default): none. Each
     * destination has its own folder in it, so that many recorders can share it. Segments found
     * there at open are delivered first. The spool is used when three quarters of the pool are in
     * use, when deliveries have failed for spool_after_ms, and for segments that close could not
     * deliver. */
    const char *spool_dir;
    uint64_t spool_max_bytes;     /* beyond it the oldest segment is dropped; default 1 GiB */
    uint32_t spool_after_ms;      /* see spool_dir; default 5,000 */
    uint32_t spool_share_percent; /* share of time for deliveries from the spool while live segments
                                     arrive, 1 to 100; default 50 */
    s3hls_drop drop;              /* default S3HLS_DROP_NEWEST */

    s3hls_object_options object; /* properties of each segment's object */
    s3hls_event_fn on_event;     /* NULL: none */
    void *event_ctx;

    const s3hls_env *env; /* NULL: the process's own */

    /** If frames are counted: non-zero: use the rate that the stream states (VUI of its SPS, H.264
     * E.2.1: time_scale / (2 num_units_in_tick)), and frame_rate_num/frame_rate_den only if it
     * states none or one outside 1/60 to 300. 0 (default): use the given rate. */
    int frame_rate_of_stream;

    /** Format of the segments. Default S3HLS_CONTAINER_AUTO: MPEG-TS for H.264, alone or with AAC;
     * fragmented MP4 otherwise. */
    s3hls_container container;
    s3hls_codec codec;        /* default S3HLS_CODEC_AUTO */
    s3hls_audio_config audio; /* default: none. config is copied */

    /** Most bytes of the uploader's pool that this recorder uses, 256 KiB or more; 0 (default), or
     * more than the pool: all of it. The quota then takes the place of the pool: for the limits of
     * a segment, the use of the spool, and drops. Where the quotas of an uploader's recorders
     * together fit its pool, no recorder can take another's memory. */
    uint64_t pool_quota_bytes;
} s3hls_recorder_config;

static inline void s3hls_recorder_config_init(s3hls_recorder_config *cfg) {
    memset(cfg, 0, sizeof *cfg);
    cfg->struct_size = (uint32_t)sizeof *cfg;
    cfg->pool_bytes = (size_t)4 << 20;
    cfg->max_in_flight = 4;
    cfg->frame_rate_den = 1;
    cfg->segment_duration_ms = 4000;
    cfg->spool_max_bytes = (uint64_t)1 << 30;
    cfg->spool_after_ms = 5000;
    cfg->spool_share_percent = 50;
    cfg->container = S3HLS_CONTAINER_AUTO;
}

/** The state of a recorder's deliveries. Each change is reported by an event: FAILING, HELD or
 * RECOVERED. */
typedef enum s3hls_delivery_state {
    S3HLS_DELIVERY_OK = 0,
    S3HLS_DELIVERY_FAILING = 1, /* deliveries fail and are retried */
    S3HLS_DELIVERY_HELD = 2 /* a retry cannot correct the cause, somebody has to act; the data is
                               kept, and delivery is tried now and then */
} s3hls_delivery_state;

/** Counts since open. At any moment
 * segments_accepted = segments_delivered + segments_spooled + segments_waiting + segments_dropped,
 * each of the five counted independently; the same holds for bytes. */
typedef struct s3hls_recorder_stats {
    uint64_t frames_in;      /* access units accepted into segments */
    uint64_t frames_skipped; /* before the first keyframe, or from damage to the next keyframe */
    uint64_t frames_dropped; /* because the pool was full, up to the next keyframe */
    uint64_t gops_dropped;   /* GOPs with such frames, and GOPs of dropped segments */
    uint64_t bytes_in;       /* bytes put */
    uint64_t nals_damaged;   /* NAL units that could not be parsed; skipped to the next keyframe */
    uint64_t segments_accepted;  /* complete and handed to the uploader, or found in the spool; one
                                    that is both (a recording repeated with its start_time_us)
                                    counts once */
    uint64_t segments_delivered; /* confirmed by the store */
    uint64_t segments_spooled;   /* now in the spool */
    uint64_t segments_waiting;   /* now in memory: queued, in flight or between retries */
    uint64_t
        segments_dropped; /* accepted, then lost; each is reported by an event and a log line */
    uint64_t segments_recovered; /* of segments_accepted: found in the spool, at open or when it
                                    became readable */
    uint64_t bytes_accepted;     /* of segments_accepted, and so on */
    uint64_t bytes_delivered;
    uint64_t bytes_dropped;
    uint64_t bytes_spooled; /* now in the spool */
    uint64_t bytes_waiting; /* now in memory */
    uint64_t retries;       /* sum of retries_by */
    uint64_t retries_by[S3HLS_CAUSE_COUNT];
    int64_t media_us;    /* duration recorded so far, microseconds */
    int64_t lag_us;      /* time since the end of the oldest undelivered segment; 0: none */
    uint64_t pool_bytes; /* size of the pool, shared or not, or of the recorder's quota */
    uint64_t pool_used_bytes;
    s3hls_s3_error last_error;   /* of the latest failed delivery; status S3HLS_OK: none */
    int64_t last_error_us;       /* its time: UTC, microseconds since 1970; 0: none */
    int64_t first_segment_us;    /* UTC of the first segment's first frame; 0: none */
    int64_t last_segment_end_us; /* UTC of the end of the newest accepted segment */
    int64_t clock_offset_ms; /* true time, by the store's answers, minus the system's time; 0: the
                                system's time is used */
    int64_t credentials_expire_s; /* seconds since 1970; 0: never, or not known */
    uint32_t frame_rate_milli;    /* frames per 1,000 s, if frames are counted; else 0 */
    uint64_t nals_refused; /* SEI and other NAL units before a picture that were left out: together
                              larger than 64 KiB, or no picture followed */
    int spool_status; /* why the spool cannot be used now (it is tried again every 10 s); S3HLS_OK:
                         it can be used, or there is none */
    s3hls_delivery_state delivery_state;
    int delivery_status;      /* why it is not OK */
    int64_t failing_since_us; /* UTC, microseconds since 1970: since when it is not OK; 0: OK */
    int64_t next_attempt_us;  /* UTC: back-off delays all deliveries until then; 0: it does not */
    uint64_t audio_frames_in; /* accepted from put_audio */
    uint64_t
        audio_frames_dropped; /* of these: too much waited for its pictures, or they had none */
    uint64_t audio_frames_damaged; /* refused: malformed, or not of the track */
    uint64_t audio_corrections;    /* of audio times, as the given ones drifted from the count */
} s3hls_recorder_stats;

/** Open a recorder. Allocates, without a shared uploader all media memory too; sends no request;
 * does not access the destination's directory. Opens the spool, if any: blocks while it reads the
 * spool's directory.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out or cfg is NULL, or a value is out of range; the log line (component
 *   "record", "store" or "s3") names the member
 *   S3HLS_E_UNSUPPORTED: audio that no player decodes, or not in this container or build; the log
 *   line states the reason
 *   S3HLS_E_STATE: another recorder uses this destination's folder of the spool
 *   S3HLS_E_CREDENTIALS, S3HLS_E_IO: as s3hls_store_open()
 *   S3HLS_E_NOMEM: out of memory, or no thread could be started. *out is NULL on failure. */
S3HLS_API int s3hls_recorder_open(s3hls_recorder **out, const s3hls_recorder_config *cfg);

/** Put video, as s3hls_recorder_config.input selects. The encoder's thread; does not block or
 * allocate.
 * @param frame  copied before the call returns
 * @return S3HLS_OK: accepted
 *   S3HLS_W_DROPPED_OLDER: accepted; the oldest waiting segment was dropped for it
 *   (S3HLS_DROP_OLDEST)
 *   S3HLS_W_DAMAGED: accepted, except damaged NAL units
 *   S3HLS_W_SEI_DROPPED: accepted, except SEI of more than 64 KiB before a picture
 *   S3HLS_W_FULL: as S3HLS_E_FULL, but earlier access units of this call were kept
 *   S3HLS_E_SKIPPED: nothing was kept: no keyframe has arrived yet, or damage is being skipped
 *   S3HLS_E_FULL: nothing was kept: the pool is full; this access unit and those up to the next
 *   keyframe are dropped and counted, and the segment so far is delivered
 *   S3HLS_E_MALFORMED: nothing was kept: the data is damaged
 *   S3HLS_E_TOO_LARGE: nothing was kept: only SEI of more than 64 KiB before a picture
 *   S3HLS_E_INVALID: recorder or frame is NULL, there are no bytes, or a time is out of range
 *   S3HLS_E_STATE: the input has ended (s3hls_recorder_drain()) */
S3HLS_API int s3hls_recorder_put_video(s3hls_recorder *recorder, const s3hls_frame *frame);

/** Put audio. Any one thread, also another than that of put_video; does not block or allocate,
 * except that libFLAC allocates for the first frame of G.711.
 * Audio is kept until the pictures of its time have been put, and is written to their segment.
 * @param audio  copied before the call returns
 * @return S3HLS_OK: accepted
 *   S3HLS_W_AUDIO_DROPPED: accepted; older audio, or a part of this, was dropped: more than
 *   s3hls_audio_config.buffer_bytes waits for its pictures
 *   S3HLS_W_DAMAGED: accepted, except damaged frames
 *   S3HLS_E_FULL: nothing was kept: too much audio waits, and it is being read
 *   S3HLS_E_MALFORMED: nothing was kept: no frame of the configured codec; G.711: the bytes are
 *   not a sample of each channel
 *   S3HLS_E_NOMEM: G.711 only: libFLAC is out of memory; it encodes no more
 *   S3HLS_E_UNSUPPORTED: nothing was kept: ADTS of another sampling rate or number of channels
 *   than before, or not of AAC LC, or with several raw data blocks in a frame
 *   S3HLS_E_TOO_LARGE: nothing was kept: a frame of more than 8,184 bytes (AAC) or 60,000
 *   S3HLS_E_INVALID: recorder or audio is NULL, there are no bytes, or a time is out of range
 *   S3HLS_E_STATE: the recorder has no audio, the input has ended (also during the call of
 *   s3hls_recorder_drain() or close that ends it), or put_audio runs on another thread */
S3HLS_API int s3hls_recorder_put_audio(s3hls_recorder *recorder, const s3hls_audio *audio);

/** End the current segment at the next keyframe, whatever its duration. The encoder's thread; does
 * not block or allocate.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: recorder is NULL
 *   S3HLS_E_STATE: the input has ended */
S3HLS_API int s3hls_recorder_cut(s3hls_recorder *recorder);

/** End the current segment immediately, so that a partial segment is uploaded while the input is
 * stalled. Recording resumes at the next keyframe, in a new timeline. The encoder's thread; does
 * not block or allocate.
 * @return S3HLS_OK: also when there is no segment to end
 *   S3HLS_E_INVALID: recorder is NULL
 *   S3HLS_E_STATE: the input has ended */
S3HLS_API int s3hls_recorder_flush(s3hls_recorder *recorder);

/** End the input and the last segment, and wait until everything is delivered, including the spool.
 * Afterwards only drain, get_stats and close are possible. May be called again to wait longer. Each
 * call retries at once, without back-off: to poll, use s3hls_recorder_get_stats() instead. The
 * encoder's thread; blocks. With no_thread it delivers on the calling thread. put_audio may run on
 * its own thread: what it accepted is recorded or counted, and it returns S3HLS_E_STATE afterwards.
 * @param deadline_ms  how long to wait; UINT32_MAX: without limit
 * @return S3HLS_OK: everything was delivered
 *   S3HLS_E_UNDELIVERED: segments still wait; s3hls_recorder_get_stats() has their number
 *   S3HLS_E_NO_VIDEO: nothing was recorded; does not wait
 *   S3HLS_E_NOT_H264: nothing was recorded, and the input had no H.264 SPS; does not wait
 *   S3HLS_E_INVALID: recorder is NULL */
S3HLS_API int s3hls_recorder_drain(s3hls_recorder *recorder, uint32_t deadline_ms);

/** Set the tags of the segments that end from now on, instead of s3hls_object_options.tags. The
 * encoder's thread; allocates.
 * @param tags  copied; limits as for s3hls_object_options.tags
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: recorder is NULL, or tags exceed the limits; the old tags remain
 *   S3HLS_E_NOMEM: out of memory; the old tags remain */
S3HLS_API int s3hls_recorder_set_tags(s3hls_recorder *recorder, const s3hls_pair *tags,
                                      size_t count);

/** Read the counts and the latest error. Any thread, until close begins; does not allocate.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: recorder or stats is NULL */
S3HLS_API int s3hls_recorder_get_stats(s3hls_recorder *recorder, s3hls_recorder_stats *stats);

/** End the input, deliver the segments in memory for up to deadline_ms, then free the recorder.
 * Segments that remain are written to the spool. Segments in the spool stay for the next recorder
 * of this destination; to deliver them too, call s3hls_recorder_drain() before. A segment that the
 * spool cannot take, or that remains without a spool, is dropped and reported by name, in an event
 * and a log line. The encoder's thread; blocks. A call of put_audio that runs is waited for; no
 * call may begin once close has begun.
 * @param recorder     accepts NULL and a pointer to NULL; *recorder is set to NULL
 * @param deadline_ms  how long to wait; UINT32_MAX: without limit
 * @param stats        receives the last counts; may be NULL
 * @return S3HLS_OK: every segment was delivered or is in the spool; or there is no recorder, or it
 *   never received a frame
 *   S3HLS_E_UNDELIVERED: segments were dropped at the deadline; stats->segments_dropped includes
 *   them
 *   S3HLS_E_NO_VIDEO, S3HLS_E_NOT_H264: as s3hls_recorder_drain() */
S3HLS_API int s3hls_recorder_close_stats(s3hls_recorder **recorder, uint32_t deadline_ms,
                                         s3hls_recorder_stats *stats);

/** As s3hls_recorder_close_stats(), without the counts. */
S3HLS_API int s3hls_recorder_close(s3hls_recorder **recorder, uint32_t deadline_ms);

#ifdef __cplusplus
}
#endif
#endif
