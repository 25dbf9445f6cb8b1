/* SPDX-License-Identifier: MIT-0 */
/** @file archive.h
 * The recordings of one camera in a store, found by LIST alone: object names carry time, duration
 * and order (layout.h).
 *
 * Threads: an archive is used by one thread at a time, and archives opened beside one store by the
 * thread that uses that store. Functions with an s3hls_s3_error parameter send requests: they block
 * and allocate. Their status is also in error->status where a request failed; error may be NULL.
 * "A store's status" below is one that s3hls_store_get() or s3hls_store_list() returns.
 */
#ifndef S3HLS_ARCHIVE_H
#define S3HLS_ARCHIVE_H

#include "s3hls/layout.h"
#include "s3hls/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s3hls_archive s3hls_archive;

/** Segments of [from_ms, to_ms), ascending by time. Free with s3hls_segment_list_deinit(). */
typedef struct s3hls_segment_list {
    s3hls_segment *segments;
    size_t count;
    size_t foreign; /* keys in the range that are not names of segments; ignored */
} s3hls_segment_list;

/** Open the archive of one camera. Any thread; allocates; sends no request.
 * @param url      the camera's prefix, as for s3hls_store_open(); copied
 * @param options  how to reach S3; NULL: defaults; copied
 * @param env      NULL: the process's own; copied
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out is NULL; else as s3hls_store_open()
 *   S3HLS_E_NOMEM: out of memory
 *   as s3hls_store_open(). *out is NULL on failure. */
S3HLS_API int s3hls_archive_open(s3hls_archive **out, const char *url,
                                 const s3hls_s3_options *options, const s3hls_env *env);
/** Open the archive of one camera over the connections and credentials of a store.
 * @param other  used by the same thread, and closed after the archive
 * @return as s3hls_archive_open() and s3hls_store_open_beside() */
S3HLS_API int s3hls_archive_open_beside(s3hls_archive **out, const char *url, s3hls_store *other,
                                        const s3hls_s3_options *options);
/** Close an archive and its store. Accepts NULL and a pointer to NULL; sets *archive to NULL. */
S3HLS_API void s3hls_archive_close(s3hls_archive **archive);

/** Receives one name, on the thread of the call that reports it.
 * @param name  NUL-terminated; valid during the call
 * @return 0: continue
 *   other: the function that reports returns S3HLS_E_CANCELLED */
typedef int (*s3hls_name_fn)(void *ctx, const char *name);

/** Find the cameras in a store: folders, up to 8 levels deep, that hold timelines or segments of
 * the AWS sample SDK. Sends one LIST for each folder that is not a camera's, 16 in parallel.
 * @param on_camera  receives names relative to the store, ascending by byte; "": the store's URL is
 *                   itself a camera's
 * @return S3HLS_OK: also when none was found
 *   S3HLS_E_INVALID: store or on_camera is NULL
 *   S3HLS_E_CANCELLED: on_camera returned non-zero
 *   S3HLS_E_TOO_LARGE: more than 100,000 folders
 *   S3HLS_E_NOMEM: out of memory
 *   a store's status */
S3HLS_API int s3hls_archive_cameras(s3hls_store *store, s3hls_name_fn on_camera, void *ctx,
                                    s3hls_s3_error *error);

/** Remembers which cameras a store holds, so that a later run lists only the folders above cameras
 * (one LIST per thousand names) and the folders that are new. Used by one thread at a time. */
typedef struct s3hls_survey s3hls_survey;

/** Create a survey that knows no camera yet. Allocates; does not block.
 * @param env  NULL: the process's own; copied
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out is NULL
 *   S3HLS_E_NOMEM: out of memory */
S3HLS_API int s3hls_survey_open(s3hls_survey **out, const s3hls_env *env);
/** Find the cameras. After a failure the survey keeps the cameras of the last successful run.
 * @param may_look  called before a folder is examined for the first time, which costs one LIST; 0:
 *                  the folder is assumed to be a camera, and a later run examines it. NULL: always
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: survey or store is NULL
 *   S3HLS_E_TOO_LARGE: more than 100,000 folders to examine
 *   S3HLS_E_NOMEM: out of memory
 *   a store's status */
S3HLS_API int s3hls_survey_run(s3hls_survey *survey, s3hls_store *store, int (*may_look)(void *ctx),
                               void *ctx, s3hls_s3_error *error);
/** Report the cameras of the last successful run, ascending: "site/cam-1", or "" if the store's URL
 * is a camera's. Sends no request.
 * @return S3HLS_OK
 *   S3HLS_E_CANCELLED: on_camera returned non-zero */
S3HLS_API int s3hls_survey_cameras(const s3hls_survey *survey, s3hls_name_fn on_camera, void *ctx);
/** Number of folders that the last run examined. */
S3HLS_API size_t s3hls_survey_lists(const s3hls_survey *survey);
/** Free a survey. Accepts NULL and a pointer to NULL; sets *survey to NULL. */
S3HLS_API void s3hls_survey_close(s3hls_survey **survey);

/** Find the UTC days in [from_ms, to_ms) that have recordings. Sends one LIST per month.
 * @param from_ms  UTC, ms since 1970, 0 or more
 * @param to_ms    above from_ms, up to the year 9999
 * @param on_day   receives "2026-11-23", ascending; a segment belongs to the day in which it begins
 * @return S3HLS_OK
 *   S3HLS_E_CANCELLED: on_day returned non-zero
 *   S3HLS_E_INVALID: archive or on_day is NULL, or a time is out of range
 *   S3HLS_E_NOMEM: out of memory
 *   a store's status */
S3HLS_API int s3hls_archive_days(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                                 s3hls_name_fn on_day, void *ctx, s3hls_s3_error *error);

/** Find the newest segment that begins no later than S3HLS_CLOCK_AHEAD_MS from now. Sends one LIST
 * if the camera recorded in the last ten minutes, else usually at most seven.
 * @param segment  receives it; unchanged on failure
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: archive or segment is NULL
 *   S3HLS_E_NOT_FOUND: there is no recording
 *   S3HLS_E_NOMEM: out of memory
 *   a store's status */
S3HLS_API int s3hls_archive_newest(s3hls_archive *archive, s3hls_segment *segment,
                                   s3hls_s3_error *error);
/** Find the newest segment when an older one is known. Sends one LIST, or two if a thousand
 * segments or more followed.
 * @param known    NULL: none
 * @param segment  receives the newest one, which may be the known one
 * @return as s3hls_archive_newest(); with a known segment never S3HLS_E_NOT_FOUND */
S3HLS_API int s3hls_archive_newest_since(s3hls_archive *archive, const s3hls_segment *known,
                                         s3hls_segment *segment, s3hls_s3_error *error);

/** List the segments that overlap [from_ms, to_ms), by the hour, with hours listed in parallel.
 * @param from_ms  UTC, ms since 1970; INT64_MIN: from the first segment
 * @param to_ms    above from_ms; INT64_MAX: to the last segment
 * @param list     receives them; empty on failure
 * @return S3HLS_OK: also when none was found
 *   S3HLS_E_INVALID: archive or list is NULL, or from_ms >= to_ms
 *   S3HLS_E_NOMEM: out of memory
 *   a store's status */
S3HLS_API int s3hls_archive_list(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                                 s3hls_segment_list *list, s3hls_s3_error *error);
/** List the segments for live playback: those that end after from_ms and begin no later than
 * S3HLS_CLOCK_AHEAD_MS from now. Segments that arrived before their own time are left out if there
 * are others. Sends one LIST, or none if a cache knows that no new segment is due.
 * @return as s3hls_archive_list()
 *   S3HLS_E_INVALID: also when from_ms is not before the end of that range */
S3HLS_API int s3hls_archive_recent(s3hls_archive *archive, int64_t from_ms,
                                   s3hls_segment_list *list, s3hls_s3_error *error);
/** List the segments that are needed to decode [from_ms, to_ms). If the first segment of the range
 * begins inside a GOP (S3HLS_ENTRY_NONE), the list also has the segments before it, back to one in
 * which decoding can begin, at most ten minutes before from_ms. If that segment, or one in between,
 * is missing, no segment is added, and the first segments of the list cannot be decoded.
 * @return as s3hls_archive_list() */
S3HLS_API int s3hls_archive_list_playable(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                                          s3hls_segment_list *list, s3hls_s3_error *error);
/** Free the segments and set the list to zero. Accepts NULL and a zeroed list.
 * @param env  as given to the archive; NULL: the process's own */
S3HLS_API void s3hls_segment_list_deinit(s3hls_segment_list *list, const s3hls_env *env);

/** A range that was recorded without a gap of more than 100 ms. */
typedef struct s3hls_time_span {
    int64_t start_ms, end_ms; /* UTC, ms since 1970 */
    uint64_t bytes;           /* sum of its segments' sizes */
} s3hls_time_span;

/** Determine the span that begins with segments[at]. Pure.
 *     for (size_t i = 0; i < list.count;) i = s3hls_segment_list_span(&list, i, &span);
 * @param at  below list->count
 * @return index of the first segment after the span; list->count if there is none */
S3HLS_API size_t s3hls_segment_list_span(const s3hls_segment_list *list, size_t at,
                                         s3hls_time_span *span);

/** A cache of listed hours. Any thread; archives of any threads may share one. An hour that has
 * ended stays valid for a twentieth of the time since its end, at most one hour, because a spool
 * may deliver late. The hour that is being recorded stays valid until the camera's next segment is
 * due; then only new keys are listed (start-after), and once a minute the whole hour. When the
 * cache is full, the least recently used hour is dropped. */
typedef struct s3hls_archive_cache s3hls_archive_cache;

/** Counts since open, and the cache's present size. */
typedef struct s3hls_archive_cache_stats {
    uint64_t found;        /* hours answered without a LIST */
    uint64_t refreshed;    /* hours answered by a LIST of new keys only */
    uint64_t listed;       /* hours answered by a LIST of the whole hour */
    uint64_t hours, bytes; /* held now */
} s3hls_archive_cache_stats;

/** Create an empty cache. Allocates; does not block.
 * @param max_bytes  limit of its memory; an hour of 4 s segments takes 50 KB; 0: nothing is kept
 * @param env        the same as for the archives that use the cache; NULL: the process's own
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out is NULL
 *   S3HLS_E_NOMEM: out of memory */
S3HLS_API int s3hls_archive_cache_open(s3hls_archive_cache **out, uint64_t max_bytes,
                                       const s3hls_env *env);
/** Free a cache, after the archives that use it were closed. Accepts NULL and a pointer to NULL;
 * sets *cache to NULL. */
S3HLS_API void s3hls_archive_cache_close(s3hls_archive_cache **cache);
/** Read the counts. Any thread.
 * @param cache  NULL: all counts are 0 */
S3HLS_API void s3hls_archive_cache_get_stats(s3hls_archive_cache *cache,
                                             s3hls_archive_cache_stats *stats);
/** Make an archive use a cache from its next call on. Archives of one URL that share a cache must
 * be opened with the same options.
 * @param cache  closed after the archive; NULL: none */
S3HLS_API void s3hls_archive_set_cache(s3hls_archive *archive, s3hls_archive_cache *cache);

/** Read a timeline's object.
 * @param timeline  s3hls_segment.timeline
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: archive or out is NULL
 *   S3HLS_E_NOT_FOUND: there is no such object
 *   S3HLS_E_MALFORMED: the object is not a description of this timeline, or exceeds 64 KiB
 *   S3HLS_E_NOMEM: out of memory
 *   a store's status */
S3HLS_API int s3hls_archive_timeline(s3hls_archive *archive, uint64_t timeline, s3hls_timeline *out,
                                     s3hls_s3_error *error);

/** The archive's store, for reading segments and making URLs. Valid until the archive is closed.
 * @return NULL: archive is NULL */
S3HLS_API s3hls_store *s3hls_archive_store(s3hls_archive *archive);

#ifdef __cplusplus
}
#endif
#endif
