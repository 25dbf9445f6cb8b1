/* SPDX-License-Identifier: MIT-0 */
#include "input/demux.h"
#include "input/arrival.h"
#include "input/audio.h"
#include "input/edit_list.h"
#include "input/nal.h"
#include "input/network.h"
#include "input/timestamps.h"
#include "s3hls/status.h"
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/display.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUFFER_BYTES = 64 * 1024, SECOND_US = 1000000, EARLY_MAX = 64 };

struct s3hls__input_demux {
    const s3hls_source_config *options;
    s3hls__input_network *network; /* for a URL */
    AVFormatContext *format;
    AVIOContext *io; /* reads from the source's read function */
    int stream;      /* of the video; -1: not found yet */
    AVPacket *first; /* of the video, read to find it; NULL: already delivered */
    AVBSFContext *annex_b;
    bool sets_given, h265;
    s3hls__input_audio *audio;  /* NULL: none */
    char audio_why[256];        /* why not */
    AVPacket *early[EARLY_MAX]; /* before the first of the video */
    unsigned early_count;
    int64_t duration_us;
    bool live; /* pictures have an age */

    bool guesses_dts;             /* times of decoding are libavformat's own */
    bool orders;                  /* a time was missing: order counts are needed from there on */
    AVCodecParserContext *parser; /* for picture order counts */
    AVCodecContext *parsing;
    s3hls__input_edit_list hidden;
    s3hls__input_timestamps pictures;
    s3hls__input_arrival arrival;
    bool ended;
    int end; /* status at the end */
    char end_why[256];

    AVPacket *packet; /* delivered to the caller */
    uint64_t damaged;
};

/* Largest composition offset that a recorder accepts. */
static const int64_t MAX_COMPOSITION_US = 10000000;
/* Limits of the search for video; the bytes are libavformat's probesize. */
static const int64_t SEARCH_BYTES = 5000000, SEARCH_US = 10000000;

static int64_t monotonic_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- opening */

/* AVIOInterruptCB: libavformat calls it while it waits for the network. */
static int is_stopped(void *opaque) {
    const s3hls_source_config *options = ((s3hls__input_demux *)opaque)->options;
    return options->stopped(options->ctx);
}

static int open_io(s3hls__input_demux *c, const s3hls__input_demux_config *source) {
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    c->io = buffer
                ? avio_alloc_context(buffer, BUFFER_BYTES, 0, source->ctx, source->read, NULL, NULL)
                : NULL;
    if (!c->io)
        av_free(buffer);
    c->format->pb = c->io;
    /* as for a file: URLs in a playlist are not opened, since they would not be verified */
    c->format->protocol_whitelist = av_strdup("file,crypto,data");
    return c->io && c->format->protocol_whitelist ? S3HLS_OK : S3HLS_E_NOMEM;
}

static int not_video(char why[256]) {
    snprintf(why, 256, "neither a raw stream of H.264 or H.265 nor a video file");
    return S3HLS_E_NOT_H264;
}

/* A file name is never taken as a URL, whatever it looks like. */
static int open_file(AVFormatContext **format, const char *name, char why[256]) {
    char *url = av_asprintf("file:%s", name);
    int rc = url ? avformat_open_input(format, url, NULL, NULL) : AVERROR(ENOMEM);
    av_free(url);
    return rc < 0 ? s3hls__input_network_status(rc, why) : S3HLS_OK;
}

static int open_format(s3hls__input_demux *c, const s3hls__input_demux_config *source,
                       char why[256]) {
    c->format = avformat_alloc_context();
    if (!c->format || (source->read && open_io(c, source)))
        return S3HLS_E_NOMEM;
    c->format->interrupt_callback = (AVIOInterruptCB){is_stopped, c};
    int rc = source->is_url ? s3hls__input_network_open(&c->network, &c->format, source->name,
                                                        source->options, why)
                            : open_file(&c->format, source->name, why);
    return rc == S3HLS_E_MALFORMED ? not_video(why) : rc;
}

/* @return 1: found; 0: not yet; negative: a status. */
static int choose_stream(s3hls__input_demux *c, char why[256]) {
    c->stream = av_find_best_stream(c->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (c->stream < 0)
        return 0;
    enum AVCodecID codec = c->format->streams[c->stream]->codecpar->codec_id;
    if (codec == AV_CODEC_ID_NONE)
        return 0;
    c->h265 = codec == AV_CODEC_ID_HEVC;
    if (codec == AV_CODEC_ID_H264 || c->h265)
        return 1;
    snprintf(why, 256,
             "its video is %s; s3hls records H.264 and H.265: set the camera to one of them, or "
             "transcode first",
             avcodec_get_name(codec));
    return S3HLS_E_NOT_H264;
}

/* Keep a packet that may turn out to be audio. */
static void keep_early(s3hls__input_demux *c) {
    AVPacket *p = c->early_count < EARLY_MAX ? av_packet_alloc() : NULL;
    if (p) {
        av_packet_move_ref(p, c->first);
        c->early[c->early_count++] = p;
    }
    av_packet_unref(c->first);
}

/* Read until the first video packet: in some containers, streams and parameter sets only appear
 * with the packets. libavformat's own search (avformat_find_stream_info) would delay the first
 * seconds of a camera. */
static int find_video(s3hls__input_demux *c, char why[256]) {
    int64_t end_us = monotonic_us() + SEARCH_US;
    for (int rc = 0;;) {
        rc = choose_stream(c, why);
        if (rc < 0)
            return rc;
        bool found = rc > 0, listed = !(c->format->ctx_flags & AVFMTCTX_NOHEADER);
        bool searched =
            monotonic_us() > end_us || (c->format->pb && avio_tell(c->format->pb) > SEARCH_BYTES);
        if (!found && (searched || (listed && c->stream < 0)))
            break;
        rc = av_read_frame(c->format, c->first);
        if (rc == AVERROR(EAGAIN))
            continue;
        if (rc == AVERROR_EOF || rc == AVERROR_EXIT)
            break;
        if (rc < 0)
            return rc == AVERROR_INVALIDDATA ? not_video(why)
                                             : s3hls__input_network_status(rc, why);
        rc = found ? 1 : choose_stream(c, why); /* the stream may have appeared with this packet */
        if (rc != 0 && (rc < 0 || c->first->stream_index == c->stream))
            return rc < 0 ? rc : S3HLS_OK;
        keep_early(c);
    }
    if (choose_stream(c, why) > 0)
        return S3HLS_OK; /* no pictures: reported by the reader */
    snprintf(why, 256, "no video in it");
    return S3HLS_E_NOT_H264;
}

static int open_annex_b(s3hls__input_demux *c, char why[256]) {
    const AVStream *stream = c->format->streams[c->stream];
    const AVBitStreamFilter *filter =
        av_bsf_get_by_name(c->h265 ? "hevc_mp4toannexb" : "h264_mp4toannexb");
    int rc = filter ? av_bsf_alloc(filter, &c->annex_b) : AVERROR_BSF_NOT_FOUND;
    if (rc >= 0)
        rc = avcodec_parameters_copy(c->annex_b->par_in, stream->codecpar);
    if (rc >= 0) {
        c->annex_b->time_base_in = stream->time_base;
        rc = av_bsf_init(c->annex_b);
    }
    return rc < 0 ? s3hls__input_network_status(rc, why) : S3HLS_OK;
}

/* For a file without an index, libavformat reads its end. */
static int64_t survey_duration_us(const char *name) {
    AVFormatContext *other = NULL;
    char why[256];
    int64_t duration_us = 0;
    if (open_file(&other, name, why) == S3HLS_OK && other &&
        avformat_find_stream_info(other, NULL) >= 0)
        duration_us = other->duration;
    avformat_close_input(&other);
    return duration_us;
}

static void find_duration(s3hls__input_demux *c, const s3hls__input_demux_config *source) {
    const AVIOContext *pb = c->format->pb;
    bool whole = !source->read && pb && (pb->seekable & AVIO_SEEKABLE_NORMAL) &&
                 avio_size(c->format->pb) > 0;
    int64_t duration_us = c->format->duration;
    if (duration_us <= 0 && whole && !source->is_url)
        duration_us = survey_duration_us(source->name);
    else if (duration_us <= 0 && whole && avformat_find_stream_info(c->format, NULL) >= 0)
        duration_us = c->format->duration;
    c->duration_us = duration_us > 0 ? duration_us : 0;
    c->live = source->read || (source->is_url && c->duration_us == 0);
}

static void drop_packet(void *packet) {
    AVPacket *p = packet;
    av_packet_free(&p);
}

/* Reordering depth that the parameter sets state. The decoder applies it from the first picture,
 * although reordering may begin much later. 0: not stated. */
static unsigned stated_depth(const s3hls__input_demux *c) {
    const AVCodecParameters *par = c->format->streams[c->stream]->codecpar;
    const AVCodec *decoder = avcodec_find_decoder(par->codec_id);
    AVCodecContext *decoding = decoder ? avcodec_alloc_context3(decoder) : NULL;
    int depth = par->video_delay;
    if (decoding && c->first->size && avcodec_parameters_to_context(decoding, par) >= 0) {
        decoding->thread_count = 1;
        if (avcodec_open2(decoding, decoder, NULL) >= 0 &&
            avcodec_send_packet(decoding, c->first) >= 0 && decoding->has_b_frames > depth)
            depth = decoding->has_b_frames;
    }
    avcodec_free_context(&decoding);
    return depth > 0 ? (unsigned)depth : 0;
}

/* Audio that cannot be recorded is left out, unless it is required as it is. */
static int open_audio(s3hls__input_demux *c, char why[256]) {
    int rc = s3hls__input_audio_open(&c->audio, c->format, c->options, c->audio_why);
    for (unsigned i = 0; i < c->early_count; i++)
        if (c->audio && c->early[i]->stream_index == s3hls__input_audio_stream(c->audio))
            s3hls__input_audio_push(c->audio, c->early[i]);
        else
            av_packet_free(&c->early[i]);
    c->early_count = 0;
    if (rc == S3HLS_OK || c->options->audio != S3HLS_SOURCE_AUDIO_COPY)
        return rc == S3HLS_E_NOMEM ? rc : S3HLS_OK;
    snprintf(why, 256, "%s", c->audio_why);
    return rc;
}

/* Matroska and RTP only have times of presentation. libavformat derives the others, for H.265
 * before it knows the depth of reordering. */
static bool states_dts(const char *format) {
    static const char *const without[] = {"matroska", "rtsp", "rtp", "sdp"};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (strncmp(format, without[i], strlen(without[i])) == 0)
            return false;
    return true;
}

static int open_all(s3hls__input_demux *c, const s3hls__input_demux_config *source, char why[256]) {
    int rc = open_format(c, source, why);
    if (rc)
        return rc;
    c->first = av_packet_alloc();
    c->packet = av_packet_alloc();
    c->parsing = avcodec_alloc_context3(NULL);
    if (!c->first || !c->packet || !c->parsing)
        return S3HLS_E_NOMEM;
    rc = find_video(c, why);
    if (!rc)
        rc = open_annex_b(c, why);
    if (rc)
        return rc;
    c->parser = av_parser_init(c->h265 ? AV_CODEC_ID_HEVC : AV_CODEC_ID_H264);
    if (!c->parser)
        return S3HLS_E_NOMEM;
    c->parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
    rc = open_audio(c, why);
    if (rc)
        return rc;
    c->guesses_dts = c->h265 && !states_dts(c->format->iformat->name);
    find_duration(c, source);
    c->orders = !c->live;
    s3hls__input_edit_list_init(&c->hidden, drop_packet);
    s3hls__input_timestamps_init(&c->pictures, SECOND_US, stated_depth(c), c->live);
    if (!c->live)
        s3hls__input_arrival_settle(&c->arrival, false);
    return S3HLS_OK;
}

int s3hls__input_demux_open(s3hls__input_demux **out, const s3hls__input_demux_config *source,
                            char why[256]) {
    s3hls__input_demux *c = *out = calloc(1, sizeof *c);
    if (!c)
        return S3HLS_E_NOMEM;
    c->options = source->options;
    c->stream = -1;
    int rc = open_all(c, source, why);
    if (rc)
        s3hls__input_demux_close(out);
    return rc;
}

void s3hls__input_demux_close(s3hls__input_demux **slot) {
    s3hls__input_demux *c = *slot;
    if (!c)
        return;
    s3hls__input_timestamps_end(&c->pictures);
    for (s3hls__input_picture x; s3hls__input_timestamps_pop(&c->pictures, &x);)
        drop_packet(x.packet);
    s3hls__input_timestamps_deinit(&c->pictures);
    s3hls__input_edit_list_deinit(&c->hidden);
    s3hls__input_audio_close(&c->audio);
    while (c->early_count)
        av_packet_free(&c->early[--c->early_count]);
    av_packet_free(&c->first);
    av_packet_free(&c->packet);
    av_parser_close(c->parser);
    avcodec_free_context(&c->parsing);
    av_bsf_free(&c->annex_b);
    avformat_close_input(&c->format);
    s3hls__input_network_close(&c->network);
    if (c->io) {
        av_freep(&c->io->buffer);
        avio_context_free(&c->io);
    }
    free(c);
    *slot = NULL;
}

int64_t s3hls__input_demux_duration_us(const s3hls__input_demux *c) {
    return c->duration_us;
}

const char *s3hls__input_demux_format(const s3hls__input_demux *c) {
    return c->format->iformat->name;
}

/* ---- times */

/* Microseconds, rounded up, since the recorder rounds down to 90 kHz: a 90 kHz time is
 * preserved. */
static int64_t time_us(const s3hls__input_demux *c, int64_t time) {
    return time == AV_NOPTS_VALUE ? S3HLS__INPUT_TIMES_NO_TIME
                                  : av_rescale_q_rnd(time, c->annex_b->time_base_out,
                                                     (AVRational){1, SECOND_US}, AV_ROUND_UP);
}

/* libavformat splits packets that the container does not split: it detects the end of a picture
 * when the next one begins. */
static bool ends_with_next(const s3hls__input_demux *c) {
    const AVCodecParserContext *parser = av_stream_get_parser(c->format->streams[c->stream]);
    return parser && !(parser->flags & PARSER_FLAG_COMPLETE_FRAMES);
}

static uint64_t age_us(s3hls__input_demux *c, const s3hls__input_picture *x) {
    if (!c->live)
        return 0;
    int64_t age = monotonic_us() - x->arrived_us +
                  s3hls__input_arrival_late_us(&c->arrival, x->arrived_us, x->pts);
    if (ends_with_next(c))
        age += s3hls__input_arrival_picture_us(&c->arrival);
    return age > 0 ? (uint64_t)age : 0;
}

static void set_frame(s3hls__input_demux *c, const s3hls__input_picture *x, s3hls_frame *frame) {
    frame->data = c->packet->data;
    frame->size = (size_t)c->packet->size;
    frame->pts_us = x->pts;
    frame->composition_offset_us = x->pts - x->dts;
    if (frame->composition_offset_us > MAX_COMPOSITION_US) { /* a wrong PTS, or a long gap */
        frame->composition_offset_us = MAX_COMPOSITION_US;
        frame->pts_us = x->dts + MAX_COMPOSITION_US;
    }
    frame->age_us = age_us(c, x);
}

/* ---- reading */

static int32_t order_of(s3hls__input_demux *c, const AVPacket *p) {
    uint8_t *out;
    int size;
    av_parser_parse2(c->parser, c->parsing, &out, &size, p->data, p->size, p->pts, p->dts, p->pos);
    return c->parser->output_picture_number;
}

/* Deliver the hidden pictures that are known to be required. */
static int pass_hidden(s3hls__input_demux *c) {
    for (s3hls__input_picture x; s3hls__input_edit_list_pop(&c->hidden, &x);)
        if (!s3hls__input_timestamps_push(&c->pictures, &x)) {
            drop_packet(x.packet);
            return AVERROR(ENOMEM);
        }
    return 0;
}

/* Put the parameter sets of a camera's session description before its first picture: it may never
 * send them. The filter inserts those of a container's header. */
static int give_sets(s3hls__input_demux *c, AVPacket *p) {
    const AVCodecParameters *par = c->format->streams[c->stream]->codecpar;
    const uint8_t *sets = par->extradata;
    size_t size = (size_t)p->size, more = par->extradata_size > 4 ? (size_t)par->extradata_size : 0;
    c->sets_given = true;
    if (!more || sets[0] || sets[1] || s3hls__input_nal_has_sps(p->data, size, c->h265))
        return 0;
    if (av_grow_packet(p, (int)more) < 0)
        return AVERROR(ENOMEM);
    memmove(p->data + more, p->data, size);
    memcpy(p->data, sets, more);
    return 0;
}

/* Take over a video packet from the filter. */
static int take_picture(s3hls__input_demux *c, AVPacket *p) {
    if (!c->sets_given && give_sets(c, p) < 0) {
        drop_packet(p);
        return AVERROR(ENOMEM);
    }
    s3hls__input_slice slice = s3hls__input_nal_slice(p->data, (size_t)p->size, c->h265);
    s3hls__input_picture x = {.packet = p,
                              .pts = time_us(c, p->pts),
                              .dts = time_us(c, p->dts),
                              .duration = p->duration > 0 ? time_us(c, p->duration) : 0,
                              .arrived_us = monotonic_us(),
                              .idr = slice.idr,
                              .key = p->flags & AV_PKT_FLAG_KEY,
                              .hidden = p->flags & AV_PKT_FLAG_DISCARD,
                              .disposable = slice.disposable};
    if (c->guesses_dts && x.pts != S3HLS__INPUT_TIMES_NO_TIME)
        x.dts = S3HLS__INPUT_TIMES_NO_TIME;
    int64_t time = x.pts != S3HLS__INPUT_TIMES_NO_TIME ? x.pts : x.dts;
    c->orders |= x.pts == S3HLS__INPUT_TIMES_NO_TIME || x.dts == S3HLS__INPUT_TIMES_NO_TIME;
    if (c->orders)
        x.order = order_of(c, p);
    c->damaged += (p->flags & AV_PKT_FLAG_CORRUPT) != 0;
    if (c->live && time != S3HLS__INPUT_TIMES_NO_TIME)
        s3hls__input_arrival_note(&c->arrival, x.arrived_us, time);
    if (s3hls__input_edit_list_push(&c->hidden, &x))
        return pass_hidden(c);
    drop_packet(p);
    return AVERROR(ENOMEM);
}

static int next_packet(s3hls__input_demux *c, AVPacket *p) {
    if (c->first && c->first->size) {
        av_packet_move_ref(p, c->first);
        return 0;
    }
    if (is_stopped(c))
        return AVERROR_EOF;
    return av_read_frame(c->format, p);
}

/* Read one packet, and take the pictures that it completes. @return 0; negative: libavformat's
 * error, AVERROR_EOF at the end. */
static int fetch(s3hls__input_demux *c) {
    AVPacket *p = av_packet_alloc();
    int rc = p ? next_packet(c, p) : AVERROR(ENOMEM);
    bool end = rc == AVERROR_EOF || rc == AVERROR_EXIT,
         ours = rc >= 0 && p->stream_index == c->stream;
    if (c->audio && (end || (rc >= 0 && p->stream_index == s3hls__input_audio_stream(c->audio)))) {
        s3hls__input_audio_push(c->audio, end ? NULL : p);
        if (!end)
            return 0;
    }
    if (end || ours)
        rc = av_bsf_send_packet(c->annex_b, end ? NULL : p);
    while (rc >= 0 && (end || ours)) {
        if (!p && !(p = av_packet_alloc()))
            rc = AVERROR(ENOMEM);
        if (rc >= 0)
            rc = av_bsf_receive_packet(c->annex_b, p);
        if (rc == AVERROR_INVALIDDATA) { /* this picture only; others follow */
            c->damaged++;
            rc = AVERROR(EAGAIN);
        }
        if (rc >= 0 && p->size > 0) {
            rc = take_picture(c, p);
            p = NULL;
        }
    }
    av_packet_free(&p);
    return rc == AVERROR(EAGAIN) ? 0 : rc;
}

static void end_reading(s3hls__input_demux *c, int rc) {
    const AVIOContext *pb = c->format->pb;
    c->ended = true;
    if (rc == AVERROR_EOF && pb && pb->error < 0 && pb->error != AVERROR_EXIT && !is_stopped(c))
        rc = pb->error; /* some demuxers report it as the end */
    if (rc != AVERROR_EOF)
        c->end = s3hls__input_network_status(rc, c->end_why);
    s3hls__input_edit_list_end(&c->hidden);
    pass_hidden(c);
    s3hls__input_timestamps_end(&c->pictures);
    s3hls__input_arrival_settle(&c->arrival, false);
}

int s3hls__input_demux_read(s3hls__input_demux *c, s3hls_frame *frame, char why[256]) {
    s3hls__input_picture x;
    av_packet_unref(c->packet);
    for (;;) {
        if (c->arrival.settled && s3hls__input_timestamps_pop(&c->pictures, &x)) {
            av_packet_move_ref(c->packet, x.packet);
            drop_packet(x.packet);
            set_frame(c, &x, frame);
            return 1;
        }
        if (c->ended) {
            snprintf(why, 256, "%s", c->end_why);
            return c->end;
        }
        int rc = fetch(c);
        if (rc < 0)
            end_reading(c, rc);
    }
}

bool s3hls__input_demux_take_audio(s3hls__input_demux *c, s3hls_audio *audio) {
    return c->audio && s3hls__input_audio_pop(c->audio, audio);
}

const s3hls_audio_config *s3hls__input_demux_audio(const s3hls__input_demux *c,
                                                   const char **refused) {
    static const s3hls_audio_config none = {.codec = S3HLS_AUDIO_NONE};
    *refused = c->audio_why[0] ? c->audio_why : NULL;
    return c->audio ? s3hls__input_audio_config(c->audio) : &none;
}

int s3hls__input_demux_rotation(const s3hls__input_demux *c) {
    size_t size = 0;
    const uint8_t *matrix =
        av_stream_get_side_data(c->format->streams[c->stream], AV_PKT_DATA_DISPLAYMATRIX, &size);
    double angle = matrix && size >= 9 * sizeof(int32_t)
                       ? av_display_rotation_get((const int32_t *)(const void *)matrix)
                       : 0;
    bool known = angle >= -180 && angle <= 180; /* else it is not a number */
    return known ? (int)(angle < 0 ? 0.5 - angle : -0.5 - angle) : 0;
}

void s3hls__input_demux_size(const s3hls__input_demux *c, uint32_t *width, uint32_t *height) {
    const AVCodecParameters *p = c->format->streams[c->stream]->codecpar;
    *width = p->width > 0 ? (uint32_t)p->width : 0;
    *height = p->height > 0 ? (uint32_t)p->height : 0;
}

bool s3hls__input_demux_is_h265(const s3hls__input_demux *c) {
    return c->h265;
}

bool s3hls__input_demux_at_keyframe(const s3hls__input_demux *c) {
    return c->packet->flags & AV_PKT_FLAG_KEY;
}

uint64_t s3hls__input_demux_damaged(const s3hls__input_demux *c) {
    return c->damaged;
}
