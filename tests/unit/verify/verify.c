/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "container/ts/crc32.h"
#include "container/ts/ts.h"
#include "h264_gen.h"
#include "s3hls/verify.h"
#include "ts_check.h"
#include <stdlib.h>
#include <string.h>

enum { SEGMENTS = 5, PICTURES = 25, FRAME = 3600, CAPACITY = 2000 * 188 };
static const int64_t START_MS = INT64_C(1767323045250);

/* A timeline as the recorder makes one, and what is found out about it. */
typedef struct fixture {
    s3hls_segment segments[SEGMENTS];
    s3hls_verify_report reports[SEGMENTS];
    uint8_t *data[SEGMENTS];
    size_t size[SEGMENTS];
} fixture;

static int no_more(void *ctx, s3hls__output *out) {
    (void)ctx;
    (void)out;
    return S3HLS_E_FULL;
}

static const uint8_t delimiter[] = {0, 0, 0, 1, 9, 0xf0};

/* How a recording is made, and what is wrong with its third segment. */
typedef struct way {
    int64_t origin;
    bool reordered;           /* B-frames */
    int64_t pause;            /* the last segment begins so much later, 90 kHz */
    int64_t (*step)(int64_t); /* time from the nth picture shown to the next; NULL: FRAME */
    int dropped, kept;        /* pictures from the one up to the other are left out; 0: none */
    int swapped;              /* this picture and the next have changed places; 0: none */
    int joined;               /* this picture stands in the PES packet of the one before; 0: none */
    bool unsorted;            /* PTS in the order of decoding */
    bool audio;
    int shifted;          /* the audio of this segment is shifted; SEGMENTS: of all, */
    int64_t audio_offset; /* by so much, 90 kHz */
} way;

static int64_t shown_at(const way *w, uint64_t place) {
    int64_t at = w->origin;
    for (uint64_t n = 0; n < place; n++)
        at += w->step ? w->step((int64_t)n) : FRAME;
    return at;
}

typedef struct unit {
    uint8_t bytes[5000];
    size_t size;
} unit;

/* Times of the nth picture in decoding order: DTS are those of presentation, one picture earlier.
 */
static s3hls__unit times_of(const way *w, const h264_gen *gen, uint64_t n) {
    int64_t dts = shown_at(w, n), pts = dts;
    if (w->reordered)
        pts = shown_at(w, (w->unsorted ? n : h264_gen_place(gen, n)) + 1);
    if (n >= (SEGMENTS - 1) * PICTURES) {
        dts += w->pause;
        pts += w->pause;
    }
    return (s3hls__unit){.pts_90k = pts, .dts_90k = dts, .keyframe = n % PICTURES == 0};
}

enum { RUN = 5, RUN_FRAMES = 9, AUDIO_FRAME = 60 };
static const s3hls__tracks tracks = {.video.codec = S3HLS__CODEC_H264};
static const s3hls__tracks with_audio = {
    .video.codec = S3HLS__CODEC_H264,
    .audio = {.codec = S3HLS__CODEC_AAC,
              .rate = 48000,
              .channels = 2,
              .frame_samples = 1024,
              .adts = {0xff, 0xf1, 0x4c, 0x80, 0x00, 0x1f, 0xfc}},
};

/* The audio of five pictures in one PES packet. */
static void add_audio(const way *w, s3hls__ts *mux, s3hls__output *out, uint64_t first) {
    static const uint8_t bytes[AUDIO_FRAME] = {0x21, 0x10, 4};
    s3hls__audio_frame frames[RUN_FRAMES];
    bool shifted = w->shifted == SEGMENTS || (int)(first / PICTURES) == w->shifted;
    int64_t pts = (w->origin + (int64_t)first * FRAME + shifted * w->audio_offset) * 48 / 90;
    for (int i = 0; i < RUN_FRAMES; i++)
        frames[i] = (s3hls__audio_frame){
            .data = {bytes}, .size = {sizeof bytes}, .pts = pts + i * 1024, .samples = 1024};
    assert_int_equal(s3hls__container_ts.audio(mux, out, frames, RUN_FRAMES), S3HLS_OK);
}

static void add_segment(const way *w, s3hls__ts *mux, s3hls__output *out, h264_gen *gen) {
    static unit units[PICTURES];
    uint64_t first = gen->pictures;
    bool third = first == 2 * PICTURES;
    for (int n = 0; n < PICTURES; n++)
        units[n].size = h264_gen_next(gen, units[n].bytes, sizeof units[n].bytes);
    if (third && w->swapped) {
        unit other = units[w->swapped];
        units[w->swapped] = units[w->swapped + 1];
        units[w->swapped + 1] = other;
    }
    assert_int_equal(s3hls__container_ts.begin_segment(mux, out), S3HLS_OK);
    for (int n = 0; n < PICTURES; n++) {
        s3hls__unit facts = times_of(w, gen, first + (uint64_t)n);
        if (third && n >= w->dropped && n < w->kept)
            continue;
        if (!third || !w->joined || n != w->joined) {
            assert_int_equal(s3hls__container_ts.begin_unit(mux, out, &facts), S3HLS_OK);
            assert_int_equal(s3hls__container_ts.data(mux, out, delimiter, sizeof delimiter),
                             S3HLS_OK);
        }
        assert_int_equal(s3hls__container_ts.data(mux, out, units[n].bytes, units[n].size),
                         S3HLS_OK);
        if (!third || !w->joined || n + 1 != w->joined)
            assert_int_equal(s3hls__container_ts.end_unit(mux, out), S3HLS_OK);
        if (w->audio && n % RUN == RUN - 1)
            add_audio(w, mux, out, first + (uint64_t)n - (RUN - 1));
    }
}

static fixture *fixture_open_as(const way *w) {
    fixture *f = calloc(1, sizeof *f);
    h264_gen gen = {.width = 320,
                    .height = 240,
                    .gop = PICTURES,
                    .key_bytes = 4000,
                    .other_bytes = 900,
                    .reordered = w->reordered};
    s3hls__ts mux;
    s3hls__container_ts.begin_timeline(&mux, w->audio ? &with_audio : &tracks);
    for (int i = 0; i < SEGMENTS; i++) {
        f->data[i] = malloc(CAPACITY);
        s3hls__output out[S3HLS__PARTS] = {
            [S3HLS__PART_MEDIA] = {f->data[i], f->data[i] + CAPACITY, 0, NULL, no_more}};
        add_segment(w, &mux, out, &gen);
        s3hls__container_ts.end_segment(&mux, out, 0, w->audio);
        f->size[i] = (size_t)(out[S3HLS__PART_MEDIA].p - f->data[i]);
        uint64_t first = (uint64_t)i * PICTURES + w->reordered;
        int64_t begin_ms = (shown_at(w, first) - w->origin) / 90;
        int64_t end_ms = (shown_at(w, first + PICTURES) - w->origin) / 90;
        f->segments[i] = (s3hls_segment){.start_ms = START_MS + begin_ms,
                                         .duration_ms = (uint32_t)(end_ms - begin_ms),
                                         .sequence = 1767323045 + (uint64_t)i,
                                         .timeline = 1767323045,
                                         .size = f->size[i]};
    }
    return f;
}

/* pause: the last segment begins so much later, 90 kHz. */
static fixture *fixture_open_with(int64_t origin, bool reordered, int64_t pause) {
    return fixture_open_as(&(way){.origin = origin, .reordered = reordered, .pause = pause});
}

static fixture *fixture_open(void) {
    return fixture_open_with(90000, false, 0);
}

static void fixture_close(fixture *f) {
    for (int i = 0; i < SEGMENTS; i++)
        free(f->data[i]);
    free(f);
}

/* Memory that ends where the data does: a read beyond it is seen. */
static int verify(const s3hls_segment *segment, const uint8_t *data, size_t size,
                  s3hls_verify_report *report) {
    uint8_t *fenced = malloc(size ? size : 1);
    memcpy(fenced, data, size);
    int rc = s3hls_verify_segment(segment, fenced, size, report);
    free(fenced);
    assert_int_equal(rc, report->faults ? S3HLS_E_MALFORMED : S3HLS_OK);
    assert_int_equal(report->faults == 0, report->message[0] == 0);
    return rc;
}

static void verify_all(fixture *f) {
    for (int i = 0; i < SEGMENTS; i++)
        verify(&f->segments[i], f->data[i], f->size[i], &f->reports[i]);
    s3hls_verify_neighbours(f->segments, f->reports, SEGMENTS);
}

/* Exactly these faults, segment by segment. */
static void expect(fixture *f, const uint32_t want[SEGMENTS]) {
    verify_all(f);
    for (int i = 0; i < SEGMENTS; i++) {
        if (f->reports[i].faults != want[i])
            print_message("segment %d: %#x, not %#x: %s\n", i, f->reports[i].faults, want[i],
                          f->reports[i].message);
        assert_int_equal(f->reports[i].faults, want[i]);
    }
}

static void a_good_recording_has_no_faults(void **state) {
    (void)state;
    static const int64_t origins[] = {90000, 0, (INT64_C(1) << 33) - 2 * 90000};
    for (size_t i = 0; i < 6; i++) {
        fixture *f = fixture_open_with(origins[i % 3], i >= 3, 0);
        expect(f, (uint32_t[SEGMENTS]){0});
        const s3hls_verify_report *r = &f->reports[2];
        assert_int_equal(r->access_units, PICTURES);
        assert_int_equal(r->width, 320);
        assert_int_equal(r->height, 240);
        assert_string_equal(r->codecs, i >= 3 ? "avc1.4d001e" : "avc1.42c01e");
        ts_check check = {.out = stdout};
        for (int n = 0; n < SEGMENTS; n++)
            assert_int_equal(ts_check_segment(&check, f->data[n], f->size[n]), 0);
        ts_check_deinit(&check);
        fixture_close(f);
    }
}

/* ---- faults in one segment */

/* The packet in which the nth picture begins. */
static uint8_t *picture(fixture *f, int n) {
    for (uint8_t *p = f->data[2] + 2 * 188;; p += 188)
        if (p[1] & 0x40 && n-- == 0)
            return p;
}

static uint8_t *payload(uint8_t *packet) {
    return packet + (packet[3] & 0x20 ? 5 + packet[4] : 4);
}

static void drop_packet(fixture *f, uint8_t *p) {
    memmove(p, p + 188, (size_t)(f->data[2] + f->size[2] - p - 188));
    f->size[2] -= 188;
}

static void renew_crc(uint8_t *section) {
    size_t size = 3 + ((section[1] & 15u) << 8 | section[2]) - 4;
    uint32_t crc = s3hls__mux_crc32(section, size);
    for (size_t i = 0; i < 4; i++)
        section[size + i] = (uint8_t)(crc >> (24 - 8 * i));
}

static uint8_t *nal(fixture *f, int type) {
    for (uint8_t *p = payload(picture(f, 0));; p++)
        if (p[0] == 0 && p[1] == 0 && p[2] == 1 && (p[3] & 31) == type)
            return p + 3;
}

typedef struct fault {
    const char *what;
    uint32_t want; /* what must be among the faults */
} fault;

static const fault faults[] = {
    {"empty", S3HLS_FAULT_SIZE},
    {"cut off inside a packet", S3HLS_FAULT_SIZE},
    {"no sync byte", S3HLS_FAULT_SYNC},
    {"transport_error_indicator", S3HLS_FAULT_SYNC},
    {"reserved adaptation_field_control", S3HLS_FAULT_SYNC},
    {"adaptation_field_length", S3HLS_FAULT_SYNC},
    {"stuffing", S3HLS_FAULT_SYNC},
    {"no PAT", S3HLS_FAULT_TABLES},
    {"no PMT", S3HLS_FAULT_TABLES},
    {"a bit of the PAT", S3HLS_FAULT_TABLES},
    {"a bit of the PMT", S3HLS_FAULT_TABLES},
    {"PMT without H.264", S3HLS_FAULT_TABLES},
    {"a PID in no table", S3HLS_FAULT_TABLES},
    {"a packet lost", S3HLS_FAULT_COUNTER},
    {"a counter", S3HLS_FAULT_COUNTER},
    {"a PCR forwards", S3HLS_FAULT_PCR},
    {"a PCR backwards", S3HLS_FAULT_PCR},
    {"no PCR at the begin", S3HLS_FAULT_PCR},
    {"stream_id", S3HLS_FAULT_PES},
    {"PES_packet_length", S3HLS_FAULT_PES},
    {"a marker bit", S3HLS_FAULT_PES},
    {"PTS twice", S3HLS_FAULT_TIMES},
    {"no delimiter", S3HLS_FAULT_VIDEO},
    {"no SPS", S3HLS_FAULT_VIDEO},
    {"no PPS", S3HLS_FAULT_VIDEO},
    {"a broken SPS", S3HLS_FAULT_VIDEO},
    {"no slice", S3HLS_FAULT_VIDEO},
    {"forbidden_zero_bit", S3HLS_FAULT_VIDEO},
    {"random access without a keyframe", S3HLS_FAULT_VIDEO},
    {"no keyframe", S3HLS_FAULT_KEYFRAME},
    {"the last pictures cut off", S3HLS_FAULT_DURATION},
    {"the name's duration", S3HLS_FAULT_DURATION},
    {"all PCR past their pictures", S3HLS_FAULT_PCR},
};
enum { FAULTS = sizeof faults / sizeof *faults };

static void plant_in_packets(fixture *f, int n) {
    uint8_t *data = f->data[2], *p = picture(f, 3);
    switch (n) {
    case 0:
        f->size[2] = 0;
        break;
    case 1:
        f->size[2] -= 100;
        break;
    case 2:
        data[5 * 188] ^= 1;
        break;
    case 3:
        data[5 * 188 + 1] |= 0x80;
        break;
    case 4:
        data[5 * 188 + 3] &= 0xcf;
        break;
    case 5:
        p[3] |= 0x20;
        p[4] = 184;
        break;
    case 6:
        while (!(p[3] & 0x20 && p[4] > 20))
            p += 188;
        p[20] = 0;
        break;
    case 7:
        drop_packet(f, data);
        break;
    case 8:
        drop_packet(f, data + 188);
        break;
    case 9:
        data[13] ^= 4;
        break;
    case 10:
        data[188 + 15] ^= 8;
        break;
    case 11:
        data[188 + 5 + 12] = 0x02;
        renew_crc(data + 188 + 5);
        break;
    case 12:
        p[2] ^= 8;
        break;
    case 13:
        drop_packet(f, p);
        break;
    case 14:
        p[3] ^= 2;
        break;
    }
}

static void plant_in_units(fixture *f, int n) {
    uint8_t *p = picture(f, 4), *pes = payload(p);
    switch (n) {
    case 15:
        p[8] += 10;
        break;
    case 16:
        p[8] -= 20;
        break;
    case 17:
        picture(f, 0)[5] &= 0xef;
        memset(picture(f, 0) + 6, 0xff, 6);
        break;
    case 18:
        pes[3] = 0xc0;
        break;
    case 19:
        pes[5] = 9;
        break;
    case 20:
        pes[9] &= 0xfe;
        break;
    case 21:
        memcpy(pes + 9, payload(picture(f, 3)) + 9, 5);
        break;
    case 22:
        pes[14 + 4] = 12;
        break;
    case 23:
        *nal(f, 7) = 6;
        break;
    case 24:
        *nal(f, 8) = 6;
        break;
    case 25:
        memset(nal(f, 7) + 4, 0, 1);
        break;
    case 26:
        pes[14 + 10] = 12;
        break;
    case 27:
        pes[14 + 10] |= 0x80;
        break;
    }
}

static void plant_in_times(fixture *f, int n) {
    uint8_t *p = picture(f, 4);
    switch (n) {
    case 28:
        p[5] |= 0x40;
        break;
    case 29:
        picture(f, 0)[5] &= 0xbf;
        break;
    case 30:
        f->size[2] = (size_t)(picture(f, 20) - f->data[2]);
        break;
    case 31:
        f->segments[2].duration_ms += 120;
        break;
    case 32:
        for (p = f->data[2]; p < f->data[2] + f->size[2]; p += 188)
            if (p[3] & 0x20 && p[4] && p[5] & 0x10)
                p[7] += 1; /* 1.46 s */
        break;
    }
}

static void every_planted_fault_is_found_and_named(void **state) {
    (void)state;
    for (int n = 0; n < FAULTS; n++) {
        fixture *f = fixture_open();
        plant_in_packets(f, n);
        plant_in_units(f, n);
        plant_in_times(f, n);
        s3hls_verify_report *r = &f->reports[2];
        verify(&f->segments[2], f->data[2], f->size[2], r);
        if (!(r->faults & faults[n].want))
            print_message("%s: %#x: %s\n", faults[n].what, r->faults, r->message);
        assert_true(r->faults & faults[n].want);
        fixture_close(f);
    }
}

/* The payload of the nth PES packet of audio in the third segment. */
static uint8_t *audio_pes(fixture *f, int n) {
    for (uint8_t *p = f->data[2] + 2 * 188;; p += 188) {
        uint8_t *pes = p + (p[3] & 0x20 ? 5 + p[4] : 4);
        if (p[1] & 0x40 && pes[3] == 0xc0 && n-- == 0)
            return pes;
    }
}

static void plant_in_audio(fixture *f, int which) {
    uint8_t *pes = audio_pes(f, 2), *adts = pes + 14;
    switch (which) {
    case 0:
        pes[2] = 2;
        break;
    case 1:
        pes[5]++;
        break;
    case 2:
        memcpy(pes + 9, audio_pes(f, 1) + 9, 5);
        break;
    case 3:
        adts[0] = 0;
        break;
    case 4:
        adts[5] += 32; /* one byte longer */
        break;
    case 5:
        adts[2] ^= 0x04; /* sampling rate */
        break;
    case 6:
        adts[2] &= 0x3f; /* AAC Main */
        break;
    case 7:
        adts[6] |= 1; /* two raw data blocks */
        break;
    }
}

static void faults_in_audio_are_found(void **state) {
    (void)state;
    const way w = {.origin = 90000, .audio = true};
    fixture *f = fixture_open_as(&w);
    expect(f, (uint32_t[SEGMENTS]){0});
    assert_int_equal(f->reports[2].audio_frames, PICTURES / RUN * RUN_FRAMES);
    assert_string_equal(f->reports[2].audio_codecs, "mp4a.40.2");
    fixture_close(f);
    for (int which = 0; which < 8; which++) {
        f = fixture_open_as(&w);
        plant_in_audio(f, which);
        print_message("fault %d\n", which);
        expect(f, (uint32_t[SEGMENTS]){0, 0, S3HLS_FAULT_AUDIO});
        fixture_close(f);
    }
}

/* Sound that is not beside its pictures. */
static void shifted_audio_is_found(void **state) {
    (void)state;
    enum { A = S3HLS_FAULT_AUDIO };
    static const struct {
        int64_t ms;
        int shifted;
        uint32_t want[SEGMENTS];
    } cases[] = {
        {15, 2, {0}},
        {90, 2, {0, 0, 0, A}}, /* overlaps */
        {-90, 2, {0, 0, A}},
        {400, 2, {0, 0, A}},
        {-400, 2, {0, 0, A}},
        {1500, 2, {0, 0, A}},
        {-1500, 2, {0, 0, A}},
        {80, SEGMENTS, {0}},
        {-80, SEGMENTS, {0}},
        {400, SEGMENTS, {A, A, A, A}}, /* but of the last, behind which there may be more */
        {-500, SEGMENTS, {0}},
        {-1500, SEGMENTS, {A}}, /* that of the later ones may have been late */
        {3000, SEGMENTS, {A, A, A, A, A}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture *f = fixture_open_as(&(way){.origin = 900000,
                                            .audio = true,
                                            .shifted = cases[i].shifted,
                                            .audio_offset = cases[i].ms * 90});
        print_message("%d ms\n", (int)cases[i].ms);
        expect(f, cases[i].want);
        fixture_close(f);
    }
}

/* Where one checker finds a stream in order, so does the other: every bit of a segment's tables and
 * of two pictures' packets flipped, one after the other. What both leave is the pictures' own
 * bytes. */
static void agrees_with_the_tests_own_checker(void **state) {
    (void)state;
    fixture *f = fixture_open();
    size_t bits = 0, found = 0, both = 0;
    for (size_t packet = 0; packet < 40; packet++) {
        uint8_t *p = f->data[2] + packet * 188;
        for (size_t bit = 0; bit < 24 * 8; bit++) {
            p[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
            static ts_check check;
            memset(&check, 0, sizeof check);
            bool theirs = ts_check_segment(&check, f->data[2], f->size[2]) != 0;
            bool ours =
                s3hls_verify_segment(&f->segments[2], f->data[2], f->size[2], &f->reports[2]) != 0;
            ts_check_deinit(&check);
            p[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
            bits++;
            found += ours;
            both += ours && theirs;
            if (theirs && !ours)
                print_message("packet %zu, bit %zu: only the tests' checker complains\n", packet,
                              bit);
            assert_true(ours || !theirs);
        }
    }
    print_message("%zu bits flipped: %zu found, %zu by both\n", bits, found, both);
    assert_true(found > bits / 4);
    fixture_close(f);
}

static void truncated_anywhere_is_found(void **state) {
    (void)state;
    fixture *f = fixture_open();
    for (size_t size = 0; size < f->size[2]; size += size % 188 == 187 ? 1 : 11) {
        s3hls_segment *s = f->segments;
        verify(&s[2], f->data[2], size, &f->reports[2]);
        verify(&s[1], f->data[1], f->size[1], &f->reports[1]);
        verify(&s[3], f->data[3], f->size[3], &f->reports[3]);
        s3hls_verify_neighbours(s + 1, f->reports + 1, 3);
        assert_true(f->reports[2].faults);
        assert_int_equal(f->reports[3].faults, 0);
    }
    fixture_close(f);
}

/* ---- neighbours */

static void swap(fixture *f, int a, int b) {
    uint8_t *data = f->data[a];
    size_t size = f->size[a];
    f->data[a] = f->data[b];
    f->size[a] = f->size[b];
    f->data[b] = data;
    f->size[b] = size;
}

static void swapped_segments_are_told_from_their_neighbours(void **state) {
    (void)state;
    fixture *f = fixture_open();
    swap(f, 0, 1);
    expect(f, (uint32_t[SEGMENTS]){S3HLS_FAULT_PLACE, S3HLS_FAULT_PLACE});
    assert_non_null(strstr(f->reports[0].message, "1000 ms later"));
    swap(f, 0, 1);
    swap(f, 1, 3);
    expect(f, (uint32_t[SEGMENTS]){0, S3HLS_FAULT_PLACE, 0, S3HLS_FAULT_PLACE});
    fixture_close(f);
}

/* The recorder corrects the wall's clock at a cut: names step, pictures do not. */
static void a_corrected_clock_is_no_fault(void **state) {
    (void)state;
    fixture *f = fixture_open();
    for (int i = 2; i < SEGMENTS; i++)
        f->segments[i].start_ms += i < 4 ? 400 : -300;
    expect(f, (uint32_t[SEGMENTS]){0});
    swap(f, 3, 4);
    expect(f, (uint32_t[SEGMENTS]){0, 0, 0, S3HLS_FAULT_PLACE, S3HLS_FAULT_PLACE});
    fixture_close(f);
}

static void a_segment_of_another_timeline_does_not_fit(void **state) {
    (void)state;
    fixture *f = fixture_open(), *other = fixture_open_with(5 * 90000, false, 0);
    memcpy(f->data[3], other->data[3], f->size[3]);
    expect(f, (uint32_t[SEGMENTS]){0, 0, 0, S3HLS_FAULT_PLACE});
    fixture_close(f);
    fixture_close(other);
}

static void a_wrong_duration_is_found_to_the_millisecond(void **state) {
    (void)state;
    fixture *f = fixture_open();
    f->segments[1].duration_ms = 1003;
    f->segments[2].duration_ms = 1002; /* within what rounding may do */
    expect(f, (uint32_t[SEGMENTS]){0, S3HLS_FAULT_DURATION});
    fixture_close(f);
}

static void an_end_cut_off_shows_in_the_next_ones_counters(void **state) {
    (void)state;
    fixture *f = fixture_open();
    f->size[2] -= 188; /* the last packet of the last picture */
    expect(f, (uint32_t[SEGMENTS]){0, 0, S3HLS_FAULT_END});
    fixture_close(f);
}

/* What begins inside a group of pictures is whole as long as the segment before it is there. */
static void a_segment_without_a_keyframe_needs_the_one_before(void **state) {
    (void)state;
    fixture *f = fixture_open();
    picture(f, 0)[5] &= 0xbf;
    expect(f, (uint32_t[SEGMENTS]){0});
    f->segments[1].sequence--; /* as if another one were missing between them */
    f->segments[0].sequence--;
    expect(f, (uint32_t[SEGMENTS]){0, 0, S3HLS_FAULT_KEYFRAME});
    fixture_close(f);
}

/* A still picture that lasts: known only once the next one has come. */
static void a_long_last_picture_is_settled_by_the_next_segment(void **state) {
    (void)state;
    fixture *f = fixture_open_with(90000, false, 5 * 90000);
    f->segments[3].duration_ms = 6000;
    f->segments[4].start_ms += 5000;
    expect(f, (uint32_t[SEGMENTS]){0});
    f->size[4] = 0; /* nobody to ask */
    expect(f, (uint32_t[SEGMENTS]){0, 0, 0, S3HLS_FAULT_DURATION, S3HLS_FAULT_SIZE});
    fixture_close(f);
}

static void a_timelines_object_has_to_agree(void **state) {
    (void)state;
    fixture *f = fixture_open();
    s3hls_timeline good = {.width = 320, .height = 240, .codecs = "avc1.42c01e"};
    verify_all(f);
    s3hls_verify_timeline(&good, &f->reports[0]);
    assert_int_equal(f->reports[0].faults, 0);
    for (int i = 0; i < 3; i++) {
        s3hls_timeline bad = good;
        if (i == 0)
            bad.width = 640;
        else if (i == 1)
            bad.height = 480;
        else
            strcpy(bad.codecs, "avc1.64001f");
        s3hls_verify_timeline(&bad, &f->reports[i]);
        assert_int_equal(f->reports[i].faults, S3HLS_FAULT_TIMELINE);
    }
    fixture_close(f);
}

/* ---- times against pictures */

static int64_t jittering(int64_t n) {
    return FRAME + (n * 7 % 5 - 2) * 90; /* up to 2 ms */
}

static int64_t slowing(int64_t n) {
    return n / 20 % 3 == 1 ? 3 * FRAME : FRAME; /* night, 8 frames per second, and day */
}

static int64_t skipping(int64_t n) {
    return n % 9 == 4 ? 2 * FRAME : FRAME; /* a frame is missing here and there */
}

static void rates_that_vary_are_no_fault(void **state) {
    (void)state;
    static int64_t (*const steps[])(int64_t) = {jittering, slowing, skipping};
    for (int i = 0; i < 6; i++) {
        fixture *f =
            fixture_open_as(&(way){.origin = 90000, .reordered = i % 2, .step = steps[i / 2]});
        expect(f, (uint32_t[SEGMENTS]){0});
        fixture_close(f);
    }
}

/* Pictures behind a damaged one are left out up to the next keyframe, and their time stays. */
static void pictures_left_out_are_no_fault(void **state) {
    (void)state;
    for (int reordered = 0; reordered < 2; reordered++)
        for (int from = 1; from < PICTURES; from++) {
            fixture *f = fixture_open_as(
                &(way){.origin = 90000, .reordered = reordered, .dropped = from, .kept = PICTURES});
            verify_all(f);
            for (int i = 0; i < SEGMENTS; i++)
                assert_int_equal(f->reports[i].faults & ~(uint32_t)S3HLS_FAULT_END, 0);
            fixture_close(f);
        }
}

/* A field of 33 bits of a PES header (2.4.3.6): PTS at 9, DTS at 14. */
static void add_to_timestamp(uint8_t *p, int64_t by) {
    uint64_t value = (uint64_t)(p[0] >> 1 & 7) << 30 | (uint64_t)p[1] << 22 |
                     (uint64_t)(p[2] >> 1) << 15 | (uint64_t)p[3] << 7 | p[4] >> 1;
    value += (uint64_t)by;
    p[0] = (uint8_t)((p[0] & 0xf1) | (value >> 29 & 0x0e));
    p[1] = (uint8_t)(value >> 22);
    p[2] = (uint8_t)(value >> 14 | 1);
    p[3] = (uint8_t)(value >> 7);
    p[4] = (uint8_t)(value << 1 | 1);
}

/* Whichever picture it is, of a segment in the middle or of the last one. */
static void a_pts_off_by_a_second_is_found(void **state) {
    (void)state;
    for (int i = 0; i < 2 * 2 * 2 * PICTURES; i++) {
        fixture *f = fixture_open_with(90000, i & 1, 0);
        if (i & 4) /* the third is the last one */
            f->segments[3].sequence = f->segments[3].timeline = 1767999999;
        add_to_timestamp(payload(picture(f, i / 8)) + 9, i & 2 ? 90000 : -90000);
        verify_all(f);
        if (!f->reports[2].faults)
            print_message("picture %d, case %d\n", i / 8, i & 7);
        assert_true(f->reports[2].faults);
        fixture_close(f);
    }
}

static void pictures_missing_at_the_end_are_found(void **state) {
    (void)state;
    static int64_t (*const steps[])(int64_t) = {NULL, jittering};
    for (int missing = 1; missing <= 8; missing++)
        for (int i = 0; i < 8; i++) {
            fixture *f = fixture_open_as(
                &(way){.origin = 90000, .reordered = i & 1, .step = steps[i >> 1 & 1]});
            if (i & 4) /* another session follows */
                f->segments[3].sequence = f->segments[3].timeline = 1767999999;
            else
                memset(&f->segments[3], 0, sizeof f->segments[3]);
            f->size[2] = (size_t)(picture(f, PICTURES - missing) - f->data[2]);
            for (int n = 0; n < 4; n++)
                verify(&f->segments[n], f->data[n], f->size[n], &f->reports[n]);
            s3hls_verify_neighbours(f->segments, f->reports, i & 4 ? 4 : 3);
            if (f->reports[2].faults != S3HLS_FAULT_DURATION)
                print_message("%d missing, case %d: %#x\n", missing, i, f->reports[2].faults);
            assert_int_equal(f->reports[2].faults, S3HLS_FAULT_DURATION);
            assert_int_equal(f->reports[1].faults, 0);
            fixture_close(f);
        }
}

static void pictures_out_of_order_are_found(void **state) {
    (void)state;
    for (int i = 0; i < 2 * (PICTURES - 3); i++) {
        fixture *f =
            fixture_open_as(&(way){.origin = 90000, .reordered = i & 1, .swapped = 1 + i / 2});
        expect(f, (uint32_t[SEGMENTS]){0, 0, S3HLS_FAULT_TIMES});
        fixture_close(f);
    }
    fixture *f = fixture_open_as(&(way){.origin = 90000, .reordered = true, .unsorted = true});
    verify_all(f);
    for (int i = 0; i < SEGMENTS; i++)
        assert_true(f->reports[i].faults & S3HLS_FAULT_TIMES);
    fixture_close(f);
}

static void two_pictures_in_one_access_unit_are_found(void **state) {
    (void)state;
    for (int i = 0; i < 2 * (PICTURES - 1); i++) {
        fixture *f =
            fixture_open_as(&(way){.origin = 90000, .reordered = i & 1, .joined = 1 + i / 2});
        verify_all(f);
        assert_true(f->reports[2].faults & S3HLS_FAULT_VIDEO);
        assert_non_null(strstr(f->reports[2].message, "two pictures in one access unit"));
        fixture_close(f);
    }
}

/* ---- names */

static void seams_say_what_is_missing(void **state) {
    (void)state;
    s3hls_segment a = {.start_ms = 1000, .duration_ms = 4000, .sequence = 100, .timeline = 90};
    s3hls_segment b = {.start_ms = 5000, .duration_ms = 4000, .sequence = 101, .timeline = 90};
    s3hls_seam seam = s3hls_verify_seam(&a, &b);
    assert_true(seam.missing == 0 && seam.gap_ms == 0 && !seam.new_session && !seam.new_timeline);
    b.sequence = 103;
    b.start_ms = 13000;
    seam = s3hls_verify_seam(&a, &b);
    assert_true(seam.missing == 2 && seam.gap_ms == 8000 && !seam.new_timeline);
    b.timeline = 91;
    b.start_ms = 4000;
    seam = s3hls_verify_seam(&a, &b);
    assert_true(seam.new_timeline && !seam.new_session && seam.gap_ms == -1000);
    b.timeline = b.sequence = 5000;
    seam = s3hls_verify_seam(&a, &b);
    assert_true(seam.new_timeline && seam.new_session && seam.missing == 0);
    assert_string_equal(s3hls_fault_name(S3HLS_FAULT_PCR), "pcr");
    assert_string_equal(s3hls_fault_name(3), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_recording_has_no_faults),
        cmocka_unit_test(every_planted_fault_is_found_and_named),
        cmocka_unit_test(faults_in_audio_are_found),
        cmocka_unit_test(shifted_audio_is_found),
        cmocka_unit_test(agrees_with_the_tests_own_checker),
        cmocka_unit_test(truncated_anywhere_is_found),
        cmocka_unit_test(swapped_segments_are_told_from_their_neighbours),
        cmocka_unit_test(a_corrected_clock_is_no_fault),
        cmocka_unit_test(a_segment_of_another_timeline_does_not_fit),
        cmocka_unit_test(a_wrong_duration_is_found_to_the_millisecond),
        cmocka_unit_test(an_end_cut_off_shows_in_the_next_ones_counters),
        cmocka_unit_test(a_segment_without_a_keyframe_needs_the_one_before),
        cmocka_unit_test(a_long_last_picture_is_settled_by_the_next_segment),
        cmocka_unit_test(a_timelines_object_has_to_agree),
        cmocka_unit_test(rates_that_vary_are_no_fault),
        cmocka_unit_test(pictures_left_out_are_no_fault),
        cmocka_unit_test(a_pts_off_by_a_second_is_found),
        cmocka_unit_test(pictures_missing_at_the_end_are_found),
        cmocka_unit_test(pictures_out_of_order_are_found),
        cmocka_unit_test(two_pictures_in_one_access_unit_are_found),
        cmocka_unit_test(seams_say_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
