/* SPDX-License-Identifier: MIT-0 */
/* Writes segments to one MP4: selects the pictures, computes their times, and reports omissions.
 *
 *   store ──▶ pictures of a segment ──▶ their times ───▶ from the keyframe ──▶ to the end ──▶ MP4
 *             pictures                  placement        held                  tail           mp4
 */
#include "s3hls/export.h"
#include "base/config.h"
#include "base/env.h"
#include "base/strbuf.h"
#include "export/mp4.h"
#include "export/pictures.h"
#include "export/placement.h"

enum {
    TICKS_MS = 90,
    PACKET = 188,
    TABLES_BYTES = 2 * PACKET, /* PAT and PMT, with which each segment begins */
    INIT_MAX_BYTES = 1 << 20,
    HELD_MAX_BYTES = 64 << 20 /* before the range: a longer GOP is written from its keyframe */
};

/* Waiting pictures in decoding order. Their packets have times in 90 kHz since 1970. */
typedef struct queue {
    AVPacket **packets;
    size_t count, capacity;
    uint64_t bytes;
} queue;

typedef struct exporter {
    const s3hls_export_config *cfg;
    s3hls_env env;
    s3hls_archive *archive;
    const s3hls_segment *segments;
    size_t count, at; /* current segment */
    s3hls_s3_error *error;
    s3hls_export_summary *summary;
    int first_failure; /* of an omitted segment */

    /* current segment */
    s3hls__strbuf body; /* of fragmented MP4: behind its initialisation segment */
    s3hls__strbuf init; /* of the newest timeline that had one */
    uint64_t init_timeline;
    uint8_t tables[TABLES_BYTES]; /* of the last readable segment */
    s3hls__pictures pictures;
    s3hls__stamp *stamps;
    s3hls__picture_parser parser;
    s3hls__placement placement;
    int64_t frame_90k; /* duration of its pictures */
    int64_t end_90k;   /* of the pictures so far; INT64_MIN: none */

    /* output */
    AVCodecParameters *video; /* of the segment with the first held keyframe */
    AVCodecParameters *audio; /* as written; NULL: none */
    queue held_audio;         /* waits for the first picture */
    int64_t last_audio_90k;   /* end of the last audio frame written */
    bool audio_left_out;      /* it was reported */
    queue held;           /* from the last keyframe on, until it is known whether they are needed */
    queue tail;           /* shown at or after the end, in case other pictures refer to them */
    uint64_t undecodable; /* pictures before the first keyframe */
    bool begun, over;
    s3hls__mp4 mp4;
    int64_t zero_90k;  /* origin of the MP4's clock */
    AVPacket *pending; /* its duration is not known yet */
    int64_t last_dts;  /* of the last picture written */
} exporter;

static int64_t ticks(int64_t ms) {
    if (ms <= INT64_MIN / TICKS_MS || ms >= INT64_MAX / TICKS_MS)
        return ms < 0 ? INT64_MIN : INT64_MAX;
    return ms * TICKS_MS;
}

/* ---- reports */

static void note(const exporter *x, s3hls_export_note n) {
    if (x->cfg->on_note)
        x->cfg->on_note(x->cfg->ctx, &n);
}

static void leave_out(exporter *x, uint64_t pictures, const char *reason) {
    if (pictures)
        x->summary->pictures_left_out += pictures;
    else
        x->summary->segments_left_out++;
    note(x, (s3hls_export_note){.type = S3HLS_EXPORT_LEFT_OUT,
                                .segment = &x->segments[x->at < x->count ? x->at : x->count - 1],
                                .pictures = pictures,
                                .reason = reason});
}

static void leave_out_audio(exporter *x) {
    x->audio_left_out = true;
    note(x, (s3hls_export_note){.type = S3HLS_EXPORT_LEFT_OUT,
                                .segment = &x->segments[x->at],
                                .pictures = 0,
                                .reason = "audio from here on: it is not that of the beginning"});
}

static void report_gaps(exporter *x) {
    int64_t end_ms = x->segments[0].start_ms;
    for (size_t i = 0; i < x->count; i++) {
        const s3hls_segment *s = &x->segments[i];
        if (s->start_ms > end_ms) {
            x->summary->gaps++;
            x->summary->gap_ms += (uint64_t)(s->start_ms - end_ms);
            note(x, (s3hls_export_note){
                        .type = S3HLS_EXPORT_GAP, .from_ms = end_ms, .to_ms = s->start_ms});
        }
        if (s->start_ms + s->duration_ms > end_ms)
            end_ms = s->start_ms + s->duration_ms;
    }
}

/* ---- queues */

static int push(exporter *x, queue *q, AVPacket *packet) {
    if (q->count == q->capacity) {
        size_t capacity = q->capacity ? 2 * q->capacity : 64;
        AVPacket **grown = s3hls__env_realloc(&x->env, q->packets, capacity * sizeof(AVPacket *));
        if (!grown)
            return S3HLS_E_NOMEM;
        q->packets = grown;
        q->capacity = capacity;
    }
    AVPacket *kept = av_packet_clone(packet);
    if (!kept)
        return S3HLS_E_NOMEM;
    q->packets[q->count++] = kept;
    q->bytes += (uint64_t)kept->size;
    return S3HLS_OK;
}

static void drop(queue *q) {
    for (size_t i = 0; i < q->count; i++)
        av_packet_free(&q->packets[i]);
    q->count = 0;
    q->bytes = 0;
}

/* ---- writing */

/* The pending picture lasts until the given time. A picture that the MP4 rejects is omitted. */
static int write_pending(exporter *x, int64_t until_90k) {
    AVPacket *p = x->pending;
    if (!p)
        return S3HLS_OK;
    x->pending = NULL;
    x->last_dts = p->dts;
    p->duration = until_90k - p->dts;
    p->pts -= x->zero_90k;
    p->dts -= x->zero_90k;
    int rc = s3hls__mp4_write(&x->mp4, S3HLS__MP4_VIDEO, p);
    av_packet_free(&p);
    x->summary->pictures += rc == S3HLS_OK;
    if (rc == S3HLS_E_MALFORMED) {
        leave_out(x, 1, "a picture cannot be written to an MP4");
        rc = S3HLS_OK;
    }
    return rc;
}

static int write_picture(exporter *x, const AVPacket *packet) {
    AVPacket *next = av_packet_clone(packet);
    if (!next)
        return S3HLS_E_NOMEM;
    int64_t before = x->pending ? x->pending->dts : x->last_dts;
    if (next->dts <= before)
        next->dts = before + 1;
    if (next->pts < next->dts)
        next->pts = next->dts;
    int rc = write_pending(x, next->dts);
    x->pending = next;
    return rc;
}

static int write_queue(exporter *x, queue *q) {
    int rc = S3HLS_OK;
    for (size_t i = 0; i < q->count && !rc; i++)
        rc = write_picture(x, q->packets[i]);
    drop(q);
    return rc;
}

/* ---- audio */

/* Write a frame of the range. Its times rise; a frame that overlaps the one before by more than
 * half was recorded twice. */
static int write_audio(exporter *x, const AVPacket *packet) {
    int64_t zero = x->cfg->fragmented ? x->zero_90k : x->zero_90k - packet->duration + 1;
    int64_t to_90k = ticks(x->cfg->to_ms);
    bool again = packet->pts + packet->duration / 2 < x->last_audio_90k;
    if (packet->pts < zero || packet->pts >= to_90k || again)
        return S3HLS_OK;
    AVPacket *p = av_packet_clone(packet);
    if (!p)
        return S3HLS_E_NOMEM;
    x->last_audio_90k = p->pts + p->duration;
    p->pts -= x->zero_90k;
    p->dts = p->pts;
    int rc = s3hls__mp4_write(&x->mp4, S3HLS__MP4_AUDIO, p);
    av_packet_free(&p);
    return rc == S3HLS_E_MALFORMED ? S3HLS_OK : rc;
}

static int write_held_audio(exporter *x) {
    int rc = S3HLS_OK;
    for (size_t i = 0; i < x->held_audio.count && !rc && x->audio; i++)
        rc = write_audio(x, x->held_audio.packets[i]);
    drop(&x->held_audio);
    return rc;
}

/* The audio of the current segment, after its pictures. */
static int add_audio(exporter *x) {
    const s3hls__sound *sound = &x->pictures.sound;
    int rc = S3HLS_OK;
    if (sound->count && x->begun && !s3hls__sound_same(x->audio, sound->track)) {
        if (!x->audio_left_out)
            leave_out_audio(x);
        return S3HLS_OK;
    }
    for (size_t i = 0; i < sound->count && !rc; i++) {
        AVPacket *p = sound->list[i];
        p->pts = p->dts = s3hls__placement_at(&x->placement, p->pts);
        rc = x->begun ? write_audio(x, p) : push(x, &x->held_audio, p);
    }
    return rc;
}

/* The first picture, or audio of the range that begins before it. */
static int64_t first_90k(const exporter *x, const AVPacket *picture) {
    enum { LEAD_90K = 90000 };
    const s3hls__sound *sound = &x->pictures.sound;
    int64_t first = picture->pts, audio = first;
    if (x->held_audio.count)
        audio = x->held_audio.packets[0]->pts;
    else if (sound->count)
        audio = s3hls__placement_at(&x->placement, sound->list[0]->pts);
    bool before = audio < first && audio >= first - LEAD_90K && audio >= ticks(x->cfg->from_ms);
    return before ? audio : first;
}

/* The MP4 begins with the held keyframe. */
static int begin(exporter *x) {
    const AVPacket *first = x->held.packets[0];
    int64_t from_90k = ticks(x->cfg->from_ms);
    bool whole = !x->cfg->fragmented;
    x->begun = true;
    x->last_dts = INT64_MIN;
    x->last_audio_90k = INT64_MIN;
    x->summary->keyframe_ms = first->pts / TICKS_MS;
    x->summary->start_ms =
        first->pts > from_90k || !whole ? first->pts / TICKS_MS : x->cfg->from_ms;
    x->zero_90k = !whole ? first->dts : first->pts > from_90k ? first_90k(x, first) : from_90k;
    const AVCodecParameters *audio = x->pictures.sound.track;
    if (audio) {
        x->audio = avcodec_parameters_alloc();
        if (!x->audio || avcodec_parameters_copy(x->audio, audio) < 0)
            return S3HLS_E_NOMEM;
    }
    int rc = x->video ? s3hls__mp4_open(&x->mp4, x->cfg->fragmented, x->video, x->audio)
                      : S3HLS_E_MALFORMED;
    if (!rc)
        rc = write_queue(x, &x->held);
    return rc ? rc : write_held_audio(x);
}

static s3hls__segment_bytes bytes_of(const exporter *x) {
    const s3hls_segment *s = &x->segments[x->at < x->count ? x->at : x->count - 1];
    return (s3hls__segment_bytes){.data = (const uint8_t *)x->body.data,
                                  .size = x->body.size,
                                  .container = s->container,
                                  .split = s->sdk_name != 0};
}

/* Before the range: keep the pictures that are required to decode its beginning. */
static int hold(exporter *x, const s3hls__picture *picture) {
    AVPacket *p = picture->packet;
    int64_t from_90k = ticks(x->cfg->from_ms);
    if (picture->key && (x->held.count == 0 || p->pts <= from_90k)) {
        drop(&x->held);
        avcodec_parameters_free(&x->video);
        s3hls__segment_bytes bytes = bytes_of(x);
        x->video = s3hls__pictures_parameters(&x->parser, picture, &bytes);
    }
    if (x->held.count == 0 && (!picture->key || !x->video)) {
        x->undecodable++;
        return S3HLS_OK;
    }
    int rc = push(x, &x->held, p);
    bool needed = p->pts >= from_90k || x->held.bytes > HELD_MAX_BYTES;
    return rc || !needed ? rc : begin(x);
}

/* Pictures at or after the end are only kept if other pictures refer to them. */
static int add_picture(exporter *x, const s3hls__picture *picture) {
    AVPacket *p = picture->packet;
    int64_t to_90k = ticks(x->cfg->to_ms);
    x->over = p->dts >= to_90k;
    if (x->over)
        return S3HLS_OK;
    if (!x->begun)
        return hold(x, picture);
    if (p->pts >= to_90k)
        return push(x, &x->tail, p);
    int rc = write_queue(x, &x->tail);
    return rc ? rc : write_picture(x, p);
}

/* ---- one segment */

static int get(exporter *x, const char *key, s3hls__strbuf *to) {
    int rc = s3hls_store_get(s3hls_archive_store(x->archive), key, 0, UINT64_MAX,
                             s3hls__strbuf_collect, to, x->error);
    return to->status ? to->status : rc;
}

/* Put the timeline's initialisation segment into the body. */
static int fetch_init(exporter *x, uint64_t timeline) {
    char key[S3HLS_KEY_MAX];
    if (!x->init.size || x->init_timeline != timeline) {
        s3hls__strbuf_clear(&x->init);
        s3hls_init_key_format(timeline, key, sizeof key);
        int rc = get(x, key, &x->init);
        if (rc) {
            s3hls__strbuf_clear(&x->init);
            return rc;
        }
        x->init_timeline = timeline;
    }
    s3hls__strbuf_add(&x->body, x->init.data, x->init.size);
    return x->body.status;
}

/* @param reason  receives why the segment is omitted; NULL: it is present */
static int fetch(exporter *x, const char **reason) {
    char key[S3HLS_KEY_MAX];
    s3hls__strbuf_clear(&x->body);
    *reason = NULL;
    const s3hls_segment *segment = &x->segments[x->at];
    int rc = s3hls_segment_key_format(segment, key, sizeof key);
    if (rc > 0 && segment->container == S3HLS_CONTAINER_FMP4)
        rc = fetch_init(x, segment->timeline);
    if (rc >= 0)
        rc = get(x, key, &x->body);
    if (rc == S3HLS_E_TOO_LARGE)
        *reason = "it is larger than a segment may be";
    else if (rc == S3HLS_E_NOT_FOUND)
        *reason = "it is not there any more";
    else if (rc == S3HLS_E_IO)
        *reason = "the disk cannot read it";
    if (*reason && !x->first_failure)
        x->first_failure = rc;
    return *reason ? S3HLS_OK : rc;
}

static int read_pictures(exporter *x) {
    s3hls__segment_bytes bytes = bytes_of(x);
    return s3hls__pictures_read(&x->pictures, &x->parser, &bytes, &x->env);
}

static bool begins_with_tables(const exporter *x) {
    const uint8_t *p = (const uint8_t *)x->body.data;
    return x->body.size >= TABLES_BYTES && p[0] == 0x47 && p[PACKET] == 0x47 &&
           !((p[1] & 31) << 8 | p[2]);
}

/* If a segment has lost its tables, use those of an earlier segment, as a player does. */
static int read_segment(exporter *x) {
    int rc = read_pictures(x);
    if (x->segments[x->at].container != S3HLS_CONTAINER_TS)
        return rc;
    if (rc == S3HLS_OK && begins_with_tables(x))
        memcpy(x->tables, x->body.data, TABLES_BYTES);
    if (rc != S3HLS_E_MALFORMED || !x->tables[0] || !x->body.size)
        return rc;
    s3hls__strbuf body;
    s3hls__strbuf_init(&body, &x->env, x->body.max + TABLES_BYTES);
    s3hls__strbuf_add(&body, x->tables, TABLES_BYTES);
    s3hls__strbuf_add(&body, x->body.data, x->body.size);
    s3hls__strbuf_deinit(&x->body);
    x->body = body;
    if (x->body.status)
        return x->body.status;
    return read_pictures(x);
}

/* The recording of the last placed segment continues beyond the current one. */
static bool recorded_beside(const exporter *x) {
    const s3hls_segment *s = &x->segments[x->at], *before = &x->placement.segment;
    for (size_t i = x->at + 1;
         i < x->count && s[0].start_ms + s[0].duration_ms >= x->segments[i].start_ms; i++)
        if (x->segments[i].timeline == before->timeline &&
            x->segments[i].sdk_name == before->sdk_name)
            return true;
    return false;
}

/* Convert the pictures' times from the stream's clock to the wall clock. */
static s3hls__placed place(exporter *x) {
    const s3hls__pictures *pictures = &x->pictures;
    const s3hls_segment *segment = &x->segments[x->at];
    s3hls__stamp *stamps = s3hls__env_realloc(&x->env, x->stamps, pictures->count * sizeof *stamps);
    if (!stamps)
        return S3HLS__PLACED_NOMEM;
    x->stamps = stamps;
    for (size_t i = 0; i < pictures->count; i++)
        stamps[i] = (s3hls__stamp){pictures->list[i].packet->pts, pictures->list[i].packet->dts};
    s3hls__placed placed = s3hls__placement_next(&x->placement, segment, stamps, pictures->count,
                                                 x->end_90k, recorded_beside(x), &x->env);
    if (placed != S3HLS__PLACED)
        return placed;
    x->frame_90k = s3hls__placement_frame(segment, pictures->count);
    for (size_t i = 0; i < pictures->count; i++) {
        AVPacket *p = pictures->list[i].packet;
        p->pts = stamps[i].pts;
        p->dts = stamps[i].dts;
        if (p->pts + x->frame_90k > x->end_90k)
            x->end_90k = p->pts + x->frame_90k;
    }
    return S3HLS__PLACED;
}

static int add_pictures(exporter *x) {
    int rc = S3HLS_OK;
    uint64_t undecodable = x->undecodable;
    for (size_t i = 0; i < x->pictures.count && !rc && !x->over; i++)
        rc = add_picture(x, &x->pictures.list[i]);
    if (x->undecodable > undecodable)
        leave_out(x, x->undecodable - undecodable, "pictures before the first keyframe");
    return rc ? rc : add_audio(x);
}

static int add_segment(exporter *x) {
    const char *reason;
    note(x, (s3hls_export_note){.type = S3HLS_EXPORT_PROGRESS, .number = x->at, .count = x->count});
    int rc = fetch(x, &reason);
    if (!rc && !reason) {
        rc = read_segment(x);
        if (rc == S3HLS_E_MALFORMED) {
            reason = "no picture in it can be read";
            rc = S3HLS_OK;
        }
    }
    if (!rc && !reason) {
        s3hls__placed placed = place(x);
        if (placed == S3HLS__PLACED_TWICE)
            reason = "another recording of the same time";
        rc = placed == S3HLS__PLACED ? add_pictures(x) : reason ? S3HLS_OK : S3HLS_E_NOMEM;
    }
    if (!rc && reason)
        leave_out(x, 0, reason);
    s3hls__pictures_clear(&x->pictures, &x->env);
    return rc;
}

/* ---- the whole */

static int end(exporter *x) {
    int64_t to_90k = ticks(x->cfg->to_ms);
    int rc = S3HLS_OK;
    if (!x->begun && x->held.count)
        rc = begin(x); /* the range begins after its last picture */
    if (!rc && !x->begun)
        return x->first_failure ? x->first_failure : S3HLS_E_NO_VIDEO;
    if (!rc && x->pending)
        rc = write_pending(x, x->pending->dts + x->frame_90k);
    x->summary->end_ms = (x->end_90k < to_90k ? x->end_90k : to_90k) / TICKS_MS;
    return rc ? rc : s3hls__mp4_finish(&x->mp4);
}

static void close_exporter(exporter *x) {
    s3hls__mp4_close(&x->mp4);
    drop(&x->held);
    drop(&x->tail);
    av_packet_free(&x->pending);
    avcodec_parameters_free(&x->video);
    s3hls__picture_parser_close(&x->parser);
    s3hls__pictures_clear(&x->pictures, &x->env);
    s3hls__env_free(&x->env, x->held.packets);
    s3hls__env_free(&x->env, x->tail.packets);
    s3hls__env_free(&x->env, x->stamps);
    drop(&x->held_audio);
    s3hls__env_free(&x->env, x->held_audio.packets);
    avcodec_parameters_free(&x->audio);
    s3hls__sound_close(&x->pictures.sound, &x->env);
    s3hls__strbuf_deinit(&x->init);
    s3hls__strbuf_deinit(&x->body);
}

int s3hls_export_write(s3hls_archive *archive, const s3hls_segment *segments, size_t count,
                       const s3hls_export_config *config, s3hls_export_summary *summary,
                       s3hls_s3_error *error) {
    s3hls_export_config cfg;
    s3hls_export_summary unused;
    s3hls_s3_error unused_error;
    s3hls_export_config_init(&cfg);
    int rc = s3hls__config_copy(&cfg, sizeof cfg, config);
    if (rc || !archive || (count && !segments) || !cfg.write || cfg.from_ms >= cfg.to_ms)
        return S3HLS_E_INVALID;
    exporter x = {.cfg = &cfg,
                  .env = s3hls__env_resolve(cfg.env),
                  .archive = archive,
                  .segments = segments,
                  .count = count,
                  .summary = summary ? summary : &unused,
                  .error = error ? error : &unused_error,
                  .end_90k = INT64_MIN,
                  .mp4 = {.write = cfg.write, .ctx = cfg.ctx}};
    s3hls__strbuf_init(&x.body, &x.env, (size_t)cfg.segment_max_bytes);
    s3hls__strbuf_init(&x.init, &x.env, INIT_MAX_BYTES);
    memset(x.summary, 0, sizeof *x.summary);
    memset(x.error, 0, sizeof *x.error);
    if (count == 0)
        return S3HLS_E_NO_VIDEO;
    report_gaps(&x);
    for (; x.at < count && !rc && !x.over; x.at++)
        rc = add_segment(&x);
    if (!rc)
        rc = end(&x);
    close_exporter(&x);
    return rc;
}
