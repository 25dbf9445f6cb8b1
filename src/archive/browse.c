/* SPDX-License-Identifier: MIT-0 */
/* Contents of a camera: days, the newest segment, spans. */
#include "archive/archive.h"
#include "archive/folder.h"
#include "base/date.h"
#include "layout/key.h"
#include "layout/session.h"
#include <string.h>

enum {
    NEWEST_MS = 600000, /* period in which a recording camera must have put a segment */
    MINUTE_MS = 60000,
    DAY_MS = 86400000,
    KEYS_MAX = 1000 /* per LIST */
};

/* ---- days: the folders of a month */

static int report_days(const s3hls__names *folders, int64_t from_ms, int64_t to_ms,
                       s3hls_name_fn on_day, void *ctx) {
    s3hls__period period;
    int64_t ms;
    for (size_t i = 0; i < folders->count; i++) {
        if (!s3hls__period_parse(folders->items[i], &period, &ms) || period != S3HLS__DAY ||
            ms >= to_ms || ms + DAY_MS <= from_ms)
            continue;
        char day[S3HLS__DATE_TEXT_BYTES];
        s3hls__date_format(ms, day);
        day[strlen("YYYY-MM-DD")] = 0;
        if (on_day(ctx, day))
            return S3HLS_E_CANCELLED;
    }
    return S3HLS_OK;
}

int s3hls_archive_days(s3hls_archive *archive, int64_t from_ms, int64_t to_ms, s3hls_name_fn on_day,
                       void *ctx, s3hls_s3_error *error) {
    if (!archive || !on_day || from_ms >= to_ms || from_ms < 0 || to_ms > S3HLS__DATE_END_S * 1000)
        return S3HLS_E_INVALID;
    int rc = S3HLS_OK;
    for (int64_t ms = from_ms; ms < to_ms && !rc; ms = s3hls__next_month_ms(ms)) {
        char month[S3HLS_KEY_MAX];
        s3hls__names folders;
        s3hls__period_prefix(S3HLS__MONTH, ms, month);
        rc = s3hls__folder_list(archive->store, month, &archive->env, &folders, error);
        if (!rc)
            rc = report_days(&folders, from_ms, to_ms, on_day, ctx);
        s3hls__names_deinit(&folders);
    }
    return rc;
}

/* ---- the newest segment: of the last minutes, or the last folder in the last folder ... */

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
    s3hls_segment *segment;
    s3hls_s3_error *error;
} search;

static int newest_of_minute(search *s, int64_t begin_ms) {
    s3hls_segment_list list;
    int64_t end_ms = begin_ms + MINUTE_MS;
    int rc = s3hls_archive_list(s->archive, begin_ms, end_ms < s->end_ms ? end_ms : s->end_ms,
                                &list, s->error);
    return rc ? rc : take_last(s->archive, &list, s->segment);
}

/* Folder: "", or that of a year, ..., hour. */
static int newest_below(search *s, const char *folder) {
    s3hls__names below;
    int rc = s3hls__folder_list(s->archive->store, folder, &s->archive->env, &below, s->error);
    size_t left = rc ? 0 : below.count;
    for (rc = rc ? rc : S3HLS_E_NOT_FOUND; left && rc == S3HLS_E_NOT_FOUND; left--) {
        const char *name = below.items[left - 1];
        s3hls__period period;
        int64_t begin_ms;
        if (s3hls__period_parse(name, &period, &begin_ms) && begin_ms < s->end_ms)
            rc = period == S3HLS__MINUTE ? newest_of_minute(s, begin_ms) : newest_below(s, name);
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
    return rc == S3HLS_E_NOT_FOUND ? newest_below(&s, "") : rc;
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
    if (s3hls__key_is_after_segments(object->key))
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
    s3hls__period_prefix(S3HLS__SECOND, from_ms, start_after);
    int rc = s3hls_store_list(archive->store, "", start_after, on_tail, &t, error);
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
