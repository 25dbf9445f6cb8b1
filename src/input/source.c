/* SPDX-License-Identifier: MIT-0 */
#include "input/source.h"
#include "base/config.h"
#include "base/disk.h"
#include "input/address.h"
#include "input/demux.h"
#include "input/truncation.h"
#include <errno.h>
#include <fcntl.h>
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

struct s3hls_source {
    s3hls_source_config config;
    s3hls_source_facts facts;
    char *address; /* as libavformat parses it */
    int fd;
    uint8_t chunk[CHUNK_BYTES];
    size_t probed;                  /* bytes read before the first read */
    size_t given;                   /* how many of them were delivered */
    s3hls__input_truncation layout; /* unless it is a raw stream */

    bool h265;                     /* a raw stream that begins as H.265 */
    s3hls__input_demux *container; /* NULL: a raw stream */
};

static int is_stopped(void *opaque) {
    const s3hls_source_config *config = &((s3hls_source *)opaque)->config;
    return config->stopped(config->ctx);
}

/* ---- detection */

static bool is_url(const char *input) {
    return strstr(input, "://") != NULL;
}

/* A NAL unit with which an H.265 stream begins: VPS, SPS, AUD or SEI, of the base layer. */
static bool begins_h265(const uint8_t *nal) {
    enum { VPS = 0x40, SPS = 0x42, AUD = 0x46, SEI = 0x4e };
    return (nal[0] == VPS || nal[0] == SPS || nal[0] == AUD || nal[0] == SEI) && nal[1] == 1;
}

/* A start code and a NAL unit with which a stream may begin: a slice, SEI, a parameter set or an
 * AUD. */
static bool looks_like_raw(s3hls_source *m, const uint8_t *p, size_t size) {
    size_t zeros = 0;
    while (zeros < size && p[zeros] == 0)
        zeros++;
    if (zeros < 2 || zeros + 2 > size || p[zeros] != 1)
        return false;
    m->h265 = zeros + 2 < size && begins_h265(p + zeros + 1);
    if (m->h265)
        return true;
    unsigned header = p[zeros + 1], type = header & 31;
    bool reference = header & 0x60;
    if (header == 0xfc || header == 0xfd) /* XiongMai's framing: NAL units between private ones */
        return true;
    if (header & 0x80)
        return false;
    return type == 9 || type == 6                ? !reference
           : type == 7 || type == 8 || type == 5 ? reference
                                                 : type == 1;
}

/* File name extensions of encoders and of the JVT conformance streams. */
static bool named_as_raw(const char *input) {
    static const char *const endings[] = {".h264", ".264",  ".avc", ".jsv",
                                          ".26l",  ".h265", ".265", ".hevc"};
    const char *dot = strrchr(input, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return true;
    return false;
}

/* Signatures of recorder files. libavformat can read some of these formats. */
static const char *vendor_of(const uint8_t *p, size_t size) {
    if (size < 5)
        return NULL;
    if (memcmp(p, "DHAV", 4) == 0)
        return "Dahua (DHAV)";
    if (memcmp(p, "IMKH", 4) == 0 || memcmp(p, "HKMI", 4) == 0)
        return "Hikvision (IMKH)";
    return NULL;
}

/* The content is a container, although the name is that of a raw stream. */
static bool begins_as_container(const s3hls_source *m) {
    static const uint8_t program_stream[] = {0, 0, 1, 0xba};
    s3hls__input_truncation l;
    s3hls__input_truncation_init(&l, m->chunk, m->probed);
    return l.kind != S3HLS__INPUT_FILE_UNKNOWN || vendor_of(m->chunk, m->probed) ||
           (m->probed >= 4 && memcmp(m->chunk, program_stream, 4) == 0);
}

static int status_of_errno(int code, char why[256]) {
    snprintf(why, 256, "%s", strerror(code));
    return s3hls__disk_status(code);
}

/* Like read(), but reports the end of the input when reading must stop: a stalled pipe must not
 * block it. */
static ssize_t read_fd(s3hls_source *m, void *to, size_t size) {
    struct pollfd ready = {.fd = m->fd, .events = POLLIN};
    for (;;) {
        if (is_stopped(m))
            return 0;
        int rc = poll(&ready, 1, STOP_CHECK_MS);
        if (rc > 0)
            return read(m->fd, to, size);
        if (rc < 0 && errno != EINTR)
            return -1;
    }
}

static int open_input(s3hls_source *m, const char *input, char why[256]) {
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

/* ---- containers */

/* Read function of AVIO: first the bytes read in advance, then the file. */
static int read_io(void *opaque, uint8_t *to, int size) {
    s3hls_source *m = opaque;
    size_t left = m->probed - m->given, n = left < (size_t)size ? left : (size_t)size;
    if (n) {
        memcpy(to, m->chunk + m->given, n);
        m->given += n;
        s3hls__input_truncation_take(&m->layout, to, n);
        return (int)n;
    }
    ssize_t got = m->layout.index_last ? 0 : read_fd(m, to, (size_t)size);
    if (got > 0)
        s3hls__input_truncation_take(&m->layout, to, (size_t)got);
    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(errno);
}

/* Read the header of each element of a file. */
static void survey_layout(s3hls_source *m) {
    uint8_t head[S3HLS__INPUT_FILE_HEADER_BYTES];
    ssize_t n;
    do
        n = pread(m->fd, head, sizeof head, (off_t)m->layout.next);
    while (n > 0 && s3hls__input_truncation_header(&m->layout, head, (size_t)n));
}

static bool cut_off(s3hls_source *m) {
    struct stat st;
    if (!m->facts.modified_us) {
        s3hls__input_truncation_end(&m->layout);
        return s3hls__input_truncation_truncated(&m->layout, m->layout.taken);
    }
    survey_layout(m);
    return fstat(m->fd, &st) == 0 &&
           s3hls__input_truncation_truncated(&m->layout, (uint64_t)st.st_size);
}

/* Explain why libavformat could not open the input. @return status, or a more precise one. */
static int explain_layout(s3hls_source *m, int status, char why[256]) {
    if (m->layout.index_last && !m->facts.modified_us) {
        snprintf(
            why, 256,
            "its index (moov) comes after the pictures, and a pipe cannot be read backwards; "
            "give the file by its name, or write it with -movflags +faststart or in fragments");
        return S3HLS_E_UNSUPPORTED;
    }
    const char *vendor = vendor_of(m->chunk, m->probed);
    if (vendor && status == S3HLS_E_NOT_H264)
        snprintf(why, 256,
                 "it has the private framing of recorders by %s, in which no H.264 was found; "
                 "export it as MP4, or convert it with its maker's program",
                 vendor);
    if (is_stopped(m) || vendor || !cut_off(m))
        return status;
    bool no_index = m->layout.kind == S3HLS__INPUT_FILE_MP4 && !m->layout.index;
    snprintf(why, 256, "the file was cut off, or never finished%s",
             no_index ? ": its index (moov) is missing" : "");
    return S3HLS_E_MALFORMED;
}

/* libavformat also finds a raw stream after other bytes, but assigns no times to its pictures. */
static int open_container(s3hls_source *m, const char *input, char why[256]) {
    bool piped = m->fd >= 0 && !m->facts.modified_us; /* cannot be opened a second time */
    s3hls__input_demux_config config = {.name = input,
                                        .is_url = is_url(input),
                                        .read = piped ? read_io : NULL,
                                        .ctx = m,
                                        .options = &m->config};
    s3hls__input_truncation_init(&m->layout, m->chunk, m->probed);
    int rc = s3hls__input_demux_open(&m->container, &config, why);
    if (rc && m->fd >= 0)
        return explain_layout(m, rc, why);
    const char *format = rc ? "" : s3hls__input_demux_format(m->container);
    if (strcmp(format, "h264") == 0 || strcmp(format, "hevc") == 0) {
        snprintf(why, 256,
                 "a raw stream that does not begin as one; give a file or a pipe, and "
                 "--format h264");
        return S3HLS_E_UNSUPPORTED;
    }
    if (rc)
        return rc;
    m->facts.duration_us = s3hls__input_demux_duration_us(m->container);
    m->facts.h265 = s3hls__input_demux_is_h265(m->container);
    m->facts.rotation = s3hls__input_demux_rotation(m->container);
    s3hls__input_demux_size(m->container, &m->facts.width, &m->facts.height);
    m->facts.audio = *s3hls__input_demux_audio(m->container, &m->facts.audio_refused);
    return S3HLS_OK;
}

/* ---- raw streams */

/* Duration and frame rate of a raw stream in a file: libavformat counts its pictures. */
static void survey_raw(s3hls_source *m, const char *input) {
    AVFormatContext *other = avformat_alloc_context();
    AVPacket *packet = av_packet_alloc();
    char *url = av_asprintf("file:%s", input);
    if (other)
        other->interrupt_callback = (AVIOInterruptCB){is_stopped, m};
    if (other && packet && url &&
        avformat_open_input(&other, url, av_find_input_format(m->h265 ? "hevc" : "h264"), NULL) >=
            0 &&
        avformat_find_stream_info(other, NULL) >= 0 && other->nb_streams) {
        AVRational rate = other->streams[0]->r_frame_rate;
        int64_t pictures = 0;
        for (; av_read_frame(other, packet) >= 0; pictures++)
            av_packet_unref(packet);
        bool believed =
            rate.num > 0 && rate.den > 0 && rate.num / 300 <= rate.den && rate.den / 60 <= rate.num;
        if (!believed) /* same rule as for s3hls_recorder_config.frame_rate_of_stream */
            rate = (AVRational){25, 1};
        m->facts.rate_num = (uint32_t)rate.num;
        m->facts.rate_den = (uint32_t)rate.den;
        m->facts.duration_us = av_rescale(pictures, INT64_C(1000000) * rate.den, rate.num);
    }
    av_free(url);
    av_packet_free(&packet);
    avformat_close_input(&other);
}

static int read_chunk(s3hls_source *m, size_t max_bytes, s3hls_frame *frame, char why[256]) {
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

/* ---- open, read, close */

static int open_by_name(s3hls_source *m, char why[256]) {
    avformat_network_init();
    int rc = open_container(m, m->address, why);
    m->facts.live = s3hls__input_address_is_rtsp(m->address) || m->facts.duration_us == 0;
    return rc == S3HLS_E_IO ? S3HLS_E_NETWORK : rc;
}

static int open_by_content(s3hls_source *m, char why[256]) {
    int rc = open_input(m, m->address, why);
    if (rc)
        return rc;
    m->facts.raw = m->config.raw || looks_like_raw(m, m->chunk, m->probed) ||
                   (named_as_raw(m->address) && !begins_as_container(m));
    if (!m->facts.raw)
        return open_container(m, m->address, why);
    m->facts.h265 = m->h265;
    if (m->facts.modified_us)
        survey_raw(m, m->address);
    return S3HLS_OK;
}

/* @param cfg      receives the config, with defaults for members that the caller does not know
 * @param encoded  receives the address as libavformat parses it; to be freed */
static int check(s3hls_source_config *cfg, const s3hls_source_config *config, char **encoded,
                 char why[256]) {
    const char *wrong = NULL;
    *encoded = NULL;
    why[0] = 0;
    s3hls_source_config_init(cfg);
    if (s3hls__config_copy(cfg, sizeof *cfg, config))
        wrong = "the config is missing, or was not initialized";
    else if (!cfg->address || !cfg->stopped)
        wrong = "the address or the stopped function is missing";
    else if (cfg->transport == S3HLS_RTSP_UDP &&
             s3hls__input_address_has_scheme(cfg->address, "rtsps"))
        wrong = "rtsps:// carries the video in its TLS connection, which UDP would not";
    else
        *encoded = s3hls__input_address_encode(cfg->address, cfg->password, &wrong);
    if (*encoded)
        return S3HLS_OK;
    snprintf(why, 256, "%s", wrong ? wrong : "");
    return wrong ? S3HLS_E_INVALID : S3HLS_E_NOMEM;
}

int s3hls__source_config_read(s3hls_source_config *cfg, const s3hls_source_config *config,
                              char why[256]) {
    char *encoded;
    int rc = check(cfg, config, &encoded, why);
    free(encoded);
    return rc;
}

int s3hls_source_check(const s3hls_source_config *config, char why[256]) {
    s3hls_source_config cfg;
    return s3hls__source_config_read(&cfg, config, why);
}

int s3hls_source_open(s3hls_source **out, const s3hls_source_config *config, char why[256]) {
    s3hls_source_config cfg;
    char *address;
    *out = NULL;
    int rc = check(&cfg, config, &address, why);
    if (rc)
        return rc;
    s3hls_source *m = *out = calloc(1, sizeof *m);
    if (!m) {
        free(address);
        return S3HLS_E_NOMEM;
    }
    m->config = cfg;
    m->address = address;
    m->fd = -1;
    rc = is_url(address) ? open_by_name(m, why) : open_by_content(m, why);
    if (rc)
        s3hls_source_close(out);
    return rc;
}

void s3hls_source_close(s3hls_source **source) {
    s3hls_source *m = *source;
    if (!m)
        return;
    s3hls__input_demux_close(&m->container);
    if (m->fd >= 0)
        close(m->fd);
    explicit_bzero(m->address, strlen(m->address));
    free(m->address);
    free(m);
    *source = NULL;
}

const s3hls_source_facts *s3hls_source_get_facts(const s3hls_source *source) {
    return &source->facts;
}

int s3hls_source_read(s3hls_source *source, size_t max_bytes, s3hls_frame *frame, char why[256]) {
    memset(frame, 0, sizeof *frame);
    return source->facts.raw ? read_chunk(source, max_bytes, frame, why)
                             : s3hls__input_demux_read(source->container, frame, why);
}

int s3hls_source_take_audio(s3hls_source *source, s3hls_audio *audio) {
    memset(audio, 0, sizeof *audio);
    return !source->facts.raw && s3hls__input_demux_take_audio(source->container, audio);
}

int s3hls_source_at_keyframe(const s3hls_source *source) {
    return source->facts.raw || s3hls__input_demux_at_keyframe(source->container);
}

uint64_t s3hls_source_damaged(const s3hls_source *source) {
    return source->facts.raw ? 0 : s3hls__input_demux_damaged(source->container);
}

int s3hls_source_truncated(s3hls_source *source) {
    return !source->facts.raw && source->fd >= 0 && cut_off(source);
}

int s3hls_source_is_camera(const char *address) {
    return s3hls__input_address_is_rtsp(address);
}
