/* SPDX-License-Identifier: MIT-0 */
#include "when.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t LAST_US = INT64_C(253402300800) * 1000000; /* the year 10000 */

/* Up to six digits of a fraction, rounded down. @return what follows it. */
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

bool time_parse(const char *text, int64_t *us) {
    struct tm tm = {0}, again;
    int used = 0, fields = 0;
    int64_t fraction = 0;
    if (strlen(text) < 5 || text[4] != '-')
        return parse_unix(text, us);
    fields = sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used);
    if (fields != 3 || used != 10)
        return false;
    const char *p = text + used;
    if (*p == 'T' || *p == ' ') {
        int minutes = 0, seconds = 0;
        if (sscanf(p + 1, "%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &minutes) != 2 || minutes != 5)
            return false;
        p += 6;
        if (*p == ':') {
            if (sscanf(p + 1, "%2d%n", &tm.tm_sec, &seconds) != 1 || seconds != 2)
                return false;
            p = parse_fraction(p + 3, &fraction);
        }
        p += *p == 'Z';
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    again = tm;
    int64_t unix_s = timegm(&again);
    bool real = again.tm_mon == tm.tm_mon && again.tm_mday == tm.tm_mday &&
                again.tm_hour == tm.tm_hour && again.tm_min == tm.tm_min &&
                again.tm_sec == tm.tm_sec;
    *us = unix_s * 1000000 + fraction;
    return *p == 0 && real && *us >= 0 && *us < LAST_US;
}

void time_format(int64_t us, char *text, size_t size) {
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    char whole[32];
    gmtime_r(&seconds, &tm);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, size, "%s.%03dZ", whole, (int)(us % 1000000 / 1000));
}
