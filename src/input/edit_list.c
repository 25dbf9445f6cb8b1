/* SPDX-License-Identifier: MIT-0 */
#include "input/edit_list.h"
#include <stdlib.h>
#include <string.h>

/* A second of hidden pictures is shortened to 2 ms; DTS values are at least one tick of 90 kHz
 * apart. */
enum { SHORTENED = 512, INSTANT_US = 2000, TICK_US = 12, OVERLAP_US = 1000000 };

void s3hls__input_edit_list_init(s3hls__input_edit_list *h, void (*drop)(void *packet)) {
    memset(h, 0, sizeof *h);
    h->drop = drop;
    h->first_shown = SIZE_MAX;
    h->earliest = INT64_MAX;
    h->last_dts = S3HLS__INPUT_TIMES_NO_TIME;
}

static bool shows(const s3hls__input_edit_list *h) {
    return h->first_shown != SIZE_MAX;
}

static void drop_from(s3hls__input_edit_list *h, size_t first) {
    for (size_t i = first; i < h->count; i++)
        h->drop(h->held[i].packet);
    h->count = first;
    h->first_shown = SIZE_MAX;
    h->leads = false;
}

void s3hls__input_edit_list_deinit(s3hls__input_edit_list *h) {
    if (h->count)
        drop_from(h, h->next);
    free(h->held);
    h->held = NULL;
}

static void compact(s3hls__input_edit_list *h) {
    if (!h->next || h->next < h->ready)
        return;
    memmove(h->held, h->held + h->ready, (h->count - h->ready) * sizeof *h->held);
    h->count -= h->ready;
    h->first_shown -= shows(h) ? h->ready : 0;
    h->next = h->ready = 0;
}

static bool hold(s3hls__input_edit_list *h, const s3hls__input_picture *x) {
    if (h->count == h->capacity) {
        size_t capacity = h->capacity ? h->capacity * 2 : 64;
        s3hls__input_picture *held = realloc(h->held, capacity * sizeof *held);
        if (!held)
            return false;
        h->held = held;
        h->capacity = capacity;
    }
    h->held[h->count++] = *x;
    return true;
}

static int64_t shorten(int64_t time, int64_t before) {
    return time < before ? before - (before - time) / SHORTENED - 1 : before - 1;
}

static void all_ready(s3hls__input_edit_list *h) {
    if (h->count)
        h->last_dts = h->held[h->count - 1].dts;
    h->ready = h->count;
    h->first_shown = SIZE_MAX;
    h->leads = false;
}

/* If the footage follows other footage, its first pictures may be decoded before that ends, by the
 * depth of reordering. */
static void keep_order(s3hls__input_edit_list *h) {
    int64_t last = h->last_dts;
    int64_t first = h->held[h->ready].dts;
    if (last == S3HLS__INPUT_TIMES_NO_TIME || first == S3HLS__INPUT_TIMES_NO_TIME ||
        last - first > OVERLAP_US)
        return;
    for (size_t i = h->ready; i < h->count; i++) {
        s3hls__input_picture *x = &h->held[i];
        if (x->dts <= last)
            x->dts = last + TICK_US < x->pts ? last + TICK_US : x->pts;
        last = x->dts;
    }
}

/* The first shown picture is known, and no picture with an earlier time follows. */
static void release_lead(s3hls__input_edit_list *h) {
    const int64_t dts = h->held[h->first_shown].dts, pts = h->earliest;
    for (size_t i = h->ready; i < h->count; i++) {
        s3hls__input_picture *x = &h->held[i];
        if (i < h->first_shown)
            x->dts = shorten(x->dts, dts);
        if (x->hidden)
            x->pts = shorten(x->pts, pts);
        if (x->pts < x->dts)
            x->pts = x->dts;
    }
    keep_order(h);
    all_ready(h);
}

/* Hidden pictures that a shown picture follows in decoding order: they are moved before the first
 * shown picture, or after the last one, where other footage may follow immediately. */
static void release_tail(s3hls__input_edit_list *h) {
    for (size_t i = h->ready; i < h->count; i++) {
        s3hls__input_picture *x = &h->held[i];
        if (x->pts < h->earliest)
            x->pts = shorten(x->pts, h->earliest);
        else if (x->pts > h->latest)
            x->pts = h->latest + INSTANT_US + (x->pts - h->latest) / SHORTENED;
        if (x->pts < x->dts)
            x->pts = x->dts;
    }
    all_ready(h);
}

static bool push_hidden(s3hls__input_edit_list *h, const s3hls__input_picture *x) {
    if (shows(h) && (x->key || x->dts >= h->earliest))
        release_lead(h);
    else if (x->key) /* no shown picture needs the waiting ones */
        drop_from(h, h->ready);
    if (x->key) {
        h->leads = true;
        h->earliest = INT64_MAX;
    }
    bool needed = h->leads && !shows(h); /* as far as known */
    if (!needed && (x->disposable || h->earliest == INT64_MAX)) {
        h->drop(x->packet);
        return true;
    }
    return hold(h, x);
}

static bool push_shown(s3hls__input_edit_list *h, const s3hls__input_picture *x) {
    bool first = h->earliest == INT64_MAX;
    h->earliest = x->pts < h->earliest ? x->pts : h->earliest;
    h->latest = first || x->pts > h->latest ? x->pts : h->latest;
    if (!h->leads && x->idr)
        drop_from(h, h->ready);
    else if (!h->leads)
        release_tail(h);
    if (!hold(h, x))
        return false;
    if (!h->leads) {
        keep_order(h);
        all_ready(h);
        return true;
    }
    if (!shows(h))
        h->first_shown = h->count - 1;
    if (x->dts >= h->earliest || h->count - h->first_shown > S3HLS__INPUT_TIMES_REORDER_MAX)
        release_lead(h);
    return true;
}

bool s3hls__input_edit_list_push(s3hls__input_edit_list *h, const s3hls__input_picture *x) {
    compact(h);
    return x->hidden ? push_hidden(h, x) : push_shown(h, x);
}

void s3hls__input_edit_list_end(s3hls__input_edit_list *h) {
    if (shows(h))
        release_lead(h);
    else
        drop_from(h, h->ready);
}

bool s3hls__input_edit_list_pop(s3hls__input_edit_list *h, s3hls__input_picture *out) {
    if (h->next == h->ready)
        return false;
    *out = h->held[h->next++];
    return true;
}
