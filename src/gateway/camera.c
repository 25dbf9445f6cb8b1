/* SPDX-License-Identifier: MIT-0 */
#include "gateway/camera.h"
#include "base/env.h"
#include "gateway/feed.h"
#include "gateway/reader.h"
#include "s3hls/archive.h"
#include "s3hls/publish.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const int64_t SECOND_US = 1000000;
static const int64_t AGAIN_US = 30000000;   /* after a recorder could not be opened */
static const int64_t UNUSABLE_US = 5000000; /* pictures arrive for so long, and none is recorded */
static const int64_t MEASURE_US = 5000000;  /* interval of bitrate and rate */

/* What arrives. The reader's thread. */
typedef struct meter {
    int64_t since_us;
    uint64_t bytes, pictures;
    int64_t key_us; /* time of the latest keyframe */
    bool has_key;
    int64_t looked_us, accepted_us; /* monotonic: the recorder's counts were read, had grown */
    uint64_t accepted;              /* pictures that the recorder could read */
} meter;

struct s3hls__gateway_camera {
    const s3hls__camera_world *world;
    const s3hls__site_camera *settings;
    s3hls_recorder *recorder; /* NULL: not open yet. Written under lock */
    s3hls_publisher *publisher;
    s3hls_archive *archive; /* of the publisher */
    s3hls__reader *reader;
    int64_t start_us; /* monotonic: when to open the recorder */
    s3hls__feed feed;
    meter meter;

    pthread_mutex_t lock;
    s3hls__camera_status status; /* stats is not used */
};

const char *s3hls__camera_state_name(s3hls__camera_state state) {
    static const char *const names[] = {"starting", "connecting", "recording", "unusable"};
    return names[state];
}

/* ---- state */

static int64_t wall_us(const s3hls__gateway_camera *c) {
    return c->world->env.wall_us(c->world->env.ctx);
}

static void set_state(s3hls__gateway_camera *c, s3hls__camera_state state) {
    pthread_mutex_lock(&c->lock);
    if (c->status.state != state)
        c->status.since_us = wall_us(c);
    c->status.state = state;
    pthread_mutex_unlock(&c->lock);
}

/* @return whether it is another reason than the latest */
static bool note_fault(s3hls__gateway_camera *c, const char *why) {
    char text[S3HLS__CAMERA_WHY_BYTES];
    snprintf(text, sizeof text, "%s", why);
    pthread_mutex_lock(&c->lock);
    bool other = strcmp(c->status.why, text) != 0;
    memcpy(c->status.why, text, sizeof text);
    c->status.why_us = wall_us(c);
    pthread_mutex_unlock(&c->lock);
    return other;
}

static void report(const s3hls__gateway_camera *c, s3hls__camera_event event, const char *message) {
    const s3hls__gateway_config *config = &c->world->config;
    if (config->on_input)
        config->on_input(config->ctx, c->settings->name, event, message);
}

/* ---- the reader's sink */

static void on_opened(void *ctx, s3hls_source *source) {
    s3hls__gateway_camera *c = ctx;
    const s3hls_source_facts *facts = s3hls_source_get_facts(source);
    char message[S3HLS__CAMERA_WHY_BYTES];
    int64_t now_us = s3hls__env_now_us(&c->world->env);
    const char *codec = facts->h265 ? "H.265" : "H.264";
    c->meter = (meter){.since_us = now_us,
                       .looked_us = now_us,
                       .accepted_us = now_us,
                       .accepted = c->meter.accepted};
    pthread_mutex_lock(&c->lock);
    c->status.reconnects += c->feed.again;
    c->status.connected_us = wall_us(c);
    c->status.codec = codec;
    c->status.width = facts->width;
    c->status.height = facts->height;
    pthread_mutex_unlock(&c->lock);
    char size[32] = "";
    if (facts->width)
        snprintf(size, sizeof size, " %ux%u", facts->width, facts->height);
    snprintf(message, sizeof message, "%s%s%s%s", codec, size,
             facts->audio_refused ? "; without sound: " : "",
             facts->audio_refused ? facts->audio_refused : "");
    report(c, S3HLS__CAMERA_CONNECTED, message);
}

static void measure(s3hls__gateway_camera *c, const s3hls_source *source, const s3hls_frame *frame,
                    int64_t now_us) {
    meter *m = &c->meter;
    m->bytes += frame->size;
    m->pictures++;
    if (s3hls_source_at_keyframe(source)) {
        int64_t gop_us = frame->pts_us - m->key_us;
        pthread_mutex_lock(&c->lock);
        if (m->has_key && gop_us > 0)
            c->status.gop_ms = (uint32_t)(gop_us / 1000);
        pthread_mutex_unlock(&c->lock);
        m->key_us = frame->pts_us;
        m->has_key = true;
    }
    int64_t took_us = now_us - m->since_us;
    if (took_us < MEASURE_US)
        return;
    pthread_mutex_lock(&c->lock);
    c->status.bits_per_s = m->bytes * 8 * 1000000 / (uint64_t)took_us;
    c->status.pictures_per_1000_s = (uint32_t)(m->pictures * 1000000000 / (uint64_t)took_us);
    c->status.damaged = s3hls_source_damaged(source);
    pthread_mutex_unlock(&c->lock);
    m->bytes = m->pictures = 0;
    m->since_us = now_us;
}

/* Once a second: whether the recorder accepts what arrives. */
static void note_use(s3hls__gateway_camera *c, int64_t now_us) {
    meter *m = &c->meter;
    s3hls_recorder_stats stats;
    bool first = c->status.state == S3HLS__CAMERA_CONNECTING;
    if (now_us - m->looked_us < SECOND_US && !first)
        return;
    m->looked_us = now_us;
    s3hls_recorder_get_stats(c->recorder, &stats);
    uint64_t accepted = stats.frames_in + stats.frames_dropped;
    if (accepted != m->accepted) {
        bool again = c->status.state == S3HLS__CAMERA_UNUSABLE;
        m->accepted = accepted;
        m->accepted_us = now_us;
        set_state(c, S3HLS__CAMERA_RECORDING);
        if (again)
            report(c, S3HLS__CAMERA_USED, "pictures are recorded again");
    } else if (now_us - m->accepted_us > UNUSABLE_US && c->status.state != S3HLS__CAMERA_UNUSABLE) {
        static const char why[] = "its pictures cannot be recorded: there is no keyframe with its "
                                  "parameter sets; set a keyframe interval at the camera";
        set_state(c, S3HLS__CAMERA_UNUSABLE);
        note_fault(c, why);
        report(c, S3HLS__CAMERA_USELESS, why);
    }
}

static void on_frame(void *ctx, s3hls_source *source, const s3hls_frame *frame) {
    s3hls__gateway_camera *c = ctx;
    int64_t now_us = s3hls__env_now_us(&c->world->env);
    s3hls__feed_put(&c->feed, source, frame);
    measure(c, source, frame, now_us);
    note_use(c, now_us);
}

static void on_lost(void *ctx, s3hls_source *source, int status, const char *why) {
    s3hls__gateway_camera *c = ctx;
    s3hls__feed_put_audio(&c->feed, source);
    s3hls__feed_lose(&c->feed);
    if (status == S3HLS_E_CANCELLED)
        return;
    set_state(c, S3HLS__CAMERA_CONNECTING);
    note_fault(c, why);
    pthread_mutex_lock(&c->lock);
    c->status.connected_us = 0;
    c->status.bits_per_s = c->status.pictures_per_1000_s = 0;
    pthread_mutex_unlock(&c->lock);
    report(c, S3HLS__CAMERA_LOST, why);
}

static void on_failed(void *ctx, int status, const char *why) {
    s3hls__gateway_camera *c = ctx;
    char message[S3HLS__CAMERA_WHY_BYTES];
    snprintf(message, sizeof message, "%.200s (%s)", why, s3hls_status_name(status));
    if (note_fault(c, message))
        report(c, S3HLS__CAMERA_FAILING, message);
}

/* ---- starting */

static void on_event(void *ctx, const s3hls_event *event) {
    s3hls__gateway_camera *c = ctx;
    const s3hls__gateway_config *config = &c->world->config;
    s3hls_publisher_on_event(c->publisher, event);
    if (config->on_event)
        config->on_event(config->ctx, c->settings->name, event);
}

static int open_publisher(s3hls__gateway_camera *c, const s3hls_recorder_config *recorder) {
    s3hls_publisher_config cfg;
    if (!c->settings->publish)
        return S3HLS_OK;
    s3hls_publisher_config_init(&cfg);
    cfg.destination = recorder->destination;
    cfg.s3 = recorder->s3;
    cfg.list = s3hls_archive_list_playable;
    cfg.env = recorder->env;
    int rc = s3hls_archive_open(&c->archive, cfg.destination, &cfg.s3, cfg.env);
    cfg.archive = c->archive;
    return rc ? rc : s3hls_publisher_open(&c->publisher, &cfg);
}

static void close_publisher(s3hls__gateway_camera *c, uint32_t deadline_ms) {
    s3hls_publisher_close(&c->publisher, 0, deadline_ms);
    s3hls_archive_close(&c->archive);
}

static int open_recorder(s3hls__gateway_camera *c) {
    s3hls_recorder_config cfg = c->settings->recorder;
    s3hls_recorder *recorder;
    cfg.uploader = c->world->uploader;
    cfg.s3.credentials = c->world->credentials;
    cfg.input = S3HLS_INPUT_FRAMES;
    /* its audio is converted to AAC, whatever the camera sends; it may come later */
    if (c->settings->source.audio != S3HLS_SOURCE_AUDIO_OFF)
        cfg.audio.codec = S3HLS_AUDIO_AAC_ADTS;
    cfg.on_event = on_event;
    cfg.event_ctx = c;
    cfg.env = &c->world->env;
    int rc = open_publisher(c, &cfg);
    if (!rc)
        rc = s3hls_recorder_open(&recorder, &cfg);
    if (rc) {
        close_publisher(c, 0);
        return rc;
    }
    c->feed.recorder = recorder;
    c->feed.audio = cfg.audio.codec;
    pthread_mutex_lock(&c->lock);
    c->recorder = recorder;
    pthread_mutex_unlock(&c->lock);
    return S3HLS_OK;
}

static int start_reader(s3hls__gateway_camera *c) {
    const s3hls__reader_sink sink = {c, on_opened, on_frame, on_lost, on_failed};
    s3hls_source_config source = c->settings->source;
    source.take_logged_error = c->world->config.take_logged_error;
    source.audio_in_ts = 1; /* as open_recorder() */
    return s3hls__reader_start(&c->reader, &source, &sink, &c->world->env);
}

static void start(s3hls__gateway_camera *c, int64_t now_us) {
    char message[S3HLS__CAMERA_WHY_BYTES];
    int rc = c->recorder ? S3HLS_OK : open_recorder(c);
    if (!rc) {
        set_state(c, S3HLS__CAMERA_CONNECTING);
        rc = start_reader(c);
    }
    if (!rc)
        return;
    c->start_us = now_us + AGAIN_US;
    snprintf(message, sizeof message, "its recording cannot begin: %s (%s)", s3hls_strerror(rc),
             s3hls_status_name(rc));
    if (note_fault(c, message))
        report(c, S3HLS__CAMERA_FAILING, message);
}

static void replace_reader(s3hls__gateway_camera *c) {
    static const char why[] =
        "its connection ignores its interruption: another one takes its place";
    if (s3hls__reader_end(&c->reader, 0))
        return; /* the call has returned just now */
    s3hls__feed_lose(&c->feed);
    set_state(c, S3HLS__CAMERA_CONNECTING);
    note_fault(c, why);
    pthread_mutex_lock(&c->lock);
    c->status.replaced++;
    c->status.connected_us = 0;
    pthread_mutex_unlock(&c->lock);
    report(c, S3HLS__CAMERA_REPLACED, why);
}

int64_t s3hls__camera_step(s3hls__gateway_camera *c, int64_t now_us) {
    if (c->reader && s3hls__reader_hangs(c->reader)) {
        replace_reader(c);
        c->start_us = now_us;
    }
    if (!c->reader && now_us >= c->start_us)
        start(c, now_us);
    return c->reader || c->start_us > now_us + SECOND_US ? now_us + SECOND_US : c->start_us;
}

s3hls__gateway_camera *s3hls__camera_open(const s3hls__camera_world *world,
                                          const s3hls__site_camera *settings, int64_t start_us) {
    s3hls__gateway_camera *c = s3hls__env_alloc(&world->env, sizeof *c);
    if (!c)
        return NULL;
    c->world = world;
    c->settings = settings;
    c->start_us = start_us;
    c->feed.await_keyframe = true;
    c->status.codec = "";
    c->status.since_us = wall_us(c);
    snprintf(c->status.name, sizeof c->status.name, "%s", settings->name);
    c->status.spool_max_bytes =
        settings->recorder.spool_dir ? settings->recorder.spool_max_bytes : 0;
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

const s3hls__site_camera *s3hls__camera_settings(const s3hls__gateway_camera *c) {
    return c->settings;
}

void s3hls__camera_get_status(s3hls__gateway_camera *c, s3hls__camera_status *status) {
    pthread_mutex_lock(&c->lock);
    *status = c->status;
    if (c->recorder)
        s3hls_recorder_get_stats(c->recorder, &status->stats);
    pthread_mutex_unlock(&c->lock);
}

/* ---- the end */

void s3hls__camera_stop(s3hls__gateway_camera *c) {
    if (c->reader)
        s3hls__reader_stop(c->reader);
}

void s3hls__camera_end(s3hls__gateway_camera *c, int64_t until_us) {
    s3hls__reader_end(&c->reader, until_us);
    if (c->recorder)
        s3hls_recorder_drain(c->recorder, 0);
}

bool s3hls__camera_is_delivered(s3hls__gateway_camera *c) {
    s3hls_recorder_stats stats;
    if (!c->recorder)
        return true;
    s3hls_recorder_get_stats(c->recorder, &stats);
    return stats.segments_waiting == 0;
}

static void add(s3hls__gateway_totals *totals, const s3hls_recorder_stats *s) {
    totals->segments_delivered += s->segments_delivered;
    totals->segments_spooled += s->segments_spooled;
    totals->segments_dropped += s->segments_dropped;
    totals->frames_dropped += s->frames_dropped;
}

void s3hls__camera_close(s3hls__gateway_camera *c, int64_t until_us,
                         s3hls__gateway_totals *totals) {
    s3hls_env env = c->world->env;
    s3hls_recorder *recorder = c->recorder;
    s3hls_recorder_stats stats = {0};
    pthread_mutex_lock(&c->lock);
    c->recorder = NULL;
    pthread_mutex_unlock(&c->lock);
    s3hls_recorder_close_stats(&recorder, 0, &stats);
    add(totals, &stats);
    int64_t left_us = until_us - s3hls__env_now_us(&env);
    close_publisher(c, left_us > 0 ? (uint32_t)(left_us / 1000) : 0);
    pthread_mutex_destroy(&c->lock);
    s3hls__env_free(&env, c);
}
