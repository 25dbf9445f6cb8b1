/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/g711.h"
#include <string.h>

static int16_t decode(uint8_t coded, bool alaw) {
    int16_t value;
    s3hls__g711_decode(&coded, 1, alaw, &value);
    return value;
}

/* Table 1a: decoder output values y(n) in 13 bits; the 16-bit value is 8 times as large. The
 * character signals of the table are sent with their even bits inverted (its note 2). */
static void alaw_has_the_values_of_the_table(void **state) {
    (void)state;
    static const struct {
        uint8_t character;
        int value;
    } known[] = {{0xff, 4032}, {0xf0, 2112}, {0xe0, 1056}, {0xd0, 528}, {0xc0, 264},
                 {0xb0, 132},  {0xa0, 66},   {0x90, 33},   {0x8f, 31},  {0x80, 1}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint8_t sent = known[i].character ^ 0x55;
        assert_int_equal(decode(sent, true), known[i].value * 8);
        assert_int_equal(decode(sent ^ 0x80, true), -known[i].value * 8); /* Table 1b */
    }
}

/* Table 2a: likewise in 14 bits, 4 times. */
static void mulaw_has_the_values_of_the_table(void **state) {
    (void)state;
    static const struct {
        uint8_t sent;
        int value;
    } known[] = {{0x80, 8031}, {0x8f, 4191}, {0x9f, 2079}, {0xaf, 1023}, {0xbf, 495},
                 {0xcf, 231},  {0xdf, 99},   {0xef, 33},   {0xfe, 2},    {0xff, 0}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_int_equal(decode(known[i].sent, false), known[i].value * 4);
        assert_int_equal(decode(known[i].sent ^ 0x80, false), -known[i].value * 4);
    }
}

/* Steps double from segment to segment; those of A-law's two lowest are equal (3.2). */
static void steps_double_with_each_segment(void **state) {
    (void)state;
    for (unsigned segment = 0; segment < 8; segment++)
        for (unsigned step = 1; step < 16; step++) {
            uint8_t at = (uint8_t)(0x80 | segment << 4 | step), before = (uint8_t)(at - 1);
            int a = decode(at ^ 0x55, true) - decode(before ^ 0x55, true);
            assert_int_equal(a, segment ? 16 << (segment - 1) : 16);
            int mu = decode((uint8_t)~at, false) - decode((uint8_t)~before, false);
            assert_int_equal(mu, -(8 << segment)); /* inverted, sign bit included: negative */
        }
}

static void samples_are_decoded_in_order(void **state) {
    (void)state;
    static const uint8_t coded[] = {0xaa, 0x2a, 0xd5, 0x55};
    static const int16_t expected[] = {32256, -32256, 8, -8};
    int16_t out[5] = {0, 0, 0, 0, 77};
    s3hls__g711_decode(coded, sizeof coded, true, out);
    assert_memory_equal(out, expected, sizeof expected);
    assert_int_equal(out[4], 77);
    s3hls__g711_decode(coded, 0, false, out);
    assert_memory_equal(out, expected, sizeof expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alaw_has_the_values_of_the_table),
        cmocka_unit_test(mulaw_has_the_values_of_the_table),
        cmocka_unit_test(steps_double_with_each_segment),
        cmocka_unit_test(samples_are_decoded_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
