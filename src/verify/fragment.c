/* SPDX-License-Identifier: MIT-0 */
/* Checks one segment of fragmented MP4: its boxes, its sample tables against its bytes, and its
 * pictures. Clauses refer to ISO/IEC 14496-12. */
#include "codec/flac.h"
#include "codec/opus.h"
#include "verify/report.h"
#include "verify/times.h"
#include <stdio.h>
#include <string.h>

enum { DELAY_MAX_90K = 10 * 90000 };
enum { VIDEO, AUDIO, TRACKS };

/* The inside of a box. */
typedef struct box {
    const uint8_t *data;
    size_t size;
    uint32_t type;
} box;

#define TYPE(a, b, c, d)                                                                           \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* A track, from the initialisation segment and the fragment. */
typedef struct track {
    uint32_t id;        /* 0: there is none */
    uint32_t timescale; /* 0: not known */
    bool came;          /* in the fragment */
    uint64_t first;     /* DTS of the first sample */
    uint64_t dts;       /* of the next sample */
    uint32_t longest;   /* duration of a sample */
    uint32_t samples;
} track;

typedef struct reader {
    s3hls_verify_report *report;
    const uint8_t *segment;
    size_t size;
    size_t media_at;    /* where mdat's contents begin */
    size_t media_bytes; /* that the sample tables list */
    track tracks[TRACKS];
    bool enters_late;
    s3hls__units units;
    s3hls__times times;
} reader;

static uint64_t read_be(const uint8_t *p, size_t bytes) {
    uint64_t value = 0;
    while (bytes--)
        value = value << 8 | *p++;
    return value;
}

/* The next box in a range. @return false: there is none, or it exceeds the range */
static bool next_box(const uint8_t **p, const uint8_t *end, box *b) {
    if (end - *p < 8)
        return false;
    uint64_t size = read_be(*p, 4);
    if (size < 8 || size > (uint64_t)(end - *p))
        return false;
    *b = (box){*p + 8, (size_t)size - 8, (uint32_t)read_be(*p + 4, 4)};
    *p += size;
    return true;
}

static bool find_box(const box *in, size_t skip, uint32_t type, box *b) {
    const uint8_t *p = in->data + skip, *end = in->data + in->size;
    while (skip <= in->size && next_box(&p, end, b))
        if (b->type == type)
            return true;
    return false;
}

static bool find_path(const box *in, const uint32_t *types, size_t count, box *b) {
    *b = *in;
    for (size_t i = 0; i < count; i++) {
        box outer = *b;
        if (!find_box(&outer, 0, types[i], b))
            return false;
    }
    return true;
}

/* ---- the initialisation segment */

/* Parameter sets of an array: each after its size in two bytes. @return where they end; NULL:
 * damaged */
static const uint8_t *keep_sets(s3hls__units *u, const uint8_t *p, const uint8_t *end,
                                unsigned count) {
    for (; count > 0; count--) {
        size_t size = end - p >= 2 ? (size_t)read_be(p, 2) : SIZE_MAX;
        if (size > (size_t)(end - p) - 2)
            return NULL;
        s3hls__sets_keep(&u->sets, u->codec, p + 2, size);
        p += 2 + size;
    }
    return p;
}

/* ISO/IEC 14496-15 5.3.3.1 */
static bool read_avcc(s3hls__units *u, const box *b) {
    const uint8_t *end = b->data + b->size;
    if (b->size < 7)
        return false;
    const uint8_t *p = keep_sets(u, b->data + 6, end, b->data[5] & 31);
    return p && p < end && keep_sets(u, p + 1, end, *p);
}

/* ISO/IEC 14496-15 8.3.3.1 */
static bool read_hvcc(s3hls__units *u, const box *b) {
    enum { HEAD = 23 };
    const uint8_t *p = b->data + HEAD, *end = b->data + b->size;
    for (unsigned i = 0; b->size >= HEAD && p && i < b->data[HEAD - 1]; i++)
        p = end - p >= 3 ? keep_sets(u, p + 3, end, (unsigned)read_be(p + 1, 2)) : NULL;
    return b->size >= HEAD && p;
}

static bool read_video_entry(reader *r, const box *stsd) {
    enum { ENTRY_HEAD = 78 };
    box entry, config;
    if (find_box(stsd, 8, TYPE('a', 'v', 'c', '1'), &entry)) {
        s3hls__units_init(&r->units, s3hls__codec_find(S3HLS__CODEC_H264), true);
        return find_box(&entry, ENTRY_HEAD, TYPE('a', 'v', 'c', 'C'), &config) &&
               read_avcc(&r->units, &config);
    }
    if (!find_box(stsd, 8, TYPE('h', 'v', 'c', '1'), &entry))
        return false;
    s3hls__units_init(&r->units, s3hls__codec_find(S3HLS__CODEC_H265), true);
    return find_box(&entry, ENTRY_HEAD, TYPE('h', 'v', 'c', 'C'), &config) &&
           read_hvcc(&r->units, &config);
}

static void read_audio_entry(reader *r, const box *stsd) {
    static const struct {
        uint32_t type;
        const char *codecs;
    } kinds[] = {{TYPE('m', 'p', '4', 'a'), "mp4a"},
                 {TYPE('O', 'p', 'u', 's'), "opus"},
                 {TYPE('f', 'L', 'a', 'C'), "fLaC"}};
    box entry;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (find_box(stsd, 8, kinds[i].type, &entry))
            snprintf(r->report->audio_codecs, sizeof r->report->audio_codecs, "%s",
                     kinds[i].codecs);
}

static bool read_trak(reader *r, const box *trak) {
    static const uint32_t to_stsd[] = {TYPE('m', 'd', 'i', 'a'), TYPE('m', 'i', 'n', 'f'),
                                       TYPE('s', 't', 'b', 'l'), TYPE('s', 't', 's', 'd')};
    static const uint32_t to_mdhd[] = {TYPE('m', 'd', 'i', 'a'), TYPE('m', 'd', 'h', 'd')};
    static const uint32_t to_hdlr[] = {TYPE('m', 'd', 'i', 'a'), TYPE('h', 'd', 'l', 'r')};
    box tkhd, mdhd, hdlr, stsd;
    if (!find_box(trak, 0, TYPE('t', 'k', 'h', 'd'), &tkhd) || tkhd.size < 16 ||
        !find_path(trak, to_mdhd, 2, &mdhd) || mdhd.size < 16 ||
        !find_path(trak, to_hdlr, 2, &hdlr) || hdlr.size < 12 ||
        !find_path(trak, to_stsd, 4, &stsd))
        return false;
    bool video = read_be(hdlr.data + 8, 4) == TYPE('v', 'i', 'd', 'e');
    track *t = &r->tracks[video ? VIDEO : AUDIO];
    t->id = (uint32_t)read_be(tkhd.data + 12, 4);
    t->timescale = (uint32_t)read_be(mdhd.data + 12, 4);
    if (video)
        return read_video_entry(r, &stsd);
    read_audio_entry(r, &stsd);
    return true;
}

static bool read_init(reader *r, const uint8_t *init, size_t size) {
    const uint8_t *p = init, *end = init + size;
    box b = {.type = 0}, moov;
    while (b.type != TYPE('m', 'o', 'o', 'v'))
        if (!next_box(&p, end, &b))
            return false;
    moov = b;
    bool ok = true;
    for (p = moov.data, end = moov.data + moov.size; ok && next_box(&p, end, &b);)
        ok = b.type != TYPE('t', 'r', 'a', 'k') || read_trak(r, &b);
    return ok && r->tracks[VIDEO].id && r->tracks[VIDEO].timescale == 90000;
}

/* ---- samples */

static void note_times(reader *r, int64_t pts, int64_t dts) {
    s3hls_verify_report *report = r->report;
    int64_t delay = pts - dts, mask = (INT64_C(1) << 33) - 1;
    report->access_units++;
    if (delay < 0 || delay > DELAY_MAX_90K)
        s3hls__fault_note(report, S3HLS_FAULT_TIMES, "PTS is %lld ms behind DTS",
                          (long long)delay / 90);
    s3hls__times_add(&r->times, pts & mask, dts & mask);
    if (report->access_units == 1)
        report->first_pts_90k = pts & mask;
}

/* A picture: its NAL units, and what its row states about them. */
static void read_picture(reader *r, const uint8_t *data, size_t size, bool sync, int64_t pts) {
    s3hls_verify_report *report = r->report;
    s3hls__units *u = &r->units;
    s3hls__units_begin(u);
    s3hls__units_add(u, data, size);
    const char *what = s3hls__units_end(u);
    if (!what && sync != u->keyframe)
        what = sync ? "a sync sample is no keyframe" : "a keyframe is no sync sample";
    if (what)
        s3hls__fault_note(report, S3HLS_FAULT_VIDEO, "picture %u: %s", report->access_units, what);
    what = s3hls__times_judge(&r->times, pts & ((INT64_C(1) << 33) - 1), u);
    if (what)
        s3hls__fault_note(report, S3HLS_FAULT_TIMES, "picture %u: %s", report->access_units, what);
    if (report->access_units == 1 && !u->keyframe && !r->enters_late)
        s3hls__fault_note(report, S3HLS_FAULT_KEYFRAME, "begins inside a group of pictures");
}

/* A frame of the audio track, as far as its own header states its duration. */
static void read_audio(reader *r, const uint8_t *data, size_t size, uint32_t duration) {
    const char *codecs = r->report->audio_codecs;
    uint32_t samples = strcmp(codecs, "opus") == 0   ? s3hls__opus_samples(data, size)
                       : strcmp(codecs, "fLaC") == 0 ? s3hls__flac_samples(data, size)
                                                     : 1;
    if (size == 0 || samples == 0 || duration == 0)
        s3hls__fault_note(r->report, S3HLS_FAULT_AUDIO, "an audio frame is damaged");
    r->report->audio_frames++;
}

typedef struct row {
    uint32_t duration, size, flags;
    int32_t composition;
} row;

static void read_sample(reader *r, int kind, const row *s, size_t at) {
    track *t = &r->tracks[kind];
    bool sync = !(s->flags & 0x10000); /* sample_is_non_sync_sample */
    int64_t dts = (int64_t)t->dts, pts = dts + s->composition;
    t->dts += s->duration;
    t->longest = s->duration > t->longest ? s->duration : t->longest;
    t->samples++;
    r->media_bytes += s->size;
    if (kind == VIDEO)
        note_times(r, pts, dts);
    if (s->duration == 0)
        s3hls__fault_note(r->report, S3HLS_FAULT_TIMES, "a sample without a duration");
    if (at > r->size || s->size > r->size - at) {
        s3hls__fault_note(r->report, S3HLS_FAULT_BOXES, "a sample is outside of the segment");
        return;
    }
    if (kind == VIDEO)
        read_picture(r, r->segment + at, s->size, sync, pts);
    else
        read_audio(r, r->segment + at, s->size, s->duration);
}

/* trun, 8.8.8. */
static bool read_trun(reader *r, int kind, const box *b) {
    enum {
        OFFSET = 1,
        FIRST_FLAGS = 4,
        DURATION = 0x100,
        SIZE = 0x200,
        FLAGS = 0x400,
        COMPOSITION = 0x800
    };
    uint32_t flags = b->size >= 12 ? (uint32_t)read_be(b->data, 4) & 0xffffff : 0;
    uint32_t needed = OFFSET | DURATION | SIZE, used = needed | FLAGS | COMPOSITION;
    if ((flags & needed) != needed || flags & ~used)
        return false;
    size_t row_bytes = 8u + (flags & FLAGS ? 4 : 0) + (flags & COMPOSITION ? 4 : 0);
    uint64_t count = read_be(b->data + 4, 4), at = read_be(b->data + 8, 4);
    if (b->size != 12 + count * row_bytes || at != r->media_at + r->media_bytes)
        return false;
    const uint8_t *p = b->data + 12;
    for (uint64_t i = 0; i < count; i++, p += row_bytes) {
        row s = {.duration = (uint32_t)read_be(p, 4), .size = (uint32_t)read_be(p + 4, 4)};
        if (flags & FLAGS)
            s.flags = (uint32_t)read_be(p + 8, 4);
        if (flags & COMPOSITION)
            s.composition = (int32_t)read_be(p + row_bytes - 4, 4);
        read_sample(r, kind, &s, (size_t)at);
        at += s.size;
    }
    return true;
}

static bool read_traf(reader *r, const box *traf) {
    enum { DEFAULT_BASE_IS_MOOF = 0x020000 };
    box tfhd, tfdt, trun;
    if (!find_box(traf, 0, TYPE('t', 'f', 'h', 'd'), &tfhd) || tfhd.size < 8 ||
        !find_box(traf, 0, TYPE('t', 'f', 'd', 't'), &tfdt) || tfdt.size != 12 || !tfdt.data[0] ||
        !find_box(traf, 0, TYPE('t', 'r', 'u', 'n'), &trun))
        return false;
    uint32_t id = (uint32_t)read_be(tfhd.data + 4, 4);
    int kind = id == r->tracks[VIDEO].id ? VIDEO : AUDIO;
    track *t = &r->tracks[kind];
    if (read_be(tfhd.data, 4) != DEFAULT_BASE_IS_MOOF || id != t->id || t->came)
        return false;
    t->came = true;
    t->first = t->dts = read_be(tfdt.data + 4, 8);
    return read_trun(r, kind, &trun);
}

/* ---- the segment */

static bool read_moof(reader *r, const box *moof) {
    box mfhd, b;
    if (!find_box(moof, 0, TYPE('m', 'f', 'h', 'd'), &mfhd))
        return false;
    const uint8_t *p = moof->data, *end = p + moof->size;
    while (p < end) {
        if (!next_box(&p, end, &b))
            return false;
        if (b.type == TYPE('t', 'r', 'a', 'f') && !read_traf(r, &b))
            return false;
    }
    return r->tracks[VIDEO].came;
}

static void read_segment(reader *r) {
    s3hls_verify_report *report = r->report;
    const uint8_t *p = r->segment, *end = p + r->size;
    box moof, mdat;
    if (r->size == 0) {
        s3hls__fault_note(report, S3HLS_FAULT_SIZE, "empty");
        return;
    }
    bool whole = next_box(&p, end, &moof) && moof.type == TYPE('m', 'o', 'o', 'f') &&
                 next_box(&p, end, &mdat) && mdat.type == TYPE('m', 'd', 'a', 't') && p == end;
    if (!whole) {
        s3hls__fault_note(report, S3HLS_FAULT_BOXES, "it is not a moof and an mdat box");
        return;
    }
    r->media_at = (size_t)(mdat.data - r->segment);
    if (!read_moof(r, &moof))
        s3hls__fault_note(report, S3HLS_FAULT_BOXES, "moof is damaged");
    else if (r->media_bytes != mdat.size)
        s3hls__fault_note(report, S3HLS_FAULT_BOXES, "its tables list %zu bytes, mdat has %zu",
                          r->media_bytes, mdat.size);
}

static void note_extent(reader *r) {
    s3hls_verify_report *report = r->report;
    const s3hls__times *t = &r->times;
    if (t->count == 0)
        return;
    report->first_dts_90k = t->origin;
    report->last_dts_90k = s3hls__clock_after(t->origin, t->dts);
    report->latest_pts_90k = s3hls__clock_after(t->origin, t->latest_pts);
    report->longest_step_90k = t->longest_step;
    report->reorder_90k = t->longest_delay - t->shortest_delay;
    report->length_90k = s3hls__times_length(t);
    report->end_dts_90k = (int64_t)r->tracks[VIDEO].dts & ((INT64_C(1) << 33) - 1);
}

static int64_t to_90k(const track *t, uint64_t time) {
    uint64_t s = time / t->timescale, rest = time % t->timescale;
    return (int64_t)((s * 90000 + rest * 90000 / t->timescale) & ((UINT64_C(1) << 33) - 1));
}

static void note_audio(reader *r) {
    const track *t = &r->tracks[AUDIO];
    if (t->came && t->samples && t->timescale)
        s3hls__audio_note(r->report, to_90k(t, t->first), to_90k(t, t->dts), to_90k(t, t->longest));
}

static void check_duration(const s3hls_segment *segment, reader *r) {
    s3hls_verify_report *report = r->report;
    int64_t named = (int64_t)segment->duration_ms * 90;
    if (!s3hls__times_fill(&r->times, named))
        s3hls__fault_note(report, S3HLS_FAULT_DURATION, "%lld ms by the name, %lld ms of pictures",
                          (long long)named / 90, (long long)report->length_90k / 90);
    /* the table states the duration of the last picture */
    report->missing_90k = s3hls__times_missing(&r->times, named, true);
}

int s3hls_verify_fragment(const s3hls_segment *segment, const uint8_t *init, size_t init_size,
                          const uint8_t *data, size_t size, s3hls_verify_report *report) {
    reader r;
    memset(report, 0, sizeof *report);
    memset(&r, 0, sizeof r);
    report->first_pcr_90k = report->last_pcr_90k = report->end_dts_90k = -1;
    report->first_audio_90k = -1;
    r.report = report;
    r.segment = data;
    r.size = size;
    r.enters_late = segment && segment->entry == S3HLS_ENTRY_NONE;
    if (!read_init(&r, init, init_size)) {
        s3hls__fault_note(report, S3HLS_FAULT_BOXES, "its initialisation segment is %s",
                          init_size ? "damaged" : "absent");
        return S3HLS_E_MALFORMED;
    }
    read_segment(&r);
    note_extent(&r);
    note_audio(&r);
    report->width = r.units.track.width;
    report->height = r.units.track.height;
    memcpy(report->codecs, r.units.track.codecs, sizeof report->codecs);
    if (!r.tracks[AUDIO].came)
        report->audio_codecs[0] = 0;
    if (segment)
        check_duration(segment, &r);
    return report->faults ? S3HLS_E_MALFORMED : S3HLS_OK;
}
