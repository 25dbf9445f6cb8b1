/* SPDX-License-Identifier: MIT-0 */
/** @file export.h
 * Export of segments as one MP4, without transcoding: the pictures that a playlist of the segments
 * plays, at the same intervals. Part of libs3hls-server (libavformat).
 */
#ifndef S3HLS_EXPORT_H
#define S3HLS_EXPORT_H

#include "s3hls/archive.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an export reports while it runs. */
typedef enum s3hls_export_note_type {
    /** Segment number of count is about to be read. */
    S3HLS_EXPORT_PROGRESS = 0,
    /** Nothing was recorded from from_ms to to_ms: the previous picture is shown for that time. */
    S3HLS_EXPORT_GAP = 1,
    /** Something that a playlist would play is missing in the MP4: segment; reason; pictures, or 0
     * for the whole segment. The previous picture is shown instead. */
    S3HLS_EXPORT_LEFT_OUT = 2
} s3hls_export_note_type;

/** One note. Valid during the call. Members that do not belong to the type are 0. */
typedef struct s3hls_export_note {
    s3hls_export_note_type type;
    size_t number, count;
    int64_t from_ms, to_ms; /* UTC, ms since 1970 */
    const s3hls_segment *segment;
    uint64_t pictures;
    const char *reason; /* for people, without a full stop */
} s3hls_export_note;

/** How to export. Pointers are used during the export only. */
typedef struct s3hls_export_config {
    uint32_t struct_size; /* set by s3hls_export_config_init() */
    /** 0: a plain MP4 with its index at the end; write is also called for offsets before the end.
     * Decoding begins at the keyframe at or before from_ms, and an edit list shows the pictures
     * from from_ms on. Non-zero: a fragmented MP4, written sequentially, that begins with that
     * keyframe. Default 0. */
    int fragmented;
    /** Export the pictures shown in [from_ms, to_ms) and those they refer to. UTC, ms since 1970;
     * INT64_MIN (default): from the first picture; INT64_MAX (default): to the last one. */
    int64_t from_ms, to_ms;
    uint64_t segment_max_bytes; /* a larger segment is left out; default 256 MiB */
    /** Write bytes at an offset from the start of the MP4. Required. Called on the exporting
     * thread; may block.
     * @return S3HLS_OK
     *   other: ends the export, which returns it */
    int (*write)(void *ctx, uint64_t offset, const uint8_t *data, size_t size);
    void (*on_note)(void *ctx, const s3hls_export_note *note); /* same thread; NULL: none */
    void *ctx;                                                 /* of both */
    const s3hls_env *env;                                      /* NULL: the process's own */
} s3hls_export_config;

static inline void s3hls_export_config_init(s3hls_export_config *cfg) {
    memset(cfg, 0, sizeof *cfg);
    cfg->struct_size = (uint32_t)sizeof *cfg;
    cfg->from_ms = INT64_MIN;
    cfg->to_ms = INT64_MAX;
    cfg->segment_max_bytes = (uint64_t)256 << 20;
}

/** What was written. Times are UTC, ms since 1970. */
typedef struct s3hls_export_summary {
    int64_t keyframe_ms;        /* first picture in the MP4 */
    int64_t start_ms;           /* where playback begins: from_ms, or the first picture */
    int64_t end_ms;             /* end of the last picture, at most to_ms */
    uint64_t pictures;          /* in the MP4; two fields count as one */
    uint64_t gaps, gap_ms;      /* number of gaps, and their sum in ms */
    uint64_t segments_left_out; /* whole segments */
    uint64_t pictures_left_out; /* not counting those of segments_left_out */
} s3hls_export_summary;

/** Write segments as one MP4. Any thread that may use the archive; blocks until the end; allocates.
 * Left out are segments that are missing, unreadable, larger than segment_max_bytes or without a
 * picture; segments recorded twice (more than half of the segment overlaps the previous one); and
 * pictures before the first keyframe. An implausible timestamp is replaced; its picture is kept.
 * @param archive   holds the segments
 * @param segments  ascending by time, as s3hls_archive_list_playable() returns them
 * @param summary   receives what was written, also on failure; may be NULL
 * @param error     receives the store's answer on failure; may be NULL
 * @return S3HLS_OK: also when something was left out, see the summary
 *   S3HLS_E_NO_VIDEO: there is no picture to write
 *   S3HLS_E_NOT_FOUND, S3HLS_E_IO, S3HLS_E_CANCELLED: nothing was written, and the first segment
 *   that was left out is missing, unreadable or larger than segment_max_bytes
 *   S3HLS_E_INVALID: archive, cfg or write is NULL, segments is NULL with a count, or from_ms >=
 *   to_ms
 *   S3HLS_E_NOMEM: out of memory
 *   the result of write, if not S3HLS_OK
 *   a store's status, if the store is unreachable or refuses the request */
S3HLS_API int s3hls_export_write(s3hls_archive *archive, const s3hls_segment *segments,
                                 size_t count, const s3hls_export_config *cfg,
                                 s3hls_export_summary *summary, s3hls_s3_error *error);

#ifdef __cplusplus
}
#endif
#endif
