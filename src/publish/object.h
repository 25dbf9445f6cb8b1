/* SPDX-License-Identifier: MIT-0 */
/* The objects of a publisher: playlists, put and read back, and the timelines' objects. */
#ifndef S3HLS_PUBLISH_OBJECT_H
#define S3HLS_PUBLISH_OBJECT_H

#include "s3hls/layout.h"
#include "s3hls/store.h"
#include <stdbool.h>

#define S3HLS__HOUR_TO_ROOT                                                                        \
    "../../../../" /* from {YYYY}/{MM}/{DD}/{HH}/ to the camera's prefix                           \
                    */

/* Put a playlist.
 * @param max_age_s  Cache-Control
 * @return a store's status */
int s3hls__publish_put(s3hls_store *store, const char *key, const char *text, uint32_t max_age_s,
                       s3hls_s3_error *error);

/* Key of a live playlist: live.m3u8, or live-{seconds}.m3u8. */
typedef char s3hls__live_key[24];

/* @param seconds  0: live.m3u8 */
void s3hls__live_key_format(uint32_t seconds, s3hls__live_key key);

typedef struct s3hls__published {
    uint32_t target_ms;   /* EXT-X-TARGETDURATION */
    bool ended;           /* EXT-X-ENDLIST */
    s3hls__live_key live; /* a multivariant playlist names this one; without it, live.m3u8 */
} s3hls__published;

/* Read a playlist back and report its segments in order, without GAP entries. A playlist that does
 * not exist, or that is longer than this program writes, is empty.
 * @param published  may be NULL
 * @return S3HLS_OK; S3HLS_E_NOMEM; a store's status */
int s3hls__publish_read(s3hls_store *store, const char *key,
                        void (*on_segment)(void *ctx, const s3hls_segment *segment), void *ctx,
                        s3hls__published *published, s3hls_s3_error *error);

/* Read a timeline's object.
 * @return S3HLS_OK; S3HLS_E_NOT_FOUND; S3HLS_E_MALFORMED; S3HLS_E_NOMEM; a store's status */
int s3hls__publish_timeline(s3hls_store *store, uint64_t timeline, s3hls_timeline *out,
                            s3hls_s3_error *error);

#endif
