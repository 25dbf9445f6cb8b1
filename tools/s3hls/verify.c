/* SPDX-License-Identifier: MIT-0 */
/* verify: reads a range segment by segment and reports every fault. */
#include "s3hls/verify.h"
#include "range.h"
#include "text.h"
#include "tool.h"
#include "when.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { READERS = 4, TRIES = 4, SEGMENT_MAX_BYTES = 64 << 20 };

typedef struct verify_options {
    range_options range;
    bool json, quiet;
} verify_options;

/* ---- reading, several segments side by side */

typedef struct reading {
    const char *url;
    const common_options *common;
    const s3hls_segment_list *list;
    s3hls_verify_report *reports;
    atomic_size_t next;
    pthread_mutex_t lock;
    int status; /* under the lock: of the first segment that the store did not deliver */
    s3hls_s3_error error;
} reading;

/* One segment in memory, which is reused for the next. */
typedef struct body {
    uint8_t *data;
    size_t size, capacity;
    bool too_large;
} body;

static int gather(void *ctx, const uint8_t *data, size_t size) {
    body *b = ctx;
    b->too_large = size > SEGMENT_MAX_BYTES - b->size;
    if (b->too_large)
        return 1;
    if (size > b->capacity - b->size) {
        size_t capacity = 2 * (b->size + size);
        capacity = capacity < SEGMENT_MAX_BYTES ? capacity : SEGMENT_MAX_BYTES;
        uint8_t *grown = realloc(b->data, capacity);
        if (!grown)
            return 1;
        b->data = grown;
        b->capacity = capacity;
    }
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return 0;
}

static bool may_pass(int status) {
    return status == S3HLS_E_NETWORK || status == S3HLS_E_CONNECT || status == S3HLS_E_SERVER ||
           status == S3HLS_E_THROTTLED;
}

static int fetch(s3hls_store *store, const char *key, body *b, s3hls_s3_error *error) {
    int rc = S3HLS_OK;
    for (int i = 0; i < TRIES; i++) {
        struct timespec pause = {.tv_sec = i};
        if (i)
            nanosleep(&pause, NULL);
        b->size = 0;
        rc = s3hls_store_get(store, key, 0, UINT64_MAX, gather, b, error);
        if (!may_pass(rc))
            break;
    }
    return rc == S3HLS_E_CANCELLED && !b->too_large ? S3HLS_E_NOMEM : rc;
}

static void give_up(reading *r, int status, const s3hls_s3_error *error) {
    pthread_mutex_lock(&r->lock);
    if (!r->status) {
        r->status = status;
        r->error = *error;
    }
    pthread_mutex_unlock(&r->lock);
    atomic_store(&r->next, r->list->count);
}

/* The initialisation segment of the timeline that was checked last. */
typedef struct init_segment {
    body body;
    uint64_t timeline;
    bool read;
} init_segment;

static int read_fragment(s3hls_store *store, const s3hls_segment *s, const body *b,
                         init_segment *init, s3hls_verify_report *report, s3hls_s3_error *error) {
    char key[S3HLS_KEY_MAX];
    int rc = S3HLS_OK;
    if (!init->read || init->timeline != s->timeline) {
        s3hls_init_key_format(s->timeline, key, sizeof key);
        rc = fetch(store, key, &init->body, error);
        if (rc == S3HLS_E_NOT_FOUND || rc == S3HLS_E_CANCELLED) {
            init->body.size = 0;
            rc = S3HLS_OK;
        }
        init->timeline = s->timeline;
        init->read = !rc;
    }
    if (!rc)
        s3hls_verify_fragment(s, init->body.data, init->body.size, b->data, b->size, report);
    return rc;
}

/* @return a status that ends the reading, or S3HLS_OK: the report contains the findings. */
static int read_segment(reading *r, s3hls_store *store, size_t i, body *b, init_segment *init,
                        s3hls_s3_error *error) {
    const s3hls_segment *s = &r->list->segments[i];
    s3hls_verify_report *report = &r->reports[i];
    char key[S3HLS_KEY_MAX];
    s3hls_segment_key_format(s, key, sizeof key);
    int rc = fetch(store, key, b, error);
    if (rc == S3HLS_E_NOT_FOUND || rc == S3HLS_E_CANCELLED) {
        report->faults = S3HLS_FAULT_ABSENT;
        snprintf(report->message, sizeof report->message, "absent: %s",
                 rc == S3HLS_E_NOT_FOUND ? "listed, but not there" : "larger than 64 MiB");
        return S3HLS_OK;
    }
    if (!rc && s->container == S3HLS_CONTAINER_FMP4)
        return read_fragment(store, s, b, init, report, error);
    if (!rc)
        s3hls_verify_segment(s, b->data, b->size, report);
    return rc;
}

static void *read_segments(void *arg) {
    reading *r = arg;
    s3hls_store *store = NULL;
    s3hls_s3_error error = {0};
    body b = {0};
    init_segment init = {.read = false};
    int rc = s3hls_store_open(&store, r->url, &r->common->s3, &r->common->env);
    for (size_t i; !rc && (i = atomic_fetch_add(&r->next, 1)) < r->list->count;)
        rc = read_segment(r, store, i, &b, &init, &error);
    if (rc)
        give_up(r, rc, &error);
    s3hls_store_close(&store);
    free(b.data);
    free(init.body.data);
    return NULL;
}

static int read_all(const command_line *line, reading *r) {
    pthread_t threads[READERS];
    size_t started = 0;
    while (started < READERS && !pthread_create(&threads[started], NULL, read_segments, r))
        started++;
    if (!started)
        read_segments(r);
    while (started)
        pthread_join(threads[--started], NULL);
    if (r->status)
        complain(line->command, line->positional[0], r->status, &r->error);
    return r->status ? EXIT_FAILED : EXIT_DONE;
}

/* ---- findings */

typedef struct findings {
    const verify_options *o;
    s3hls_archive *archive;
    const s3hls_segment_list *list;
    s3hls_verify_report *reports;
    size_t damaged, gaps, pauses, overlaps, corrections, discontinuities, foreign;
    uint64_t missing;
    int64_t missing_ms;
    int status; /* of a timeline object or a listing that the store did not deliver */
    s3hls_s3_error error;
} findings;

/* Report a time span. number: of missing segments, or the new timeline. */
static void print_stretch(const findings *f, const char *what, int64_t from_ms, int64_t to_ms,
                          const char *unit, uint64_t number) {
    char from[32], to[32];
    if (f->o->quiet)
        return;
    if (f->o->json) {
        printf("{\"finding\":\"%s\",\"from_ms\":%" PRId64 ",\"to_ms\":%" PRId64, what, from_ms,
               to_ms);
        if (unit)
            printf(",\"%s\":%" PRIu64, unit, number);
        puts("}");
        return;
    }
    time_format(from_ms * 1000, from, sizeof from);
    time_format(to_ms * 1000, to, sizeof to);
    printf("%-13s  %s", what, from);
    if (to_ms != from_ms)
        printf(" to %s, %.3f s", to, (double)(to_ms - from_ms) / 1e3);
    if (unit)
        printf(", %s %" PRIu64, unit, number);
    puts("");
}

/* Report an object. */
static void print_object(const findings *f, const char *what, const char *key, uint32_t faults,
                         const char *message) {
    if (f->o->quiet)
        return;
    if (f->o->json) {
        printf("{\"finding\":\"%s\",\"key\":", what);
        text_print_json(stdout, key);
        const char *comma = "";
        printf(",\"faults\":[");
        for (int bit = 0; bit < 31; bit++)
            if (faults >> bit & 1) {
                printf("%s\"%s\"", comma, s3hls_fault_name(1 << bit));
                comma = ",";
            }
        printf("],\"message\":");
        text_print_json(stdout, message);
        puts("}");
        return;
    }
    printf("%-13s  ", what);
    text_print(stdout, key);
    printf("%s", message[0] ? "  " : "");
    text_print(stdout, message);
    for (int bit = 0; bit < 31; bit++) { /* the message begins with the first fault */
        const char *word = s3hls_fault_name(1 << bit);
        if (faults >> bit & 1 && strncmp(message, word, strlen(word)) != 0)
            printf("; %s", word);
    }
    puts("");
}

static void print_pause(findings *f, int64_t from_ms, int64_t to_ms) {
    f->pauses++;
    print_stretch(f, "pause", from_ms, to_ms, NULL, 0);
}

static void judge_seam(findings *f, const s3hls_segment *a, const s3hls_segment *b) {
    s3hls_seam seam = s3hls_verify_seam(a, b);
    int64_t end_ms = a->start_ms + a->duration_ms;
    if (seam.missing) {
        f->gaps++;
        f->missing += seam.missing;
        f->missing_ms += seam.gap_ms > 0 ? seam.gap_ms : 0;
        print_stretch(f, "gap", end_ms, b->start_ms > end_ms ? b->start_ms : end_ms, "missing",
                      seam.missing);
    } else if (!seam.new_timeline && seam.gap_ms) { /* the pictures are continuous */
        f->corrections++;
        print_stretch(f, "clock", end_ms, b->start_ms, NULL, 0);
    } else if (seam.gap_ms > 1) { /* a millisecond is a rounding error */
        print_pause(f, end_ms, b->start_ms);
    }
    if (seam.gap_ms < -1 && (seam.missing || seam.new_timeline)) {
        f->overlaps++;
        print_stretch(f, "overlap", b->start_ms, end_ms, NULL, 0);
    }
    if (seam.new_timeline) {
        f->discontinuities++;
        print_stretch(f, "discontinuity", b->start_ms, b->start_ms, "timeline", b->timeline);
    }
}

/* Check the timeline's object against its segments, from the nth on. */
static void judge_timeline(findings *f, size_t n) {
    const s3hls_segment *s = f->list->segments;
    s3hls_timeline timeline;
    int rc = s3hls_archive_timeline(f->archive, s[n].timeline, &timeline, &f->error);
    if (rc == S3HLS_E_NOT_FOUND || rc == S3HLS_E_MALFORMED) {
        char key[S3HLS_KEY_MAX];
        s3hls_timeline_key_format(s[n].timeline, key, sizeof key);
        f->damaged++;
        print_object(f, "damaged", key, 0, rc == S3HLS_E_NOT_FOUND ? "absent" : "malformed");
    } else if (rc) {
        f->status = rc;
    } else {
        for (size_t i = n; i < f->list->count && s[i].timeline == s[n].timeline; i++)
            s3hls_verify_timeline(&timeline, &f->reports[i]);
    }
}

static void judge_segment(findings *f, size_t i) {
    const s3hls_segment *s = &f->list->segments[i];
    const s3hls_verify_report *report = &f->reports[i];
    char key[S3HLS_KEY_MAX];
    if (!report->faults)
        return;
    s3hls_segment_key_format(s, key, sizeof key);
    f->damaged++;
    print_object(f, "damaged", key, report->faults, report->message);
}

static void judge(findings *f) {
    const s3hls_segment *s = f->list->segments;
    size_t count = f->list->count;
    int64_t from_ms = range_from_ms(&f->o->range), to_ms = range_to_ms(&f->o->range);
    s3hls_verify_neighbours(s, f->reports, count);
    if (count && from_ms != INT64_MIN && s[0].start_ms > from_ms)
        print_pause(f, from_ms, s[0].start_ms);
    for (size_t i = 0; i < count && !f->status; i++) {
        if (i)
            judge_seam(f, &s[i - 1], &s[i]);
        if (!s[i].sdk_name && (i == 0 || s[i].timeline != s[i - 1].timeline))
            judge_timeline(f, i);
        judge_segment(f, i);
    }
    int64_t end_ms = count ? s[count - 1].start_ms + s[count - 1].duration_ms : 0;
    if (count && to_ms != INT64_MAX && to_ms > end_ms)
        print_pause(f, end_ms, to_ms);
}

/* s3hls_s3_list_fn: names of the archive begin with a year. */
static int note_foreign(void *ctx, const s3hls_s3_object *object) {
    findings *f = ctx;
    s3hls_segment segment;
    int64_t to_ms = range_to_ms(&f->o->range);
    if (object->key[0] > '9')
        return 1;
    if (s3hls_segment_key_parse(object->key, strlen(object->key), &segment)) {
        f->foreign++;
        print_object(f, "foreign", object->key, 0, "");
        return 0;
    }
    return segment.start_ms >= to_ms;
}

/* Report foreign objects. The archive only counts them; another listing provides their names. */
static void judge_foreign(findings *f) {
    int64_t from_ms = range_from_ms(&f->o->range);
    s3hls_segment hour = {.start_ms = from_ms, .sdk_name = 1};
    char after[S3HLS_KEY_MAX] = "";
    if (f->list->foreign == 0)
        return;
    if (from_ms != INT64_MIN && s3hls_segment_key_format(&hour, after, sizeof after) > 0)
        after[strlen("YYYY/MM/DD/HH/")] = 0;
    int rc =
        s3hls_store_list(s3hls_archive_store(f->archive), "", after, note_foreign, f, &f->error);
    if (rc != S3HLS_E_CANCELLED)
        f->status = rc;
}

/* Print only non-zero items. */
static void print_sum(const findings *f, uint64_t bytes, uint64_t recorded_ms) {
    const struct {
        uint64_t count;
        const char *what;
    } sums[] = {{f->damaged, "damaged"},
                {f->missing, "missing"},
                {f->gaps, "gaps"},
                {f->pauses, "pauses"},
                {f->overlaps, "overlaps"},
                {f->corrections, "corrections of the clock"},
                {f->discontinuities, "discontinuities"},
                {f->foreign, "other objects"}};
    printf("%zu segments, %.3f s, %" PRIu64 " bytes%s", f->list->count, (double)recorded_ms / 1e3,
           bytes, f->damaged || f->missing || !f->list->count ? "" : ": all there");
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (sums[i].count)
            printf(", %" PRIu64 " %s", sums[i].count, sums[i].what);
    puts("");
}

static void print_summary(const findings *f) {
    uint64_t bytes = 0, recorded_ms = 0;
    for (size_t i = 0; i < f->list->count; i++) {
        bytes += f->list->segments[i].size;
        recorded_ms += f->list->segments[i].duration_ms;
    }
    if (f->o->quiet)
        return;
    if (f->o->json)
        printf("{\"finding\":\"summary\",\"segments\":%zu,\"recorded_ms\":%" PRIu64
               ",\"bytes\":%" PRIu64 ",\"damaged\":%zu,\"gaps\":%zu,\"missing\":%" PRIu64
               ",\"missing_ms\":%" PRId64 ",\"pauses\":%zu,\"overlaps\":%zu,"
               "\"corrections\":%zu,\"discontinuities\":%zu,\"foreign\":%zu}\n",
               f->list->count, recorded_ms, bytes, f->damaged, f->gaps, f->missing, f->missing_ms,
               f->pauses, f->overlaps, f->corrections, f->discontinuities, f->foreign);
    else
        print_sum(f, bytes, recorded_ms);
}

static int verify(const command_line *line, s3hls_archive *archive,
                  const s3hls_segment_list *list) {
    verify_options *o = line->ctx;
    s3hls_verify_report *reports = calloc(list->count + 1, sizeof *reports);
    reading r = {.url = line->positional[0],
                 .common = &o->range.common,
                 .list = list,
                 .reports = reports,
                 .lock = PTHREAD_MUTEX_INITIALIZER};
    findings f = {.o = o, .archive = archive, .list = list, .reports = reports};
    int code = reports ? read_all(line, &r) : EXIT_FAILED;
    if (!reports)
        complain("verify", line->positional[0], S3HLS_E_NOMEM, NULL);
    if (code == EXIT_DONE) {
        judge(&f);
        judge_foreign(&f);
        print_summary(&f);
        if (f.status)
            complain("verify", line->positional[0], f.status, &f.error);
        code = f.status                    ? EXIT_FAILED
               : f.damaged                 ? EXIT_DAMAGED
               : f.missing || !list->count ? EXIT_MISSING
                                           : EXIT_DONE;
    }
    free(reports);
    return code;
}

int command_verify(int argc, char **argv) {
    static const option_kind kinds[] = {
        RANGE_KINDS,
        OPTION_FLAG("--json", "a line of JSON for each finding, and for the summary",
                    verify_options, json),
        OPTION_FLAG("-q", "print nothing: only the exit status", verify_options, quiet),
        OPTION_END,
    };
    verify_options o = {.range = RANGE_ALL};
    command_line line = {
        .command = "verify",
        .arguments = "URL [--from TIME] [--to TIME] [--json] [-q]",
        .explanation =
            "Reads a range back and checks it: each segment's packets, tables, clock, timestamps\n"
            "and keyframes, its name against its pictures, segments against their neighbours and\n"
            "their timeline's object. Prints what is damaged, missing or foreign. Nothing is\n"
            "decoded. Exit status 0: all there; 5: damaged; 6: numbers are missing, or nothing "
            "was\n"
            "recorded.\n\n"
            "  s3hls verify s3://bucket/cam-1 --from 2026-11-23T03:00Z --to 2026-11-23T04:00Z",
        .options = kinds,
        .ctx = &o,
        .common = &o.range.common,
        .positional_max = 1};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    return range_run(&line, verify);
}
