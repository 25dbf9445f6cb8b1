/* SPDX-License-Identifier: MIT-0 */
#include "input/audio.h"
#include "input/to_aac.h"
#include "s3hls/status.h"
#include <libavcodec/avcodec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_MAX = 1024 }; /* packets; the oldest is dropped, which happens if nobody takes them */

struct s3hls__input_audio {
    int stream;
    AVRational time_base;
    s3hls_audio_config config;
    s3hls__input_to_aac *converter; /* NULL: packets are passed on */
    uint8_t
        adts[S3HLS__INPUT_ADTS_HEADER]; /* to be put before packets; [0] 0: they have their own */
    AVPacket *queue[QUEUE_MAX];
    unsigned first, count;
    AVPacket *given; /* to the caller */
    int64_t next_us; /* behind the newest packet: of several frames in a PES packet of MPEG-TS, only
                        the first has a time. AV_NOPTS_VALUE: not known */
    uint64_t damaged;
};

/* ---- open */

/* AAC whose packets ADTS can frame. */
static bool is_plain_aac(const AVCodecParameters *par, uint8_t adts[S3HLS__INPUT_ADTS_HEADER]) {
    if (par->codec_id != AV_CODEC_ID_AAC)
        return false;
    if (par->extradata_size < 2) /* ADTS */
        return true;
    return s3hls__input_adts_header(par->extradata, (size_t)par->extradata_size, adts);
}

/* @return whether packets can be recorded as they are */
static bool pass_on(s3hls__input_audio *a, const AVCodecParameters *par, bool only_aac) {
    if (is_plain_aac(par, a->adts)) {
        a->config.codec = S3HLS_AUDIO_AAC_ADTS;
        return true;
    }
    bool head = par->extradata_size >= 19;
    if (!only_aac && par->codec_id == AV_CODEC_ID_OPUS && par->ch_layout.nb_channels <= 2)
        a->config = (s3hls_audio_config){.codec = S3HLS_AUDIO_OPUS,
                                         .config = head ? par->extradata : NULL,
                                         .config_size = head ? (size_t)par->extradata_size : 0,
                                         .channels = (uint32_t)par->ch_layout.nb_channels};
    else if (!only_aac && par->codec_id == AV_CODEC_ID_FLAC && par->extradata_size == 34)
        a->config = (s3hls_audio_config){
            .codec = S3HLS_AUDIO_FLAC, .config = par->extradata, .config_size = 34};
    return a->config.codec != S3HLS_AUDIO_NONE;
}

static int set_up(s3hls__input_audio *a, const AVStream *stream, const s3hls_source_config *options,
                  char why[256]) {
    const AVCodecParameters *par = stream->codecpar;
    a->stream = stream->index;
    a->time_base = stream->time_base;
    a->next_us = AV_NOPTS_VALUE;
    bool only_aac = options->audio_in_ts || options->audio == S3HLS_SOURCE_AUDIO_AAC;
    if (pass_on(a, par, only_aac))
        return S3HLS_OK;
    if (options->audio == S3HLS_SOURCE_AUDIO_COPY) {
        snprintf(why, 256,
                 "its audio is %s, which no player of HLS decodes: convert it to AAC, or "
                 "leave it out",
                 avcodec_get_name(par->codec_id));
        return S3HLS_E_UNSUPPORTED;
    }
    a->config.codec = S3HLS_AUDIO_AAC_ADTS;
    return s3hls__input_to_aac_open(&a->converter, par, why);
}

/* The first, or the first that the container marks as default. libavformat's own choice would
 * ignore streams whose rate is only known from their packets. */
static const AVStream *choose_stream(const AVFormatContext *format) {
    const AVStream *first = NULL;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *s = format->streams[i];
        if (s->codecpar->codec_type != AVMEDIA_TYPE_AUDIO ||
            s->codecpar->codec_id == AV_CODEC_ID_NONE)
            continue;
        if (s->disposition & AV_DISPOSITION_DEFAULT)
            return s;
        first = first ? first : s;
    }
    return first;
}

int s3hls__input_audio_open(s3hls__input_audio **out, AVFormatContext *format,
                            const s3hls_source_config *options, char why[256]) {
    *out = NULL;
    const AVStream *stream =
        options->audio == S3HLS_SOURCE_AUDIO_OFF ? NULL : choose_stream(format);
    if (!stream)
        return S3HLS_OK;
    s3hls__input_audio *a = *out = calloc(1, sizeof *a);
    int rc = a ? set_up(a, stream, options, why) : S3HLS_E_NOMEM;
    if (rc)
        s3hls__input_audio_close(out);
    return rc;
}

void s3hls__input_audio_close(s3hls__input_audio **audio) {
    s3hls__input_audio *a = *audio;
    if (!a)
        return;
    for (; a->count; a->count--, a->first = (a->first + 1) % QUEUE_MAX)
        av_packet_free(&a->queue[a->first]);
    av_packet_free(&a->given);
    s3hls__input_to_aac_close(&a->converter);
    free(a);
    *audio = NULL;
}

int s3hls__input_audio_stream(const s3hls__input_audio *a) {
    return a->stream;
}

const s3hls_audio_config *s3hls__input_audio_config(const s3hls__input_audio *a) {
    return &a->config;
}

uint64_t s3hls__input_audio_damaged(const s3hls__input_audio *a) {
    return a->damaged + (a->converter ? s3hls__input_to_aac_damaged(a->converter) : 0);
}

/* ---- packets */

static void queue(s3hls__input_audio *a, AVPacket *p) {
    if (a->count == QUEUE_MAX) {
        av_packet_free(&a->queue[a->first]);
        a->first = (a->first + 1) % QUEUE_MAX;
        a->count--;
        a->damaged++;
    }
    a->queue[(a->first + a->count++) % QUEUE_MAX] = p;
}

/* Put an ADTS header before a raw AAC frame. */
static int frame_aac(const s3hls__input_audio *a, AVPacket *p) {
    size_t size = (size_t)p->size;
    if (av_grow_packet(p, S3HLS__INPUT_ADTS_HEADER) < 0)
        return -1;
    memmove(p->data + S3HLS__INPUT_ADTS_HEADER, p->data, size);
    memcpy(p->data, a->adts, S3HLS__INPUT_ADTS_HEADER);
    s3hls__input_adts_size(p->data, size);
    return 0;
}

void s3hls__input_audio_push(s3hls__input_audio *a, AVPacket *packet) {
    if (packet) {
        if (packet->pts == AV_NOPTS_VALUE)
            packet->pts = packet->dts;
        packet->pts = packet->pts == AV_NOPTS_VALUE
                          ? AV_NOPTS_VALUE
                          : av_rescale_q(packet->pts, a->time_base, AV_TIME_BASE_Q);
    }
    if (a->converter) {
        s3hls__input_to_aac_push(a->converter, packet);
        for (AVPacket *p; (p = s3hls__input_to_aac_pop(a->converter));)
            queue(a, p);
        av_packet_free(&packet);
        return;
    }
    if (packet && a->config.codec == S3HLS_AUDIO_AAC_ADTS && packet->pts == AV_NOPTS_VALUE)
        packet->pts = a->next_us;
    bool usable = packet && packet->size > 0 && packet->pts != AV_NOPTS_VALUE;
    if (usable && a->adts[0])
        usable = frame_aac(a, packet) == 0;
    if (usable) {
        a->next_us = packet->pts + s3hls__input_adts_us(packet->data, (size_t)packet->size);
        queue(a, packet);
        return;
    }
    a->damaged += packet != NULL;
    av_packet_free(&packet);
}

bool s3hls__input_audio_pop(s3hls__input_audio *a, s3hls_audio *audio) {
    av_packet_free(&a->given);
    if (!a->count)
        return false;
    a->given = a->queue[a->first];
    a->first = (a->first + 1) % QUEUE_MAX;
    a->count--;
    *audio = (s3hls_audio){
        .data = a->given->data, .size = (size_t)a->given->size, .pts_us = a->given->pts};
    return true;
}
