/* SPDX-License-Identifier: MIT-0 */
#include "deliver/spool_index.h"
#include <stdlib.h>
#include <string.h>

/* ---- names */

int s3hls__spool_key(const s3hls__spool_entry *entry, char key[S3HLS_KEY_MAX]) {
    int n = s3hls__key_format(entry->kind, &entry->segment, key, S3HLS_KEY_MAX);
    return n < 0 ? n : S3HLS_OK;
}

int s3hls__spool_name(const s3hls__spool_entry *entry, char name[S3HLS_KEY_MAX]) {
    int n = s3hls__file_name_format(entry->kind, &entry->segment, name, S3HLS_KEY_MAX);
    return n < 0 ? n : S3HLS_OK;
}

const char *s3hls__spool_content_type(const s3hls__spool_entry *entry) {
    return s3hls__key_content_type(entry->kind, &entry->segment);
}

bool s3hls__spool_parse_name(const char *name, s3hls__spool_entry *entry) {
    *entry = (s3hls__spool_entry){.busy = false};
    entry->kind = s3hls__file_name_parse(name, &entry->segment);
    return (s3hls__spool_is_segment(entry) && !entry->segment.sdk_name) ||
           entry->kind == S3HLS__KEY_TIMELINE || entry->kind == S3HLS__KEY_INIT;
}

/* ---- the list */

static int compare(const s3hls__spool_entry *a, const s3hls__spool_entry *b) {
    const s3hls_segment *x = &a->segment, *y = &b->segment;
    if (x->timeline != y->timeline)
        return x->timeline < y->timeline ? -1 : 1;
    if (a->kind != b->kind) /* s3hls__key_kind has objects of timelines before segments */
        return (int)a->kind - (int)b->kind;
    if (!s3hls__spool_is_segment(a)) /* one per timeline, regardless of the other fields */
        return 0;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence ? -1 : 1;
    if (x->start_ms != y->start_ms) /* two recordings with the same --start */
        return x->start_ms < y->start_ms ? -1 : 1;
    if (x->duration_ms != y->duration_ms)
        return x->duration_ms < y->duration_ms ? -1 : 1;
    return (int)x->entry - (int)y->entry;
}

static int compare_entries(const void *a, const void *b) {
    return compare(a, b);
}

/* Index of an entry among the first high entries, or the index at which to insert it. */
static size_t place_of(const s3hls__spool_index *s, const s3hls__spool_entry *entry, size_t high) {
    size_t low = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&s->entries[middle], entry) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int s3hls__spool_index_reserve(s3hls__spool_index *s) {
    if (s->count < s->capacity)
        return S3HLS_OK;
    size_t capacity = s->capacity ? s->capacity * 2 : 64;
    void *entries = s3hls__env_realloc(s->env, s->entries, capacity * sizeof *s->entries);
    if (!entries)
        return S3HLS_E_NOMEM;
    s->entries = entries;
    s->capacity = capacity;
    return S3HLS_OK;
}

static void count_entry(s3hls__spool_index *s, const s3hls__spool_entry *entry) {
    bool segment = s3hls__spool_is_segment(entry);
    s->objects += !segment;
    s->segments += segment;
    s->bytes += segment ? entry->segment.size : 0;
}

void s3hls__spool_index_insert(s3hls__spool_index *s, const s3hls__spool_entry *entry) {
    size_t at = place_of(s, entry, s->count);
    if (s3hls__spool_index_reserve(s) || !s->entries)
        return; /* memory was reserved before the file was written */
    memmove(&s->entries[at + 1], &s->entries[at], (s->count - at) * sizeof *s->entries);
    s->entries[at] = *entry;
    s->count++;
    count_entry(s, entry);
}

s3hls__spool_entry *s3hls__spool_index_find(s3hls__spool_index *s, const s3hls__spool_entry *like,
                                            size_t count) {
    size_t at = place_of(s, like, count);
    return at < count && compare(&s->entries[at], like) == 0 ? &s->entries[at] : NULL;
}

static bool is_due(const s3hls__spool_entry *e, int64_t now_us) {
    return !e->busy && !e->delivered && e->not_before_us <= now_us;
}

s3hls__spool_entry *s3hls__spool_index_oldest(s3hls__spool_index *s, int64_t now_us) {
    for (size_t i = 0; i < s->count; i++)
        if (is_due(&s->entries[i], now_us))
            return &s->entries[i];
    return NULL;
}

int64_t s3hls__spool_index_next_due_us(const s3hls__spool_index *s, int64_t now_us) {
    int64_t due_us = INT64_MAX;
    for (size_t i = 0; i < s->count; i++) {
        const s3hls__spool_entry *e = &s->entries[i];
        if (!e->busy && !e->delivered && e->not_before_us > now_us && e->not_before_us < due_us)
            due_us = e->not_before_us;
    }
    return due_us;
}

s3hls__spool_entry *s3hls__spool_index_oldest_segment(s3hls__spool_index *s) {
    for (size_t i = 0; i < s->count; i++)
        if (s3hls__spool_is_segment(&s->entries[i]) && !s->entries[i].busy)
            return &s->entries[i];
    return NULL;
}

s3hls__spool_entry *s3hls__spool_index_oldest_object(s3hls__spool_index *s, int64_t now_us) {
    size_t left = s->objects;
    for (size_t i = 0; left && i < s->count;) {
        s3hls__spool_entry *e = &s->entries[i];
        if (s3hls__spool_is_segment(e)) { /* on to the next timeline */
            i = place_of(s, &(s3hls__spool_entry){.segment.timeline = e->segment.timeline + 1},
                         s->count);
            continue;
        }
        if (is_due(e, now_us))
            return e;
        left--;
        i++;
    }
    return NULL;
}

void s3hls__spool_index_forget(s3hls__spool_index *s, const s3hls__spool_entry *entry) {
    s3hls__spool_entry *found = s3hls__spool_index_find(s, entry, s->count);
    if (!found)
        return;
    bool segment = s3hls__spool_is_segment(found);
    s->objects -= !segment;
    s->segments -= segment;
    s->bytes -= segment ? found->segment.size : 0;
    s->count--;
    memmove(found, found + 1, (size_t)(&s->entries[s->count] - found) * sizeof *found);
}

bool s3hls__spool_index_has_segments(const s3hls__spool_index *s, uint64_t timeline) {
    s3hls__spool_entry first = {.kind = S3HLS__KEY_SEGMENT, .segment.timeline = timeline};
    size_t at = place_of(s, &first, s->count);
    return at < s->count && s->entries[at].segment.timeline == timeline;
}

void s3hls__spool_index_append(s3hls__spool_index *s, const s3hls__spool_entry *entry) {
    s->entries[s->count++] = *entry;
    count_entry(s, entry);
}

void s3hls__spool_index_sort(s3hls__spool_index *s) {
    if (s->count)
        qsort(s->entries, s->count, sizeof *s->entries, compare_entries);
}
