/* SPDX-License-Identifier: MIT-0 */
#include "export/pictures.h"
#include "base/env.h"
#include "codec/annexb.h"
#include "codec/codec.h"
#include <libavformat/avformat.h>
#include <string.h>

enum { IO_BYTES = 32 * 1024 };

/* ---- bytes in memory as an input */

typedef struct memory {
    const uint8_t *data;
    size_t size, at;
} memory;

static int read_memory(void *ctx, uint8_t *to, int max) {
    memory *m = ctx;
    size_t left = m->size - m->at, n = left < (size_t)max ? left : (size_t)max;
    if (n == 0)
        return AVERROR_EOF;
    memcpy(to, m->data + m->at, n);
    m->at += n;
    return (int)n;
}

static int64_t seek_memory(void *ctx, int64_t offset, int whence) {
    memory *m = ctx;
    if (whence & AVSEEK_SIZE)
        return (int64_t)m->size;
    if ((whence & ~AVSEEK_FORCE) != SEEK_SET || offset < 0 || (uint64_t)offset > m->size)
        return AVERROR(EINVAL);
    m->at = (size_t)offset;
    return offset;
}

static void close_input(AVFormatContext **in) {
    AVIOContext *io = *in ? (*in)->pb : NULL;
    avformat_close_input(in);
    if (io)
        av_freep(&io->buffer);
    avio_context_free(&io);
}

/* flags: of the AVFormatContext. @return NULL: not a transport stream, or out of memory. */
static AVFormatContext *open_input(memory *m, int flags) {
    AVFormatContext *in = avformat_alloc_context();
    uint8_t *buffer = av_malloc(IO_BYTES);
    AVIOContext *io =
        buffer ? avio_alloc_context(buffer, IO_BYTES, 0, m, read_memory, NULL, seek_memory) : NULL;
    if (!in || !io) {
        av_free(io ? NULL : buffer);
        avformat_free_context(in);
        return NULL;
    }
    in->pb = io;
    in->flags |= AVFMT_FLAG_CUSTOM_IO | flags;
    if (avformat_open_input(&in, NULL, av_find_input_format("mpegts"), NULL) < 0) {
        av_freep(&io->buffer); /* the context was freed, but its source was not */
        avio_context_free(&io);
        return NULL;
    }
    return in;
}

/* ---- headers */

int s3hls__picture_parser_open(s3hls__picture_parser *p) {
    p->parser = av_parser_init(AV_CODEC_ID_H264);
    p->codec = avcodec_alloc_context3(NULL);
    if (!p->parser || !p->codec) {
        s3hls__picture_parser_close(p);
        return S3HLS_E_NOMEM;
    }
    p->parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
    p->codec->codec_id = AV_CODEC_ID_H264;
    return S3HLS_OK;
}

void s3hls__picture_parser_close(s3hls__picture_parser *p) {
    if (p->parser)
        av_parser_close(p->parser);
    p->parser = NULL;
    avcodec_free_context(&p->codec);
}

static void read_headers(s3hls__picture_parser *p, s3hls__picture *picture) {
    AVPacket *packet = picture->packet;
    uint8_t *out;
    int size;
    p->parser->key_frame = 0;
    p->parser->picture_structure = AV_PICTURE_STRUCTURE_UNKNOWN;
    av_parser_parse2(p->parser, p->codec, &out, &size, packet->data, packet->size, packet->pts,
                     packet->dts, -1);
    picture->key = p->parser->key_frame == 1;
    picture->structure = p->parser->picture_structure;
    packet->flags = picture->key ? AV_PKT_FLAG_KEY : 0;
}

static bool is_field(int structure) {
    return structure == AV_PICTURE_STRUCTURE_TOP_FIELD ||
           structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD;
}

/* ---- packets to pictures */

static s3hls__picture *last_of(s3hls__pictures *pictures) {
    return pictures->count ? &pictures->list[pictures->count - 1] : NULL;
}

static int append_bytes(AVPacket *to, const AVPacket *from) {
    int at = to->size;
    if (av_grow_packet(to, from->size) < 0)
        return S3HLS_E_NOMEM;
    memcpy(to->data + at, from->data, (size_t)from->size);
    return S3HLS_OK;
}

static int append(s3hls__pictures *pictures, AVPacket *packet, const s3hls_env *env) {
    if (pictures->count == pictures->capacity) {
        size_t capacity = pictures->capacity ? 2 * pictures->capacity : 128;
        s3hls__picture *grown = s3hls__env_realloc(env, pictures->list, capacity * sizeof *grown);
        if (!grown)
            return S3HLS_E_NOMEM;
        pictures->list = grown;
        pictures->capacity = capacity;
    }
    AVPacket *kept = av_packet_clone(packet);
    if (!kept)
        return S3HLS_E_NOMEM;
    if (kept->dts == AV_NOPTS_VALUE)
        kept->dts = kept->pts;
    pictures->list[pictures->count++] = (s3hls__picture){.packet = kept};
    return S3HLS_OK;
}

/* If the newest picture is the second field of the previous one, merge them. */
static int join_fields(s3hls__pictures *pictures, size_t first) {
    if (pictures->count < first + 2)
        return S3HLS_OK;
    s3hls__picture *b = last_of(pictures), *a = b - 1;
    if (!is_field(a->structure) || !is_field(b->structure) || a->structure == b->structure ||
        (b->key && !a->key))
        return S3HLS_OK;
    int rc = append_bytes(a->packet, b->packet);
    a->structure = AV_PICTURE_STRUCTURE_FRAME;
    av_packet_free(&b->packet);
    pictures->count--;
    return rc;
}

/* The newest picture is complete. */
static int complete(s3hls__pictures *pictures, s3hls__picture_parser *p, size_t first) {
    if (pictures->count == first)
        return S3HLS_OK;
    read_headers(p, last_of(pictures));
    return join_fields(pictures, first);
}

/* A large picture is split into several packets, of which only the first has a time. Several
 * pictures of one PES packet, when split, share its time. */
static int add_packet(s3hls__pictures *pictures, s3hls__picture_parser *p, size_t first,
                      AVPacket *packet, bool split, const s3hls_env *env) {
    enum { USUAL_90K = 3600 };
    if (packet->pts == AV_NOPTS_VALUE && packet->dts == AV_NOPTS_VALUE) {
        if (pictures->count == first)
            return S3HLS_OK;
        if (!split)
            return append_bytes(last_of(pictures)->packet, packet);
        packet->dts =
            last_of(pictures)->packet->dts + (packet->duration > 0 ? packet->duration : USUAL_90K);
    }
    if (packet->pts == AV_NOPTS_VALUE)
        packet->pts = packet->dts;
    int rc = complete(pictures, p, first);
    return rc ? rc : append(pictures, packet, env);
}

int s3hls__pictures_read(s3hls__pictures *pictures, s3hls__picture_parser *p, const uint8_t *data,
                         size_t size, bool split, const s3hls_env *env) {
    memory m = {data, size, 0};
    size_t first = pictures->count;
    AVFormatContext *in = open_input(&m, split ? 0 : AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN);
    AVPacket *packet = av_packet_alloc();
    int rc = packet ? S3HLS_OK : S3HLS_E_NOMEM;
    int video = -1;
    while (in && !rc && av_read_frame(in, packet) >= 0) {
        if (video < 0 && in->streams[packet->stream_index]->codecpar->codec_id == AV_CODEC_ID_H264)
            video = packet->stream_index;
        if (packet->stream_index == video)
            rc = add_packet(pictures, p, first, packet, split, env);
        av_packet_unref(packet);
    }
    if (!rc)
        rc = complete(pictures, p, first);
    av_packet_free(&packet);
    close_input(&in);
    return rc ? rc : pictures->count > first ? S3HLS_OK : S3HLS_E_MALFORMED;
}

void s3hls__pictures_clear(s3hls__pictures *pictures, const s3hls_env *env) {
    for (size_t i = 0; i < pictures->count; i++)
        av_packet_free(&pictures->list[i].packet);
    s3hls__env_free(env, pictures->list);
    memset(pictures, 0, sizeof *pictures);
}

/* ---- decoder parameters */

/* Let libavformat probe a whole segment: more work than required, but finds all it can. */
static int probe(const uint8_t *data, size_t size, AVCodecParameters *parameters) {
    memory m = {data, size, 0};
    AVFormatContext *in = open_input(&m, 0);
    int video = in && avformat_find_stream_info(in, NULL) >= 0
                    ? av_find_best_stream(in, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0)
                    : -1;
    int rc = video < 0 ? 0 : avcodec_parameters_copy(parameters, in->streams[video]->codecpar);
    close_input(&in);
    return rc < 0 ? S3HLS_E_NOMEM : S3HLS_OK;
}

/* Copy the parameter sets of a keyframe. @return their size. */
static size_t copy_sets(const AVPacket *packet, uint8_t *to) {
    const s3hls__codec *codec = s3hls__codec_find(S3HLS__CODEC_H264);
    const uint8_t *end = packet->data + packet->size, *nal, *next;
    size_t size = 0;
    for (nal = s3hls__nal_start_code(packet->data, end); nal < end; nal = next) {
        next = s3hls__nal_start_code(nal + 3, end);
        if (nal + 3 >= next ||
            !s3hls__nal_is_set(codec->nal_kind(nal + 3, (size_t)(next - nal - 3))))
            continue;
        memcpy(to + size, nal, (size_t)(next - nal));
        size += (size_t)(next - nal);
    }
    return size;
}

static int add_sets(AVCodecParameters *parameters, const AVPacket *packet) {
    parameters->extradata = av_mallocz((size_t)packet->size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!parameters->extradata)
        return S3HLS_E_NOMEM;
    parameters->extradata_size = (int)copy_sets(packet, parameters->extradata);
    return S3HLS_OK;
}

AVCodecParameters *s3hls__pictures_parameters(const s3hls__picture_parser *p,
                                              const s3hls__picture *keyframe, const uint8_t *data,
                                              size_t size) {
    AVCodecParameters *parameters = avcodec_parameters_alloc();
    int rc = parameters ? probe(data, size, parameters) : S3HLS_E_NOMEM;
    if (!rc && parameters->extradata_size == 0)
        rc = add_sets(parameters, keyframe->packet);
    if (rc || parameters->extradata_size == 0) {
        avcodec_parameters_free(&parameters);
        return NULL;
    }
    parameters->codec_type = AVMEDIA_TYPE_VIDEO;
    parameters->codec_id = AV_CODEC_ID_H264;
    if (parameters->width <= 0 || parameters->height <= 0) {
        parameters->width = p->parser->width;
        parameters->height = p->parser->height;
    }
    return parameters;
}
