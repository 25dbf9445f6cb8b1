/* SPDX-License-Identifier: MIT-0 */
#include "server/remux.h"
#include "base/env.h"
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdbool.h>
#include <string.h>

enum {
    IO_BYTES = 64 * 1024,
    PROBE_BYTES = 2 << 20,
    HELD_MAX = 4096 /* packets before the begin: of one group of pictures */
};
static const AVRational MS = {1, 1000};

typedef struct remuxer {
    const s3hls__remux *job;
    AVFormatContext *out; /* NULL until the first run's parameters are known */
    int64_t last_dts;     /* written, in the output's time base */
    int64_t zero_ms;      /* what the MP4 begins with */
    bool begun;
    AVPacket *held[HELD_MAX]; /* from the last keyframe on, while it is not known to be needed */
    size_t held_count;
    int status; /* first failure of read or write */

    /* the run being read: segments of one timeline */
    size_t next, end;
    char *body;
    size_t size, at;
} remuxer;

/* ---- bytes in and out */

static int read_bytes(void *ctx, uint8_t *data, int max) {
    remuxer *m = ctx;
    while (m->at == m->size) {
        s3hls__env_free(m->job->env, m->body);
        m->body = NULL;
        m->at = m->size = 0;
        if (m->next == m->end)
            return AVERROR_EOF;
        m->status = m->job->read(m->job->ctx, &m->job->segments[m->next++], &m->body, &m->size);
        if (m->status)
            return AVERROR_EXTERNAL;
    }
    size_t n = m->size - m->at < (size_t)max ? m->size - m->at : (size_t)max;
    memcpy(data, m->body + m->at, n);
    m->at += n;
    return (int)n;
}

static int write_bytes(void *ctx, uint8_t *data, int size) {
    remuxer *m = ctx;
    if (!m->status)
        m->status = m->job->write(m->job->ctx, data, (size_t)size);
    return m->status ? AVERROR_EXTERNAL : size;
}

static AVIOContext *open_io(remuxer *m, bool writing) {
    uint8_t *buffer = av_malloc(IO_BYTES);
    AVIOContext *io =
        buffer ? avio_alloc_context(buffer, IO_BYTES, writing, m, writing ? NULL : read_bytes,
                                    writing ? write_bytes : NULL, NULL)
               : NULL;
    if (!io)
        av_free(buffer);
    else
        io->seekable = 0;
    return io;
}

static void close_io(AVIOContext **io) {
    if (*io)
        av_freep(&(*io)->buffer);
    avio_context_free(io);
}

/* ---- the MP4 */

static int open_output(remuxer *m, const AVStream *video) {
    AVDictionary *options = NULL;
    if (avformat_alloc_output_context2(&m->out, NULL, "mp4", NULL) < 0)
        return S3HLS_E_NOMEM;
    AVStream *stream = avformat_new_stream(m->out, NULL);
    m->out->pb = open_io(m, true);
    if (!stream || !m->out->pb || avcodec_parameters_copy(stream->codecpar, video->codecpar) < 0)
        return S3HLS_E_NOMEM;
    stream->codecpar->codec_tag = 0;
    stream->time_base = video->time_base;
    m->out->flags |=
        AVFMT_FLAG_BITEXACT; /* no writer's name, so that a clip is the same anywhere */
    av_dict_set(&options, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0);
    int rc = avformat_write_header(m->out, &options);
    av_dict_free(&options);
    m->last_dts = INT64_MIN;
    return rc < 0 ? S3HLS_E_MALFORMED : S3HLS_OK;
}

/* Packets carry ms of wall time in the stream's time base; the MP4 begins at zero_ms. */
static int write_packet(remuxer *m, AVPacket *packet) {
    const AVStream *stream = m->out->streams[0];
    if (m->last_dts != INT64_MIN && packet->dts <= m->last_dts) { /* a second recording */
        av_packet_unref(packet);
        return S3HLS_OK;
    }
    m->last_dts = packet->dts;
    int64_t zero = av_rescale_q(m->zero_ms, MS, packet->time_base);
    packet->pts -= zero;
    packet->dts -= zero;
    packet->stream_index = 0;
    packet->pos = -1;
    av_packet_rescale_ts(packet, packet->time_base, stream->time_base);
    return av_write_frame(m->out, packet) < 0 && !m->status ? S3HLS_E_MALFORMED : m->status;
}

static void drop_held(remuxer *m) {
    for (size_t i = 0; i < m->held_count; i++)
        av_packet_free(&m->held[i]);
    m->held_count = 0;
}

static int begin_with_held(remuxer *m) {
    int rc = S3HLS_OK;
    m->begun = true;
    m->zero_ms = av_rescale_q(m->held[0]->dts, m->held[0]->time_base, MS);
    for (size_t i = 0; i < m->held_count && !rc; i++)
        rc = write_packet(m, m->held[i]);
    drop_held(m);
    return rc;
}

/* Before the begin: keep what a decoder needs to start there. */
static int hold(remuxer *m, const AVPacket *packet, int64_t pts_ms) {
    bool key = packet->flags & AV_PKT_FLAG_KEY;
    if (key)
        drop_held(m);
    if ((m->held_count == 0 && !key) || m->held_count == HELD_MAX)
        return S3HLS_OK;
    m->held[m->held_count] = av_packet_clone(packet);
    if (!m->held[m->held_count])
        return S3HLS_E_NOMEM;
    m->held_count++;
    return pts_ms >= m->job->from_ms ? begin_with_held(m) : S3HLS_OK;
}

/* ---- one timeline */

static int copy_packets(remuxer *m, AVFormatContext *in, int video, int64_t start_ms, bool *over) {
    AVPacket *packet = av_packet_alloc();
    int rc = packet ? S3HLS_OK : S3HLS_E_NOMEM;
    int64_t shift = AV_NOPTS_VALUE;
    while (!rc && !*over && av_read_frame(in, packet) >= 0) {
        AVRational base = in->streams[packet->stream_index]->time_base;
        if (packet->stream_index == video && packet->pts != AV_NOPTS_VALUE) {
            if (packet->dts == AV_NOPTS_VALUE)
                packet->dts = packet->pts;
            if (shift == AV_NOPTS_VALUE)
                shift = av_rescale_q(start_ms, MS, base) - packet->pts;
            packet->pts += shift;
            packet->dts += shift;
            packet->time_base = base;
            *over = av_rescale_q(packet->dts, base, MS) >= m->job->to_ms;
            if (!*over)
                rc = m->begun ? write_packet(m, packet)
                              : hold(m, packet, av_rescale_q(packet->pts, base, MS));
        }
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    return rc ? rc : m->status;
}

static int open_input(remuxer *m, AVFormatContext **in, int *video) {
    *in = avformat_alloc_context();
    if (!*in)
        return S3HLS_E_NOMEM;
    (*in)->pb = open_io(m, false);
    (*in)->probesize = PROBE_BYTES;
    (*in)->flags |= AVFMT_FLAG_CUSTOM_IO;
    if (!(*in)->pb)
        return S3HLS_E_NOMEM;
    AVIOContext *io = (*in)->pb;
    if (avformat_open_input(in, NULL, av_find_input_format("mpegts"), NULL) < 0) {
        close_io(&io); /* the context is gone, what it read from is ours */
        return m->status ? m->status : S3HLS_E_MALFORMED;
    }
    if (avformat_find_stream_info(*in, NULL) < 0)
        return m->status ? m->status : S3HLS_E_MALFORMED;
    *video = av_find_best_stream(*in, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    return *video < 0 ? S3HLS_E_MALFORMED : S3HLS_OK;
}

static int copy_run(remuxer *m, bool *over) {
    AVFormatContext *in = NULL;
    int video = -1;
    int64_t start_ms = m->job->segments[m->next].start_ms;
    int rc = open_input(m, &in, &video);
    if (!rc && !m->out)
        rc = open_output(m, in->streams[video]);
    if (!rc)
        rc = copy_packets(m, in, video, start_ms, over);
    if (in) {
        AVIOContext *io = in->pb;
        avformat_close_input(&in);
        close_io(&io);
    }
    s3hls__env_free(m->job->env, m->body);
    m->body = NULL;
    m->at = m->size = 0;
    return rc;
}

/* Where timestamps run on: up to a new timeline, or a hole in names that have none. */
static size_t run_end(const s3hls__remux *job, size_t i) {
    const s3hls_segment *s = job->segments;
    for (i++; i < job->count && s[i].timeline == s[i - 1].timeline &&
              s[i].seed_name == s[i - 1].seed_name && !s[i].seed_name;)
        i++;
    return i;
}

int s3hls__remux_run(const s3hls__remux *job) {
    remuxer *m = s3hls__env_alloc(job->env, sizeof *m);
    bool over = false;
    int rc = m ? S3HLS_OK : S3HLS_E_NOMEM;
    if (rc)
        return rc;
    m->job = job;
    for (size_t i = 0; i < job->count && !rc && !over; i = m->end) {
        m->next = i;
        m->end = run_end(job, i);
        rc = copy_run(m, &over);
    }
    if (!rc && !m->begun && m->held_count)
        rc = begin_with_held(m); /* the range begins behind its last picture */
    if (!rc && !m->begun)
        rc = S3HLS_E_NO_VIDEO;
    if (!rc && av_write_trailer(m->out) < 0)
        rc = m->status ? m->status : S3HLS_E_NOMEM;
    drop_held(m);
    if (m->out)
        close_io(&m->out->pb);
    avformat_free_context(m->out);
    s3hls__env_free(job->env, m);
    return rc;
}
