/* SPDX-License-Identifier: MIT-0 */
/* Contents of a camera: days, the newest segment, spans. */
#include "archive/archive.h"
#include "archive/folder.h"
#include "layout/key.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEWEST_MS = 600000, /* period in which a recording camera must have put a segment */
    YEAR_SIZE = sizeof "YYYY/" - 1,
    MINUTE_SIZE = sizeof "YYYY/MM/DD/HH/mm/" - 1,
    SECOND_SIZE = sizeof "YYYY/MM/DD/HH/mm/SS" - 1,
    KEYS_MAX = 1000 /* per LIST */
};

/* ---- days: the folders of a month */

/* The month after the given one, as "YYYY/MM/". */
static void next_month(char month[sizeof "YYYY/MM/"]) {
    int number = (month[5] - '0') * 10 + month[6] - '0', year = atoi(month);
    year += number == 12;
    snprintf(month, sizeof "YYYY/MM/", "%04u/%02u/", (unsigned)year % 10000,
             (unsigned)number % 12 + 1);
}

/* First moment of "YYYY/MM/DD/". @return false: no such day. */
static bool day_begins(const char *folder, int64_t *ms) {
    char key[S3HLS_KEY_MAX];
    s3hls_segment s;
    int n = snprintf(key, sizeof key, "%.32s00/00/00.ts", folder);
    if (s3hls_segment_key_parse(key, (size_t)n, &s))
        return false;
    *ms = s.start_ms;
    return true;
}

static int tell_days(const s3hls__names *days, int64_t from_ms, int64_t to_ms, s3hls_name_fn on_day,
                     void *ctx) {
    int64_t ms;
    for (size_t i = 0; i < days->count; i++) {
        char *day = days->items[i];
        if (!day_begins(day, &ms) || ms >= to_ms || ms + 86400000 <= from_ms)
            continue;
        day[4] = day[7] = '-';
        day[strlen("YYYY-MM-DD")] = 0;
        if (on_day(ctx, day))
            return S3HLS_E_CANCELLED;
    }
    return S3HLS_OK;
}

int s3hls_archive_days(s3hls_archive *archive, int64_t from_ms, int64_t to_ms, s3hls_name_fn on_day,
                       void *ctx, s3hls_s3_error *error) {
    char month[S3HLS_KEY_MAX], last[S3HLS_KEY_MAX];
    if (!archive || !on_day || from_ms >= to_ms || from_ms < 0)
        return S3HLS_E_INVALID;
    s3hls_segment s = {.start_ms = from_ms, .sdk_name = 1};
    if (s3hls_segment_key_format(&s, month, sizeof month) < 0)
        return S3HLS_E_INVALID;
    s.start_ms = to_ms - 1;
    if (s3hls_segment_key_format(&s, last, sizeof last) < 0)
        return S3HLS_E_INVALID;
    month[strlen("YYYY/MM/")] = last[strlen("YYYY/MM/")] = 0;
    int rc = S3HLS_OK;
    for (bool more = true; more && !rc; next_month(month)) {
        s3hls__names days;
        more = strcmp(month, last) != 0;
        rc = s3hls__folder_list(archive->store, month, &archive->env, &days, error);
        if (!rc)
            rc = tell_days(&days, from_ms, to_ms, on_day, ctx);
        s3hls__names_deinit(&days);
    }
    return rc;
}

/* ---- the newest segment: of the last minutes, or the last folder in the last folder ... */

static bool is_of_time(const char *folder, size_t depth) {
    static const char form[] = "dddd/dd/dd/dd/dd/";
    size_t i = 0;
    for (; form[i] && folder[i]; i++)
        if (form[i] == 'd' ? folder[i] < '0' || folder[i] > '9' : folder[i] != '/')
            return false;
    return !folder[i] && i == YEAR_SIZE + depth * 3;
}

/* Return the last segment of a list, and free the list. */
static int take_last(s3hls_archive *archive, s3hls_segment_list *list, s3hls_segment *segment) {
    int rc = list->count ? S3HLS_OK : S3HLS_E_NOT_FOUND;
    if (!rc)
        *segment = list->segments[list->count - 1];
    s3hls_segment_list_deinit(list, &archive->env);
    return rc;
}

/* A search for segments that begin before a given time. */
typedef struct search {
    s3hls_archive *archive;
    int64_t end_ms;
    char end_key[S3HLS_KEY_MAX]; /* name of a segment that begins at that time */
    s3hls_segment *segment;
    s3hls_s3_error *error;
} search;

static int newest_of_minute(search *s, const char *folder) {
    char key[S3HLS_KEY_MAX];
    s3hls_segment first;
    s3hls_segment_list list;
    int n = snprintf(key, sizeof key, "%.32s00.ts", folder);
    if (s3hls_segment_key_parse(key, (size_t)n, &first) || first.start_ms >= s->end_ms)
        return S3HLS_E_NOT_FOUND;
    int64_t end_ms = first.start_ms + 60000;
    int rc = s3hls_archive_list(s->archive, first.start_ms, end_ms < s->end_ms ? end_ms : s->end_ms,
                                &list, s->error);
    return rc ? rc : take_last(s->archive, &list, s->segment);
}

static int newest_below(search *s, const char *folder, size_t depth) {
    s3hls__names below;
    if (strlen(folder) == MINUTE_SIZE)
        return newest_of_minute(s, folder);
    int rc = s3hls__folder_list(s->archive->store, folder, &s->archive->env, &below, s->error);
    size_t left = rc ? 0 : below.count;
    for (rc = rc ? rc : S3HLS_E_NOT_FOUND; left && rc == S3HLS_E_NOT_FOUND; left--) {
        const char *name = below.items[left - 1];
        bool begun = strncmp(name, s->end_key, strlen(name)) <= 0;
        if (begun && is_of_time(name, depth))
            rc = newest_below(s, name, depth + 1);
    }
    s3hls__names_deinit(&below);
    return rc;
}

int s3hls_archive_newest(s3hls_archive *archive, s3hls_segment *segment, s3hls_s3_error *error) {
    s3hls_segment_list list;
    if (!archive || !segment)
        return S3HLS_E_INVALID;
    search s = {.archive = archive,
                .end_ms = s3hls__archive_live_end_ms(archive),
                .segment = segment,
                .error = error};
    int rc =
        s3hls_archive_recent(archive, s.end_ms - S3HLS_CLOCK_AHEAD_MS - NEWEST_MS, &list, error);
    if (!rc)
        rc = take_last(archive, &list, segment);
    if (rc != S3HLS_E_NOT_FOUND)
        return rc;
    s3hls_segment end = {.start_ms = s.end_ms};
    rc = s3hls_segment_key_format(&end, s.end_key, sizeof s.end_key);
    return rc < 0 ? rc : newest_below(&s, "", 0);
}

/* ---- the newest segment after a known one */

typedef struct tail {
    int64_t from_ms, end_ms;
    size_t keys;
    bool found, found_ahead; /* ahead: of a fast clock, used if there is no other segment */
    s3hls_segment newest, ahead;
} tail;

/* s3hls_s3_list_fn */
static int on_tail(void *ctx, const s3hls_s3_object *object) {
    tail *t = ctx;
    s3hls_segment s;
    if (object->key[0] > '9')
        return 1;
    if (!s3hls_segment_key_parse(object->key, strlen(object->key), &s) && s.start_ms > t->from_ms &&
        s.start_ms < t->end_ms) {
        s.size = object->size;
        s.modified_unix_s = object->modified_unix_s;
        bool ahead = s3hls__segment_is_ahead(&s);
        *(ahead ? &t->ahead : &t->newest) = s;
        *(ahead ? &t->found_ahead : &t->found) = true;
    }
    return ++t->keys == KEYS_MAX;
}

/* Reads one page at most. more: newer segments may exist. */
static int newest_after(s3hls_archive *archive, int64_t from_ms, s3hls_segment *segment, bool *more,
                        s3hls_s3_error *error) {
    tail t = {.from_ms = from_ms, .end_ms = s3hls__archive_live_end_ms(archive)};
    char start_after[S3HLS_KEY_MAX];
    s3hls_segment from = {.start_ms = from_ms, .sdk_name = 1};
    int rc = s3hls_segment_key_format(&from, start_after, sizeof start_after);
    if (rc < 0)
        return rc;
    start_after[SECOND_SIZE] = 0;
    rc = s3hls_store_list(archive->store, "", start_after, on_tail, &t, error);
    *more = rc == S3HLS_E_CANCELLED && t.keys == KEYS_MAX;
    if (rc && rc != S3HLS_E_CANCELLED)
        return rc;
    if (t.found || t.found_ahead)
        *segment = t.found ? t.newest : t.ahead;
    return t.found || t.found_ahead ? S3HLS_OK : S3HLS_E_NOT_FOUND;
}

int s3hls_archive_newest_since(s3hls_archive *archive, const s3hls_segment *known,
                               s3hls_segment *segment, s3hls_s3_error *error) {
    if (!archive || !segment)
        return S3HLS_E_INVALID;
    if (!known)
        return s3hls_archive_newest(archive, segment, error);
    int64_t recent_ms = s3hls__archive_live_end_ms(archive) - S3HLS_CLOCK_AHEAD_MS - NEWEST_MS;
    bool more;
    *segment = *known;
    int rc = newest_after(archive, known->start_ms, segment, &more, error);
    if (!rc && more)
        rc = newest_after(archive, recent_ms, segment, &more, error);
    return rc == S3HLS_E_NOT_FOUND ? S3HLS_OK : rc;
}

/* ---- spans */

size_t s3hls_segment_list_span(const s3hls_segment_list *list, size_t at, s3hls_time_span *span) {
    enum { JOINED_MS = 100 }; /* players bridge this too */
    const s3hls_segment *s = list->segments;
    *span = (s3hls_time_span){s[at].start_ms, s[at].start_ms, 0};
    while (at < list->count && s[at].start_ms <= span->end_ms + JOINED_MS) {
        int64_t end_ms = s[at].start_ms + s[at].duration_ms;
        span->end_ms = end_ms > span->end_ms ? end_ms : span->end_ms;
        span->bytes += s[at++].size;
    }
    return at;
}
