/* SPDX-License-Identifier: MIT-0 */
/** @file publish.h
 * A publisher keeps playlists beside the segments of one camera, so that a store plays without a
 * server: through a CDN, or any web server over a directory.
 *
 *   live.m3u8, master.m3u8            after each delivered segment; for a new timeline
 *   {YYYY}/{MM}/{DD}/{HH}/index.m3u8  one hour: once a minute, and when it is over
 *
 * A playlist names only segments that the store has confirmed. A playlist that cannot be written is
 * written again until it is.
 *
 *     s3hls_publisher_open(&publisher, &publishing);
 *     recording.on_event = s3hls_publisher_on_event;
 *     recording.event_ctx = publisher;
 *     s3hls_recorder_open(&recorder, &recording);
 *     ...
 *     s3hls_recorder_close(&recorder, 10000);
 *     s3hls_publisher_close(&publisher, 1, 10000);
 *
 * Threads: s3hls_publisher_on_event() may be called on any thread, everything else on one thread at
 * a time. Requests are sent on a thread of the publisher, or by s3hls_publisher_step().
 */
#ifndef S3HLS_PUBLISH_H
#define S3HLS_PUBLISH_H

#include "s3hls/archive.h"
#include "s3hls/event.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s3hls_publisher s3hls_publisher;

/** Receives the publisher's state when it changes, on the thread that sends requests. It must not
 * call the publisher.
 * @param status  S3HLS_OK: playlists are written again; else why they cannot be written, now and in
 *                each retry
 * @param error   the store's answer; NULL if status is S3HLS_OK */
typedef void (*s3hls_publisher_status_fn)(void *ctx, int status, const s3hls_s3_error *error);

/** How to publish. Copied at open, but for archive. */
typedef struct s3hls_publisher_config {
    uint32_t struct_size; /* set by s3hls_publisher_config_init() */
    int no_thread; /* non-zero: s3hls_publisher_step() and close send all requests; default 0 */
    const char *destination;             /* the recorder's: "s3://bucket/prefix", "file:///dir" */
    s3hls_s3_options s3;                 /* how to reach S3; the credentials must permit GET */
    s3hls_publisher_status_fn on_status; /* NULL (default): none */
    void *status_ctx;
    /** Where an hour's earlier segments come from when the publisher begins to write its
     * index.m3u8. NULL (default): from the existing index.m3u8. Segments that were delivered but
     * not yet in a playlist when the device lost power are then in none. With both members, the
     * hour is listed (one LIST), so that its index has every segment: list is
     * s3hls_archive_list_playable(), which is in libs3hls-play; archive is of the same destination
     * and env, not used by another thread, and closed after the publisher. */
    s3hls_archive *archive;
    int (*list)(s3hls_archive *archive, int64_t from_ms, int64_t to_ms, s3hls_segment_list *list,
                s3hls_s3_error *error);
    const s3hls_env *env; /* NULL: the process's own */
} s3hls_publisher_config;

static inline void s3hls_publisher_config_init(s3hls_publisher_config *cfg) {
    memset(cfg, 0, sizeof *cfg);
    cfg->struct_size = (uint32_t)sizeof *cfg;
}

/** Open a publisher, before the recorder whose segments it lists. Allocates; sends no request. An
 * existing live.m3u8 is continued.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out or cfg is NULL, or only one of archive and list is set; else as
 *   s3hls_store_open()
 *   S3HLS_E_CREDENTIALS, S3HLS_E_IO: as s3hls_store_open()
 *   S3HLS_E_NOMEM: out of memory, or no thread could be started. *out is NULL on failure. */
S3HLS_API int s3hls_publisher_open(s3hls_publisher **out, const s3hls_publisher_config *cfg);

/** Note a delivered segment. This is an s3hls_event_fn: the on_event of a recorder, or called from
 * there. Events of other types are ignored. Any thread; does not block on requests; may allocate.
 * @param publisher  an s3hls_publisher; NULL: nothing is done */
S3HLS_API void s3hls_publisher_on_event(void *publisher, const s3hls_event *event);

/** Send what is due. Only with no_thread. Blocks for the requests, but does not wait for what is
 * due later.
 * @return S3HLS_OK: every playlist is up to date
 *   S3HLS_E_TIMEOUT: a playlist is due later; call again within a second
 *   S3HLS_E_INVALID: publisher is NULL
 *   S3HLS_E_STATE: the publisher has its own thread */
S3HLS_API int s3hls_publisher_step(s3hls_publisher *publisher);

/** Write all playlists, then free the publisher, after its recorder was closed. Blocks for up to
 * deadline_ms, and until a request in flight has ended.
 * @param publisher    accepts NULL and a pointer to NULL; *publisher is set to NULL
 * @param ended        non-zero: the camera has stopped for good: playlists get EXT-X-ENDLIST
 * @param deadline_ms  UINT32_MAX: no limit
 * @return S3HLS_OK
 *   S3HLS_E_UNDELIVERED: a playlist could not be written by then */
S3HLS_API int s3hls_publisher_close(s3hls_publisher **publisher, int ended, uint32_t deadline_ms);

#ifdef __cplusplus
}
#endif
#endif
