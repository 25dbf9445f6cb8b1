/* SPDX-License-Identifier: MIT-0 */
/* Checks segments against each other, and against their timeline's object. */
#include "layout/session.h"
#include "verify/report.h"
#include <string.h>

static bool has_place(const s3hls_verify_report *r) {
    return r->access_units && !(r->faults & (S3HLS_FAULT_PES | S3HLS_FAULT_ABSENT));
}

/* Two durations are equal within the precision of names. */
static bool agree(int64_t a, int64_t b) {
    int64_t d = s3hls__clock_since(a, b);
    return d >= -S3HLS__VERIFY_ROUNDING_90K && d <= S3HLS__VERIFY_ROUNDING_90K;
}

/* ---- places
 *
 * Throughout a timeline, the pictures' clock minus the names' time is constant. But the recorder
 * may correct the wall clock at a cut by up to a second, while the pictures' clock continues. */

typedef struct place {
    int64_t offset_90k;    /* stream time minus the names' time */
    int64_t corrected_90k; /* corrections of the recorder since the first segment */
    int64_t rounding_90k;
} place;

static bool is_correction(const s3hls_segment *s, const s3hls_verify_report *r) {
    int64_t gap_ms = s[1].start_ms - s->start_ms - s->duration_ms;
    int64_t length = s3hls__clock_since(r[1].first_pts_90k, r->first_pts_90k);
    return s[1].sequence == s->sequence + 1 && gap_ms && gap_ms > -1000 && gap_ms < 1000 &&
           agree(length, (int64_t)s->duration_ms * 90);
}

/* Compute the place of the ith segment from that of the previous one. */
static void next_place(place *p, const s3hls_segment *s, const s3hls_verify_report *r, size_t i) {
    if (i > 0 && has_place(&r[i - 1]) && has_place(&r[i]) && is_correction(&s[i - 1], &r[i - 1])) {
        p->corrected_90k +=
            (s[i].start_ms - s[i - 1].start_ms - (int64_t)s[i - 1].duration_ms) * 90;
        p->rounding_90k += S3HLS__VERIFY_ROUNDING_90K;
    }
    p->offset_90k = s3hls__clock_since(r[i].first_pts_90k, s[i].start_ms * 90 - p->corrected_90k);
}

static bool same_place(const place *p, int64_t usual) {
    int64_t off = s3hls__clock_since(p->offset_90k, usual);
    int64_t may = S3HLS__VERIFY_ROUNDING_90K + p->rounding_90k;
    return off >= -may && off <= may;
}

/* The most frequent offset, if a majority has it (Boyer and Moore). */
static int64_t usual_offset(const s3hls_segment *s, const s3hls_verify_report *r, size_t count) {
    place p = {0};
    int64_t usual = 0;
    size_t votes = 0;
    for (size_t i = 0; i < count; i++) {
        next_place(&p, s, r, i);
        if (!has_place(&r[i]))
            continue;
        if (votes == 0)
            usual = p.offset_90k;
        if (same_place(&p, usual))
            votes++;
        else
            votes--;
    }
    return usual;
}

static void check_places(const s3hls_segment *s, s3hls_verify_report *r, size_t count) {
    int64_t usual = usual_offset(s, r, count);
    place p = {0};
    for (size_t i = 0; i < count; i++) {
        next_place(&p, s, r, i);
        int64_t off = s3hls__clock_since(p.offset_90k, usual);
        if (has_place(&r[i]) && !same_place(&p, usual))
            s3hls__fault_note(&r[i], S3HLS_FAULT_PLACE,
                              "its pictures belong %lld ms %s in this timeline",
                              (long long)(off < 0 ? -off : off) / 90, off < 0 ? "before" : "later");
    }
}

/* ---- seams */

enum {
    BROKEN = S3HLS_FAULT_SIZE | S3HLS_FAULT_SYNC | S3HLS_FAULT_TABLES | S3HLS_FAULT_COUNTER |
             S3HLS_FAULT_PLACE
};

/* An end that is truncated between two pictures is visible in the counters and the clock, which are
 * otherwise continuous. */
static void check_end(s3hls_verify_report *r, const s3hls_verify_report *next) {
    int64_t gap = s3hls__clock_since(next->first_pcr_90k, r->last_pcr_90k);
    bool known = r->last_pcr_90k >= 0 && next->first_pcr_90k >= 0 &&
                 !((r->faults | next->faults) & S3HLS_FAULT_PCR);
    if (known && (gap <= 0 || gap > S3HLS__PCR_GAP_MAX_90K))
        s3hls__fault_note(r, S3HLS_FAULT_END, "the next one's PCR begins %lld ms after its last",
                          (long long)gap / 90);
    int64_t beyond = s3hls__clock_since(next->first_dts_90k, r->end_dts_90k);
    if (r->end_dts_90k >= 0 && next->end_dts_90k >= 0 && beyond)
        s3hls__fault_note(r, S3HLS_FAULT_END, "the next one begins %lld ms after its last picture",
                          (long long)beyond / 90);
    for (uint32_t i = 0; i < r->track_count; i++)
        for (uint32_t n = 0; n < next->track_count; n++)
            if (r->tracks[i].pid == next->tracks[n].pid &&
                ((r->tracks[i].last + 1) & 15) != next->tracks[n].first)
                s3hls__fault_note(r, S3HLS_FAULT_END,
                                  "PID %d: its last counter is %d, the next one begins with %d",
                                  r->tracks[i].pid, r->tracks[i].last, next->tracks[n].first);
}

/* Pictures are decoded and shown before the next segment begins. A segment that begins inside a GOP
 * begins before the last pictures are shown. */
static void check_order(const s3hls_segment *s, s3hls_verify_report *r) {
    const s3hls_verify_report *next = r + 1;
    int64_t decoded = s3hls__clock_since(next->first_dts_90k, r->last_dts_90k);
    int64_t shown = s3hls__clock_since(next->first_pts_90k, r->latest_pts_90k);
    bool keyframe = s[1].entry != S3HLS_ENTRY_NONE && !(next->faults & S3HLS_FAULT_KEYFRAME);
    if (decoded <= 0)
        s3hls__fault_note(r, S3HLS_FAULT_TIMES,
                          "its last DTS is %lld ms behind the next one's first",
                          (long long)-decoded / 90);
    else if (keyframe && shown <= 0)
        s3hls__fault_note(r, S3HLS_FAULT_TIMES,
                          "a picture is shown %lld ms behind the next one's first",
                          (long long)-shown / 90);
}

/* Where a session begins, the recorder keeps little audio before its first picture. Audio that
 * reached it late is in a later segment than its pictures, and is no fault. */
static void check_first_audio(s3hls_verify_report *r) {
    enum { LEAD_90K = 45000 };
    int64_t before = s3hls__clock_since(r->first_pts_90k, r->first_audio_90k);
    int64_t may = LEAD_90K + S3HLS__AUDIO_NEAR_90K + r->audio_frame_90k;
    if (r->first_audio_90k >= 0 && has_place(r) && before > may)
        s3hls__fault_note(r, S3HLS_FAULT_AUDIO, "its audio begins %lld ms before its pictures",
                          (long long)before / 90);
}

/* Audio is beside its pictures, and continues from one segment to the next. */
static void check_audio(s3hls_verify_report *r, s3hls_verify_report *next) {
    bool has = r->first_audio_90k >= 0, follows = next->first_audio_90k >= 0;
    int64_t after = s3hls__clock_since(r->end_audio_90k, next->first_pts_90k);
    int64_t overlap = s3hls__clock_since(r->end_audio_90k, next->first_audio_90k);
    if (has && after > S3HLS__AUDIO_NEAR_90K + r->audio_frame_90k)
        s3hls__fault_note(r, S3HLS_FAULT_AUDIO, "its audio ends %lld ms behind its pictures",
                          (long long)after / 90);
    else if (has && follows && overlap > s3hls__audio_overlap_90k(next->audio_frame_90k))
        s3hls__fault_note(next, S3HLS_FAULT_AUDIO,
                          "its audio begins %lld ms before the end of the one before",
                          (long long)overlap / 90);
}

/* Two consecutive segments: this one ends where the next one's pictures begin. */
static void check_seam(const s3hls_segment *s, s3hls_verify_report *r) {
    s3hls_verify_report *next = r + 1;
    if (!has_place(r) || !has_place(next) || ((r->faults | next->faults) & BROKEN))
        return;
    check_end(r, next);
    check_order(s, r);
    check_audio(r, next);
    int64_t length = s3hls__clock_since(next->first_pts_90k, r->first_pts_90k);
    bool agrees = agree(length, (int64_t)s->duration_ms * 90);
    if (!agrees || !(r->faults & S3HLS_FAULT_END)) /* the next segment is more precise */
        s3hls__fault_take_back(r, S3HLS_FAULT_DURATION);
    if (!agrees)
        s3hls__fault_note(r, S3HLS_FAULT_DURATION,
                          "%lld ms by the name, %lld ms to the next one's first picture",
                          (long long)s->duration_ms, (long long)length / 90);
    s3hls__fault_take_back(next, S3HLS_FAULT_KEYFRAME);
}

/* The last segment of a timeline: only its name states its duration. If a keyframe with leading
 * pictures may have followed (open GOP), these cannot be distinguished from missing ones. */
static void check_last(const s3hls_segment *s, s3hls_verify_report *r, bool more) {
    bool ends = !more || !s3hls__segment_same_session(s, s + 1) || s[1].entry == S3HLS_ENTRY_IDR;
    bool whole = has_place(r) && s->entry != S3HLS_ENTRY_NONE &&
                 !(r->faults & (BROKEN | S3HLS_FAULT_KEYFRAME));
    if (ends && whole && r->missing_90k)
        s3hls__fault_note(r, S3HLS_FAULT_DURATION, "by the name, %lld ms of pictures are missing",
                          (long long)r->missing_90k / 90);
}

void s3hls_verify_neighbours(const s3hls_segment *segments, s3hls_verify_report *reports,
                             size_t count) {
    for (size_t begin = 0, end; begin < count; begin = end) {
        const s3hls_segment *s = &segments[begin];
        for (end = begin + 1; end < count && segments[end].timeline == s->timeline &&
                              segments[end].sdk_name == s->sdk_name;)
            end++;
        if (s->sdk_name)
            continue;
        check_places(s, &reports[begin], end - begin);
        bool first = begin == 0 || !s3hls__segment_same_session(&s[-1], s);
        if (first && s->sequence == s->timeline)
            check_first_audio(&reports[begin]);
        for (size_t i = begin; i + 1 < end; i++)
            if (segments[i + 1].sequence == segments[i].sequence + 1)
                check_seam(&segments[i], &reports[i]);
        check_last(&segments[end - 1], &reports[end - 1], end < count);
    }
}

/* Whether the codecs of a timeline, video first, are those of a segment. A segment does not show
 * whether its AAC is HE-AAC. */
static bool same_codecs(const char *codecs, const s3hls_verify_report *r) {
    static const char aac[] = "mp4a";
    size_t video = strcspn(codecs, ",");
    if (strlen(r->codecs) != video || strncmp(codecs, r->codecs, video) != 0)
        return false;
    const char *audio = codecs + video + (codecs[video] != 0);
    size_t shared = strncmp(r->audio_codecs, aac, sizeof aac - 1) == 0 ? sizeof aac - 1
                                                                       : strlen(r->audio_codecs);
    return strncmp(audio, r->audio_codecs, shared) == 0;
}

void s3hls_verify_timeline(const s3hls_timeline *timeline, s3hls_verify_report *report) {
    const s3hls_timeline *t = timeline;
    const char *comma = report->audio_codecs[0] ? "," : "";
    if (report->width && (report->width != t->width || report->height != t->height ||
                          !same_codecs(t->codecs, report)))
        s3hls__fault_note(report, S3HLS_FAULT_TIMELINE,
                          "%ux%u %s%s%s, its timeline's object states %ux%u %.40s", report->width,
                          report->height, report->codecs, comma, report->audio_codecs, t->width,
                          t->height, t->codecs);
}

s3hls_seam s3hls_verify_seam(const s3hls_segment *before, const s3hls_segment *after) {
    const s3hls_segment *a = before, *b = after;
    s3hls_seam seam = {.gap_ms = b->start_ms - a->start_ms - a->duration_ms,
                       .missing = s3hls__segment_missing(a, b)};
    seam.new_session = !s3hls__segment_same_session(a, b);
    seam.new_timeline = seam.new_session || a->timeline != b->timeline;
    return seam;
}
