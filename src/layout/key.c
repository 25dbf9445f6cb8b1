/* SPDX-License-Identifier: MIT-0 */
#include "layout/key.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ---- days and dates of the proleptic Gregorian calendar, without the C library's time zones */

static const int64_t DAY_MS = 86400000;
enum { LONGEST_MS = 86400000 }; /* a longer duration is not a valid name */

static int64_t days_before_year(int64_t year) {
    int64_t y = year - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 - 719162; /* 1970-01-01 is day 0 */
}

static unsigned month_days(int64_t year, unsigned month) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

typedef struct civil {
    int64_t year;
    unsigned month, day, hour, minute, second, ms;
} civil;

static civil civil_of(int64_t ms) {
    civil c = {.year = 1970 + ms / DAY_MS / 366};
    int64_t day = ms / DAY_MS, in_day = ms % DAY_MS;
    while (days_before_year(c.year + 1) <= day)
        c.year++;
    day -= days_before_year(c.year);
    for (c.month = 1; day >= month_days(c.year, c.month); c.month++)
        day -= month_days(c.year, c.month);
    c.day = (unsigned)day + 1;
    c.hour = (unsigned)(in_day / 3600000);
    c.minute = (unsigned)(in_day / 60000 % 60);
    c.second = (unsigned)(in_day / 1000 % 60);
    c.ms = (unsigned)(in_day % 1000);
    return c;
}

/* @return false: no such time. */
static bool moment_of(const civil *c, int64_t *ms) {
    if (c->year < 1970 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > month_days(c->year, c->month) || c->hour > 23 || c->minute > 59 || c->second > 59)
        return false;
    int64_t day = days_before_year(c->year) + c->day - 1;
    for (unsigned month = 1; month < c->month; month++)
        day += month_days(c->year, month);
    *ms = day * DAY_MS + ((c->hour * INT64_C(60) + c->minute) * 60 + c->second) * 1000 + c->ms;
    return true;
}

/* ---- names */

static int fitted(int length, size_t size) {
    return length >= 0 && (size_t)length < size ? length : S3HLS_E_TOO_LARGE;
}

/* Digits are written without printf, which would take most of the time: a day's playlist has tens
 * of thousands of names. Each function returns the position of the next character. */
static char *add_digits(char *p, uint64_t value, int count, char after) {
    for (int i = count; i-- > 0; value /= 10)
        p[i] = (char)('0' + value % 10);
    p[count] = after;
    return p + count + 1;
}

static char *add_number(char *p, uint64_t value, char after) {
    int count = 1;
    for (uint64_t rest = value; rest >= 10; rest /= 10)
        count++;
    return add_digits(p, value, count, after);
}

/* Indexed by s3hls_segment_entry; written before the sequence. */
static const char *const MARKS[] = {"", "open-", "inner-"};
enum { MARK_COUNT = sizeof MARKS / sizeof MARKS[0] };

int s3hls_segment_key_format(const s3hls_segment *segment, char *key, size_t key_size) {
    const s3hls_segment *s = segment;
    if ((unsigned)s->entry >= MARK_COUNT || s->start_ms < 0 ||
        s->start_ms >= INT64_C(253402300800000)) /* the year 10000 */
        return S3HLS_E_INVALID;
    civil c = civil_of(s->start_ms);
    char name[S3HLS_KEY_MAX], *p = name; /* the longest is 85 bytes */
    p = add_digits(p, (uint64_t)c.year, 4, '/');
    p = add_digits(p, c.month, 2, '/');
    p = add_digits(p, c.day, 2, '/');
    p = add_digits(p, c.hour, 2, '/');
    p = add_digits(p, c.minute, 2, '/');
    p = add_digits(p, c.second, 2, '.');
    if (!s->seed_name) {
        p = add_digits(p, c.ms, 3, '-');
        p = add_number(p, s->duration_ms, '-');
        size_t mark = strlen(MARKS[s->entry]);
        memcpy(p, MARKS[s->entry], mark);
        p = add_number(p + mark, s->sequence, '-');
        p = add_number(p, s->timeline, '.');
    }
    memcpy(p, "ts", 3);
    size_t size = (size_t)(p - name) + 2;
    if (size >= key_size)
        return S3HLS_E_TOO_LARGE;
    memcpy(key, name, size + 1);
    return (int)size;
}

/* Parses a name, and remembers whether it is valid so far. */
typedef struct reader {
    const char *p, *end;
    bool ok;
} reader;

static void expect(reader *r, char c) {
    r->ok = r->ok && r->p < r->end && *r->p == c;
    r->p += r->ok;
}

static unsigned digits(reader *r, int count) {
    unsigned value = 0;
    for (; count > 0; count--) {
        r->ok = r->ok && r->p < r->end && *r->p >= '0' && *r->p <= '9';
        if (!r->ok)
            return 0;
        value = value * 10 + (unsigned)(*r->p++ - '0');
    }
    return value;
}

/* A decimal number of at most max, without leading zeros. */
static uint64_t number(reader *r, uint64_t max) {
    const char *begin = r->p;
    uint64_t value = 0;
    while (r->ok && r->p < r->end && *r->p >= '0' && *r->p <= '9') {
        unsigned digit = (unsigned)(*r->p++ - '0');
        r->ok = value <= (max - digit) / 10;
        value = value * 10 + digit;
    }
    r->ok = r->ok && r->p > begin && (*begin != '0' || r->p == begin + 1);
    return value;
}

/* Parse the optional mark. */
static s3hls_segment_entry entry_mark(reader *r) {
    for (int i = 1; i < MARK_COUNT && r->ok; i++) {
        size_t size = strlen(MARKS[i]);
        if (size <= (size_t)(r->end - r->p) && memcmp(r->p, MARKS[i], size) == 0) {
            r->p += size;
            return (s3hls_segment_entry)i;
        }
    }
    return S3HLS_ENTRY_IDR;
}

int s3hls_segment_key_parse(const char *key, size_t key_size, s3hls_segment *segment) {
    reader r = {key, key + key_size, true};
    civil c = {0};
    memset(segment, 0, sizeof *segment);
    c.year = digits(&r, 4);
    expect(&r, '/');
    c.month = digits(&r, 2);
    expect(&r, '/');
    c.day = digits(&r, 2);
    expect(&r, '/');
    c.hour = digits(&r, 2);
    expect(&r, '/');
    c.minute = digits(&r, 2);
    expect(&r, '/');
    c.second = digits(&r, 2);
    expect(&r, '.');
    segment->seed_name = r.ok && r.p < r.end && *r.p == 't';
    if (!segment->seed_name) {
        c.ms = digits(&r, 3);
        expect(&r, '-');
        segment->duration_ms = (uint32_t)number(&r, LONGEST_MS);
        expect(&r, '-');
        segment->entry = entry_mark(&r);
        segment->sequence = number(&r, UINT64_MAX);
        expect(&r, '-');
        segment->timeline = number(&r, UINT64_MAX);
        expect(&r, '.');
    }
    expect(&r, 't');
    expect(&r, 's');
    if (!r.ok || r.p != r.end || !moment_of(&c, &segment->start_ms)) {
        memset(segment, 0, sizeof *segment);
        return S3HLS_E_MALFORMED;
    }
    return S3HLS_OK;
}

bool s3hls__segment_same_session(const s3hls_segment *a, const s3hls_segment *b) {
    enum { LOST_MAX = 10000 }; /* a larger difference is not a loss but unrelated */
    if (a->seed_name || b->seed_name)
        return a->seed_name && b->seed_name;
    return b->sequence > a->sequence && b->sequence - a->sequence - 1 <= LOST_MAX &&
           b->timeline - a->timeline <= 1;
}

bool s3hls__segment_is_ahead(const s3hls_segment *s) {
    return s->modified_unix_s > 0 && s->modified_unix_s < INT64_MAX / 1000 &&
           s->start_ms > s->modified_unix_s * 1000 + S3HLS_CLOCK_AHEAD_MS;
}

/* ---- the timeline's object */

int s3hls__timeline_key(uint64_t timeline, char *key, size_t size) {
    return fitted(snprintf(key, size, S3HLS__TIMELINES_PREFIX "%" PRIu64 ".json", timeline), size);
}

int s3hls__timeline_format(const s3hls_timeline *t, char *text, size_t size) {
    return fitted(snprintf(text, size,
                           "{\"timeline\":%" PRIu64 ",\"target_duration_ms\":%" PRIu32
                           ",\"width\":%" PRIu32 ",\"height\":%" PRIu32
                           ",\"frame_rate_milli\":%" PRIu32
                           ",\"codecs\":\"%s\",\"container\":\"%s\"}\n",
                           t->timeline, t->target_duration_ms, t->width, t->height,
                           t->frame_rate_milli, t->codecs, t->container),
                  size);
}
