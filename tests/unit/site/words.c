/* SPDX-License-Identifier: MIT-0 */
/* Sizes and durations, and the nearest of some words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "site/nearest.h"
#include "site/quantity.h"

#define REFUSED UINT64_MAX

static void sizes(void **state) {
    static const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {{"0", 0},
                {"1", 1},
                {"4K", 4096},
                {"4k", 4096},
                {"1.5M", 1572864},
                {".5G", 536870912},
                {"64G", UINT64_C(64) << 30},
                {"2T", UINT64_C(2) << 40},
                {"999999999999999", UINT64_C(999999999999999)},
                {"1000000000000000", REFUSED},
                {"1000T", REFUSED},
                {"99999999999999999999999999999999", REFUSED},
                {"", REFUSED},
                {"K", REFUSED},
                {".", REFUSED},
                {"4KB", REFUSED},
                {"4 K", REFUSED},
                {" 4K", REFUSED},
                {"-4K", REFUSED},
                {"+4", REFUSED},
                {"1e3", REFUSED},
                {"0x10", REFUSED},
                {"1.2.3", REFUSED},
                {"inf", REFUSED},
                {"nan", REFUSED}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t bytes;
        bool ok = s3hls__quantity_parse_size(rows[i].text, &bytes);
        if (ok != (rows[i].bytes != REFUSED) || (ok && bytes != rows[i].bytes))
            fail_msg("%s: %d, %lu", rows[i].text, ok, (unsigned long)bytes);
    }
}

static void durations(void **state) {
    static const struct {
        const char *text;
        uint64_t ms;
    } rows[] = {{"500ms", 500},    {"4s", 4000},     {"4S", 4000},
                {"1.5m", 90000},   {"2h", 7200000},  {"30d", 2592000000},
                {"0s", 0},         {"4", REFUSED},   {"", REFUSED},
                {"s", REFUSED},    {"4 s", REFUSED}, {"-4s", REFUSED},
                {"4sec", REFUSED}, {"4w", REFUSED},  {"99999999999999999d", REFUSED}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t ms;
        bool ok = s3hls__quantity_parse_duration(rows[i].text, &ms);
        if (ok != (rows[i].ms != REFUSED) || (ok && ms != rows[i].ms))
            fail_msg("%s: %d, %lu", rows[i].text, ok, (unsigned long)ms);
    }
}

static void counts(void **state) {
    uint64_t n;
    (void)state;
    assert_true(s3hls__quantity_parse_count("100", 100, &n));
    assert_int_equal(n, 100);
    assert_false(s3hls__quantity_parse_count("101", 100, &n));
    assert_false(s3hls__quantity_parse_count("1.0", 100, &n));
    assert_false(s3hls__quantity_parse_count("1K", 100, &n));
    assert_false(s3hls__quantity_parse_count("", 100, &n));
}

static const char *nearest(const char *word) {
    static const char *const words[] = {"input",     "segment",    "audio",
                                        "container", "pool-share", "spool-share",
                                        "drop",      "tags",       "off"};
    s3hls__site_nearest n = {.word = word};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        s3hls__site_nearest_try(&n, words[i]);
    return n.found ? n.found : "";
}

static void words(void **state) {
    static const struct {
        const char *word, *want;
    } rows[] = {{"segment", "segment"}, /* distance 0 */
                {"Segment", "segment"},
                {"pool_share", "pool-share"},
                {"segmnt", "segment"},
                {"semgent", "segment"},
                {"segmentss", "segment"},
                {"seg", "segment"},
                {"adio", "audio"},
                {"auido", "audio"},
                {"of", "off"},
                {"tag", "tags"},
                {"dorp", "drop"},
                {"spool-shar", "spool-share"},
                {"", ""},
                {"x", ""},
                {"bitrate", ""},
                {"source", ""},
                {"a-word-that-is-longer-than-any-of-the-keys-can-be", ""},
                {"input\xc3\xa4", "input"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(nearest(rows[i].word), rows[i].want);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sizes), cmocka_unit_test(durations),
                                       cmocka_unit_test(counts), cmocka_unit_test(words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
