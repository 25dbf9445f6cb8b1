/* SPDX-License-Identifier: MIT-0 */
#include "progress.h"
#include "when.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void progress_begin(progress *p, bool quiet) {
    p->on = !quiet && isatty(STDERR_FILENO);
    p->begun_us = now_us();
    p->shown_us = 0;
}

void progress_show(progress *p, const s3hls_recorder_stats *s) {
    int64_t now = now_us();
    if (!p->on || now - p->shown_us < 250000)
        return;
    p->shown_us = now;
    double seconds = (double)(now - p->begun_us) / 1e6 + 1e-3;
    fprintf(stderr,
            "\r\033[K%02d:%02d:%02d recorded, %" PRIu64 " segments sent, %" PRIu64
            " waiting, buffer %d %%, %.1f Mbit/s",
            (int)(s->media_us / 3600000000), (int)(s->media_us / 60000000 % 60),
            (int)(s->media_us / 1000000 % 60), s->segments_delivered, s->segments_waiting,
            (int)(100 * s->pool_used_bytes / s->pool_bytes),
            (double)s->bytes_delivered * 8e-6 / seconds);
    if (s->last_error.status && s->segments_waiting)
        fprintf(stderr, "  [%s]", s3hls_strerror(s->last_error.status));
}

void progress_end(progress *p) {
    if (p->on && p->shown_us)
        fputs("\r\033[K", stderr);
}

void print_summary(const s3hls_recorder_stats *s, const char *url) {
    char from[32], to[32];
    time_format(s->first_segment_us, from, sizeof from);
    time_format(s->last_segment_end_us, to, sizeof to);
    printf("recorded %.3f s in %" PRIu64 " segments, %" PRIu64 " bytes, %" PRIu64 " frames\n",
           (double)s->media_us / 1e6, s->segments_delivered, s->bytes_delivered, s->frames_in);
    printf("from %s to %s\n", from, to);
    if (s->frames_skipped || s->nals_damaged)
        printf("left out: %" PRIu64 " frames; unreadable: %" PRIu64 " NAL units\n",
               s->frames_skipped, s->nals_damaged);
    if (s->frames_dropped)
        printf("NO ROOM FOR: %" PRIu64 " frames; a larger --pool holds more\n", s->frames_dropped);
    if (s->segments_waiting || s->segments_dropped)
        printf("NOT DELIVERED: %" PRIu64 " segments\n", s->segments_waiting + s->segments_dropped);
    if (s->retries)
        printf("deliveries tried again: %" PRIu64 "\n", s->retries);
    if (s->segments_delivered)
        printf("playlist: s3hls playlist %s --from %s --to %s\n", url, from, to);
}

static void print_json_string(const char *text) {
    putchar('"');
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else
            printf((unsigned char)*text < 0x20 ? "\\u%04x" : "%c", (unsigned char)*text);
    putchar('"');
}

void print_summary_json(const s3hls_recorder_stats *s, const char *url) {
    printf("{\"url\":");
    print_json_string(url);
    printf(",\"media_us\":%" PRId64 ",\"from_us\":%" PRId64 ",\"to_us\":%" PRId64
           ",\"frames\":%" PRIu64 ",\"frames_skipped\":%" PRIu64 ",\"frames_dropped\":%" PRIu64
           ",\"nals_damaged\":%" PRIu64 ",\"segments_accepted\":%" PRIu64
           ",\"segments_delivered\":%" PRIu64 ",\"segments_waiting\":%" PRIu64
           ",\"segments_dropped\":%" PRIu64 ",\"bytes_delivered\":%" PRIu64 ",\"retries\":%" PRIu64
           "}\n",
           s->media_us, s->first_segment_us, s->last_segment_end_us, s->frames_in,
           s->frames_skipped, s->frames_dropped, s->nals_damaged, s->segments_accepted,
           s->segments_delivered, s->segments_waiting, s->segments_dropped, s->bytes_delivered,
           s->retries);
}
