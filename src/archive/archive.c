/* SPDX-License-Identifier: MIT-0 */
#include "archive/archive.h"
#include "s3/list.h"
#include "store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LISTS_AT_ONCE = 16,
    HOURS_MAX = 40 * 24,         /* a longer range is listed key after key */
    LONGEST_SEGMENT_MS = 120000, /* what began so long before a range may reach into it */
    SEED_DURATION_MAX_MS = 10000 /* of a segment that does not say its own */
};
static const int64_t HOUR_MS = 3600000;

int s3hls_archive_open(s3hls_archive **out, const char *url, const s3hls_s3_options *options,
                       const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls_archive *archive = s3hls__env_alloc(&e, sizeof *archive);
    if (!archive)
        return S3HLS_E_NOMEM;
    archive->env = e;
    int rc = s3hls_store_open(&archive->store, url, options, &e);
    if (rc)
        s3hls_archive_close(&archive);
    *out = archive;
    return rc;
}

void s3hls_archive_close(s3hls_archive **archive) {
    s3hls_archive *a = archive ? *archive : NULL;
    if (!a)
        return;
    s3hls_env env = a->env;
    s3hls_store_close(&a->store);
    s3hls__env_free(&env, a);
    *archive = NULL;
}

s3hls_store *s3hls_archive_store(s3hls_archive *archive) {
    return archive ? archive->store : NULL;
}

void s3hls_segment_list_deinit(s3hls_segment_list *list, const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (list) {
        s3hls__env_free(&e, list->segments);
        memset(list, 0, sizeof *list);
    }
}

/* ---- keys to segments */

typedef struct collection {
    s3hls_archive *archive;
    s3hls_segment_list *list;
    size_t capacity;
    int64_t to_ms;
    int status; /* first failure */
    s3hls_s3_error error;

    /* hours still to be listed, and how many are */
    int64_t next_hour, last_hour;
    size_t running;
} collection;

static int add_segment(collection *c, const s3hls_segment *segment) {
    s3hls_segment_list *list = c->list;
    if (list->count == c->capacity) {
        size_t capacity = c->capacity ? 2 * c->capacity : 1024;
        s3hls_segment *grown =
            s3hls__env_realloc(&c->archive->env, list->segments, capacity * sizeof *grown);
        if (!grown)
            return S3HLS_E_NOMEM;
        list->segments = grown;
        c->capacity = capacity;
    }
    list->segments[list->count++] = *segment;
    return S3HLS_OK;
}

/* s3hls_s3_list_fn. Names of the archive begin with a year: what sorts behind them ends the
 * listing. */
static int on_object(void *ctx, const s3hls_s3_object *object) {
    collection *c = ctx;
    s3hls_segment segment;
    if (object->key[0] > '9')
        return 1;
    if (s3hls_segment_key_parse(object->key, strlen(object->key), &segment)) {
        c->list->foreign++;
        return 0;
    }
    if (segment.start_ms >= c->to_ms)
        return 1;
    segment.size = object->size;
    segment.modified_unix_s = object->modified_unix_s;
    c->status = add_segment(c, &segment);
    return c->status;
}

static void note_failure(collection *c, const s3hls__op *op) {
    if (c->status == S3HLS_OK && op->error.status != S3HLS_E_CANCELLED) {
        c->status = op->error.status;
        c->error = op->error;
    }
}

/* ---- hours side by side */

typedef struct hour_list {
    s3hls__op op;
    char prefix[S3HLS_KEY_MAX];
} hour_list;

/* "2026/11/23/03/": the beginning that all names of an hour share. */
static void hour_prefix(int64_t hour, char prefix[S3HLS_KEY_MAX]) {
    s3hls_segment first = {.start_ms = hour * HOUR_MS, .seed_name = 1};
    s3hls_segment_key_format(&first, prefix, S3HLS_KEY_MAX);
    prefix[strlen("YYYY/MM/DD/HH/")] = 0;
}

static void start_next_hour(hour_list *h, collection *c);

static void hour_done(s3hls__op *op) {
    collection *c = op->user;
    c->running--;
    if (op->error.status)
        note_failure(c, op);
    start_next_hour((hour_list *)op, c);
}

static void start_next_hour(hour_list *h, collection *c) {
    if (c->next_hour > c->last_hour || c->status)
        return;
    hour_prefix(c->next_hour++, h->prefix);
    h->op = (s3hls__op){.kind = S3HLS__OP_LIST,
                        .key = h->prefix,
                        .on_object = on_object,
                        .sink_ctx = c,
                        .list_page = s3hls__s3_list_page,
                        .done = hour_done,
                        .user = c};
    c->running++;
    s3hls__store_start(c->archive->store, &h->op);
}

static int list_hours(collection *c, int64_t from_ms) {
    hour_list *lists = s3hls__env_alloc(&c->archive->env, LISTS_AT_ONCE * sizeof *lists);
    if (!lists)
        return S3HLS_E_NOMEM;
    c->next_hour = from_ms / HOUR_MS;
    c->last_hour = (c->to_ms - 1) / HOUR_MS;
    for (size_t i = 0; i < LISTS_AT_ONCE; i++)
        start_next_hour(&lists[i], c);
    while (c->running)
        s3hls__http_step(s3hls__store_http(c->archive->store), 1000);
    s3hls__env_free(&c->archive->env, lists);
    return c->status;
}

/* ---- one after another */

static int list_all(collection *c, int64_t from_ms) {
    char start_after[S3HLS_KEY_MAX];
    s3hls_segment first = {.start_ms = from_ms, .seed_name = 1};
    s3hls_segment_key_format(&first, start_after, sizeof start_after);
    start_after[strlen("YYYY/MM/DD/HH/mm/SS")] = 0;
    s3hls__op op = {.kind = S3HLS__OP_LIST,
                    .key = "",
                    .start_after = start_after,
                    .on_object = on_object,
                    .sink_ctx = c,
                    .list_page = s3hls__s3_list_page};
    if (s3hls__store_run(c->archive->store, &op, NULL))
        note_failure(c, &op);
    return c->status;
}

/* ---- from what was found to what was asked for */

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

/* The sample SDK's names have no duration: the distance to the next segment, within reason. */
static void guess_durations(s3hls_segment_list *list) {
    uint32_t last = SEED_DURATION_MAX_MS;
    for (size_t i = 0; i < list->count; i++) {
        s3hls_segment *s = &list->segments[i];
        if (!s->seed_name)
            continue;
        int64_t distance = i + 1 < list->count ? s[1].start_ms - s->start_ms : last;
        s->duration_ms =
            distance < SEED_DURATION_MAX_MS ? (uint32_t)distance : SEED_DURATION_MAX_MS;
        last = s->duration_ms;
    }
}

static void keep_overlapping(s3hls_segment_list *list, int64_t from_ms, int64_t to_ms) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const s3hls_segment *s = &list->segments[i];
        bool twice = i > 0 && by_time(s - 1, s) == 0;
        if (!twice && s->start_ms < to_ms && s->start_ms + s->duration_ms > from_ms)
            list->segments[kept++] = *s;
    }
    list->count = kept;
}

int s3hls_archive_list(s3hls_archive *archive, int64_t from_ms, int64_t to_ms,
                       s3hls_segment_list *list, s3hls_s3_error *error) {
    if (!archive || !list || from_ms >= to_ms)
        return S3HLS_E_INVALID;
    memset(list, 0, sizeof *list);
    collection c = {.archive = archive, .list = list, .to_ms = to_ms};
    int64_t begin_ms = from_ms > LONGEST_SEGMENT_MS ? from_ms - LONGEST_SEGMENT_MS : 0;
    bool hours = to_ms <= INT64_C(253402300800000) && (to_ms - begin_ms) / HOUR_MS <= HOURS_MAX;
    if (to_ms > 0 && begin_ms < INT64_C(253402300800000))
        c.status = hours ? list_hours(&c, begin_ms) : list_all(&c, begin_ms);
    if (error)
        *error = c.error;
    if (c.status) {
        s3hls_segment_list_deinit(list, &archive->env);
        return c.status;
    }
    if (list->count)
        qsort(list->segments, list->count, sizeof *list->segments, by_time);
    guess_durations(list);
    keep_overlapping(list, from_ms, to_ms);
    return S3HLS_OK;
}
