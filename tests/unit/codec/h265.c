/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/access_unit.h"
#include "h265_gen.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const h265_gen plain = {.width = 640,
                               .height = 368,
                               .cut_bottom = 8,
                               .gop = 5,
                               .key_bytes = 500,
                               .other_bytes = 90,
                               .ticks = 1001,
                               .scale = 30000};

/* ---- syntax */

static void an_sps_states_size_rate_and_profile(void **state) {
    (void)state;
    uint8_t text[300];
    h265_gen g = plain;
    g.reordered = true;
    size_t size = h265_gen_sps(&g, text) - 4;
    s3hls__h265_sps sps;
    assert_int_equal(s3hls__h265_parse_sps(text + 4, size, &sps), S3HLS_OK);
    assert_int_equal(sps.width, 640);
    assert_int_equal(sps.height, 360);
    assert_int_equal(sps.profile.idc, 1);
    assert_int_equal(sps.profile.level_idc, 93);
    assert_int_equal(sps.max_reorder_pictures, 1);
    assert_int_equal(sps.log2_max_poc_lsb, 6);
    assert_int_equal(sps.address_bits, 10); /* 40 x 23 blocks */
    assert_int_equal(sps.num_units_in_tick, 1001);
    assert_int_equal(sps.time_scale, 30000);
}

/* No byte behind a truncated set is read (AddressSanitizer), and no truncated set is accepted that
 * lacks what is needed. */
static void truncated_sets_are_malformed(void **state) {
    (void)state;
    uint8_t text[300];
    s3hls__h265_sps sps;
    s3hls__h265_pps pps;
    uint8_t id;
    size_t size = h265_gen_sps(&plain, text) - 4;
    for (size_t n = 0; n < size; n++) {
        uint8_t *exact = malloc(n + 1);
        memcpy(exact, text + 4, n);
        int rc = s3hls__h265_parse_sps(exact, n, &sps);
        assert_true(rc == S3HLS_E_MALFORMED || (n > 20 && rc == S3HLS_OK));
        free(exact);
    }
    for (size_t n = 0; n < 4; n++) {
        h265_gen_pps(text);
        assert_int_equal(s3hls__h265_parse_pps(text + 4, n > 2 ? 2 : n, &pps), S3HLS_E_MALFORMED);
        h265_gen_vps(text);
        assert_int_equal(s3hls__h265_parse_vps(text + 4, n + 1, &id), S3HLS_E_MALFORMED);
    }
}

static void any_flipped_bit_is_survived(void **state) {
    (void)state;
    uint8_t text[300];
    s3hls__h265_sps sps;
    size_t size = h265_gen_sps(&plain, text) - 4;
    for (size_t bit = 16; bit < 8 * size; bit++) {
        text[4 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        int rc = s3hls__h265_parse_sps(text + 4, size, &sps);
        assert_true(rc == S3HLS_OK || rc == S3HLS_E_MALFORMED || rc == S3HLS_E_UNSUPPORTED);
        assert_true(rc || (sps.width && sps.height));
        text[4 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void each_type_of_nal_unit_has_its_kind(void **state) {
    (void)state;
    static const struct {
        int from, to;
        s3hls__nal_kind kind;
    } kinds[] = {{0, 9, S3HLS__NAL_SLICE},          {10, 15, S3HLS__NAL_DROPPED},
                 {16, 21, S3HLS__NAL_KEY_SLICE},    {22, 31, S3HLS__NAL_DROPPED},
                 {32, 32, S3HLS__NAL_VPS},          {33, 33, S3HLS__NAL_SPS},
                 {34, 34, S3HLS__NAL_PPS},          {35, 35, S3HLS__NAL_DELIMITER},
                 {36, 36, S3HLS__NAL_END_SEQUENCE}, {37, 37, S3HLS__NAL_END_STREAM},
                 {38, 38, S3HLS__NAL_TRAILING},     {39, 39, S3HLS__NAL_LEADING},
                 {40, 40, S3HLS__NAL_TRAILING},     {41, 44, S3HLS__NAL_LEADING},
                 {45, 47, S3HLS__NAL_TRAILING},     {48, 55, S3HLS__NAL_LEADING},
                 {56, 63, S3HLS__NAL_TRAILING}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int type = kinds[i].from; type <= kinds[i].to; type++) {
            uint8_t head[] = {(uint8_t)(type << 1), 1};
            assert_int_equal(s3hls__codec_h265.nal_kind(head, 2), kinds[i].kind);
            head[1] = 9; /* nuh_layer_id 1 */
            assert_int_equal(s3hls__codec_h265.nal_kind(head, 2), S3HLS__NAL_DROPPED);
            head[1] = 0; /* nuh_temporal_id_plus1 0 */
            assert_int_equal(s3hls__codec_h265.nal_kind(head, 2),
                             type < 32 ? S3HLS__NAL_DAMAGED_SLICE : S3HLS__NAL_DAMAGED);
            head[0] |= 0x80;
            head[1] = 1;
            assert_int_equal(s3hls__codec_h265.nal_kind(head, 2),
                             type < 32 ? S3HLS__NAL_DAMAGED_SLICE : S3HLS__NAL_DAMAGED);
        }
}

/* 8.3.1 */
static void order_counts_continue_over_cra_pictures(void **state) {
    (void)state;
    static const struct {
        uint8_t type, tid;
        uint32_t lsb;
        int32_t poc;
    } pictures[] = {{21, 0, 60, 60}, {1, 0, 62, 62}, {0, 0, 61, 61},  {1, 0, 2, 66},
                    {9, 0, 63, 63},  {1, 1, 5, 69},  {1, 0, 4, 68},   {21, 0, 20, 84},
                    {8, 0, 18, 82},  {19, 0, 0, 0},  {1, 0, 40, -24}, {16, 0, 7, 7}};
    s3hls__h265_sps sps = {.log2_max_poc_lsb = 6};
    s3hls__h265_poc poc = {.begun = false};
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        s3hls__h265_slice s = {.nal_unit_type = pictures[i].type,
                               .temporal_id = pictures[i].tid,
                               .pic_order_cnt_lsb = pictures[i].lsb};
        assert_int_equal(s3hls__h265_poc_next(&poc, &sps, &s), pictures[i].poc);
    }
}

/* ---- access units */

/* What the sink got, as text. */
typedef struct heard {
    char text[1 << 16];
    size_t size;
    uint64_t bytes, sum;
    int units;
    char codecs[48];
    uint32_t rate_num, rate_den;
    uint8_t config[512];
    size_t config_size;
    s3hls__au_parser *parser;
} heard;

static int on_begin(void *ctx, const s3hls__unit *u) {
    heard *h = ctx;
    if (u->continues)
        return S3HLS_OK;
    h->units++;
    memcpy(h->codecs, u->track->codecs, sizeof h->codecs);
    h->rate_num = u->track->rate_num;
    h->rate_den = u->track->rate_den;
    h->config_size = h->parser->codec->decoder_config(&h->parser->sets, h->parser->pps_id,
                                                      h->config, sizeof h->config);
    h->size += (size_t)snprintf(h->text + h->size, sizeof h->text - h->size, "%s%s poc %d;",
                                u->keyframe ? "key" : "", u->idr ? " idr" : "", u->poc);
    return S3HLS_OK;
}

static int on_nal(void *ctx, s3hls__nal_kind kind) {
    heard *h = ctx;
    h->sum = h->sum * 31 + (uint64_t)kind;
    return S3HLS_OK;
}

static int on_data(void *ctx, const uint8_t *data, size_t size) {
    heard *h = ctx;
    h->bytes += size;
    for (size_t i = 0; i < size; i++)
        h->sum = h->sum * 131 + data[i];
    return S3HLS_OK;
}

static int on_end(void *ctx) {
    (void)ctx;
    return S3HLS_OK;
}

static uint8_t stream[1 << 20];

static size_t make(h265_gen *g, int pictures) {
    size_t size = 0;
    for (int i = 0; i < pictures; i++)
        size += h265_gen_next(g, stream + size);
    return size;
}

/* @param chunk  bytes of a call. codec NULL: detected */
static heard *parse(size_t size, size_t chunk, const s3hls__codec *codec) {
    heard *h = calloc(1, sizeof *h);
    s3hls__au_parser *p = malloc(sizeof *p);
    h->parser = p;
    s3hls__au_init(p, codec, S3HLS__AU_INPUT_BYTES, 0,
                   &(s3hls__au_sink){h, on_begin, on_nal, on_data, on_end});
    for (size_t at = 0; at < size; at += chunk)
        s3hls__au_put(p, &(s3hls_span){stream + at, size - at < chunk ? size - at : chunk}, 1);
    s3hls__au_flush(p);
    assert_int_equal(p->nals_damaged, 0);
    free(p);
    return h;
}

static void any_split_gives_the_same_units(void **state) {
    (void)state;
    static const size_t chunks[] = {1, 2, 3, 5, 7, 64, 65, 1000, 1 << 20};
    for (int kind = 0; kind < 4; kind++) {
        h265_gen g = plain;
        g.cra = kind & 1;
        g.reordered = kind & 2;
        g.slices = kind == 3 ? 4 : 1;
        size_t size = make(&g, 25);
        heard *whole = parse(size, size, NULL);
        assert_int_equal(whole->units, 25);
        for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
            heard *h = parse(size, chunks[i], i % 2 ? &s3hls__codec_h265 : NULL);
            assert_string_equal(h->text, whole->text);
            assert_true(h->sum == whole->sum);
            assert_true(h->bytes == whole->bytes);
            free(h);
        }
        free(whole);
    }
}

static void a_track_is_described_by_its_sets(void **state) {
    (void)state;
    h265_gen g = plain;
    heard *h = parse(make(&g, 3), 100, NULL);
    assert_string_equal(h->codecs, "hvc1.1.6.L93.90");
    assert_int_equal(h->rate_num, 30000);
    assert_int_equal(h->rate_den, 1001);
    assert_int_equal(h->config[0], 1); /* hvcC: version, profile, three arrays of one */
    assert_int_equal(h->config[1], 1);
    assert_int_equal(h->config[12], 93);
    assert_int_equal(h->config[21] & 3, 3);
    assert_int_equal(h->config[22], 3);
    assert_int_equal(h->config[23], 0x80 | 32);
    uint8_t vps[100];
    size_t size = h265_gen_vps(vps) - 4;
    assert_int_equal(h->config[26] << 8 | h->config[27], size);
    assert_memory_equal(h->config + 28, vps + 4, size);
    free(h);
}

static void order_counts_follow_presentation(void **state) {
    (void)state;
    h265_gen g = plain;
    g.cra = g.reordered = true;
    heard *h = parse(make(&g, 10), 1 << 20, NULL);
    char expected[400] = "";
    for (uint64_t n = 0; n < 10; n++)
        sprintf(expected + strlen(expected), "%s%s poc %d;", n % 5 ? "" : "key", n ? "" : " idr",
                (int)h265_gen_place(&g, n));
    assert_string_equal(h->text, expected);
    free(h);
}

/* Slices before any parameter set, and NAL units of other layers, are left out. */
static void a_stream_that_is_joined_late_begins_with_its_sets(void **state) {
    (void)state;
    h265_gen g = plain;
    static const uint8_t other_layer[] = {0, 0, 1, 0x02, 0x09, 0xaa, 0xbb};
    size_t first = make(&g, 1), size = first;
    for (int i = 1; i < 12; i++) {
        size += h265_gen_next(&g, stream + size);
        memcpy(stream + size, other_layer, sizeof other_layer);
        size += sizeof other_layer;
    }
    memmove(stream, stream + first, size - first);
    heard *h = parse(size - first, 50, NULL);
    assert_int_equal(h->units, 7); /* from the second keyframe on */
    assert_null(strstr(h->text, "idr") == h->text ? NULL : strstr(h->text, "damaged"));
    free(h);
}

static void a_lost_first_slice_loses_its_picture(void **state) {
    (void)state;
    h265_gen g = plain;
    g.slices = 3;
    size_t size = make(&g, 1), second = size;
    size += h265_gen_next(&g, stream + size);
    size_t next = second + 4; /* remove the first slice of the second picture */
    while (memcmp(stream + next, "\0\0\0\1", 4) != 0)
        next++;
    memmove(stream + second, stream + next, size - next);
    size -= next - second;
    heard *h = calloc(1, sizeof *h);
    s3hls__au_parser *p = malloc(sizeof *p);
    h->parser = p;
    s3hls__au_init(p, NULL, S3HLS__AU_INPUT_BYTES, 0,
                   &(s3hls__au_sink){h, on_begin, on_nal, on_data, on_end});
    s3hls__au_put(p, &(s3hls_span){stream, size}, 1);
    s3hls__au_flush(p);
    assert_int_equal(h->units, 1);
    assert_true(p->slices_damaged > 0);
    free(p);
    free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_sps_states_size_rate_and_profile),
        cmocka_unit_test(truncated_sets_are_malformed),
        cmocka_unit_test(any_flipped_bit_is_survived),
        cmocka_unit_test(each_type_of_nal_unit_has_its_kind),
        cmocka_unit_test(order_counts_continue_over_cra_pictures),
        cmocka_unit_test(any_split_gives_the_same_units),
        cmocka_unit_test(a_track_is_described_by_its_sets),
        cmocka_unit_test(order_counts_follow_presentation),
        cmocka_unit_test(a_stream_that_is_joined_late_begins_with_its_sets),
        cmocka_unit_test(a_lost_first_slice_loses_its_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
