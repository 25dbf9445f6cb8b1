/* SPDX-License-Identifier: MIT-0 */
/* Fragmented MP4: what is written is read back by the verifier, which shares no code with the
 * writer, and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/access_unit.h"
#include "container/containers.h"
#include "h264_gen.h"
#include "h265_gen.h"
#include "s3hls/verify.h"
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 1 << 20 };

/* Each part in one piece of memory that grows by so many bytes, to walk through every call of
 * more(). */
typedef struct fixture {
    const s3hls__container *container;
    s3hls__container_state state;
    s3hls__output out[S3HLS__PARTS];
    uint8_t *part[S3HLS__PARTS];
    size_t piece; /* bytes that more() gives */
    long left;    /* calls of more() until memory is exhausted; negative: never */
    s3hls__tracks tracks;
    s3hls__au_parser *parser;
    int64_t dts, delay; /* of the next picture */
    uint8_t segment[CAPACITY], init[4096];
    size_t size, init_size;
    int status;
} fixture;

static int one_more(void *ctx, s3hls__output *out) {
    fixture *f = ctx;
    if (f->left == 0)
        return S3HLS_E_FULL;
    f->left -= f->left > 0;
    size_t part = (size_t)(out - f->out);
    if (!out->p)
        out->p = out->end = f->part[part];
    out->end = out->p + f->piece; /* what is left of the piece before is not used */
    assert_true(out->end <= f->part[part] + CAPACITY);
    return S3HLS_OK;
}

static int on_begin(void *ctx, const s3hls__unit *u) {
    fixture *f = ctx;
    s3hls__unit timed = *u;
    if (u->keyframe && !f->tracks.video.width) {
        f->tracks.video = *u->track;
        f->tracks.config_size = (uint16_t)f->parser->codec->decoder_config(
            &f->parser->sets, f->parser->pps_id, f->tracks.config, sizeof f->tracks.config);
        f->container->begin_timeline(&f->state, &f->tracks);
    }
    if (!f->out[S3HLS__PART_HEAD].p)
        f->status = f->container->begin_segment(&f->state, f->out);
    timed.dts_90k = f->dts;
    timed.pts_90k = f->dts + f->delay;
    f->dts += 3600;
    if (!f->status)
        f->status = f->container->begin_unit(&f->state, f->out, &timed);
    return f->status;
}

static int on_nal(void *ctx, s3hls__nal_kind kind) {
    fixture *f = ctx;
    return f->status = f->container->begin_nal(&f->state, f->out, kind);
}

static int on_data(void *ctx, const uint8_t *data, size_t size) {
    fixture *f = ctx;
    return f->status = f->container->data(&f->state, f->out, data, size);
}

static int on_end(void *ctx) {
    fixture *f = ctx;
    return f->status = f->container->end_unit(&f->state, f->out);
}

static fixture *fixture_open(size_t piece) {
    fixture *f = calloc(1, sizeof *f);
    f->container = &s3hls__container_fmp4;
    f->piece = piece;
    f->left = -1;
    f->dts = 90000;
    for (int i = 0; i < S3HLS__PARTS; i++) {
        f->part[i] = malloc(CAPACITY);
        f->out[i] = (s3hls__output){.ctx = f, .more = one_more};
    }
    f->parser = malloc(sizeof *f->parser);
    s3hls__au_init(f->parser, NULL, S3HLS__AU_INPUT_FRAMES, 0,
                   &(s3hls__au_sink){f, on_begin, on_nal, on_data, on_end});
    return f;
}

static void fixture_close(fixture *f) {
    for (int i = 0; i < S3HLS__PARTS; i++)
        free(f->part[i]);
    free(f->parser);
    free(f);
}

static int put(fixture *f, const uint8_t *unit, size_t size) {
    f->status = S3HLS_OK;
    s3hls__au_put(f->parser, &(s3hls_span){unit, size}, 1);
    return f->status;
}

static uint8_t bytes[1 << 16];

static int put_picture(fixture *f, h264_gen *g) {
    return put(f, bytes, h264_gen_next(g, bytes, sizeof bytes));
}

static void add_audio_track(fixture *f) {
    static const uint8_t config[] = {0x15, 0x88};
    f->tracks.audio = (s3hls__audio_track){.codec = S3HLS__CODEC_AAC,
                                           .codecs = "mp4a.40.2",
                                           .rate = 8000,
                                           .channels = 1,
                                           .frame_samples = 1024,
                                           .config_size = 2};
    memcpy(f->tracks.audio.config, config, 2);
}

/* Frames of sizes that differ, in two pieces. */
static int put_audio(fixture *f, int64_t pts, size_t count) {
    static uint8_t payload[4096];
    s3hls__audio_frame frames[8];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 13);
    for (size_t i = 0; i < count; i++)
        frames[i] = (s3hls__audio_frame){.data = {payload, payload + 77 + i},
                                         .size = {77 + i, i % 2 ? 0 : 50},
                                         .pts = pts + 1024 * (int64_t)i,
                                         .samples = 1024};
    return f->container->audio(&f->state, f->out, frames, count);
}

/* Join the parts, as the packer does. */
static void end(fixture *f) {
    f->container->end_segment(&f->state, f->out, f->dts, true);
    f->size = 0;
    for (int i = 0; i < S3HLS__PARTS; i++) {
        size_t n = f->out[i].p ? (size_t)(f->out[i].p - f->part[i]) : 0;
        memcpy(f->segment + f->size, f->part[i], n);
        f->size += n;
    }
    f->init_size = f->container->init_segment(&f->tracks, f->init, sizeof f->init);
}

static s3hls_verify_report verified(fixture *f) {
    s3hls_verify_report r;
    s3hls_segment named = {.duration_ms = (uint32_t)((f->dts - 90000) / 90)};
    if (s3hls_verify_fragment(&named, f->init, f->init_size, f->segment, f->size, &r))
        fail_msg("%s", r.message);
    return r;
}

static h264_gen camera(void) {
    return (h264_gen){.width = 320, .height = 240, .gop = 25, .key_bytes = 900, .other_bytes = 200};
}

/* ---- */

static void pictures_and_audio_are_read_back(void **state) {
    (void)state;
    fixture *f = fixture_open(CAPACITY);
    h264_gen g = camera();
    add_audio_track(f);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(put_picture(f, &g), S3HLS_OK);
        if (i % 10 == 9)
            assert_int_equal(put_audio(f, 8000 + i / 10 * 3072, 3), S3HLS_OK);
    }
    end(f);
    s3hls_verify_report r = verified(f);
    assert_int_equal(r.access_units, 50);
    assert_int_equal(r.audio_frames, 15);
    assert_int_equal(r.width, 320);
    assert_string_equal(r.codecs, "avc1.42c01e");
    assert_string_equal(r.audio_codecs, "mp4a");
    assert_int_equal(r.first_dts_90k, 90000);
    assert_int_equal(r.end_dts_90k, 90000 + 50 * 3600);
    fixture_close(f);
}

static void h265_is_hvc1(void **state) {
    (void)state;
    fixture *f = fixture_open(CAPACITY);
    h265_gen g = {.width = 640,
                  .height = 360,
                  .gop = 10,
                  .key_bytes = 900,
                  .other_bytes = 100,
                  .cra = true,
                  .reordered = true};
    for (int i = 0; i < 20; i++) {
        f->delay = 3600 + ((int64_t)h265_gen_place(&g, g.pictures) - (int64_t)g.pictures) * 3600;
        assert_int_equal(put(f, bytes, h265_gen_next(&g, bytes)), S3HLS_OK);
    }
    end(f);
    s3hls_verify_report r = verified(f);
    assert_int_equal(r.access_units, 20);
    assert_string_equal(r.codecs, "hvc1.1.6.L93.90");
    fixture_close(f);
}

/* A row, a length or a box is never torn: any size of the pieces gives the same segment, but for
 * where the pieces end. */
static void small_pieces_give_the_same_rows(void **state) {
    (void)state;
    for (size_t piece = 200; piece < 300; piece++) {
        fixture *f = fixture_open(piece);
        h264_gen g = camera();
        for (int i = 0; i < 30; i++)
            assert_int_equal(put_picture(f, &g), S3HLS_OK);
        end(f);
        assert_int_equal(verified(f).access_units, 30);
        fixture_close(f);
    }
}

/* Whenever memory is exhausted: a copy of the state and the outputs undoes the picture. */
static void a_picture_without_memory_can_be_undone(void **state) {
    (void)state;
    int times[2] = {0};
    for (long left = 0; left < 40; left++) {
        fixture *f = fixture_open(120);
        h264_gen g = camera();
        for (int i = 0; i < 20; i++)
            assert_int_equal(put_picture(f, &g), S3HLS_OK);
        s3hls__container_state before = f->state;
        s3hls__output out[S3HLS__PARTS];
        int64_t dts = f->dts;
        memcpy(out, f->out, sizeof out);
        f->left = left;
        g.other_bytes = 2000;
        bool full = put_picture(f, &g) == S3HLS_E_FULL;
        times[full]++;
        if (full) {
            f->state = before;
            memcpy(f->out, out, sizeof out);
            f->dts = dts;
        }
        f->left = -1;
        end(f);
        assert_int_equal(verified(f).access_units, full ? 20 : 21);
        fixture_close(f);
    }
    assert_true(times[0] > 5 && times[1] > 5);
}

/* Two fields of a frame are one sample. */
static void fields_share_a_sample(void **state) {
    (void)state;
    fixture *f = fixture_open(CAPACITY);
    h264_gen g = {.width = 320,
                  .height = 256,
                  .gop = 10,
                  .key_bytes = 900,
                  .other_bytes = 200,
                  .fields = true};
    for (int i = 0; i < 20; i++)
        assert_int_equal(put_picture(f, &g), S3HLS_OK);
    end(f);
    s3hls_verify_report r;
    s3hls_verify_fragment(NULL, f->init, f->init_size, f->segment, f->size, &r);
    assert_int_equal(r.access_units, 10);
    fixture_close(f);
}

/* The newest picture, or the one before, gets another time. */
static void a_picture_can_be_moved(void **state) {
    (void)state;
    for (int behind = 0; behind < 2; behind++) {
        fixture *f = fixture_open(120);
        h264_gen g = camera();
        s3hls__container_state before;
        s3hls__output at[S3HLS__PARTS];
        for (int i = 0; i < 12; i++) {
            if (i == 10) {
                before = f->state;
                memcpy(at, f->out, sizeof at);
                f->dts += 1800;
            }
            if (i == 11 && !behind)
                break;
            assert_int_equal(put_picture(f, &g), S3HLS_OK);
        }
        s3hls__move by = {
            .pts_by_90k = -1800, .dts_by_90k = behind ? 0 : -1800, .dts_90k = 90000 + 10 * 3600};
        if (behind)
            by.pts_by_90k = 900;
        for (int i = 0; i < S3HLS__PARTS; i++)
            at[i].more = one_more;
        f->container->move_unit(&f->state, &before, at, &by);
        f->dts -= behind ? 0 : 1800;
        end(f);
        s3hls_verify_report r;
        s3hls_verify_fragment(NULL, f->init, f->init_size, f->segment, f->size, &r);
        assert_int_equal(r.faults, 0);
        assert_int_equal(r.last_dts_90k, behind ? 90000 + 11 * 3600 + 1800 : 90000 + 10 * 3600);
        assert_int_equal(r.reorder_90k, behind ? 900 : 0);
        fixture_close(f);
    }
}

static void an_init_segment_that_does_not_fit_is_none(void **state) {
    (void)state;
    fixture *f = fixture_open(CAPACITY);
    h264_gen g = camera();
    add_audio_track(f);
    put_picture(f, &g);
    end(f);
    assert_true(f->init_size > 500);
    for (size_t n = 0; n < f->init_size; n++) {
        uint8_t *exact = malloc(n + 1);
        assert_int_equal(f->container->init_segment(&f->tracks, exact, n), 0);
        free(exact);
    }
    fixture_close(f);
}

/* ---- the verifier finds what is wrong */

enum { VIDEO, AUDIO, PLANTED = 30, VIDEO_TRAF = 64 + 16 * PLANTED };

/* baseMediaDecodeTime of a track in a segment of so many pictures. */
static uint8_t *time_of(uint8_t *segment, int track) {
    return segment + 24 + (track == AUDIO ? VIDEO_TRAF : 0) + 8 + 16 + 12;
}

static void add_be(uint8_t *p, int64_t by) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | p[i];
    value += (uint64_t)by;
    for (int i = 7; i >= 0; i--, value >>= 8)
        p[i] = (uint8_t)value;
}

static void plant(fixture *f, s3hls_segment *named, int n) {
    uint8_t *s = f->segment, *row = s + 24 + 64; /* of the first picture */
    size_t moof = (size_t)s[2] << 8 | s[3];
    switch (n) {
    case 0:
        s[7] = 'x'; /* the type of moof */
        break;
    case 1:
        s[24 + 15] ^= 1; /* of tfhd */
        break;
    case 2:
        row[7] ^= 1; /* a sample's size */
        break;
    case 3:
        s[24 + 8 + 16 + 20 + 19] ^= 1; /* data_offset */
        break;
    case 4:
        memset(row, 0, 4); /* a sample's duration */
        break;
    case 5:
        f->size -= 10;
        break;
    case 6:
        row[16 + 8] = 2, row[16 + 9] = 0; /* another picture is a sync sample */
        break;
    case 7:
        s[moof + 8 + 4] |= 0x80; /* forbidden_zero_bit of the first NAL unit */
        break;
    case 8:
        f->size = 0;
        break;
    case 9:
        f->init_size = 0;
        break;
    case 10:
        f->init_size -= 1;
        break;
    case 11:
        named->duration_ms = 2000;
        break;
    case 12:
        add_be(time_of(s, AUDIO), 28672); /* 3.6 s */
        break;
    case 13:
        memset(row + 8, 0, 4); /* all pictures' flags: none is a non-sync sample */
        for (int i = 1; i < PLANTED; i++)
            memset(row + 16 * i + 8, 0, 4);
        break;
    case 14:
        row[9] = 1; /* the keyframe is a non-sync sample */
        break;
    }
}

static void every_planted_fault_is_found(void **state) {
    (void)state;
    enum { FAULTS = 15 };
    static const uint32_t want[FAULTS] = {
        S3HLS_FAULT_BOXES, S3HLS_FAULT_BOXES, S3HLS_FAULT_BOXES, S3HLS_FAULT_BOXES,
        S3HLS_FAULT_TIMES, S3HLS_FAULT_BOXES, S3HLS_FAULT_VIDEO, S3HLS_FAULT_VIDEO,
        S3HLS_FAULT_SIZE,  S3HLS_FAULT_BOXES, S3HLS_FAULT_BOXES, S3HLS_FAULT_DURATION,
        S3HLS_FAULT_AUDIO, S3HLS_FAULT_VIDEO, S3HLS_FAULT_VIDEO};
    for (int n = 0; n < FAULTS; n++) {
        fixture *f = fixture_open(CAPACITY);
        h264_gen g = camera();
        add_audio_track(f);
        for (int i = 0; i < PLANTED; i++)
            put_picture(f, &g);
        put_audio(f, 8000, 5);
        end(f);
        s3hls_segment named = {.duration_ms = 1200};
        plant(f, &named, n);
        s3hls_verify_report r;
        assert_int_equal(
            s3hls_verify_fragment(&named, f->init, f->init_size, f->segment, f->size, &r),
            S3HLS_E_MALFORMED);
        if (!(r.faults & want[n]))
            fail_msg("fault %d was found as %x: %s", n, r.faults, r.message);
        fixture_close(f);
    }
}

/* Two segments of a timeline, the second one with times that do not continue. */
static void times_that_do_not_continue_are_found(void **state) {
    (void)state;
    enum { LENGTH_MS = PLANTED * 40 };
    static const struct {
        int segment, track;
        int64_t by; /* in the track's own units */
        uint32_t want[2];
    } cases[] = {
        {0, AUDIO, 0, {0}},
        {1, VIDEO, 3600, {0, S3HLS_FAULT_PLACE}},
        {1, VIDEO, -3600, {0, S3HLS_FAULT_PLACE}},
        {1, VIDEO, 90000, {0, S3HLS_FAULT_PLACE}},
        {0, AUDIO, 800, {0}},                      /* 0.1 s later */
        {0, AUDIO, 8000, {S3HLS_FAULT_AUDIO}},     /* reaches into the second one's pictures */
        {1, AUDIO, -6400, {0, S3HLS_FAULT_AUDIO}}, /* overlaps that of the first one */
        {1, AUDIO, -12000, {0, S3HLS_FAULT_AUDIO}},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        fixture *f = fixture_open(CAPACITY);
        h264_gen g = camera();
        static uint8_t pair[2][CAPACITY];
        s3hls_segment named[2] = {{.duration_ms = LENGTH_MS, .sequence = 1, .timeline = 1},
                                  {.start_ms = LENGTH_MS, .sequence = 2, .timeline = 1}};
        s3hls_verify_report r[2];
        named[1].duration_ms = LENGTH_MS;
        add_audio_track(f);
        for (int i = 0; i < PLANTED; i++)
            put_picture(f, &g);
        put_audio(f, 8000, 5);
        end(f);
        for (int i = 0; i < 2; i++) {
            memcpy(pair[i], f->segment, f->size);
            add_be(time_of(pair[i], VIDEO), i * LENGTH_MS * 90);
            add_be(time_of(pair[i], AUDIO), i * LENGTH_MS * 8);
        }
        add_be(time_of(pair[cases[n].segment], cases[n].track), cases[n].by);
        for (int i = 0; i < 2; i++)
            s3hls_verify_fragment(&named[i], f->init, f->init_size, pair[i], f->size, &r[i]);
        s3hls_verify_neighbours(named, r, 2);
        for (int i = 0; i < 2; i++)
            if (r[i].faults != cases[n].want[i])
                fail_msg("case %zu, segment %d: %x: %s", n, i, r[i].faults, r[i].message);
        fixture_close(f);
    }
}

/* Truncated or with any flipped bit, nothing is read beyond the bytes (AddressSanitizer). */
static void damage_is_survived(void **state) {
    (void)state;
    fixture *f = fixture_open(CAPACITY);
    h264_gen g = camera();
    s3hls_verify_report r;
    g.key_bytes = 60, g.other_bytes = 30;
    add_audio_track(f);
    for (int i = 0; i < 6; i++)
        put_picture(f, &g);
    put_audio(f, 8000, 2);
    end(f);
    for (size_t n = 0; n < f->size; n++) {
        uint8_t *exact = malloc(n + 1);
        memcpy(exact, f->segment, n);
        s3hls_verify_fragment(NULL, f->init, f->init_size, exact, n, &r);
        assert_true(r.faults);
        free(exact);
    }
    for (size_t bit = 0; bit < 8 * f->init_size; bit++) {
        f->init[bit / 8] ^= (uint8_t)(1 << bit % 8);
        s3hls_verify_fragment(NULL, f->init, f->init_size, f->segment, f->size, &r);
        f->init[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * f->size; bit++) {
        f->segment[bit / 8] ^= (uint8_t)(1 << bit % 8);
        s3hls_verify_fragment(NULL, f->init, f->init_size, f->segment, f->size, &r);
        f->segment[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    fixture_close(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_and_audio_are_read_back),
        cmocka_unit_test(h265_is_hvc1),
        cmocka_unit_test(small_pieces_give_the_same_rows),
        cmocka_unit_test(a_picture_without_memory_can_be_undone),
        cmocka_unit_test(fields_share_a_sample),
        cmocka_unit_test(a_picture_can_be_moved),
        cmocka_unit_test(an_init_segment_that_does_not_fit_is_none),
        cmocka_unit_test(every_planted_fault_is_found),
        cmocka_unit_test(times_that_do_not_continue_are_found),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
