/* SPDX-License-Identifier: MIT-0 */
/** @file recorder.h
 * An encoder's H.264 becomes HLS segments, and they are delivered to a store.
 *
 * Threads: put, cut and close belong to one thread, the encoder's; get_stats to any.
 * A put never blocks, never allocates, never waits for the network.
 */
#ifndef S3HLS_RECORDER_H
#define S3HLS_RECORDER_H

#include "s3hls/event.h"
#include "s3hls/frame.h"
#include "s3hls/s3.h"
#include "s3hls/uploader.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s3hls_recorder s3hls_recorder;

/** What one put holds. */
typedef enum s3hls_input {
    S3HLS_INPUT_FRAMES =
        0, /* one or more whole access units: delivered without waiting for the next call */
    S3HLS_INPUT_NALS = 1, /* one or more whole NAL units; an access unit may take several calls */
    S3HLS_INPUT_BYTES = 2 /* any chunk of an Annex B byte stream */
} s3hls_input;

/** What is given up when the pool is full and nothing more fits into the spool. Whole GOPs in any
 * case. */
typedef enum s3hls_drop {
    S3HLS_DROP_NEWEST = 0, /* what is put, up to the next keyframe: what was accepted is kept */
    S3HLS_DROP_OLDEST = 1  /* the oldest segment that waits: the newest footage is kept */
} s3hls_drop;

/** A name and a value, for tags and metadata. Copied. */
typedef struct s3hls_pair {
    const char *name, *value;
} s3hls_pair;

/** What every segment's object is given. Zero it, set what you need. Copied at open. */
typedef struct s3hls_object_options {
    const s3hls_pair *tags; /* up to 10; name 1 to 128 characters, value up to 256, UTF-8 */
    size_t tag_count;
    const s3hls_pair *metadata; /* x-amz-meta-<name>; up to 8; visible ASCII; 2,048 bytes in all */
    size_t metadata_count;
    const char *storage_class; /* "STANDARD_IA"; NULL: the bucket's */
    const char *encryption;    /* "AES256" (SSE-S3), "aws:kms" (SSE-KMS); NULL: the bucket's */
    const char *kms_key_id;    /* with aws:kms; NULL: the account's default key */
    int no_overwrite;  /* non-zero: If-None-Match, so that no other object is replaced; one's own
                          earlier PUT  whose answer was lost is recognised by size and ETag */
    void *reserved[4]; /* zero */
} s3hls_object_options;

typedef struct s3hls_recorder_config {
    uint32_t struct_size; /* set by s3hls_recorder_config_init() */

    s3hls_input input;        /* default S3HLS_INPUT_FRAMES */
    const char *destination;  /* "s3://bucket/prefix" or "file:///dir"; copied */
    s3hls_s3_options s3;      /* how to reach S3 */
    s3hls_uploader *uploader; /* shared; NULL: the recorder opens its own with the three below */
    size_t pool_bytes;        /* see s3hls_uploader_config; default 4 MiB */
    uint32_t max_in_flight;   /* default 4 */
    int no_thread;            /* default 0 */

    /** Frames per second as a fraction: times are then counted, s3hls_frame.pts_us is ignored, and
     * pictures are put in order by their picture order count (H.264 8.2.1). 0: the caller gives
     * times. */
    uint32_t frame_rate_num;
    uint32_t frame_rate_den;  /* default 1 */
    uint32_t nal_length_size; /* 0: Annex B start codes (default); 1, 2 or 4: length-prefixed; not
                                 with S3HLS_INPUT_BYTES */
    /** UTC of the first frame, microseconds since 1970, for footage that was taken earlier; 0:
     * live, the current time less s3hls_frame.age_us. */
    int64_t start_time_us;

    /** Cut at the first keyframe from here on; 1,000 to 60,000; default 4,000. */
    uint32_t segment_duration_ms;
    /** A segment is ended here even inside a GOP; default 0: 3/4 of the pool. */
    uint64_t segment_max_bytes;
    /** The seed's rule instead of a duration: cut at the keyframe with which segment_nal_count more
     * NAL units of type segment_nal_type (1 to 12) have come. segment_nal_count 0 (default): not
     * used. */
    uint32_t segment_nal_type;
    uint32_t segment_nal_count;

    /* ---- when the store is away */

    /** A directory on flash for what memory cannot hold; NULL: none. Each destination has a folder
     * of its own in it, so that many recorders share one. What is found there at open is delivered
     * first of all. Used when three quarters of the pool are taken, when deliveries have failed for
     * spool_after_ms, and for what close could not deliver. */
    const char *spool_dir;
    uint64_t spool_max_bytes;     /* the oldest goes beyond that; default 1 GiB */
    uint32_t spool_after_ms;      /* default 5,000 */
    uint32_t spool_share_percent; /* 1 to 100: of the time, that deliveries from the spool may take
                                     while live segments come too; default 50 */
    s3hls_drop drop;              /* default S3HLS_DROP_NEWEST */

    s3hls_object_options object; /* of each segment */
    s3hls_event_fn on_event;     /* NULL: none */
    void *event_ctx;

    const s3hls_env *env; /* NULL: the process's own */

    /** Where frames are counted, non-zero: at the rate that the stream itself states (VUI of its
     * SPS, H.264 E.2.1: time_scale / (2 num_units_in_tick)); frame_rate_num/frame_rate_den only
     * where it states none, or one beyond 1/60 to 300. 0 (default): at the given rate. */
    int frame_rate_of_stream;
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
}

/** Why deliveries were tried again. XX(name, text: one word for machines). New ones are appended.
 */
#define S3HLS_CAUSE_MAP(XX)                                                                        \
    XX(RESOLVE, "resolve")         /* host name not found */                                       \
    XX(CONNECT, "connect")         /* no connection */                                             \
    XX(TLS, "tls")                 /* certificate or handshake */                                  \
    XX(NETWORK, "network")         /* broken off, stalled */                                       \
    XX(THROTTLED, "throttled")     /* 503 SlowDown, 429 */                                         \
    XX(SERVER, "server")           /* 5xx */                                                       \
    XX(CREDENTIALS, "credentials") /* missing, refused, expired */                                 \
    XX(CLOCK, "clock")             /* signed with a wrong time */                                  \
    XX(REGION, "region")           /* another region or endpoint */                                \
    XX(ACCESS, "access")           /* access denied, no such bucket */                             \
    XX(OTHER, "other")

typedef enum s3hls_cause {
#define S3HLS__XX(name, text) S3HLS_CAUSE_##name,
    S3HLS_CAUSE_MAP(S3HLS__XX)
#undef S3HLS__XX
        S3HLS_CAUSE_COUNT
} s3hls_cause;

/** Counts since open. The ledger closes at any moment:
 * segments_accepted = segments_delivered + segments_spooled + segments_waiting + segments_dropped,
 * each of the five counted for itself; and the same of bytes. */
typedef struct s3hls_recorder_stats {
    uint64_t frames_in;         /* access units accepted into segments */
    uint64_t frames_skipped;    /* before the first keyframe, or after damage up to the next one */
    uint64_t frames_dropped;    /* for which there was no room, up to the next keyframe */
    uint64_t gops_dropped;      /* GOPs of which frames were dropped so, or that went with a dropped
                                   segment */
    uint64_t bytes_in;          /* bytes put */
    uint64_t nals_damaged;      /* NAL units that could not be read; skipped to the next keyframe */
    uint64_t segments_accepted; /* ended and handed to the uploader, or found in the spool; both: a
                                   recording repeated with its start_time_us counts once */
    uint64_t segments_delivered; /* confirmed by the store */
    uint64_t segments_spooled;   /* now in the spool */
    uint64_t segments_waiting;   /* now in memory: queued, in flight or between retries */
    uint64_t segments_dropped;   /* accepted, then given up; each one was an event and a log line */
    uint64_t segments_recovered; /* of the accepted: found in the spool, at open or once it could
                                    be read */
    uint64_t bytes_accepted;     /* of segments_accepted */
    uint64_t bytes_delivered;
    uint64_t bytes_dropped;
    uint64_t bytes_spooled; /* now in the spool */
    uint64_t bytes_waiting; /* now in memory */
    uint64_t retries;       /* the sum of retries_by */
    uint64_t retries_by[S3HLS_CAUSE_COUNT];
    int64_t media_us;    /* time recorded so far */
    int64_t lag_us;      /* age of the oldest segment not yet delivered, since its end; 0: none */
    uint64_t pool_bytes; /* of the pool, shared or not */
    uint64_t pool_used_bytes;
    s3hls_s3_error last_error;   /* of the newest failed delivery; status S3HLS_OK: none */
    int64_t last_error_us;       /* UTC; 0: none */
    int64_t first_segment_us;    /* UTC of the first segment's first frame; 0: none yet */
    int64_t last_segment_end_us; /* UTC of the end of the newest accepted segment */
    int64_t clock_offset_ms; /* true time less the system's, as the store's answers say; 0: in use
                                as it is */
    int64_t credentials_expire_s; /* UNIX seconds; 0: never, or not known */
    uint32_t
        frame_rate_milli;  /* frames per 1,000 seconds, where they are counted; 0: they are not */
    uint64_t nals_refused; /* SEI and other NAL units before a picture that were left out: larger
                              than 64 KiB together, or no picture came for them */
    int spool_status; /* why the spool cannot be used now: memory alone serves, and it is looked at
                         again every 10 s; S3HLS_OK: it can, or there is none */
} s3hls_recorder_stats;

/** Open a recorder. Checks every value and, for file://, nothing of the disk; for s3://, nothing of
 * the network.
 * @return S3HLS_OK; S3HLS_E_INVALID: the log line (component "record") names the field;
 * the statuses of s3hls_store_open() and s3hls_uploader_open(). *out is NULL on failure. */
S3HLS_API int s3hls_recorder_open(s3hls_recorder **out, const s3hls_recorder_config *cfg);

/** Put video, as s3hls_recorder_config.input says. The bytes are copied before the call returns.
 * @return S3HLS_OK: accepted;
 * S3HLS_E_SKIPPED: nothing of it was kept: no keyframe has come yet, or damage is being skipped;
 * S3HLS_E_FULL: the pool is empty; this access unit and those up to the next keyframe are dropped,
 * counted, and the segment so far is delivered; S3HLS_E_MALFORMED: it holds damaged NAL units; what
 * could be read was kept; S3HLS_E_TOO_LARGE: accepted but for SEI of more than 64 KiB before a
 * picture; S3HLS_E_EVICTED: accepted, and the oldest waiting segment was dropped for
 * it (S3HLS_DROP_OLDEST); S3HLS_E_INVALID: NULL, no bytes, or a time beyond its range;
 * S3HLS_E_STATE: after drain. */
S3HLS_API int s3hls_recorder_put_video(s3hls_recorder *recorder, const s3hls_frame *frame);

/** End the segment at the next keyframe, whatever its length. The encoder's thread.
 * @return S3HLS_OK; S3HLS_E_INVALID: recorder is NULL; S3HLS_E_STATE: after drain. */
S3HLS_API int s3hls_recorder_cut(s3hls_recorder *recorder);

/** End the segment now: the camera has fallen silent, and what there is of it should not wait.
 * Recording goes on with the next keyframe, in a new timeline.
 * @return S3HLS_OK, also with nothing to end; S3HLS_E_INVALID; S3HLS_E_STATE: after drain. */
S3HLS_API int s3hls_recorder_flush(s3hls_recorder *recorder);

/** End the input: the last segment is ended, and delivery, of the spool too, goes on for up to
 * deadline_ms. Afterwards only get_stats and close are possible. May be called again with more
 * time; each call tries at once, whatever the back-off: look at get_stats to wait, do not poll
 * this.
 * @return S3HLS_OK: all delivered; S3HLS_E_UNDELIVERED: get_stats says how many wait;
 * S3HLS_E_NO_VIDEO: nothing had been recorded (an empty input). */
S3HLS_API int s3hls_recorder_drain(s3hls_recorder *recorder, uint32_t deadline_ms);

/** Tags of the segments that end from now on, in place of s3hls_object_options.tags. Allocates; not
 * on the put path. The encoder's thread.
 * @return S3HLS_OK; S3HLS_E_INVALID: more than 10, a name or value too long, or a name twice (the
 * old ones stay); S3HLS_E_NOMEM. */
S3HLS_API int s3hls_recorder_set_tags(s3hls_recorder *recorder, const s3hls_pair *tags,
                                      size_t count);

/** Counts and the last error. Any thread.
 * @return S3HLS_OK; S3HLS_E_INVALID: recorder or stats is NULL. */
S3HLS_API int s3hls_recorder_get_stats(s3hls_recorder *recorder, s3hls_recorder_stats *stats);

/** End the input, deliver what is in memory for up to deadline_ms, then free. What is not delivered
 * by then goes to the spool, and what is there already stays for the next recorder of this
 * destination (drain first to have the spool emptied too). Without a spool, or where it has no
 * room, it is dropped: an event and a log line each, by name.
 * @param stats  receives the last counts; may be NULL
 * @return S3HLS_OK: all delivered, or safe in the spool; S3HLS_E_UNDELIVERED:
 * stats->segments_dropped says how many were lost; S3HLS_E_NO_VIDEO, S3HLS_E_NOT_H264 as
 * s3hls_recorder_drain(); S3HLS_OK too for NULL, a pointer to NULL, and a recorder that never got a
 * frame. */
S3HLS_API int s3hls_recorder_close_stats(s3hls_recorder **recorder, uint32_t deadline_ms,
                                         s3hls_recorder_stats *stats);

/** s3hls_recorder_close_stats() without the counts. */
S3HLS_API int s3hls_recorder_close(s3hls_recorder **recorder, uint32_t deadline_ms);

#ifdef __cplusplus
}
#endif
#endif
