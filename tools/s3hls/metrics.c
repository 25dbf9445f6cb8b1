/* SPDX-License-Identifier: MIT-0 */
#include "metrics.h"
#include "events.h"
#include "s3hls/s3hls.h"
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct metrics {
    struct MHD_Daemon *daemon;
    metrics_look look;
    void *ctx;
};

/* ---- the text */

typedef struct field {
    const char *name, *type, *help;
    size_t offset; /* of an int64_t or uint64_t in the statistics */
    double unit;   /* factor to the metric's unit */
} field;

#define FIELD(name, type, member, unit, help)                                                      \
    { name, type, help, offsetof(s3hls_recorder_stats, member), unit }

static const field fields[] = {
    FIELD("s3hls_received_bytes_total", "counter", bytes_in, 1, "Bytes of video put."),
    FIELD("s3hls_media_seconds_total", "counter", media_us, 1e-6, "Time recorded."),
    FIELD("s3hls_frames_accepted_total", "counter", frames_in, 1, "Frames taken into segments."),
    FIELD("s3hls_frames_skipped_total", "counter", frames_skipped, 1,
          "Frames before the first keyframe, or after damage up to the next one."),
    FIELD("s3hls_frames_dropped_total", "counter", frames_dropped, 1,
          "Frames for which there was no memory."),
    FIELD("s3hls_gops_dropped_total", "counter", gops_dropped, 1,
          "Groups of pictures of which frames were dropped."),
    FIELD("s3hls_nals_damaged_total", "counter", nals_damaged, 1,
          "NAL units that could not be read."),
    FIELD("s3hls_nals_refused_total", "counter", nals_refused, 1,
          "SEI NAL units left out: too large, or without a picture."),
    FIELD("s3hls_segments_accepted_total", "counter", segments_accepted, 1,
          "Segments ended, or found in the spool."),
    FIELD("s3hls_segments_delivered_total", "counter", segments_delivered, 1,
          "Segments that the store has confirmed."),
    FIELD("s3hls_segments_dropped_total", "counter", segments_dropped, 1,
          "Segments accepted and then given up."),
    FIELD("s3hls_segments_recovered_total", "counter", segments_recovered, 1,
          "Segments found in the spool at the start."),
    FIELD("s3hls_accepted_bytes_total", "counter", bytes_accepted, 1,
          "Bytes of accepted segments."),
    FIELD("s3hls_delivered_bytes_total", "counter", bytes_delivered, 1,
          "Bytes of delivered segments."),
    FIELD("s3hls_dropped_bytes_total", "counter", bytes_dropped, 1, "Bytes of dropped segments."),
    FIELD("s3hls_lag_seconds", "gauge", lag_us, 1e-6,
          "Age of the oldest segment not yet delivered."),
    FIELD("s3hls_pool_bytes", "gauge", pool_bytes, 1, "Memory for segments."),
    FIELD("s3hls_pool_used_bytes", "gauge", pool_used_bytes, 1, "Memory taken by segments."),
    FIELD("s3hls_waiting_bytes", "gauge", bytes_waiting, 1, "Bytes of segments in memory."),
    FIELD("s3hls_spool_bytes", "gauge", bytes_spooled, 1, "Bytes in the spool."),
    FIELD("s3hls_clock_offset_seconds", "gauge", clock_offset_ms, 1e-3,
          "True time less this machine's, by the store."),
};

/* Metrics that are exposed once their value is known. */
static const field moments[] = {
    FIELD("s3hls_last_segment_end_timestamp_seconds", "gauge", last_segment_end_us, 1e-6,
          "End of the newest segment."),
    FIELD("s3hls_last_error_timestamp_seconds", "gauge", last_error_us, 1e-6,
          "Newest failed delivery."),
    FIELD("s3hls_credentials_expiry_timestamp_seconds", "gauge", credentials_expire_s, 1,
          "When the credentials end."),
};

static void begin(FILE *to, const char *name, const char *type, const char *help) {
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_value(FILE *to, int64_t value, double unit) {
    if (unit == 1)
        fprintf(to, " %" PRId64 "\n", value);
    else
        fprintf(to, " %.6f\n", (double)value * unit);
}

static void write_fields(FILE *to, const field *f, size_t count, const s3hls_recorder_stats *s,
                         bool zeros) {
    for (; count--; f++) {
        int64_t value;
        memcpy(&value, (const char *)s + f->offset, sizeof value);
        if (!value && !zeros)
            continue;
        begin(to, f->name, f->type, f->help);
        fputs(f->name, to);
        write_value(to, value, f->unit);
    }
}

/* Write name="value", escaped as the format requires; non-ASCII characters become ?. */
static void write_label(FILE *to, const char *name, const char *value) {
    fprintf(to, "%s=\"", name);
    for (; *value; value++)
        if (*value == '\\' || *value == '"')
            fprintf(to, "\\%c", *value);
        else if (*value == '\n')
            fputs("\\n", to);
        else
            fputc(*value & 0x80 ? '?' : *value, to);
    fputc('"', to);
}

static void write_labelled(FILE *to, const char *name, const char *label, const char *value,
                           uint64_t count) {
    fprintf(to, "%s{", name);
    write_label(to, label, value);
    fprintf(to, "} %" PRIu64 "\n", count);
}

static void write_last_error(FILE *to, const s3hls_s3_error *error) {
    char http[24];
    if (!error->status)
        return;
    snprintf(http, sizeof http, "%ld", error->http_status);
    begin(to, "s3hls_last_error_info", "gauge", "What the newest failed delivery met.");
    fputs("s3hls_last_error_info{", to);
    write_label(to, "status", s3hls_status_name(error->status));
    fputc(',', to);
    write_label(to, "http_status", http);
    fputc(',', to);
    write_label(to, "code", error->code);
    fputs("} 1\n", to);
}

static void write_view(FILE *to, const metrics_view *v) {
    static const char *const states[] = {"ok", "failing", "held"};
    const s3hls_recorder_stats *s = &v->stats;
    write_fields(to, fields, sizeof fields / sizeof *fields, s, true);
    write_fields(to, moments, sizeof moments / sizeof *moments, s, false);
    begin(to, "s3hls_segments", "gauge", "Segments not yet delivered, by where they are.");
    write_labelled(to, "s3hls_segments", "state", "waiting", s->segments_waiting);
    write_labelled(to, "s3hls_segments", "state", "spooled", s->segments_spooled);
    begin(to, "s3hls_spool_max_bytes", "gauge", "Bound of the spool; 0 without one.");
    fprintf(to, "s3hls_spool_max_bytes %" PRIu64 "\n", v->spool_max_bytes);
    begin(to, "s3hls_retries_total", "counter", "Deliveries tried again, by cause.");
    for (int i = 0; i < S3HLS_CAUSE_COUNT; i++)
        write_labelled(to, "s3hls_retries_total", "cause", cause_name(i), s->retries_by[i]);
    begin(to, "s3hls_input_up", "gauge", "1 while the camera is there.");
    fprintf(to, "s3hls_input_up %d\n", v->input_up);
    begin(to, "s3hls_input_reconnects_total", "counter", "Times the camera was found again.");
    fprintf(to, "s3hls_input_reconnects_total %" PRIu64 "\n", v->reconnects);
    begin(to, "s3hls_input_usable", "gauge",
          "0 while pictures arrive of which none can be recorded.");
    fprintf(to, "s3hls_input_usable %d\n", !v->input_unusable);
    begin(to, "s3hls_input_damaged_pictures_total", "counter",
          "Pictures that data is missing from.");
    fprintf(to, "s3hls_input_damaged_pictures_total %" PRIu64 "\n", v->input_damaged);
    begin(to, "s3hls_delivery_state", "gauge", "1 for the state that deliveries are in.");
    for (unsigned i = 0; i < 3; i++)
        write_labelled(to, "s3hls_delivery_state", "state", states[i],
                       (unsigned)s->delivery_state == i);
    write_last_error(to, &s->last_error);
    begin(to, "s3hls_build_info", "gauge", "Version of s3hls.");
    write_labelled(to, "s3hls_build_info", "version", s3hls_version(), 1);
}

/* Report a state as unhealthy if the operator must act. */
static unsigned write_health(FILE *to, const metrics_view *v) {
    const s3hls_recorder_stats *s = &v->stats;
    if (s->delivery_state == S3HLS_DELIVERY_OK && v->input_unusable) {
        fputs("input: pictures arrive of which none can be recorded\n", to);
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    }
    if (s->delivery_state == S3HLS_DELIVERY_OK) {
        fputs("ok\n", to);
        return MHD_HTTP_OK;
    }
    fprintf(to, "%s: %s\n", s->delivery_state == S3HLS_DELIVERY_HELD ? "held" : "failing",
            s3hls_strerror(s->delivery_status));
    return MHD_HTTP_SERVICE_UNAVAILABLE;
}

/* ---- the server */

static enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request) {
    metrics *m = ctx;
    metrics_view view = {0};
    char *text = NULL;
    size_t size = 0;
    unsigned code = MHD_HTTP_OK;
    (void)version, (void)upload, (void)upload_size, (void)request;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return MHD_NO;
    bool is_metrics = strcmp(path, "/metrics") == 0, is_health = strcmp(path, "/healthz") == 0;
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (reads && (is_metrics || is_health))
        m->look(m->ctx, &view);
    if (!is_metrics && !is_health)
        code = MHD_HTTP_NOT_FOUND;
    else if (!reads)
        code = MHD_HTTP_METHOD_NOT_ALLOWED;
    else if (is_health)
        code = write_health(to, &view);
    else
        write_view(to, &view);
    fclose(to);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type",
                            is_metrics ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain");
    enum MHD_Result rc = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return rc;
}

typedef union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} socket_address;

static bool parse_address(const char *where, socket_address *to) {
    char host[64] = "";
    const char *colon = strrchr(where, ':'), *port = colon ? colon + 1 : where;
    size_t size = colon ? (size_t)(colon - where) : 0;
    char *end;
    unsigned long number = strtoul(port, &end, 10);
    if (!*port || port[strspn(port, "0123456789")] || number > 65535 || size >= sizeof host)
        return false;
    memset(to, 0, sizeof *to);
    if (size > 2 && where[0] == '[' && where[size - 1] == ']') {
        memcpy(host, where + 1, size - 2);
        to->v6.sin6_family = AF_INET6;
        to->v6.sin6_port = htons((uint16_t)number);
        return inet_pton(AF_INET6, host, &to->v6.sin6_addr) == 1;
    }
    memcpy(host, where, size);
    to->v4.sin_family = AF_INET;
    to->v4.sin_port = htons((uint16_t)number);
    return inet_pton(AF_INET, size ? host : "127.0.0.1", &to->v4.sin_addr) == 1;
}

static void format_address(const metrics *m, socket_address *at, char address[64]) {
    char host[INET6_ADDRSTRLEN];
    bool v6 = at->any.sa_family == AF_INET6;
    inet_ntop(at->any.sa_family, v6 ? (void *)&at->v6.sin6_addr : (void *)&at->v4.sin_addr, host,
              sizeof host);
    unsigned port = MHD_get_daemon_info(m->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    snprintf(address, 64, v6 ? "[%s]:%u" : "%s:%u", host, port);
}

const char *metrics_open(metrics **out, const char *where, metrics_look look, void *ctx,
                         char address[64]) {
    socket_address at;
    sigset_t all, before;
    *out = NULL;
    if (!parse_address(where, &at))
        return "not an address; give PORT, 127.0.0.1:PORT or [::1]:PORT";
    metrics *m = calloc(1, sizeof *m);
    if (!m)
        return strerror(ENOMEM);
    m->look = look;
    m->ctx = ctx;
    sigfillset(&all); /* signals are handled by the thread that reads the input */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = 0;
    m->daemon =
        MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD |
                             (at.any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0),
                         0, NULL, NULL, answer, m, MHD_OPTION_SOCK_ADDR, &at.any,
                         MHD_OPTION_CONNECTION_LIMIT, 16u, MHD_OPTION_CONNECTION_TIMEOUT, 10u,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!m->daemon) {
        free(m);
        return errno ? strerror(errno) : "cannot listen there";
    }
    format_address(m, &at, address);
    *out = m;
    return NULL;
}

void metrics_close(metrics **m) {
    if (!*m)
        return;
    MHD_stop_daemon((*m)->daemon);
    free(*m);
    *m = NULL;
}
