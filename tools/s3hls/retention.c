/* SPDX-License-Identifier: MIT-0 */
/* retention: how long recordings are kept. A bucket removes them through a lifecycle rule; in a
 * directory this command removes them immediately. */
#include "options.h"
#include "s3hls/archive.h"
#include "text.h"
#include "tool.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct retention_options {
    common_options common;
    uint32_t days; /* 0: not given */
    bool off, dry_run;
} retention_options;

static const char *set_days(void *ctx, const char *value) {
    return parse_count(value, 1, 36500, &((retention_options *)ctx)->days)
               ? NULL
               : "not a count; give 1 to 36500 days";
}

static const char *set_off(void *ctx, const char *value) {
    (void)value;
    ((retention_options *)ctx)->off = true;
    return NULL;
}

static const char *set_dry_run(void *ctx, const char *value) {
    (void)value;
    ((retention_options *)ctx)->dry_run = true;
    return NULL;
}

static int failed(const char *what, int rc, const s3hls_s3_error *error) {
    complain("retention", what, rc, error);
    return rc == S3HLS_E_INVALID || rc == S3HLS_E_TOO_LARGE ? EXIT_USAGE : EXIT_FAILED;
}

/* ---- a bucket */

static void print_rule(const char *prefix, const s3hls_s3_lifecycle *rules) {
    text_print(stdout, prefix);
    if (rules->expire_days)
        printf("*: deleted after %" PRIu32 " days\n", rules->expire_days);
    else
        puts("*: kept for ever");
    if (rules->conditional)
        printf("%" PRIu32 " further rules, for objects of certain tags or sizes\n",
               rules->conditional);
}

/* Keys of segments and hourly playlists begin with the year, 2026. Timeline objects, which later
 * segments need, and live.m3u8 do not match, and are kept. */
static bool split_url(const char *url, char bucket[64], char prefix[1026]) {
    const char *name = url + 5, *slash = strchrnul(name, '/');
    size_t size = strlen(slash);
    while (size && slash[size - 1] == '/')
        size--;
    if (slash - name >= 64 || size > 1000)
        return false;
    snprintf(bucket, 64, "%.*s", (int)(slash - name), name);
    snprintf(prefix, 1026, "%.*s%s2", size ? (int)size - 1 : 0, size ? slash + 1 : "",
             size ? "/" : "");
    return true;
}

static int keep_bucket(const retention_options *o, const char *url) {
    char bucket[64], prefix[1026];
    s3hls_s3 *client = NULL;
    s3hls_s3_error error = {0};
    s3hls_s3_lifecycle rules = {0};
    bool ok = split_url(url, bucket, prefix);
    int rc = ok ? s3hls_s3_open(&client, bucket, &o->common.s3, &o->common.env) : S3HLS_E_INVALID;
    if (!rc && (o->days || o->off) && !o->dry_run)
        rc = s3hls_s3_set_lifecycle(client, prefix, o->days, &error);
    if (!rc)
        rc = s3hls_s3_get_lifecycle(client, prefix, &rules, &error);
    s3hls_s3_close(&client);
    if (rc && rc != S3HLS_E_NOT_FOUND)
        return failed(url, rc, &error);
    print_rule(prefix, &rules);
    if (o->dry_run && o->days)
        printf("would be: deleted after %" PRIu32 " days\n", o->days);
    else if (o->dry_run && o->off)
        puts("would be: without the rule of s3hls");
    return EXIT_DONE;
}

/* ---- a directory */

enum { BATCH = 4096 };

typedef struct old_key {
    char key[S3HLS_KEY_MAX];
    uint64_t bytes;
} old_key;

typedef struct pruning {
    const retention_options *options;
    s3hls_store *store;
    const char *root;
    int64_t cutoff_ms; /* segments that ended earlier are removed */
    old_key batch[BATCH];
    size_t batched;
    uint64_t *timelines; /* of the segments that are kept */
    size_t timeline_count, timeline_capacity;
    uint64_t segments, others, bytes;
} pruning;

/* "2026/11/23/03/index.m3u8": dated like the last segment of its hour. */
static bool is_index(const char *key, s3hls_segment *s) {
    char first[S3HLS_KEY_MAX];
    if (strlen(key) != 24 || strcmp(key + 13, "/index.m3u8") != 0)
        return false;
    snprintf(first, sizeof first, "%.13s/59/59.999-1-1-1.ts", key);
    return s3hls_segment_key_parse(first, strlen(first), s) == S3HLS_OK;
}

static bool is_old(const pruning *p, const char *key) {
    s3hls_segment s;
    bool ours = s3hls_segment_key_parse(key, strlen(key), &s) == S3HLS_OK || is_index(key, &s);
    return ours && s.start_ms + s.duration_ms <= p->cutoff_ms;
}

static int collect_old(void *ctx, const s3hls_s3_object *object) {
    pruning *p = ctx;
    if (!is_old(p, object->key))
        return 0;
    old_key *old = &p->batch[p->batched++];
    snprintf(old->key, sizeof old->key, "%s", object->key);
    old->bytes = object->size;
    return p->batched == BATCH;
}

/* Remove empty folders from the key's folder upwards, but never the root. */
static void remove_folders(const pruning *p, const char *key) {
    char path[4096];
    size_t root = strlen(p->root);
    if (snprintf(path, sizeof path, "%s/%s", p->root, key) >= (int)sizeof path)
        return;
    for (char *slash = strrchr(path, '/'); slash > path + root; slash = strrchr(path, '/')) {
        *slash = 0;
        if (rmdir(path))
            return;
    }
}

static int remove_one(pruning *p, const old_key *old, s3hls_s3_error *error) {
    if (p->options->dry_run) {
        fputs("would remove ", stdout);
        text_print(stdout, old->key);
        puts("");
        return S3HLS_OK;
    }
    int rc = s3hls_store_remove(p->store, old->key, error);
    if (!rc)
        remove_folders(p, old->key);
    return rc;
}

static int remove_batch(pruning *p, s3hls_s3_error *error) {
    int rc = S3HLS_OK;
    for (size_t i = 0; i < p->batched && !rc; i++) {
        const old_key *old = &p->batch[i];
        rc = remove_one(p, old, error);
        bool segment = strcmp(old->key + strlen(old->key) - 3, ".ts") == 0;
        p->segments += !rc && segment;
        p->others += !rc && !segment;
        p->bytes += rc ? 0 : old->bytes;
    }
    return rc;
}

static int remove_old(pruning *p, s3hls_s3_error *error) {
    char after[S3HLS_KEY_MAX] = "";
    int rc;
    do {
        p->batched = 0;
        rc = s3hls_store_list(p->store, "", after, collect_old, p, error);
        bool full = rc == S3HLS_E_CANCELLED;
        if (full || !rc)
            rc = remove_batch(p, error);
        if (full && !rc)
            rc = S3HLS_E_CANCELLED;
        if (full)
            strcpy(after, p->batch[BATCH - 1].key);
    } while (rc == S3HLS_E_CANCELLED);
    return rc;
}

/* ---- timeline objects: kept as long as a segment needs them */

static bool is_needed(const pruning *p, uint64_t timeline) {
    for (size_t i = p->timeline_count;
         i-- > 0;) /* neighbouring segments usually share a timeline */
        if (p->timelines[i] == timeline)
            return true;
    return false;
}

static int collect_needed(void *ctx, const s3hls_s3_object *object) {
    pruning *p = ctx;
    s3hls_segment s;
    if (s3hls_segment_key_parse(object->key, strlen(object->key), &s) || s.sdk_name ||
        is_old(p, object->key) || is_needed(p, s.timeline))
        return 0;
    if (p->timeline_count == p->timeline_capacity) {
        size_t capacity = p->timeline_capacity ? 2 * p->timeline_capacity : 64;
        uint64_t *grown = realloc(p->timelines, capacity * sizeof *grown);
        if (!grown)
            return 1;
        p->timelines = grown;
        p->timeline_capacity = capacity;
    }
    p->timelines[p->timeline_count++] = s.timeline;
    return 0;
}

/* A timeline that began after the cutoff may not have its first segment yet. */
static int collect_unneeded(void *ctx, const s3hls_s3_object *object) {
    pruning *p = ctx;
    uint64_t timeline;
    char own[S3HLS_KEY_MAX];
    if (sscanf(object->key, "timelines/%" SCNu64, &timeline) != 1)
        return 0;
    snprintf(own, sizeof own, "timelines/%" PRIu64 ".json", timeline);
    if (strcmp(own, object->key) != 0 || timeline >= (uint64_t)p->cutoff_ms / 1000 ||
        is_needed(p, timeline))
        return 0;
    old_key *old = &p->batch[p->batched++];
    strcpy(old->key, own);
    old->bytes = object->size;
    return p->batched == BATCH; /* the rest follows with the next batch */
}

static int remove_timelines(pruning *p, s3hls_s3_error *error) {
    int rc = s3hls_store_list(p->store, "", NULL, collect_needed, p, error);
    p->batched = 0;
    if (!rc)
        rc = s3hls_store_list(p->store, "timelines/", NULL, collect_unneeded, p, error);
    return rc && rc != S3HLS_E_CANCELLED ? rc : remove_batch(p, error);
}

static int keep_directory(const retention_options *o, const char *url) {
    s3hls_s3_error error = {0};
    pruning *p = calloc(1, sizeof *p);
    int rc = p ? s3hls_store_open(&p->store, url, NULL, &o->common.env) : S3HLS_E_NOMEM;
    if (!rc) {
        p->options = o;
        p->root = url + 7;
        p->cutoff_ms =
            o->common.env.wall_us(o->common.env.ctx) / 1000 - o->days * INT64_C(86400000);
        rc = remove_old(p, &error);
    }
    if (!rc)
        rc = remove_timelines(p, &error);
    if (!rc)
        printf("%s %" PRIu64 " segments and %" PRIu64 " other objects, %" PRIu64 " bytes\n",
               o->dry_run ? "would remove" : "removed", p->segments, p->others, p->bytes);
    if (p) {
        s3hls_store_close(&p->store);
        free(p->timelines);
    }
    free(p);
    return rc ? failed(url, rc, &error) : EXIT_DONE;
}

static int keep(const command_line *line, const retention_options *o) {
    const char *url = line->positional[0];
    int code;
    if (o->days && o->off) {
        fprintf(stderr, "s3hls retention: --days and --off exclude each other\n");
        return EXIT_USAGE;
    }
    if (strncmp(url, "s3://", 5) == 0)
        return common_options_open(line, url, &code) ? keep_bucket(o, url) : code;
    if (!o->days) {
        fprintf(stderr, "s3hls retention: a directory has no rule to show or to end; give --days, "
                        "now and then\n");
        return EXIT_USAGE;
    }
    return keep_directory(o, url);
}

int command_retention(int argc, char **argv) {
    static const option_kind kinds[] = {
        {"--days", "N", "keep recordings so long; else show what the bucket does", set_days},
        {"--off", NULL, "take the rule away again: keep them for ever", set_off},
        {"--dry-run", NULL, "change nothing, say what would be", set_dry_run},
        {NULL, NULL, NULL, NULL},
    };
    retention_options o = {.days = 0};
    command_line line = {
        .command = "retention",
        .arguments = "URL [--days N | --off] [--dry-run]",
        .explanation =
            "Shows or sets how long a bucket keeps one camera's recordings, by a lifecycle rule "
            "of\n"
            "its own; other rules stay as they are. From a directory, older segments are removed\n"
            "now, and nothing that is not a recording's.\n\n"
            "  s3hls retention s3://bucket/cam-1 --days 30\n"
            "  s3hls retention file:///var/rec/cam-1 --days 7 --dry-run",
        .options = kinds,
        .ctx = &o,
        .common = &o.common,
        .positional_max = 1};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    code = keep(&line, &o);
    common_options_close(&o.common);
    return code;
}
