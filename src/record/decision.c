/* SPDX-License-Identifier: MIT-0 */
#include "record/decision.h"
#include <stddef.h>

bool s3hls__decide_skip(s3hls__decider *d, bool keyframe, uint64_t slices_damaged) {
    if (keyframe)
        d->damage_seen = slices_damaged;
    else if (d->damage_seen != slices_damaged)
        d->skipping = true;
    return d->skipping && !keyframe;
}

const char *s3hls__decide_timeline(const s3hls__decision_facts *f) {
    if (!f->timeline_begun)
        return "recording begins";
    if (f->times_broke)
        return "the encoder's times jumped, or pictures were missing";
    if (f->unit->parameters_changed || f->config_changed)
        return "other parameters";
    if (f->clock_stepped)
        return "the wall clock stepped";
    return f->outgrown ? "longer segments" : NULL;
}

static bool is_cut_due(s3hls__decider *d, const s3hls__decision_facts *f, bool new_timeline) {
    if (!f->unit->keyframe || (f->pts_in_doubt && !new_timeline))
        return s3hls__segmenter_guard(&d->segmenter, f->pts_90k, f->bytes, f->frame_90k);
    return s3hls__segmenter_keyframe(&d->segmenter, f->pts_90k, f->bytes, f->nals, f->frame_90k) ||
           new_timeline || f->behind_gap;
}

/* Two segments use three quarters of the pool then: what is beyond them absorbs a retry, and the
 * spool is not used (s3hls__health_set_memory()). */
static uint64_t fitting_bytes(uint64_t pool_bytes) {
    return pool_bytes / 8 * 3;
}

s3hls__decision s3hls__decide(s3hls__decider *d, const s3hls__decision_facts *f) {
    if (!d->keeps_max)
        d->segmenter.fit_bytes = fitting_bytes(f->pool_bytes);
    s3hls__decision decision = {.timeline = f->unit->keyframe ? s3hls__decide_timeline(f) : NULL};
    decision.entry = !f->unit->keyframe ? S3HLS_ENTRY_NONE
                     : f->unit->idr     ? S3HLS_ENTRY_IDR
                                        : S3HLS_ENTRY_RECOVERY;
    decision.cut =
        f->filling && !f->unit->second_field && is_cut_due(d, f, decision.timeline != NULL);
    return decision;
}

const char *s3hls__decide_report(s3hls__decider *d, s3hls_segment_entry entry) {
    enum { BY_RECOVERY, BY_SIZE, BY_DURATION, WHOLE_AGAIN = 10 };
    static const char *const texts[] = {
        [BY_RECOVERY] = "the encoder's keyframes are recovery points, not IDR pictures: pictures "
                        "beside them need the segment before",
        [BY_SIZE] = "a group of pictures is larger than a segment may be (by default 3/4 of the "
                    "pool), so that segments begin inside it: shorten the encoder's keyframe "
                    "interval, or enlarge the pool",
        [BY_DURATION] = "a group of pictures is longer than 60 s, so that segments begin inside "
                        "it: shorten the encoder's keyframe interval"};
    if (entry == S3HLS_ENTRY_IDR) {
        if (++d->whole_segments >= WHOLE_AGAIN)
            d->reported = 0;
        return NULL;
    }
    d->whole_segments = 0;
    int cause = entry == S3HLS_ENTRY_RECOVERY ? BY_RECOVERY
                : d->segmenter.too_large      ? BY_SIZE
                                              : BY_DURATION;
    bool again = d->reported & 1u << cause;
    d->reported |= 1u << cause;
    return again ? NULL : texts[cause];
}

/* While a segment of S bytes is delivered, the rest of the pool P takes what the encoder writes:
 * the uplink needs S / (P - S) times the stream's bits, and never less than those. */
static uint64_t uplink_for(uint64_t bits_per_s, uint64_t segment_bytes, uint64_t pool_bytes) {
    uint64_t rest = pool_bytes - segment_bytes;
    return segment_bytes > rest ? bits_per_s * segment_bytes / rest : bits_per_s;
}

bool s3hls__decide_pool(s3hls__decider *d, uint64_t pool_bytes, s3hls__pool_finding *finding) {
    enum { GOPS_AGAIN = 10 };
    const s3hls__segmenter *s = &d->segmenter;
    uint64_t gop = s->newest_gop_bytes, fit = fitting_bytes(pool_bytes);
    int64_t gop_90k = s->newest_gop_90k;
    if (gop <= fit || gop_90k <= 0) {
        if (++d->gops_that_fit >= GOPS_AGAIN)
            d->pool_reported = false;
        return false;
    }
    d->gops_that_fit = 0;
    if (d->pool_reported)
        return false;
    d->pool_reported = true;
    *finding = (s3hls__pool_finding){.gop_bytes = gop,
                                     .gop_ms = gop_90k / 90,
                                     .bits_per_s = gop * 8 * 90000 / (uint64_t)gop_90k,
                                     .pool_bytes = pool_bytes,
                                     .enough_bytes = (gop + 2) / 3 * 8,
                                     .shorter_ms = gop_90k / 90 * (int64_t)fit / (int64_t)gop};
    finding->uplink_bits_per_s =
        uplink_for(finding->bits_per_s, gop > s->max_bytes ? fit : gop, pool_bytes);
    return true;
}
