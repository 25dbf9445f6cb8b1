/* SPDX-License-Identifier: MIT-0 */
/** @file export.h
 * Segments as one MP4, without transcoding: the pictures that a playlist of them plays, at the same
 * distances. Part of libs3hls-server (libavformat). Any thread; blocking.
 */
#ifndef S3HLS_EXPORT_H
#define S3HLS_EXPORT_H

#include "s3hls/archive.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an export tells while it goes on. */
typedef enum s3hls_export_note_type {
    /** Before segment number of count is read. */
    S3HLS_EXPORT_PROGRESS = 0,
    /** Nothing was recorded from from_ms to to_ms: the picture before is shown for so long. */
    S3HLS_EXPORT_GAP = 1,
    /** What a playlist would play, and the MP4 does not have: segment, reason; pictures, or 0 for
     * all of the segment. The picture before is shown in its place. */
    S3HLS_EXPORT_LEFT_OUT = 2
} s3hls_export_note_type;

/** Valid during the call. Members that do not belong to the type are 0. */
typedef struct s3hls_export_note {
    s3hls_export_note_type type;
    size_t number, count;
    int64_t from_ms, to_ms; /* UTC, ms since 1970 */
    const s3hls_segment *segment;
    uint64_t pictures;
    const char *reason; /* for people, without a full stop */
} s3hls_export_note;

typedef struct s3hls_export_config {
    uint32_t struct_size; /* set by s3hls_export_config_init() */
    /** 0: a plain MP4, whose index comes last: write is called for places before the end too.
     * Decoding begins at the keyframe at or before from_ms, and an edit list shows the pictures
     * from from_ms on. Non-zero: a fragmented MP4, written from its first byte to its last, that
     * begins with that keyframe. */
    int fragmented;
    /** Pictures shown in [from_ms, to_ms), and those they refer to. UTC, ms since 1970; INT64_MIN:
     * from the first, INT64_MAX: to the last. */
    int64_t from_ms, to_ms;
    uint64_t segment_max_bytes; /* a larger one is left out; default 256 MiB */
    /** Write bytes at an offset from the begin of the MP4. @return S3HLS_OK; anything else ends the
     * export with it. */
    int (*write)(void *ctx, uint64_t offset, const uint8_t *data, size_t size);
    void (*on_note)(void *ctx, const s3hls_export_note *note); /* NULL: none */
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
    int64_t keyframe_ms; /* of the first picture in the MP4 */
    int64_t start_ms;    /* where a player begins: from_ms, or the first picture */
    int64_t end_ms;      /* end of the last picture, to_ms at most */
    uint64_t pictures;   /* in the MP4; two fields are one */
    uint64_t gaps, gap_ms;
    uint64_t segments_left_out;
    uint64_t pictures_left_out; /* beside those of segments_left_out */
} s3hls_export_summary;

/** Write segments as one MP4.
 * A segment that is not there, cannot be read or holds no picture is left out, as is one that was
 * recorded twice (it overlaps the one before by more than half); the others are written. Pictures
 * before the first keyframe are left out. A timestamp that cannot be right is replaced; no picture
 * is left out for it.
 * @param archive   where the segments are
 * @param segments  ascending by time, as s3hls_archive_list_playable() answers
 * @param summary   receives what was written, also on failure; may be NULL
 * @param error     receives the store's answer on failure; may be NULL
 * @return S3HLS_OK (also where something was left out: see the summary); S3HLS_E_NO_VIDEO: there is
 * no picture to write; S3HLS_E_INVALID; S3HLS_E_NOMEM; write's status; a store's status, where it
 * cannot be reached or refuses. */
S3HLS_API int s3hls_export_write(s3hls_archive *archive, const s3hls_segment *segments,
                                 size_t count, const s3hls_export_config *cfg,
                                 s3hls_export_summary *summary, s3hls_s3_error *error);

#ifdef __cplusplus
}
#endif
#endif
