/* SPDX-License-Identifier: MIT-0 */
#include "publish/live.h"
#include "layout/key.h"
#include "playback/window.h"
#include "publish/object.h"
#include "s3hls/playlist.h"
#include <stdlib.h>
#include <string.h>

enum { WAITS_MAX = 20 };

static int64_t now_us(const s3hls__live *l) {
    return l->env->monotonic_us(l->env->ctx);
}

/* ---- listed segments */

bool s3hls__live_is_ahead(const s3hls__live *l, const s3hls_segment *s) {
    return s->start_ms > l->env->wall_us(l->env->ctx) / 1000 + S3HLS_CLOCK_AHEAD_MS;
}

static void drop_first(s3hls__live *l, size_t n) {
    l->listed_count -= n;
    memmove(l->listed, l->listed + n, l->listed_count * sizeof *l->listed);
}

/* Remove the segments that are ahead, and all before them: the list begins after the last of them.
 */
static void drop_ahead(s3hls__live *l) {
    size_t n = l->listed_count;
    while (n && !s3hls__live_is_ahead(l, &l->listed[n - 1]))
        n--;
    drop_first(l, n);
}

static const s3hls_segment *newest(const s3hls__live *l) {
    return l->listed_count ? &l->listed[l->listed_count - 1] : NULL;
}

/* Within one session, a segment's timeline is at most one higher than the previous one's. */
static bool same_session(const s3hls_segment *a, const s3hls_segment *b) {
    return b->timeline - a->timeline <= 1;
}

/* The list has advanced beyond the segment, so that it must not be added any more. */
static bool has_passed(const s3hls__live *l, const s3hls_segment *s) {
    const s3hls_segment *last = newest(l);
    return s->sdk_name ||
           (last && (s->sequence <= last->sequence || (l->ended && same_session(last, s))));
}

/* No segment is missing between the list and this one. */
static bool follows(const s3hls__live *l, const s3hls_segment *s) {
    const s3hls_segment *last = newest(l);
    return !last || s->sequence == last->sequence + 1 || !same_session(last, s);
}

/* EXT-X-TARGETDURATION that the segment needs, as far as its timeline is known. */
static uint32_t target_ms(const s3hls__live *l, const s3hls_segment *s) {
    bool known = s->timeline == l->timeline.timeline;
    return s3hls__target_s(s, known ? l->timeline.target_duration_ms : 0) * 1000;
}

static void raise_target(s3hls__live *l, const s3hls_segment *s) {
    uint32_t ms = target_ms(l, s);
    if (ms > l->target_ms)
        l->target_ms = ms;
}

static void append(void *ctx, const s3hls_segment *s) {
    s3hls__live *l = ctx;
    if (l->listed_count == S3HLS__LIVE_MAX)
        drop_first(l, 1);
    raise_target(l, s);
    l->listed[l->listed_count++] = *s;
}

int s3hls__live_begin(s3hls__live *l, s3hls_s3_error *error) {
    s3hls__published published;
    int rc = s3hls__publish_read(l->store, S3HLS__MASTER_KEY, append, l, &published, error);
    memcpy(l->key, published.live, sizeof l->key);
    if (!rc)
        rc = s3hls__publish_read(l->store, l->key, append, l, &published, error);
    if (rc)
        return rc;
    l->begun = true;
    l->key_target_ms = published.target_ms;
    l->ended = published.ended;
    if (published.target_ms > l->target_ms)
        l->target_ms = published.target_ms;
    drop_ahead(l);
    return S3HLS_OK;
}

/* ---- held segments */

static int64_t held_until_us(const s3hls__live *l) {
    return l->held_since_us + l->target_ms * INT64_C(500);
}

static void remove_first_held(s3hls__live *l) {
    memmove(l->held, l->held + 1, --l->held_count * sizeof *l->held);
    l->held_since_us = now_us(l);
}

void s3hls__live_release(s3hls__live *l, bool all) {
    bool due = l->held_count == S3HLS__LIVE_MAX || now_us(l) >= held_until_us(l);
    while (l->begun && l->held_count && (all || due || follows(l, &l->held[0]))) {
        if (!has_passed(l, &l->held[0])) {
            append(l, &l->held[0]);
            l->changed = true;
            l->ended = false;
        }
        remove_first_held(l);
        due = false;
    }
}

void s3hls__live_add(s3hls__live *l, const s3hls_segment *s) {
    if (s3hls__live_is_ahead(l, s))
        return;
    drop_ahead(l);
    if (has_passed(l, s))
        return;
    if (l->held_count == S3HLS__LIVE_MAX) /* live.m3u8 could not be read for long */
        remove_first_held(l);
    size_t i = l->held_count++;
    if (i == 0)
        l->held_since_us = now_us(l);
    for (; i > 0 && l->held[i - 1].sequence > s->sequence; i--)
        l->held[i] = l->held[i - 1];
    l->held[i] = *s;
    s3hls__live_release(l, false);
}

int64_t s3hls__live_due_us(const s3hls__live *l) {
    if (!l->begun || l->changed)
        return 0;
    return l->held_count ? held_until_us(l) : INT64_MAX;
}

/* ---- live.m3u8 */

static int read_timeline(s3hls__live *l, s3hls_s3_error *error) {
    uint64_t timeline = newest(l)->timeline;
    if (l->timeline.timeline == timeline)
        return S3HLS_OK;
    int rc = s3hls__publish_timeline(l->store, timeline, &l->timeline, error);
    bool unreadable = (rc == S3HLS_E_NOT_FOUND && l->waits++ >= WAITS_MAX) ||
                      rc == S3HLS_E_MALFORMED || (!rc && l->timeline.timeline != timeline);
    if (rc && !unreadable)
        return rc;
    l->waits = 0;
    if (unreadable) /* continue without its contents */
        l->timeline = (s3hls_timeline){.timeline = timeline};
    else
        raise_target(l, newest(l));
    return S3HLS_OK;
}

/* Segments that have left the playlist do not return, even if the window would include them. */
static void forget_unlisted(s3hls__live *l, const char *playlist) {
    const char *tag = strstr(playlist, "#EXT-X-MEDIA-SEQUENCE:");
    uint64_t first = tag ? strtoull(strchr(tag, ':') + 1, NULL, 10) : 0;
    size_t n = 0;
    while (n < l->listed_count && l->listed[n].sequence < first)
        n++;
    drop_first(l, n);
}

/* @param count  of the listed segments */
static int write_list(s3hls__live *l, size_t count, uint32_t target, bool end,
                      s3hls_s3_error *error) {
    s3hls_playlist_config cfg;
    char *playlist;
    s3hls_playlist_config_init(&cfg);
    cfg.type = S3HLS_PLAYLIST_LIVE;
    cfg.target_duration_ms = target;
    cfg.ended = end;
    cfg.env = l->env;
    int rc = s3hls_playlist_write(&cfg, l->listed, count, &playlist, NULL);
    if (rc)
        return rc;
    uint32_t half_s = target / 2000;
    rc = s3hls__publish_put(l->store, l->key, playlist, half_s ? half_s : 1, error);
    if (!rc && count == l->listed_count)
        forget_unlisted(l, playlist);
    s3hls__env_free(l->env, playlist);
    return rc;
}

/* End the list before the first segment that needs a larger target duration. Another continues. */
static int rename_list(s3hls__live *l, s3hls_s3_error *error) {
    size_t n = 0;
    while (n < l->listed_count && target_ms(l, &l->listed[n]) <= l->key_target_ms)
        n++;
    int rc = n ? write_list(l, n, l->key_target_ms, true, error) : S3HLS_OK;
    if (rc)
        return rc;
    s3hls__live_key_format(l->target_ms / 1000, l->key);
    l->key_target_ms = 0;
    l->renamed = true;
    return S3HLS_OK;
}

/* ---- master.m3u8 */

/* Rewritten when a segment exceeds the stated rate. The rate includes a reserve of a tenth, so that
 * this is rare. */
static int write_master(s3hls__live *l, s3hls_s3_error *error) {
    const s3hls_timeline *t = &l->timeline;
    s3hls_variant v = {.url = l->key, .timeline = t};
    char *playlist;
    s3hls_playlist_bandwidth(l->listed, l->listed_count, l->target_ms, &v.peak_bps, &v.average_bps);
    bool stated = l->master_timeline == t->timeline && v.peak_bps <= l->master_bps;
    if (!l->renamed && (!t->codecs[0] || !newest(l)->size || stated))
        return S3HLS_OK;
    v.peak_bps += v.peak_bps / 10;
    int rc = s3hls_playlist_write_multivariant(&v, 1, &playlist, NULL, l->env);
    if (rc)
        return rc;
    rc = s3hls__publish_put(l->store, S3HLS__MASTER_KEY, playlist, 60, error);
    s3hls__env_free(l->env, playlist);
    if (!rc) {
        l->renamed = false;
        l->master_timeline = t->timeline;
        l->master_bps = v.peak_bps;
    }
    return rc;
}

int s3hls__live_write(s3hls__live *l, bool end, s3hls_s3_error *error) {
    if (!l->listed_count || (!l->changed && (!end || l->end_written)))
        return S3HLS_OK;
    int rc = read_timeline(l, error);
    if (!rc && l->key_target_ms && l->target_ms > l->key_target_ms)
        rc = rename_list(l, error);
    if (!rc)
        rc = write_list(l, l->listed_count, l->target_ms, end, error);
    if (!rc) {
        l->key_target_ms = l->target_ms;
        rc = write_master(l, error);
    }
    l->changed = rc != S3HLS_OK;
    l->end_written = end && !rc;
    return rc;
}
