/* SPDX-License-Identifier: MIT-0 */
#include "site_status.h"
#include "s3hls/time.h"
#include "text.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* ---- JSON */

static void write_time(FILE *to, const char *name, int64_t us) {
    char text[40];
    if (!us)
        return;
    s3hls_time_format(us, text, sizeof text);
    fprintf(to, ",\"%s\":\"%s\"", name, text);
}

static void write_text(FILE *to, const char *name, const char *text) {
    fprintf(to, ",\"%s\":", name);
    text_print_json(to, text);
}

static void write_input(FILE *to, const s3hls__camera_status *c) {
    write_time(to, "since", c->since_us);
    write_time(to, "connected_since", c->connected_us);
    if (c->codec[0])
        fprintf(to, ",\"codec\":\"%s\",\"width\":%u,\"height\":%u", c->codec, c->width, c->height);
    fprintf(to, ",\"bitrate_bps\":%" PRIu64 ",\"frame_rate\":%.3f,\"gop_ms\":%u", c->bits_per_s,
            c->pictures_per_1000_s / 1e3, c->gop_ms);
    fprintf(to,
            ",\"reconnects\":%" PRIu64 ",\"readers_replaced\":%" PRIu64
            ",\"damaged_pictures\":%" PRIu64,
            c->reconnects, c->replaced, c->damaged);
    if (!c->why[0])
        return;
    write_text(to, "input_error", c->why);
    write_time(to, "input_error_time", c->why_us);
}

static void write_delivery(FILE *to, const s3hls_recorder_stats *s) {
    static const char *const states[] = {"ok", "failing", "held"};
    write_time(to, "last_segment_end", s->last_segment_end_us);
    fprintf(to,
            ",\"lag_ms\":%" PRId64 ",\"segments_accepted\":%" PRIu64
            ",\"segments_delivered\":%" PRIu64 ",\"segments_waiting\":%" PRIu64
            ",\"segments_spooled\":%" PRIu64 ",\"segments_dropped\":%" PRIu64,
            s->lag_us / 1000, s->segments_accepted, s->segments_delivered, s->segments_waiting,
            s->segments_spooled, s->segments_dropped);
    fprintf(to,
            ",\"frames_accepted\":%" PRIu64 ",\"frames_dropped\":%" PRIu64
            ",\"bytes_delivered\":%" PRIu64 ",\"bytes_spooled\":%" PRIu64
            ",\"pool_used_bytes\":%" PRIu64 ",\"pool_bytes\":%" PRIu64,
            s->frames_in, s->frames_dropped, s->bytes_delivered, s->bytes_spooled,
            s->pool_used_bytes, s->pool_bytes);
    fprintf(to, ",\"delivery\":\"%s\"", states[s->delivery_state]);
    if (!s->last_error.status)
        return;
    write_text(to, "delivery_error",
               s->last_error.message[0] ? s->last_error.message
                                        : s3hls_strerror(s->last_error.status));
    write_time(to, "delivery_error_time", s->last_error_us);
}

void site_status_write(FILE *to, s3hls__gateway *gateway) {
    s3hls__camera_status c;
    fputs("{\"cameras\":[", to);
    for (size_t i = 0; s3hls__gateway_get_status(gateway, i, &c); i++) {
        fprintf(to, "%s{\"name\":", i ? "," : "");
        text_print_json(to, c.name);
        fprintf(to, ",\"state\":\"%s\"", s3hls__camera_state_name(c.state));
        write_input(to, &c);
        write_delivery(to, &c.stats);
        putc('}', to);
    }
    fputs("]}\n", to);
}

/* ---- the table */

static const char *text_of(const json_t *camera, const char *name) {
    const char *text = json_string_value(json_object_get(camera, name));
    return text ? text : "-";
}

static double number_of(const json_t *camera, const char *name) {
    return json_number_value(json_object_get(camera, name));
}

static void print_camera(FILE *to, const json_t *c) {
    char size[32] = "-";
    const char *fault = text_of(c, "input_error");
    if (strcmp(text_of(c, "state"), "recording") == 0) /* it concerns the past */
        fault = strcmp(text_of(c, "delivery"), "ok") == 0 ? "" : text_of(c, "delivery_error");
    if (number_of(c, "width") > 0)
        snprintf(size, sizeof size, "%.0fx%.0f", number_of(c, "width"), number_of(c, "height"));
    fprintf(to, "%-20s %-10s %-5s %-9s %8.2f %6.1f %6.1f %6.1f %7.0f %7.0f %7.0f  ",
            text_of(c, "name"), text_of(c, "state"), text_of(c, "codec"), size,
            number_of(c, "bitrate_bps") / 1e6, number_of(c, "frame_rate"),
            number_of(c, "gop_ms") / 1e3, number_of(c, "lag_ms") / 1e3,
            number_of(c, "segments_waiting"), number_of(c, "segments_spooled"),
            number_of(c, "segments_dropped"));
    text_print(to, fault);
    putc('\n', to);
}

bool site_status_print(FILE *to, const char *json, size_t size) {
    json_t *root = json_loadb(json, size, 0, NULL), *cameras = json_object_get(root, "cameras");
    size_t i;
    json_t *camera;
    if (!json_is_array(cameras)) {
        json_decref(root);
        return false;
    }
    fprintf(to, "%-20s %-10s %-5s %-9s %8s %6s %6s %6s %7s %7s %7s  %s\n", "CAMERA", "STATE",
            "CODEC", "SIZE", "MBIT/S", "FPS", "GOP S", "LAG S", "WAITING", "SPOOLED", "DROPPED",
            "FAULT");
    json_array_foreach(cameras, i, camera) print_camera(to, camera);
    json_decref(root);
    return true;
}
