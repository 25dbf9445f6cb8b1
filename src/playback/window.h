/* SPDX-License-Identifier: MIT-0 */
/* Which segments a live playlist lists. Pure. */
#ifndef S3HLS_PLAYBACK_WINDOW_H
#define S3HLS_PLAYBACK_WINDOW_H

#include "s3hls/layout.h"
#include <stdbool.h>

/* EXT-X-TARGETDURATION, in seconds, that a segment needs. Durations are rounded to the nearest
 * second, as players round EXTINF (RFC 8216 4.3.3.1).
 * @param timeline_ms  target duration of its timeline, rounded up; 0: not known */
uint32_t s3hls__target_s(const s3hls_segment *segment, uint32_t timeline_ms);

/* Index of the next segment at which decoding can begin, from `at` on; count: none. */
size_t s3hls__next_entry(const s3hls_segment *s, size_t at, size_t count);

/* First segment of a live playlist: the newest segments of the newest session, at least `want` and
 * at least three target durations (RFC 8216 6.2.2), from a segment on in which decoding can begin.
 * @param count  at least 1 */
size_t s3hls__window_begin(const s3hls_segment *s, size_t count, size_t want, uint32_t target_s);

/* Target duration of a timeline, ms; 0: not known. */
typedef uint32_t (*s3hls__timeline_target_fn)(void *ctx, const s3hls_segment *segment);

/* Target duration that all segments of the newest window need: a new URL of the live playlist.
 * @param count  at least 1 */
uint32_t s3hls__window_target_s(const s3hls_segment *s, size_t count,
                                s3hls__timeline_target_fn timeline_ms, void *ctx);

/* End of the live playlist of a URL whose target duration must not change (RFC 8216 6.2.1): the
 * segment behind the last one that it may list. If it is not count, the playlist is over.
 * @param count     at least 1
 * @param target_s  that of the URL. 0: the URL states none; receives that of the timeline with
 *                  which the newest window begins, 0 if it is not known. The playlist ends before a
 *                  timeline with another one
 * @return 0: no segment is left */
size_t s3hls__window_end(const s3hls_segment *s, size_t count, uint32_t *target_s,
                         s3hls__timeline_target_fn timeline_ms, void *ctx);

#endif
