/* SPDX-License-Identifier: MIT-0 */
/** @file playlist.h
 * HLS media playlists (RFC 8216 and its second edition) from segments: a pure function.
 */
#ifndef S3HLS_PLAYLIST_H
#define S3HLS_PLAYLIST_H

#include "s3hls/archive.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum s3hls_playlist_type {
    S3HLS_PLAYLIST_VOD = 0,  /* a closed range: PLAYLIST-TYPE:VOD, ENDLIST */
    S3HLS_PLAYLIST_LIVE = 1, /* a sliding window: neither */
    S3HLS_PLAYLIST_EVENT = 2 /* all of a range that still grows: PLAYLIST-TYPE:EVENT */
} s3hls_playlist_type;

/** Make the address of a segment. Appends to nothing: fills *url, which the playlist frees with
 * s3hls_free(). @return a status; any failure ends the playlist with it. */
typedef int (*s3hls_playlist_url_fn)(void *ctx, const char *key, char **url);

typedef struct s3hls_playlist_config {
    uint32_t struct_size; /* set by s3hls_playlist_config_init() */
    s3hls_playlist_type type;
    /** EXT-X-TARGETDURATION in ms, rounded up to seconds; raised to the longest segment where that
     * is longer (never lower it for one playlist URL: RFC 8216 bis 6.2.1). 0: the longest segment.
     */
    uint32_t target_duration_ms;
    uint32_t live_segments; /* length of the live window; default 6; at least 3 */
    int ended;              /* LIVE, EVENT; non-zero: the camera has stopped, write ENDLIST */
    const char
        *base_url; /* put before each key: "https://cdn.example/cam-1/"; NULL or "": relative */
    s3hls_playlist_url_fn url; /* overrides base_url: presigned addresses */
    void *url_ctx;
    const s3hls_env *env; /* NULL: the process's own */
} s3hls_playlist_config;

static inline void s3hls_playlist_config_init(s3hls_playlist_config *cfg) {
    memset(cfg, 0, sizeof *cfg);
    cfg->struct_size = (uint32_t)sizeof *cfg;
    cfg->live_segments = 6;
}

/** Write a media playlist.
 * Missing sequence numbers of one timeline become EXT-X-GAP entries as long as the hole; a new
 * timeline EXT-X-DISCONTINUITY; MEDIA-SEQUENCE and DISCONTINUITY-SEQUENCE come from the names
 * alone, so every replica writes the same. A live list holds one session: it begins after the last
 * jump between sessions.
 * @param segments  ascending by time, as s3hls_archive_list() answers; not one: S3HLS_E_NOT_FOUND
 * @param text      receives the playlist, NUL-terminated, to be freed with s3hls_free()
 * @param size      receives its length; may be NULL
 * @return S3HLS_OK, S3HLS_E_INVALID, S3HLS_E_NOT_FOUND, S3HLS_E_NOMEM, or the url function's. */
S3HLS_API int s3hls_playlist_write(const s3hls_playlist_config *cfg, const s3hls_segment *segments,
                                   size_t count, char **text, size_t *size);

#ifdef __cplusplus
}
#endif
#endif
