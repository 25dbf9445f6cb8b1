/* SPDX-License-Identifier: MIT-0 */
/* cmocka, and a world of our own: memory that is counted and can run out, a wall clock that stands
 * where it is put, a directory for what is recorded, events that are kept. */
#ifndef S3HLS_TESTS_UNIT_RECORD_WORLD_H
#define S3HLS_TESTS_UNIT_RECORD_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "folder.h"
#include "h264_gen.h"
#include "s3hls/archive.h"
#include "s3hls/s3hls.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct world {
    s3hls_env env;
    _Atomic long allocations, out;
    _Atomic long until_failure; /* negative: never */
    _Atomic int64_t wall_us;    /* of the wall's clock, when the world began */
    _Atomic int64_t passed_us;  /* time that has passed on both clocks */
    pthread_mutex_t log_lock;
    char lines[4096]; /* the newest of the log */
    char dir[64], cam[80], spool[80], url[96];
    char events[16384]; /* "word key\n" each */
} world;

static inline void *world_reallocate(void *ctx, void *p, size_t size) {
    world *w = ctx;
    if (size == 0) {
        w->out--;
        free(p);
        return NULL;
    }
    if (w->until_failure == 0)
        return NULL;
    w->until_failure -= w->until_failure > 0;
    w->allocations++;
    w->out += p == NULL;
    return realloc(p, size);
}

static inline int64_t world_wall_us(void *ctx) {
    return ((world *)ctx)->wall_us + ((world *)ctx)->passed_us;
}

static inline int64_t world_monotonic_us(void *ctx) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + ((world *)ctx)->passed_us;
}

static inline void world_log(void *ctx, s3hls_log_level level, const char *component,
                             const char *message) {
    world *w = ctx;
    (void)level;
    (void)component;
    pthread_mutex_lock(&w->log_lock);
    size_t used = strlen(w->lines);
    if (used + strlen(message) + 2 > sizeof w->lines)
        used = 0;
    snprintf(w->lines + used, sizeof w->lines - used, "%s\n", message);
    pthread_mutex_unlock(&w->log_lock);
}

static const int64_t NOON_US = INT64_C(1782820800) * 1000000; /* 2026-06-30T12:00:00Z */

static inline world *world_open(void) {
    world *w = calloc(1, sizeof *w);
    pthread_mutex_init(&w->log_lock, NULL);
    w->env = (s3hls_env){.ctx = w,
                         .reallocate = world_reallocate,
                         .wall_us = world_wall_us,
                         .monotonic_us = world_monotonic_us,
                         .log = world_log,
                         .log_level = S3HLS_LOG_WARN};
    w->until_failure = -1;
    w->wall_us = NOON_US;
    strcpy(w->dir, "/tmp/s3hls-recorder-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->cam, sizeof w->cam, "%s/cam", w->dir);
    snprintf(w->spool, sizeof w->spool, "%s/spool", w->dir);
    snprintf(w->url, sizeof w->url, "file://%s", w->cam);
    return w;
}

static inline void world_close(world *w) {
    remove_folder(w->dir);
    assert_int_equal(w->out, 0);
    free(w);
}

static inline s3hls_recorder_config config(world *w) {
    s3hls_recorder_config cfg;
    s3hls_recorder_config_init(&cfg);
    cfg.destination = w->url;
    cfg.frame_rate_num = 25;
    cfg.pool_bytes = 1 << 20;
    cfg.no_thread = 1;
    cfg.env = &w->env;
    return cfg;
}

static inline h264_gen camera(void) {
    return (h264_gen){
        .width = 320, .height = 240, .gop = 25, .key_bytes = 9000, .other_bytes = 900};
}

static uint8_t frame_bytes[1 << 18];

static inline int put(s3hls_recorder *r, h264_gen *g) {
    s3hls_frame f = {.data = frame_bytes};
    f.size = h264_gen_next(g, frame_bytes, sizeof frame_bytes);
    f.pts_us = (int64_t)(g->pictures - 1) * 40000;
    return s3hls_recorder_put_video(r, &f);
}

static inline s3hls_recorder_stats stats_of(s3hls_recorder *r) {
    s3hls_recorder_stats s;
    assert_int_equal(s3hls_recorder_get_stats(r, &s), S3HLS_OK);
    assert_int_equal(s.segments_accepted, s.segments_delivered + s.segments_spooled +
                                              s.segments_waiting + s.segments_dropped);
    assert_int_equal(s.bytes_accepted,
                     s.bytes_delivered + s.bytes_spooled + s.bytes_waiting + s.bytes_dropped);
    return s;
}

static inline s3hls_segment_list recorded(world *w) {
    s3hls_archive *archive;
    s3hls_segment_list list;
    s3hls_env env = s3hls_env_default();
    assert_int_equal(s3hls_archive_open(&archive, w->url, NULL, &env), S3HLS_OK);
    assert_int_equal(s3hls_archive_list(archive, INT64_MIN, INT64_MAX, &list, NULL), S3HLS_OK);
    s3hls_archive_close(&archive);
    return list;
}

static inline void whole_number_of_packets(const s3hls_segment_list *list) {
    for (size_t i = 0; i < list->count; i++)
        assert_int_equal(list->segments[i].size % 188, 0);
}

/* The store is away: a file stands where its directory should be. */
static inline void store_goes(world *w) {
    char away[96];
    snprintf(away, sizeof away, "%s.away", w->cam);
    rename(w->cam, away);
    fclose(fopen(w->cam, "w"));
}

static inline void store_comes(world *w) {
    char away[96];
    snprintf(away, sizeof away, "%s.away", w->cam);
    assert_int_equal(remove(w->cam), 0);
    rename(away, w->cam);
}

static inline void note_event(void *ctx, const s3hls_event *e) {
    world *w = ctx;
    size_t used = strlen(w->events);
    assert_true(e->key && e->message);
    assert_int_equal(e->error != NULL,
                     e->type == S3HLS_EVENT_FAILING || e->type == S3HLS_EVENT_HELD);
    if (used + 200 < sizeof w->events)
        snprintf(w->events + used, sizeof w->events - used, "%s %s\n", s3hls_event_name(e->type),
                 e->key);
}

/* How many events of that word there were. */
static inline int events_of(const world *w, const char *word) {
    int count = 0;
    size_t size = strlen(word);
    for (const char *line = w->events; *line; line = strchr(line, '\n') + 1)
        count += strncmp(line, word, size) == 0 && line[size] == ' ';
    return count;
}

#endif
