/* SPDX-License-Identifier: MIT-0 */
#include "publish/object.h"
#include "base/strbuf.h"
#include "layout/key.h"
#include "layout/timeline.h"
#include "store/store.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLAYLIST_BYTES_MAX = 1 << 20 }; /* an hour of segments of 1 s has 360 KB */

int s3hls__publish_put(s3hls_store *store, const char *key, const char *text, uint32_t max_age_s,
                       s3hls_s3_error *error) {
    char cache[48];
    snprintf(cache, sizeof cache, "public, max-age=%" PRIu32, max_age_s);
    s3hls_header header = {"cache-control", cache};
    s3hls_s3_put_options options = {.content_type = s3hls__key_content_type(S3HLS__KEY_INDEX, NULL),
                                    .headers = &header,
                                    .header_count = 1};
    s3hls_span span = {(const uint8_t *)text, strlen(text)};
    return s3hls_store_put(store, key, &span, 1, &options, error);
}

/* ---- reading */

/* @return a store's status; that of the buffer */
static int get_text(s3hls_store *store, const char *key, s3hls__strbuf *b, size_t max_bytes,
                    s3hls_s3_error *error) {
    s3hls__strbuf_init(b, s3hls__store_env(store), max_bytes);
    int rc = s3hls_store_get(store, key, 0, UINT64_MAX, s3hls__strbuf_collect, b, error);
    return b->status ? b->status : rc;
}

/* Parse a URL of a playlist in the given folder. */
static bool parse_url(const char *url, const char *folder, size_t folder_size, s3hls_segment *s) {
    static const char to_root[] = S3HLS__HOUR_TO_ROOT;
    char key[S3HLS_KEY_MAX];
    if (folder_size && strncmp(url, to_root, sizeof to_root - 1) == 0) {
        url += sizeof to_root - 1;
        folder_size = 0;
    }
    int size = snprintf(key, sizeof key, "%.*s%s", (int)folder_size, folder, url);
    return size < (int)sizeof key && !s3hls_segment_key_parse(key, (size_t)size, s);
}

void s3hls__live_key_format(uint32_t seconds, s3hls__live_key key) {
    if (seconds)
        snprintf(key, sizeof(s3hls__live_key), S3HLS__LIVE_NEXT_KEY, seconds);
    else
        memcpy(key, S3HLS__LIVE_KEY, sizeof S3HLS__LIVE_KEY);
}

/* Only names that this module gives are taken from a store. */
static void parse_live_key(const char *line, s3hls__live_key key) {
    const char *digits = strchr(line, '-');
    s3hls__live_key next;
    s3hls__live_key_format(digits ? (uint32_t)strtoull(digits + 1, NULL, 10) : 0, next);
    if (strcmp(line, next) == 0)
        memcpy(key, next, sizeof next);
}

int s3hls__publish_read(s3hls_store *store, const char *key,
                        void (*on_segment)(void *ctx, const s3hls_segment *segment), void *ctx,
                        s3hls__published *published, s3hls_s3_error *error) {
    static const char target[] = "#EXT-X-TARGETDURATION:";
    s3hls__published facts = {.live = S3HLS__LIVE_KEY};
    const char *slash = strrchr(key, '/');
    size_t folder_size = slash ? (size_t)(slash - key) + 1 : 0;
    bool gap = false;
    s3hls__strbuf b;
    int rc = get_text(store, key, &b, PLAYLIST_BYTES_MAX, error);
    char *rest, *line = rc || !b.data ? NULL : strtok_r(b.data, "\n", &rest);
    for (; line; line = strtok_r(NULL, "\n", &rest)) {
        s3hls_segment s;
        if (strncmp(line, target, sizeof target - 1) == 0)
            facts.target_ms = (uint32_t)strtoull(line + sizeof target - 1, NULL, 10) * 1000;
        facts.ended |= strcmp(line, "#EXT-X-ENDLIST") == 0;
        if (line[0] != '#' && !gap && parse_url(line, key, folder_size, &s))
            on_segment(ctx, &s);
        else
            parse_live_key(line, facts.live);
        gap = strcmp(line, "#EXT-X-GAP") == 0;
    }
    s3hls__strbuf_deinit(&b);
    if (published)
        *published = facts;
    return rc == S3HLS_E_NOT_FOUND || rc == S3HLS_E_TOO_LARGE ? S3HLS_OK : rc;
}

int s3hls__publish_timeline(s3hls_store *store, uint64_t timeline, s3hls_timeline *out,
                            s3hls_s3_error *error) {
    char key[S3HLS_KEY_MAX];
    s3hls__strbuf b;
    s3hls_timeline_key_format(timeline, key, sizeof key);
    int rc = get_text(store, key, &b, S3HLS__TIMELINE_BYTES, error);
    if (!rc)
        rc = b.data ? s3hls__timeline_parse(b.data, b.size, out) : S3HLS_E_MALFORMED;
    s3hls__strbuf_deinit(&b);
    return rc == S3HLS_E_TOO_LARGE ? S3HLS_E_MALFORMED : rc;
}
