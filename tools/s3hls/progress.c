/* SPDX-License-Identifier: MIT-0 */
#include "progress.h"
#include "events.h"
#include "when.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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
            " waiting, %" PRIu64 " spooled, buffer %d %%, %.1f Mbit/s",
            (int)(s->media_us / 3600000000), (int)(s->media_us / 60000000 % 60),
            (int)(s->media_us / 1000000 % 60), s->segments_delivered, s->segments_waiting,
            s->segments_spooled, (int)(100 * s->pool_used_bytes / s->pool_bytes),
            (double)s->bytes_delivered * 8e-6 / seconds);
    if (s->last_error.status && (s->segments_waiting || s->segments_spooled))
        fprintf(stderr, "  [%s]", s3hls_strerror(s->last_error.status));
}

void progress_end(progress *p) {
    if (p->on && p->shown_us)
        fputs("\r\033[K", stderr);
}

static void print_retries(const s3hls_recorder_stats *s) {
    if (!s->retries)
        return;
    printf("deliveries tried again: %" PRIu64, s->retries);
    const char *before = " (";
    for (int i = 0; i < S3HLS_CAUSE_COUNT; i++)
        if (s->retries_by[i]) {
            printf("%s%s %" PRIu64, before, cause_name(i), s->retries_by[i]);
            before = ", ";
        }
    puts(")");
}

static void print_last_error(const s3hls_recorder_stats *s) {
    const s3hls_s3_error *e = &s->last_error;
    char when[32];
    if (!e->status)
        return;
    time_format(s->last_error_us, when, sizeof when);
    printf("last error, at %s: %s (%s)", when, s3hls_strerror(e->status),
           s3hls_status_name(e->status));
    if (e->http_status)
        printf(", HTTP %ld %s", e->http_status, e->code);
    if (e->request_id[0])
        printf(", request %s", e->request_id);
    putchar('\n');
}

/* Accepted is the sum of the other counters. */
static void print_ledger(const s3hls_recorder_stats *s, const char *url, const char *spool) {
    printf("segments: %" PRIu64 " accepted", s->segments_accepted);
    if (s->segments_recovered)
        printf(", %" PRIu64 " of them from the spool", s->segments_recovered);
    printf(", %" PRIu64 " bytes = %" PRIu64 " delivered + %" PRIu64 " in the spool + %" PRIu64
           " dropped\n",
           s->bytes_accepted, s->segments_delivered, s->segments_spooled, s->segments_dropped);
    if (s->segments_spooled)
        printf("IN THE SPOOL: %" PRIu64 " segments, sent at the next start, or by s3hls flush "
               "--spool %s --to %s\n",
               s->segments_spooled, spool, url);
    if (s->segments_dropped)
        printf("NOT DELIVERED: %" PRIu64 " segments, %" PRIu64 " bytes\n", s->segments_dropped,
               s->bytes_dropped);
}

static void print_video(const s3hls_recorder_stats *s, const char *from, const char *to) {
    printf("recorded %.3f s in %" PRIu64 " segments, %" PRIu64 " frames\n",
           (double)s->media_us / 1e6, s->segments_accepted - s->segments_recovered, s->frames_in);
    printf("from %s to %s\n", from, to);
    if (s->frames_skipped || s->nals_damaged)
        printf("left out: %" PRIu64 " frames; unreadable: %" PRIu64 " NAL units\n",
               s->frames_skipped, s->nals_damaged);
    if (s->nals_refused)
        printf("left out: %" PRIu64 " NAL units (SEI) larger than 64 KiB, or without a picture\n",
               s->nals_refused);
    if (s->frames_dropped)
        printf("NO MEMORY FOR: %" PRIu64 " frames of %" PRIu64
               " groups; a larger --pool holds more\n",
               s->frames_dropped, s->gops_dropped);
}

void print_summary(const s3hls_recorder_stats *s, const char *url, const char *spool) {
    char from[32], to[32];
    time_format(s->first_segment_us, from, sizeof from);
    time_format(s->last_segment_end_us, to, sizeof to);
    if (s->frames_in)
        print_video(s, from, to);
    print_ledger(s, url, spool);
    print_retries(s);
    print_last_error(s);
    if (s->clock_offset_ms)
        printf("this machine's clock is %.3f s %s\n", llabs(s->clock_offset_ms) / 1e3,
               s->clock_offset_ms > 0 ? "slow" : "fast");
    if (s->frames_in && s->segments_delivered)
        printf("playlist: s3hls playlist %s --from %s --to %s\n", url, from, to);
}

void print_summary_json(const s3hls_recorder_stats *s, const char *url) {
    json_t *summary = json_of_stats(s);
    json_object_set_new(summary, "url", json_of_text(url));
    json_dumpf(summary, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(summary);
}
