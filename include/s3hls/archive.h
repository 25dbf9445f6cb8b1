/* SPDX-License-Identifier: MIT-0 */
/** @file archive.h
 * What a store holds of one camera, found by LIST alone: the names carry time, duration and order.
 *
 *   {YYYY}/{MM}/{DD}/{HH}/{mm}/{SS}.{mmm}-{duration_ms}-{sequence}-{timeline}.ts
 *   the same with open- or inner- before {sequence}: it does not decode on its own,
 *   s3hls_segment_entry
 *   timelines/{timeline}.json
 *   {YYYY}/{MM}/{DD}/{HH}/{mm}/{SS}.ts         as the AWS sample SDK wrote it
 */
#ifndef S3HLS_ARCHIVE_H
#define S3HLS_ARCHIVE_H

#include "s3hls/store.h"

#ifdef __cplusplus
extern "C" {
#endif

#define S3HLS_KEY_MAX 96 /* bytes of a segment's key below the prefix, with the NUL */

/** Where decoding can begin in a segment. Its name says so. */
typedef enum s3hls_segment_entry {
    /** At its first picture, an IDR picture: it decodes on its own. Names without a mark; also
     * taken for names of the AWS sample SDK, which do not say. */
    S3HLS_ENTRY_IDR = 0,
    /** "open-": at its first picture, an I picture with a recovery point (open GOP, intra refresh);
     * pictures that are shown before it, or before the recovery is complete, refer to the segment
     * before. */
    S3HLS_ENTRY_RECOVERY = 1,
    /** "inner-": not at its first picture: it begins inside a GOP, because a limit of size or
     * duration ended the segment before; it needs that one to decode. */
    S3HLS_ENTRY_NONE = 2
} s3hls_segment_entry;

/** One segment. */
typedef struct s3hls_segment {
    int64_t start_ms;     /* UTC of its first frame, ms since 1970 */
    uint32_t duration_ms; /* 0 only before the distance to the next is known (sample-SDK names) */
    int seed_name;        /* non-zero: named by the AWS sample SDK; sequence and timeline are 0 */
    uint64_t sequence; /* counts on within a session; a missing number is a lost or late segment */
    uint64_t timeline; /* parameters and timestamps run unbroken within one */
    uint64_t size;     /* bytes */
    int64_t modified_unix_s; /* when the store received it */
    s3hls_segment_entry entry;
} s3hls_segment;

/** What a timeline's object says, for CODECS, RESOLUTION and TARGETDURATION. */
typedef struct s3hls_timeline {
    uint64_t timeline;
    uint32_t target_duration_ms; /* no segment of the timeline is longer, rounded to seconds */
    uint32_t width, height;      /* pixels, cropped */
    uint32_t frame_rate_milli;   /* frames per 1,000 s; 0: not known */
    char codecs[64];             /* RFC 6381: "avc1.64001f" */
    char container[8];           /* "ts" */
} s3hls_timeline;

typedef struct s3hls_archive s3hls_archive;

/** Segments of [from_ms, to_ms), ascending by time. Free with s3hls_segment_list_deinit(). */
typedef struct s3hls_segment_list {
    s3hls_segment *segments;
    size_t count;
    size_t foreign; /* keys in the range that are no segments of ours, passed over */
} s3hls_segment_list;

/** Open one camera's archive at a store's URL. As s3hls_store_open(). */
S3HLS_API int s3hls_archive_open(s3hls_archive **out, const char *url,
                                 const s3hls_s3_options *options, const s3hls_env *env);
/** ... over the connections and credentials of a store. As s3hls_store_open_beside(). */
S3HLS_API int s3hls_archive_open_beside(s3hls_archive **out, const char *url, s3hls_store *other,
                                        const s3hls_s3_options *options);
S3HLS_API void s3hls_archive_close(s3hls_archive **archive);

/** What is told one by one. The name is good during the call.
 * @return 0 to go on; anything else ends the telling with S3HLS_E_CANCELLED. */
typedef int (*s3hls_name_fn)(void *ctx, const char *name);

/** Find the cameras in a store: folders, up to 8 deep, that hold timelines or the sample SDK's
 * segments. One LIST for each folder that is none of a camera's, 16 side by side.
 * @param on_camera  gets names relative to the store, ascending by byte; "": the store's URL is a
 * camera's own
 * @return S3HLS_OK (also with none found); S3HLS_E_CANCELLED; S3HLS_E_TOO_LARGE: more than 100,000
 * folders; S3HLS_E_NOMEM; a store's status. */
S3HLS_API int s3hls_archive_cameras(s3hls_store *store, s3hls_name_fn on_camera, void *ctx,
                                    s3hls_s3_error *error);

/** Which cameras a store holds, remembered: a later run lists the folders above cameras only (one
 * LIST for a thousand names), and looks into those that are new. One thread at a time. */
typedef struct s3hls_survey s3hls_survey;

/** @return S3HLS_OK; S3HLS_E_INVALID; S3HLS_E_NOMEM */
S3HLS_API int s3hls_survey_open(s3hls_survey **out, const s3hls_env *env);
/** Find the cameras. Blocks.
 * @param may_look  asked before a folder is looked into for the first time, which costs a LIST.
 * false: it is taken for a camera, and looked into in a later run. NULL: always.
 * @return S3HLS_OK; S3HLS_E_INVALID; S3HLS_E_TOO_LARGE: more than 100,000 folders to look into;
 * S3HLS_E_NOMEM; a store's status. After a failure the cameras are those of the last run that
 * succeeded. */
S3HLS_API int s3hls_survey_run(s3hls_survey *survey, s3hls_store *store, int (*may_look)(void *ctx),
                               void *ctx, s3hls_s3_error *error);
/** Report the cameras that the last run found, ascending: "site/cam-1", or "" where the store is
 * one.
 * @return S3HLS_OK; S3HLS_E_CANCELLED: on_camera returned non-zero. */
S3HLS_API int s3hls_survey_cameras(const s3hls_survey *survey, s3hls_name_fn on_camera, void *ctx);
/** How many folders the last run looked into. */
S3HLS_API size_t s3hls_survey_lists(const s3hls_survey *survey);
S3HLS_API void s3hls_survey_close(s3hls_survey **survey);

/** Find the days of UTC in [from_ms, to_ms) that have recordings: one LIST a month.
 * @param on_day  gets "2026-11-23", ascending; a segment belongs to the day in which it begins
 * @return S3HLS_OK; S3HLS_E_CANCELLED; S3HLS_E_INVALID: from_ms below 0 or not below to_ms, or
 * to_ms beyond the year 9999; S3HLS_E_NOMEM; a store's status. */
S3HLS_API int s3hls_archive_days(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                                 s3hls_name_fn on_day, void *ctx, s3hls_s3_error *error);

/** Footage that begins later than this after the current time comes from a clock that ran ahead. It
 * is neither live nor the newest, until its time has come. */
#define S3HLS_CLOCK_AHEAD_MS 60000

/** Find the newest segment that begins no later than S3HLS_CLOCK_AHEAD_MS from now: one LIST where
 * the camera recorded in the last ten minutes, seven at most places else.
 * @return S3HLS_OK; S3HLS_E_NOT_FOUND: nothing is recorded; S3HLS_E_NOMEM; a store's status. */
S3HLS_API int s3hls_archive_newest(s3hls_archive *archive, s3hls_segment *segment,
                                   s3hls_s3_error *error);
/** The same, where an older segment is known: one LIST, or two where a thousand segments came
 * since.
 * @param known    NULL: none
 * @param segment  receives the newest one, which may be the known one
 * @return as s3hls_archive_newest() */
S3HLS_API int s3hls_archive_newest_since(s3hls_archive *archive, const s3hls_segment *known,
                                         s3hls_segment *segment, s3hls_s3_error *error);

/** List the segments that overlap [from_ms, to_ms), hour by hour, hours side by side.
 * @param from_ms  UTC, ms since 1970; INT64_MIN: from the first
 * @param to_ms    INT64_MAX: to the last
 * @return S3HLS_OK (also with none found); S3HLS_E_INVALID: from_ms >= to_ms; a store's status. */
S3HLS_API int s3hls_archive_list(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                                 s3hls_segment_list *list, s3hls_s3_error *error);
/** List the segments that end after from_ms and begin no later than S3HLS_CLOCK_AHEAD_MS from now:
 * what live playback is made of. Those that arrived before their own time are left out where there
 * are others. One LIST, or none where a cache knows that no new segment is due.
 * @return as s3hls_archive_list(); S3HLS_E_INVALID also where from_ms is later than that. */
S3HLS_API int s3hls_archive_recent(s3hls_archive *archive, int64_t from_ms,
                                   s3hls_segment_list *list, s3hls_s3_error *error);
/** As s3hls_archive_list(), for what is to be decoded. Where the first segment of the range begins
 * inside a GOP (S3HLS_ENTRY_NONE), also the segments before it, back to one in which decoding can
 * begin, at most ten minutes before from_ms. Where that one, or one in between, is not there,
 * nothing is added: then the first segments cannot be decoded. */
S3HLS_API int s3hls_archive_list_playable(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                                          s3hls_segment_list *list, s3hls_s3_error *error);
S3HLS_API void s3hls_segment_list_deinit(s3hls_segment_list *list, const s3hls_env *env);

/** A stretch that was recorded without a gap of more than 100 ms. */
typedef struct s3hls_time_span {
    int64_t start_ms, end_ms; /* UTC, ms since 1970 */
    uint64_t bytes;
} s3hls_time_span;

/** The span that begins with segments[at].
 *     for (size_t i = 0; i < list.count;) i = s3hls_segment_list_span(&list, i, &span);
 * @param at  below list->count
 * @return index of the segment behind it; list->count where it is the last */
S3HLS_API size_t s3hls_segment_list_span(const s3hls_segment_list *list, size_t at,
                                         s3hls_time_span *span);

/** Hours of archives, kept so that they are not listed again. Any thread; archives of any threads
 * may share one. An hour that has ended is believed for a twentieth of the time since then, an hour
 * at most: what a spool held back comes late. One that is being recorded is believed for a second,
 * then asked for what is new in it (start-after), and once a minute for all of it. What was used
 * longest ago goes first. */
typedef struct s3hls_archive_cache s3hls_archive_cache;

typedef struct s3hls_archive_cache_stats {
    uint64_t found;     /* hours answered without a LIST */
    uint64_t refreshed; /* ... by a LIST of what is new */
    uint64_t listed;    /* ... by a LIST of the whole hour */
    uint64_t hours, bytes;
} s3hls_archive_cache_stats;

/** @param max_bytes  an hour of 4 s segments takes 50 KB; 0: nothing is kept
 * @param env  as of the archives that use it
 * @return S3HLS_OK; S3HLS_E_INVALID: out is NULL; S3HLS_E_NOMEM. */
S3HLS_API int s3hls_archive_cache_open(s3hls_archive_cache **out, uint64_t max_bytes,
                                       const s3hls_env *env);
/** After the archives that use it. */
S3HLS_API void s3hls_archive_cache_close(s3hls_archive_cache **cache);
S3HLS_API void s3hls_archive_cache_get_stats(s3hls_archive_cache *cache,
                                             s3hls_archive_cache_stats *stats);
/** Have the archive ask the cache first, from its next call on. NULL: not any more. Archives of one
 * URL have to be opened with the same options. */
S3HLS_API void s3hls_archive_set_cache(s3hls_archive *archive, s3hls_archive_cache *cache);

/** Read a timeline's object.
 * @return S3HLS_OK; S3HLS_E_NOT_FOUND; S3HLS_E_MALFORMED: not such an object; a store's status. */
S3HLS_API int s3hls_archive_timeline(s3hls_archive *archive, uint64_t timeline, s3hls_timeline *out,
                                     s3hls_s3_error *error);

/** The store behind, for reading segments and making URLs. Lives as long as the archive. */
S3HLS_API s3hls_store *s3hls_archive_store(s3hls_archive *archive);

/** Name of a segment, relative to the camera's prefix.
 * @return length without NUL; S3HLS_E_INVALID: start outside the years 1970 to 9999;
 * S3HLS_E_TOO_LARGE: key_size too small (S3HLS_KEY_MAX always does). */
S3HLS_API int s3hls_segment_key_format(const s3hls_segment *segment, char *key, size_t key_size);

/** Read a name back; size and modified_unix_s are left 0.
 * @return S3HLS_OK; S3HLS_E_MALFORMED: not a segment's name in either form (a name has one
 * spelling: leading zeros, signs or a 30 February are refused), or one that lasts more than a day.
 */
S3HLS_API int s3hls_segment_key_parse(const char *key, size_t key_size, s3hls_segment *segment);

#ifdef __cplusplus
}
#endif
#endif
