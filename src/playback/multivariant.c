/* SPDX-License-Identifier: MIT-0 */
#include "base/strbuf.h"
#include "s3hls/playlist.h"
#include <inttypes.h>
#include <stdbool.h>

enum { TEXT_MAX_BYTES = 1 << 20 };

static uint64_t rate(uint64_t bytes, uint64_t ms) {
    uint64_t bps = ms ? (uint64_t)((double)bytes * 8000.0 / (double)ms) : 0;
    return bps ? bps : 1;
}

/* Highest bit rate of the consecutive segments that begin with the first one. */
static uint64_t peak_from(const s3hls_segment *s, size_t count, uint32_t target_ms) {
    uint64_t bytes = 0, ms = 0, peak = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += s[i].size;
        ms += s[i].duration_ms;
        if (2 * ms > 3 * (uint64_t)target_ms)
            break;
        if (2 * ms >= target_ms && s[i].size && rate(bytes, ms) > peak)
            peak = rate(bytes, ms);
        if (!s[i].size)
            break;
    }
    return peak;
}

void s3hls_playlist_bandwidth(const s3hls_segment *segments, size_t count,
                              uint32_t target_duration_ms, uint64_t *peak_bps,
                              uint64_t *average_bps) {
    uint64_t bytes = 0, ms = 0, peak = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t from = peak_from(segments + i, count - i, target_duration_ms);
        peak = from > peak ? from : peak;
        bytes += segments[i].size;
        ms += segments[i].size ? segments[i].duration_ms : 0;
    }
    *average_bps = rate(bytes, ms);
    *peak_bps = peak > *average_bps ? peak : *average_bps;
}

static bool is_harmless(const char *codecs) {
    static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-";
    return codecs[0] && codecs[strspn(codecs, set)] == 0;
}

static void add_variant(s3hls__strbuf *b, const s3hls_variant *v) {
    const s3hls_timeline *t = v->timeline;
    s3hls__strbuf_addf(b, "#EXT-X-STREAM-INF:BANDWIDTH=%" PRIu64 ",AVERAGE-BANDWIDTH=%" PRIu64,
                       v->peak_bps, v->average_bps);
    if (t && is_harmless(t->codecs))
        s3hls__strbuf_addf(b, ",CODECS=\"%s\"", t->codecs);
    if (t && t->width && t->height)
        s3hls__strbuf_addf(b, ",RESOLUTION=%" PRIu32 "x%" PRIu32, t->width, t->height);
    if (t && t->frame_rate_milli)
        s3hls__strbuf_addf(b, ",FRAME-RATE=%" PRIu32 ".%03" PRIu32, t->frame_rate_milli / 1000,
                           t->frame_rate_milli % 1000);
    s3hls__strbuf_addf(b, "\n%s\n", v->url);
}

static bool all_independent(const s3hls_variant *variants, size_t count) {
    bool all = true;
    for (size_t i = 0; i < count; i++)
        all = all && variants[i].independent;
    return all;
}

int s3hls_playlist_write_multivariant(const s3hls_variant *variants, size_t count, char **text,
                                      size_t *size, const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    s3hls__strbuf b;
    if (!text)
        return S3HLS_E_INVALID;
    *text = NULL;
    if (!variants || !count)
        return S3HLS_E_INVALID;
    for (size_t i = 0; i < count; i++)
        if (!variants[i].url || !variants[i].url[0] || strpbrk(variants[i].url, "\r\n"))
            return S3HLS_E_INVALID;
    s3hls__strbuf_init(&b, &e, TEXT_MAX_BYTES);
    s3hls__strbuf_add_str(&b, "#EXTM3U\n");
    if (all_independent(variants, count))
        s3hls__strbuf_add_str(&b, "#EXT-X-INDEPENDENT-SEGMENTS\n");
    for (size_t i = 0; i < count; i++)
        add_variant(&b, &variants[i]);
    size_t written = b.size;
    int rc = s3hls__strbuf_take(&b, text);
    if (size && !rc)
        *size = written;
    return rc;
}
