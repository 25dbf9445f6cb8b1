/* SPDX-License-Identifier: MIT-0 */
#include "s3hls/time.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t LAST_US = INT64_C(253402300800) * 1000000; /* the year 10000 */

/* Parse up to six fractional digits, rounded down. @return the text after them. */
static const char *parse_fraction(const char *p, int64_t *us) {
    int64_t unit = 100000;
    *us = 0;
    if (*p != '.' || !isdigit((unsigned char)p[1]))
        return p;
    for (p++; isdigit((unsigned char)*p); p++, unit /= 10)
        *us += (*p - '0') * unit;
    return p;
}

static bool parse_unix(const char *text, int64_t *us) {
    int64_t seconds = 0, fraction;
    const char *p = text;
    for (; isdigit((unsigned char)*p) && p - text < 12; p++)
        seconds = seconds * 10 + (*p - '0');
    bool any = p > text;
    p = parse_fraction(p, &fraction);
    *us = seconds * 1000000 + fraction;
    return any && *p == 0 && *us < LAST_US;
}

/* Parse exactly the given number of digits, and the separator after them if there is one. */
static bool parse_field(const char **p, int digits, char separator, int *value) {
    *value = 0;
    for (int i = 0; i < digits; i++, ++*p) {
        if (!isdigit((unsigned char)**p))
            return false;
        *value = *value * 10 + (**p - '0');
    }
    if (separator && *(*p)++ != separator)
        return false;
    return true;
}

/* Parse "03:12", "03:12:00" or "03:12:00.5", each with or without Z. */
static bool parse_clock(const char *p, struct tm *tm, int64_t *fraction_us) {
    if (!parse_field(&p, 2, ':', &tm->tm_hour) || !parse_field(&p, 2, 0, &tm->tm_min))
        return false;
    if (*p == ':') {
        p++;
        if (!parse_field(&p, 2, 0, &tm->tm_sec))
            return false;
        p = parse_fraction(p, fraction_us);
    }
    p += *p == 'Z';
    return *p == 0;
}

static bool parse_date(const char *text, int64_t *us) {
    struct tm tm = {0};
    int64_t fraction_us = 0;
    const char *p = text;
    if (!parse_field(&p, 4, '-', &tm.tm_year) || !parse_field(&p, 2, '-', &tm.tm_mon) ||
        !parse_field(&p, 2, 0, &tm.tm_mday))
        return false;
    bool clock = *p == 'T' || *p == ' ';
    if (clock ? !parse_clock(p + 1, &tm, &fraction_us) : *p != 0)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    struct tm real = tm; /* timegm() turns 30 February into 2 March */
    *us = (int64_t)timegm(&real) * 1000000 + fraction_us;
    return real.tm_mon == tm.tm_mon && real.tm_mday == tm.tm_mday && real.tm_hour == tm.tm_hour &&
           real.tm_min == tm.tm_min && real.tm_sec == tm.tm_sec && *us >= 0 && *us < LAST_US;
}

int s3hls_time_parse(const char *text, int64_t *us) {
    int64_t value = 0;
    if (!text || !us)
        return S3HLS_E_INVALID;
    bool ok = strchr(text, '-') ? parse_date(text, &value) : parse_unix(text, &value);
    *us = value;
    return ok ? S3HLS_OK : S3HLS_E_MALFORMED;
}

void s3hls_time_format(int64_t us, char *text, size_t size) {
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    char whole[32];
    gmtime_r(&seconds, &tm);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, size, "%s.%03dZ", whole, (int)(us % 1000000 / 1000));
}
