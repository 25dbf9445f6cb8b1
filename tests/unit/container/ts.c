/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "container/ts/crc32.h"
#include "container/ts/ts.h"
#include "ts_check.h"
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 20000 * 188 };

/* A segment in one piece of memory that grows packet by packet, to walk through every call of
 * more(). */
typedef struct fixture {
    s3hls__ts mux;
    s3hls__output out[S3HLS__PARTS];
    uint8_t *data;
    size_t room; /* packets */
    ts_check check;
    bool audio, ended;
} fixture;

static const s3hls__tracks tracks = {.video.codec = S3HLS__CODEC_H264};

static int one_more(void *ctx, s3hls__output *out) {
    fixture *f = ctx;
    if ((size_t)(out->end - f->data) / 188 == f->room)
        return S3HLS_E_FULL;
    out->end += 188;
    return S3HLS_OK;
}

static const s3hls__tracks with_audio = {
    .video.codec = S3HLS__CODEC_H264,
    .audio = {.codec = S3HLS__CODEC_AAC,
              .rate = 48000,
              .channels = 2,
              .frame_samples = 1024,
              .adts = {0xff, 0xf1, 0x4c, 0x80, 0x00, 0xff, 0xfc}},
};

static fixture *fixture_open_with(const s3hls__tracks *of) {
    fixture *f = calloc(1, sizeof *f);
    f->data = malloc(CAPACITY);
    f->room = CAPACITY / 188;
    f->out[S3HLS__PART_MEDIA] = (s3hls__output){f->data, f->data, 0, f, one_more};
    s3hls__container_ts.begin_timeline(&f->mux, of);
    assert_int_equal(s3hls__container_ts.begin_segment(&f->mux, f->out), S3HLS_OK);
    return f;
}

static fixture *fixture_open(void) {
    return fixture_open_with(&tracks);
}

static void fixture_close(fixture *f) {
    ts_check_deinit(&f->check);
    free(f->data);
    free(f);
}

static size_t size_of(const fixture *f) {
    return (size_t)(f->out[S3HLS__PART_MEDIA].p - f->data);
}

static void end(fixture *f) {
    if (!f->ended)
        s3hls__container_ts.end_segment(&f->mux, f->out, 0, f->audio);
    f->ended = true;
}

static int check(fixture *f, FILE *out) {
    end(f);
    f->check.out = out;
    return ts_check_segment(&f->check, f->data, size_of(f));
}

/* An access unit with everything a keyframe needs, size bytes in all or as few as it takes. */
static size_t make_unit(uint8_t *to, bool key, size_t size) {
    static const uint8_t head[] = {0,    0,  0, 1, 9, 0xf0, 0,    0,    0, 1, 0x67, 66,
                                   0xc0, 30, 0, 0, 0, 1,    0x68, 0xce, 0, 0, 1,    0x65};
    static const uint8_t other[] = {0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41};
    size_t n = key ? sizeof head : sizeof other;
    memcpy(to, key ? head : other, n);
    for (; n < size; n++)
        to[n] = (uint8_t)(n * 7 | 1);
    return n;
}

static int put(fixture *f, bool key, int64_t pts, int64_t dts, size_t size, size_t piece) {
    static uint8_t unit[3 << 20];
    size_t n = make_unit(unit, key, size);
    s3hls__unit facts = {.pts_90k = pts, .dts_90k = dts, .keyframe = key};
    int rc = s3hls__container_ts.begin_unit(&f->mux, f->out, &facts);
    for (size_t at = 0; at < n && !rc; at += piece)
        rc = s3hls__container_ts.data(&f->mux, f->out, unit + at, n - at < piece ? n - at : piece);
    return rc ? rc : s3hls__container_ts.end_unit(&f->mux, f->out);
}

static void crc_of_a_known_section(void **state) {
    (void)state;
    assert_int_equal(s3hls__mux_crc32((const uint8_t *)"123456789", 9), 0x0376e6e7);
}

static void every_size_of_unit_is_a_legal_stream(void **state) {
    (void)state;
    fixture *f = fixture_open();
    for (size_t size = 1; size <= 700; size++)
        assert_int_equal(put(f, size == 1, 90000 + (int64_t)size * 3600,
                             90000 + (int64_t)size * 3600, size, size % 13 + 1),
                         S3HLS_OK);
    assert_int_equal(check(f, stdout), 0);
    assert_int_equal(f->check.access_units, 700);
    fixture_close(f);
}

/* What goes in comes out: payload gathered back from the packets. */
static void payload_is_not_changed(void **state) {
    (void)state;
    static uint8_t unit[2 << 20], back[3 << 20];
    fixture *f = fixture_open();
    assert_int_equal(put(f, true, 90000, 90000, sizeof unit, 100003), S3HLS_OK);
    make_unit(unit, true, sizeof unit);
    size_t n = 0;
    for (const uint8_t *p = f->data + 2 * 188; p < f->out[S3HLS__PART_MEDIA].p; p += 188) {
        size_t at = p[3] & 0x20 ? 5u + p[4] : 4;
        memcpy(back + n, p + at, 188 - at);
        n += 188 - at;
    }
    assert_int_equal(n, sizeof unit + 14);
    assert_memory_equal(back + 14, unit, sizeof unit);
    assert_int_equal(check(f, stdout), 0);
    fixture_close(f);
}

static void clock_wraps_after_26_hours(void **state) {
    (void)state;
    fixture *f = fixture_open();
    for (int i = 0; i < 100; i++) {
        int64_t dts = (INT64_C(1) << 33) - 50 * 3600 + i * 3600;
        assert_int_equal(put(f, i == 0, dts + 7200, dts, 2000, 500), S3HLS_OK);
    }
    assert_int_equal(check(f, stdout), 0);
    assert_true(f->check.pts_last < 100 * 3600);
    fixture_close(f);
}

static void rare_and_frequent_frames_have_pcr_in_time(void **state) {
    (void)state;
    static const int64_t steps[] = {1, 1500, 3600, 9000, 9001, 18000, 90000, 10 * 90000};
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        fixture *f = fixture_open();
        for (int i = 0; i < 20; i++)
            assert_int_equal(put(f, i == 0, 90000 + i * steps[s], 90000 + i * steps[s], 1000, 1000),
                             S3HLS_OK);
        assert_int_equal(check(f, stdout), 0);
        fixture_close(f);
    }
}

static void counters_run_on_over_segments(void **state) {
    (void)state;
    fixture *f = fixture_open();
    for (int segment = 0; segment < 5; segment++) {
        for (int i = 0; i < 7; i++) {
            int64_t dts = 90000 + (segment * 7 + i) * 3600;
            assert_int_equal(put(f, i == 0, dts, dts, 777, 99), S3HLS_OK);
        }
        assert_int_equal(check(f, stdout), 0);
        f->out[S3HLS__PART_MEDIA].p = f->out[S3HLS__PART_MEDIA].end = f->data;
        f->ended = false;
        assert_int_equal(s3hls__container_ts.begin_segment(&f->mux, f->out), S3HLS_OK);
    }
    fixture_close(f);
}

/* Where there is no more room, a copy of mux and place undoes the access unit. */
static void a_unit_without_room_can_be_taken_back(void **state) {
    (void)state;
    for (size_t room = 3; room < 60; room++) {
        fixture *f = fixture_open();
        assert_int_equal(put(f, true, 90000, 90000, 100, 100), S3HLS_OK);
        s3hls__ts mux = f->mux;
        s3hls__output out = f->out[S3HLS__PART_MEDIA];
        f->room = room;
        int rc = put(f, false, 90000 + 45000, 90000 + 45000, 10000, 1000);
        assert_int_equal(rc, room < 65 ? S3HLS_E_FULL : S3HLS_OK);
        f->mux = mux;
        f->out[S3HLS__PART_MEDIA] = out;
        f->room = CAPACITY / 188;
        assert_int_equal(put(f, false, 93600, 93600, 300, 300), S3HLS_OK);
        assert_int_equal(check(f, stdout), 0);
        fixture_close(f);
    }
}

/* ---- the checker itself: a fault planted, and found under its name */

static fixture *good_segment(void) {
    fixture *f = fixture_open();
    for (int i = 0; i < 50; i++)
        put(f, i % 25 == 0, 93600 + i * 3600, 90000 + i * 3600, 3000, 3000);
    end(f);
    return f;
}

/* The first packet from the nth on in which a picture begins. */
static uint8_t *picture(fixture *f, int n) {
    for (uint8_t *p = f->data + 2 * 188;; p += 188)
        if (p[1] & 0x40 && n-- == 0)
            return p;
}

static void drop_packet(fixture *f, uint8_t *p) {
    memmove(p, p + 188, (size_t)(f->out[S3HLS__PART_MEDIA].p - p - 188));
    f->out[S3HLS__PART_MEDIA].p -= 188;
}

static uint8_t *pes(uint8_t *packet) {
    return packet + (packet[3] & 0x20 ? 5 + packet[4] : 4);
}

static void plant_in_packets(fixture *f, int fault) {
    switch (fault) {
    case 0:
        f->out[S3HLS__PART_MEDIA].p -= 1;
        break;
    case 1:
        f->data[188 * 5] = 0x48;
        break;
    case 2:
        drop_packet(f, f->data);
        break;
    case 3:
        drop_packet(f, f->data + 188);
        break;
    case 4:
        f->data[10] ^= 1;
        break;
    case 5:
        f->data[188 + 14] ^= 1;
        break;
    case 6:
        drop_packet(f, picture(f, 3) + 188);
        break;
    case 7:
        picture(f, 4)[3] ^= 1;
        break;
    case 8:
        pes(picture(f, 2))[3] = 0xc0;
        break;
    case 9:
        pes(picture(f, 2))[5] = 9;
        break;
    case 10:
        pes(picture(f, 2))[9] &= 0xfe;
        break;
    }
}

static void plant_in_fields(fixture *f, int fault) {
    switch (fault) {
    case 11:
        memcpy(pes(picture(f, 5)) + 9, pes(picture(f, 4)) + 9, 10);
        break;
    case 12:
        pes(picture(f, 2))[13] = 1;
        pes(picture(f, 2))[12] = 0;
        pes(picture(f, 2))[11] = 1;
        break;
    case 13:
        picture(f, 6)[8] += 40;
        break;
    case 14:
        picture(f, 2)[5] |= 0x40;
        break;
    case 15:
        picture(f, 25)[5] &= 0xbf;
        break;
    case 16:
        pes(picture(f, 2))[19 + 4] = 12;
        break;
    case 17:
        pes(picture(f, 0))[19 + 10] = 6;
        break;
    case 18:
        picture(f, 2)[4] = 184;
        break;
    case 19:
        picture(f, 2)[2] ^= 1;
        break;
    case 20:
        for (int i = 2; i < 8; i += 2)
            picture(f, i)[5] &= 0xef;
        break;
    case 21:
        f->data[188 + 17] = 0x0f;
        break;
    }
}

static void plant(fixture *f, int fault) {
    plant_in_packets(f, fault);
    plant_in_fields(f, fault);
}

/* The segment is checked from the start, and the word is in what the checker reports. */
static void expect_complaint(fixture *f, const char *word) {
    char *said = NULL;
    size_t size;
    ts_check_deinit(&f->check);
    memset(&f->check, 0, sizeof f->check);
    FILE *out = open_memstream(&said, &size);
    int complaints = check(f, out);
    fclose(out);
    if (!complaints || !strstr(said, word))
        fail_msg("should be called \"%s\": %s", word, said);
    free(said);
}

static void planted_faults_are_found(void **state) {
    (void)state;
    static const char *const words[] = {"no whole number",
                                        "no sync byte",
                                        "first packet",
                                        "second packet",
                                        "CRC",
                                        "CRC",
                                        "continuity counter",
                                        "continuity counter",
                                        "PES header is wrong",
                                        "PES_packet_length",
                                        "marker bits",
                                        "DTS does not rise",
                                        "PTS before DTS",
                                        "PCR",
                                        "random_access_indicator without",
                                        "without random_access_indicator",
                                        "access unit delimiter",
                                        "parameter sets",
                                        "adaptation_field_length",
                                        "no table",
                                        "PCR after",
                                        "never comes"};
    for (int fault = 0; fault < 22; fault++) {
        fixture *f = good_segment();
        assert_int_equal(check(f, stdout), 0);
        plant(f, fault);
        expect_complaint(f, words[fault]);
        fixture_close(f);
    }
}

enum { AUDIO_RUNS = 10, RUN_FRAMES = 4, AUDIO_FRAME = 90 };

/* Two pictures, then four audio frames in one PES packet, and so on. */
static fixture *good_segment_with_audio(void) {
    static const uint8_t bytes[AUDIO_FRAME] = {0x21, 0x10, 4};
    fixture *f = fixture_open_with(&with_audio);
    f->audio = true;
    for (int run = 0; run < AUDIO_RUNS; run++) {
        for (int i = 2 * run; i < 2 * run + 2; i++)
            put(f, i == 0, 93600 + i * 3600, 90000 + i * 3600, 900, 900);
        s3hls__audio_frame frames[RUN_FRAMES];
        for (int i = 0; i < RUN_FRAMES; i++)
            frames[i] = (s3hls__audio_frame){.data = {bytes},
                                             .size = {sizeof bytes},
                                             .pts = 49920 + (run * RUN_FRAMES + i) * 1024,
                                             .samples = 1024};
        assert_int_equal(s3hls__container_ts.audio(&f->mux, f->out, frames, RUN_FRAMES), S3HLS_OK);
    }
    end(f);
    return f;
}

/* The first packet of the nth PES packet of audio. */
static uint8_t *sound(fixture *f, int n) {
    for (uint8_t *p = f->data + 2 * 188;; p += 188)
        if (p[1] & 0x40 && pes(p)[3] == 0xc0 && n-- == 0)
            return p;
}

static void plant_in_audio(fixture *f, int fault) {
    uint8_t *p = sound(f, 3);
    switch (fault) {
    case 0:
        drop_packet(f, p + 188);
        break;
    case 1:
        pes(p)[14] = 0xfe;
        break;
    case 2:
        pes(p)[5] += 1;
        break;
    case 3:
        memcpy(pes(p) + 9, pes(sound(f, 2)) + 9, 5);
        break;
    case 4:
        pes(p)[10] ^= 0x10;
        break;
    case 5:
        sound(f, 0)[1] &= 0xbf;
        break;
    case 6:
        for (uint8_t *q = f->data + 2 * 188; q < f->data + size_of(f);)
            if (q[2] == p[2])
                drop_packet(f, q);
            else
                q += 188;
        break;
    }
}

static void planted_faults_of_audio_are_found(void **state) {
    (void)state;
    static const char *const words[] = {"continuity counter",         "whole ADTS frames",
                                        "PES_packet_length of audio", "audio does not rise",
                                        "apart from video",           "before a PES header",
                                        "audio that never comes"};
    for (int fault = 0; fault < 7; fault++) {
        fixture *f = good_segment_with_audio();
        assert_int_equal(check(f, stdout), 0);
        assert_int_equal(f->check.audio_frames, AUDIO_RUNS * RUN_FRAMES);
        plant_in_audio(f, fault);
        expect_complaint(f, words[fault]);
        fixture_close(f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_of_a_known_section),
        cmocka_unit_test(every_size_of_unit_is_a_legal_stream),
        cmocka_unit_test(payload_is_not_changed),
        cmocka_unit_test(clock_wraps_after_26_hours),
        cmocka_unit_test(rare_and_frequent_frames_have_pcr_in_time),
        cmocka_unit_test(counters_run_on_over_segments),
        cmocka_unit_test(a_unit_without_room_can_be_taken_back),
        cmocka_unit_test(planted_faults_are_found),
        cmocka_unit_test(planted_faults_of_audio_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
