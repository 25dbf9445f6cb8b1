/* SPDX-License-Identifier: MIT-0 */
/** @file playlist.h
 * HLS playlists (RFC 8216 and its second edition, "bis") from lists of segments. All functions are
 * pure: any thread, no I/O. Those that return text allocate.
 */
#ifndef S3HLS_PLAYLIST_H
#define S3HLS_PLAYLIST_H

#include "s3hls/env.h"
#include "s3hls/layout.h"
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum s3hls_playlist_type {
    S3HLS_PLAYLIST_VOD = 0,  /* a closed range: PLAYLIST-TYPE:VOD, ENDLIST */
    S3HLS_PLAYLIST_LIVE = 1, /* a sliding window: neither tag */
    S3HLS_PLAYLIST_EVENT = 2 /* a whole range that still grows: PLAYLIST-TYPE:EVENT */
} s3hls_playlist_type;

/** Make the URL of a segment or initialisation segment. Called on the thread that writes the
 * playlist.
 * @param key  its name, relative to the camera's prefix; valid during the call
 * @param url  receives the URL, allocated by the playlist's env (as s3hls_store_url() does); the
 *             playlist frees it
 * @return S3HLS_OK
 *   other: s3hls_playlist_write() returns it */
typedef int (*s3hls_playlist_url_fn)(void *ctx, const char *key, char **url);

/** How to write a media playlist. Pointers are used during the call only. */
typedef struct s3hls_playlist_config {
    uint32_t struct_size;     /* set by s3hls_playlist_config_init() */
    s3hls_playlist_type type; /* default S3HLS_PLAYLIST_VOD */
    /** EXT-X-TARGETDURATION, ms, rounded up to seconds; raised to the longest segment if that is
     * longer. Never lower it for one playlist URL (RFC 8216 bis 6.2.1). 0 (default): the longest
     * segment. */
    uint32_t target_duration_ms;
    uint32_t live_segments; /* LIVE: length of the window; at least 3; default 6 */
    int ended;              /* LIVE, EVENT; non-zero: the camera has stopped, write ENDLIST */
    /** LIVE, EVENT: current time, UTC, ms since 1970. A playlist that players poll may only grow at
     * its end. So the playlist ends before a gap until one target duration after the segment behind
     * it arrived. From then on the gap is a GAP for ever, even if its segment arrives later; that
     * is decided by modified_unix_s, so that all replicas decide the same. 0 (default): every
     * listed segment is used at once. */
    int64_t now_ms;
    /** VOD, EVENT: start playback at this time (EXT-X-START) if it is in the first segment. UTC, ms
     * since 1970; 0 (default): at the beginning. */
    int64_t start_ms;
    const char *base_url; /* prepended to each key: "https://cdn.example/cam-1/"; NULL or "": URLs
                             are relative */
    s3hls_playlist_url_fn url; /* replaces base_url: presigned URLs; NULL: none */
    void *url_ctx;
    const s3hls_env *env; /* NULL: the process's own */
} s3hls_playlist_config;

static inline void s3hls_playlist_config_init(s3hls_playlist_config *cfg) {
    memset(cfg, 0, sizeof *cfg);
    cfg->struct_size = (uint32_t)sizeof *cfg;
    cfg->live_segments = 6;
}

/** Write a media playlist.
 *
 * It begins with a segment in which decoding can begin: for a range the first such segment that is
 * given (s3hls_archive_list_playable() supplies one if it exists), for a live playlist one at or
 * before the start of the window. A VOD playlist whose segments all begin with an IDR picture has
 * EXT-X-INDEPENDENT-SEGMENTS; one that is polled never has it.
 *
 * Missing sequence numbers of one timeline become EXT-X-GAP entries that together are as long as
 * the gap; a new timeline becomes EXT-X-DISCONTINUITY. MEDIA-SEQUENCE and DISCONTINUITY-SEQUENCE
 * are derived from names alone, so that all replicas write the same. A live playlist contains one
 * session only, the newest.
 * @param segments  ascending by time, as s3hls_archive_list() returns them
 * @param text      receives the playlist, NUL-terminated; free with s3hls_free(); NULL on failure
 * @param size      receives its length in bytes; may be NULL
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: text or cfg is NULL, segments is NULL with a count, type is not of its enum,
 *   or a segment's time is outside the years 1970 to 9999
 *   S3HLS_E_NOT_FOUND: there is no segment, or an EVENT playlist has none in which decoding can
 *   begin
 *   S3HLS_E_TOO_LARGE: the playlist exceeds 1 GiB
 *   S3HLS_E_NOMEM: out of memory
 *   the result of url, if not S3HLS_OK */
S3HLS_API int s3hls_playlist_write(const s3hls_playlist_config *cfg, const s3hls_segment *segments,
                                   size_t count, char **text, size_t *size);

/** Compute the bit rates of segments. The peak is the largest rate of consecutive segments that
 * together last between 0.5 and 1.5 target durations (RFC 8216 bis 4.1); the average is that of all
 * segments. Does not allocate.
 * @param segments            ascending by time; those of size 0 are ignored
 * @param target_duration_ms  EXT-X-TARGETDURATION, ms
 * @param peak_bps            receives bits per second, at least 1
 * @param average_bps         receives bits per second, at least 1 */
S3HLS_API void s3hls_playlist_bandwidth(const s3hls_segment *segments, size_t count,
                                        uint32_t target_duration_ms, uint64_t *peak_bps,
                                        uint64_t *average_bps);

/** Test whether every segment decodes on its own (S3HLS_ENTRY_IDR). Does not allocate.
 * @return non-zero: yes, also if count is 0
 *   0: no */
S3HLS_API int s3hls_playlist_independent(const s3hls_segment *segments, size_t count);

/** One media playlist in a multivariant playlist. */
typedef struct s3hls_variant {
    const char *url;                /* of the media playlist; not empty, no line ends */
    uint64_t peak_bps, average_bps; /* BANDWIDTH, AVERAGE-BANDWIDTH; bits per second */
    const s3hls_timeline *timeline; /* CODECS, RESOLUTION, FRAME-RATE; NULL: not known */
    /** Non-zero: each of its segments, now and later, begins with an IDR picture. If all variants
     * have it, EXT-X-INDEPENDENT-SEGMENTS is written. s3hls_playlist_independent() determines it
     * for a closed range; for a playlist that grows it cannot be known. 0: not known. */
    int independent;
} s3hls_variant;

/** Write a multivariant playlist (RFC 8216 bis 4.4.6). A member of a timeline that is not a valid
 * attribute value is left out.
 * @param text  receives the playlist, NUL-terminated; free with s3hls_free(); NULL on failure
 * @param size  receives its length in bytes; may be NULL
 * @param env   NULL: the process's own
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: text is NULL, there is no variant, or a url is NULL, empty or has line ends
 *   S3HLS_E_TOO_LARGE: the playlist exceeds 1 MiB
 *   S3HLS_E_NOMEM: out of memory */
S3HLS_API int s3hls_playlist_write_multivariant(const s3hls_variant *variants, size_t count,
                                                char **text, size_t *size, const s3hls_env *env);

#ifdef __cplusplus
}
#endif
#endif
