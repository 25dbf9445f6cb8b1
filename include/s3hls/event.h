/* SPDX-License-Identifier: MIT-0 */
/** @file event.h
 * Events of a recording, each reported once when it happens: for an owner's log, display or alarm.
 * s3hls_recorder_stats counts them.
 */
#ifndef S3HLS_EVENT_H
#define S3HLS_EVENT_H

#include "s3hls/s3.h"

#ifdef __cplusplus
extern "C" {
#endif

/** XX(name, number, text: one word for machines). New ones are appended; a number never changes.
 * The comments name the members of s3hls_event that are set. */
#define S3HLS_EVENT_MAP(XX)                                                                        \
    XX(DELIVERED, 1, "delivered") /* key, bytes: the store has confirmed a segment */              \
    XX(FAILING, 2, "failing")     /* error: deliveries fail and are retried */                     \
    XX(HELD, 3, "held")           /* error: a retry cannot correct the cause, somebody has to act; \
                                     the data is kept, and delivery is tried now and then */       \
    XX(RECOVERED, 4, "recovered") /* duration_ms: deliveries work again after this time */         \
    XX(PRESSURE, 5, "pressure")   /* three quarters of the pool are in use */                      \
    XX(RELIEVED, 6, "relieved")   /* less than half of the pool is in use */                       \
    XX(SPOOLED, 7, "spooled")     /* key, bytes: a segment was written to the spool */             \
    XX(SPOOL_FAILED, 8, "spool-failed")   /* status: the spool cannot be used; memory only */      \
    XX(SPOOL_DRAINED, 9, "spool-drained") /* everything in the spool was delivered */              \
    XX(SEGMENT_LOST, 10, "segment-lost")  /* key (may be ""), bytes, status: why. S3HLS_E_FULL:    \
                                          dropped for newer ones; S3HLS_E_NOSPC: beyond            \
                                          spool_max_bytes; S3HLS_E_MALFORMED: its spool file was   \
                                          damaged; S3HLS_E_UNDELIVERED: at the deadline of close;  \
                                          S3HLS_E_EXISTS: at close, the spool has another          \
                                          segment of that name */                                  \
    XX(FRAMES_LOST, 11, "frames-lost")    /* count: frames up to a keyframe that were dropped      \
                                            because the pool was full; reported when recording     \
                                            resumes, or at the end */                              \
    XX(TIMELINE, 12, "timeline")          /* count: its number; message: why it began */           \
    XX(CLOCK, 13, "clock")             /* duration_ms: the wall clock stepped, or is corrected, by \
                                          this time */                                             \
    XX(CREDENTIALS, 14, "credentials") /* status: S3HLS_OK: renewed; else why they were not */     \
    XX(DEPENDENT, 15, "dependent-segments") /* message: why segments do not decode on their own    \
                                               from now on; once until that changes */             \
    XX(INPUT_CLOCK, 16, "input-clock") /* count: the speed of the input's timestamps in percent of \
                                          real time; message: the same for people; once */         \
    XX(POOL_SMALL, 17, "pool-small") /* bytes, duration_ms, count: size and duration of a GOP, and \
                                        its bits per second; message: the same, the uplink below   \
                                        which frames are lost, and a remedy; once until that       \
                                        changes */

typedef enum s3hls_event_type {
#define S3HLS__XX(name, number, text) S3HLS_EVENT_##name = (number),
    S3HLS_EVENT_MAP(S3HLS__XX)
#undef S3HLS__XX
} s3hls_event_type;

/** One event. It and its pointers are valid during the call only. */
typedef struct s3hls_event {
    s3hls_event_type type;
    int status;          /* S3HLS_OK, or why */
    int64_t wall_us;     /* current time: UTC, microseconds since 1970, as far as it is known */
    const char *key;     /* of the segment, relative to the destination; "" if there is none */
    uint64_t bytes;      /* size of the segment; POOL_SMALL: of the GOP */
    uint64_t count;      /* see the type */
    int64_t duration_ms; /* see the type */
    const s3hls_s3_error *error; /* FAILING, HELD: the store's answer; else NULL */
    const char *message;         /* for people: one line, no secrets; "" if there is none */
} s3hls_event;

/** Receives an event, on the thread on which it happened: the uploader's; the one that called put,
 * drain or close; or the one that renewed credentials. It must not block, and must not call the
 * recorder except s3hls_recorder_get_stats(). Never called under a lock of the library. */
typedef void (*s3hls_event_fn)(void *ctx, const s3hls_event *event);

/** The word of a type ("segment-lost"). Any thread; static memory.
 * @return "unknown": type is not an s3hls_event_type */
S3HLS_API const char *s3hls_event_name(int type);

#ifdef __cplusplus
}
#endif
#endif
