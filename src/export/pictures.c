/* SPDX-License-Identifier: MIT-0 */
#include "export/pictures.h"
#include "base/env.h"
#include "codec/annexb.h"
#include "codec/codec.h"
#include <libavcodec/bsf.h>
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

/* flags: of the AVFormatContext. @return NULL: not such a segment, or out of memory. */
static AVFormatContext *open_input(memory *m, s3hls_container container, int flags) {
    const char *format = container == S3HLS_CONTAINER_FMP4 ? "mov" : "mpegts";
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
    if (avformat_open_input(&in, NULL, av_find_input_format(format), NULL) < 0) {
        av_freep(&io->buffer); /* the context was freed, but its source was not */
        avio_context_free(&io);
        return NULL;
    }
    return in;
}

/* ---- headers */

void s3hls__picture_parser_close(s3hls__picture_parser *p) {
    if (p->parser)
        av_parser_close(p->parser);
    p->parser = NULL;
    avcodec_free_context(&p->codec);
}

static int open_parser(s3hls__picture_parser *p, enum AVCodecID codec) {
    if (p->parser && p->codec->codec_id == codec)
        return S3HLS_OK;
    s3hls__picture_parser_close(p);
    p->parser = av_parser_init(codec);
    p->codec = avcodec_alloc_context3(NULL);
    if (!p->parser || !p->codec) {
        s3hls__picture_parser_close(p);
        return S3HLS_E_NOMEM;
    }
    p->parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
    p->codec->codec_id = codec;
    return S3HLS_OK;
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

/* ---- one segment */

static bool is_video(enum AVCodecID codec) {
    return codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC;
}

typedef struct reading {
    s3hls__pictures *pictures;
    s3hls__picture_parser *parser;
    const s3hls_env *env;
    size_t first; /* picture of the segment */
    bool split;
    int video, audio;     /* streams; -1: not found yet */
    AVBSFContext *filter; /* to Annex B; NULL: not needed */
} reading;

/* The pictures of an MP4 as those of a transport stream: with start codes and parameter sets. */
static int open_filter(reading *r, const AVStream *stream) {
    bool h265 = stream->codecpar->codec_id == AV_CODEC_ID_HEVC;
    if (stream->codecpar->extradata_size < 7)
        return S3HLS_OK; /* it is a transport stream */
    const AVBitStreamFilter *kind =
        av_bsf_get_by_name(h265 ? "hevc_mp4toannexb" : "h264_mp4toannexb");
    if (!kind || av_bsf_alloc(kind, &r->filter) < 0)
        return S3HLS_E_NOMEM;
    r->filter->time_base_in = stream->time_base;
    if (avcodec_parameters_copy(r->filter->par_in, stream->codecpar) < 0)
        return S3HLS_E_NOMEM;
    return av_bsf_init(r->filter) < 0 ? S3HLS_E_MALFORMED : S3HLS_OK;
}

static int begin_video(reading *r, const AVStream *stream) {
    r->video = stream->index;
    int rc = open_parser(r->parser, stream->codecpar->codec_id);
    return rc ? rc : open_filter(r, stream);
}

static int add_video(reading *r, AVPacket *packet) {
    if (!r->filter)
        return add_packet(r->pictures, r->parser, r->first, packet, r->split, r->env);
    if (av_bsf_send_packet(r->filter, packet) < 0)
        return S3HLS_OK; /* the picture is damaged */
    int rc = S3HLS_OK;
    while (!rc && av_bsf_receive_packet(r->filter, packet) >= 0) {
        rc = add_packet(r->pictures, r->parser, r->first, packet, r->split, r->env);
        av_packet_unref(packet);
    }
    return rc;
}

static int add_any(reading *r, const AVStream *stream, AVPacket *packet) {
    int rc = S3HLS_OK;
    if (r->video < 0 && is_video(stream->codecpar->codec_id))
        rc = begin_video(r, stream);
    if (r->audio < 0 && stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO)
        r->audio = stream->index;
    if (!rc && packet->stream_index == r->video)
        return add_video(r, packet);
    if (!rc && packet->stream_index == r->audio)
        return s3hls__sound_add(&r->pictures->sound, stream, packet, r->env);
    return rc;
}

int s3hls__pictures_read(s3hls__pictures *pictures, s3hls__picture_parser *p,
                         const s3hls__segment_bytes *segment, const s3hls_env *env) {
    memory m = {segment->data, segment->size, 0};
    reading r = {.pictures = pictures,
                 .parser = p,
                 .env = env,
                 .first = pictures->count,
                 .split = segment->split,
                 .video = -1,
                 .audio = -1};
    bool whole_units = !segment->split && segment->container == S3HLS_CONTAINER_TS;
    AVFormatContext *in = open_input(&m, segment->container,
                                     whole_units ? AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN : 0);
    AVPacket *packet = av_packet_alloc();
    int rc = packet ? S3HLS_OK : S3HLS_E_NOMEM;
    while (in && !rc && av_read_frame(in, packet) >= 0) {
        rc = add_any(&r, in->streams[packet->stream_index], packet);
        av_packet_unref(packet);
    }
    if (!rc)
        rc = complete(pictures, p, r.first);
    s3hls__sound_complete(&pictures->sound);
    av_bsf_free(&r.filter);
    av_packet_free(&packet);
    close_input(&in);
    return rc ? rc : pictures->count > r.first ? S3HLS_OK : S3HLS_E_MALFORMED;
}

void s3hls__pictures_clear(s3hls__pictures *pictures, const s3hls_env *env) {
    for (size_t i = 0; i < pictures->count; i++)
        av_packet_free(&pictures->list[i].packet);
    s3hls__env_free(env, pictures->list);
    pictures->list = NULL;
    pictures->count = pictures->capacity = 0;
    s3hls__sound_clear(&pictures->sound, env);
}

/* ---- decoder parameters */

/* Let libavformat probe a whole segment: more work than required, but finds all it can. */
static int probe(const s3hls__segment_bytes *segment, AVCodecParameters *parameters) {
    memory m = {segment->data, segment->size, 0};
    AVFormatContext *in = open_input(&m, segment->container, 0);
    int video = in && avformat_find_stream_info(in, NULL) >= 0
                    ? av_find_best_stream(in, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0)
                    : -1;
    int rc = video < 0 ? 0 : avcodec_parameters_copy(parameters, in->streams[video]->codecpar);
    close_input(&in);
    return rc < 0 ? S3HLS_E_NOMEM : S3HLS_OK;
}

/* Copy the parameter sets of a keyframe. @return their size. */
static size_t copy_sets(enum AVCodecID id, const AVPacket *packet, uint8_t *to) {
    const s3hls__codec *codec =
        s3hls__codec_find(id == AV_CODEC_ID_HEVC ? S3HLS__CODEC_H265 : S3HLS__CODEC_H264);
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

/* Instead of what the container has, which may be another form of them. */
static int set_sets(AVCodecParameters *parameters, enum AVCodecID codec, const AVPacket *packet) {
    av_freep(&parameters->extradata);
    parameters->extradata_size = 0;
    parameters->extradata = av_mallocz((size_t)packet->size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!parameters->extradata)
        return S3HLS_E_NOMEM;
    parameters->extradata_size = (int)copy_sets(codec, packet, parameters->extradata);
    return S3HLS_OK;
}

AVCodecParameters *s3hls__pictures_parameters(const s3hls__picture_parser *p,
                                              const s3hls__picture *keyframe,
                                              const s3hls__segment_bytes *segment) {
    AVCodecParameters *parameters = avcodec_parameters_alloc();
    int rc = parameters ? probe(segment, parameters) : S3HLS_E_NOMEM;
    bool mp4 = segment->container == S3HLS_CONTAINER_FMP4;
    if (!rc && (parameters->extradata_size == 0 || mp4))
        rc = set_sets(parameters, p->codec->codec_id, keyframe->packet);
    if (rc || parameters->extradata_size == 0) {
        avcodec_parameters_free(&parameters);
        return NULL;
    }
    parameters->codec_type = AVMEDIA_TYPE_VIDEO;
    parameters->codec_id = p->codec->codec_id;
    if (parameters->width <= 0 || parameters->height <= 0) {
        parameters->width = p->parser->width;
        parameters->height = p->parser->height;
    }
    return parameters;
}
