/* SPDX-License-Identifier: MIT-0 */
#include "server/clip.h"
#include "base/thread.h"
#include "base/wait.h"
#include "s3hls/export.h"
#include <string.h>
#include <sys/queue.h>

enum {
    AHEAD_BYTES = 1 << 20, /* how far a clip is read ahead of its reader */
    READER_TIMEOUT_S = 30, /* a reader that takes nothing for this long has left */
    STORE_TIMEOUT_S = 30   /* maximum time that a reader waits for the store */
};

struct s3hls__clip {
    TAILQ_ENTRY(s3hls__clip) in_order;
    s3hls__clips *clips;
    s3hls__request request;
    s3hls__clip_reader reader;

    pthread_mutex_t lock; /* protects all members below */
    pthread_cond_t taken;
    bool paused; /* the reader waits to be resumed */
    int64_t paused_us;
    bool left;    /* the reader has left */
    bool cut;     /* the server stops, or the store timed out */
    bool overdue; /* the store timed out */
    bool ended;   /* the thread has ended */
    int status;   /* result of the thread */
    s3hls__answer *refusal;
    uint64_t segments_left_out, pictures_left_out;
    size_t begin, size; /* used part of the ring */
    uint8_t ring[AHEAD_BYTES];
};

struct s3hls__clips {
    s3hls_env env;
    s3hls__catalog *catalog;
    s3hls__answer_account *account;
    s3hls__metrics *metrics;
    unsigned max;

    pthread_mutex_t lock; /* protects all members below */
    pthread_cond_t ended;
    TAILQ_HEAD(, s3hls__clip) running;
    unsigned count;
    bool stopping;
};

/* Input of a clip's thread. */
typedef struct source {
    s3hls__clip *clip;
    s3hls_archive *archive;
    s3hls_s3_error error;
} source;

/* ---- between thread and reader */

static int64_t now_us(const s3hls__clips *clips) {
    return clips->env.monotonic_us(clips->env.ctx);
}

static void resume_reader(s3hls__clip *c) {
    if (c->paused && !c->left) {
        c->paused = false;
        c->reader.resume(c->reader.ctx);
    }
}

static void free_clip(s3hls__clip *c) {
    s3hls__answer_release(c->refusal);
    pthread_cond_destroy(&c->taken);
    pthread_mutex_destroy(&c->lock);
    s3hls__env_free(&c->clips->env, c);
}

/* Called with the lock held. Wait until the ring has free space. */
static int wait_for_space(s3hls__clip *c) {
    struct timespec until = s3hls__wait_until(READER_TIMEOUT_S);
    while (c->size == AHEAD_BYTES && !c->left && !c->cut)
        if (pthread_cond_timedwait(&c->taken, &c->lock, &until))
            return S3HLS_E_TIMEOUT;
    return c->left || c->cut ? S3HLS_E_CANCELLED : S3HLS_OK;
}

static int write_bytes(void *ctx, uint64_t offset, const uint8_t *data, size_t size) {
    (void)offset; /* sequential: the MP4 is fragmented */
    s3hls__clip *c = ((source *)ctx)->clip;
    int rc = S3HLS_OK;
    pthread_mutex_lock(&c->lock);
    while (size && !(rc = wait_for_space(c))) {
        size_t at = (c->begin + c->size) % AHEAD_BYTES, n = AHEAD_BYTES - c->size;
        n = n < AHEAD_BYTES - at ? n : AHEAD_BYTES - at;
        n = n < size ? n : size;
        memcpy(c->ring + at, data, n);
        c->size += n;
        data += n;
        size -= n;
        resume_reader(c);
    }
    pthread_mutex_unlock(&c->lock);
    return rc;
}

ssize_t s3hls__clip_read(s3hls__clip *c, char *data, size_t max) {
    ssize_t result = 0;
    pthread_mutex_lock(&c->lock);
    size_t n = c->size < AHEAD_BYTES - c->begin ? c->size : AHEAD_BYTES - c->begin;
    n = n < max ? n : max;
    if (n) {
        memcpy(data, c->ring + c->begin, n);
        c->begin = (c->begin + n) % AHEAD_BYTES;
        c->size -= n;
        pthread_cond_signal(&c->taken);
        result = (ssize_t)n;
    } else if (c->ended || c->overdue) {
        result = c->status || c->overdue ? -2 : -1;
    } else {
        c->paused = true;
        c->paused_us = now_us(c->clips);
        c->reader.pause(c->reader.ctx);
    }
    pthread_mutex_unlock(&c->lock);
    return result;
}

void s3hls__clip_left_out(s3hls__clip *c, uint64_t *segments, uint64_t *pictures) {
    pthread_mutex_lock(&c->lock);
    *segments = c->segments_left_out;
    *pictures = c->pictures_left_out;
    pthread_mutex_unlock(&c->lock);
}

s3hls__answer *s3hls__clip_refusal(s3hls__clip *c) {
    pthread_mutex_lock(&c->lock);
    s3hls__answer *refusal = c->refusal ? s3hls__answer_retain(c->refusal) : NULL;
    pthread_mutex_unlock(&c->lock);
    return refusal;
}

void s3hls__clip_release(s3hls__clip *c) {
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->left = true;
    bool ended = c->ended;
    pthread_cond_signal(&c->taken);
    pthread_mutex_unlock(&c->lock);
    if (ended)
        free_clip(c);
}

/* ---- its thread */

static void on_note(void *ctx, const s3hls_export_note *note) {
    s3hls__clip *c = ((source *)ctx)->clip;
    char key[S3HLS_KEY_MAX];
    if (note->type != S3HLS_EXPORT_LEFT_OUT)
        return;
    s3hls_segment_key_format(note->segment, key, sizeof key);
    s3hls__log(&c->clips->env, S3HLS_LOG_ERROR, "server", "clip of %s: left out: %s: %s",
               c->request.camera, key, note->reason);
    pthread_mutex_lock(&c->lock);
    c->segments_left_out += !note->pictures;
    c->pictures_left_out += note->pictures;
    pthread_mutex_unlock(&c->lock);
}

/* A share link opens nothing before its range, even if it is required for decoding. */
static int remux(source *s) {
    const s3hls__request *r = &s->clip->request;
    const s3hls_env *env = &s->clip->clips->env;
    s3hls_segment_list list;
    s3hls_export_config cfg;
    int rc = (r->share[0] ? s3hls_archive_list : s3hls_archive_list_playable)(
        s->archive, r->from_ms, r->to_ms, &list, &s->error);
    if (rc)
        return rc;
    s3hls_export_config_init(&cfg);
    cfg.fragmented = 1;
    cfg.from_ms = r->from_ms;
    cfg.to_ms = r->to_ms;
    cfg.segment_max_bytes = S3HLS__SEGMENT_MAX;
    cfg.write = write_bytes;
    cfg.on_note = on_note;
    cfg.ctx = s;
    cfg.env = env;
    rc = s3hls_export_write(s->archive, list.segments, list.count, &cfg, NULL, &s->error);
    s3hls_segment_list_deinit(&list, env);
    return rc;
}

static int run(s3hls__clip *c) {
    source s = {.clip = c};
    s3hls__workspace *workspace = s3hls__workspace_open(c->clips->catalog);
    int rc = workspace ? s3hls__workspace_archive(workspace, c->request.camera, &s.archive, NULL,
                                                  &s.error)
                       : S3HLS_E_NOMEM;
    if (!rc)
        rc = remux(&s);
    s3hls__workspace_close(workspace);
    return rc;
}

/* Called with the lock of the clips held, so that they see the clip end at one moment. */
static void end(s3hls__clip *c, int status, s3hls__answer *refusal) {
    s3hls__clips *clips = c->clips;
    pthread_mutex_lock(&clips->lock);
    TAILQ_REMOVE(&clips->running, c, in_order);
    pthread_mutex_lock(&c->lock);
    c->status = status;
    if (c->refusal)
        s3hls__answer_release(refusal);
    else
        c->refusal = refusal;
    c->ended = true;
    resume_reader(c);
    bool left = c->left;
    pthread_mutex_unlock(&c->lock);
    if (left)
        free_clip(c);
    clips->count--;
    atomic_fetch_sub(&clips->metrics->clips_running, 1);
    pthread_cond_signal(&clips->ended);
    pthread_mutex_unlock(&clips->lock);
}

static void *clip_thread(void *ctx) {
    s3hls__clip *c = ctx;
    int rc = run(c);
    end(c, rc, rc ? s3hls__view_failure(c->clips->account, rc) : NULL);
    return NULL;
}

static bool start(s3hls__clip *c) {
    pthread_t thread;
    if (s3hls__thread_start(&thread, clip_thread, c) != 0)
        return false;
    pthread_detach(thread);
    return true;
}

s3hls__clip *s3hls__clip_begin(s3hls__clips *clips, const s3hls__request *request,
                               const s3hls__clip_reader *reader) {
    s3hls__clip *c = NULL;
    pthread_mutex_lock(&clips->lock);
    if (!clips->stopping && clips->count < clips->max)
        c = s3hls__env_alloc(&clips->env, sizeof *c);
    if (c) {
        c->clips = clips;
        c->request = *request;
        c->reader = *reader;
        c->paused = true;
        c->paused_us = now_us(clips);
        pthread_mutex_init(&c->lock, NULL);
        s3hls__wait_init(&c->taken);
        TAILQ_INSERT_TAIL(&clips->running, c, in_order);
        clips->count++;
        atomic_fetch_add(&clips->metrics->clips_running, 1);
        if (!start(c)) {
            TAILQ_REMOVE(&clips->running, c, in_order);
            clips->count--;
            atomic_fetch_sub(&clips->metrics->clips_running, 1);
            free_clip(c);
            c = NULL;
        }
    }
    pthread_mutex_unlock(&clips->lock);
    return c;
}

/* ---- all of them */

int s3hls__clips_open(s3hls__clips **out, s3hls__catalog *catalog, s3hls__answer_account *account,
                      s3hls__metrics *metrics, unsigned max, const s3hls_env *env) {
    s3hls__clips *clips = s3hls__env_alloc(env, sizeof *clips);
    *out = clips;
    if (!clips)
        return S3HLS_E_NOMEM;
    clips->env = *env;
    clips->catalog = catalog;
    clips->account = account;
    clips->metrics = metrics;
    clips->max = max;
    TAILQ_INIT(&clips->running);
    pthread_mutex_init(&clips->lock, NULL);
    pthread_cond_init(&clips->ended, NULL);
    return S3HLS_OK;
}

/* Called with the clip's lock held. Its thread remains blocked until the store responds. */
static void expire(s3hls__clip *c) {
    if (!c->paused || c->left ||
        now_us(c->clips) - c->paused_us <= STORE_TIMEOUT_S * INT64_C(1000000))
        return;
    c->overdue = c->cut = true;
    c->refusal = s3hls__answer_problem(c->clips->account, 504,
                                       "the store does not answer in time; try again");
    resume_reader(c);
}

void s3hls__clips_expire(s3hls__clips *clips) {
    s3hls__clip *c;
    pthread_mutex_lock(&clips->lock);
    TAILQ_FOREACH(c, &clips->running, in_order) {
        pthread_mutex_lock(&c->lock);
        expire(c);
        pthread_mutex_unlock(&c->lock);
    }
    pthread_mutex_unlock(&clips->lock);
}

void s3hls__clips_stop(s3hls__clips *clips) {
    s3hls__clip *c;
    pthread_mutex_lock(&clips->lock);
    clips->stopping = true;
    TAILQ_FOREACH(c, &clips->running, in_order) {
        pthread_mutex_lock(&c->lock);
        c->cut = true;
        pthread_cond_signal(&c->taken);
        pthread_mutex_unlock(&c->lock);
    }
    while (clips->count)
        pthread_cond_wait(&clips->ended, &clips->lock);
    pthread_mutex_unlock(&clips->lock);
}

void s3hls__clips_close(s3hls__clips **clips) {
    s3hls__clips *all = *clips;
    if (!all)
        return;
    s3hls__clips_stop(all);
    pthread_cond_destroy(&all->ended);
    pthread_mutex_destroy(&all->lock);
    s3hls_env env = all->env;
    s3hls__env_free(&env, all);
    *clips = NULL;
}
