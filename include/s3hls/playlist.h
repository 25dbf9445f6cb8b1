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
    /** LIVE, EVENT: the time of the question, UTC, ms since 1970. A list that players poll may only
     * grow at its end, so a hole is waited for for one target duration after what follows it has
     * arrived; the list ends before it meanwhile. Then it is a GAP for ever, also where its segment
     * comes later: told by modified_unix_s, so that every replica says the same. 0: nothing is
     * waited for, nothing is late. */
    int64_t now_ms;
    /** VOD, EVENT: play from this moment on (EXT-X-START), where it lies in the first segment.
     * UTC, ms since 1970; 0: from the beginning. */
    int64_t start_ms;
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
 * It begins with a segment in which decoding can begin: of a range the first such segment that is
 * given (s3hls_archive_list_playable() gives one where there is one), of a live list one at or
 * before the window's begin. VOD lists of which each segment begins with an IDR picture claim
 * EXT-X-INDEPENDENT-SEGMENTS; lists that are polled never do.
 * Missing sequence numbers of one timeline become EXT-X-GAP entries as long as the hole; a new
 * timeline EXT-X-DISCONTINUITY; MEDIA-SEQUENCE and DISCONTINUITY-SEQUENCE come from the names
 * alone, so every replica writes the same. A live list holds one session: it begins after the last
 * jump between sessions.
 * @param segments  ascending by time, as s3hls_archive_list() answers; not one, or of an EVENT list
 * not one in which decoding can begin: S3HLS_E_NOT_FOUND
 * @param text      receives the playlist, NUL-terminated, to be freed with s3hls_free()
 * @param size      receives its length; may be NULL
 * @return S3HLS_OK, S3HLS_E_INVALID, S3HLS_E_NOT_FOUND, S3HLS_E_NOMEM, or the url function's. */
S3HLS_API int s3hls_playlist_write(const s3hls_playlist_config *cfg, const s3hls_segment *segments,
                                   size_t count, char **text, size_t *size);

/** What playing segments takes, bits per second: the peak is the largest rate of neighbours that
 * last between a half and one and a half target durations together (RFC 8216 bis 4.1), the average
 * that of all. Both are at least 1.
 * @param segments  ascending by time; those of size 0 are passed over */
S3HLS_API void s3hls_playlist_bandwidth(const s3hls_segment *segments, size_t count,
                                        uint32_t target_duration_ms, uint64_t *peak_bps,
                                        uint64_t *average_bps);

/** Does each of the segments decode on its own (S3HLS_ENTRY_IDR)? Non-zero: yes; also for none. */
S3HLS_API int s3hls_playlist_independent(const s3hls_segment *segments, size_t count);

/** One media playlist in a multivariant playlist. */
typedef struct s3hls_variant {
    const char *url;                /* of the media playlist: no line ends */
    uint64_t peak_bps, average_bps; /* BANDWIDTH, AVERAGE-BANDWIDTH */
    const s3hls_timeline *timeline; /* CODECS, RESOLUTION, FRAME-RATE; NULL: not known */
    /** Non-zero: each segment of it, now and later, begins with an IDR picture. With all variants
     * so, EXT-X-INDEPENDENT-SEGMENTS is written; s3hls_playlist_independent() tells for a closed
     * range, a list that grows cannot know. 0: not known. */
    int independent;
} s3hls_variant;

/** Write a multivariant playlist (RFC 8216 bis 4.4.6). What a timeline says that would not be one
 * attribute's value is left out.
 * @param text  receives the playlist, NUL-terminated, to be freed with s3hls_free()
 * @param size  receives its length; may be NULL
 * @param env   NULL: the process's own
 * @return S3HLS_OK; S3HLS_E_INVALID: none, or a url that is NULL, empty or has line ends;
 * S3HLS_E_NOMEM. */
S3HLS_API int s3hls_playlist_write_multivariant(const s3hls_variant *variants, size_t count,
                                                char **text, size_t *size, const s3hls_env *env);

#ifdef __cplusplus
}
#endif
#endif
