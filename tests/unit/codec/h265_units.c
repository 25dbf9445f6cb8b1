/* SPDX-License-Identifier: MIT-0 */
/* Access units of H.265 written by hand, and the detection of the codec. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "h264_gen.h"
#include "h265_stream.h"

enum {
    TRAIL_N = 0,
    TRAIL_R = 1,
    TSA_R = 3,
    RADL_N = 6,
    RASL_N = 8,
    RASL_R = 9,
    BLA = 16,
    IDR = 19,
    CRA = 21,
    AUD = 35,
    END_SEQUENCE = 36,
    END_STREAM = 37,
    FILLER = 38,
    PREFIX_SEI = 39,
    SUFFIX_SEI = 40
};

static made m;

static void begin(void) {
    m.size = 0;
}

static seen configured(void) {
    seen s;
    counts c = parse_as(&s3hls__codec_h265, m.bytes, m.size, m.size, &s);
    assert_int_equal(c.damaged, 0);
    return s;
}

/* ---- pictures */

static void pictures_that_cannot_be_decoded_after_their_keyframe_are_marked(void **state) {
    (void)state;
    begin();
    add_sets(&m);
    add_picture(&m, CRA, 0, 8);
    add_picture(&m, RASL_R, 0, 6);
    add_picture(&m, RASL_N, 0, 7);
    add_picture(&m, TRAIL_R, 0, 10);
    add_picture(&m, BLA, 0, 3);
    add_picture(&m, RASL_N, 0, 2);
    add_picture(&m, IDR, 0, 0);
    add_picture(&m, RADL_N, 0, 255);
    seen s = configured();
    static const int32_t poc[] = {8, 6, 7, 10, 3, 2, 0, -1};
    assert_int_equal(s.units, 8);
    assert_int_equal(s.rasl, 3);
    assert_int_equal(s.idr, 2);      /* BLA, IDR */
    assert_int_equal(s.recovery, 1); /* CRA */
    for (int i = 0; i < 8; i++)
        assert_int_equal(s.poc[i], poc[i]);
    seen_deinit(&s);
}

/* Two levels of B pictures, over several turns of the lsb. */
static void a_pyramid_is_counted_in_its_order(void **state) {
    (void)state;
    begin();
    add_sets(&m);
    add_picture(&m, IDR, 0, 0);
    for (unsigned base = 0; base < 40; base += 4) {
        add_picture(&m, TRAIL_R, 0, (base * 16 + 64) & 255);
        add_picture(&m, TRAIL_R, 1, (base * 16 + 32) & 255);
        add_picture(&m, TRAIL_N, 2, (base * 16 + 16) & 255);
        add_picture(&m, TRAIL_N, 2, (base * 16 + 48) & 255);
    }
    seen s = configured();
    assert_int_equal(s.units, 41);
    for (int i = 0; i < 40; i += 4) {
        assert_int_equal(s.poc[i + 1], i * 16 + 64);
        assert_int_equal(s.poc[i + 2], i * 16 + 32);
        assert_int_equal(s.poc[i + 3], i * 16 + 16);
        assert_int_equal(s.poc[i + 4], i * 16 + 48);
    }
    seen_deinit(&s);
}

/* 8.1.3: NoRaslOutputFlag */
static void a_cra_picture_behind_an_end_begins_another_sequence(void **state) {
    (void)state;
    for (int ended = 0; ended < 2; ended++) {
        begin();
        add_sets(&m);
        add_picture(&m, IDR, 0, 0);
        for (unsigned lsb = 40; lsb <= 400; lsb += 40)
            add_picture(&m, TRAIL_R, 0, lsb & 255);
        uint8_t between[] = {0, 0, 1, (uint8_t)((ended ? END_SEQUENCE : FILLER) << 1), 1};
        memcpy(m.bytes + m.size, between, sizeof between);
        m.size += sizeof between;
        add_picture(&m, CRA, 0, 100);
        add_picture(&m, CRA, 0, 120);
        seen s = configured();
        assert_int_equal(s.idr, ended ? 2 : 1);
        assert_int_equal(s.poc[10], 400);
        assert_int_equal(s.poc[11], ended ? 100 : 356);
        assert_int_equal(s.poc[12], ended ? 120 : 376);
        seen_deinit(&s);
    }
}

/* @return where a NAL unit of this type is; NULL: not there */
static const uint8_t *find(const uint8_t *data, size_t size, unsigned type) {
    for (size_t i = 3; i + 1 < size; i++)
        if (!data[i - 3] && !data[i - 2] && data[i - 1] == 1 && data[i] == type << 1)
            return data + i;
    return NULL;
}

static const uint8_t *end_of_first(const seen *s) {
    for (size_t i = 0; i + 3 <= s->size; i++)
        if (memcmp(s->bytes + i, "END", 3) == 0)
            return s->bytes + i;
    return NULL;
}

static void sei_stays_with_its_picture(void **state) {
    (void)state;
    begin();
    add_sets(&m);
    add_small(&m, PREFIX_SEI, 0x0102aa);
    add_picture(&m, IDR, 0, 0);
    add_small(&m, SUFFIX_SEI, 0x8401bb);
    add_small(&m, FILLER, 0xffffff);
    add_picture(&m, TRAIL_R, 0, 1);
    seen s = configured();
    const uint8_t *end = end_of_first(&s);
    assert_int_equal(s.units, 2);
    assert_true(find(s.bytes, s.size, PREFIX_SEI) < find(s.bytes, s.size, IDR));
    assert_non_null(find(s.bytes, s.size, SUFFIX_SEI));
    assert_true(find(s.bytes, s.size, SUFFIX_SEI) > find(s.bytes, s.size, IDR));
    assert_true(find(s.bytes, s.size, SUFFIX_SEI) < end);
    assert_true(find(s.bytes, s.size, FILLER) < end);
    seen_deinit(&s);
}

static void other_layers_are_dropped_with_their_sets(void **state) {
    (void)state;
    seen s, alone;
    begin();
    add_sets(&m);
    add_picture(&m, IDR, 0, 0);
    add_picture(&m, TRAIL_R, 0, 1);
    alone = configured();
    for (unsigned layer = 1; layer < 64; layer += 31) {
        bits b = {.n = 0};
        u(&b, 0x123456, 24);
        begin();
        add_sets(&m);
        for (unsigned type = 32; type <= 34; type++)
            add_nal(&m, type, layer, 0, &(bits){.bytes = {1, 2, 3}, .n = 24});
        add_picture(&m, IDR, 0, 0);
        add_slice(&m, &(slice_kind){.type = IDR, .layer = layer});
        add_nal(&m, SUFFIX_SEI, layer, 0, &b);
        add_picture(&m, TRAIL_R, 0, 1);
        add_slice(&m, &(slice_kind){.type = TRAIL_R, .lsb = 1, .layer = layer});
        s = configured();
        assert_int_equal(s.size, alone.size);
        assert_memory_equal(s.bytes, alone.bytes, s.size);
        seen_deinit(&s);
    }
    seen_deinit(&alone);
}

/* ---- splitting */

/* Frames with every kind of NAL unit. @param ends  where each NAL unit ends */
static size_t varied(size_t *ends) {
    size_t count = 0;
    begin();
    for (unsigned n = 0; n < 12; n++) {
        size_t from = m.size;
        add_small(&m, AUD, 0x500000 | n);
        if (n % 6 == 0)
            add_sets(&m);
        add_small(&m, PREFIX_SEI, 0x050100 | n);
        unsigned type = n == 0 ? IDR : n == 6 ? CRA : n == 7 ? RASL_N : TRAIL_R;
        unsigned lsb = n == 7 ? 5 : n;
        add_picture(&m, type, 0, lsb);
        add_slice(&m, &(slice_kind){.type = type, .address = 10, .lsb = lsb});
        add_slice(&m, &(slice_kind){.type = type, .address = 20, .dependent = true});
        add_small(&m, SUFFIX_SEI, 0x840100 | n);
        for (size_t i = from + 4; i + 4 < m.size; i++)
            if (memcmp(m.bytes + i, "\0\0\0\1", 4) == 0)
                ends[count++] = i;
        ends[count++] = m.size;
    }
    return count;
}

static void every_framing_gives_the_same_units(void **state) {
    (void)state;
    size_t ends[200], count = varied(ends);
    seen whole, s;
    static const size_t steps[] = {1, 2, 3, 5, 17, 64, 100, 1000};
    parse_as(&s3hls__codec_h265, m.bytes, m.size, m.size, &whole);
    assert_int_equal(whole.units, 12);
    assert_int_equal(whole.rasl, 1);
    for (size_t i = 0; i < 2 * sizeof steps / sizeof *steps; i++) {
        const s3hls__codec *codec = i % 2 ? NULL : &s3hls__codec_h265;
        counts c = parse_as(codec, m.bytes, m.size, steps[i / 2], &s);
        assert_int_equal(c.damaged + c.early + c.refused, 0);
        assert_int_equal(s.size, whole.size);
        assert_memory_equal(s.bytes, whole.bytes, s.size);
        seen_deinit(&s);
    }
    for (int i = 0; i < 8; i++) { /* NAL units and frames; start codes and lengths */
        bool frames = i & 1, lengths = i & 2;
        s3hls__au_input input = frames ? S3HLS__AU_INPUT_FRAMES : S3HLS__AU_INPUT_NALS;
        s3hls__au_parser *p = parser(input, lengths ? 4 : 0, &s);
        s3hls__au_init(p, i & 4 ? NULL : &s3hls__codec_h265, input, lengths ? 4 : 0,
                       &(s3hls__au_sink){&s, on_begin, on_nal, on_data, on_end});
        uint8_t call[4096];
        size_t used = 0, from = 0;
        for (size_t n = 0; n < count; n++) {
            size_t size = ends[n] - from;
            memcpy(call + used, m.bytes + from, size);
            if (lengths) {
                call[used] = call[used + 1] = 0;
                call[used + 2] = (uint8_t)((size - 4) >> 8);
                call[used + 3] = (uint8_t)(size - 4);
            }
            used += size;
            from = ends[n];
            bool last = n + 1 == count || m.bytes[from + 4] == AUD << 1;
            if (frames && !last)
                continue;
            assert_int_equal(put_copy(p, call, used), S3HLS_OK);
            used = 0;
        }
        s3hls__au_flush(p);
        assert_int_equal(s.size, whole.size);
        assert_memory_equal(s.bytes, whole.bytes, s.size);
        free(p);
        seen_deinit(&s);
    }
    seen_deinit(&whole);
}

/* ---- detection */

/* The stream in m gives the same detected as configured, however it is cut. */
static void same_as(const s3hls__codec *codec) {
    static const size_t steps[] = {1, 3, 64, 65, sizeof m.bytes};
    seen want, got;
    counts c = parse_as(codec, m.bytes, m.size, m.size, &want);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        counts d = parse_as(NULL, m.bytes, m.size, steps[i], &got);
        assert_ptr_equal(d.codec, codec);
        assert_int_equal(d.damaged, c.damaged);
        assert_int_equal(d.slices_damaged, c.slices_damaged);
        assert_int_equal(d.early, c.early);
        assert_int_equal(d.refused, c.refused);
        assert_int_equal(got.size, want.size);
        if (want.size)
            assert_memory_equal(got.bytes, want.bytes, got.size);
        seen_deinit(&got);
    }
    seen_deinit(&want);
}

static void add_gop(bool delimiter) {
    if (delimiter)
        add_small(&m, AUD, 0x1011ff);
    add_small(&m, PREFIX_SEI, 0x050155);
    add_sets(&m);
    add_small(&m, PREFIX_SEI, 0x050166);
    add_picture(&m, IDR, 0, 0);
    add_small(&m, AUD, 0x3011ff);
    add_picture(&m, TRAIL_R, 0, 1);
}

static void what_is_before_the_first_set_is_kept_or_counted_alike(void **state) {
    (void)state;
    begin();
    add_gop(true);
    same_as(&s3hls__codec_h265);
    for (unsigned type = 0; type < 64; type++)
        for (unsigned n = 0; n < 6; n++) {
            unsigned temporal_id = n / 2;
            if (type >= 32 && type <= 34)
                continue;
            begin();
            add_small(&m, AUD, 0x5011ff);
            add_small(&m, PREFIX_SEI, 0x0501aa);
            bool slice = type < 10 || (type >= 16 && type <= 21);
            if (slice)
                add_picture(&m, type, temporal_id, 9);
            else
                add_nal(&m, type, 0, temporal_id, &(bits){.bytes = {0x77, 0x88}, .n = 16});
            add_gop(n % 2);
            same_as(&s3hls__codec_h265);
        }
}

static size_t add_h264(h264_gen *g, int pictures) {
    size_t from = m.size;
    while (pictures--)
        m.size += h264_gen_next(g, m.bytes + m.size, sizeof m.bytes - m.size);
    return m.size - from;
}

static const h264_gen h264 = {
    .width = 320, .height = 240, .gop = 5, .key_bytes = 300, .other_bytes = 90};

static void h264_is_detected_alike(void **state) {
    (void)state;
    static const uint8_t aud[] = {0, 0, 0, 1, 9, 0x10}, sei[] = {0, 0, 0, 1, 6, 5, 1, 0xaa, 0x80},
                         timing[] = {0, 0, 0, 1, 6, 1, 1, 0x12, 0x80},
                         recovery[] = {0, 0, 0, 1, 6, 6, 1, 0xc4, 0x80};
    static const struct {
        const uint8_t *bytes;
        size_t size;
    } before[] = {
        {aud, sizeof aud}, {sei, sizeof sei}, {timing, sizeof timing}, {recovery, sizeof recovery}};
    for (unsigned set = 0; set < 16; set++)
        for (int late = 0; late < 2; late++) {
            h264_gen g = h264;
            begin();
            for (unsigned i = 0; i < 4; i++)
                if (set >> i & 1) {
                    memcpy(m.bytes + m.size, before[i].bytes, before[i].size);
                    m.size += before[i].size;
                }
            if (late) { /* joined in its middle */
                size_t from = m.size;
                add_h264(&g, 1);
                m.size = from;
            }
            add_h264(&g, 12);
            same_as(&s3hls__codec_h264);
        }
}

/* A PPS before its SPS is kept. */
static void sets_may_come_in_any_order(void **state) {
    (void)state;
    begin();
    add_pps(&m, &(pps_kind){.dependent = 1});
    add_sps(&m, 0, &ordinary);
    add_picture(&m, IDR, 0, 0);
    add_picture(&m, TRAIL_R, 0, 1);
    same_as(&s3hls__codec_h265);
    seen s;
    parse_as(NULL, m.bytes, m.size, m.size, &s);
    assert_int_equal(s.units, 2); /* without a VPS, which no slice needs */
    seen_deinit(&s);
}

/* The header of a slice or of a delimiter, damaged, looks like an SPS of H.264. */
static void a_flipped_bit_does_not_change_the_codec(void **state) {
    (void)state;
    begin();
    add_gop(true);
    for (unsigned n = 2; n < 20; n++)
        add_picture(&m, n % 6 ? TRAIL_R : CRA, 0, n);
    size_t size = m.size;
    for (size_t i = 4; i + 2 < size; i++) {
        if (memcmp(m.bytes + i - 3, "\0\0\1", 3) != 0)
            continue;
        for (int bit = 0; bit < 16; bit++) {
            size_t at = i + (size_t)bit / 8;
            m.bytes[at] ^= (uint8_t)(1 << bit % 8);
            if (i > 30) /* the codec is known */
                same_as(&s3hls__codec_h265);
            m.bytes[at] ^= (uint8_t)(1 << bit % 8);
        }
        for (uint8_t first = 7; first < 0x80; first += 0x20) { /* several bits */
            uint8_t before = m.bytes[i];
            m.bytes[i] = first;
            if (i > 100)
                same_as(&s3hls__codec_h265);
            m.bytes[i] = before;
        }
    }
    h264_gen g = h264;
    begin();
    size_t first = add_h264(&g, 2);
    add_h264(&g, 18);
    for (size_t i = first; i + 2 < m.size; i++)
        if (memcmp(m.bytes + i - 3, "\0\0\1", 3) == 0 && (m.bytes[i] & 31) == 1)
            for (uint8_t header = 0x40; header <= 0x42; header += 2) {
                uint8_t before[2] = {m.bytes[i], m.bytes[i + 1]};
                m.bytes[i] = header;
                m.bytes[i + 1] = 1;
                same_as(&s3hls__codec_h264);
                memcpy(m.bytes + i, before, 2);
            }
}

static void a_stream_may_continue_in_another_codec(void **state) {
    (void)state;
    h264_gen g = h264;
    seen s;
    begin();
    add_h264(&g, 5);
    add_sets(&m);
    add_picture(&m, IDR, 0, 0);
    add_picture(&m, TRAIL_R, 0, 1);
    add_h264(&g, 5);
    counts c = parse_as(NULL, m.bytes, m.size, 100, &s);
    assert_int_equal(s.units, 12);
    assert_int_equal(s.changed, 2);
    assert_int_equal(s.idr, 3);
    assert_int_equal(c.damaged + c.early, 0);
    assert_ptr_equal(c.codec, &s3hls__codec_h264);
    seen_deinit(&s);
}

/* ---- damage */

static void flipped_bits_and_lost_ends_do_no_harm(void **state) {
    (void)state;
    static uint8_t bad[sizeof m.bytes];
    size_t ends[200];
    varied(ends);
    uint32_t random = 5;
    for (int round = 0; round < 3000; round++) {
        seen s;
        memcpy(bad, m.bytes, m.size);
        for (int i = 0; i < 8; i++) {
            random = random * 1664525u + 1013904223u;
            bad[(random >> 8) % (i < 4 ? 120 : m.size)] ^= (uint8_t)(1u << (random & 7));
        }
        parse_as(round % 2 ? NULL : &s3hls__codec_h265, bad, m.size - (random >> 9) % m.size,
                 1 + (random >> 5) % 500, &s);
        assert_int_equal(s.ends, s.units);
        seen_deinit(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_that_cannot_be_decoded_after_their_keyframe_are_marked),
        cmocka_unit_test(a_pyramid_is_counted_in_its_order),
        cmocka_unit_test(a_cra_picture_behind_an_end_begins_another_sequence),
        cmocka_unit_test(sei_stays_with_its_picture),
        cmocka_unit_test(other_layers_are_dropped_with_their_sets),
        cmocka_unit_test(every_framing_gives_the_same_units),
        cmocka_unit_test(what_is_before_the_first_set_is_kept_or_counted_alike),
        cmocka_unit_test(h264_is_detected_alike),
        cmocka_unit_test(sets_may_come_in_any_order),
        cmocka_unit_test(a_flipped_bit_does_not_change_the_codec),
        cmocka_unit_test(a_stream_may_continue_in_another_codec),
        cmocka_unit_test(flipped_bits_and_lost_ends_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
