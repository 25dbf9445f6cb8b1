/* SPDX-License-Identifier: MIT-0 */
#include "export/sound.h"
#include "base/env.h"
#include "codec/aac.h"
#include "s3hls/status.h"
#include <string.h>

static const AVRational CLOCK = {1, 90000};

static int append(s3hls__sound *s, AVPacket *packet, const s3hls_env *env) {
    if (packet && s->count == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 256;
        AVPacket **grown = s3hls__env_realloc(env, s->list, capacity * sizeof *grown);
        if (grown) {
            s->list = grown;
            s->capacity = capacity;
        }
    }
    if (!packet || s->count == s->capacity) {
        av_packet_free(&packet);
        return S3HLS_E_NOMEM;
    }
    s->list[s->count++] = packet;
    return S3HLS_OK;
}

/* ---- ADTS: one packet has several frames, which an MP4 holds without their headers */

static int set_track(s3hls__sound *s, const s3hls__audio_track *track) {
    AVCodecParameters *p = s->track ? s->track : avcodec_parameters_alloc();
    s->track = p;
    if (!p)
        return S3HLS_E_NOMEM;
    if (p->sample_rate == (int)track->rate && p->ch_layout.nb_channels == (int)track->channels)
        return S3HLS_OK;
    p->codec_type = AVMEDIA_TYPE_AUDIO;
    p->codec_id = AV_CODEC_ID_AAC;
    p->sample_rate = (int)track->rate;
    p->frame_size = (int)track->frame_samples;
    av_channel_layout_uninit(&p->ch_layout);
    av_channel_layout_default(&p->ch_layout, (int)track->channels);
    av_freep(&p->extradata);
    p->extradata = av_mallocz(track->config_size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!p->extradata)
        return S3HLS_E_NOMEM;
    memcpy(p->extradata, track->config, track->config_size);
    p->extradata_size = track->config_size;
    return S3HLS_OK;
}

static AVPacket *frame_of(const AVPacket *packet, const uint8_t *data, size_t size, int64_t pts,
                          int64_t duration) {
    AVPacket *frame = av_packet_alloc();
    if (!frame || av_new_packet(frame, (int)size) < 0) {
        av_packet_free(&frame);
        return NULL;
    }
    memcpy(frame->data, data, size);
    frame->pts = frame->dts = pts;
    frame->duration = duration;
    frame->flags = packet->flags;
    return frame;
}

static int add_adts(s3hls__sound *s, const AVPacket *packet, int64_t pts, const s3hls_env *env) {
    const uint8_t *p = packet->data, *end = p + packet->size;
    int64_t samples = 0;
    s3hls__adts adts;
    s3hls__audio_track track;
    while (s3hls__adts_parse(p, (size_t)(end - p), &adts) == S3HLS_OK && adts.size <= end - p) {
        if (s3hls__adts_describe(&adts, &track))
            return S3HLS_OK;
        int rc = set_track(s, &track);
        if (rc)
            return rc;
        int64_t rate = track.rate, after = samples + track.frame_samples;
        int64_t at = samples * 90000 / rate;
        rc = append(s,
                    frame_of(packet, p + adts.header_size, (size_t)(adts.size - adts.header_size),
                             pts + at, after * 90000 / rate - at),
                    env);
        if (rc)
            return rc;
        samples = after;
        p += adts.size;
    }
    return S3HLS_OK;
}

/* ---- frames of an MP4 */

static int add_frame(s3hls__sound *s, const AVStream *stream, const AVPacket *packet, int64_t pts,
                     const s3hls_env *env) {
    if (!s->track)
        s->track = avcodec_parameters_alloc();
    if (!s->track || avcodec_parameters_copy(s->track, stream->codecpar) < 0)
        return S3HLS_E_NOMEM;
    int64_t duration = av_rescale_q(packet->duration, stream->time_base, CLOCK);
    return append(s, frame_of(packet, packet->data, (size_t)packet->size, pts, duration), env);
}

int s3hls__sound_add(s3hls__sound *s, const AVStream *stream, const AVPacket *packet,
                     const s3hls_env *env) {
    if (packet->pts == AV_NOPTS_VALUE || packet->size <= 0)
        return S3HLS_OK;
    int64_t pts = av_rescale_q(packet->pts, stream->time_base, CLOCK);
    bool adts = stream->codecpar->codec_id == AV_CODEC_ID_AAC && !stream->codecpar->extradata_size;
    return adts ? add_adts(s, packet, pts, env) : add_frame(s, stream, packet, pts, env);
}

void s3hls__sound_complete(s3hls__sound *s) {
    for (size_t i = 0; i < s->count; i++) {
        AVPacket *p = s->list[i];
        if (p->duration <= 0 && i + 1 < s->count && s->list[i + 1]->pts > p->pts)
            p->duration = s->list[i + 1]->pts - p->pts;
        else if (p->duration <= 0 && i > 0)
            p->duration = s->list[i - 1]->duration;
    }
}

void s3hls__sound_clear(s3hls__sound *s, const s3hls_env *env) {
    for (size_t i = 0; i < s->count; i++)
        av_packet_free(&s->list[i]);
    s3hls__env_free(env, s->list);
    s->list = NULL;
    s->count = s->capacity = 0;
}

void s3hls__sound_close(s3hls__sound *s, const s3hls_env *env) {
    s3hls__sound_clear(s, env);
    avcodec_parameters_free(&s->track);
}

bool s3hls__sound_same(const AVCodecParameters *a, const AVCodecParameters *b) {
    return a && b && a->codec_id == b->codec_id && a->sample_rate == b->sample_rate &&
           a->ch_layout.nb_channels == b->ch_layout.nb_channels &&
           a->extradata_size == b->extradata_size &&
           (!a->extradata_size ||
            memcmp(a->extradata, b->extradata, (size_t)a->extradata_size) == 0);
}
