/* SPDX-License-Identifier: MIT-0 */
/* retention: how long recordings are kept. A bucket removes them through a lifecycle rule; in a
 * directory this command removes them immediately. */
#include "s3hls/retention.h"
#include "options.h"
#include "text.h"
#include "tool.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

static int keep_bucket(const retention_options *o, const char *url) {
    const common_options *c = &o->common;
    char prefix[1026];
    s3hls_s3_error error = {0};
    s3hls_s3_lifecycle rules = {0};
    int rc = s3hls_retention_prefix(url, prefix);
    if (!rc && (o->days || o->off) && !o->dry_run)
        rc = s3hls_retention_set(url, o->days, &c->s3, &c->env, &error);
    if (!rc)
        rc = s3hls_retention_get(url, &c->s3, &c->env, &rules, &error);
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

static void print_removal(void *ctx, const char *key, uint64_t bytes) {
    (void)ctx, (void)bytes;
    fputs("would remove ", stdout);
    text_print(stdout, key);
    puts("");
}

static int keep_directory(const retention_options *o, const char *url) {
    s3hls_s3_error error = {0};
    s3hls_prune_summary removed;
    s3hls_prune_config cfg;
    const s3hls_env *env = &o->common.env;
    s3hls_prune_config_init(&cfg);
    cfg.url = url;
    cfg.before_ms = env->wall_us(env->ctx) / 1000 - o->days * INT64_C(86400000);
    cfg.dry_run = o->dry_run;
    cfg.on_remove = o->dry_run ? print_removal : NULL;
    cfg.env = env;
    int rc = s3hls_prune(&cfg, &removed, &error);
    if (rc)
        return failed(url, rc, &error);
    printf("%s %" PRIu64 " segments and %" PRIu64 " other objects, %" PRIu64 " bytes\n",
           o->dry_run ? "would remove" : "removed", removed.segments, removed.others,
           removed.bytes);
    return EXIT_DONE;
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
        OPTION("--days", "N", "keep recordings so long; else show what the bucket does", set_days),
        OPTION_FLAG("--off", "take the rule away again: keep them for ever", retention_options,
                    off),
        OPTION_FLAG("--dry-run", "change nothing, print what would be", retention_options, dry_run),
        OPTION_END,
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
