/* SPDX-License-Identifier: MIT-0 */
/* Both containers, with and without a 16 kbit/s audio track: speed beside memcpy of the same bytes
 * into the same blocks and beside libavformat's muxers into memory, in interleaved rounds; overhead
 * at three bit rates. */
#include "base/pool.h"
#include "container/containers.h"
#include "report.h"
#include <libavformat/avformat.h>
#include <string.h>
#include <time.h>

enum { FPS = 25, SECONDS = 20, UNITS = FPS * SECONDS, GOP = 50, SEGMENT = 4 * FPS, ROUNDS = 21 };
enum { RATE = 8000, SAMPLES = 1024, AUDIO_BYTES = 256, RUN = 4 }; /* 16 kbit/s; in runs of 0.5 s */

typedef struct source {
    uint8_t *data[UNITS];
    size_t size[UNITS];
    size_t video, total;
} source;

static uint8_t audio_bytes[AUDIO_BYTES];

static int64_t audio_90k(int64_t frame) {
    return 90000 + frame * SAMPLES * 90000 / RATE;
}

/* The next run of audio frames ends before this picture. */
static bool run_is_due(int64_t frames, int picture) {
    return audio_90k(frames + RUN) <= 90000 + picture * 3600;
}

/* An access unit delimiter and a slice; keyframes are eight times as large as other frames. */
static void make_source(source *s, int bit_rate, bool audio) {
    static const uint8_t head[] = {0, 0, 0, 1, 9, 0xf0, 0, 0, 1};
    size_t gop_bytes = (size_t)bit_rate / 8 / FPS * GOP, other = gop_bytes / (GOP - 1 + 8);
    uint32_t seed = 1;
    s->video = 0;
    for (int i = 0; i < UNITS; i++) {
        size_t n = s->size[i] = i % GOP ? other : other * 8;
        s->data[i] = malloc(n);
        for (size_t k = 0; k < n; k++) {
            seed = seed * 1664525u + 1013904223u;
            s->data[i][k] = (uint8_t)(seed >> 24) | 1;
        }
        memcpy(s->data[i], head, sizeof head);
        s->data[i][sizeof head] = i % GOP ? 0x41 : 0x65;
        s->video += n;
    }
    size_t frames = 0;
    while (audio && run_is_due((int64_t)frames, UNITS - 1))
        frames += RUN;
    s->total = s->video + frames * AUDIO_BYTES;
}

static void free_source(source *s) {
    for (int i = 0; i < UNITS; i++)
        free(s->data[i]);
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- ours */

typedef struct place {
    s3hls__pool *pool;
    uint32_t first, last;
    size_t bytes; /* in full blocks */
} place;

static int next_block(void *ctx, s3hls__output *out) {
    place *p = ctx;
    uint32_t block = s3hls__pool_take(p->pool);
    if (block == S3HLS__NO_BLOCK)
        return S3HLS_E_FULL;
    if (p->first == S3HLS__NO_BLOCK)
        p->first = block;
    else {
        p->bytes += (size_t)(out->p - (uint8_t *)s3hls__pool_data(p->pool, p->last));
        s3hls__pool_link(p->pool, p->last, block);
    }
    p->last = block;
    out->p = s3hls__pool_data(p->pool, block);
    out->end = out->p + S3HLS__BLOCK_BYTES;
    return S3HLS_OK;
}

typedef struct muxer {
    const s3hls__container *container;
    s3hls__container_state state;
    s3hls__tracks tracks;
    s3hls__output out[S3HLS__PARTS];
    place places[S3HLS__PARTS];
    size_t bytes;
} muxer;

static void must(int status) {
    if (status)
        abort();
}

static void end_segment(muxer *m, int64_t end_90k, bool audio) {
    m->container->end_segment(&m->state, m->out, end_90k, audio);
    for (int i = 0; i < S3HLS__PARTS; i++) {
        place *p = &m->places[i];
        if (p->first == S3HLS__NO_BLOCK)
            continue;
        m->bytes +=
            p->bytes + (size_t)(m->out[i].p - (uint8_t *)s3hls__pool_data(p->pool, p->last));
        s3hls__pool_give(p->pool, p->first);
    }
}

static void begin_segment(muxer *m, s3hls__pool *pool) {
    for (int i = 0; i < S3HLS__PARTS; i++) {
        m->places[i] = (place){pool, S3HLS__NO_BLOCK, S3HLS__NO_BLOCK, 0};
        m->out[i] = (s3hls__output){NULL, NULL, 0, &m->places[i], next_block};
    }
    must(m->container->begin_segment(&m->state, m->out));
}

static void put_audio(muxer *m, int64_t first) {
    s3hls__audio_frame frames[RUN];
    for (int i = 0; i < RUN; i++)
        frames[i] = (s3hls__audio_frame){.data = {audio_bytes},
                                         .size = {AUDIO_BYTES},
                                         .pts = RATE + (first + i) * SAMPLES,
                                         .samples = SAMPLES};
    must(m->container->audio(&m->state, m->out, frames, RUN));
}

static void put_picture(muxer *m, const source *s, int i) {
    enum { DELIMITER_AT = 4, SLICE_AT = 9 };
    s3hls__unit unit = {
        .pts_90k = 90000 + i * 3600, .dts_90k = 90000 + i * 3600, .keyframe = i % GOP == 0};
    const s3hls__container *c = m->container;
    must(c->begin_unit(&m->state, m->out, &unit));
    must(c->begin_nal(&m->state, m->out, S3HLS__NAL_DELIMITER));
    must(c->data(&m->state, m->out, s->data[i] + DELIMITER_AT, 2));
    must(c->begin_nal(&m->state, m->out, i % GOP ? S3HLS__NAL_SLICE : S3HLS__NAL_KEY_SLICE));
    must(c->data(&m->state, m->out, s->data[i] + SLICE_AT, s->size[i] - SLICE_AT));
    must(c->end_unit(&m->state, m->out));
}

/* @return bytes written */
static size_t mux_ours(const source *s, s3hls__pool *pool, s3hls_container id, bool audio) {
    static muxer m;
    int64_t frames = 0;
    m = (muxer){.container = s3hls__container_find(id), .tracks.video.codec = S3HLS__CODEC_H264};
    if (audio)
        m.tracks.audio = (s3hls__audio_track){.codec = S3HLS__CODEC_AAC,
                                              .rate = RATE,
                                              .channels = 1,
                                              .frame_samples = SAMPLES,
                                              .adts = {0xff, 0xf1, 0x6c, 0x40, 0, 0x1f, 0xfc}};
    m.container->begin_timeline(&m.state, &m.tracks);
    for (int i = 0; i < UNITS; i++) {
        if (i % SEGMENT == 0) {
            if (i > 0)
                end_segment(&m, 90000 + i * 3600, audio);
            begin_segment(&m, pool);
        }
        for (; audio && run_is_due(frames, i); frames += RUN)
            put_audio(&m, frames);
        put_picture(&m, s, i);
    }
    end_segment(&m, 90000 + UNITS * 3600, audio);
    return m.bytes;
}

/* ---- memcpy of the same bytes into the same blocks */

static void copy_bytes(const source *s, s3hls__pool *pool) {
    place p = {pool, S3HLS__NO_BLOCK, S3HLS__NO_BLOCK, 0};
    s3hls__output out = {NULL, NULL, 0, &p, next_block};
    for (int i = 0; i < UNITS; i++) {
        if (i % SEGMENT == 0 && i > 0) {
            s3hls__pool_give(pool, p.first);
            p = (place){pool, S3HLS__NO_BLOCK, S3HLS__NO_BLOCK, 0};
            out = (s3hls__output){NULL, NULL, 0, &p, next_block};
        }
        for (size_t at = 0, n; at < s->size[i]; at += n) {
            if (out.p == out.end && next_block(&p, &out))
                abort();
            n = (size_t)(out.end - out.p);
            n = n < s->size[i] - at ? n : s->size[i] - at;
            memcpy(out.p, s->data[i] + at, n);
            out.p += n;
        }
    }
    s3hls__pool_give(pool, p.first);
}

/* ---- libavformat */

typedef struct memory {
    uint8_t *data;
    size_t size, capacity;
} memory;

static int write_memory(void *opaque, uint8_t *data, int size) {
    memory *m = opaque;
    if (m->size + (size_t)size > m->capacity)
        return AVERROR(ENOSPC);
    memcpy(m->data + m->size, data, (size_t)size);
    m->size += (size_t)size;
    return size;
}

static void add_stream(AVFormatContext *format, const AVCodecParameters *p, const uint8_t *config,
                       int size, int clock) {
    AVStream *stream = avformat_new_stream(format, NULL);
    if (!stream || avcodec_parameters_copy(stream->codecpar, p) < 0)
        abort();
    stream->codecpar->extradata = av_mallocz((size_t)size + AV_INPUT_BUFFER_PADDING_SIZE);
    stream->codecpar->extradata_size = size;
    memcpy(stream->codecpar->extradata, config, (size_t)size);
    stream->time_base = (AVRational){1, clock};
}

static AVFormatContext *open_peer(memory *m, s3hls_container id, bool audio) {
    static const uint8_t sets[] = {0,    0,    0, 1, 0x67, 0x42, 0xc0, 0x1e, 0xda, 0x02, 0x80,
                                   0xf6, 0x40, 0, 0, 0,    1,    0x68, 0xce, 0x38, 0x80};
    static const uint8_t aac[] = {0x15, 0x88};
    AVFormatContext *format = NULL;
    AVDictionary *options = NULL;
    avformat_alloc_output_context2(&format, NULL, id == S3HLS_CONTAINER_TS ? "mpegts" : "mp4",
                                   NULL);
    format->pb = avio_alloc_context(av_malloc(32768), 32768, 1, m, NULL, write_memory, NULL);
    AVCodecParameters *p = avcodec_parameters_alloc();
    p->codec_type = AVMEDIA_TYPE_VIDEO;
    p->codec_id = AV_CODEC_ID_H264;
    p->width = 640;
    p->height = 480;
    add_stream(format, p, sets, sizeof sets, 90000);
    p->codec_type = AVMEDIA_TYPE_AUDIO;
    p->codec_id = AV_CODEC_ID_AAC;
    p->sample_rate = RATE;
    p->frame_size = SAMPLES;
    av_channel_layout_default(&p->ch_layout, 1);
    if (audio)
        add_stream(format, p, aac, sizeof aac, RATE);
    avcodec_parameters_free(&p);
    if (id == S3HLS_CONTAINER_FMP4)
        av_dict_set(&options, "movflags", "frag_custom+empty_moov+default_base_moof", 0);
    if (avformat_write_header(format, &options) < 0)
        abort();
    av_dict_free(&options);
    return format;
}

static void write_packet(AVFormatContext *format, AVPacket *packet, int stream, int64_t at,
                         int64_t duration, AVRational clock) {
    packet->stream_index = stream;
    packet->pts = packet->dts = av_rescale_q(at, clock, format->streams[stream]->time_base);
    packet->duration = av_rescale_q(duration, clock, format->streams[stream]->time_base);
    if (av_write_frame(format, packet) < 0)
        abort();
}

/* @return bytes written */
static size_t mux_libavformat(const source *s, memory *m, s3hls_container id, bool audio) {
    int64_t frames = 0;
    m->size = 0;
    AVFormatContext *format = open_peer(m, id, audio);
    AVPacket *packet = av_packet_alloc();
    for (int i = 0; i < UNITS; i++) {
        if (i % SEGMENT == 0 && i > 0)
            av_write_frame(format, NULL); /* another fragment */
        for (; audio && run_is_due(frames, i); frames += RUN)
            for (int k = 0; k < RUN; k++) {
                packet->data = audio_bytes;
                packet->size = AUDIO_BYTES;
                packet->flags = AV_PKT_FLAG_KEY;
                write_packet(format, packet, 1, RATE + (frames + k) * SAMPLES, SAMPLES,
                             (AVRational){1, RATE});
            }
        packet->data = s->data[i];
        packet->size = (int)s->size[i];
        packet->flags = i % GOP ? 0 : AV_PKT_FLAG_KEY;
        write_packet(format, packet, 0, 90000 + i * 3600, 3600, (AVRational){1, 90000});
    }
    av_write_trailer(format);
    avio_flush(format->pb);
    av_packet_free(&packet);
    av_freep(&format->pb->buffer);
    avio_context_free(&format->pb);
    avformat_free_context(format);
    return m->size;
}

/* ---- figures */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values) {
    qsort(values, ROUNDS, sizeof *values, by_value);
    return values[ROUNDS / 2];
}

typedef struct kind {
    const char *name;
    s3hls_container id;
    bool audio;
} kind;

static void report_as(const kind *k, const char *what, double value, const char *unit,
                      const char *peer, double ratio) {
    char name[64];
    snprintf(name, sizeof name, "tracks.%s.%s", k->name, what);
    report(name, value, unit, peer, ratio);
}

static void measure_speed(const kind *k, const source *s, s3hls__pool *pool, memory *m) {
    static double copy_ratio[ROUNDS], peer_ratio[ROUNDS], speed[ROUNDS];
    for (int i = -2; i < ROUNDS; i++) { /* two rounds to warm up */
        double t[6];
        copy_bytes(s, pool); /* untimed: each timed round finds the same cache contents */
        t[0] = now_s();
        copy_bytes(s, pool);
        t[1] = now_s();
        copy_bytes(s, pool);
        t[2] = now_s();
        mux_ours(s, pool, k->id, k->audio);
        t[3] = now_s();
        copy_bytes(s, pool);
        t[4] = now_s();
        mux_libavformat(s, m, k->id, k->audio);
        t[5] = now_s();
        if (i < 0)
            continue;
        copy_ratio[i] = (t[1] - t[0]) / (t[3] - t[2]);
        peer_ratio[i] = (t[5] - t[4]) / (t[3] - t[2]);
        speed[i] = (double)s->total / (t[3] - t[2]) / 1e9;
    }
    double gbps = median(speed);
    report_as(k, "speed_of_memcpy", gbps, "GB/s", "memcpy", median(copy_ratio));
    report_as(k, "speed_of_libavformat", gbps, "GB/s", "libavformat", median(peer_ratio));
}

/* What the audio track adds beside its own bytes, in per cent of them: at 2 Mbit/s of video. */
static void measure_audio_overhead(s3hls__pool *pool, memory *m) {
    static const kind kinds[] = {{"ts", S3HLS_CONTAINER_TS, true},
                                 {"fmp4", S3HLS_CONTAINER_FMP4, true}};
    for (int k = 0; k < 2; k++) {
        static source s;
        make_source(&s, 2000000, true);
        double audio = (double)(s.total - s.video),
               ours = (double)mux_ours(&s, pool, kinds[k].id, true) -
                      (double)mux_ours(&s, pool, kinds[k].id, false) - audio,
               peers = (double)mux_libavformat(&s, m, kinds[k].id, true) -
                       (double)mux_libavformat(&s, m, kinds[k].id, false) - audio;
        report_as(&kinds[k], "audio_overhead", 100 * ours / audio, "%", "libavformat",
                  ours / peers);
        free_source(&s);
    }
}

int main(void) {
    static const kind kinds[] = {{"ts", S3HLS_CONTAINER_TS, false},
                                 {"ts_audio", S3HLS_CONTAINER_TS, true},
                                 {"fmp4", S3HLS_CONTAINER_FMP4, false},
                                 {"fmp4_audio", S3HLS_CONTAINER_FMP4, true}};
    static const struct {
        int bps;
        const char *name;
    } rates[] = {
        {5000000, "overhead_5mbps"}, {2000000, "overhead_2mbps"}, {500000, "overhead_0.5mbps"}};
    memory m = {malloc(64 << 20), 0, 64 << 20};
    s3hls__pool *pool;
    if (s3hls__pool_open(&pool, 16 << 20, NULL) || !m.data)
        return 1;
    av_log_set_level(AV_LOG_QUIET);
    memset(audio_bytes, 0x5a, sizeof audio_bytes);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
            static source s;
            make_source(&s, rates[r].bps, kinds[k].audio);
            if (r == 0)
                measure_speed(&kinds[k], &s, pool, &m);
            double ours = (double)mux_ours(&s, pool, kinds[k].id, kinds[k].audio),
                   peers = (double)mux_libavformat(&s, &m, kinds[k].id, kinds[k].audio),
                   bytes = (double)s.total;
            report_as(&kinds[k], rates[r].name, 100 * (ours / bytes - 1), "%", "libavformat",
                      (ours - bytes) / (peers - bytes));
            free_source(&s);
        }
    measure_audio_overhead(pool, &m);
    s3hls__pool_close(&pool);
    free(m.data);
    return 0;
}
