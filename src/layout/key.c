/* SPDX-License-Identifier: MIT-0 */
#include "layout/key.h"
#include "base/date.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_MS = 86400000 }; /* a longer duration is not a valid name */

/* ---- names */

static int fitted(int length, size_t size) {
    return length >= 0 && (size_t)length < size ? length : S3HLS_E_TOO_LARGE;
}

/* Digits are written without printf, which would take most of the time: a day's playlist has tens
 * of thousands of names. Each function returns the position of the next character. */
static char *add_digits(char *p, uint64_t value, int count, char after) {
    p = s3hls__date_digits(p, value, count);
    *p = after;
    return p + 1;
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
        s->start_ms >= S3HLS__DATE_END_S * 1000)
        return S3HLS_E_INVALID;
    s3hls__date d = s3hls__date_of(s->start_ms / 1000);
    char name[S3HLS_KEY_MAX], *p = name; /* the longest is 85 bytes */
    p = add_digits(p, d.year, 4, '/');
    p = add_digits(p, d.month, 2, '/');
    p = add_digits(p, d.day, 2, '/');
    p = add_digits(p, d.hour, 2, '/');
    p = add_digits(p, d.minute, 2, '/');
    p = add_digits(p, d.second, 2, '.');
    if (!s->sdk_name) {
        p = add_digits(p, (uint64_t)s->start_ms % 1000, 3, '-');
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
    s3hls__date d = {0};
    unsigned ms = 0;
    memset(segment, 0, sizeof *segment);
    d.year = digits(&r, 4);
    expect(&r, '/');
    d.month = digits(&r, 2);
    expect(&r, '/');
    d.day = digits(&r, 2);
    expect(&r, '/');
    d.hour = digits(&r, 2);
    expect(&r, '/');
    d.minute = digits(&r, 2);
    expect(&r, '/');
    d.second = digits(&r, 2);
    expect(&r, '.');
    segment->sdk_name = r.ok && r.p < r.end && *r.p == 't';
    if (!segment->sdk_name) {
        ms = digits(&r, 3);
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
    if (!r.ok || r.p != r.end || !s3hls__date_to_unix(&d, &segment->start_ms)) {
        memset(segment, 0, sizeof *segment);
        return S3HLS_E_MALFORMED;
    }
    segment->start_ms = segment->start_ms * 1000 + ms;
    return S3HLS_OK;
}

bool s3hls__segment_same_session(const s3hls_segment *a, const s3hls_segment *b) {
    enum { LOST_MAX = 10000 }; /* a larger difference is not a loss but unrelated */
    if (a->sdk_name || b->sdk_name)
        return a->sdk_name && b->sdk_name;
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
