/* SPDX-License-Identifier: MIT-0 */
#include "probe.h"
#include "av_messages.h"
#include "codec/access_unit.h"
#include "delivery.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Three intervals between keyframes, of the first minute of a file. */
enum { KEYFRAMES_WANTED = 4, CHUNK_BYTES = 256 << 10 };
static const int64_t MEDIA_WANTED_US = 60000000;

typedef struct reading {
    probe *p;
    s3hls__au_parser parser;
    int64_t deadline_us; /* monotonic; 0: none yet */
    bool raw;            /* pictures are counted */
    int64_t pts_us;      /* of the frame that is parsed */
    int64_t first_us, newest_us, keyframe_us;
} reading;

static int64_t picture_us(const reading *r) {
    const s3hls__track *t = &r->p->video;
    double rate = t->rate_num ? (double)t->rate_num / t->rate_den : 25;
    return r->raw ? (int64_t)((double)r->p->pictures * 1e6 / rate) : r->pts_us;
}

static void note_interval(reading *r, int64_t now_us) {
    if (now_us - r->keyframe_us > r->p->interval_us)
        r->p->interval_us = now_us - r->keyframe_us;
}

static int begin(void *ctx, const s3hls__unit *unit) {
    reading *r = ctx;
    probe *p = r->p;
    if (unit->continues || unit->second_field)
        return S3HLS_OK;
    if (unit->keyframe && unit->track)
        p->video = *unit->track;
    int64_t now_us = picture_us(r);
    if (!p->pictures)
        r->first_us = now_us;
    r->newest_us = now_us > r->newest_us || !p->pictures ? now_us : r->newest_us;
    if (unit->keyframe && p->keyframes)
        note_interval(r, now_us);
    if (unit->keyframe)
        r->keyframe_us = now_us;
    p->keyframes += unit->keyframe;
    p->pictures++;
    return S3HLS_OK;
}

static int ignore_nal(void *ctx, s3hls__nal_kind kind) {
    (void)ctx, (void)kind;
    return S3HLS_OK;
}

static int ignore_data(void *ctx, const uint8_t *data, size_t size) {
    (void)ctx, (void)data, (void)size;
    return S3HLS_OK;
}

static int ignore_end(void *ctx) {
    (void)ctx;
    return S3HLS_OK;
}

static int stopped(void *ctx) {
    const reading *r = ctx;
    return r->deadline_us && delivery_clock_us() > r->deadline_us;
}

static const char *take_logged_error(void *ctx) {
    (void)ctx;
    return av_messages_take_error();
}

static bool enough(const reading *r) {
    return r->p->keyframes >= KEYFRAMES_WANTED || r->newest_us - r->first_us > MEDIA_WANTED_US;
}

static void read_input(reading *r, s3hls_source *source) {
    probe *p = r->p;
    s3hls_frame frame;
    s3hls_audio audio;
    int rc = 1;
    int64_t begun_us = delivery_clock_us();
    r->deadline_us = begun_us + PROBE_MS * INT64_C(1000);
    while (!enough(r) && (rc = s3hls_source_read(source, CHUNK_BYTES, &frame, p->why)) > 0) {
        s3hls_span span = {frame.data, frame.size};
        r->pts_us = frame.pts_us;
        p->bytes += frame.size;
        s3hls__au_put(&r->parser, &span, 1); /* damage shows in the counts */
        while (s3hls_source_take_audio(source, &audio)) {
        }
    }
    if (p->keyframes == 1)
        note_interval(r, r->newest_us);
    p->read_us = delivery_clock_us() - begun_us;
    p->media_us = r->newest_us - r->first_us;
    p->damaged = s3hls_source_damaged(source);
    p->status = rc < 0 && !p->keyframes ? rc : S3HLS_OK;
}

void probe_run(probe *p, const s3hls_source_config *config) {
    s3hls_source *source = NULL;
    s3hls_source_config cfg = *config;
    memset(p, 0, sizeof *p);
    reading *r = calloc(1, sizeof *r);
    if (!r) {
        p->status = S3HLS_E_NOMEM;
        return;
    }
    r->p = p;
    cfg.stopped = stopped;
    cfg.take_logged_error = take_logged_error;
    cfg.ctx = r;
    p->status = s3hls_source_open(&source, &cfg, p->why);
    if (source) {
        const s3hls_source_facts *facts = s3hls_source_get_facts(source);
        s3hls__au_sink sink = {r, begin, ignore_nal, ignore_data, ignore_end};
        r->raw = facts->raw;
        p->audio = facts->audio.codec;
        p->rotation = facts->rotation;
        snprintf(p->audio_refused, sizeof p->audio_refused, "%s",
                 facts->audio_refused ? facts->audio_refused : "");
        s3hls__au_init(&r->parser, NULL, r->raw ? S3HLS__AU_INPUT_BYTES : S3HLS__AU_INPUT_FRAMES, 0,
                       &sink);
        read_input(r, source);
    }
    s3hls_source_close(&source);
    free(r);
}
