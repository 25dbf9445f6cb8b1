/* SPDX-License-Identifier: MIT-0 */
#include "delivery.h"
#include "tool.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PUBLISH_WAIT_MS = 10000 };

/* Two segments of 4 s of a 4K camera (16 to 24 Mbit/s), and a reserve for an unstable network.
 * Three quarters of it limit the size of a segment, so that GOPs of 10 s at that rate stay
 * complete. */
enum { POOL_BYTES = 32 << 20 };

/* ---- options */

static delivery_options *own(void *ctx) {
    return ctx;
}

static const char *set_pool(void *ctx, const char *value) {
    uint64_t bytes;
    if (!parse_size(value, &bytes) || bytes < 256 << 10 || bytes > UINT64_C(4) << 30)
        return "not a pool's size; give 256K to 4G";
    own(ctx)->cfg.pool_bytes = (size_t)bytes;
    return NULL;
}

static const char *set_in_flight(void *ctx, const char *value) {
    return parse_count(value, 1, 64, &own(ctx)->cfg.max_in_flight)
               ? NULL
               : "not a number of uploads; give 1 to 64";
}

static const char *set_deadline(void *ctx, const char *value) {
    return parse_number(value, 0, 1e6, &own(ctx)->deadline_s)
               ? NULL
               : "not a number of seconds; 0 waits for ever";
}

static const char *set_close_wait(void *ctx, const char *value) {
    return parse_number(value, 0, 1e6, &own(ctx)->close_wait_s)
               ? NULL
               : "not a number of seconds; give 0 to 1000000";
}

static const char *set_spool_max(void *ctx, const char *value) {
    return parse_size(value, &own(ctx)->cfg.spool_max_bytes) && own(ctx)->cfg.spool_max_bytes
               ? NULL
               : "not a size; give 500M or 8G";
}

static const char *set_spool_share(void *ctx, const char *value) {
    return parse_count(value, 1, 100, &own(ctx)->cfg.spool_share_percent)
               ? NULL
               : "not a share; give 1 to 100 percent";
}

/* Add a copy of NAME=VALUE. */
static const char *add_pair(s3hls_pair *pairs, size_t *count, size_t max, const char *value) {
    if (!strchr(value, '=') || value[0] == '=')
        return "not a pair; give NAME=VALUE";
    if (*count == max)
        return "one too many";
    char *name = strdup(value);
    if (!name)
        return "out of memory";
    char *equals = strchr(name, '=');
    *equals = 0;
    pairs[(*count)++] = (s3hls_pair){name, equals + 1};
    return NULL;
}

static const char *add_tag(void *ctx, const char *value) {
    delivery_options *o = ctx;
    return add_pair(o->tags, &o->cfg.object.tag_count, TAGS_MAX, value);
}

static const char *add_metadata(void *ctx, const char *value) {
    delivery_options *o = ctx;
    return add_pair(o->metadata, &o->cfg.object.metadata_count, METADATA_MAX, value);
}

static const char *set_sse(void *ctx, const char *value) {
    own(ctx)->cfg.object.encryption = value;
    return strcmp(value, "AES256") == 0 || strcmp(value, "aws:kms") == 0
               ? NULL
               : "not an encryption; give AES256 or aws:kms";
}

static const char *set_no_overwrite(void *ctx, const char *value) {
    (void)value;
    own(ctx)->cfg.object.no_overwrite = 1;
    return NULL;
}

static const char *set_stats_every(void *ctx, const char *value) {
    return parse_number(value, 0.1, 86400, &own(ctx)->stats_every_s)
               ? NULL
               : "not a number of seconds; give 0.1 to 86400";
}

const option_kind delivery_kinds[] = {
    OPTION_TEXT("--to", "URL", "s3://bucket/prefix or file:///directory (needed)", delivery_options,
                cfg.destination),
    OPTION("--pool", "SIZE", "memory for segments that wait; default 32M", set_pool),
    OPTION("--in-flight", "N", "uploads at once; default 4", set_in_flight),
    OPTION("--deadline", "SECONDS",
           "give up when nothing could be delivered for so long; default 60, 0 never",
           set_deadline),
    OPTION("--close-wait", "SECONDS",
           "once the input has ended, deliver for so long at most; the rest is spooled",
           set_close_wait),
    OPTION_TEXT("--spool", "DIR", "keep on flash what memory cannot hold, over restarts too",
                delivery_options, cfg.spool_dir),
    OPTION("--spool-max", "SIZE", "of the spool; beyond it the oldest is dropped; default 1G",
           set_spool_max),
    OPTION("--spool-share", "PERCENT", "of the time for it while new segments come; default 50",
           set_spool_share),
    OPTION("--tag", "NAME=VALUE", "of each object; up to 10 times", add_tag),
    OPTION("--metadata", "NAME=VALUE", "x-amz-meta-NAME of each object; up to 8 times",
           add_metadata),
    OPTION_TEXT("--storage-class", "NAME", "of each object: STANDARD_IA; else the bucket's",
                delivery_options, cfg.object.storage_class),
    OPTION("--sse", "KIND", "encryption at rest, AES256 or aws:kms; else the bucket's", set_sse),
    OPTION_TEXT("--kms-key", "ID", "with --sse aws:kms; else the account's own", delivery_options,
                cfg.object.kms_key_id),
    OPTION("--no-overwrite", NULL, "replace no other object of the same name", set_no_overwrite),
    OPTION_TEXT("--events", "FILE", "append what happens as lines of JSON; - is standard output",
                delivery_options, events),
    OPTION("--stats-every", "SECONDS", "the counts among them; default 10", set_stats_every),
    OPTION_TEXT("--metrics", "ADDR:PORT", "serve /metrics for Prometheus, and /healthz",
                delivery_options, metrics),
    OPTION_FLAG("--publish", "keep live.m3u8, master.m3u8 and each hour's index.m3u8 in the store",
                delivery_options, publish),
    OPTION_FLAG("--json", "the summary as one line of JSON", delivery_options, json),
    OPTION_FLAG("-q", "no progress, no summary", delivery_options, quiet),
    OPTION_END,
};

void delivery_options_init(delivery_options *o) {
    memset(o, 0, sizeof *o);
    s3hls_recorder_config_init(&o->cfg);
    o->cfg.pool_bytes = POOL_BYTES;
    o->cfg.object.tags = o->tags;
    o->cfg.object.metadata = o->metadata;
    o->deadline_s = 60;
    o->close_wait_s = -1;
    o->stats_every_s = 10;
}

/* Name and value of a pair share one allocation, which begins with the name. */
static void free_pairs(s3hls_pair *pairs, size_t count) {
    while (count--)
        free((char *)pairs[count].name);
}

void delivery_options_deinit(delivery_options *o) {
    free_pairs(o->tags, o->cfg.object.tag_count);
    free_pairs(o->metadata, o->cfg.object.metadata_count);
}

/* ---- Ctrl-C */

static volatile sig_atomic_t interrupts;

bool delivery_interrupted(void) {
    return interrupts > 0;
}

static void on_interrupt(int number) {
    (void)number;
    interrupts++;
}

void delivery_catch_interrupts(void) {
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* ---- time */

int64_t delivery_clock_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void delivery_pause_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* ---- opening */

static void on_event(void *ctx, const s3hls_event *event) {
    delivery *d = ctx;
    if (event->type == S3HLS_EVENT_DELIVERED)
        s3hls_publisher_on_event(d->publisher, event);
    else if (event->type == S3HLS_EVENT_DEPENDENT && !d->logs_warnings)
        fprintf(stderr, "%ss3hls %s: segments do not decode on their own: %s\n",
                d->progress.on ? "\r\033[K" : "", d->command, event->message);
    else if ((event->type == S3HLS_EVENT_INPUT_CLOCK || event->type == S3HLS_EVENT_POOL_SMALL) &&
             !d->logs_warnings)
        fprintf(stderr, "%ss3hls %s: %s\n", d->progress.on ? "\r\033[K" : "", d->command,
                event->message);
    events_write(d->events, event);
}

static bool look_for_metrics(void *ctx, size_t place, metrics_view *view) {
    delivery *d = ctx;
    if (place > 0)
        return false;
    s3hls_recorder_get_stats(d->recorder, &view->stats);
    view->input_up = !d->input_lost;
    view->reconnects = d->reconnects;
    view->input_unusable = d->input_unusable;
    view->input_damaged = d->input_damaged;
    view->spool_max_bytes = d->options->cfg.spool_dir ? d->options->cfg.spool_max_bytes : 0;
    return true;
}

static void on_publisher_status(void *ctx, int status, const s3hls_s3_error *error) {
    const delivery *d = ctx;
    if (status)
        complain(d->command, "--publish: playlists cannot be written, trying again", status, error);
    else
        fprintf(stderr, "s3hls %s: --publish: playlists are written again\n", d->command);
}

static int open_publisher(delivery *d, const command_line *line) {
    s3hls_publisher_config cfg;
    const common_options *common = line->common;
    s3hls_publisher_config_init(&cfg);
    cfg.destination = d->options->cfg.destination;
    cfg.s3 = common->s3;
    cfg.on_status = on_publisher_status;
    cfg.status_ctx = d;
    cfg.list = s3hls_archive_list_playable;
    cfg.env = &common->env;
    if (!d->options->publish)
        return EXIT_DONE;
    int rc = s3hls_archive_open(&d->archive, cfg.destination, &cfg.s3, cfg.env);
    cfg.archive = d->archive;
    if (!rc)
        rc = s3hls_publisher_open(&d->publisher, &cfg);
    if (rc)
        complain(d->command, cfg.destination, rc, NULL);
    return !rc ? EXIT_DONE : rc == S3HLS_E_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

/* @return false: a playlist could not be written; the error was reported. */
static bool close_publisher(delivery *d, bool ended, uint32_t wait_ms) {
    int rc = s3hls_publisher_close(&d->publisher, ended, wait_ms);
    s3hls_archive_close(&d->archive);
    return rc == S3HLS_OK;
}

static int open_recorder(delivery *d, const command_line *line) {
    s3hls_recorder_config cfg = d->options->cfg;
    char what[512];
    cfg.s3 = line->common->s3;
    cfg.env = &line->common->env;
    cfg.on_event = on_event;
    cfg.event_ctx = d;
    d->logs_warnings = cfg.env->log_level >= S3HLS_LOG_WARN;
    int rc = s3hls_recorder_open(&d->recorder, &cfg);
    if (!rc)
        return EXIT_DONE;
    snprintf(what, sizeof what, "--to %s", cfg.destination);
    complain(d->command, what, rc, NULL);
    return rc == S3HLS_E_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

static int open_metrics(delivery *d) {
    char address[64];
    if (!d->options->metrics)
        return EXIT_DONE;
    const metrics_source source = {.look = look_for_metrics, .ctx = d};
    const char *wrong = metrics_open(&d->metrics, d->options->metrics, &source, address);
    if (wrong)
        fprintf(stderr, "s3hls %s: --metrics %s: %s\n", d->command, d->options->metrics, wrong);
    else if (!d->options->quiet)
        fprintf(stderr, "s3hls %s: metrics at http://%s/metrics\n", d->command, address);
    return wrong ? EXIT_USAGE : EXIT_DONE;
}

int delivery_open(delivery *d, const command_line *line) {
    const delivery_options *o = d->options;
    d->command = line->command;
    delivery_catch_interrupts();
    int rc = o->events ? events_open(&d->events, o->events, o->stats_every_s) : 0;
    if (rc) {
        fprintf(stderr, "s3hls %s: --events %s: %s\n", d->command, o->events, strerror(rc));
        return EXIT_FAILED;
    }
    int code = open_publisher(d, line);
    if (code == EXIT_DONE)
        code = open_recorder(d, line);
    if (code == EXIT_DONE)
        code = open_metrics(d);
    if (code != EXIT_DONE) {
        s3hls_recorder_close(&d->recorder, 0);
        close_publisher(d, false, 0);
        events_close(&d->events);
        return code;
    }
    events_watch(d->events, d->recorder);
    progress_begin(&d->progress, o->quiet);
    d->advanced_us = delivery_clock_us();
    return EXIT_DONE;
}

/* ---- monitoring */

static bool nothing_left(const s3hls_recorder_stats *s) {
    return !s->segments_waiting && !s->segments_spooled;
}

void delivery_look(delivery *d) {
    s3hls_recorder_stats *s = &d->stats;
    s3hls_recorder_get_stats(d->recorder, s);
    progress_show(&d->progress, s);
    /* spooling counts as progress too */
    bool advanced =
        s->segments_delivered != d->delivered_before || s->segments_spooled > d->spooled_before;
    d->delivered_before = s->segments_delivered;
    d->spooled_before = s->segments_spooled;
    if (advanced || nothing_left(s))
        d->advanced_us = delivery_clock_us();
}

/* Delivery requires action by the operator. For a directory, this includes every I/O error. */
bool delivery_hopeless(const delivery *d) {
    const s3hls_recorder_stats *s = &d->stats;
    return s->delivery_state == S3HLS_DELIVERY_HELD ||
           (s->delivery_state == S3HLS_DELIVERY_FAILING && s->delivery_status == S3HLS_E_IO);
}

bool delivery_given_up(const delivery *d) {
    double stuck_s = (double)(delivery_clock_us() - d->advanced_us) / 1e6;
    return interrupts > 1 || (!d->live && delivery_hopeless(d)) ||
           (d->options->deadline_s > 0 && stuck_s > d->options->deadline_s);
}

/* ---- closing */

/* Spooled segments need no waiting. Without a spool, a camera waits 10 s by default. */
static double close_wait_s(const delivery *d) {
    if (d->options->close_wait_s >= 0)
        return d->options->close_wait_s;
    return d->options->cfg.spool_dir && (d->live || interrupts) ? 10 : 1e9;
}

static void deliver(delivery *d) {
    int64_t end_us = delivery_clock_us() + (int64_t)(close_wait_s(d) * 1e6);
    int rc = s3hls_recorder_drain(d->recorder, 0);
    delivery_look(d);
    while (rc == S3HLS_E_UNDELIVERED && delivery_clock_us() < end_us && !delivery_given_up(d)) {
        delivery_pause_ms(5);
        delivery_look(d);
        if (nothing_left(&d->stats)) /* ignores timeline objects, which are not counted */
            rc = s3hls_recorder_drain(d->recorder, 100);
    }
}

static void complain_of_loss(const delivery *d, int status) {
    const s3hls_recorder_stats *s = &d->stats;
    char what[512];
    snprintf(what, sizeof what, "%s: %" PRIu64 " of %" PRIu64 " segments not delivered",
             d->options->cfg.destination, s->segments_dropped, s->segments_accepted);
    complain(d->command, what, s->last_error.status ? s->last_error.status : status,
             &s->last_error);
}

static void print(const delivery *d) {
    const delivery_options *o = d->options;
    bool only_json = o->events && strcmp(o->events, "-") == 0;
    if (o->json || (only_json && !o->quiet))
        print_summary_json(&d->stats, o->cfg.destination);
    else if (!o->quiet)
        print_summary(&d->stats, o->cfg.destination, o->cfg.spool_dir);
}

int delivery_close(delivery *d, int *status) {
    const s3hls_recorder_stats *s = &d->stats;
    deliver(d);
    metrics_close(&d->metrics);
    events_watch(d->events, NULL);
    *status = s3hls_recorder_close_stats(&d->recorder, 0, &d->stats);
    bool published = close_publisher(d, !interrupts, interrupts > 1 ? 0 : PUBLISH_WAIT_MS);
    events_write_stats(d->events, s);
    events_close(&d->events);
    progress_end(&d->progress);
    if (s->segments_dropped)
        complain_of_loss(d, S3HLS_E_UNDELIVERED);
    if (s->segments_accepted)
        print(d);
    if (d->abandoned || s->segments_dropped || s->frames_dropped)
        return delivery_hopeless(d) ? EXIT_FAILED : EXIT_UNDELIVERED;
    return published ? EXIT_DONE : EXIT_UNDELIVERED;
}
