/* SPDX-License-Identifier: MIT-0 */
#include "publish.h"
#include "delivery.h"
#include "published.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_MAX = 1024,
    HELD_MAX = 64,
    LOOK_MS = 250,
    RETRY_FIRST_MS = 1000,
    RETRY_MAX_MS = 30000
};
static const int64_t HOUR_MS = 3600000, SECOND_US = 1000000;

/* An hour whose index must be written. */
typedef struct hour {
    int64_t begin_ms, due_us;
} hour;

struct publisher {
    const command_line *line;
    const s3hls_env *env;
    s3hls_archive *archive; /* used by the thread only */
    pthread_t thread;

    pthread_mutex_t lock; /* protects the members below */
    pthread_cond_t changed;
    s3hls_segment queue[QUEUE_MAX]; /* confirmed, not yet taken by the thread */
    size_t queued;
    hour *hours;
    size_t hour_count, hour_capacity;
    int64_t newest_hour_ms;
    bool closing, ended; /* ended: the camera has stopped */
    int64_t give_up_us;

    /* used by the thread only */
    live_list live;
    bool begun, live_changed, end_written, unfinished;
    s3hls_segment taken[QUEUE_MAX];
    s3hls_segment held[HELD_MAX]; /* ascending, after a gap that may still be filled */
    size_t held_count;
    int64_t held_since_us, retry_us;
    uint32_t retry_ms;
    bool failing;
};

static int64_t now_ms(const publisher *p) {
    return p->env->wall_us(p->env->ctx) / 1000;
}

/* ---- hours. Under the lock. */

static void mark_hour(publisher *p, int64_t begin_ms, int64_t due_us) {
    for (size_t i = 0; i < p->hour_count; i++)
        if (p->hours[i].begin_ms == begin_ms) {
            if (due_us < p->hours[i].due_us)
                p->hours[i].due_us = due_us;
            return;
        }
    if (p->hour_count == p->hour_capacity) {
        size_t capacity = p->hour_capacity ? 2 * p->hour_capacity : 64;
        hour *grown = realloc(p->hours, capacity * sizeof *grown);
        if (!grown)
            return;
        p->hours = grown;
        p->hour_capacity = capacity;
    }
    p->hours[p->hour_count++] = (hour){begin_ms, due_us};
}

/* Schedule the index of the segment's hour: the current hour each minute; an earlier hour soon,
 * since more late segments may follow. An hour that results from a fast clock is not the current
 * one. */
static void mark_segment(publisher *p, const s3hls_segment *s) {
    int64_t begin_ms = s->start_ms - s->start_ms % HOUR_MS,
            soon_us = delivery_clock_us() + 2 * SECOND_US;
    if (p->newest_hour_ms > now_ms(p) + S3HLS_CLOCK_AHEAD_MS) /* the clock was set back */
        p->newest_hour_ms = 0;
    bool newer = begin_ms > p->newest_hour_ms && !live_is_ahead(s, now_ms(p));
    if (newer && p->newest_hour_ms)
        mark_hour(p, p->newest_hour_ms, soon_us);
    if (newer)
        p->newest_hour_ms = begin_ms;
    mark_hour(p, begin_ms, begin_ms == p->newest_hour_ms ? soon_us + 58 * SECOND_US : soon_us);
}

/* Take the hour that is due first, or any hour if the thread must end. */
static bool take_hour(publisher *p, bool closing, hour *due) {
    hour *first = p->hours;
    for (size_t i = 1; i < p->hour_count; i++)
        if (p->hours[i].due_us < first->due_us)
            first = &p->hours[i];
    if (!p->hour_count || (!closing && first->due_us > delivery_clock_us()))
        return false;
    *due = *first;
    *first = p->hours[--p->hour_count];
    return true;
}

void publish_segment(publisher *p, const char *key, uint64_t bytes) {
    s3hls_segment s;
    if (!p || s3hls_segment_key_parse(key, strlen(key), &s))
        return;
    s.size = bytes;
    pthread_mutex_lock(&p->lock);
    mark_segment(p, &s);
    if (p->queued == QUEUE_MAX) /* the oldest has left the live playlist long ago */
        memmove(p->queue, p->queue + 1, --p->queued * sizeof s);
    p->queue[p->queued++] = s;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* ---- the live list. The thread. */

static void hold(publisher *p, const s3hls_segment *s) {
    size_t i = p->held_count;
    if (live_is_ahead(s, now_ms(p)))
        return;
    live_drop_ahead(&p->live, now_ms(p));
    if (live_passed(&p->live, s))
        return;
    if (i == 0)
        p->held_since_us = delivery_clock_us();
    for (; i > 0 && p->held[i - 1].sequence > s->sequence; i--)
        p->held[i] = p->held[i - 1];
    p->held[i] = *s;
    p->held_count++;
}

/* Parallel uploads end in any order: a missing segment may arrive within half a target duration.
 * The playlist must change within one and a half (RFC 8216 6.2.1). */
static void release_held(publisher *p, bool all) {
    bool due = p->held_count == HELD_MAX ||
               delivery_clock_us() >= p->held_since_us + p->live.target_ms * INT64_C(500);
    while (p->held_count && (all || due || live_follows(&p->live, &p->held[0]))) {
        if (!live_passed(&p->live, &p->held[0]))
            live_append(&p->live, &p->held[0]);
        memmove(p->held, p->held + 1, --p->held_count * sizeof *p->held);
        p->held_since_us = delivery_clock_us();
        p->live_changed = true;
        due = false;
    }
}

/* ---- writing. The thread. */

/* @return true: it was written. */
static bool note(publisher *p, int rc, const s3hls_s3_error *error) {
    bool soon = rc == S3HLS_E_NOT_FOUND; /* the timeline's object has not arrived yet */
    if (rc && !soon && !p->failing)
        complain(p->line->command, "--publish: playlists cannot be written, trying again", rc,
                 error);
    if (!rc && p->failing)
        fprintf(stderr, "s3hls %s: --publish: playlists are written again\n", p->line->command);
    p->failing = rc && !soon;
    p->retry_ms = !p->failing ? 0 : !p->retry_ms ? RETRY_FIRST_MS : 2 * p->retry_ms;
    if (p->retry_ms > RETRY_MAX_MS)
        p->retry_ms = RETRY_MAX_MS;
    p->retry_us = delivery_clock_us() + p->retry_ms * INT64_C(1000);
    return !rc;
}

static bool begin(publisher *p) {
    s3hls_s3_error error = {0};
    p->begun = note(p, live_begin(&p->live, p->archive, now_ms(p), &error), &error);
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; p->begun && i < p->live.count;
         i++) /* the previous session may have left them unfinished */
        mark_segment(p, &p->live.segments[i]);
    pthread_mutex_unlock(&p->lock);
    return p->begun;
}

static bool write_live(publisher *p, bool end) {
    s3hls_s3_error error = {0};
    if (!p->live.count || (!p->live_changed && (!end || p->end_written)))
        return true;
    int rc = live_write(&p->live, p->archive, end, p->env, &error);
    p->live_changed = rc != S3HLS_OK;
    p->end_written = end && !rc;
    return note(p, rc, &error);
}

static bool write_hour(publisher *p, const hour *due, bool over) {
    s3hls_s3_error error = {0};
    int rc = hour_write(p->archive, due->begin_ms, over, p->live.target_ms, p->env, &error);
    pthread_mutex_lock(&p->lock);
    if (rc)
        mark_hour(p, due->begin_ms, due->due_us);
    pthread_mutex_unlock(&p->lock);
    return note(p, rc, &error);
}

/* Write everything that is due. @return false: a part must be retried. */
static bool work(publisher *p, bool closing, bool ended) {
    s3hls_segment *taken = p->taken;
    hour due;
    if (!p->begun && !begin(p))
        return false;
    pthread_mutex_lock(&p->lock);
    size_t count = p->queued;
    memcpy(taken, p->queue, count * sizeof *taken);
    p->queued = 0;
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < count; i++) {
        hold(p, &taken[i]);
        release_held(p, false);
    }
    release_held(p, closing);
    if (!write_live(p, closing && ended))
        return false;
    pthread_mutex_lock(&p->lock);
    bool any = take_hour(p, closing, &due),
         over = any && (due.begin_ms < p->newest_hour_ms || (closing && ended));
    pthread_mutex_unlock(&p->lock);
    return any ? write_hour(p, &due, over) : true;
}

static void *run(void *arg) {
    publisher *p = arg;
    bool done = false;
    while (!done) {
        pthread_mutex_lock(&p->lock);
        bool closing = p->closing, ended = p->ended; /* may be set while this works */
        pthread_mutex_unlock(&p->lock);
        bool written = delivery_clock_us() >= p->retry_us && work(p, closing, ended);
        pthread_mutex_lock(&p->lock);
        bool left = !written || p->queued || p->hour_count;
        done = closing && (!left || delivery_clock_us() >= p->give_up_us);
        if (!done && !p->queued && !(p->closing && written)) {
            int64_t at_us = delivery_clock_us() + LOOK_MS * INT64_C(1000);
            struct timespec at = {at_us / SECOND_US, at_us % SECOND_US * 1000};
            pthread_cond_timedwait(&p->changed, &p->lock, &at);
        }
        p->unfinished = left;
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

/* ---- the module's interface */

static void publisher_free(publisher *p) {
    s3hls_archive_close(&p->archive);
    free(p->hours);
    free(p);
}

/* Signals are handled by the thread that reads the input. */
static int start(publisher *p) {
    sigset_t all, before;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&p->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&p->lock, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&p->thread, NULL, run, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc ? S3HLS_E_NOMEM : S3HLS_OK;
}

int publish_open(publisher **out, const command_line *line, const char *url) {
    publisher *p = *out = calloc(1, sizeof *p);
    if (!p)
        return S3HLS_E_NOMEM;
    p->line = line;
    p->env = &line->common->env;
    int rc = s3hls_archive_open(&p->archive, url, &line->common->s3, p->env);
    if (!rc)
        rc = start(p);
    if (rc) {
        publisher_free(p);
        *out = NULL;
    }
    return rc;
}

bool publish_close(publisher **slot, bool ended, double wait_s) {
    publisher *p = *slot;
    if (!p)
        return true;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    p->ended = ended;
    p->give_up_us = delivery_clock_us() + (int64_t)(wait_s * 1e6);
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    bool finished = !p->unfinished;
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    publisher_free(p);
    *slot = NULL;
    return finished;
}
