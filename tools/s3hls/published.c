/* SPDX-License-Identifier: MIT-0 */
#include "published.h"
#include "s3hls/playlist.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64 * 1024, FOLDER_BYTES = 14 /* "2026/11/23/03/" */, WAITS_MAX = 20 };
static const int64_t HOUR_MS = 3600000;

/* ---- one object */

static int put_playlist(s3hls_archive *archive, const char *key, const char *text, uint32_t age_s,
                        s3hls_s3_error *error) {
    char cache[48];
    snprintf(cache, sizeof cache, "public, max-age=%" PRIu32, age_s);
    s3hls_header header = {"cache-control", cache};
    s3hls_s3_put_options options = {
        .content_type = "application/vnd.apple.mpegurl", .headers = &header, .header_count = 1};
    s3hls_span span = {(const uint8_t *)text, strlen(text)};
    return s3hls_store_put(s3hls_archive_store(archive), key, &span, 1, &options, error);
}

/* ---- continuing */

typedef struct text {
    char bytes[TEXT_MAX];
    size_t size;
} text;

static int collect(void *ctx, const uint8_t *data, size_t size) {
    text *t = ctx;
    if (size >= TEXT_MAX - t->size)
        return 1;
    memcpy(t->bytes + t->size, data, size);
    t->size += size;
    return 0;
}

static void raise_target(live_list *l, uint32_t ms) {
    uint32_t rounded = (ms + 500) / 1000 * 1000; /* rounded like EXTINF (RFC 8216 4.3.3.1) */
    if (rounded > l->target_ms)
        l->target_ms = rounded;
}

static void read_back(live_list *l, char *playlist) {
    static const char target[] = "#EXT-X-TARGETDURATION:";
    bool gap = false;
    char *rest, *line = strtok_r(playlist, "\n", &rest);
    for (; line; line = strtok_r(NULL, "\n", &rest)) {
        s3hls_segment s;
        if (strncmp(line, target, sizeof target - 1) == 0)
            l->target_ms = (uint32_t)strtoul(line + sizeof target - 1, NULL, 10) * 1000;
        l->ended |= strcmp(line, "#EXT-X-ENDLIST") == 0;
        if (line[0] != '#' && !gap && !s3hls_segment_key_parse(line, strlen(line), &s))
            live_append(l, &s);
        gap = strcmp(line, "#EXT-X-GAP") == 0;
    }
}

bool live_is_ahead(const s3hls_segment *s, int64_t now_ms) {
    return s->start_ms > now_ms + S3HLS_CLOCK_AHEAD_MS;
}

static void drop_first(live_list *l, size_t n) {
    l->count -= n;
    memmove(l->segments, l->segments + n, l->count * sizeof *l->segments);
}

void live_drop_ahead(live_list *l, int64_t now_ms) {
    size_t n = l->count;
    while (n && !live_is_ahead(&l->segments[n - 1], now_ms))
        n--;
    drop_first(l, n);
}

int live_begin(live_list *l, s3hls_archive *archive, int64_t now_ms, s3hls_s3_error *error) {
    text *t = calloc(1, sizeof *t);
    if (!t)
        return S3HLS_E_NOMEM;
    int rc = s3hls_store_get(s3hls_archive_store(archive), "live.m3u8", 0, UINT64_MAX, collect, t,
                             error);
    if (rc == S3HLS_OK)
        read_back(l, t->bytes);
    live_drop_ahead(l, now_ms);
    free(t);
    /* a longer one was not written by this program */
    return rc == S3HLS_E_NOT_FOUND || rc == S3HLS_E_CANCELLED ? S3HLS_OK : rc;
}

/* ---- listed segments */

static const s3hls_segment *newest(const live_list *l) {
    return l->count ? &l->segments[l->count - 1] : NULL;
}

/* Within one session, a segment's timeline is at most one higher than the previous one's. */
static bool same_session(const s3hls_segment *a, const s3hls_segment *b) {
    return b->timeline - a->timeline <= 1;
}

bool live_passed(const live_list *l, const s3hls_segment *s) {
    const s3hls_segment *last = newest(l);
    return s->sdk_name ||
           (last && (s->sequence <= last->sequence || (l->ended && same_session(last, s))));
}

bool live_follows(const live_list *l, const s3hls_segment *s) {
    const s3hls_segment *last = newest(l);
    return !last || s->sequence == last->sequence + 1 || !same_session(last, s);
}

void live_append(live_list *l, const s3hls_segment *s) {
    if (l->count == LIVE_MAX)
        memmove(l->segments, l->segments + 1, --l->count * sizeof *s);
    raise_target(l, s->duration_ms);
    l->segments[l->count++] = *s;
}

/* Segments that have left the playlist do not return, even if the window would include them. */
static void forget_unlisted(live_list *l, const char *playlist) {
    const char *tag = strstr(playlist, "#EXT-X-MEDIA-SEQUENCE:");
    uint64_t first = tag ? strtoull(strchr(tag, ':') + 1, NULL, 10) : 0;
    size_t n = 0;
    while (n < l->count && l->segments[n].sequence < first)
        n++;
    drop_first(l, n);
}

/* ---- live.m3u8 */

static int read_timeline(live_list *l, s3hls_archive *archive, s3hls_s3_error *error) {
    uint64_t timeline = newest(l)->timeline;
    if (l->timeline.timeline == timeline)
        return S3HLS_OK;
    int rc = s3hls_archive_timeline(archive, timeline, &l->timeline, error);
    if (rc == S3HLS_E_NOT_FOUND && l->waits++ < WAITS_MAX)
        return rc;
    if (rc && rc != S3HLS_E_NOT_FOUND && rc != S3HLS_E_MALFORMED)
        return rc;
    l->waits = 0;
    if (rc) /* continue without its contents */
        l->timeline = (s3hls_timeline){.timeline = timeline};
    else
        raise_target(l, l->timeline.target_duration_ms + 499);
    return S3HLS_OK;
}

static int write_list(live_list *l, s3hls_archive *archive, bool ended, const s3hls_env *env,
                      s3hls_s3_error *error) {
    s3hls_playlist_config cfg;
    char *playlist;
    s3hls_playlist_config_init(&cfg);
    cfg.type = S3HLS_PLAYLIST_LIVE;
    cfg.target_duration_ms = l->target_ms;
    cfg.ended = ended;
    cfg.env = env;
    int rc = s3hls_playlist_write(&cfg, l->segments, l->count, &playlist, NULL);
    if (rc)
        return rc;
    uint32_t half_s = l->target_ms / 2000;
    rc = put_playlist(archive, "live.m3u8", playlist, half_s ? half_s : 1, error);
    if (!rc)
        forget_unlisted(l, playlist);
    s3hls_free(env, playlist);
    return rc;
}

/* ---- master.m3u8 */

/* Rewritten when a segment exceeds the stated rate. The rate includes a reserve of a tenth, so that
 * this is rare. */
static int write_master(live_list *l, s3hls_archive *archive, const s3hls_env *env,
                        s3hls_s3_error *error) {
    const s3hls_timeline *t = &l->timeline;
    s3hls_variant v = {.url = "live.m3u8", .timeline = t};
    char *playlist;
    s3hls_playlist_bandwidth(l->segments, l->count, l->target_ms, &v.peak_bps, &v.average_bps);
    if (!t->codecs[0] || !newest(l)->size ||
        (l->master_timeline == t->timeline && v.peak_bps <= l->master_bps))
        return S3HLS_OK;
    v.peak_bps += v.peak_bps / 10;
    int rc = s3hls_playlist_write_multivariant(&v, 1, &playlist, NULL, env);
    if (rc)
        return rc;
    rc = put_playlist(archive, "master.m3u8", playlist, 60, error);
    s3hls_free(env, playlist);
    if (!rc) {
        l->master_timeline = t->timeline;
        l->master_bps = v.peak_bps;
    }
    return rc;
}

int live_write(live_list *l, s3hls_archive *archive, bool ended, const s3hls_env *env,
               s3hls_s3_error *error) {
    int rc = read_timeline(l, archive, error);
    if (!rc)
        rc = write_list(l, archive, ended, env, error);
    return rc ? rc : write_master(l, archive, env, error);
}

/* ---- hours */

/* A playlist with URLs relative to the hour's own folder. It may include a segment of the previous
 * hour, where decoding begins. @return text to be freed; NULL: out of memory. */
static char *seen_from_folder(const char *playlist, const char *folder) {
    char *adapted = NULL;
    size_t size;
    FILE *to = open_memstream(&adapted, &size);
    for (const char *line = playlist; to && *line;) {
        size_t n = strcspn(line, "\n") + 1;
        bool inside = strncmp(line, folder, FOLDER_BYTES) == 0;
        if (line[0] != '#' && !inside)
            fputs("../../../../", to);
        fwrite(line + (inside ? FOLDER_BYTES : 0), 1, n - (inside ? FOLDER_BYTES : 0), to);
        line += n;
    }
    if (to && fclose(to)) {
        free(adapted);
        adapted = NULL;
    }
    return adapted;
}

static int write_index(s3hls_archive *archive, int64_t begin_ms, const s3hls_playlist_config *cfg,
                       const s3hls_segment *segments, size_t count, s3hls_s3_error *error) {
    char key[S3HLS_KEY_MAX], *playlist;
    enum { OPEN_AGE_S = 30, CLOSED_AGE_S = 86400 };
    int rc = s3hls_playlist_write(cfg, segments, count, &playlist, NULL);
    if (rc)
        return rc;
    s3hls_segment_key_format(&(s3hls_segment){.start_ms = begin_ms}, key, sizeof key);
    char *adapted = seen_from_folder(playlist, key);
    s3hls_free(cfg->env, playlist);
    strcpy(key + FOLDER_BYTES, "index.m3u8");
    rc = adapted ? put_playlist(archive, key, adapted,
                                cfg->type == S3HLS_PLAYLIST_VOD ? CLOSED_AGE_S : OPEN_AGE_S, error)
                 : S3HLS_E_NOMEM;
    free(adapted);
    return rc;
}

int hour_write(s3hls_archive *archive, int64_t begin_ms, bool over, uint32_t target_ms,
               const s3hls_env *env, s3hls_s3_error *error) {
    s3hls_segment_list list = {0};
    s3hls_playlist_config cfg;
    s3hls_playlist_config_init(&cfg);
    cfg.type = over ? S3HLS_PLAYLIST_VOD : S3HLS_PLAYLIST_EVENT;
    cfg.target_duration_ms = target_ms;
    cfg.env = env;
    int rc = s3hls_archive_list_playable(archive, begin_ms, begin_ms + HOUR_MS, &list, error);
    size_t first = 0;
    while (first < list.count && list.segments[first].start_ms <
                                     begin_ms) /* skip segments that only extend into the hour */
        first++;
    bool any = first < list.count;
    while (any && first > 0 && list.segments[first].entry == S3HLS_ENTRY_NONE)
        first--;
    if (!rc && any)
        rc = write_index(archive, begin_ms, &cfg, list.segments + first, list.count - first, error);
    s3hls_segment_list_deinit(&list, env);
    return rc;
}
