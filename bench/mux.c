/* SPDX-License-Identifier: MIT-0 */
/* Muxing 1080p access units into pool blocks, beside memcpy of the same bytes into the same blocks
 * and beside libavformat's mpegts muxer into memory. Rounds of the three are interleaved; a ratio
 * is of medians in one run. */
#include "base/pool.h"
#include "container/ts/ts.h"
#include "report.h"
#include <libavformat/avformat.h>
#include <string.h>
#include <time.h>

enum { FPS = 25, SECONDS = 10, UNITS = FPS * SECONDS, GOP = 50, ROUNDS = 41, BIT_RATE = 5000000 };

typedef struct source {
    uint8_t *data[UNITS];
    size_t size[UNITS];
    size_t total;
} source;

/* Frame sizes of an encoder at 5 Mbit/s: keyframes are eight times as large as other frames. */
static void make_source(source *s) {
    static const uint8_t head[] = {0, 0, 0, 1, 9, 0xf0, 0, 0, 1};
    size_t gop_bytes = BIT_RATE / 8 / FPS * GOP, other = gop_bytes / (GOP - 1 + 8);
    uint32_t seed = 1;
    s->total = 0;
    for (int i = 0; i < UNITS; i++) {
        size_t n = s->size[i] = i % GOP ? other : other * 8;
        s->data[i] = malloc(n);
        for (size_t k = 0; k < n; k++) {
            seed = seed * 1664525u + 1013904223u;
            s->data[i][k] = (uint8_t)(seed >> 24) | 1;
        }
        memcpy(s->data[i], head, sizeof head);
        s->data[i][sizeof head] = i % GOP ? 0x41 : 0x65;
        s->total += n;
    }
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
} place;

static int next_block(void *ctx, s3hls__output *out) {
    place *p = ctx;
    uint32_t block = s3hls__pool_take(p->pool);
    if (block == S3HLS__NO_BLOCK)
        return S3HLS_E_FULL;
    if (p->first == S3HLS__NO_BLOCK)
        p->first = block;
    else
        s3hls__pool_link(p->pool, p->last, block);
    p->last = block;
    out->p = s3hls__pool_data(p->pool, block);
    out->end = out->p + S3HLS__BLOCK_BYTES;
    return S3HLS_OK;
}

/* @return bytes written */
static size_t mux_ours(const source *s, s3hls__pool *pool) {
    place p = {pool, S3HLS__NO_BLOCK, S3HLS__NO_BLOCK};
    s3hls__output out[S3HLS__PARTS] = {[S3HLS__PART_MEDIA] = {NULL, NULL, 0, &p, next_block}};
    s3hls__ts m;
    s3hls__container_ts.begin_timeline(&m, &(s3hls__tracks){.video.codec = S3HLS__CODEC_H264});
    for (int i = 0; i < UNITS; i++) {
        s3hls__unit unit = {
            .pts_90k = 90000 + i * 3600, .dts_90k = 90000 + i * 3600, .keyframe = i % GOP == 0};
        if (i % (4 * FPS) == 0) {
            if (i > 0)
                s3hls__container_ts.end_segment(&m, out, unit.dts_90k, false);
            s3hls__container_ts.begin_segment(&m, out);
        }
        if (s3hls__container_ts.begin_unit(&m, out, &unit) ||
            s3hls__container_ts.data(&m, out, s->data[i], s->size[i]) ||
            s3hls__container_ts.end_unit(&m, out))
            abort();
    }
    size_t bytes =
        (s3hls__pool_used(pool) - 1) * (S3HLS__BLOCK_BYTES / S3HLS__TS_PACKET * S3HLS__TS_PACKET) +
        (size_t)(out[S3HLS__PART_MEDIA].p - s3hls__pool_data(pool, p.last));
    s3hls__pool_give(pool, p.first);
    return bytes;
}

/* ---- memcpy of the same bytes into the same blocks */

static void copy_bytes(const source *s, s3hls__pool *pool) {
    place p = {pool, S3HLS__NO_BLOCK, S3HLS__NO_BLOCK};
    s3hls__output out = {NULL, NULL, 0, &p, next_block};
    for (int i = 0; i < UNITS; i++)
        for (size_t at = 0, n; at < s->size[i]; at += n) {
            if (out.p == out.end && next_block(&p, &out))
                abort();
            n = (size_t)(out.end - out.p);
            n = n < s->size[i] - at ? n : s->size[i] - at;
            memcpy(out.p, s->data[i] + at, n);
            out.p += n;
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

/* @return bytes written */
static size_t mux_libavformat(const source *s, memory *m) {
    AVFormatContext *format = NULL;
    m->size = 0;
    avformat_alloc_output_context2(&format, NULL, "mpegts", NULL);
    format->pb = avio_alloc_context(av_malloc(32768), 32768, 1, m, NULL, write_memory, NULL);
    AVStream *stream = avformat_new_stream(format, NULL);
    stream->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
    stream->codecpar->codec_id = AV_CODEC_ID_H264;
    stream->codecpar->width = 1920;
    stream->codecpar->height = 1080;
    stream->time_base = (AVRational){1, 90000};
    if (avformat_write_header(format, NULL) < 0)
        abort();
    AVPacket *packet = av_packet_alloc();
    for (int i = 0; i < UNITS; i++) {
        packet->data = s->data[i];
        packet->size = (int)s->size[i];
        packet->pts = packet->dts = 90000 + i * 3600;
        packet->flags = i % GOP ? 0 : AV_PKT_FLAG_KEY;
        if (av_write_frame(format, packet) < 0)
            abort();
    }
    av_write_trailer(format);
    avio_flush(format->pb);
    av_packet_free(&packet);
    av_freep(&format->pb->buffer);
    avio_context_free(&format->pb);
    avformat_free_context(format);
    return m->size;
}

/* ---- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values) {
    qsort(values, ROUNDS, sizeof *values, by_value);
    return values[ROUNDS / 2];
}

int main(void) {
    static source s;
    static double copy_ratio[ROUNDS], peer_ratio[ROUNDS], speed[ROUNDS];
    s3hls__pool *pool;
    size_t ours = 0, peers = 0;
    make_source(&s);
    memory m = {malloc(2 * s.total), 0, 2 * s.total};
    if (s3hls__pool_open(&pool, 2 * s.total, NULL) || !m.data)
        return 1;
    av_log_set_level(AV_LOG_QUIET);
    for (int i = -2; i < ROUNDS; i++) { /* two rounds to warm up */
        double t[6];
        copy_bytes(&s, pool); /* untimed: each timed round finds the same cache contents */
        t[0] = now_s();
        copy_bytes(&s, pool);
        t[1] = now_s();
        copy_bytes(&s, pool);
        t[2] = now_s();
        ours = mux_ours(&s, pool);
        t[3] = now_s();
        copy_bytes(&s, pool);
        t[4] = now_s();
        peers = mux_libavformat(&s, &m);
        t[5] = now_s();
        if (i < 0)
            continue;
        copy_ratio[i] = (t[1] - t[0]) / (t[3] - t[2]);
        peer_ratio[i] = (t[5] - t[4]) / (t[3] - t[2]);
        speed[i] = (double)s.total / (t[3] - t[2]) / 1e9;
    }
    double gbps = median(speed);
    report("mux.speed_of_memcpy", gbps, "GB/s", "memcpy", median(copy_ratio));
    report("mux.speed_of_libavformat", gbps, "GB/s", "libavformat", median(peer_ratio));
    double overhead = 100.0 * ((double)ours / (double)s.total - 1);
    double peer_overhead = 100.0 * ((double)peers / (double)s.total - 1);
    report("mux.overhead_5mbps", overhead, "%", "libavformat", overhead / peer_overhead);
    return 0;
}
