/* SPDX-License-Identifier: MIT-0 */
/* Every element of H.265 syntax that the library reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "h265_stream.h"

static int parse_sps(const sps_kind *k, s3hls__h265_sps *sps) {
    made m = {.size = 0};
    add_sps(&m, 3, k);
    return s3hls__h265_parse_sps(m.bytes + 4, m.size - 4, sps);
}

static void the_window_is_cut_in_units_of_chroma(void **state) {
    (void)state;
    static const struct {
        unsigned chroma, planes, width, height;
    } cases[] = {{0, 0, 640 - 3, 360 - 7},
                 {1, 0, 640 - 6, 360 - 14},
                 {2, 0, 640 - 6, 360 - 7},
                 {3, 0, 640 - 3, 360 - 7},
                 {3, 1, 640 - 3, 360 - 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sps_kind k = ordinary;
        s3hls__h265_sps sps;
        k.chroma = cases[i].chroma;
        k.planes = cases[i].planes;
        memcpy(k.window, (unsigned[]){1, 2, 3, 4}, sizeof k.window);
        assert_int_equal(parse_sps(&k, &sps), S3HLS_OK);
        assert_int_equal(sps.width, cases[i].width);
        assert_int_equal(sps.height, cases[i].height);
        assert_int_equal(sps.chroma_format_idc, cases[i].chroma);
        assert_int_equal(sps.separate_colour_plane, cases[i].planes);
    }
}

static void a_window_that_leaves_nothing_is_malformed(void **state) {
    (void)state;
    sps_kind k = ordinary;
    s3hls__h265_sps sps;
    k.window[1] = 320;
    assert_int_equal(parse_sps(&k, &sps), S3HLS_E_MALFORMED);
    k.window[1] = 319;
    assert_int_equal(parse_sps(&k, &sps), S3HLS_OK);
    assert_int_equal(sps.width, 2);
    k = ordinary;
    k.width = 16385;
    assert_int_equal(parse_sps(&k, &sps), S3HLS_E_UNSUPPORTED);
    k.width = 0;
    assert_int_equal(parse_sps(&k, &sps), S3HLS_E_MALFORMED);
}

/* All that may be before the timing, and one at a time. */
static void timing_is_found_behind_everything(void **state) {
    (void)state;
    for (unsigned set = 0; set < 64; set++) {
        sps_kind k = ordinary;
        s3hls__h265_sps sps;
        k.sub_layers_minus1 = set & 1 ? 6 : 0;
        k.sub_profiles = 0x2a;
        k.sub_levels = 0x36;
        k.all_orders = set & 1;
        k.reorder = 3;
        k.lists = set & 2;
        k.pcm = set & 4;
        k.reference_sets = set & 8;
        k.long_term = set & 16;
        k.depth = set & 32 ? 2 : 0;
        k.vui = true;
        k.ticks = 1001;
        k.scale = 60000;
        assert_int_equal(parse_sps(&k, &sps), S3HLS_OK);
        assert_int_equal(sps.id, 3);
        assert_int_equal(sps.sub_layers, k.sub_layers_minus1 + 1);
        assert_int_equal(sps.max_reorder_pictures, 3);
        assert_int_equal(sps.bit_depth_luma_minus8, k.depth);
        assert_int_equal(sps.log2_max_poc_lsb, 8);
        assert_int_equal(sps.num_units_in_tick, 1001);
        assert_int_equal(sps.time_scale, 60000);
    }
}

/* Cameras write such ones, and decoders play them. */
static void a_truncated_vui_counts_as_absent(void **state) {
    (void)state;
    sps_kind k = ordinary;
    bits with = {.n = 0}, without = {.n = 0};
    write_sps(&without, 0, &k);
    k.vui = true;
    k.ticks = 1;
    k.scale = 25;
    write_sps(&with, 0, &k);
    size_t longest = with.n - without.n, timed = 0;
    for (k.cut_bits = 1; k.cut_bits < longest; k.cut_bits++) {
        s3hls__h265_sps sps;
        assert_int_equal(parse_sps(&k, &sps), S3HLS_OK);
        assert_int_equal(sps.width, 640);
        timed += sps.time_scale == 25;
        assert_int_equal(sps.time_scale == 0, sps.num_units_in_tick == 0);
    }
    assert_true(timed > 30 && timed < longest - 70); /* what is behind the timing; not it */
}

static void addresses_have_the_bits_of_the_picture(void **state) {
    (void)state;
    static const struct {
        unsigned width, height, log2_ctb, bits;
    } cases[] = {{640, 360, 6, 6},   {640, 360, 4, 10},   {64, 64, 6, 0},       {65, 64, 6, 1},
                 {1920, 1080, 6, 9}, {3840, 2160, 4, 15}, {16384, 16384, 4, 20}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sps_kind k = ordinary;
        s3hls__h265_sps sps;
        k.width = cases[i].width;
        k.height = cases[i].height;
        k.log2_ctb_minus3 = cases[i].log2_ctb - 3;
        assert_int_equal(parse_sps(&k, &sps), S3HLS_OK);
        assert_int_equal(sps.address_bits, cases[i].bits);
    }
}

/* ---- what a track says */

static s3hls__track track_of(const sps_kind *k) {
    static made m;
    seen s;
    m.size = 0;
    add_vps(&m);
    add_sps(&m, 0, k);
    add_pps(&m, &(pps_kind){.dependent = 1});
    add_picture(&m, 19, 0, 0);
    parse_as(&s3hls__codec_h265, m.bytes, m.size, m.size, &s);
    assert_int_equal(s.units, 1);
    s3hls__track track = s.track;
    seen_deinit(&s);
    return track;
}

static void codecs_are_written_by_annex_e(void **state) {
    (void)state;
    static const struct {
        unsigned space, tier, profile, level;
        uint32_t compatibility;
        uint8_t constraints[6];
        const char *codecs;
    } cases[] = {
        {0, 0, 1, 93, 0x60000000, {0x90}, "hvc1.1.6.L93.90"},
        {0, 0, 2, 120, 0x20000000, {0xb0}, "hvc1.2.4.L120.B0"},
        {1, 1, 4, 153, 0x08000000, {0xbf, 0, 0x20}, "hvc1.A4.10.H153.BF.0.20"},
        {3, 0, 31, 255, 0xffffffff, {1, 2, 3, 4, 5, 6}, "hvc1.C31.FFFFFFFF.L255.1.2.3.4.5.6"},
        {2, 0, 1, 30, 0x00000001, {0}, "hvc1.B1.80000000.L30"},
        {3,
         1,
         31,
         255,
         0xffffffff,
         {255, 255, 255, 255, 255, 255},
         "hvc1.C31.FFFFFFFF.H255.FF.FF.FF.FF.FF.FF"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sps_kind k = ordinary;
        k.space = cases[i].space;
        k.tier = cases[i].tier;
        k.profile = cases[i].profile;
        k.level = cases[i].level;
        k.compatibility = cases[i].compatibility;
        memcpy(k.constraints, cases[i].constraints, 6);
        assert_string_equal(track_of(&k).codecs, cases[i].codecs);
    }
}

static void a_track_has_its_rate_and_depth(void **state) {
    (void)state;
    sps_kind k = ordinary;
    s3hls__track t = track_of(&k);
    assert_int_equal(t.rate_num, 0);
    assert_true(t.never_reorders);
    k.vui = true;
    k.ticks = 3003;
    k.scale = 90000;
    k.reorder = 2;
    s3hls__track other = track_of(&k);
    assert_int_equal(other.rate_num, 30000);
    assert_int_equal(other.rate_den, 1001);
    assert_int_equal(other.reorder_frames, 2);
    assert_false(other.never_reorders);
    assert_true(other.parameters != t.parameters);
}

/* ---- slices */

static void slices_are_read_with_every_option(void **state) {
    (void)state;
    for (unsigned set = 0; set < 8 * 8; set++) {
        sps_kind k = ordinary;
        pps_kind pps = {.id = 63,
                        .sps_id = 3,
                        .dependent = set & 1,
                        .output_flag = set >> 1 & 1,
                        .extra_bits = set >> 3};
        k.chroma = 3;
        k.planes = set >> 2 & 1;
        made m = {.size = 0};
        add_pps(&m, &pps);
        s3hls__h265_sps sps;
        s3hls__h265_pps read;
        s3hls__h265_slice s;
        assert_int_equal(parse_sps(&k, &sps), S3HLS_OK);
        assert_int_equal(s3hls__h265_parse_pps(m.bytes + 4, m.size - 4, &read), S3HLS_OK);
        assert_int_equal(read.id, 63);
        assert_int_equal(read.sps_id, 3);
        static const slice_kind kinds[] = {{.type = 1, .lsb = 201},
                                           {.type = 21, .lsb = 77},
                                           {.type = 19},
                                           {.type = 16, .lsb = 5},
                                           {.type = 1, .lsb = 201, .address = 59, .temporal_id = 6},
                                           {.type = 1, .address = 13, .dependent = true}};
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            if (kinds[i].dependent && !pps.dependent)
                continue;
            bits b = {.n = 0};
            m.size = 0;
            write_slice(&b, &k, &pps, 6, &kinds[i]);
            add_nal(&m, kinds[i].type, 0, kinds[i].temporal_id, &b);
            assert_int_equal(s3hls__h265_slice_pps_id(m.bytes + 4, m.size - 4), 63);
            assert_int_equal(s3hls__h265_parse_slice(m.bytes + 4, m.size - 4, &sps, &read, &s),
                             S3HLS_OK);
            assert_int_equal(s.first, kinds[i].address == 0);
            assert_int_equal(s.address, kinds[i].address);
            assert_int_equal(s.dependent, kinds[i].dependent);
            assert_int_equal(s.pic_order_cnt_lsb, kinds[i].lsb);
            assert_int_equal(s.temporal_id, kinds[i].temporal_id);
        }
    }
}

/* In memory of its own size, so that AddressSanitizer sees a read past it. */
static void every_truncation_ends_cleanly(void **state) {
    (void)state;
    made sets = {.size = 0}, slice = {.size = 0};
    sps_kind k = ordinary;
    k.lists = k.pcm = k.reference_sets = k.long_term = k.vui = true;
    k.scale = 25;
    k.ticks = 1;
    s3hls__h265_sps sps, whole;
    s3hls__h265_pps pps, whole_pps = {.dependent_slices = true};
    s3hls__h265_slice s;
    uint8_t id;
    assert_int_equal(parse_sps(&ordinary, &whole), S3HLS_OK);
    add_sps(&sets, 0, &k);
    add_slice(&slice, &(slice_kind){.type = 1, .address = 5, .lsb = 9});
    for (size_t n = 0; n < sets.size - 4; n++) {
        uint8_t *copy = malloc(n + 1), *exact = copy + 1; /* n may be 0 */
        memcpy(exact, sets.bytes + 4, n);
        int rc = s3hls__h265_parse_sps(exact, n, &sps);
        assert_true(rc == S3HLS_E_MALFORMED || (n > 20 && sps.width == 640 && sps.height == 360));
        free(copy);
    }
    for (size_t n = 0; n < slice.size - 4; n++) {
        uint8_t *copy = malloc(n + 1), *exact = copy + 1;
        memcpy(exact, slice.bytes + 4, n);
        int rc = s3hls__h265_parse_slice(exact, n, &whole, &whole_pps, &s);
        assert_true(rc == S3HLS_E_MALFORMED || (n >= 5 && s.pic_order_cnt_lsb == 9));
        if (n > 2) {
            exact[0] = 34 << 1;
            s3hls__h265_parse_pps(exact, n, &pps);
            exact[0] = 32 << 1;
            s3hls__h265_parse_vps(exact, n, &id);
        }
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_is_cut_in_units_of_chroma),
        cmocka_unit_test(a_window_that_leaves_nothing_is_malformed),
        cmocka_unit_test(timing_is_found_behind_everything),
        cmocka_unit_test(a_truncated_vui_counts_as_absent),
        cmocka_unit_test(addresses_have_the_bits_of_the_picture),
        cmocka_unit_test(codecs_are_written_by_annex_e),
        cmocka_unit_test(a_track_has_its_rate_and_depth),
        cmocka_unit_test(slices_are_read_with_every_option),
        cmocka_unit_test(every_truncation_ends_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
