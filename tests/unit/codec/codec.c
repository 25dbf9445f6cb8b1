/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/access_unit.h"
#include "codec/bits.h"
#include "h264_gen.h"
#include "stream.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An SPS with what differs between tests. */
typedef struct sps_kind {
    unsigned profile, level, poc_type;
    bool interlaced, cropped, vui;
    unsigned more_refs;
} sps_kind;

static void write_sps(bits *b, sps_kind k) {
    u(b, 0x67, 8);
    u(b, k.profile, 8);
    u(b, 0, 8);
    u(b, k.level, 8);
    ue(b, 0);
    if (k.profile == 100) {
        ue(b, 1); /* 4:2:0 */
        ue(b, 0);
        ue(b, 0);
        u(b, 0, 2);
    }
    ue(b, 0); /* 4 bits of frame_num */
    ue(b, k.poc_type);
    if (k.poc_type == 0)
        ue(b, 0); /* 4 bits of lsb */
    if (k.poc_type == 1) {
        u(b, 0, 1);
        se(b, -1);
        se(b, 1);
        ue(b, 2);
        se(b, 2);
        se(b, 4);
    }
    ue(b, 2 + k.more_refs);
    u(b, 0, 1);
    ue(b, 119);                    /* 1920 */
    ue(b, k.interlaced ? 33 : 67); /* 1088 */
    u(b, !k.interlaced, 1);
    if (k.interlaced)
        u(b, 0, 1);
    u(b, 1, 1);
    u(b, k.cropped, 1);
    if (k.cropped) {
        ue(b, 0);
        ue(b, 0);
        ue(b, 0);
        ue(b, k.interlaced ? 2 : 4); /* 8 rows */
    }
    u(b, k.vui, 1);
    if (k.vui) {
        u(b, 0, 4);
        u(b, 1, 1); /* timing */
        u(b, 1001, 32);
        u(b, 60000, 32);
        u(b, 1, 1);
        u(b, 0, 3);
        u(b, 1, 1); /* bitstream_restriction */
        u(b, 1, 1);
        for (int i = 0; i < 4; i++)
            ue(b, 0);
        ue(b, 3); /* max_num_reorder_frames */
        ue(b, 4);
    }
    u(b, 1, 1);
}

static void bit_reader_skips_emulation_prevention_and_ends_cleanly(void **state) {
    (void)state;
    static const uint8_t data[] = {0x00, 0x00, 0x03, 0x01, 0xa6, 0x42};
    s3hls__bits b;
    s3hls__bits_init(&b, data, sizeof data);
    assert_int_equal(s3hls__bits_read(&b, 24), 1);
    assert_int_equal(s3hls__bits_ue(&b), 0); /* 1 */
    assert_int_equal(s3hls__bits_ue(&b), 1); /* 010 */
    assert_int_equal(s3hls__bits_ue(&b), 2); /* 011 */
    assert_int_equal(s3hls__bits_ue(&b), 3); /* 00100, over the byte's end */
    assert_false(b.failed);
    assert_int_equal(s3hls__bits_read(&b, 8), 0x20); /* 0010, and zeros past the end */
    assert_true(b.failed);
    s3hls__bits_init(&b, (const uint8_t *)"\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(s3hls__bits_ue(&b), 0);
    assert_true(b.failed);
}

static void start_codes_are_found_wherever_they_lie(void **state) {
    (void)state;
    uint8_t data[64];
    for (size_t n = 0; n < sizeof data; n++)
        for (size_t at = 0; at + 3 <= n; at++) {
            memset(data, 1, sizeof data);
            data[at] = data[at + 1] = 0;
            uint8_t *copy = malloc(n);
            memcpy(copy, data, n);
            assert_ptr_equal(s3hls__nal_start_code(copy, copy + n), copy + at);
            copy[at + 2] = 2;
            assert_ptr_equal(s3hls__nal_start_code(copy, copy + n), copy + n);
            free(copy);
        }
}

static void sps_tells_size_rate_and_reordering(void **state) {
    (void)state;
    for (int i = 0; i < 24; i++) {
        sps_kind k = {i & 1 ? 100 : 77, 40, (unsigned)i / 8, i & 2, true, i & 4, 0};
        bits b = {.n = 0};
        uint8_t nal[256];
        s3hls__h264_sps sps;
        write_sps(&b, k);
        size_t n = escape(&b, nal);
        assert_int_equal(s3hls__h264_parse_sps(nal, n, &sps), S3HLS_OK);
        assert_int_equal(sps.width, 1920);
        assert_int_equal(sps.height, 1080);
        assert_int_equal(sps.frame_mbs_only, !k.interlaced);
        assert_int_equal(sps.poc_type, k.poc_type);
        assert_int_equal(sps.max_reorder_frames, k.vui ? 3 : k.poc_type == 2 ? 0 : 4);
        assert_int_equal(sps.time_scale, k.vui ? 60000 : 0);
        for (size_t cut = 0; cut + 1 < n; cut++) { /* never read past the end */
            uint8_t *copy = malloc(cut ? cut : 1);
            memcpy(copy, nal, cut);
            s3hls__h264_parse_sps(copy, cut, &sps);
            free(copy);
        }
    }
}

/* A VUI of all that it may hold, in its order (E.1.1). No bits: an Exp-Golomb code. */
typedef struct vui_field {
    unsigned bits;
    uint32_t value;
} vui_field;

enum {
    VUI_UNITS = 13,
    VUI_SCALE = 14,
    VUI_CPB_COUNT = 17,
    VUI_REORDER = 32,
    VUI_BUFFERED,
    VUI_FIELDS
};

static const vui_field whole_vui[VUI_FIELDS] = {
    {1, 1},  {8, 255},   {32, 0x00100011},                 /* sample aspect ratio */
    {1, 1},  {1, 0},                                       /* overscan */
    {1, 1},  {4, 10},    {1, 1},           {24, 0x010101}, /* video signal */
    {1, 1},  {0, 0},     {0, 0},                           /* chroma location */
    {1, 1},  {32, 1001}, {32, 60000},      {1, 1},         /* timing */
    {1, 1},  {0, 0},     {8, 0},           {0, 9},
    {0, 9},  {1, 1},     {20, 811800}, /* NAL HRD */
    {1, 0},  {1, 0},     {1, 1},       /* VCL HRD, delay, pic_struct */
    {1, 1},  {1, 1},     {0, 0},           {0, 0},
    {0, 11}, {0, 11},    {0, 1},           {0, 2}, /* restriction */
};

static void write_vui(bits *b, const vui_field *fields) {
    for (size_t i = 0; i < VUI_FIELDS; i++)
        if (fields[i].bits)
            u(b, fields[i].value, fields[i].bits);
        else
            ue(b, fields[i].value);
}

/* An SPS with this VUI.
 * @param begin  the bit at which the VUI begins
 * @return its bits */
static bits write_with_vui(sps_kind k, const vui_field *fields, size_t *begin) {
    bits without = {.n = 0}, b = {.n = 0};
    write_sps(&without, k);
    for (size_t i = 0; i < without.n - 2; i++) /* but for the VUI's flag and the stop bit */
        u(&b, without.bytes[i / 8] >> (7 - i % 8) & 1, 1);
    u(&b, 1, 1);
    *begin = b.n;
    write_vui(&b, fields);
    return b;
}

static s3hls__h264_sps parse_exactly(const bits *b) {
    uint8_t nal[512];
    s3hls__h264_sps sps;
    size_t n = escape(b, nal);
    uint8_t *copy = malloc(n); /* never read past the end */
    memcpy(copy, nal, n);
    assert_int_equal(s3hls__h264_parse_sps(copy, n, &sps), S3HLS_OK);
    free(copy);
    assert_int_equal(sps.width, 1920);
    assert_int_equal(sps.height, 1088);
    return sps;
}

static void assert_vui(const char *name, int at, const s3hls__h264_sps *sps, uint32_t units,
                       uint32_t scale, int reorder) {
    if (sps->num_units_in_tick != units || sps->time_scale != scale ||
        sps->fixed_frame_rate != (scale != 0) || sps->max_reorder_frames != reorder)
        fail_msg("%s, %d: rate %u/%u, fixed %d, reordering %d", name, at, sps->time_scale,
                 sps->num_units_in_tick, sps->fixed_frame_rate, sps->max_reorder_frames);
}

enum { OF_LEVEL = 4 }; /* frames that level 4 buffers */

/* What was read before its bits end is as doubtful as what is missing. A NAL unit ends with a byte:
 * the VUI begins at each bit of one, so that it is cut behind each of its bits. */
static void a_truncated_vui_counts_as_absent(void **state) {
    (void)state;
    static const unsigned more_refs[] = {0, 1, 5};
    unsigned begins = 0;
    for (unsigned i = 0; i < 24; i++) {
        sps_kind k = {.profile = i & 1 ? 100 : 77,
                      .level = 40,
                      .poc_type = i >> 1 & 1,
                      .interlaced = i & 4,
                      .more_refs = more_refs[i / 8]};
        size_t begin;
        bits b = write_with_vui(k, whole_vui, &begin);
        begins |= 1u << begin % 8;
        s3hls__h264_sps sps = parse_exactly(&b);
        assert_vui("whole", 0, &sps, 1001, 60000, 1);
        for (b.n = (b.n - 1) / 8 * 8; b.n >= begin; b.n -= 8) {
            sps = parse_exactly(&b);
            assert_vui("bits", (int)(b.n - begin), &sps, 0, 0, OF_LEVEL);
        }
    }
    assert_int_equal(begins, 0xff);
}

/* A rate that no camera has is for the recorder to judge: the rest of such a VUI is right. */
static void a_nonsensical_vui_counts_as_absent(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int field;
        uint32_t value, units, scale;
        int reorder;
    } cases[] = {
        {"31 CPBs, of which one is there", VUI_CPB_COUNT, 31, 0, 0, OF_LEVEL},
        {"33 CPBs", VUI_CPB_COUNT, 32, 0, 0, OF_LEVEL},
        {"CPBs without end", VUI_CPB_COUNT, 0x7ffffffe, 0, 0, OF_LEVEL},
        {"reorders as many as it buffers", VUI_REORDER, 2, 1001, 60000, 2},
        {"reorders more than it buffers", VUI_REORDER, 3, 0, 0, OF_LEVEL},
        {"reorders 17", VUI_REORDER, 17, 0, 0, OF_LEVEL},
        {"reorders without end", VUI_REORDER, 0x7ffffffe, 0, 0, OF_LEVEL},
        {"buffers none", VUI_BUFFERED, 0, 0, 0, OF_LEVEL},
        {"buffers 16", VUI_BUFFERED, 16, 1001, 60000, 1},
        {"buffers 17", VUI_BUFFERED, 17, 0, 0, OF_LEVEL},
        {"buffers without end", VUI_BUFFERED, 0x7ffffffe, 0, 0, OF_LEVEL},
        {"600 fps", VUI_SCALE, 1201200, 1001, 1201200, 1},
        {"30,000 fps", VUI_UNITS, 1, 1, 60000, 1},
        {"no ticks", VUI_UNITS, 0, 0, 60000, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vui_field fields[VUI_FIELDS];
        memcpy(fields, whole_vui, sizeof fields);
        fields[cases[i].field].value = cases[i].value;
        size_t begin;
        bits b = write_with_vui((sps_kind){.profile = 100, .level = 40}, fields, &begin);
        u(&b, 1, 1);
        s3hls__h264_sps sps = parse_exactly(&b);
        assert_vui(cases[i].name, 0, &sps, cases[i].units, cases[i].scale, cases[i].reorder);
    }
}

static void codecs_are_written_as_rfc_6381_says(void **state) {
    (void)state;
    s3hls__h264_sps sps = {.profile_idc = 100, .constraint_flags = 0, .level_idc = 31};
    s3hls__track track;
    s3hls__h264_describe(&sps, 0, &track);
    assert_string_equal(track.codecs, "avc1.64001f");
}

static void order_counts_follow_the_standard(void **state) {
    (void)state;
    s3hls__h264_sps sps = {.poc_type = 0, .log2_max_poc_lsb = 4, .log2_max_frame_num = 4};
    s3hls__h264_poc poc = {0};
    for (int i = 0; i < 40; i++) { /* lsb wraps every 8 frames */
        s3hls__h264_slice s = {.nal_unit_type = i ? 1 : 5,
                               .nal_ref_idc = 1,
                               .pic_order_cnt_lsb = (2u * (unsigned)i) & 15};
        assert_int_equal(s3hls__h264_poc_next(&poc, &sps, &s), 2 * i);
    }
    sps = (s3hls__h264_sps){.poc_type = 2, .log2_max_frame_num = 4};
    poc = (s3hls__h264_poc){0};
    for (int i = 0; i < 40; i++) {
        s3hls__h264_slice s = {
            .nal_unit_type = i ? 1 : 5, .nal_ref_idc = 1, .frame_num = (unsigned)i & 15};
        assert_int_equal(s3hls__h264_poc_next(&poc, &sps, &s), 2 * i);
    }
    sps = (s3hls__h264_sps){.poc_type = 1,
                            .log2_max_frame_num = 4,
                            .ref_frames_in_poc_cycle = 2,
                            .offset_for_ref_frame = {2, 4},
                            .offset_for_non_ref_pic = -1};
    poc = (s3hls__h264_poc){0};
    static const int expected[] = {0, 2, 6, 8, 12, 14, 18};
    for (int i = 0; i < 7; i++) {
        s3hls__h264_slice s = {
            .nal_unit_type = i ? 1 : 5, .nal_ref_idc = 1, .frame_num = (unsigned)i & 15};
        assert_int_equal(s3hls__h264_poc_next(&poc, &sps, &s), expected[i]);
    }
}

/* ---- access units */

static size_t make_stream(uint8_t *to, size_t cap, unsigned pictures, bool sets_once) {
    h264_gen g = {.width = 320,
                  .height = 240,
                  .gop = 5,
                  .key_bytes = 300,
                  .other_bytes = 90,
                  .sets_once = sets_once};
    size_t n = 0;
    while (g.pictures < pictures)
        n += h264_gen_next(&g, to + n, cap - n);
    return n;
}

static void any_cut_of_the_bytes_gives_the_same(void **state) {
    (void)state;
    static uint8_t data[1 << 16];
    size_t size = make_stream(data, sizeof data, 20, false);
    seen whole, parts;
    parse_all(data, size, size, &whole, NULL);
    assert_int_equal(whole.units, 20);
    assert_int_equal(whole.idr, 4);
    assert_int_equal(whole.ends, 20);
    for (size_t step = 1; step < 80; step++) {
        parse_all(data, size, step, &parts, NULL);
        assert_int_equal(parts.size, whole.size);
        assert_memory_equal(parts.bytes, whole.bytes, whole.size);
        seen_deinit(&parts);
    }
    seen_deinit(&whole);
}

/* Frames, NAL units with and without start code, length-prefixed ones, and rings that wrap
 * anywhere. */
static void every_framing_gives_the_same(void **state) {
    (void)state;
    static uint8_t data[1 << 16], prefixed[1 << 16];
    size_t size = make_stream(data, sizeof data, 20, false);
    seen whole, other;
    parse_all(data, size, size, &whole, NULL);
    for (int way = 0; way < 5; way++) {
        unsigned length_size = way == 2 ? 4 : way == 3 ? 2 : 0;
        s3hls__au_parser *p =
            parser(way < 4 ? S3HLS__AU_INPUT_NALS : S3HLS__AU_INPUT_FRAMES, length_size, &other);
        const uint8_t *end = data + size, *at = data;
        while (at < end) {
            const uint8_t *nal = s3hls__nal_start_code(at, end) + 3;
            const uint8_t *stop = s3hls__nal_start_code(nal, end);
            bool slice = (*nal & 31) == 5 || (*nal & 31) == 1;
            while (stop[-1] == 0)
                stop--;
            size_t n = (size_t)(stop - nal);
            for (unsigned i = 0; i < length_size; i++)
                prefixed[i] = (uint8_t)(n >> 8 * (length_size - 1 - i));
            memcpy(prefixed + length_size, nal, n);
            if (way == 0)
                put_copy(p, nal - 3, n + 3);
            else if (way < 4)
                put_copy(p, prefixed, n + length_size);
            else if (slice) { /* a frame: all since the last slice, in two spans */
                static const uint8_t *frame;
                if (!frame)
                    frame = data;
                size_t frame_size = (size_t)(stop - frame), cut = frame_size * 7 / 11;
                s3hls_span spans[3] = {{frame, cut}, {NULL, 0}, {frame + cut, frame_size - cut}};
                assert_int_equal(s3hls__au_put(p, spans, 3), S3HLS_OK);
                frame = stop < end ? stop : NULL;
            }
            at = stop;
        }
        s3hls__au_flush(p);
        assert_int_equal(other.size, whole.size);
        assert_memory_equal(other.bytes, whole.bytes, whole.size);
        assert_int_equal(p->nals_damaged, 0);
        seen_deinit(&other);
        free(p);
    }
    seen_deinit(&whole);
}

static void a_frame_may_be_cut_at_any_byte(void **state) {
    (void)state;
    static uint8_t data[4096];
    size_t size = make_stream(data, sizeof data, 1, false);
    seen whole, other;
    s3hls__au_parser *p = parser(S3HLS__AU_INPUT_FRAMES, 0, &whole);
    put_copy(p, data, size);
    free(p);
    for (size_t cut = 0; cut <= size; cut++) {
        s3hls_span spans[2] = {{data, cut}, {data + cut, size - cut}};
        p = parser(S3HLS__AU_INPUT_FRAMES, 0, &other);
        assert_int_equal(s3hls__au_put(p, spans, 2), S3HLS_OK);
        assert_int_equal(other.ends, 1); /* not held back for a next call */
        assert_memory_equal(other.bytes, whole.bytes, whole.size);
        seen_deinit(&other);
        free(p);
    }
    seen_deinit(&whole);
}

static void parameter_sets_come_before_every_keyframe(void **state) {
    (void)state;
    static uint8_t data[1 << 16];
    seen repeated, once;
    size_t size = make_stream(data, sizeof data, 20, false);
    parse_all(data, size, 1000, &repeated, NULL);
    size = make_stream(data, sizeof data, 20, true);
    parse_all(data, size, 1000, &once, NULL);
    assert_int_equal(once.size, repeated.size);
    assert_memory_equal(once.bytes, repeated.bytes, once.size);
    static const uint8_t begin[] = {0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x67};
    assert_memory_equal(once.bytes + 8, begin, sizeof begin);
    seen_deinit(&repeated);
    seen_deinit(&once);
}

/* A slice of an interlaced stream: field and redundant slices, which x264 does not write. */
static size_t write_slice(uint8_t *to, unsigned type, unsigned first_mb, unsigned frame_num,
                          bool field, bool bottom, unsigned poc_lsb, unsigned redundant) {
    bits b = {.n = 0};
    static const uint8_t start[] = {0, 0, 1};
    memcpy(to, start, 3);
    u(&b, type | 0x60, 8);
    ue(&b, first_mb);
    ue(&b, 7);
    ue(&b, 0);
    u(&b, frame_num, 4);
    u(&b, field, 1);
    if (field)
        u(&b, bottom, 1);
    if (type == 5)
        ue(&b, 0);
    u(&b, poc_lsb, 4);
    ue(&b, redundant);
    u(&b, 0xff, 8);
    return 3 + escape(&b, to + 3);
}

static size_t write_interlaced_sets(uint8_t *to) {
    static const uint8_t start[] = {0, 0, 0, 1};
    bits sps = {.n = 0}, pps = {.n = 0};
    write_sps(&sps, (sps_kind){77, 40, 0, true, true, false, 0});
    memcpy(to, start, 4);
    size_t n = 4 + escape(&sps, to + 4);
    u(&pps, 0x68, 8);
    ue(&pps, 0);
    ue(&pps, 0);
    u(&pps, 0, 2);
    for (int i = 0; i < 3; i++)
        ue(&pps, 0);
    u(&pps, 0, 3);
    for (int i = 0; i < 3; i++)
        se(&pps, 0);
    u(&pps, 1, 3); /* redundant_pic_cnt_present */
    u(&pps, 1, 1);
    memcpy(to + n, start, 4);
    return n + 4 + escape(&pps, to + n + 4);
}

static void fields_are_access_units_and_redundant_slices_are_not(void **state) {
    (void)state;
    uint8_t data[1024];
    size_t n = write_interlaced_sets(data);
    n += write_slice(data + n, 5, 0, 0, true, false, 0, 0);
    n += write_slice(data + n, 1, 0, 0, true, true, 1, 0); /* second field, P after I */
    n += write_slice(data + n, 1, 0, 0, true, true, 1, 1); /* redundant: of the same picture */
    n += write_slice(data + n, 1, 0, 1, true, false, 2, 0);
    n += write_slice(data + n, 1, 99, 1, true, false, 2, 0); /* its second slice */
    n += write_slice(data + n, 1, 0, 1, true, true, 3, 0);
    n += write_slice(data + n, 1, 0, 2, false, false, 4, 0); /* a frame */
    seen s;
    s3hls__au_parser *p;
    parse_all(data, n, 5, &s, &p);
    assert_int_equal(p->nals_damaged, 0);
    assert_int_equal(s.units, 5);
    assert_int_equal(s.second_fields, 2);
    for (int i = 0; i < 5; i++)
        assert_int_equal(s.poc[i], i);
    free(p);
    seen_deinit(&s);
}

static void other_sps_is_told_other_pps_is_not(void **state) {
    (void)state;
    static uint8_t data[1 << 16];
    seen s;
    h264_gen g = {.width = 320, .height = 240, .gop = 5, .key_bytes = 300, .other_bytes = 90};
    size_t n = 0;
    while (g.pictures < 10)
        n += h264_gen_next(&g, data + n, sizeof data - n);
    g.width = 640;
    while (g.pictures < 20)
        n += h264_gen_next(&g, data + n, sizeof data - n);
    parse_all(data, n, 333, &s, NULL);
    assert_int_equal(s.changed, 1);
    assert_int_equal(s.track.width, 640);
    seen_deinit(&s);
}

static void a_sink_that_refuses_gets_no_more_of_that_unit(void **state) {
    (void)state;
    static uint8_t data[1 << 16];
    size_t size = make_stream(data, sizeof data, 10, false);
    seen s;
    s3hls__au_parser *p = parser(S3HLS__AU_INPUT_BYTES, 0, &s);
    s.refuse_from = 4;
    assert_int_equal(put_copy(p, data, size), S3HLS_E_FULL);
    s3hls__au_flush(p);
    assert_int_equal(s.units, 10);
    assert_int_equal(s.ends, 3);
    seen_deinit(&s);
    free(p);
}

/* ---- damage */

static void unreadable_units_are_counted_and_left_out(void **state) {
    (void)state;
    static uint8_t data[1 << 16];
    size_t size = make_stream(data, sizeof data, 20, false);
    seen s;
    s3hls__au_parser *p;
    const uint8_t *third = data;
    for (int i = 0; i < 5; i++) /* SPS, PPS, slice, slice, slice */
        third = s3hls__nal_start_code(third, data + size) + 3;
    data[third - data] |= 0x80; /* forbidden_zero_bit */
    parse_all(data, size, 1000, &s, &p);
    assert_int_equal(p->nals_damaged, 1);
    assert_int_equal(p->slices_damaged, 1);
    assert_int_equal(s.units, 19);
    free(p);
    seen_deinit(&s);

    p = parser(S3HLS__AU_INPUT_FRAMES, 4, &s);
    static const uint8_t too_long[] = {0, 0, 1, 0, 0x65, 1, 2, 3};
    assert_int_equal(put_copy(p, too_long, sizeof too_long), S3HLS_E_MALFORMED);
    static const uint8_t half[] = {0, 0};
    assert_int_equal(put_copy(p, half, sizeof half), S3HLS_E_MALFORMED);
    static const uint8_t none[] = {0, 0, 0, 0};
    assert_int_equal(put_copy(p, none, sizeof none), S3HLS_OK);
    assert_int_equal(p->nals_damaged, 2);
    free(p);
    seen_deinit(&s);
}

/* The promise to whoever reads from a camera: whatever comes, no crash, and it ends. */
static void flipped_bits_and_lost_ends_do_no_harm(void **state) {
    (void)state;
    static uint8_t good[1 << 16], bad[1 << 16];
    size_t size = make_stream(good, sizeof good, 15, false);
    uint32_t seed = 3;
    for (int round = 0; round < 600; round++) {
        seen s;
        memcpy(bad, good, size);
        for (int i = 0; i < 8; i++) {
            seed = seed * 1664525u + 1013904223u;
            bad[(seed >> 8) % (i < 4 ? 200 : size)] ^= (uint8_t)(1u << (seed & 7));
        }
        parse_all(bad, size - (seed >> 9) % size, 1 + (seed >> 5) % 500, &s, NULL);
        assert_int_equal(s.ends, s.units);
        seen_deinit(&s);
    }
    seen s;
    memset(bad, 0, sizeof bad);
    parse_all(bad, sizeof bad, 4096, &s, NULL); /* nothing but zeros */
    memset(bad, 1, sizeof bad);
    parse_all(bad, sizeof bad, 4096, &s, NULL);
    assert_int_equal(s.units, 0);
    seen_deinit(&s);
}

/* ---- real streams, as MANIFEST.md describes them */

static void shared_streams_are_read_as_described(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int units, idr, recovery;
        uint32_t width, height;
        unsigned reorder;
    } streams[] = {
        {"jvt_BA_MW_D_baseline_cavlc.264", 100, 4, 0, 176, 144, 0},
        {"jvt_BA1_FT_C_multislice.264", 299, 2, 0, 352, 288, 0},
        {"jvt_SVA_FM1_E_3slice.264", 17, 1, 0, 176, 144, 0},
        {"jvt_MPS_MW_A_multiple_paramsets.264", 150, 5, 0, 176, 144, 0},
        {"jvt_BA1_Sony_D_pps_every_au.264", 17, 1, 0, 176, 144, 0},
        {"jvt_CVFC1_frame_cropping.264", 50, 1, 0, 300, 168, 0},
        {"cisco_SarVui_sps_vui.264", 17, 1, 0, 176, 144, 0},
        {"cisco_BA_MW_D_IDR_LOST_damaged.264", 97, 3, 0, 176, 144, 0},
        {"cisco_bframes_640x320_cabac.264", 9, 2, 0, 640, 320, 16},
        {"cisco_jm_1080p_8160slices_1pic.264", 1, 1, 0, 1920, 1080, 0},
        {"cisco_svc_subset_sps_only.264", 0, 0, 0, 0, 0, 0},
        {"shaka_bear.h264", 30, 1, 0, 320, 180, 1},
        {"shaka_test-25fps.h264", 250, 4, 0, 320, 240, 7},
        {"kvs_real_640x480_aud.h264", 90, 2, 0, 640, 480, 0},
        {"raspivid_real_1080p.h264", 116, 2, 0, 1920, 1080, 0},
        {"kvs_h265_640x360.h265", 0, 0, 0, 0, 0, 0},
    };
    const char *shared = getenv("S3HLS_SHARED");
    if (!shared) {
        printf("SKIPPED: S3HLS_SHARED is not set: no streams of real cameras\n");
        skip();
    }
    static uint8_t data[4 << 20];
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        char path[512];
        seen s, t;
        snprintf(path, sizeof path, "%s/streams/%s", shared, streams[i].name);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        parse_all(data, size, size, &s, NULL);
        parse_all(data, size, 997, &t, NULL);
        assert_int_equal(s.units, streams[i].units);
        assert_int_equal(s.idr, streams[i].idr);
        assert_int_equal(s.recovery, streams[i].recovery);
        assert_int_equal(s.track.width, streams[i].width);
        assert_int_equal(s.track.height, streams[i].height);
        assert_int_equal(s.track.reorder_frames, streams[i].reorder);
        assert_int_equal(s.size, t.size);
        if (s.size)
            assert_memory_equal(s.bytes, t.bytes, s.size);
        seen_deinit(&s);
        seen_deinit(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bit_reader_skips_emulation_prevention_and_ends_cleanly),
        cmocka_unit_test(start_codes_are_found_wherever_they_lie),
        cmocka_unit_test(sps_tells_size_rate_and_reordering),
        cmocka_unit_test(a_truncated_vui_counts_as_absent),
        cmocka_unit_test(a_nonsensical_vui_counts_as_absent),
        cmocka_unit_test(codecs_are_written_as_rfc_6381_says),
        cmocka_unit_test(order_counts_follow_the_standard),
        cmocka_unit_test(any_cut_of_the_bytes_gives_the_same),
        cmocka_unit_test(every_framing_gives_the_same),
        cmocka_unit_test(a_frame_may_be_cut_at_any_byte),
        cmocka_unit_test(parameter_sets_come_before_every_keyframe),
        cmocka_unit_test(fields_are_access_units_and_redundant_slices_are_not),
        cmocka_unit_test(other_sps_is_told_other_pps_is_not),
        cmocka_unit_test(a_sink_that_refuses_gets_no_more_of_that_unit),
        cmocka_unit_test(unreadable_units_are_counted_and_left_out),
        cmocka_unit_test(flipped_bits_and_lost_ends_do_no_harm),
        cmocka_unit_test(shared_streams_are_read_as_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
