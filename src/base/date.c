/* SPDX-License-Identifier: MIT-0 */
#include "base/date.h"
#include <stddef.h>
#include <string.h>

static unsigned month_days(unsigned year, unsigned month) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* 1970-01-01 is day 0. */
static unsigned days_before_year(unsigned year) {
    unsigned y = year - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}

s3hls__date s3hls__date_of(int64_t unix_s) {
    if (unix_s < 0)
        unix_s = 0;
    if (unix_s >= S3HLS__DATE_END_S)
        unix_s = S3HLS__DATE_END_S - 1;
    unsigned day = (unsigned)(unix_s / 86400), in_day = (unsigned)(unix_s % 86400);
    s3hls__date d = {.year = 1970 + day / 366, .month = 1};
    while (days_before_year(d.year + 1) <= day)
        d.year++;
    day -= days_before_year(d.year);
    for (; day >= month_days(d.year, d.month); d.month++)
        day -= month_days(d.year, d.month);
    d.day = day + 1;
    d.hour = in_day / 3600;
    d.minute = in_day / 60 % 60;
    d.second = in_day % 60;
    return d;
}

bool s3hls__date_to_unix(const s3hls__date *d, int64_t *unix_s) {
    if (d->year < 1970 || d->year > 9999 || d->month < 1 || d->month > 12 || d->day < 1 ||
        d->day > month_days(d->year, d->month) || d->hour > 23 || d->minute > 59 || d->second > 59)
        return false;
    int64_t day = days_before_year(d->year) + d->day - 1;
    for (unsigned month = 1; month < d->month; month++)
        day += month_days(d->year, month);
    *unix_s = day * 86400 + d->hour * 3600 + d->minute * 60 + d->second;
    return true;
}

/* ---- text */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Parse exactly count digits. @return NULL: p is NULL, or there are fewer */
static const char *parse_digits(const char *p, int count, unsigned *value) {
    *value = 0;
    for (; p && count > 0; count--, p++) {
        if (!is_digit(*p))
            return NULL;
        *value = *value * 10 + (unsigned)(*p - '0');
    }
    return p;
}

static const char *expect(const char *p, char c) {
    return p && *p == c ? p + 1 : NULL;
}

const char *s3hls__date_parse_fraction(const char *text, int64_t *us) {
    int64_t unit = 100000;
    *us = 0;
    if (*text != '.' || !is_digit(text[1]))
        return text;
    for (text++; is_digit(*text); text++, unit /= 10)
        *us += (*text - '0') * unit;
    return text;
}

/* Parse "03:12", "03:12:00" or "03:12:00.5". */
static const char *parse_clock(const char *p, s3hls__date *d, int64_t *fraction_us) {
    p = expect(parse_digits(p, 2, &d->hour), ':');
    p = parse_digits(p, 2, &d->minute);
    if (!p || *p != ':')
        return p;
    p = parse_digits(p + 1, 2, &d->second);
    return p ? s3hls__date_parse_fraction(p, fraction_us) : NULL;
}

const char *s3hls__date_parse(const char *text, int64_t *unix_us) {
    s3hls__date d = {0};
    int64_t unix_s, fraction_us = 0;
    const char *p = expect(parse_digits(text, 4, &d.year), '-');
    p = expect(parse_digits(p, 2, &d.month), '-');
    p = parse_digits(p, 2, &d.day);
    if (p && (*p == 'T' || *p == ' '))
        p = parse_clock(p + 1, &d, &fraction_us);
    if (!p || !s3hls__date_to_unix(&d, &unix_s))
        return NULL;
    *unix_us = unix_s * 1000000 + fraction_us;
    return p;
}

/* Parse "Nov" and a space. @return NULL: p is NULL, or there is no such month */
static const char *parse_month(const char *p, unsigned *month) {
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (*month = 1; p && *month <= 12; ++*month)
        if (strncmp(p, names + (*month - 1) * 3, 3) == 0)
            return expect(p + 3, ' ');
    return NULL;
}

bool s3hls__date_parse_http(const char *text, int64_t *unix_s) {
    s3hls__date d = {0};
    const char *p = strchr(text, ',');
    p = expect(parse_digits(p ? expect(p + 1, ' ') : NULL, 2, &d.day), ' ');
    p = expect(parse_digits(parse_month(p, &d.month), 4, &d.year), ' ');
    p = expect(parse_digits(p, 2, &d.hour), ':');
    p = expect(parse_digits(p, 2, &d.minute), ':');
    p = parse_digits(p, 2, &d.second);
    if (d.second == 60) /* a leap second */
        d.second = 59;
    return p && strcmp(p, " GMT") == 0 && s3hls__date_to_unix(&d, unix_s);
}

char *s3hls__date_digits(char *to, uint64_t value, int count) {
    for (int i = count; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + count;
}

static char *add(char *to, unsigned value, int count, char after) {
    to = s3hls__date_digits(to, value, count);
    *to = after;
    return to + 1;
}

void s3hls__date_format(int64_t unix_ms, char text[S3HLS__DATE_TEXT_BYTES]) {
    s3hls__date d = s3hls__date_of(unix_ms / 1000);
    char *p = add(text, d.year, 4, '-');
    p = add(p, d.month, 2, '-');
    p = add(p, d.day, 2, 'T');
    p = add(p, d.hour, 2, ':');
    p = add(p, d.minute, 2, ':');
    p = add(p, d.second, 2, '.');
    p = add(p, (unsigned)(unix_ms % 1000), 3, 'Z');
    *p = 0;
}
