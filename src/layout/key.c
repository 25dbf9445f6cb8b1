/* SPDX-License-Identifier: MIT-0 */
#include "layout/key.h"
#include "base/date.h"
#include <string.h>

enum { LONGEST_MS = 86400000 }; /* a longer duration is not a valid name */
enum { HOUR_MS = 3600000 };

/* Indexed by s3hls_segment_entry; written before the sequence. */
static const char *const MARKS[] = {"", "open-", "inner-"};
enum { MARK_COUNT = sizeof MARKS / sizeof MARKS[0] };

/* Indexed by s3hls_container. */
static const struct {
    const char *suffix, *content_type;
} CONTAINERS[] = {[S3HLS_CONTAINER_TS] = {".ts", "video/mp2t"},
                  [S3HLS_CONTAINER_FMP4] = {".m4s", "video/iso.segment"}};
enum { CONTAINER_COUNT = sizeof CONTAINERS / sizeof CONTAINERS[0] };

/* ---- writing: without printf, which would take most of the time; a day's playlist has tens of
 * thousands of names */

typedef struct writer {
    char text[S3HLS_KEY_MAX]; /* the longest key is 85 bytes */
    size_t size;
} writer;

static void add_text(writer *w, const char *text) {
    size_t size = strlen(text);
    memcpy(w->text + w->size, text, size);
    w->size += size;
}

static void add_digits(writer *w, uint64_t value, int count, const char *after) {
    s3hls__date_digits(w->text + w->size, value, count);
    w->size += (size_t)count;
    add_text(w, after);
}

static void add_number(writer *w, uint64_t value, const char *after) {
    int count = 1;
    for (uint64_t rest = value; rest >= 10; rest /= 10)
        count++;
    add_digits(w, value, count, after);
}

/* The folders of a time, down to those of the period. */
static void add_folders(writer *w, const s3hls__date *d, s3hls__period period) {
    const unsigned fields[] = {d->year, d->month, d->day, d->hour, d->minute};
    for (int i = S3HLS__YEAR; i <= (int)period && i <= S3HLS__MINUTE; i++)
        add_digits(w, fields[i], i == S3HLS__YEAR ? 4 : 2, "/");
}

/* @return length; S3HLS_E_TOO_LARGE */
static int finish(const writer *w, char *key, size_t size) {
    if (w->size >= size)
        return S3HLS_E_TOO_LARGE;
    memcpy(key, w->text, w->size);
    key[w->size] = 0;
    return (int)w->size;
}

/* ---- parsing: whether the text is valid so far */

typedef struct reader {
    const char *p, *end;
    bool ok;
} reader;

static bool next_is(const reader *r, const char *text) {
    size_t size = strlen(text);
    return r->ok && size <= (size_t)(r->end - r->p) && memcmp(r->p, text, size) == 0;
}

/* Skip the text. @return false: it does not follow */
static bool accept(reader *r, const char *text) {
    bool found = next_is(r, text);
    r->p += found ? strlen(text) : 0;
    return found;
}

static void expect(reader *r, const char *text) {
    r->ok = accept(r, text);
}

static bool next_is_digit(const reader *r) {
    return r->ok && r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

static unsigned digits(reader *r, int count) {
    unsigned value = 0;
    for (; count > 0; count--) {
        r->ok = next_is_digit(r);
        value = r->ok ? value * 10 + (unsigned)(*r->p++ - '0') : 0;
    }
    return value;
}

/* A decimal number of at most max, without leading zeros. */
static uint64_t number(reader *r, uint64_t max) {
    const char *begin = r->p;
    uint64_t value = 0;
    while (next_is_digit(r)) {
        unsigned digit = (unsigned)(*r->p++ - '0');
        r->ok = value <= (max - digit) / 10;
        value = value * 10 + digit;
    }
    r->ok = r->ok && r->p > begin && (*begin != '0' || r->p == begin + 1);
    return value;
}

/* The folders of a time, at most those down to the period. @return how many there are */
static int some_folders(reader *r, s3hls__period period, s3hls__date *d) {
    unsigned *const fields[] = {&d->year, &d->month, &d->day, &d->hour, &d->minute};
    int count = 0;
    for (*d = (s3hls__date){.month = 1, .day = 1}; count <= (int)period && next_is_digit(r);) {
        *fields[count] = digits(r, count == S3HLS__YEAR ? 4 : 2);
        expect(r, "/");
        count++;
    }
    return count;
}

static void folders(reader *r, s3hls__period period, s3hls__date *d) {
    bool all = some_folders(r, period, d) == (int)period + 1;
    r->ok = r->ok && all;
}

/* Whether the whole text was valid, and the time exists. */
static bool ends_well(const reader *r, const s3hls__date *d, int64_t *begin_ms) {
    int64_t unix_s = 0;
    bool ok = r->ok && r->p == r->end && s3hls__date_to_unix(d, &unix_s);
    *begin_ms = unix_s * 1000;
    return ok;
}

/* ---- segments */

int s3hls_segment_key_format(const s3hls_segment *segment, char *key, size_t key_size) {
    const s3hls_segment *s = segment;
    writer w = {.size = 0};
    if ((unsigned)s->entry >= MARK_COUNT || (unsigned)s->container >= CONTAINER_COUNT ||
        (s->sdk_name && s->container != S3HLS_CONTAINER_TS) || s->start_ms < 0 ||
        s->start_ms >= S3HLS__DATE_END_S * 1000)
        return S3HLS_E_INVALID;
    s3hls__date d = s3hls__date_of(s->start_ms / 1000);
    add_folders(&w, &d, S3HLS__MINUTE);
    add_digits(&w, d.second, 2, "");
    if (!s->sdk_name) {
        add_text(&w, ".");
        add_digits(&w, (uint64_t)s->start_ms % 1000, 3, "-");
        add_number(&w, s->duration_ms, "-");
        add_text(&w, MARKS[s->entry]);
        add_number(&w, s->sequence, "-");
        add_number(&w, s->timeline, "");
    }
    add_text(&w, CONTAINERS[s->container].suffix);
    return finish(&w, key, key_size);
}

static s3hls_segment_entry entry_mark(reader *r) {
    for (int i = 1; i < MARK_COUNT; i++)
        if (accept(r, MARKS[i]))
            return (s3hls_segment_entry)i;
    return S3HLS_ENTRY_IDR;
}

static s3hls_container suffix(reader *r) {
    int i = 0;
    while (i < CONTAINER_COUNT && !accept(r, CONTAINERS[i].suffix))
        i++;
    r->ok = r->ok && i < CONTAINER_COUNT;
    return (s3hls_container)i;
}

int s3hls_segment_key_parse(const char *key, size_t key_size, s3hls_segment *segment) {
    reader r = {key, key + key_size, true};
    s3hls_segment s = {.start_ms = 0};
    s3hls__date d;
    unsigned ms = 0;
    folders(&r, S3HLS__MINUTE, &d);
    d.second = digits(&r, 2);
    s.sdk_name = next_is(&r, CONTAINERS[S3HLS_CONTAINER_TS].suffix);
    if (!s.sdk_name) {
        expect(&r, ".");
        ms = digits(&r, 3);
        expect(&r, "-");
        s.duration_ms = (uint32_t)number(&r, LONGEST_MS);
        expect(&r, "-");
        s.entry = entry_mark(&r);
        s.sequence = number(&r, UINT64_MAX);
        expect(&r, "-");
        s.timeline = number(&r, UINT64_MAX);
    }
    s.container = suffix(&r);
    bool ok = ends_well(&r, &d, &s.start_ms);
    s.start_ms += ms;
    *segment = ok ? s : (s3hls_segment){.start_ms = 0};
    return ok ? S3HLS_OK : S3HLS_E_MALFORMED;
}

/* ---- timelines' objects, and indexes of hours */

static int of_timeline(uint64_t timeline, const char *suffix, char *key, size_t key_size) {
    writer w = {.size = 0};
    add_text(&w, S3HLS__TIMELINES_FOLDER);
    add_number(&w, timeline, suffix);
    return finish(&w, key, key_size);
}

int s3hls_timeline_key_format(uint64_t timeline, char *key, size_t key_size) {
    return of_timeline(timeline, ".json", key, key_size);
}

int s3hls_init_key_format(uint64_t timeline, char *key, size_t key_size) {
    return of_timeline(timeline, ".mp4", key, key_size);
}

static s3hls__key_kind timeline_parse(const char *key, size_t size, s3hls_segment *of) {
    reader r = {key, key + size, true};
    expect(&r, S3HLS__TIMELINES_FOLDER);
    of->timeline = number(&r, UINT64_MAX);
    bool init = accept(&r, ".mp4");
    if (!init)
        expect(&r, ".json");
    return !r.ok || r.p != r.end ? S3HLS__KEY_FOREIGN
           : init                ? S3HLS__KEY_INIT
                                 : S3HLS__KEY_TIMELINE;
}

static const char INDEX_NAME[] = "index.m3u8";

static int index_format(int64_t ms, char *key, size_t key_size) {
    writer w = {.size = 0};
    if (ms < 0 || ms >= S3HLS__DATE_END_S * 1000)
        return S3HLS_E_INVALID;
    s3hls__date d = s3hls__date_of(ms / 1000);
    add_folders(&w, &d, S3HLS__HOUR);
    add_text(&w, INDEX_NAME);
    return finish(&w, key, key_size);
}

static bool index_parse(const char *key, size_t size, s3hls_segment *of) {
    reader r = {key, key + size, true};
    s3hls__date d;
    folders(&r, S3HLS__HOUR, &d);
    expect(&r, INDEX_NAME);
    of->duration_ms = HOUR_MS;
    return ends_well(&r, &d, &of->start_ms);
}

/* ---- any object */

int s3hls__key_format(s3hls__key_kind kind, const s3hls_segment *of, char *key, size_t size) {
    switch (kind) {
    case S3HLS__KEY_SEGMENT:
        return s3hls_segment_key_format(of, key, size);
    case S3HLS__KEY_TIMELINE:
        return s3hls_timeline_key_format(of->timeline, key, size);
    case S3HLS__KEY_INIT:
        return s3hls_init_key_format(of->timeline, key, size);
    case S3HLS__KEY_INDEX:
        return index_format(of->start_ms, key, size);
    default:
        return S3HLS_E_INVALID;
    }
}

s3hls__key_kind s3hls__key_parse(const char *key, size_t size, s3hls_segment *of) {
    if (s3hls_segment_key_parse(key, size, of) == S3HLS_OK)
        return S3HLS__KEY_SEGMENT;
    s3hls__key_kind kind = timeline_parse(key, size, of);
    if (kind != S3HLS__KEY_FOREIGN)
        return kind;
    *of = (s3hls_segment){.start_ms = 0};
    if (index_parse(key, size, of))
        return S3HLS__KEY_INDEX;
    *of = (s3hls_segment){.start_ms = 0};
    return S3HLS__KEY_FOREIGN;
}

const char *s3hls__key_content_type(s3hls__key_kind kind, const s3hls_segment *of) {
    return kind == S3HLS__KEY_SEGMENT    ? CONTAINERS[of->container].content_type
           : kind == S3HLS__KEY_TIMELINE ? "application/json"
           : kind == S3HLS__KEY_INIT     ? "video/mp4"
                                         : "application/vnd.apple.mpegurl";
}

int s3hls__file_name_format(s3hls__key_kind kind, const s3hls_segment *of, char *name,
                            size_t size) {
    int n = s3hls__key_format(kind, of, name, size);
    for (int i = 0; i < n; i++)
        if (name[i] == '/')
            name[i] = '_';
    return n;
}

s3hls__key_kind s3hls__file_name_parse(const char *name, s3hls_segment *of) {
    char key[S3HLS_KEY_MAX];
    size_t size = strlen(name);
    bool possible = size < sizeof key && !strchr(name, '/');
    for (size_t i = 0; i < size && possible; i++)
        key[i] = name[i] == '_' ? '/' : name[i];
    return s3hls__key_parse(key, possible ? size : 0, of);
}

/* ---- folders */

void s3hls__period_prefix(s3hls__period period, int64_t ms, char prefix[S3HLS_KEY_MAX]) {
    s3hls__date d = s3hls__date_of(ms / 1000);
    writer w = {.size = 0};
    add_folders(&w, &d, period);
    if (period == S3HLS__SECOND)
        add_digits(&w, d.second, 2, "");
    finish(&w, prefix, S3HLS_KEY_MAX);
}

bool s3hls__period_parse(const char *folder, s3hls__period *period, int64_t *begin_ms) {
    reader r = {folder, folder + strlen(folder), true};
    s3hls__date d;
    int count = some_folders(&r, S3HLS__MINUTE, &d);
    *period = (s3hls__period)(count - 1);
    return count > 0 && ends_well(&r, &d, begin_ms);
}

int64_t s3hls__next_month_ms(int64_t ms) {
    s3hls__date d = s3hls__date_of(ms / 1000);
    int64_t unix_s;
    d = (s3hls__date){.year = d.year + d.month / 12, .month = d.month % 12 + 1, .day = 1};
    return s3hls__date_to_unix(&d, &unix_s) ? unix_s * 1000 : S3HLS__DATE_END_S * 1000;
}

static const char DIGITS[] = "0123456789";

bool s3hls__key_is_in_year(const char *key) {
    return strspn(key, DIGITS) == 4 && key[4] == '/';
}

bool s3hls__key_is_after_segments(const char *key) {
    return key[0] > '9';
}

bool s3hls__folder_is_of_recording(const char *path) {
    size_t end = strlen(path) - 1, begin = end; /* of the last folder, without its slash */
    while (begin && path[begin - 1] != '/')
        begin--;
    return strspn(path + begin, DIGITS) == end - begin ||
           strcmp(path + begin, S3HLS__TIMELINES_FOLDER) == 0;
}
