/* SPDX-License-Identifier: MIT-0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/date.h"
#include <string.h>
#include <time.h>

static void every_day_matches_the_c_library(void **state) {
    (void)state;
    for (int64_t day = 0; day < S3HLS__DATE_END_S / 86400; day++) {
        time_t t = (time_t)(day * 86400 + day % 86400);
        struct tm tm;
        gmtime_r(&t, &tm);
        s3hls__date d = s3hls__date_of(t);
        int64_t back = 0;
        if (d.year != (unsigned)tm.tm_year + 1900 || d.month != (unsigned)tm.tm_mon + 1 ||
            d.day != (unsigned)tm.tm_mday || d.hour != (unsigned)tm.tm_hour ||
            d.minute != (unsigned)tm.tm_min || d.second != (unsigned)tm.tm_sec ||
            !s3hls__date_to_unix(&d, &back) || back != t)
            fail_msg("day %lld", (long long)day);
    }
}

static void times_outside_are_replaced_by_the_nearest(void **state) {
    (void)state;
    assert_int_equal(s3hls__date_of(-1).year, 1970);
    assert_int_equal(s3hls__date_of(INT64_MIN).day, 1);
    assert_int_equal(s3hls__date_of(S3HLS__DATE_END_S).second, 59);
    assert_int_equal(s3hls__date_of(INT64_MAX).year, 9999);
}

static void texts_are_parsed_up_to_their_zone(void **state) {
    static const struct {
        const char *text;
        int64_t us; /* negative: malformed */
        const char *rest;
    } cases[] = {
        {"1970-01-01", 0, ""},
        {"2013-05-24Z", 1369353600000000, "Z"},
        {"2013-05-24T00:01", 1369353660000000, ""},
        {"2013-05-24 00:00:01Z", 1369353601000000, "Z"},
        {"2013-05-24T00:00:01.000Z", 1369353601000000, "Z"},
        {"2013-05-24T00:00:01.5", 1369353601500000, ""},
        {"2013-05-24T00:00:01.1234567+02:00", 1369353601123456, "+02:00"},
        {"2013-05-24T00:00:01.Z", 1369353601000000, ".Z"},
        {"2013-05-24T00:01.5", 1369353660000000, ".5"},
        {"2024-02-29", 1709164800000000, ""},
        {"9999-12-31T23:59:59", 253402300799000000, ""},
        {"2023-02-29", -1, NULL},
        {"2000-02-30", -1, NULL},
        {"2100-02-29", -1, NULL},
        {"1969-12-31", -1, NULL},
        {"2013-13-01", -1, NULL},
        {"2013-00-01", -1, NULL},
        {"2013-01-00", -1, NULL},
        {"2013-05-24T24:00", -1, NULL},
        {"2013-05-24T23:60", -1, NULL},
        {"2013-05-24T23:59:60", -1, NULL},
        {"2013-05-24T", -1, NULL},
        {"2013-05-24T1:00", -1, NULL},
        {"2013-05-24T01", -1, NULL},
        {"2013-05-24T01:00:", -1, NULL},
        {"13-05-24", -1, NULL},
        {"2013-5-24", -1, NULL},
        {"2013/05/24", -1, NULL},
        {"+013-05-24", -1, NULL},
        {"", -1, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us = -1;
        const char *rest = s3hls__date_parse(cases[i].text, &us);
        if (us != cases[i].us || (rest == NULL) != (cases[i].rest == NULL) ||
            (rest && strcmp(rest, cases[i].rest) != 0))
            fail_msg("%s: %lld, %s", cases[i].text, (long long)us, rest ? rest : "(none)");
    }
}

static void a_text_that_was_formatted_parses_to_the_same_time(void **state) {
    static const int64_t times[] = {0, 1, 1369353601005, 1709251199999, 253402300799999};
    char text[S3HLS__DATE_TEXT_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t us = -1;
        s3hls__date_format(times[i], text);
        assert_string_equal(s3hls__date_parse(text, &us), "Z");
        assert_int_equal(us, times[i] * 1000);
    }
    s3hls__date_format(1709251199999, text);
    assert_string_equal(text, "2024-02-29T23:59:59.999Z");
}

static void dates_of_http_are_read(void **state) {
    static const struct {
        const char *text;
        int64_t unix_s; /* -1: malformed */
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Fri, 31 Dec 9999 23:59:59 GMT", S3HLS__DATE_END_S - 1},
        {"Wed, 20 Jan 2038 03:14:08 GMT", 2147570048}, /* beyond 32 bits */
        {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228799},
        {"", -1},
        {",", -1},
        {"Sun, 06 Nov", -1},
        {"Sun, 06 Nov 1994 08:49:37", -1},
        {"Sun, 06 Nov 1994 08:49:37 CET", -1},
        {"Sun, 06 nov 1994 08:49:37 GMT", -1},
        {"Sun, 31 Feb 1994 08:49:37 GMT", -1},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
        {"06 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 25:49:37 GMT", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t unix_s = -1;
        bool ok = s3hls__date_parse_http(cases[i].text, &unix_s);
        if (ok != (cases[i].unix_s >= 0) || (ok && unix_s != cases[i].unix_s))
            fail_msg("%s: %lld", cases[i].text, (long long)unix_s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_of_http_are_read),
        cmocka_unit_test(every_day_matches_the_c_library),
        cmocka_unit_test(times_outside_are_replaced_by_the_nearest),
        cmocka_unit_test(texts_are_parsed_up_to_their_zone),
        cmocka_unit_test(a_text_that_was_formatted_parses_to_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
