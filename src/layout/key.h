/* SPDX-License-Identifier: MIT-0 */
/* Keys of a recording's objects, below the camera's prefix. Pure. The keys of segments and of
 * timelines' objects are in the public header, s3hls/layout.h. */
#ifndef S3HLS_LAYOUT_KEY_H
#define S3HLS_LAYOUT_KEY_H

#include "s3hls/layout.h"
#include <inttypes.h>
#include <stdbool.h>

#define S3HLS__TIMELINES_FOLDER "timelines/"
/* Published playlists: of the newest segments; the same where a larger target duration (seconds)
 * was needed; the multivariant one, which names the current one of these. */
#define S3HLS__LIVE_KEY      "live.m3u8"
#define S3HLS__LIVE_NEXT_KEY "live-%" PRIu32 ".m3u8"
#define S3HLS__MASTER_KEY    "master.m3u8"

/* ---- one object */

typedef enum s3hls__key_kind {
    S3HLS__KEY_FOREIGN,  /* none of the following */
    S3HLS__KEY_TIMELINE, /* "timelines/{timeline}.json": states timeline */
    S3HLS__KEY_INIT,     /* "timelines/{timeline}.mp4", initialisation segment: states timeline */
    S3HLS__KEY_SEGMENT,  /* states all members but size and modified_unix_s */
    S3HLS__KEY_INDEX /* "{YYYY}/{MM}/{DD}/{HH}/index.m3u8", published playlist of an hour: states
                        start_ms and duration_ms */
} s3hls__key_kind;

/* Write the key of an object of this kind.
 * @param of  the members that the key states
 * @return length; S3HLS_E_INVALID; S3HLS_E_TOO_LARGE (never with S3HLS_KEY_MAX) */
int s3hls__key_format(s3hls__key_kind kind, const s3hls_segment *of, char *key, size_t size);
/* Parse any key. @param of  receives the members that the key states; the others are 0 */
s3hls__key_kind s3hls__key_parse(const char *key, size_t size, s3hls_segment *of);
/* Media type of an object (RFC 6838). */
const char *s3hls__key_content_type(s3hls__key_kind kind, const s3hls_segment *of);

/* The same as names of files that share one folder: with '_' for '/'. */
int s3hls__file_name_format(s3hls__key_kind kind, const s3hls_segment *of, char *name, size_t size);
s3hls__key_kind s3hls__file_name_parse(const char *name, s3hls_segment *of);

/* ---- folders: a segment's key begins with those of its year, month, day, hour and minute */

typedef enum s3hls__period {
    S3HLS__YEAR,
    S3HLS__MONTH,
    S3HLS__DAY,
    S3HLS__HOUR,
    S3HLS__MINUTE,
    S3HLS__SECOND
} s3hls__period;

/* Write the common prefix of the segments that begin in a period: "2026/11/23/03/", a folder; of a
 * second "2026/11/23/03/12/07", no folder. Listed with start-after, it selects the segments that
 * begin in the period or later.
 * @param ms  a time in the period; 0 to the year 9999 */
void s3hls__period_prefix(s3hls__period period, int64_t ms, char prefix[S3HLS_KEY_MAX]);
/* Parse a folder: "2026/11/23/". @return false: not the folder of a year, ..., minute */
bool s3hls__period_parse(const char *folder, s3hls__period *period, int64_t *begin_ms);
/* First moment of the month after the one of a time. */
int64_t s3hls__next_month_ms(int64_t ms);

/* Test whether a key, or a folder, is below the folder of a year. */
bool s3hls__key_is_in_year(const char *key);
/* Test whether a key sorts after those of all segments. */
bool s3hls__key_is_after_segments(const char *key);
/* A start-after that precedes the folders of all years. */
#define S3HLS__BEFORE_SEGMENTS "0"
/* Test whether the last folder of a path has a name that only recordings have: "timelines/", or
 * digits. */
bool s3hls__folder_is_of_recording(const char *path);

#endif
