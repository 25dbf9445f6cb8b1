/* SPDX-License-Identifier: MIT-0 */
#include "publish/hours.h"
#include "base/strbuf.h"
#include "layout/key.h"
#include "publish/object.h"
#include "s3hls/playlist.h"
#include <string.h>

enum { FOLDER_BYTES = sizeof "2026/11/23/03/" - 1, TEXT_BYTES_MAX = 1 << 20 };
static const int64_t HOUR_MS = 3600000, SOON_US = 2000000, MINUTE_US = 60000000;

/* ---- segments of an hour */

static bool is_before(const s3hls_segment *a, const s3hls_segment *b) {
    return a->start_ms != b->start_ms ? a->start_ms < b->start_ms : a->sequence < b->sequence;
}

/* Insert a segment, unless it is there. @return false: out of memory. */
static bool insert(const s3hls_env *env, s3hls__hour *hour, const s3hls_segment *s) {
    size_t at = hour->count;
    while (at && is_before(s, &hour->segments[at - 1]))
        at--;
    if (at && !is_before(&hour->segments[at - 1], s))
        return true;
    if (hour->count == hour->capacity) {
        size_t capacity = hour->capacity ? 2 * hour->capacity : 64;
        s3hls_segment *grown = s3hls__env_realloc(env, hour->segments, capacity * sizeof *grown);
        if (!grown)
            return false;
        hour->segments = grown;
        hour->capacity = capacity;
    }
    memmove(hour->segments + at + 1, hour->segments + at, (hour->count - at) * sizeof *s);
    hour->segments[at] = *s;
    hour->count++;
    return true;
}

/* The first segment of the hour. */
static size_t first_of(const s3hls__hour *hour) {
    size_t first = 0;
    while (first < hour->count && hour->segments[first].start_ms < hour->begin_ms)
        first++;
    return first;
}

/* The hour begins inside a GOP, and the segment at which decoding has to begin is not there. */
static bool lacks_entry(const s3hls__hour *hour) {
    return hour->count && hour->segments[0].entry == S3HLS_ENTRY_NONE;
}

/* Remove segments before the hour, but for those back to where decoding begins. */
static void trim(s3hls__hour *hour) {
    size_t first = first_of(hour);
    while (first && first < hour->count && hour->segments[first].entry == S3HLS_ENTRY_NONE)
        first--;
    hour->count -= first;
    memmove(hour->segments, hour->segments + first, hour->count * sizeof *hour->segments);
}

/* ---- hours */

static s3hls__hour *find(s3hls__hours *h, int64_t begin_ms) {
    for (size_t i = 0; i < h->count; i++)
        if (h->hours[i].begin_ms == begin_ms)
            return &h->hours[i];
    return NULL;
}

static void remove_hour(s3hls__hours *h, s3hls__hour *hour) {
    s3hls__env_free(h->env, hour->segments);
    *hour = h->hours[--h->count];
}

void s3hls__hours_deinit(s3hls__hours *h) {
    while (h->count)
        remove_hour(h, h->hours);
}

static s3hls__hour *first_due(s3hls__hours *h) {
    s3hls__hour *first = NULL;
    for (size_t i = 0; i < h->count; i++)
        if (!first || h->hours[i].due_us < first->due_us)
            first = &h->hours[i];
    return first;
}

int64_t s3hls__hours_due_us(const s3hls__hours *h) {
    int64_t due_us = INT64_MAX;
    for (size_t i = 0; i < h->count; i++)
        due_us = h->hours[i].due_us < due_us ? h->hours[i].due_us : due_us;
    return due_us;
}

static s3hls__hour *find_or_add(s3hls__hours *h, int64_t begin_ms) {
    s3hls__hour *hour = find(h, begin_ms);
    if (hour)
        return hour;
    if (h->count == S3HLS__HOURS_MAX) { /* the store has refused playlists for long */
        hour = first_due(h);
        s3hls__log(h->env, S3HLS_LOG_ERROR, "publish",
                   "an hour's index.m3u8 was given up: %zu segments from %lld on", hour->count,
                   (long long)hour->begin_ms / 1000);
        remove_hour(h, hour);
    }
    hour = &h->hours[h->count++];
    *hour = (s3hls__hour){.begin_ms = begin_ms, .due_us = INT64_MAX};
    return hour;
}

static void make_due(s3hls__hour *hour, int64_t due_us) {
    if (due_us < hour->due_us)
        hour->due_us = due_us;
}

/* Another hour is the current one: the previous one is over. */
static void begin_hour(s3hls__hours *h, int64_t begin_ms, int64_t now_us) {
    s3hls__hour *previous = find(h, h->newest_ms);
    if (previous)
        make_due(previous, now_us + SOON_US);
    h->newest_ms = begin_ms;
}

void s3hls__hours_add(s3hls__hours *h, const s3hls_segment *s, bool ahead) {
    int64_t begin_ms = s->start_ms - s->start_ms % HOUR_MS,
            now_us = h->env->monotonic_us(h->env->ctx);
    if (h->newest_ms > h->env->wall_us(h->env->ctx) / 1000 + S3HLS_CLOCK_AHEAD_MS)
        begin_hour(h, 0, now_us); /* the clock was set back */
    if (begin_ms > h->newest_ms && !ahead)
        begin_hour(h, begin_ms, now_us);
    s3hls__hour *hour = find_or_add(h, begin_ms);
    if (!insert(h->env, hour, s)) {
        s3hls__log(h->env, S3HLS_LOG_ERROR, "publish",
                   "out of memory: an hour's index.m3u8 lacks a segment");
        return;
    }
    make_due(hour, now_us + (begin_ms == h->newest_ms ? MINUTE_US : SOON_US));
}

/* ---- loading */

typedef struct loading {
    const s3hls_env *env;
    s3hls__hour *hour;
    bool ok;
} loading;

static void load_segment(void *ctx, const s3hls_segment *s) {
    loading *l = ctx;
    l->ok = l->ok && insert(l->env, l->hour, s);
}

static void index_key(int64_t begin_ms, char key[S3HLS_KEY_MAX]) {
    s3hls__key_format(S3HLS__KEY_INDEX, &(s3hls_segment){.start_ms = begin_ms}, key, S3HLS_KEY_MAX);
}

static int load_index(s3hls__hours *h, int64_t begin_ms, loading *l, s3hls_s3_error *error) {
    char key[S3HLS_KEY_MAX];
    index_key(begin_ms, key);
    return s3hls__publish_read(h->store, key, load_segment, l, NULL, error);
}

static int load_list(s3hls__hours *h, loading *l, s3hls_s3_error *error) {
    int64_t begin_ms = l->hour->begin_ms;
    s3hls_segment_list list = {0};
    int rc = h->cfg->list(h->cfg->archive, begin_ms, begin_ms + HOUR_MS, &list, error);
    for (size_t i = 0; i < list.count; i++)
        load_segment(l, &list.segments[i]);
    s3hls__env_free(h->env, list.segments);
    return rc;
}

/* Add the segments of earlier runs, and those before the hour that its first one needs. */
static int load(s3hls__hours *h, s3hls__hour *hour, s3hls_s3_error *error) {
    loading l = {h->env, hour, true};
    int rc = h->cfg->list ? load_list(h, &l, error) : load_index(h, hour->begin_ms, &l, error);
    trim(hour);
    if (!rc && l.ok && !h->cfg->list && lacks_entry(hour) && hour->begin_ms > 0) {
        rc = load_index(h, hour->begin_ms - HOUR_MS, &l, error);
        trim(hour);
    }
    hour->loaded = !rc && l.ok;
    return rc || l.ok ? rc : S3HLS_E_NOMEM;
}

/* ---- writing */

/* @return the URL in a line of a playlist; the end of a line without */
static const char *url_in(const char *line) {
    static const char map[] = "#EXT-X-MAP:URI=\"";
    if (strncmp(line, map, sizeof map - 1) == 0)
        return line + sizeof map - 1;
    return line[0] == '#' ? line + strcspn(line, "\n") + 1 : line;
}

/* Make the URLs relative to the hour's folder. Segments before the hour are in another one. */
static int relative_to_folder(const char *playlist, const char *folder, const s3hls_env *env,
                              char **text) {
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, env, TEXT_BYTES_MAX);
    for (const char *line = playlist; *line;) {
        size_t size = strcspn(line, "\n") + 1;
        const char *end = line + size, *url = url_in(line);
        s3hls__strbuf_add(&b, line, (size_t)(url - line));
        bool inside = url < end && strncmp(url, folder, FOLDER_BYTES) == 0;
        if (url < end && !inside)
            s3hls__strbuf_add_str(&b, S3HLS__HOUR_TO_ROOT);
        url += inside ? FOLDER_BYTES : 0;
        s3hls__strbuf_add(&b, url, (size_t)(end - url));
        line = end;
    }
    return s3hls__strbuf_take(&b, text);
}

static int write_index(s3hls__hours *h, const s3hls__hour *hour, bool over, uint32_t target_ms,
                       s3hls_s3_error *error) {
    enum { OPEN_AGE_S = 30, CLOSED_AGE_S = 86400 };
    s3hls_playlist_config cfg;
    char key[S3HLS_KEY_MAX], *playlist, *relative = NULL;
    s3hls_playlist_config_init(&cfg);
    cfg.type = over ? S3HLS_PLAYLIST_VOD : S3HLS_PLAYLIST_EVENT;
    cfg.target_duration_ms = target_ms;
    cfg.env = h->env;
    int rc = s3hls_playlist_write(&cfg, hour->segments, hour->count, &playlist, NULL);
    if (rc == S3HLS_E_NOT_FOUND) /* there is no segment yet at which decoding can begin */
        return S3HLS_OK;
    index_key(hour->begin_ms, key);
    if (!rc)
        rc = relative_to_folder(playlist, key, h->env, &relative);
    if (!rc)
        rc = s3hls__publish_put(h->store, key, relative, over ? CLOSED_AGE_S : OPEN_AGE_S, error);
    s3hls__env_free(h->env, playlist);
    s3hls__env_free(h->env, relative);
    return rc;
}

int s3hls__hours_write(s3hls__hours *h, int64_t now_us, bool over, uint32_t target_ms,
                       s3hls_s3_error *error) {
    s3hls__hour *hour = first_due(h);
    if (!hour || hour->due_us > now_us || hour->due_us == INT64_MAX)
        return S3HLS_OK;
    bool current = hour->begin_ms == h->newest_ms;
    int rc = hour->loaded ? S3HLS_OK : load(h, hour, error);
    if (!rc)
        rc = write_index(h, hour, over || !current, target_ms, error);
    if (rc)
        return rc;
    hour->due_us = INT64_MAX;
    if (!current)
        remove_hour(h, hour);
    return S3HLS_OK;
}
