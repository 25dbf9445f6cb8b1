/* SPDX-License-Identifier: MIT-0 */
#include "s3hls/playlist.h"
#include "base/config.h"
#include "base/date.h"
#include "base/strbuf.h"
#include "layout/session.h"
#include "playback/settled.h"
#include "playback/window.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

enum { TEXT_MAX_BYTES = 1 << 30 };

/* DISCONTINUITY-SEQUENCE is the timeline, in seconds since 1970, modulo this value (12 days), since
 * players keep arrays indexed by it. hls.js 1.7 copies them at each discontinuity, which takes 48 s
 * with the full number and 30 ms with this one. The value only decreases if a camera restarts
 * across a multiple, where MEDIA-SEQUENCE jumps too. */
static const uint64_t TIMELINES = UINT64_C(1) << 20;

typedef struct writer {
    const s3hls_playlist_config *cfg;
    s3hls_env env;
    s3hls__strbuf text;
    uint32_t target_s; /* TARGETDURATION */
    bool ends;         /* ENDLIST */
    bool mapped;       /* an EXT-X-MAP applies, */
    uint64_t map;      /* of this timeline; 0: of MPEG-TS */
    int status;        /* of the caller's url function */
} writer;

/* ---- order of segments, by their names alone */

static bool discontinuous(const s3hls_segment *a, const s3hls_segment *b) {
    bool unmarked_gap = a->sdk_name && b->start_ms > a->start_ms + a->duration_ms;
    return !s3hls__segment_same_session(a, b) || a->timeline != b->timeline || unmarked_gap;
}

/* The i-th of n missing segments. Together they are as long as the gap. Each has a duration above
 * zero, even if its neighbours overlap, and none exceeds TARGETDURATION, which must not change in a
 * live list (RFC 8216 6.2.1): a longer gap also includes a pause. */
static s3hls_segment missing_segment(const writer *w, const s3hls_segment *a,
                                     const s3hls_segment *b, uint64_t i, uint64_t n) {
    int64_t end_ms = a->start_ms + a->duration_ms, gap_ms = b->start_ms - end_ms;
    int64_t longest_ms = w->target_s * INT64_C(1000) + 499; /* rounds to the target */
    if (longest_ms > UINT32_MAX)
        longest_ms = UINT32_MAX;
    if (gap_ms < (int64_t)n)
        gap_ms = (int64_t)n;
    if (gap_ms > longest_ms * (int64_t)n)
        gap_ms = longest_ms * (int64_t)n;
    int64_t from = gap_ms * (int64_t)i / (int64_t)n, to = gap_ms * (int64_t)(i + 1) / (int64_t)n;
    return (s3hls_segment){.start_ms = end_ms + from,
                           .duration_ms = (uint32_t)(to - from),
                           .sequence = a->sequence + 1 + i,
                           .timeline = a->timeline,
                           .container = a->container};
}

/* ---- lines */

static void add_date_time(writer *w, int64_t ms) {
    char date[S3HLS__DATE_TEXT_BYTES];
    s3hls__date_format(ms, date);
    s3hls__strbuf_addf(&w->text, "#EXT-X-PROGRAM-DATE-TIME:%s\n", date);
}

/* @param size  of the key; negative: a status */
static void add_url(writer *w, const char *key, int size, bool gap) {
    const s3hls_playlist_config *cfg = w->cfg;
    char *url = NULL;
    if (size < 0) {
        w->status = size;
    } else if (cfg->url && !gap) {
        w->status = cfg->url(cfg->url_ctx, key, &url);
        if (w->status == S3HLS_OK)
            s3hls__strbuf_add_str(&w->text, url);
        s3hls__env_free(&w->env, url);
    } else {
        const char *base = cfg->base_url ? cfg->base_url : "";
        size_t length = strlen(base);
        s3hls__strbuf_add(&w->text, base, length);
        if (length && base[length - 1] != '/')
            s3hls__strbuf_add_char(&w->text, '/');
        s3hls__strbuf_add(&w->text, key, (size_t)size);
    }
}

static void add_address(writer *w, const s3hls_segment *segment, bool gap) {
    char key[S3HLS_KEY_MAX];
    add_url(w, key, s3hls_segment_key_format(segment, key, sizeof key), gap);
    s3hls__strbuf_add_char(&w->text, '\n');
}

/* EXT-X-MAP applies to all segments up to the next one (RFC 8216 4.3.2.5). MPEG-TS needs none, but
 * behind fragmented MP4 it needs another: its first two packets, PAT and PMT. */
static void add_map(writer *w, const s3hls_segment *segment) {
    bool mp4 = segment->container == S3HLS_CONTAINER_FMP4;
    char key[S3HLS_KEY_MAX];
    if (mp4 ? w->mapped && w->map == segment->timeline : !w->mapped)
        return;
    int size = mp4 ? s3hls_init_key_format(segment->timeline, key, sizeof key)
                   : s3hls_segment_key_format(segment, key, sizeof key);
    s3hls__strbuf_add_str(&w->text, "#EXT-X-MAP:URI=\"");
    add_url(w, key, size, false);
    s3hls__strbuf_add_str(&w->text, mp4 ? "\"\n" : "\",BYTERANGE=\"376@0\"\n");
    w->mapped = true;
    w->map = mp4 ? segment->timeline : 0;
}

/* Write "#EXTINF:4.000," from its end. As with names, printf would take most of the time. */
static void add_duration(writer *w, uint32_t ms) {
    char line[32], *end = line + sizeof line, *p = end;
    uint32_t rest = ms;
    *--p = '\n';
    *--p = ',';
    for (int i = 0; i < 4 || rest; i++, rest /= 10) {
        if (i == 3)
            *--p = '.';
        *--p = (char)('0' + rest % 10);
    }
    s3hls__strbuf_add_str(&w->text, "#EXTINF:");
    s3hls__strbuf_add(&w->text, p, (size_t)(end - p));
}

static void add_entry(writer *w, const s3hls_segment *segment, bool gap) {
    add_duration(w, segment->duration_ms);
    if (gap)
        s3hls__strbuf_add_str(&w->text, "#EXT-X-GAP\n");
    add_address(w, segment, gap);
}

static void add_segment(writer *w, const s3hls_segment *before, const s3hls_segment *segment) {
    uint64_t n = before ? s3hls__segment_missing(before, segment) : 0;
    bool date = !before || n || segment->start_ms != before->start_ms + before->duration_ms;
    for (uint64_t i = 0; i < n && !w->status; i++) {
        s3hls_segment gap = missing_segment(w, before, segment, i, n);
        if (i == 0)
            add_date_time(w, gap.start_ms);
        add_entry(w, &gap, true);
    }
    if (before && discontinuous(before, segment)) {
        s3hls__strbuf_add_str(&w->text, "#EXT-X-DISCONTINUITY\n");
        date = true;
    }
    add_map(w, segment);
    if (date)
        add_date_time(w, segment->start_ms);
    add_entry(w, segment, false);
}

/* ---- the whole */

static uint32_t target_duration_s(const writer *w, const s3hls_segment *s, size_t count) {
    uint32_t target_s = 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t need_s = s3hls__target_s(&s[i], w->cfg->target_duration_ms);
        target_s = need_s > target_s ? need_s : target_s;
    }
    return target_s;
}

static size_t live_begin(const writer *w, const s3hls_segment *s, size_t count) {
    size_t want = w->cfg->live_segments < 3 ? 3 : w->cfg->live_segments;
    return s3hls__window_begin(s, count, want, target_duration_s(w, s, count));
}

/* @return count if an EVENT list has no first segment yet, since its beginning must not change. */
static size_t list_begin(const writer *w, const s3hls_segment *s, size_t count) {
    if (w->cfg->type == S3HLS_PLAYLIST_LIVE)
        return live_begin(w, s, count);
    size_t first = s3hls__next_entry(s, 0, count);
    return first == count && w->cfg->type == S3HLS_PLAYLIST_VOD ? 0 : first;
}

/* EXT-X-INDEPENDENT-SEGMENTS (RFC 8216 4.3.5.1). A list that players poll never states it, since
 * the next segment may differ, and a published statement must not change. */
static bool independent(const writer *w, const s3hls_segment *s, size_t count) {
    return w->cfg->type == S3HLS_PLAYLIST_VOD && s3hls_playlist_independent(s, count);
}

/* A second listing of the range begins with the same segment, and so does each reload of the
 * list. */
static void add_start(writer *w, const s3hls_segment *first) {
    int64_t offset_ms = w->cfg->start_ms - first->start_ms;
    if (offset_ms > 0 && offset_ms < first->duration_ms)
        s3hls__strbuf_addf(&w->text, "#EXT-X-START:TIME-OFFSET=%d.%03d,PRECISE=YES\n",
                           (int)(offset_ms / 1000), (int)(offset_ms % 1000));
}

/* EXT-X-VERSION: decimal durations, or EXT-X-MAP (RFC 8216 7). */
static int version(const s3hls_segment *s, size_t count) {
    enum { DECIMAL_DURATIONS = 3, MAPS = 7 };
    for (size_t i = 0; i < count; i++)
        if (s[i].container == S3HLS_CONTAINER_FMP4)
            return MAPS;
    return DECIMAL_DURATIONS;
}

static int write_playlist(writer *w, const s3hls_segment *s, size_t count) {
    bool live = w->cfg->type == S3HLS_PLAYLIST_LIVE, vod = w->cfg->type == S3HLS_PLAYLIST_VOD;
    size_t first = list_begin(w, s, count);
    if (first == count)
        return S3HLS_E_NOT_FOUND;
    w->target_s = target_duration_s(w, s + first, count - first);
    s3hls__strbuf_addf(&w->text, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:%" PRIu32 "\n",
                       version(s + first, count - first), w->target_s);
    s3hls__strbuf_addf(&w->text, "#EXT-X-MEDIA-SEQUENCE:%" PRIu64 "\n", s[first].sequence);
    if (!vod)
        s3hls__strbuf_addf(&w->text, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRIu64 "\n",
                           s[first].timeline % TIMELINES);
    if (!live)
        s3hls__strbuf_addf(&w->text, "#EXT-X-PLAYLIST-TYPE:%s\n", vod ? "VOD" : "EVENT");
    if (independent(w, s + first, count - first))
        s3hls__strbuf_add_str(&w->text, "#EXT-X-INDEPENDENT-SEGMENTS\n");
    if (!live)
        add_start(w, &s[first]);
    for (size_t i = first; i < count && !w->status && !w->text.status; i++)
        add_segment(w, i > first ? &s[i - 1] : NULL, &s[i]);
    if (w->ends)
        s3hls__strbuf_add_str(&w->text, "#EXT-X-ENDLIST\n");
    return w->status;
}

/* Write a list that players poll: only with settled segments. */
static int write_polled(writer *w, const s3hls_segment *s, size_t count) {
    bool waits;
    s3hls_segment *settled = s3hls__env_alloc(&w->env, count * sizeof *settled);
    if (!settled)
        return S3HLS_E_NOMEM;
    memcpy(settled, s, count * sizeof *settled);
    count = s3hls__keep_settled(settled, count, w->cfg->now_ms / 1000,
                                target_duration_s(w, s, count), &waits);
    w->ends = w->ends && !waits;
    int rc = write_playlist(w, settled, count);
    s3hls__env_free(&w->env, settled);
    return rc;
}

int s3hls_playlist_independent(const s3hls_segment *segments, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (segments[i].entry != S3HLS_ENTRY_IDR)
            return 0;
    return 1;
}

int s3hls_playlist_write(const s3hls_playlist_config *config, const s3hls_segment *segments,
                         size_t count, char **text, size_t *size) {
    s3hls_playlist_config cfg;
    s3hls_playlist_config_init(&cfg);
    if (!text)
        return S3HLS_E_INVALID;
    *text = NULL;
    int rc = s3hls__config_copy(&cfg, sizeof cfg, config);
    if (rc || (count && !segments) || cfg.type > S3HLS_PLAYLIST_EVENT)
        return S3HLS_E_INVALID;
    if (count == 0)
        return S3HLS_E_NOT_FOUND;
    writer w = {.cfg = &cfg,
                .env = s3hls__env_resolve(cfg.env),
                .ends = cfg.type == S3HLS_PLAYLIST_VOD || cfg.ended};
    s3hls__strbuf_init(&w.text, &w.env, TEXT_MAX_BYTES);
    bool polled = cfg.type != S3HLS_PLAYLIST_VOD && cfg.now_ms;
    rc = (polled ? write_polled : write_playlist)(&w, segments, count);
    if (rc) {
        s3hls__strbuf_deinit(&w.text);
        return rc;
    }
    size_t written = w.text.size;
    rc = s3hls__strbuf_take(&w.text, text);
    if (size && !rc)
        *size = written;
    return rc;
}
