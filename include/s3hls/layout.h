/* SPDX-License-Identifier: MIT-0 */
/** @file layout.h
 * Names of a recording's objects, below the camera's prefix. A name states time, duration and
 * order. All functions are pure: any thread; they do not allocate.
 *
 *   {YYYY}/{MM}/{DD}/{HH}/{mm}/{SS}.{mmm}-{duration_ms}-{sequence}-{timeline}.ts
 *   the same with open- or inner- before {sequence}: see s3hls_segment_entry
 *   the same with .m4s: fragmented MP4
 *   timelines/{timeline}.json
 *   timelines/{timeline}.mp4                   initialisation segment of .m4s segments
 *   {YYYY}/{MM}/{DD}/{HH}/{mm}/{SS}.ts         names of the AWS sample SDK
 */
#ifndef S3HLS_LAYOUT_H
#define S3HLS_LAYOUT_H

#include "s3hls/status.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define S3HLS_KEY_MAX 96 /* bytes of a segment's key below the prefix, including the NUL */

/** Where decoding can begin in a segment. The segment's name states it. */
typedef enum s3hls_segment_entry {
    /** At its first picture, an IDR picture: the segment decodes on its own. Names without a mark.
     * Assumed for names of the AWS sample SDK, which do not state it. */
    S3HLS_ENTRY_IDR = 0,
    /** "open-": at its first picture, an I picture with a recovery point (open GOP, intra refresh).
     * Pictures that are shown before it, or before the recovery is complete, refer to the previous
     * segment. */
    S3HLS_ENTRY_RECOVERY = 1,
    /** "inner-": not at its first picture. The segment begins inside a GOP, because a limit of size
     * or duration ended the previous segment, and needs that segment to decode. */
    S3HLS_ENTRY_NONE = 2
} s3hls_segment_entry;

/** Format of a segment. Its name ends in the format's suffix. */
typedef enum s3hls_container {
    S3HLS_CONTAINER_AUTO = -1, /* of a recorder's configuration only: chosen by the tracks */
    S3HLS_CONTAINER_TS = 0,    /* MPEG-TS: ".ts" */
    S3HLS_CONTAINER_FMP4 = 1   /* fragmented MP4: ".m4s", with an initialisation segment */
} s3hls_container;

/** One segment. */
typedef struct s3hls_segment {
    int64_t start_ms;     /* UTC of its first frame, ms since 1970 */
    uint32_t duration_ms; /* 0: not known (a name of the AWS sample SDK, before it is listed) */
    int sdk_name;         /* non-zero: named by the AWS sample SDK; sequence and timeline are 0 */
    uint64_t sequence;    /* consecutive within a session; a missing number is a lost or late
                             segment */
    uint64_t timeline;    /* parameter sets and timestamps are continuous within one */
    uint64_t size;        /* bytes */
    int64_t modified_unix_s; /* when the store received it, seconds since 1970 */
    s3hls_segment_entry entry;
    s3hls_container container;
} s3hls_segment;

/** Contents of a timeline's object, for CODECS, RESOLUTION and TARGETDURATION. */
typedef struct s3hls_timeline {
    uint64_t timeline;
    uint32_t target_duration_ms; /* no segment of the timeline is longer, rounded to seconds */
    uint32_t width, height;      /* pixels, cropped */
    uint32_t frame_rate_milli;   /* frames per 1,000 s; 0: not known */
    char codecs[64];             /* RFC 6381, of all tracks: "avc1.64001f,mp4a.40.2" */
    char container[8];           /* "ts", "fmp4" */
} s3hls_timeline;

/** A segment that begins later than this after the current time was named by a clock that ran
 * ahead. It counts as neither live nor newest until that time is reached. */
#define S3HLS_CLOCK_AHEAD_MS 60000

/** Begins the names of all segments up to the year 2999, and of no object that segments of later
 * days need: for rules of a bucket that remove old recordings. */
#define S3HLS_SEGMENTS_PREFIX "2"

/** Write a segment's name, relative to the camera's prefix.
 * @param key       receives it, NUL-terminated
 * @param key_size  bytes; S3HLS_KEY_MAX is always enough
 * @return 1 or more: length without NUL
 *   S3HLS_E_INVALID: start_ms is outside the years 1970 to 9999, entry or
 *   container is not one of its enum or is AUTO, or a sample SDK's name is not of a TS segment
 *   S3HLS_E_TOO_LARGE: key_size is too small */
S3HLS_API int s3hls_segment_key_format(const s3hls_segment *segment, char *key, size_t key_size);

/** Parse a segment's name. size and modified_unix_s are set to 0.
 * @param key       relative to the camera's prefix; need not end with a NUL
 * @param key_size  bytes
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED: not a segment's name in either form (a name has one spelling: surplus zeros,
 *   signs or 30 February are refused), or a duration of more than a day */
S3HLS_API int s3hls_segment_key_parse(const char *key, size_t key_size, s3hls_segment *segment);

/** Write the name of a timeline's initialisation segment, relative to the camera's prefix.
 * Parameters and return values: as s3hls_timeline_key_format(). */
S3HLS_API int s3hls_init_key_format(uint64_t timeline, char *key, size_t key_size);

/** Write the name of a timeline's object, relative to the camera's prefix.
 * @param key       receives it, NUL-terminated
 * @param key_size  bytes; S3HLS_KEY_MAX is always enough
 * @return 1 or more: length without NUL
 *   S3HLS_E_TOO_LARGE: key_size is too small */
S3HLS_API int s3hls_timeline_key_format(uint64_t timeline, char *key, size_t key_size);

#ifdef __cplusplus
}
#endif
#endif
