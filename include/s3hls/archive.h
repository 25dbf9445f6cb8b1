/* SPDX-License-Identifier: MIT-0 */
/** @file archive.h
 * What a store holds of one camera, found by LIST alone: the names carry time, duration and order.
 *
 *   {YYYY}/{MM}/{DD}/{HH}/{mm}/{SS}.{mmm}-{duration_ms}-{sequence}-{timeline}.ts
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

/** One segment. */
typedef struct s3hls_segment {
    int64_t start_ms;     /* UTC of its first frame, ms since 1970 */
    uint32_t duration_ms; /* 0 only before the distance to the next is known (sample-SDK names) */
    int seed_name;        /* non-zero: named by the AWS sample SDK; sequence and timeline are 0 */
    uint64_t sequence; /* counts on within a session; a missing number is a lost or late segment */
    uint64_t timeline; /* parameters and timestamps run unbroken within one */
    uint64_t size;     /* bytes */
    int64_t modified_unix_s; /* when the store received it */
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
S3HLS_API void s3hls_archive_close(s3hls_archive **archive);

/** List the segments that overlap [from_ms, to_ms), hour by hour, hours side by side.
 * @param from_ms  UTC, ms since 1970; INT64_MIN: from the first
 * @param to_ms    INT64_MAX: to the last
 * @return S3HLS_OK (also with none found); S3HLS_E_INVALID: from_ms >= to_ms; a store's status. */
S3HLS_API int s3hls_archive_list(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                                 s3hls_segment_list *list, s3hls_s3_error *error);
S3HLS_API void s3hls_segment_list_deinit(s3hls_segment_list *list, const s3hls_env *env);

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
 * spelling: leading zeros, signs or a 30 February are refused). */
S3HLS_API int s3hls_segment_key_parse(const char *key, size_t key_size, s3hls_segment *segment);

#ifdef __cplusplus
}
#endif
#endif
