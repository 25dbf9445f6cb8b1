/* SPDX-License-Identifier: MIT-0 */
#include "export/mp4.h"
#include "s3hls/status.h"
#include <libavcodec/avcodec.h>

enum { IO_BYTES = 64 * 1024 };
static const AVRational CLOCK = {1, 90000};

static int write_bytes(void *ctx, uint8_t *data, int size) {
    s3hls__mp4 *m = ctx;
    if (!m->status)
        m->status = m->write(m->ctx, m->at, data, (size_t)size);
    if (m->status)
        return AVERROR_EXTERNAL;
    m->at += (uint64_t)size;
    return size;
}

static int64_t seek(void *ctx, int64_t offset, int whence) {
    s3hls__mp4 *m = ctx;
    if ((whence & ~AVSEEK_FORCE) != SEEK_SET || offset < 0)
        return AVERROR(EINVAL);
    m->at = (uint64_t)offset;
    return offset;
}

static int open_io(s3hls__mp4 *m, bool fragmented) {
    uint8_t *buffer = av_malloc(IO_BYTES);
    m->out->pb = buffer ? avio_alloc_context(buffer, IO_BYTES, 1, m, NULL, write_bytes,
                                             fragmented ? NULL : seek)
                        : NULL;
    if (!m->out->pb)
        av_free(buffer);
    return m->out->pb ? S3HLS_OK : S3HLS_E_NOMEM;
}

static int status_of(const s3hls__mp4 *m, int rc) {
    if (m->status)
        return m->status;
    return rc >= 0 ? S3HLS_OK : rc == AVERROR(ENOMEM) ? S3HLS_E_NOMEM : S3HLS_E_MALFORMED;
}

static int add_track(s3hls__mp4 *m, const AVCodecParameters *parameters, AVRational clock) {
    AVStream *stream = avformat_new_stream(m->out, NULL);
    if (!stream || avcodec_parameters_copy(stream->codecpar, parameters) < 0)
        return S3HLS_E_NOMEM;
    /* Apple's players know H.265 under this name only */
    bool h265 = parameters->codec_id == AV_CODEC_ID_HEVC;
    stream->codecpar->codec_tag = h265 ? MKTAG('h', 'v', 'c', '1') : 0;
    stream->time_base = clock;
    return S3HLS_OK;
}

int s3hls__mp4_open(s3hls__mp4 *m, bool fragmented, const AVCodecParameters *video,
                    const AVCodecParameters *audio) {
    AVDictionary *options = NULL;
    if (avformat_alloc_output_context2(&m->out, NULL, "mp4", NULL) < 0 ||
        add_track(m, video, CLOCK) || open_io(m, fragmented) ||
        (audio && add_track(m, audio, (AVRational){1, audio->sample_rate})))
        return S3HLS_E_NOMEM;
    m->out->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL; /* for FLAC */
    m->out->flags |=
        AVFMT_FLAG_BITEXACT; /* omits the writer's name, so that the output is reproducible */
    if (fragmented)
        av_dict_set(&options, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0);
    int rc = avformat_write_header(m->out, &options);
    av_dict_free(&options);
    return status_of(m, rc);
}

int s3hls__mp4_write(s3hls__mp4 *m, int track, AVPacket *packet) {
    packet->stream_index = track;
    packet->pos = -1;
    packet->time_base = CLOCK;
    av_packet_rescale_ts(packet, CLOCK, m->out->streams[track]->time_base);
    return status_of(m, av_write_frame(m->out, packet));
}

int s3hls__mp4_finish(s3hls__mp4 *m) {
    int rc = av_write_trailer(m->out);
    avio_flush(m->out->pb);
    return status_of(m, rc);
}

void s3hls__mp4_close(s3hls__mp4 *m) {
    if (m->out && m->out->pb) {
        av_freep(&m->out->pb->buffer);
        avio_context_free(&m->out->pb);
    }
    avformat_free_context(m->out);
    m->out = NULL;
}
