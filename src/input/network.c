/* SPDX-License-Identifier: MIT-0 */
#include "input/network.h"
#include "input/address.h"
#include "input/authorities.h"
#include "input/tls_relay.h"
#include "s3hls/status.h"
#include <libavutil/avstring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_MS "10000"

struct s3hls__input_network {
    const s3hls_source_config *options;
    s3hls__input_authorities authorities;
    s3hls__input_tls_relay *relay; /* rtsps */
    int (*open_connection)(AVFormatContext *s, AVIOContext **pb, const char *url, int flags,
                           AVDictionary **options);
};

/* ---- errors */

static int transport_refused(const s3hls__input_network *n, char why[256]) {
    static const char *const texts[] = {
        "the camera refuses RTP over TCP (461); try --rtsp-transport udp",
        "the camera refuses RTP over UDP (461); try --rtsp-transport tcp",
        "the camera refuses RTP over TCP and over UDP (461)"};
    snprintf(why, 256, "%s",
             n->relay ? "the camera refuses RTP inside its TLS connection (461)"
                      : texts[n->options->transport]);
    return S3HLS_E_UNSUPPORTED;
}

static const char *take_logged_error(const s3hls__input_network *n) {
    return n->options->take_logged_error ? n->options->take_logged_error(n->options->ctx) : "";
}

/* libavformat reports some errors as EIO; its log contains the cause. */
static int status_of_log(const char *line, char why[256]) {
    if (!line[0])
        return S3HLS_E_IO;
    snprintf(why, 256, "%s", line);
    return strstr(line, "resolve")                             ? S3HLS_E_RESOLVE
           : strstr(line, "ertificate") || strstr(line, "TLS") ? S3HLS_E_TLS
                                                               : S3HLS_E_IO;
}

int s3hls__input_network_status(int code, char why[256]) {
    av_strerror(code, why, 256);
    switch (code) {
    case AVERROR(ENOENT):
    case AVERROR_HTTP_NOT_FOUND:
        return S3HLS_E_NOT_FOUND;
    case AVERROR_HTTP_UNAUTHORIZED:
        snprintf(why, 256, "user or password refused (401)");
        return S3HLS_E_ACCESS;
    case AVERROR(EACCES):
    case AVERROR_HTTP_FORBIDDEN:
        return S3HLS_E_ACCESS;
    case AVERROR(ECONNREFUSED):
    case AVERROR(EHOSTUNREACH):
    case AVERROR(ENETUNREACH):
        return S3HLS_E_CONNECT;
    case AVERROR(EPROTONOSUPPORT):
        return S3HLS_E_UNSUPPORTED;
    case AVERROR(ETIMEDOUT):
        return S3HLS_E_TIMEOUT;
    case AVERROR(ENOMEM):
        return S3HLS_E_NOMEM;
    case AVERROR_INVALIDDATA:
        return S3HLS_E_MALFORMED;
    default:
        return S3HLS_E_IO;
    }
}

/* ---- connections */

/* The URL contains a protocol, as in "concat:https://", that passes no options to its TLS
 * connections. */
static bool verifies_nothing(const char *url) {
    static const char *const names[] = {"concat", "concatf", "hls", "rtmpts", "gophers"};
    const char *end = strstr(url, "://");
    for (const char *at = url; end && at < end; at += strcspn(at, "+:,") + 1)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strcspn(at, "+:,") == strlen(names[i]) &&
                strncasecmp(at, names[i], strlen(names[i])) == 0)
                return true;
    return false;
}

/* AVFormatContext's io_open, called for each connection: the input's first one, those of playlists
 * and of segments. Demuxers pass no TLS options. A redirect inherits the options of its request. */
static int open_connection(AVFormatContext *s, AVIOContext **pb, const char *url, int flags,
                           AVDictionary **options) {
    const s3hls__input_network *n = s->opaque;
    AVDictionary *own = NULL, **all = options ? options : &own;
    if (!n->options->insecure && verifies_nothing(url))
        return AVERROR(EPERM);
    /* microseconds; RTMP's own "timeout" would make it a server */
    av_dict_set(all, strncmp(url, "rtmp", 4) == 0 ? "rw_timeout" : "timeout", TIMEOUT_MS "000", 0);
    if (!n->options->insecure) {
        av_dict_set(all, "tls_verify", "1", 0);
        av_dict_set(all, "ca_file", s3hls__input_authorities_file(&n->authorities),
                    0); /* NULL: the system's */
    }
    int rc = n->open_connection(s, pb, url, flags, all);
    av_dict_free(&own);
    return rc;
}

/* Convert rtsps://user@host/rest to rtsp://user@127.0.0.1:port/rest; the caller frees it. */
static int relay_tls(s3hls__input_network *n, const char *url, const AVIOInterruptCB *interrupt,
                     char **local, char why[256]) {
    s3hls__input_address_parts parts;
    char host[512];
    if (!s3hls__input_address_split(url, &parts)) {
        snprintf(why, 256, "not an address; give rtsps://user:password@camera/stream");
        return S3HLS_E_INVALID;
    }
    const char *bracket = memrchr(parts.host, ']', parts.host_size),
               *end = parts.host + parts.host_size;
    const char *name_end = bracket ? bracket : parts.host;
    bool has_port = memchr(name_end, ':', (size_t)(end - name_end));
    snprintf(host, sizeof host, "%.*s%s", (int)parts.host_size, parts.host, has_port ? "" : ":322");
    s3hls__input_tls_relay_config config = {.host = host,
                                            .ca_file =
                                                s3hls__input_authorities_file(&n->authorities),
                                            .insecure = n->options->insecure,
                                            .timeout_ms = strtol(TIMEOUT_MS, NULL, 10),
                                            .stopped = interrupt->callback,
                                            .stopped_ctx = interrupt->opaque};
    int rc = s3hls__input_tls_relay_open(&n->relay, &config, why);
    if (rc)
        return rc;
    *local = av_asprintf("rtsp://%.*s127.0.0.1:%u%s", (int)parts.user_size, parts.user,
                         s3hls__input_tls_relay_port(n->relay), parts.rest);
    return *local ? S3HLS_OK : S3HLS_E_NOMEM;
}

static AVDictionary *options_of_rtsp(const s3hls__input_network *n) {
    static const char *const transports[] = {"tcp", "udp", "tcp+udp"};
    AVDictionary *options = NULL;
    av_dict_set(&options, "timeout", TIMEOUT_MS "000", 0); /* microseconds */
    av_dict_set(&options, "rtsp_transport",
                transports[n->relay ? S3HLS_RTSP_TCP : n->options->transport], 0);
    av_dict_set(&options, "rtsp_flags", "prefer_tcp", 0);
    if (n->options->transport !=
        S3HLS_RTSP_TCP) /* a keyframe of a 4K camera arrives in one burst */
        av_dict_set(&options, "buffer_size", "2097152", 0);
    return options;
}

/* Derive the reason for a failed open from its code, from the log or from the options. */
static int explain(const s3hls__input_network *n, const char *url, int rc, char why[256]) {
    s3hls__input_address_parts parts;
    const char *line = take_logged_error(n);
    if (rc == AVERROR(EPROTONOSUPPORT) || strstr(line, "Nonmatching transport"))
        return transport_refused(n, why);
    if (rc == AVERROR(EPERM) || strstr(line, "blacklist")) {
        snprintf(why, 256,
                 "it leads to an address whose certificate would not be verified; give that "
                 "address, or --input-insecure");
        return S3HLS_E_TLS;
    }
    int status = s3hls__input_network_status(rc, why);
    if (rc == AVERROR_HTTP_UNAUTHORIZED && s3hls__input_address_split(url, &parts) &&
        !parts.user_size)
        snprintf(why, 256, "a user and a password are asked for (401)");
    return rc == AVERROR(EIO) ? status_of_log(line, why) : status;
}

static int open_input(s3hls__input_network *n, AVFormatContext **format, const char *url,
                      char why[256]) {
    AVDictionary *options = s3hls__input_address_is_rtsp(url) ? options_of_rtsp(n) : NULL;
    (*format)->opaque = n;
    n->open_connection = (*format)->io_open;
    (*format)->io_open = open_connection;
    take_logged_error(n);
    int rc = avformat_open_input(format, url, NULL, &options);
    av_dict_free(&options);
    if (rc >= 0)
        return S3HLS_OK;
    return explain(n, url, rc, why);
}

int s3hls__input_network_open(s3hls__input_network **out, AVFormatContext **format, const char *url,
                              const s3hls_source_config *options, char why[256]) {
    s3hls__input_network *n = *out = calloc(1, sizeof *n);
    char *local = NULL;
    if (!n)
        return S3HLS_E_NOMEM;
    n->options = options;
    int rc = s3hls__input_authorities_open(&n->authorities, options->ca_file, why);
    if (!rc && !options->insecure && s3hls__input_address_is_rtsp(url)) {
        (*format)->protocol_blacklist = av_strdup("tls"); /* for redirects, which have no options */
        rc = (*format)->protocol_blacklist ? S3HLS_OK : S3HLS_E_NOMEM;
    }
    if (!rc && s3hls__input_address_has_scheme(url, "rtsps"))
        rc = relay_tls(n, url, &(*format)->interrupt_callback, &local, why);
    if (!rc)
        rc = open_input(n, format, local ? local : url, why);
    av_free(local);
    return rc;
}

void s3hls__input_network_close(s3hls__input_network **slot) {
    s3hls__input_network *n = *slot;
    if (!n)
        return;
    s3hls__input_tls_relay_close(&n->relay);
    s3hls__input_authorities_close(&n->authorities);
    free(n);
    *slot = NULL;
}
