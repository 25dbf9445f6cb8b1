/* SPDX-License-Identifier: MIT-0 */
/** @file event.h
 * What happens to a recording, told once, when it happens: for an owner's log, display or alarm.
 * Counts of all of it are in s3hls_recorder_stats.
 */
#ifndef S3HLS_EVENT_H
#define S3HLS_EVENT_H

#include "s3hls/s3.h"

#ifdef __cplusplus
extern "C" {
#endif

/** XX(name, number, text: one word for machines). New ones are appended; a number never changes. */
#define S3HLS_EVENT_MAP(XX)                                                                        \
    XX(DELIVERED, 1, "delivered") /* key, bytes: the store has confirmed a segment */              \
    XX(FAILING, 2, "failing")     /* error: deliveries fail and are tried again */                 \
    XX(HELD, 3, "held")           /* error: trying again cannot mend it: somebody has to; the      \
                                     data is kept and the store asked now and then */              \
    XX(RECOVERED, 4, "recovered") /* duration_ms: deliveries work again after so long */           \
    XX(PRESSURE, 5, "pressure")   /* three quarters of the pool are taken */                       \
    XX(RELIEVED, 6, "relieved")   /* less than half of it is */                                    \
    XX(SPOOLED, 7, "spooled")     /* key, bytes: a segment went to flash */                        \
    XX(SPOOL_FAILED, 8, "spool-failed")   /* status: the spool cannot be used: memory only */      \
    XX(SPOOL_DRAINED, 9, "spool-drained") /* all of it was delivered */                            \
    XX(SEGMENT_LOST, 10, "segment-lost") /* key (may be ""), bytes, status: why. S3HLS_E_FULL: for \
                                         newer ones; S3HLS_E_NOSPC: beyond spool_max_bytes;        \
                                         S3HLS_E_MALFORMED: its file in the spool was damaged;     \
                                         S3HLS_E_UNDELIVERED: at the deadline of close */          \
    XX(FRAMES_LOST, 11, "frames-lost")   /* count: frames before a keyframe for which there was no \
                                           room, told when recording goes on, or at the end */     \
    XX(TIMELINE, 12, "timeline")         /* count: its number; message: why it began */            \
    XX(CLOCK, 13, "clock")             /* duration_ms: the wall clock stepped, or is corrected, by \
                                          so much */                                               \
    XX(CREDENTIALS, 14, "credentials") /* status: S3HLS_OK: renewed; else why they could not be */ \
    XX(DEPENDENT, 15, "dependent-segments") /* message: why segments do not decode on their own    \
                                               from now on; once until it changes */               \
    XX(INPUT_CLOCK, 16, "input-clock") /* count: the input's times run at so many per cent of the  \
                                          true speed; message: the same for people; once */

typedef enum s3hls_event_type {
#define S3HLS__XX(name, number, text) S3HLS_EVENT_##name = (number),
    S3HLS_EVENT_MAP(S3HLS__XX)
#undef S3HLS__XX
} s3hls_event_type;

/** One event. Everything is valid during the call only. */
typedef struct s3hls_event {
    s3hls_event_type type;
    int status;          /* S3HLS_OK, or why */
    int64_t wall_us;     /* UTC, microseconds since 1970, as well as it is known */
    const char *key;     /* of the segment, relative to the destination; "" where there is none */
    uint64_t bytes;      /* of the segment */
    uint64_t count;      /* see the type */
    int64_t duration_ms; /* see the type */
    const s3hls_s3_error *error; /* FAILING, HELD: what the store said; else NULL */
    const char
        *message; /* for people, one line, no secrets; "" where there is nothing more to say */
} s3hls_event;

/** Receives an event, on the thread it happened on: the uploader's, the one that put, drained or
 * closed, or the one that brought new keys. Must not block, nor call the recorder but for
 * s3hls_recorder_get_stats(). Never called under a lock of the library. */
typedef void (*s3hls_event_fn)(void *ctx, const s3hls_event *event);

/** The word of a type ("segment-lost"); "unknown" for other numbers. Static memory; any thread. */
S3HLS_API const char *s3hls_event_name(int type);

#ifdef __cplusplus
}
#endif
#endif
