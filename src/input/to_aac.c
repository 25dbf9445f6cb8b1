/* SPDX-License-Identifier: MIT-0 */
#include "input/to_aac.h"
#include "s3hls/status.h"
#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t GAP_US = 100000; /* a larger difference of times is a gap, not jitter */

struct s3hls__input_to_aac {
    AVCodecContext *decoder, *encoder; /* the encoder is opened with the first samples */
    SwrContext *resampler;
    AVAudioFifo *samples;
    AVFrame *decoded, *frame;
    int64_t next_us; /* time of the first sample in samples; AV_NOPTS_VALUE: not known */
    int64_t taken;   /* samples encoded since */
    int64_t delay;   /* of the encoder: samples in front of the first */
    uint8_t header[S3HLS__INPUT_ADTS_HEADER];
    bool failed;
    uint64_t damaged;
};

/* ---- ADTS */

bool s3hls__input_adts_header(const uint8_t *config, size_t size,
                              uint8_t header[S3HLS__INPUT_ADTS_HEADER]) {
    enum { LC = 2, SBR = 5, PS = 29, RATES = 13 };
    if (size < 2)
        return false;
    unsigned type = config[0] >> 3, rate = (config[0] & 7) << 1 | config[1] >> 7;
    unsigned channels = config[1] >> 3 & 15;
    bool short_frames = config[1] & 4;
    if (type == SBR || type == PS) { /* the core's type is behind the rate of the output */
        unsigned core = size > 2 ? (config[1] & 7u) << 9 | (unsigned)config[2] << 1 : 0;
        type = core >> 2 & 31;
        short_frames = false;
    }
    if (type != LC || rate >= RATES || channels == 0 || channels > 7 || short_frames)
        return false;
    const uint8_t bytes[] = {0xff,
                             0xf1,
                             (uint8_t)((LC - 1) << 6 | rate << 2 | channels >> 2),
                             (uint8_t)((channels & 3) << 6),
                             0,
                             0x1f,
                             0xfc};
    memcpy(header, bytes, sizeof bytes);
    return true;
}

int64_t s3hls__input_adts_us(const uint8_t *frame, size_t size) {
    static const int rates[] = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                22050, 16000, 12000, 11025, 8000,  7350};
    size_t index = size > S3HLS__INPUT_ADTS_HEADER && frame[0] == 0xff ? frame[2] >> 2 & 15u : 15;
    return index < sizeof rates / sizeof *rates ? INT64_C(1024000000) / rates[index] : 0;
}

void s3hls__input_adts_size(uint8_t header[S3HLS__INPUT_ADTS_HEADER], size_t payload) {
    size_t size = payload + S3HLS__INPUT_ADTS_HEADER; /* 13 bits */
    header[3] = (uint8_t)((header[3] & 0xfc) | (size >> 11 & 3));
    header[4] = (uint8_t)(size >> 3);
    header[5] = (uint8_t)((size & 7) << 5 | 0x1f);
}

/* ---- open */

int s3hls__input_to_aac_open(s3hls__input_to_aac **out, const AVCodecParameters *par,
                             char why[256]) {
    s3hls__input_to_aac *c = *out = calloc(1, sizeof *c);
    const AVCodec *decoder = avcodec_find_decoder(par->codec_id);
    if (!c)
        return S3HLS_E_NOMEM;
    c->next_us = AV_NOPTS_VALUE;
    c->decoder = decoder ? avcodec_alloc_context3(decoder) : NULL;
    c->decoded = av_frame_alloc();
    c->frame = av_frame_alloc();
    bool ok = c->decoder && c->decoded && c->frame &&
              avcodec_parameters_to_context(c->decoder, par) >= 0 &&
              avcodec_open2(c->decoder, decoder, NULL) >= 0;
    if (ok)
        return S3HLS_OK;
    snprintf(why, 256, "its audio (%s) cannot be decoded", avcodec_get_name(par->codec_id));
    s3hls__input_to_aac_close(out);
    return S3HLS_E_UNSUPPORTED;
}

void s3hls__input_to_aac_close(s3hls__input_to_aac **converter) {
    s3hls__input_to_aac *c = *converter;
    if (!c)
        return;
    avcodec_free_context(&c->decoder);
    avcodec_free_context(&c->encoder);
    swr_free(&c->resampler);
    av_audio_fifo_free(c->samples);
    av_frame_free(&c->decoded);
    av_frame_free(&c->frame);
    free(c);
    *converter = NULL;
}

/* The lowest rate of AAC that loses nothing. */
static int encoder_rate(int rate) {
    static const int rates[] = {8000,  11025, 12000, 16000, 22050, 24000,
                                32000, 44100, 48000, 64000, 88200, 96000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        if (rates[i] >= rate)
            return rates[i] > 48000 ? 48000 : rates[i];
    return 48000;
}

static bool open_encoder(s3hls__input_to_aac *c) {
    const AVCodec *aac = avcodec_find_encoder(AV_CODEC_ID_AAC);
    AVCodecContext *e = c->encoder = aac ? avcodec_alloc_context3(aac) : NULL;
    int channels = c->decoded->ch_layout.nb_channels > 1 ? 2 : 1;
    if (!e)
        return false;
    av_channel_layout_default(&e->ch_layout, channels);
    e->sample_rate = encoder_rate(c->decoded->sample_rate);
    e->sample_fmt = AV_SAMPLE_FMT_FLTP;
    e->bit_rate = (e->sample_rate <= 16000 ? 32000 : 64000) * channels;
    e->time_base = (AVRational){1, e->sample_rate};
    e->flags |= AV_CODEC_FLAG_GLOBAL_HEADER; /* for its AudioSpecificConfig */
    if (avcodec_open2(e, aac, NULL) < 0 ||
        !s3hls__input_adts_header(e->extradata, (size_t)e->extradata_size, c->header))
        return false;
    c->delay = e->initial_padding;
    c->samples = av_audio_fifo_alloc(e->sample_fmt, channels, e->frame_size * 4);
    int rc = swr_alloc_set_opts2(&c->resampler, &e->ch_layout, e->sample_fmt, e->sample_rate,
                                 &c->decoded->ch_layout, c->decoded->format,
                                 c->decoded->sample_rate, 0, NULL);
    return c->samples && rc >= 0 && swr_init(c->resampler) >= 0;
}

/* ---- samples */

static int64_t samples_us(const s3hls__input_to_aac *c, int64_t samples) {
    return av_rescale(samples, 1000000, c->encoder->sample_rate);
}

/* The count of samples determines the times, up to the next gap. */
static void set_time(s3hls__input_to_aac *c, int64_t pts_us) {
    if (pts_us == AV_NOPTS_VALUE)
        return;
    int64_t waiting = c->taken + av_audio_fifo_size(c->samples);
    int64_t expected = c->next_us == AV_NOPTS_VALUE ? pts_us : c->next_us + samples_us(c, waiting);
    int64_t difference = pts_us - expected;
    if (c->next_us != AV_NOPTS_VALUE && difference < GAP_US && difference > -GAP_US) {
        c->next_us += difference / 64; /* the two clocks drift apart */
        return;
    }
    c->next_us = pts_us - samples_us(c, av_audio_fifo_size(c->samples));
    c->taken = 0;
}

static bool add_samples(s3hls__input_to_aac *c, const AVFrame *decoded) {
    uint8_t *planes[8] = {NULL};
    int n = decoded ? decoded->nb_samples : 0;
    int most = swr_get_out_samples(c->resampler, n);
    if (most <= 0)
        return true;
    int channels = c->encoder->ch_layout.nb_channels;
    if (av_samples_alloc(planes, NULL, channels, most, c->encoder->sample_fmt, 0) < 0)
        return false;
    const uint8_t **in = decoded ? (const uint8_t **)decoded->extended_data : NULL;
    n = swr_convert(c->resampler, planes, most, in, n);
    bool ok = n >= 0 && av_audio_fifo_write(c->samples, (void **)planes, n) >= n;
    av_freep(&planes[0]);
    return ok;
}

static void take_decoded(s3hls__input_to_aac *c) {
    while (!c->failed && avcodec_receive_frame(c->decoder, c->decoded) >= 0) {
        if (!c->encoder)
            c->failed = !open_encoder(c);
        if (c->failed)
            break;
        set_time(c, c->decoded->pts);
        c->failed = c->next_us != AV_NOPTS_VALUE && !add_samples(c, c->decoded);
        av_frame_unref(c->decoded);
    }
}

void s3hls__input_to_aac_push(s3hls__input_to_aac *c, const AVPacket *packet) {
    bool ok = !c->failed && avcodec_send_packet(c->decoder, packet) >= 0;
    c->damaged += packet && !ok;
    take_decoded(c);
    if (!packet && c->encoder && !c->failed)
        avcodec_send_frame(c->encoder, NULL);
}

/* ---- frames */

static bool encode_one(s3hls__input_to_aac *c) {
    AVCodecContext *e = c->encoder;
    if (av_audio_fifo_size(c->samples) < e->frame_size)
        return false;
    av_frame_unref(c->frame);
    c->frame->nb_samples = e->frame_size;
    c->frame->format = e->sample_fmt;
    c->frame->sample_rate = e->sample_rate;
    av_channel_layout_copy(&c->frame->ch_layout, &e->ch_layout);
    c->failed =
        av_frame_get_buffer(c->frame, 0) < 0 ||
        av_audio_fifo_read(c->samples, (void **)c->frame->data, e->frame_size) < e->frame_size;
    c->frame->pts = av_rescale(c->next_us, e->sample_rate, 1000000) + c->taken;
    c->taken += e->frame_size;
    c->failed = c->failed || avcodec_send_frame(e, c->frame) < 0;
    return !c->failed;
}

AVPacket *s3hls__input_to_aac_pop(s3hls__input_to_aac *c) {
    AVPacket *p = c->encoder && !c->failed ? av_packet_alloc() : NULL;
    while (p && avcodec_receive_packet(c->encoder, p) < 0)
        if (!encode_one(c))
            av_packet_free(&p);
    size_t size = p ? (size_t)p->size : 0;
    if (!p || av_grow_packet(p, S3HLS__INPUT_ADTS_HEADER) < 0) {
        av_packet_free(&p);
        return NULL;
    }
    memmove(p->data + S3HLS__INPUT_ADTS_HEADER, p->data, size);
    memcpy(p->data, c->header, S3HLS__INPUT_ADTS_HEADER);
    s3hls__input_adts_size(p->data, size);
    p->pts = av_rescale(p->pts, 1000000, c->encoder->sample_rate);
    return p;
}

uint64_t s3hls__input_to_aac_damaged(const s3hls__input_to_aac *c) {
    return c->damaged;
}
