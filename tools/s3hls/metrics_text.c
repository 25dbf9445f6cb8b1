/* SPDX-License-Identifier: MIT-0 */
#include "metrics_text.h"
#include "events.h"
#include "s3hls/s3hls.h"
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

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

/* Write a metric's name with the labels of a recording and one more (NULL: none). */
static void write_name(FILE *to, const char *name, const metrics_view *v, const char *label,
                       const char *value) {
    fputs(name, to);
    if (!v->camera[0] && !label)
        return;
    putc('{', to);
    if (v->camera[0])
        write_label(to, "camera", v->camera);
    if (v->camera[0] && label)
        putc(',', to);
    if (label)
        write_label(to, label, value);
    putc('}', to);
}

static void write_count(FILE *to, const char *name, const metrics_view *v, const char *label,
                        const char *value, uint64_t count) {
    write_name(to, name, v, label, value);
    fprintf(to, " %" PRIu64 "\n", count);
}

static void write_fields(FILE *to, const field *f, size_t count, const metrics_views *all,
                         bool zeros) {
    for (; count--; f++) {
        bool begun = false;
        for (size_t i = 0; i < all->count; i++) {
            int64_t value;
            memcpy(&value, (const char *)&all->v[i].stats + f->offset, sizeof value);
            if (!value && !zeros)
                continue;
            if (!begun)
                begin(to, f->name, f->type, f->help);
            begun = true;
            write_name(to, f->name, &all->v[i], NULL, NULL);
            write_value(to, value, f->unit);
        }
    }
}

/* Metrics of a view that are one number. */
typedef struct single {
    const char *name, *type, *help;
    uint64_t (*value)(const metrics_view *v);
    bool measured; /* only of recordings whose input is measured */
} single;

static uint64_t spool_max(const metrics_view *v) {
    return v->spool_max_bytes;
}

static uint64_t up(const metrics_view *v) {
    return v->input_up;
}

static uint64_t reconnects(const metrics_view *v) {
    return v->reconnects;
}

static uint64_t usable(const metrics_view *v) {
    return !v->input_unusable;
}

static uint64_t damaged(const metrics_view *v) {
    return v->input_damaged;
}

static uint64_t bitrate(const metrics_view *v) {
    return v->bits_per_s;
}

static uint64_t replaced(const metrics_view *v) {
    return v->readers_replaced;
}

static const single singles[] = {
    {"s3hls_spool_max_bytes", "gauge", "Bound of the spool; 0 without one.", spool_max, false},
    {"s3hls_input_up", "gauge", "1 while the camera is there.", up, false},
    {"s3hls_input_reconnects_total", "counter", "Times the camera was found again.", reconnects,
     false},
    {"s3hls_input_usable", "gauge", "0 while pictures arrive of which none can be recorded.",
     usable, false},
    {"s3hls_input_damaged_pictures_total", "counter", "Pictures that data is missing from.",
     damaged, false},
    {"s3hls_input_bits_per_second", "gauge", "Received in the latest seconds.", bitrate, true},
    {"s3hls_input_readers_replaced_total", "counter",
     "Readers that were left behind in a call that did not return.", replaced, true},
};

static void write_singles(FILE *to, const metrics_views *all) {
    for (const single *n = singles; n < singles + sizeof singles / sizeof *singles; n++) {
        bool begun = false;
        for (size_t i = 0; i < all->count; i++) {
            if (n->measured && !all->v[i].measured)
                continue;
            if (!begun)
                begin(to, n->name, n->type, n->help);
            begun = true;
            write_count(to, n->name, &all->v[i], NULL, NULL, n->value(&all->v[i]));
        }
    }
}

static void write_states(FILE *to, const metrics_views *all) {
    static const char *const states[] = {"ok", "failing", "held"};
    begin(to, "s3hls_segments", "gauge", "Segments not yet delivered, by where they are.");
    for (const metrics_view *v = all->v; v < all->v + all->count; v++) {
        write_count(to, "s3hls_segments", v, "state", "waiting", v->stats.segments_waiting);
        write_count(to, "s3hls_segments", v, "state", "spooled", v->stats.segments_spooled);
    }
    begin(to, "s3hls_retries_total", "counter", "Deliveries tried again, by cause.");
    for (const metrics_view *v = all->v; v < all->v + all->count; v++)
        for (int i = 0; i < S3HLS_CAUSE_COUNT; i++)
            write_count(to, "s3hls_retries_total", v, "cause", cause_name(i),
                        v->stats.retries_by[i]);
    begin(to, "s3hls_delivery_state", "gauge", "1 for the state that deliveries are in.");
    for (const metrics_view *v = all->v; v < all->v + all->count; v++)
        for (unsigned i = 0; i < 3; i++)
            write_count(to, "s3hls_delivery_state", v, "state", states[i],
                        (unsigned)v->stats.delivery_state == i);
}

static void write_last_errors(FILE *to, const metrics_views *all) {
    bool begun = false;
    for (const metrics_view *v = all->v; v < all->v + all->count; v++) {
        const s3hls_s3_error *error = &v->stats.last_error;
        char http[24];
        if (!error->status)
            continue;
        if (!begun)
            begin(to, "s3hls_last_error_info", "gauge", "What the newest failed delivery met.");
        begun = true;
        snprintf(http, sizeof http, "%ld", error->http_status);
        fputs("s3hls_last_error_info{", to);
        if (v->camera[0]) {
            write_label(to, "camera", v->camera);
            putc(',', to);
        }
        write_label(to, "status", s3hls_status_name(error->status));
        putc(',', to);
        write_label(to, "http_status", http);
        putc(',', to);
        write_label(to, "code", error->code);
        fputs("} 1\n", to);
    }
}

void metrics_write(FILE *to, const metrics_views *all) {
    static const metrics_view none = {.camera = ""};
    write_fields(to, fields, sizeof fields / sizeof *fields, all, true);
    write_fields(to, moments, sizeof moments / sizeof *moments, all, false);
    write_states(to, all);
    write_singles(to, all);
    write_last_errors(to, all);
    begin(to, "s3hls_build_info", "gauge", "Version of s3hls.");
    write_count(to, "s3hls_build_info", &none, "version", s3hls_version(), 1);
}

/* What is wrong with a recording. @return false: nothing that requires somebody to act */
static bool write_fault(FILE *to, const metrics_view *v) {
    const s3hls_recorder_stats *s = &v->stats;
    bool fails = s->delivery_state != S3HLS_DELIVERY_OK;
    if (!fails && !v->input_unusable && !v->fault[0])
        return false;
    fprintf(to, "%s%s", v->camera, v->camera[0] ? ": " : "");
    if (fails)
        fprintf(to, "%s: %s\n", s->delivery_state == S3HLS_DELIVERY_HELD ? "held" : "failing",
                s3hls_strerror(s->delivery_status));
    else if (v->fault[0])
        fprintf(to, "%s\n", v->fault);
    else
        fputs("input: pictures arrive of which none can be recorded\n", to);
    return true;
}

bool metrics_write_health(FILE *to, const metrics_views *all) {
    bool healthy = true;
    for (size_t i = 0; i < all->count; i++)
        healthy &= !write_fault(to, &all->v[i]);
    if (healthy)
        fputs("ok\n", to);
    return healthy;
}
