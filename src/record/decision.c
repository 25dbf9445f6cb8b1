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

s3hls__decision s3hls__decide(s3hls__decider *d, const s3hls__decision_facts *f) {
    s3hls__decision decision = {.timeline = f->unit->keyframe ? s3hls__decide_timeline(f) : NULL};
    decision.entry = !f->unit->keyframe ? S3HLS_ENTRY_NONE
                     : f->unit->idr     ? S3HLS_ENTRY_IDR
                                        : S3HLS_ENTRY_RECOVERY;
    decision.cut =
        f->filling && !f->unit->second_field && is_cut_due(d, f, decision.timeline != NULL);
    return decision;
}

const char *s3hls__decide_report(s3hls__decider *d, s3hls_segment_entry entry, uint64_t bytes) {
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
    int cause = entry == S3HLS_ENTRY_RECOVERY     ? BY_RECOVERY
                : bytes >= d->segmenter.max_bytes ? BY_SIZE
                                                  : BY_DURATION;
    bool again = d->reported & 1u << cause;
    d->reported |= 1u << cause;
    return again ? NULL : texts[cause];
}
