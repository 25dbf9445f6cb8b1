/* SPDX-License-Identifier: MIT-0 */
#include "record/audio.h"
#include "codec/aac.h"
#include "codec/flac.h"
#include "codec/opus.h"
#include <string.h>
#include <time.h>

/* ---- open */

enum { BUFFER_DEFAULT = 128 * 1024, BUFFER_MIN = 4096, BUFFER_MAX = 16 << 20 };

static int describe(s3hls__audio_input *a, const s3hls_audio_config *cfg, const s3hls_env *env,
                    const char **wrong) {
    switch (cfg->codec) {
    case S3HLS_AUDIO_AAC_ADTS:
        return S3HLS_OK;
    case S3HLS_AUDIO_AAC:
        *wrong = "audio.config is not an AudioSpecificConfig of AAC LC, HE-AAC or HE-AAC v2";
        return s3hls__aac_describe(cfg->config, cfg->config_size, &a->track);
    case S3HLS_AUDIO_OPUS:
        *wrong = "audio.config is not an OpusHead of one or two channels";
        return s3hls__opus_describe(cfg->config, cfg->config_size,
                                    cfg->channels ? cfg->channels : 1, &a->track);
    case S3HLS_AUDIO_FLAC:
        *wrong = "audio.config is not a STREAMINFO block of one or two channels, up to 96 kHz";
        return s3hls__flac_describe(cfg->config, cfg->config_size, &a->track);
    default:
        return s3hls__g711_open(&a->g711, cfg, env, &a->track, wrong);
    }
}

int s3hls__audio_open(s3hls__audio_input *a, const s3hls_audio_config *cfg, const s3hls_env *env,
                      const char **wrong) {
    size_t size = cfg->buffer_bytes ? cfg->buffer_bytes : BUFFER_DEFAULT;
    a->codec = cfg->codec;
    *wrong = "audio.buffer_bytes must be 4,096 to 16,777,216";
    if (cfg->codec == S3HLS_AUDIO_NONE)
        return S3HLS_OK;
    if (size < BUFFER_MIN || size > BUFFER_MAX)
        return S3HLS_E_INVALID;
    *wrong = "audio.config is required with this codec";
    bool required = cfg->codec == S3HLS_AUDIO_AAC || cfg->codec == S3HLS_AUDIO_FLAC;
    if (required && (!cfg->config || !cfg->config_size))
        return S3HLS_E_INVALID;
    int rc = describe(a, cfg, env, wrong);
    return rc ? rc : s3hls__ring_open(&a->ring, size, env);
}

void s3hls__audio_close(s3hls__audio_input *a, const s3hls_env *env) {
    s3hls__g711_close(a->g711, env);
    a->g711 = NULL;
    s3hls__ring_close(&a->ring, env);
}

/* ---- the audio thread */

/* What became of the frames of a call. */
typedef struct tally {
    unsigned kept, damaged;
    int status; /* of the first that was not kept */
    bool dropped_older;
} tally;

static void leave_out(s3hls__audio_input *a, tally *t, int status) {
    atomic_fetch_add_explicit(&a->frames_damaged, 1, memory_order_relaxed);
    t->damaged++;
    t->status = t->status ? t->status : status;
}

static const int64_t NO_PICTURE = INT64_MIN; /* instead of a time: it arrived before all pictures */

/* The time of the pictures that audio without times arrives with. */
static int64_t arrival_us(const s3hls__audio_input *a) {
    int64_t picture = atomic_load_explicit(&a->picture_90k, memory_order_relaxed);
    return picture ? (picture - 1) * 100 / 9 : NO_PICTURE;
}

static void push(s3hls__audio_input *a, tally *t, const s3hls__ring_frame *frame,
                 const uint8_t *data) {
    s3hls__ring_frame f = *frame;
    if (a->counted)
        f.pts_us = arrival_us(a);
    int rc = s3hls__ring_push(&a->ring, &f, data);
    if (rc < 0) {
        t->status = t->status ? t->status : rc;
        return;
    }
    atomic_fetch_add_explicit(&a->frames_in, 1, memory_order_relaxed);
    t->kept++;
    t->dropped_older |= rc == S3HLS_W_DROPPED_OLDER;
}

/* The first frame describes the track; later ones must be the same. */
static int compare_track(s3hls__audio_input *a, const s3hls__adts *adts) {
    s3hls__audio_track track;
    int rc = s3hls__adts_describe(adts, &track);
    if (rc || adts->blocks != 1)
        return S3HLS_E_UNSUPPORTED;
    if (a->track.codec == S3HLS__CODEC_NONE)
        a->track = track;
    bool same = track.rate == a->track.rate && track.channels == a->track.channels;
    return same ? S3HLS_OK : S3HLS_E_UNSUPPORTED;
}

/* Find the next ADTS frame at or after p. One behind damage is believed only if another follows, or
 * the end. @return NULL: there is none */
static const uint8_t *find_adts(const uint8_t *p, const uint8_t *end, bool synchronous,
                                s3hls__adts *adts) {
    for (; end - p >= S3HLS__ADTS_HEADER; p++, synchronous = false) {
        s3hls__adts next;
        if (s3hls__adts_parse(p, (size_t)(end - p), adts) || adts->size > end - p)
            continue;
        const uint8_t *after = p + adts->size;
        if (synchronous || after == end ||
            s3hls__adts_parse(after, (size_t)(end - after), &next) == S3HLS_OK)
            return p;
    }
    return NULL;
}

static void put_adts(s3hls__audio_input *a, const s3hls_audio *audio, tally *t) {
    const uint8_t *p = audio->data, *end = p + audio->size, *found;
    int64_t samples = 0;
    s3hls__adts adts;
    while ((found = find_adts(p, end, true, &adts))) {
        if (found > p)
            leave_out(a, t, S3HLS_E_MALFORMED);
        int rc = compare_track(a, &adts);
        int64_t pts_us = audio->pts_us;
        if (a->track.rate)
            pts_us += samples * 1000000 / a->track.rate;
        s3hls__ring_frame f = {.pts_us = pts_us,
                               .samples = a->track.frame_samples,
                               .size = (uint32_t)(adts.size - adts.header_size)};
        if (rc)
            leave_out(a, t, rc);
        else
            push(a, t, &f, found + adts.header_size);
        samples += f.samples;
        p = found + adts.size;
    }
    if (p < end)
        leave_out(a, t, S3HLS_E_MALFORMED);
}

/* One frame. */
static void put_raw(s3hls__audio_input *a, const s3hls_audio *audio, tally *t) {
    enum { ADTS_PAYLOAD_MAX = S3HLS__ADTS_FRAME_MAX - S3HLS__ADTS_HEADER };
    uint32_t samples = a->codec == S3HLS_AUDIO_OPUS ? s3hls__opus_samples(audio->data, audio->size)
                       : a->codec == S3HLS_AUDIO_FLAC
                           ? s3hls__flac_samples(audio->data, audio->size)
                           : a->track.frame_samples;
    bool too_large = a->codec == S3HLS_AUDIO_AAC ? audio->size > ADTS_PAYLOAD_MAX
                                                 : audio->size > S3HLS__AUDIO_RUN_BYTES;
    if (too_large || !samples) {
        leave_out(a, t, too_large ? S3HLS_E_TOO_LARGE : S3HLS_E_MALFORMED);
        return;
    }
    s3hls__ring_frame f = {
        .pts_us = audio->pts_us, .samples = samples, .size = (uint32_t)audio->size};
    push(a, t, &f, audio->data);
}

/* ---- G.711 */

typedef struct encoding {
    s3hls__audio_input *input;
    tally *tally;
} encoding;

static void push_encoded(void *ctx, const uint8_t *frame, size_t size, uint32_t samples,
                         int64_t pts_us) {
    const encoding *e = ctx;
    s3hls__ring_frame f = {.pts_us = pts_us, .samples = samples, .size = (uint32_t)size};
    push(e->input, e->tally, &f, frame);
}

static void put_g711(s3hls__audio_input *a, const s3hls_audio *audio, tally *t) {
    encoding e = {a, t};
    int rc = s3hls__g711_put(a->g711, audio, push_encoded, &e);
    if (rc)
        leave_out(a, t, rc);
}

/* ---- the end, beside a call of put */

enum { PUTTING = 1, ENDED = 2 };

static bool enter(s3hls__audio_input *a) {
    unsigned idle = 0;
    return atomic_compare_exchange_strong_explicit(&a->state, &idle, PUTTING, memory_order_acquire,
                                                   memory_order_relaxed);
}

static void leave(s3hls__audio_input *a) {
    atomic_fetch_and_explicit(&a->state, ~(unsigned)PUTTING, memory_order_release);
}

void s3hls__audio_end(s3hls__audio_input *a) {
    const struct timespec moment = {.tv_nsec = 100000};
    tally t = {.kept = 0};
    encoding e = {a, &t};
    atomic_fetch_or_explicit(&a->state, ENDED, memory_order_relaxed);
    while (atomic_load_explicit(&a->state, memory_order_acquire) & PUTTING)
        nanosleep(&moment, NULL);
    int rc = a->g711 ? s3hls__g711_end(a->g711, push_encoded, &e) : S3HLS_OK;
    if (rc)
        leave_out(a, &t, rc);
}

static void put_any(s3hls__audio_input *a, const s3hls_audio *audio, tally *t) {
    if (a->codec == S3HLS_AUDIO_AAC_ADTS)
        put_adts(a, audio, t);
    else if (a->g711)
        put_g711(a, audio, t);
    else
        put_raw(a, audio, t);
}

int s3hls__audio_put(s3hls__audio_input *a, const s3hls_audio *audio) {
    tally t = {.kept = 0};
    if (!enter(a))
        return S3HLS_E_STATE;
    put_any(a, audio, &t);
    leave(a);
    if (!t.kept)
        return t.status;
    if (t.damaged)
        return S3HLS_W_DAMAGED;
    return t.dropped_older || t.status ? S3HLS_W_AUDIO_DROPPED : S3HLS_OK;
}

/* ---- the encoder's thread: times */

static const int64_t GAP_90K = 90000 / 10;       /* a larger difference is a gap, or a jump */
static const int64_t JUMP_90K = 90000 * 10;      /* the caller's audio clock jumped */
static const int64_t TOLERATED_90K = 90000 / 50; /* 20 ms: corrected well before 40 ms */

static int64_t to_90k(const s3hls__audio_input *a, int64_t time) {
    return time * 90000 / a->track.rate;
}

static int64_t to_samples(const s3hls__audio_input *a, int64_t time_90k) {
    return time_90k * a->track.rate / 90000;
}

/* Begin the count, or begin it again behind a gap. */
static void place(s3hls__audio_input *a, int64_t at_90k) {
    s3hls__audio_clock *c = &a->clock;
    int64_t at = to_samples(a, at_90k > 0 ? at_90k : 0);
    if (!c->placed || at > c->next)
        c->next = at;
    c->placed = true;
    c->error_90k = 0;
}

/* The caller's times drift away from the count: follow them, but stay behind the frame before. */
static void follow(s3hls__audio_input *a, int64_t difference_90k, uint32_t samples) {
    enum { SMOOTHING = 16 };
    s3hls__audio_clock *c = &a->clock;
    c->error_90k += (difference_90k - c->error_90k) / SMOOTHING;
    if (c->error_90k <= TOLERATED_90K && c->error_90k >= -TOLERATED_90K)
        return;
    int64_t by = to_samples(a, c->error_90k), least = -(int64_t)samples / 2;
    by = by < least ? least : by;
    c->next += by;
    c->error_90k -= to_90k(a, by);
    c->corrections++;
}

/* A time far from the count, but no gap. Once several frames agree on it, the caller's audio clock
 * has jumped; until then one of the two clocks may just be ahead of the other. */
static void doubt(s3hls__audio_clock *c, int64_t difference_90k) {
    enum { PERSISTS = 20 };
    if (++c->strange < PERSISTS)
        return;
    c->shift_90k -= difference_90k;
    c->strange = 0;
}

/* Where pictures are counted, audio begins with the picture that it arrived with. From there on it
 * is counted too, until it is late by more than a burst. */
static void set_counted_clock(s3hls__audio_input *a, const s3hls__ring_frame *f) {
    const int64_t burst_90k = 90000;
    int64_t at_90k = f->pts_us / 100 * 9;
    if (!a->clock.placed || at_90k - to_90k(a, a->clock.next) > burst_90k)
        place(a, at_90k);
}

/* Set the clock to the time of a frame. */
static void set_clock(s3hls__audio_input *a, const s3hls__timing *timing,
                      const s3hls__ring_frame *f) {
    s3hls__audio_clock *c = &a->clock;
    int64_t at_90k = s3hls__timing_of_given(timing, f->pts_us) + c->shift_90k;
    int64_t from_pictures = at_90k - timing->pts_90k;
    if (!c->placed && (from_pictures > JUMP_90K || from_pictures < -JUMP_90K)) {
        c->shift_90k -=
            from_pictures; /* a clock that has nothing to do with that of the pictures */
        at_90k = timing->pts_90k;
    }
    int64_t difference = c->placed ? at_90k - to_90k(a, c->next) : 0;
    if (!c->placed || (difference > GAP_90K && difference <= JUMP_90K)) {
        place(a, at_90k);
    } else if (difference > JUMP_90K || difference < -GAP_90K) {
        doubt(c, difference);
        return;
    } else {
        follow(a, difference, f->samples);
    }
    c->strange = 0;
}

/* ---- the encoder's thread: frames */

void s3hls__audio_begin(s3hls__audio_input *a, int64_t start_90k) {
    a->floor_90k = start_90k;
}

void s3hls__audio_note_picture(s3hls__audio_input *a, int64_t pts_90k) {
    if (pts_90k >= atomic_load_explicit(&a->picture_90k, memory_order_relaxed))
        atomic_store_explicit(&a->picture_90k, pts_90k + 1, memory_order_relaxed);
}

static bool fits(const s3hls__audio_run *run, const s3hls__ring_frame *f) {
    return run->count < S3HLS__AUDIO_RUN_FRAMES &&
           run->bytes + f->size + S3HLS__ADTS_HEADER <= S3HLS__AUDIO_RUN_BYTES;
}

static void add(s3hls__audio_run *run, const s3hls__ring_frame *f, int64_t pts) {
    run->frames[run->count++] = (s3hls__audio_frame){.data = {f->data[0], f->data[1]},
                                                     .size = {f->part[0], f->part[1]},
                                                     .pts = pts,
                                                     .samples = f->samples};
    run->bytes += f->size + S3HLS__ADTS_HEADER;
}

/* Take one frame. @return false: it begins later, or belongs to another run */
static bool take_one(s3hls__audio_input *a, const s3hls__timing *timing, int64_t until_90k,
                     s3hls__audio_run *run) {
    s3hls__ring_frame f;
    s3hls__audio_clock before = a->clock;
    if (!s3hls__ring_next(&a->ring, a->taken, &f))
        return false;
    run->full = !fits(run, &f);
    if (run->full)
        return false;
    if (a->counted && f.pts_us == NO_PICTURE) {
        a->skipped++;
        a->taken = f.after;
        return true;
    }
    if (a->counted)
        set_counted_clock(a, &f);
    else
        set_clock(a, timing, &f);
    int64_t pts = a->clock.next;
    if (to_90k(a, pts) >= until_90k) {
        a->clock = before;
        return false;
    }
    if (to_90k(a, pts + f.samples) <= a->floor_90k)
        a->skipped++;
    else
        add(run, &f, pts);
    a->clock.next += f.samples;
    a->taken = f.after;
    return true;
}

static int64_t length_90k(const s3hls__audio_input *a, const s3hls__audio_run *run) {
    const s3hls__audio_frame *last = &run->frames[run->count - 1];
    return to_90k(a, last->pts + last->samples - run->frames[0].pts);
}

void s3hls__audio_take(s3hls__audio_input *a, const s3hls__timing *timing, int64_t until_90k,
                       int64_t least_90k, s3hls__audio_run *run) {
    run->count = run->bytes = 0;
    run->full = false;
    a->begin = a->taken = s3hls__ring_begin(&a->ring);
    a->before = a->clock;
    a->skipped = 0;
    while (take_one(a, timing, until_90k, run)) {
    }
    if (run->count && !run->full && length_90k(a, run) < least_90k) {
        a->clock = a->before;
        a->taken = a->begin;
        a->skipped = 0;
        run->count = 0;
    }
}

void s3hls__audio_taken(s3hls__audio_input *a, bool kept) {
    if (!kept) {
        a->clock = a->before;
        a->taken = a->begin;
        a->skipped = 0;
    }
    atomic_fetch_add_explicit(&a->frames_skipped, a->skipped, memory_order_relaxed);
    atomic_store_explicit(&a->corrections, a->clock.corrections, memory_order_relaxed);
    a->skipped = 0;
    s3hls__ring_end(&a->ring, a->taken);
}

void s3hls__audio_discard(s3hls__audio_input *a) {
    s3hls__ring_frame f;
    if (a->codec == S3HLS_AUDIO_NONE)
        return;
    uint64_t at = s3hls__ring_begin(&a->ring);
    for (; s3hls__ring_next(&a->ring, at, &f); at = f.after)
        atomic_fetch_add_explicit(&a->frames_skipped, 1, memory_order_relaxed);
    s3hls__ring_end(&a->ring, at);
}

void s3hls__audio_get_stats(const s3hls__audio_input *a, s3hls_recorder_stats *stats) {
    stats->audio_frames_in = atomic_load(&a->frames_in);
    stats->audio_frames_dropped = atomic_load(&a->frames_skipped) + atomic_load(&a->ring.dropped);
    stats->audio_frames_damaged = atomic_load(&a->frames_damaged);
    stats->audio_corrections = atomic_load(&a->corrections);
}
