/* SPDX-License-Identifier: MIT-0 */
/* Lists the segments of a time range. */
#include "archive/archive.h"
#include "archive/hour.h"
#include "base/date.h"
#include "layout/key.h"
#include "layout/session.h"
#include "s3/listing.h"
#include "store/store.h"
#include <stdlib.h>
#include <string.h>

enum {
    HOURS_MAX = 40 * 24,         /* a longer range is listed sequentially by key */
    LONGEST_SEGMENT_MS = 120000, /* how long before a range a segment may begin */
    ENTRY_REACH_MS = 600000,     /* how long before a range its decoding may begin */
    LATE_MS = 120000, /* the last part of an hour that is listed again, for late arrivals */
    SDK_DURATION_MAX_MS = 10000 /* for a segment without a stated duration */
};
static const int64_t YEAR_10000_MS = S3HLS__DATE_END_S * 1000;

/* ---- keys to segments */

/* The hours [first, last] of a range: from the cache, or by parallel listings. */
typedef struct collection {
    s3hls_archive *archive;
    int64_t now_ms, first, last, next;
    s3hls__hour **hours; /* by number, starting with first */
    size_t running;
    int status; /* first failure */
    s3hls_s3_error error;
} collection;

typedef struct hour_list {
    s3hls__op op;
    s3hls__hour *hour;
    int status; /* out of memory */
    const s3hls_env *env;
    char prefix[S3HLS_KEY_MAX], start_after[S3HLS_KEY_MAX];
} hour_list;

/* s3hls_s3_list_fn */
static int on_object(void *ctx, const s3hls_s3_object *object) {
    hour_list *l = ctx;
    s3hls_segment segment;
    if (s3hls_segment_key_parse(object->key, strlen(object->key), &segment)) {
        l->hour->foreign++;
        return 0;
    }
    segment.size = object->size;
    segment.modified_unix_s = object->modified_unix_s;
    l->status = s3hls__hour_add(&l->hour, &segment, l->env);
    return l->status;
}

static void note_failure(collection *c, int status, const s3hls_s3_error *error) {
    if (c->status || status == S3HLS_OK)
        return;
    c->status = status;
    c->error = *error;
    c->error.status = status;
}

/* ---- one hour */

/* Keep the known part of an hour, except for its last minutes, in which late segments may
 * arrive. */
static int go_on_from(hour_list *l, const s3hls__hour *known) {
    int64_t newest_ms = known->segments[known->count - 1].start_ms;
    if (newest_ms > known->listed_ms) /* a clock that ran ahead: what is recorded now lies before */
        newest_ms = known->listed_ms;
    int64_t cut_ms = newest_ms - LATE_MS;
    cut_ms -= cut_ms % 1000;
    for (size_t i = 0; i < known->count && known->segments[i].start_ms < cut_ms; i++) {
        int rc = s3hls__hour_add(&l->hour, &known->segments[i], l->env);
        if (rc)
            return rc;
    }
    l->hour->whole_ms = known->whole_ms;
    l->hour->foreign = known->foreign;
    if (cut_ms > known->number * S3HLS__HOUR_MS)
        s3hls__period_prefix(S3HLS__SECOND, cut_ms, l->start_after);
    return S3HLS_OK;
}

static int prepare(hour_list *l, const collection *c, int64_t number, const s3hls__hour *known) {
    l->env = &c->archive->env;
    l->status = S3HLS_OK;
    l->start_after[0] = 0;
    s3hls__period_prefix(S3HLS__HOUR, number * S3HLS__HOUR_MS, l->prefix);
    l->hour = s3hls__hour_new(number, known ? known->capacity : 0, l->env);
    if (!l->hour)
        return S3HLS_E_NOMEM;
    l->hour->listed_ms = l->hour->whole_ms = c->now_ms;
    return known ? go_on_from(l, known) : S3HLS_OK;
}

static void start_next_hour(hour_list *l, collection *c);

static void hour_done(s3hls__op *op) {
    hour_list *l = (hour_list *)op;
    collection *c = op->user;
    c->running--;
    note_failure(c, l->status ? l->status : op->result.status, &op->result);
    if (c->status) {
        s3hls__hour_release(&l->hour, l->env);
        return;
    }
    if (c->archive->cache)
        s3hls__cache_keep(c->archive->cache, c->archive->url, l->hour);
    c->hours[l->hour->number - c->first] = l->hour;
    start_next_hour(l, c);
}

/* ---- hours side by side */

/* Skip hours that are cached. @return false: all hours are available or being listed. */
static bool next_hour(collection *c, int64_t *number, s3hls__hour **known) {
    for (*known = NULL; c->next <= c->last && !c->status;) {
        *number = c->next++;
        s3hls__hour **at = &c->hours[*number - c->first];
        if (c->archive->cache)
            *at = s3hls__cache_find(c->archive->cache, c->archive->url, *number, c->now_ms, known);
        if (!*at)
            return true;
    }
    return false;
}

static void start_next_hour(hour_list *l, collection *c) {
    int64_t number;
    s3hls__hour *known;
    if (!next_hour(c, &number, &known))
        return;
    int rc = prepare(l, c, number, known);
    s3hls__hour_release(&known, l->env);
    if (rc) {
        s3hls__hour_release(&l->hour, l->env);
        note_failure(c, rc, &(s3hls_s3_error){0});
        return;
    }
    l->op = (s3hls__op){.request = {.kind = S3HLS__OP_LIST,
                                    .key = l->prefix,
                                    .start_after = l->start_after[0] ? l->start_after : NULL,
                                    .on_object = on_object,
                                    .sink_ctx = l,
                                    .lister = &s3hls__s3_lister},
                        .done = hour_done,
                        .user = c};
    c->running++;
    s3hls__store_start(c->archive->store, &l->op);
}

static int find_hours(collection *c) {
    hour_list *lists = s3hls__env_alloc(&c->archive->env, S3HLS__LISTS_AT_ONCE * sizeof *lists);
    if (!lists)
        return S3HLS_E_NOMEM;
    for (size_t i = 0; i < S3HLS__LISTS_AT_ONCE; i++)
        start_next_hour(&lists[i], c);
    while (c->running)
        s3hls__http_step(s3hls__store_http(c->archive->store), 1000);
    s3hls__env_free(&c->archive->env, lists);
    return c->status;
}

/* Append the hours in order, and release each one. */
static int join_hours(collection *c, s3hls_segment_list *list) {
    const s3hls_env *env = &c->archive->env;
    size_t total = 0, hours = (size_t)(c->last - c->first) + 1;
    for (size_t i = 0; i < hours; i++)
        total += c->hours[i]->count;
    if (total && !(list->segments = s3hls__env_alloc(env, total * sizeof *list->segments)))
        return S3HLS_E_NOMEM;
    for (size_t i = 0; i < hours; i++) {
        const s3hls__hour *h = c->hours[i];
        if (h->count)
            memcpy(list->segments + list->count, h->segments, h->count * sizeof *h->segments);
        list->count += h->count;
        list->foreign += h->foreign;
        s3hls__hour_release(&c->hours[i], env);
    }
    return S3HLS_OK;
}

static int list_hours(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                      s3hls_segment_list *list, s3hls_s3_error *error) {
    const s3hls_env *env = &archive->env;
    collection c = {.archive = archive, .now_ms = env->wall_us(env->ctx) / 1000};
    c.first = c.next = from_ms / S3HLS__HOUR_MS;
    c.last = (to_ms - 1) / S3HLS__HOUR_MS;
    size_t hours = (size_t)(c.last - c.first) + 1;
    c.hours = s3hls__env_alloc(env, hours * sizeof(s3hls__hour *));
    if (!c.hours)
        return S3HLS_E_NOMEM;
    int rc = find_hours(&c);
    if (!rc)
        rc = join_hours(&c, list);
    *error = c.error;
    for (size_t i = 0; i < hours; i++)
        s3hls__hour_release(&c.hours[i], env);
    s3hls__env_free(env, c.hours);
    return rc;
}

/* ---- one after another */

typedef struct walk {
    const s3hls_env *env;
    s3hls_segment_list *list;
    size_t capacity;
    int64_t to_ms;
    int status;
} walk;

/* s3hls_s3_list_fn. Names of the archive begin with a year: a key that sorts after all years ends
 * the listing. */
static int on_walk(void *ctx, const s3hls_s3_object *object) {
    walk *w = ctx;
    s3hls_segment_list *list = w->list;
    s3hls_segment segment;
    if (s3hls__key_is_after_segments(object->key))
        return 1;
    if (s3hls_segment_key_parse(object->key, strlen(object->key), &segment)) {
        list->foreign++;
        return 0;
    }
    if (segment.start_ms >= w->to_ms)
        return 1;
    if (list->count == w->capacity) {
        w->capacity = w->capacity ? 2 * w->capacity : 256;
        s3hls_segment *grown =
            s3hls__env_realloc(w->env, list->segments, w->capacity * sizeof *grown);
        if (!grown)
            return w->status = S3HLS_E_NOMEM;
        list->segments = grown;
    }
    segment.size = object->size;
    segment.modified_unix_s = object->modified_unix_s;
    list->segments[list->count++] = segment;
    return 0;
}

static int list_all(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                    s3hls_segment_list *list, s3hls_s3_error *error) {
    walk w = {.env = &archive->env, .list = list, .to_ms = to_ms};
    char start_after[S3HLS_KEY_MAX];
    s3hls__period_prefix(S3HLS__SECOND, from_ms, start_after);
    s3hls__op op = s3hls__op_list("", start_after, on_walk, &w, &s3hls__s3_lister);
    op.request.wants_folder = s3hls__key_is_in_year;
    int rc = s3hls__store_run(archive->store, &op, error);
    return w.status ? w.status : rc == S3HLS_E_CANCELLED ? S3HLS_OK : rc;
}

/* ---- selecting the requested range */

static int by_time(const void *a, const void *b) {
    const s3hls_segment *x = a, *y = b;
    if (x->start_ms != y->start_ms)
        return x->start_ms < y->start_ms ? -1 : 1;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence ? -1 : 1;
    if (x->timeline != y->timeline)
        return x->timeline < y->timeline ? -1 : 1;
    return x->duration_ms < y->duration_ms ? -1 : x->duration_ms > y->duration_ms;
}

/* The sample SDK's names have no duration: use the distance to the next segment, up to a limit. */
static void guess_durations(s3hls_segment_list *list) {
    uint32_t last = SDK_DURATION_MAX_MS;
    for (size_t i = 0; i < list->count; i++) {
        s3hls_segment *s = &list->segments[i];
        if (!s->sdk_name)
            continue;
        int64_t distance = i + 1 < list->count ? s[1].start_ms - s->start_ms : last;
        s->duration_ms = distance < SDK_DURATION_MAX_MS ? (uint32_t)distance : SDK_DURATION_MAX_MS;
        last = s->duration_ms;
    }
}

/* Keep the segments that overlap the range, and those from the given index up to it. */
static void keep_range(s3hls_segment_list *list, size_t first, int64_t from_ms, int64_t to_ms) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const s3hls_segment *s = &list->segments[i];
        bool twice = i > 0 && by_time(s - 1, s) == 0;
        if (!twice && s->start_ms < to_ms && (i >= first || s->start_ms + s->duration_ms > from_ms))
            list->segments[kept++] = *s;
    }
    list->count = kept;
}

static size_t first_overlapping(const s3hls_segment_list *list, int64_t from_ms) {
    size_t i = 0;
    while (i < list->count && list->segments[i].start_ms + list->segments[i].duration_ms <= from_ms)
        i++;
    return i;
}

/* Find where decoding of the given segment has to begin: it needs earlier segments without a gap.
 * The result may itself need segments that are not listed. */
static size_t entry_for(const s3hls_segment *s, size_t first) {
    size_t at = first;
    for (size_t i = first; s[at].entry == S3HLS_ENTRY_NONE && i-- > 0;)
        if (s[i].timeline == s[at].timeline && s[i].sequence + 1 == s[at].sequence)
            at = i;
    return at;
}

/* Key order is time order, except for segments of the same millisecond. */
static void sort_by_time(s3hls_segment_list *list) {
    for (size_t i = 1; i < list->count; i++)
        if (by_time(&list->segments[i - 1], &list->segments[i]) > 0) {
            qsort(list->segments, list->count, sizeof *list->segments, by_time);
            return;
        }
}

/* Lists a range: hour by hour, or sequentially by key. */
typedef int (*list_fn)(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                       s3hls_segment_list *list, s3hls_s3_error *error);

static list_fn way_of(int64_t begin_ms, int64_t to_ms) {
    bool hours = to_ms <= YEAR_10000_MS && (to_ms - begin_ms) / S3HLS__HOUR_MS <= HOURS_MAX;
    return hours ? list_hours : list_all;
}

/* List all segments that begin between reach_ms before the range and its end. way: NULL selects by
 * the range. */
static int list_with_reach(s3hls_archive *archive, int64_t from_ms, int64_t to_ms, int64_t reach_ms,
                           list_fn way, s3hls_segment_list *list, s3hls_s3_error *error) {
    memset(list, 0, sizeof *list);
    memset(error, 0, sizeof *error);
    int64_t begin_ms = from_ms > reach_ms ? from_ms - reach_ms : 0;
    if (!way)
        way = way_of(begin_ms, to_ms);
    int rc = S3HLS_OK;
    if (to_ms > 0 && begin_ms < YEAR_10000_MS)
        rc = way(archive, begin_ms, to_ms, list, error);
    if (rc) {
        s3hls_segment_list_deinit(list, &archive->env);
        return rc;
    }
    sort_by_time(list);
    guess_durations(list);
    return S3HLS_OK;
}

static int list_range(s3hls_archive *archive, int64_t from_ms, int64_t to_ms, list_fn way,
                      s3hls_segment_list *list, s3hls_s3_error *error) {
    s3hls_s3_error unused;
    if (!archive || !list || from_ms >= to_ms)
        return S3HLS_E_INVALID;
    int rc = list_with_reach(archive, from_ms, to_ms, LONGEST_SEGMENT_MS, way, list,
                             error ? error : &unused);
    if (!rc)
        keep_range(list, list->count, from_ms, to_ms);
    return rc;
}

int s3hls_archive_list(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                       s3hls_segment_list *list, s3hls_s3_error *error) {
    return list_range(archive, from_ms, to_ms, NULL, list, error);
}

int s3hls_archive_list_playable(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                                s3hls_segment_list *list, s3hls_s3_error *error) {
    static const int64_t reach_ms[] = {LONGEST_SEGMENT_MS, ENTRY_REACH_MS};
    s3hls_s3_error unused;
    if (!archive || !list || from_ms >= to_ms)
        return S3HLS_E_INVALID;
    size_t first, entry;
    for (int i = 0;; i++) {
        int rc = list_with_reach(archive, from_ms, to_ms, reach_ms[i], NULL, list,
                                 error ? error : &unused);
        if (rc)
            return rc;
        first = entry = first_overlapping(list, from_ms);
        if (first < list->count)
            entry = entry_for(list->segments, first);
        bool found = first == list->count || list->segments[entry].entry != S3HLS_ENTRY_NONE;
        if (found || entry > 0 || i == 1)
            break;
        s3hls_segment_list_deinit(list, &archive->env); /* it begins before those listed */
    }
    if (first < list->count && list->segments[entry].entry == S3HLS_ENTRY_NONE)
        entry = first;
    keep_range(list, entry, from_ms, to_ms);
    return S3HLS_OK;
}

/* If any segment arrived on time, segments of a fast clock are not live. */
static void drop_ahead(s3hls_segment_list *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!s3hls__segment_is_ahead(&list->segments[i]))
            list->segments[kept++] = list->segments[i];
    if (kept)
        list->count = kept;
}

int s3hls_archive_recent(s3hls_archive *archive, int64_t from_ms, s3hls_segment_list *list,
                         s3hls_s3_error *error) {
    if (!archive)
        return S3HLS_E_INVALID;
    list_fn way = archive->cache ? list_hours : list_all;
    int rc = list_range(archive, from_ms, s3hls__archive_live_end_ms(archive), way, list, error);
    if (!rc)
        drop_ahead(list);
    return rc;
}
