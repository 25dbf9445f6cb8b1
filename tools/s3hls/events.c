/* SPDX-License-Identifier: MIT-0 */
#include "events.h"
#include "s3hls/status.h"
#include "when.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WAITING_MAX = 1 << 20, LAST_WAIT_MS = 1000 };

struct events {
    int fd;
    const char *path;
    int64_t every_us, due_us; /* of the counters; monotonic */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    s3hls_recorder *recorder;
    bool ending, failed;
    char *lines; /* waiting to be written; WAITING_MAX bytes */
    char *writing;
    size_t size;
    uint64_t lost; /* lines dropped for lack of memory */
};

static int64_t monotonic_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t wall_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- JSON */

json_t *json_of_text(const char *text) {
    json_t *string = json_string(text);
    char *ascii = string ? NULL : strdup(text);
    for (char *p = ascii; p && *p; p++)
        if (*p & 0x80)
            *p = '?';
    if (ascii)
        string = json_string(ascii);
    free(ascii);
    return string;
}

static void set_number(json_t *object, const char *name, int64_t value) {
    json_object_set_new(object, name, json_integer(value));
}

static void set_text(json_t *object, const char *name, const char *text) {
    if (text && text[0])
        json_object_set_new(object, name, json_of_text(text));
}

static json_t *json_of_error(const s3hls_s3_error *error) {
    json_t *object = json_object();
    set_text(object, "status", s3hls_status_name(error->status));
    set_number(object, "http_status", error->http_status);
    set_text(object, "code", error->code);
    set_text(object, "request_id", error->request_id);
    set_text(object, "message", error->message);
    return object;
}

static const char *const cause_names[] = {
#define XX(name, text) text,
    S3HLS_CAUSE_MAP(XX)
#undef XX
};

const char *cause_name(int cause) {
    return cause_names[cause];
}

json_t *json_of_stats(const s3hls_recorder_stats *s) {
    json_t *object = json_object(), *by = json_object();
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"media_us", s->media_us},
        {"from_us", s->first_segment_us},
        {"to_us", s->last_segment_end_us},
        {"frames", (int64_t)s->frames_in},
        {"frames_skipped", (int64_t)s->frames_skipped},
        {"frames_dropped", (int64_t)s->frames_dropped},
        {"gops_dropped", (int64_t)s->gops_dropped},
        {"nals_damaged", (int64_t)s->nals_damaged},
        {"nals_refused", (int64_t)s->nals_refused},
        {"bytes_in", (int64_t)s->bytes_in},
        {"segments_accepted", (int64_t)s->segments_accepted},
        {"segments_delivered", (int64_t)s->segments_delivered},
        {"segments_spooled", (int64_t)s->segments_spooled},
        {"segments_waiting", (int64_t)s->segments_waiting},
        {"segments_dropped", (int64_t)s->segments_dropped},
        {"segments_recovered", (int64_t)s->segments_recovered},
        {"bytes_accepted", (int64_t)s->bytes_accepted},
        {"bytes_delivered", (int64_t)s->bytes_delivered},
        {"bytes_dropped", (int64_t)s->bytes_dropped},
        {"bytes_spooled", (int64_t)s->bytes_spooled},
        {"bytes_waiting", (int64_t)s->bytes_waiting},
        {"pool_bytes", (int64_t)s->pool_bytes},
        {"pool_used_bytes", (int64_t)s->pool_used_bytes},
        {"lag_us", s->lag_us},
        {"clock_offset_ms", s->clock_offset_ms},
        {"credentials_expire_s", s->credentials_expire_s},
        {"retries", (int64_t)s->retries},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        set_number(object, numbers[i].name, numbers[i].value);
    for (int i = 0; i < S3HLS_CAUSE_COUNT; i++)
        if (s->retries_by[i])
            set_number(by, cause_names[i], (int64_t)s->retries_by[i]);
    json_object_set_new(object, "retries_by", by);
    if (s->spool_status)
        json_object_set_new(object, "spool_status",
                            json_string(s3hls_status_name(s->spool_status)));
    if (s->last_error.status) {
        json_object_set_new(object, "last_error", json_of_error(&s->last_error));
        set_number(object, "last_error_us", s->last_error_us);
    }
    return object;
}

/* ---- lines */

static json_t *begin_line(int64_t us, const char *what) {
    char time[32];
    json_t *line = json_object();
    time_format(us, time, sizeof time);
    set_text(line, "time", time);
    set_text(line, "event", what);
    return line;
}

static bool append(events *e, json_t *line) {
    char *text = json_dumps(line, JSON_COMPACT);
    size_t size = text ? strlen(text) : 0;
    bool fits = text && !e->failed && size + 1 <= WAITING_MAX - e->size;
    if (fits) {
        memcpy(e->lines + e->size, text, size);
        e->lines[e->size + size] = '\n';
        e->size += size + 1;
    }
    free(text);
    json_decref(line);
    return fits;
}

/* Lost lines are reported before the next line. */
static bool write_lost(events *e) {
    json_t *gap = begin_line(wall_us(), "events-lost");
    set_number(gap, "count", (int64_t)e->lost);
    bool written = append(e, gap);
    if (written)
        e->lost = 0;
    return written;
}

/* Called under the lock. */
static void add_locked(events *e, json_t *line) {
    if (!e->lost || write_lost(e)) {
        e->lost += !append(e, line);
    } else {
        e->lost++;
        json_decref(line);
    }
    pthread_cond_signal(&e->changed);
}

static void add(events *e, json_t *line) {
    pthread_mutex_lock(&e->lock);
    add_locked(e, line);
    pthread_mutex_unlock(&e->lock);
}

void events_write(events *e, const s3hls_event *event) {
    if (!e)
        return;
    json_t *line = begin_line(event->wall_us, s3hls_event_name(event->type));
    if (event->status)
        set_text(line, "status", s3hls_status_name(event->status));
    set_text(line, "key", event->key);
    if (event->bytes)
        set_number(line, "bytes", (int64_t)event->bytes);
    if (event->count)
        set_number(line, "count", (int64_t)event->count);
    if (event->duration_ms)
        set_number(line, "duration_ms", event->duration_ms);
    if (event->error)
        json_object_set_new(line, "error", json_of_error(event->error));
    set_text(line, "message", event->message);
    add(e, line);
}

void events_write_input(events *e, const char *what, const char *message, int64_t duration_ms) {
    if (!e)
        return;
    json_t *line = begin_line(wall_us(), what);
    if (duration_ms)
        set_number(line, "duration_ms", duration_ms);
    set_text(line, "message", message);
    add(e, line);
}

static json_t *line_of_stats(const s3hls_recorder_stats *stats) {
    json_t *line = begin_line(wall_us(), "stats"), *counts = json_of_stats(stats);
    json_object_update(line, counts);
    json_decref(counts);
    return line;
}

void events_write_stats(events *e, const s3hls_recorder_stats *stats) {
    if (e)
        add(e, line_of_stats(stats));
}

/* ---- the writer */

/* Write without blocking: a pipe that polls writable accepts PIPE_BUF bytes. */
static bool write_all(events *e, const char *bytes, size_t size) {
    while (size) {
        struct pollfd ready = {.fd = e->fd, .events = POLLOUT};
        int rc = poll(&ready, 1, LAST_WAIT_MS);
        ssize_t n = rc > 0 ? write(e->fd, bytes, size < PIPE_BUF ? size : PIPE_BUF) : rc;
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            fprintf(stderr, "s3hls: --events %s: %s; no more events are written\n", e->path,
                    strerror(errno));
            return false;
        }
        pthread_mutex_lock(&e->lock);
        bool abandoned = e->ending && rc == 0;
        pthread_mutex_unlock(&e->lock);
        if (abandoned)
            return false;
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static void write_if_due(events *e) {
    s3hls_recorder_stats stats;
    if (!e->recorder || monotonic_us() < e->due_us)
        return;
    e->due_us = monotonic_us() + e->every_us;
    if (s3hls_recorder_get_stats(e->recorder, &stats) == S3HLS_OK)
        add_locked(e, line_of_stats(&stats));
}

static void *run(void *arg) {
    events *e = arg;
    pthread_mutex_lock(&e->lock);
    while (!e->ending || e->size) {
        write_if_due(e);
        if (!e->size) {
            struct timespec due = {e->due_us / 1000000, e->due_us % 1000000 * 1000};
            if (e->recorder)
                pthread_cond_timedwait(&e->changed, &e->lock, &due);
            else
                pthread_cond_wait(&e->changed, &e->lock);
            continue;
        }
        char *full = e->lines;
        size_t size = e->size;
        e->lines = e->writing;
        e->writing = full;
        e->size = 0;
        pthread_mutex_unlock(&e->lock);
        bool written = write_all(e, full, size);
        pthread_mutex_lock(&e->lock);
        e->failed |= !written;
        if (e->failed)
            e->size = 0;
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* ---- the module's interface */

/* Signals are handled by the thread that reads the input. */
static int start(events *e) {
    sigset_t all, before;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&e->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&e->lock, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&e->thread, NULL, run, e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static void events_free(events *e) {
    if (e->fd >= 0)
        close(e->fd);
    free(e->lines);
    free(e->writing);
    free(e);
}

int events_open(events **out, const char *path, double stats_every_s) {
    events *e = *out = calloc(1, sizeof *e);
    if (!e)
        return ENOMEM;
    e->path = path;
    e->every_us = (int64_t)(stats_every_s * 1e6);
    e->due_us = monotonic_us() + e->every_us;
    e->fd = strcmp(path, "-") == 0
                ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    int rc = e->fd < 0 ? errno : 0;
    if (!rc) {
        e->lines = malloc(WAITING_MAX);
        e->writing = malloc(WAITING_MAX);
        rc = e->lines && e->writing ? start(e) : ENOMEM;
    }
    if (rc) {
        events_free(e);
        *out = NULL;
    }
    return rc;
}

void events_watch(events *e, s3hls_recorder *recorder) {
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    e->recorder = recorder;
    pthread_cond_signal(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

void events_close(events **slot) {
    events *e = *slot;
    if (!e)
        return;
    pthread_mutex_lock(&e->lock);
    e->ending = true;
    pthread_cond_signal(&e->changed);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    pthread_mutex_destroy(&e->lock);
    pthread_cond_destroy(&e->changed);
    events_free(e);
    *slot = NULL;
}
