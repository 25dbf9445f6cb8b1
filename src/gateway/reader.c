/* SPDX-License-Identifier: MIT-0 */
#include "gateway/reader.h"
#include "base/env.h"
#include "base/thread.h"
#include "base/wait.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024, TEXTS = 3 };
static const int64_t SILENCE_US = 10000000; /* longest duration of opening, and of reading */
static const int64_t NEARLY_US = 500000;    /* libavformat's own timeouts are the same */
static const int64_t CLOSE_US = 2000000;    /* of a TEARDOWN */
static const int64_t HANGS_US = 5000000;    /* beyond these: the call ignores its interruption */
static const int64_t STEADY_US = 30000000;  /* a session this long was a success */
static const int64_t PAUSE_FIRST_US = 1000000, PAUSE_LONGEST_US = 30000000;

struct s3hls__reader {
    s3hls_env env;
    s3hls_source_config source;
    char *texts[TEXTS]; /* of source */
    s3hls__reader_sink sink;
    pthread_t thread;
    _Atomic bool stop;
    _Atomic int64_t deadline_us; /* of the call in progress; 0: there is none */
    _Atomic bool timed_out;      /* the call in progress was interrupted */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ended;     /* its thread touches nothing any more */
    bool abandoned; /* its thread frees it */
};

static void free_reader(s3hls__reader *r) {
    const s3hls_env env = r->env;
    for (int i = 0; i < TEXTS; i++) {
        if (r->texts[i])
            explicit_bzero(r->texts[i], strlen(r->texts[i]));
        s3hls__env_free(&env, r->texts[i]);
    }
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    s3hls__env_free(&env, r);
}

/* ---- calls of libavformat, and their deadlines */

static int stopped(void *ctx) {
    s3hls__reader *r = ctx;
    int64_t deadline_us = r->deadline_us;
    r->timed_out |= deadline_us && s3hls__env_now_us(&r->env) > deadline_us;
    return r->stop || r->timed_out;
}

static void begin_call(s3hls__reader *r, int64_t longest_us) {
    r->timed_out = false;
    r->deadline_us = s3hls__env_now_us(&r->env) + longest_us;
}

static void end_call(s3hls__reader *r) {
    r->timed_out |= s3hls__env_now_us(&r->env) > r->deadline_us - NEARLY_US;
    r->deadline_us = 0;
}

bool s3hls__reader_hangs(const s3hls__reader *r) {
    int64_t deadline_us = r->deadline_us;
    return deadline_us && s3hls__env_now_us(&r->env) > deadline_us + HANGS_US;
}

/* ---- one session */

/* Lock the reader for a call of the sink. @return false: it was left behind */
static bool enter(s3hls__reader *r) {
    pthread_mutex_lock(&r->lock);
    if (!r->abandoned)
        return true;
    pthread_mutex_unlock(&r->lock);
    return false;
}

static void leave(s3hls__reader *r) {
    pthread_mutex_unlock(&r->lock);
}

static const char *reason(const s3hls__reader *r, bool open, int status, const char *why) {
    if (r->timed_out)
        return open ? "it has sent nothing for 10 s" : "it did not respond within 10 s";
    if (why[0])
        return why;
    return status ? s3hls_strerror(status) : "it ended the session";
}

static void report_failure(s3hls__reader *r, int status, const char *why) {
    status = r->timed_out ? S3HLS_E_TIMEOUT : status;
    if (!r->stop && enter(r)) {
        r->sink.failed(r->sink.ctx, status, reason(r, false, status, why));
        leave(r);
    }
}

static void report_loss(s3hls__reader *r, s3hls_source *source, int status, const char *why) {
    status = r->stop ? S3HLS_E_CANCELLED : r->timed_out ? S3HLS_E_TIMEOUT : status;
    if (enter(r)) {
        r->sink.lost(r->sink.ctx, source, status, reason(r, true, status, why));
        leave(r);
    }
}

static void read_session(s3hls__reader *r, s3hls_source *source) {
    char why[S3HLS_SOURCE_WHY_BYTES] = "";
    s3hls_frame frame;
    int rc = 1;
    while (rc > 0 && !r->stop) {
        begin_call(r, SILENCE_US);
        rc = s3hls_source_read(source, CHUNK_BYTES, &frame, why);
        end_call(r);
        if (rc <= 0 || !enter(r))
            break;
        r->sink.frame(r->sink.ctx, source, &frame);
        leave(r);
    }
    report_loss(r, source, rc < 0 ? rc : S3HLS_OK, why);
}

/* @return whether the source was opened */
static bool run_session(s3hls__reader *r) {
    char why[S3HLS_SOURCE_WHY_BYTES] = "";
    s3hls_source *source;
    begin_call(r, SILENCE_US);
    int rc = s3hls_source_open(&source, &r->source, why);
    end_call(r);
    if (rc) {
        report_failure(r, rc, why);
        return false;
    }
    if (enter(r)) {
        r->sink.opened(r->sink.ctx, source);
        leave(r);
        read_session(r, source);
    }
    begin_call(r, CLOSE_US);
    s3hls_source_close(&source);
    end_call(r);
    return true;
}

/* ---- the thread */

/* Wait for half of the pause, and up to the other half by chance. @return false: stopped */
static bool wait_pause(s3hls__reader *r, int64_t pause_us) {
    int64_t now_us = s3hls__env_now_us(&r->env);
    int64_t until_us = now_us + pause_us / 2 + s3hls__env_chance_us(&r->env, pause_us / 2);
    pthread_mutex_lock(&r->lock);
    while (!r->stop && (now_us = s3hls__env_now_us(&r->env)) < until_us) {
        struct timespec until = s3hls__wait_until_us(until_us - now_us);
        pthread_cond_timedwait(&r->changed, &r->lock, &until);
    }
    bool go_on = !r->stop && !r->abandoned;
    pthread_mutex_unlock(&r->lock);
    return go_on;
}

static int64_t next_pause_us(int64_t pause_us, bool steady) {
    if (steady || pause_us < PAUSE_FIRST_US)
        return PAUSE_FIRST_US;
    return pause_us < PAUSE_LONGEST_US / 2 ? pause_us * 2 : PAUSE_LONGEST_US;
}

static void *thread_main(void *arg) {
    s3hls__reader *r = arg;
    for (int64_t pause_us = 0; wait_pause(r, pause_us);) {
        int64_t begin_us = s3hls__env_now_us(&r->env);
        bool opened = run_session(r);
        bool steady = opened && s3hls__env_now_us(&r->env) - begin_us > STEADY_US;
        pause_us = next_pause_us(pause_us, steady);
    }
    pthread_mutex_lock(&r->lock);
    bool abandoned = r->abandoned;
    r->ended = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    if (abandoned)
        free_reader(r);
    return NULL;
}

static bool copy_texts(s3hls__reader *r) {
    const char **places[TEXTS] = {&r->source.address, &r->source.password, &r->source.ca_file};
    for (int i = 0; i < TEXTS; i++) {
        if (!*places[i])
            continue;
        *places[i] = r->texts[i] = s3hls__env_strdup(&r->env, *places[i]);
        if (!r->texts[i])
            return false;
    }
    return true;
}

int s3hls__reader_start(s3hls__reader **out, const s3hls_source_config *source,
                        const s3hls__reader_sink *sink, const s3hls_env *env) {
    s3hls__reader *r = *out = s3hls__env_alloc(env, sizeof *r);
    if (!r)
        return S3HLS_E_NOMEM;
    r->env = *env;
    r->source = *source;
    r->source.env = &r->env;
    r->source.stopped = stopped;
    r->source.on_failure = NULL;
    r->source.ctx = r;
    r->sink = *sink;
    pthread_mutex_init(&r->lock, NULL);
    s3hls__wait_init(&r->changed);
    if (copy_texts(r) && s3hls__thread_start(&r->thread, thread_main, r) == 0)
        return S3HLS_OK;
    free_reader(r);
    *out = NULL;
    return S3HLS_E_NOMEM;
}

void s3hls__reader_stop(s3hls__reader *r) {
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

bool s3hls__reader_end(s3hls__reader **reader, int64_t until_us) {
    s3hls__reader *r = *reader;
    int64_t now_us;
    *reader = NULL;
    if (!r)
        return true;
    s3hls__reader_stop(r);
    pthread_mutex_lock(&r->lock);
    while (!r->ended && (now_us = s3hls__env_now_us(&r->env)) < until_us) {
        struct timespec until = s3hls__wait_until_us(until_us - now_us);
        pthread_cond_timedwait(&r->changed, &r->lock, &until);
    }
    bool ended = r->ended;
    pthread_t thread = r->thread;
    r->abandoned = !ended;
    pthread_mutex_unlock(&r->lock);
    if (ended) {
        pthread_join(thread, NULL);
        free_reader(r);
    } else {
        pthread_detach(thread); /* it may have freed the reader */
    }
    return ended;
}
