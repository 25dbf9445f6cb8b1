/* SPDX-License-Identifier: MIT-0 */
/* AAC, Opus and FLAC: configurations and headers, by hand from their standards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/aac.h"
#include "codec/flac.h"
#include "codec/opus.h"
#include <stdlib.h>
#include <string.h>

typedef struct known {
    uint8_t bytes[8];
    size_t size;
    int status;
    uint32_t rate, channels, samples;
    const char *codecs;
} config_case;

static const config_case configs[] = {
    {{0x12, 0x10}, 2, S3HLS_OK, 44100, 2, 1024, "mp4a.40.2"},
    {{0x15, 0x88}, 2, S3HLS_OK, 8000, 1, 1024, "mp4a.40.2"},
    {{0x11, 0x8c}, 2, S3HLS_OK, 48000, 1, 960, "mp4a.40.2"}, /* frameLengthFlag */
    {{0x12, 0x10, 0x56, 0xe5, 0x00}, 5, S3HLS_OK, 44100, 2, 1024, "mp4a.40.2"}, /* SBR: no */
    {{0x13, 0x90, 0x56, 0xe5, 0xa0}, 5, S3HLS_OK, 22050, 2, 1024, "mp4a.40.5"}, /* SBR: yes */
    {{0x2b, 0x92, 0x08, 0x00}, 4, S3HLS_OK, 22050, 2, 1024, "mp4a.40.5"},       /* explicit SBR */
    {{0xeb, 0x8a, 0x08, 0x00}, 4, S3HLS_OK, 22050, 1, 1024, "mp4a.40.29"},      /* explicit PS */
    {{0x17, 0x80, 0x3e, 0x80, 0x08}, 5, S3HLS_OK, 32000, 1, 1024, "mp4a.40.2"}, /* rate stated */
    {{0x0a, 0x10}, 2, S3HLS_E_UNSUPPORTED, 0, 0, 0, NULL},                      /* AAC Main */
    {{0x16, 0x90}, 2, S3HLS_E_MALFORMED, 0, 0, 0, NULL},   /* a reserved rate */
    {{0x12, 0x48}, 2, S3HLS_E_MALFORMED, 0, 0, 0, NULL},   /* reserved channels */
    {{0x12, 0x58}, 2, S3HLS_E_UNSUPPORTED, 0, 0, 0, NULL}, /* 6.1 channels */
    {{0x12}, 1, S3HLS_E_MALFORMED, 0, 0, 0, NULL},
    {{0}, 0, S3HLS_E_MALFORMED, 0, 0, 0, NULL},
};

static void a_config_describes_its_track(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        const config_case *k = &configs[i];
        s3hls__audio_track t = {.codec = S3HLS__CODEC_NONE};
        uint8_t *exact = malloc(k->size + 1);
        memcpy(exact, k->bytes, k->size);
        int rc = s3hls__aac_describe(exact, k->size, &t);
        free(exact);
        if (rc != k->status)
            fail_msg("config %zu: status %d", i, rc);
        if (rc)
            continue;
        if (t.rate != k->rate || t.channels != k->channels || t.frame_samples != k->samples)
            fail_msg("config %zu: %u Hz, %u channels, %u samples", i, t.rate, t.channels,
                     t.frame_samples);
        assert_string_equal(t.codecs, k->codecs);
        assert_int_equal(t.config_size, k->size);
    }
}

/* The header that a track is given for ADTS is read back as the same track. */
static void adts_is_written_as_it_is_read(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        s3hls__audio_track t, back;
        s3hls__adts adts;
        if (s3hls__aac_describe(configs[i].bytes, configs[i].size, &t) || t.rate == 32000)
            continue;
        uint8_t header[S3HLS__ADTS_HEADER];
        memcpy(header, t.adts, sizeof header);
        header[4] |= 100 >> 3;
        header[5] |= (100 & 7) << 5;
        assert_int_equal(s3hls__adts_parse(header, sizeof header, &adts), S3HLS_OK);
        assert_int_equal(adts.size, 100);
        assert_int_equal(adts.header_size, 7);
        assert_int_equal(adts.blocks, 1);
        assert_int_equal(s3hls__adts_describe(&adts, &back), S3HLS_OK);
        assert_int_equal(back.rate, t.rate);
        assert_int_equal(back.channels, t.channels);
        for (size_t n = 0; n < sizeof header; n++)
            assert_int_equal(s3hls__adts_parse(header, n, &adts), S3HLS_E_MALFORMED);
    }
}

static void damaged_adts_is_refused(void **state) {
    (void)state;
    static const uint8_t good[] = {0xff, 0xf1, 0x50, 0x80, 0x10, 0x1f, 0xfc};
    s3hls__adts adts;
    uint8_t p[7];
    assert_int_equal(s3hls__adts_parse(good, 7, &adts), S3HLS_OK);
    for (int bit = 0; bit < 12; bit++) { /* the sync word */
        memcpy(p, good, 7);
        p[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        assert_int_equal(s3hls__adts_parse(p, 7, &adts), S3HLS_E_MALFORMED);
    }
    memcpy(p, good, 7);
    p[1] |= 2; /* layer */
    assert_int_equal(s3hls__adts_parse(p, 7, &adts), S3HLS_E_MALFORMED);
    memcpy(p, good, 7);
    p[2] |= 0x3c; /* sampling_frequency_index 15 */
    assert_int_equal(s3hls__adts_parse(p, 7, &adts), S3HLS_E_MALFORMED);
    memcpy(p, good, 7);
    p[4] = 0; /* a size less than that of the header */
    assert_int_equal(s3hls__adts_parse(p, 7, &adts), S3HLS_E_MALFORMED);
    s3hls__audio_track t;
    memcpy(p, good, 7);
    p[2] &= 0x3f; /* AAC Main */
    assert_int_equal(s3hls__adts_parse(p, 7, &adts), S3HLS_OK);
    assert_int_equal(s3hls__adts_describe(&adts, &t), S3HLS_E_UNSUPPORTED);
}

/* RFC 6716 3.1, Table 2, and 3.2 */
static void opus_packets_state_their_samples(void **state) {
    (void)state;
    static const struct {
        uint8_t toc, frames;
        uint32_t samples;
    } known[] = {{0x00, 0, 480},   {0x08, 0, 960},  {0x10, 0, 1920}, {0x18, 0, 2880},
                 {0x60, 0, 480},   {0x68, 0, 960},  {0x80, 0, 120},  {0x98, 0, 960},
                 {0xf8, 0, 960},   {0x99, 0, 0},    {0x9a, 0, 1920}, {0x9a, 1, 0},
                 {0x83, 48, 5760}, {0x9b, 6, 5760}, {0x9b, 7, 0},    {0x9b, 0, 0}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const uint8_t packet[] = {known[i].toc, known[i].frames};
        assert_int_equal(s3hls__opus_samples(packet, 2), known[i].samples);
    }
    assert_int_equal(s3hls__opus_samples((const uint8_t[]){0x83}, 1), 0);
    assert_int_equal(s3hls__opus_samples((const uint8_t[]){0x99, 1, 2}, 3), 1920);
    assert_int_equal(s3hls__opus_samples((const uint8_t[]){0x9a}, 1), 0);
    uint8_t two[2 + 1 + 252 + 5] = {0x9a, 252, 0};
    assert_int_equal(s3hls__opus_samples(two, 3 + 252), 1920);
    assert_int_equal(s3hls__opus_samples(two, 3 + 251), 0);
    assert_int_equal(s3hls__opus_samples(two, 2), 0);
    assert_int_equal(s3hls__opus_samples(NULL, 0), 0);
    static const uint8_t head[] = "OpusHead\1\2\x38\1\x80\xbb\0\0\0\0\0";
    s3hls__audio_track t;
    assert_int_equal(s3hls__opus_describe(head, 19, 0, &t), S3HLS_OK);
    static const uint8_t dops[] = {0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0};
    assert_int_equal(t.config_size, sizeof dops);
    assert_memory_equal(t.config, dops, sizeof dops);
    assert_int_equal(s3hls__opus_describe(head, 18, 0, &t), S3HLS_E_MALFORMED);
    assert_int_equal(s3hls__opus_describe(NULL, 0, 3, &t), S3HLS_E_UNSUPPORTED);
}

/* RFC 9639 9.1.1, Table 14 */
static void flac_frames_state_their_samples(void **state) {
    (void)state;
    static const uint32_t samples[] = {0,   192, 576,  1152, 2304, 4608, 0,     0,
                                       256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
    for (uint8_t code = 0; code < 16; code++) {
        const uint8_t frame[] = {0xff, 0xf8, (uint8_t)(code << 4 | 9), 0x18, 0, 0x12, 0x34, 0};
        uint32_t expected = code == 6 ? 0x13 : code == 7 ? 0x1235 : samples[code];
        assert_int_equal(s3hls__flac_samples(frame, sizeof frame), expected);
        assert_int_equal(s3hls__flac_samples(frame, 4), 0);
    }
    static const uint8_t largest[] = {0xff, 0xf8, 0x79, 0x18, 0, 0xff, 0xff, 0};
    assert_int_equal(s3hls__flac_samples(largest, sizeof largest), 0);
    static const uint8_t not_flac[] = {0xff, 0xf0, 0xc9, 0x18, 0, 0, 0, 0};
    assert_int_equal(s3hls__flac_samples(not_flac, sizeof not_flac), 0);
    uint8_t info[34] = {0x10, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0xc4, 0x42, 0xf0};
    s3hls__audio_track t;
    assert_int_equal(s3hls__flac_describe(info, 34, &t), S3HLS_OK);
    assert_int_equal(t.rate, 44100);
    assert_int_equal(t.channels, 2);
    assert_int_equal(s3hls__flac_describe(info, 33, &t), S3HLS_E_MALFORMED);
    info[12] |= 0x0e;
    assert_int_equal(s3hls__flac_describe(info, 34, &t), S3HLS_E_UNSUPPORTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_config_describes_its_track),
        cmocka_unit_test(adts_is_written_as_it_is_read),
        cmocka_unit_test(damaged_adts_is_refused),
        cmocka_unit_test(opus_packets_state_their_samples),
        cmocka_unit_test(flac_frames_state_their_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
