/* SPDX-License-Identifier: MIT-0 */
#include "media.h"
#include "address.h"
#include "network.h"
#include "s3hls/status.h"
#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024, PROBE_BYTES = 512, STOP_CHECK_MS = 100 };

struct media {
    media_facts facts;
    bool (*stopped)(void);
    int fd;
    uint8_t chunk[CHUNK_BYTES];
    size_t probed; /* bytes read ahead of the first read */
    size_t given;  /* how many of them were handed out */

    network_options options;
    network *network; /* of an input that was opened by its address */
    AVFormatContext *format;
    AVIOContext *io; /* over fd, for what does not open by name */
    AVBSFContext *annex_b;
    AVPacket *packet;
    int stream;
    bool begun, await_keyframe;
    int64_t next_us; /* for packets without a time */
};

/* As much as a recorder takes between the times of decoding and showing a picture. */
static const int64_t MAX_COMPOSITION_US = 10000000;

/* ---- what it is */

static bool is_url(const char *input) {
    return strstr(input, "://") != NULL;
}

/* A start code, then a NAL unit that an H.264 stream may begin with: a slice, SEI, a parameter set
 * or an AUD. */
static bool looks_like_h264(const uint8_t *p, size_t size) {
    size_t zeros = 0;
    while (zeros < size && p[zeros] == 0)
        zeros++;
    if (zeros < 2 || zeros + 2 > size || p[zeros] != 1)
        return false;
    unsigned header = p[zeros + 1], type = header & 31;
    bool reference = header & 0x60;
    if (header & 0x80)
        return false;
    return type == 9 || type == 6                ? !reference
           : type == 7 || type == 8 || type == 5 ? reference
                                                 : type == 1;
}

/* The endings that encoders and the JVT's conformance streams use. */
static bool named_as_h264(const char *input) {
    static const char *const endings[] = {".h264", ".264", ".avc", ".jsv", ".26l"};
    const char *dot = strrchr(input, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return true;
    return false;
}

static int status_of_errno(int code, char why[256]) {
    snprintf(why, 256, "%s", strerror(code));
    return code == ENOENT ? S3HLS_E_NOT_FOUND : code == EACCES ? S3HLS_E_ACCESS : S3HLS_E_IO;
}

/* As read(), but the end of the input once it is to stop: a silent pipe must not hold it. */
static ssize_t read_fd(media *m, void *to, size_t size) {
    struct pollfd ready = {.fd = m->fd, .events = POLLIN};
    for (;;) {
        if (m->stopped())
            return 0;
        int rc = poll(&ready, 1, STOP_CHECK_MS);
        if (rc > 0)
            return read(m->fd, to, size);
        if (rc < 0 && errno != EINTR)
            return -1;
    }
}

static int open_input(media *m, const char *input, char why[256]) {
    struct stat st;
    m->fd = strcmp(input, "-") == 0 ? dup(STDIN_FILENO) : open(input, O_RDONLY | O_CLOEXEC);
    if (m->fd < 0 || fstat(m->fd, &st))
        return status_of_errno(errno, why);
    if (S_ISDIR(st.st_mode))
        return status_of_errno(EISDIR, why);
    if (S_ISREG(st.st_mode) && strcmp(input, "-"))
        m->facts.modified_us = st.st_mtime > 0 ? (int64_t)st.st_mtime * 1000000 : 1;
    m->facts.pipe = !S_ISREG(st.st_mode);
    while (m->probed < PROBE_BYTES) {
        ssize_t n = read_fd(m, m->chunk + m->probed, PROBE_BYTES - m->probed);
        if (n < 0)
            return status_of_errno(errno, why);
        if (n == 0)
            break;
        m->probed += (size_t)n;
    }
    if (m->probed)
        return S3HLS_OK;
    snprintf(why, 256, "the input is empty");
    return S3HLS_E_NO_VIDEO;
}

/* ---- libavformat */

/* AVIO's read: first what was read ahead, then the file. */
static int read_io(void *opaque, uint8_t *to, int size) {
    media *m = opaque;
    size_t left = m->probed - m->given, n = left < (size_t)size ? left : (size_t)size;
    if (n) {
        memcpy(to, m->chunk + m->given, n);
        m->given += n;
        return (int)n;
    }
    ssize_t got = read_fd(m, to, (size_t)size);
    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(errno);
}

/* AVIOInterruptCB: libavformat asks while it waits for a network. */
static int is_stopped(void *opaque) {
    return ((media *)opaque)->stopped();
}

static int open_file(media *m, const char *name, const AVInputFormat *as, char why[256]) {
    char *url = av_asprintf("file:%s", name); /* a file's name is no URL, whatever it looks like */
    int rc = url ? avformat_open_input(&m->format, url, as, NULL) : AVERROR(ENOMEM);
    av_free(url);
    return rc < 0 ? network_status(rc, why) : S3HLS_OK;
}

static int open_format(media *m, const char *input, const AVInputFormat *as, char why[256]) {
    m->format = avformat_alloc_context();
    if (!m->format)
        return S3HLS_E_NOMEM;
    m->format->interrupt_callback = (AVIOInterruptCB){is_stopped, m};
    if (m->fd >= 0 && !m->facts.modified_us) { /* a pipe cannot be opened a second time */
        uint8_t *buffer = av_malloc(CHUNK_BYTES);
        m->io = buffer ? avio_alloc_context(buffer, CHUNK_BYTES, 0, m, read_io, NULL, NULL) : NULL;
        if (!m->io)
            return S3HLS_E_NOMEM;
        m->format->pb = m->io;
    }
    int rc = is_url(input) ? network_open(&m->network, &m->format, input, &m->options, why)
                           : open_file(m, input, as, why);
    if (rc == S3HLS_OK && (rc = avformat_find_stream_info(m->format, NULL)) < 0)
        rc = network_status(rc, why);
    if (rc == S3HLS_E_MALFORMED) {
        snprintf(why, 256, "neither a raw H.264 stream nor a video file");
        return S3HLS_E_NOT_H264;
    }
    return rc < 0 ? rc : S3HLS_OK;
}

static int open_annex_b(media *m, char why[256]) {
    const AVStream *stream = m->format->streams[m->stream];
    const AVBitStreamFilter *filter = av_bsf_get_by_name("h264_mp4toannexb");
    int rc = filter ? av_bsf_alloc(filter, &m->annex_b) : AVERROR_BSF_NOT_FOUND;
    if (rc >= 0)
        rc = avcodec_parameters_copy(m->annex_b->par_in, stream->codecpar);
    if (rc >= 0) {
        m->annex_b->time_base_in = stream->time_base;
        rc = av_bsf_init(m->annex_b);
    }
    m->packet = av_packet_alloc();
    return rc < 0 ? network_status(rc, why) : m->packet ? S3HLS_OK : S3HLS_E_NOMEM;
}

static int open_container(media *m, const char *input, const AVInputFormat *as, char why[256]) {
    int rc = open_format(m, input, as, why);
    if (rc)
        return rc;
    m->stream = av_find_best_stream(m->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (m->stream < 0) {
        snprintf(why, 256, "no video in it");
        return S3HLS_E_NOT_H264;
    }
    enum AVCodecID codec = m->format->streams[m->stream]->codecpar->codec_id;
    if (codec != AV_CODEC_ID_H264) {
        snprintf(why, 256, "its video is %s",
                 codec == AV_CODEC_ID_HEVC ? "H.265 (HEVC)" : avcodec_get_name(codec));
        return S3HLS_E_NOT_H264;
    }
    if (m->format->duration > 0)
        m->facts.duration_us = m->format->duration;
    return open_annex_b(m, why);
}

static int64_t to_us(const media *m, int64_t time) {
    return av_rescale_q(time, m->annex_b->time_base_out, (AVRational){1, 1000000});
}

static void set_times(media *m, s3hls_frame *frame) {
    const AVPacket *p = m->packet;
    int64_t pts = p->pts != AV_NOPTS_VALUE ? p->pts : p->dts, dts = p->dts;
    int64_t duration_us = p->duration > 0 ? to_us(m, p->duration) : 40000;
    if (!m->begun) /* a camera's second picture may be the first with a time, which is 0 */
        m->next_us = -duration_us;
    m->begun = true;
    frame->pts_us = pts != AV_NOPTS_VALUE ? to_us(m, pts) : m->next_us;
    frame->composition_offset_us = 0;
    if (pts != AV_NOPTS_VALUE && dts != AV_NOPTS_VALUE && pts > dts)
        frame->composition_offset_us = frame->pts_us - to_us(m, dts);
    if (frame->composition_offset_us > MAX_COMPOSITION_US) /* a broken time, not a deep GOP */
        frame->composition_offset_us = 0;
    m->next_us = frame->pts_us + duration_us;
}

static int read_packet(media *m, s3hls_frame *frame, char why[256]) {
    for (;;) {
        int rc = av_bsf_receive_packet(m->annex_b, m->packet);
        if (rc == AVERROR_EOF)
            return 0;
        m->await_keyframe &= rc < 0 || !(m->packet->flags & AV_PKT_FLAG_KEY);
        if (rc >= 0 && m->packet->size > 0 && !m->await_keyframe) {
            frame->data = m->packet->data;
            frame->size = (size_t)m->packet->size;
            set_times(m, frame);
            return 1;
        }
        if (rc < 0 && rc != AVERROR(EAGAIN))
            return network_status(rc, why);
        av_packet_unref(m->packet);
        rc = av_read_frame(m->format, m->packet);
        if (rc == AVERROR(EAGAIN))
            continue;
        if (rc == AVERROR_EOF || rc == AVERROR_EXIT)
            rc = av_bsf_send_packet(m->annex_b, NULL);
        else if (rc >= 0 && m->packet->stream_index != m->stream)
            av_packet_unref(m->packet);
        else if (rc >= 0)
            rc = av_bsf_send_packet(m->annex_b, m->packet);
        if (rc < 0)
            return network_status(rc, why);
    }
}

/* ---- raw streams */

/* How long a raw stream in a file is, and how fast: libavformat counts its pictures. */
static void survey_raw(media *m, const char *input) {
    media other = {.fd = -1, .stopped = m->stopped};
    char why[256];
    if (open_container(&other, input, av_find_input_format("h264"), why) == S3HLS_OK) {
        AVRational rate = other.format->streams[other.stream]->r_frame_rate;
        int64_t pictures = 0;
        while (av_read_frame(other.format, other.packet) >= 0) {
            pictures++;
            av_packet_unref(other.packet);
        }
        if (rate.num > 0 && rate.den > 0 && rate.num / rate.den <= 1000) {
            m->facts.rate_num = (uint32_t)rate.num;
            m->facts.rate_den = (uint32_t)rate.den;
            m->facts.duration_us = av_rescale(pictures, INT64_C(1000000) * rate.den, rate.num);
        }
    }
    av_packet_free(&other.packet);
    av_bsf_free(&other.annex_b);
    avformat_close_input(&other.format);
}

static int read_chunk(media *m, size_t max_bytes, s3hls_frame *frame, char why[256]) {
    frame->data = m->chunk;
    frame->size = m->probed;
    if (m->probed) {
        m->probed = 0;
        return 1;
    }
    ssize_t n = read_fd(m, m->chunk, max_bytes < CHUNK_BYTES ? max_bytes : CHUNK_BYTES);
    frame->size = n > 0 ? (size_t)n : 0;
    return n < 0 ? status_of_errno(errno, why) : n > 0;
}

/* ---- the room's face */

/* libavformat finds a raw stream behind other bytes too, but gives its pictures no times. */
static int open_timed(media *m, const char *input, char why[256]) {
    int rc = open_container(m, input, NULL, why);
    if (!rc && strcmp(m->format->iformat->name, "h264") == 0) {
        snprintf(why, 256,
                 "a raw stream that does not begin as one; give a file or a pipe, and "
                 "--format h264");
        rc = S3HLS_E_UNSUPPORTED;
    }
    return rc;
}

static int open_by_name(media *m, const char *input, char why[256]) {
    avformat_network_init();
    int rc = open_timed(m, input, why);
    m->facts.live = address_is_rtsp(input) || m->facts.duration_us == 0;
    return rc == S3HLS_E_IO ? S3HLS_E_NETWORK : rc;
}

static int open_by_content(media *m, const char *input, bool raw, char why[256]) {
    int rc = open_input(m, input, why);
    if (rc)
        return rc;
    m->facts.raw = raw || named_as_h264(input) || looks_like_h264(m->chunk, m->probed);
    if (!m->facts.raw)
        return open_timed(m, input, why);
    if (m->facts.modified_us)
        survey_raw(m, input);
    return S3HLS_OK;
}

int media_open(media **out, const char *input, const media_options *options, char why[256]) {
    media *m = *out = calloc(1, sizeof *m);
    if (!m)
        return S3HLS_E_NOMEM;
    m->fd = -1;
    m->stopped = options->stopped;
    m->options = options->network;
    m->await_keyframe = options->at_keyframe;
    int rc =
        is_url(input) ? open_by_name(m, input, why) : open_by_content(m, input, options->raw, why);
    if (rc)
        media_close(out);
    return rc;
}

void media_close(media **m) {
    media *x = *m;
    if (!x)
        return;
    av_packet_free(&x->packet);
    av_bsf_free(&x->annex_b);
    avformat_close_input(&x->format);
    network_close(&x->network);
    if (x->io) {
        av_freep(&x->io->buffer);
        avio_context_free(&x->io);
    }
    if (x->fd >= 0)
        close(x->fd);
    free(x);
    *m = NULL;
}

const media_facts *media_get_facts(const media *m) {
    return &m->facts;
}

int media_read(media *m, size_t max_bytes, s3hls_frame *frame, char why[256]) {
    memset(frame, 0, sizeof *frame);
    return m->facts.raw ? read_chunk(m, max_bytes, frame, why) : read_packet(m, frame, why);
}
