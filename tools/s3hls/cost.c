/* SPDX-License-Identifier: MIT-0 */
/* cost: monthly cost of one camera in S3, from its bitrate and segment duration. */
#include "options.h"
#include "s3hls/archive.h"
#include "tool.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct cost_options {
    common_options common;
    double bitrate_bps, segment_s; /* 0: to be measured */
    uint32_t days, hours;
    double watch_h;                  /* hours per day during which it is watched */
    double price_put, price_storage; /* per 1,000 requests; per GiB and month */
    bool publish, json;
} cost_options;

typedef struct bill {
    double puts, lists, gib; /* per month; stored at any time */
    double put, list, storage;
} bill;

static const double MONTH_S = 30 * 86400.0, GIB = 1024.0 * 1024 * 1024;
static const int64_t HOUR_MS = 3600000;

/* ---- options */

static const char *set_bitrate(void *ctx, const char *value) {
    static const char units[] = "KM";
    cost_options *o = ctx;
    char number[32];
    size_t n = strlen(value);
    const char *unit = n ? strchr(units, value[n - 1] & ~0x20) : NULL;
    bool scaled = unit && *unit;
    snprintf(number, sizeof number, "%.*s", (int)(n - scaled), value);
    if (n >= sizeof number || !parse_number(number, 0.001, 1e9, &o->bitrate_bps))
        return "not a bitrate; give 2M, 500K or bits per second";
    o->bitrate_bps *= !scaled ? 1 : *unit == 'K' ? 1e3 : 1e6;
    return o->bitrate_bps >= 1e3 && o->bitrate_bps <= 1e9 ? NULL : "beyond 1K to 1000M";
}

static const char *set_duration(void *ctx, const char *value) {
    return parse_number(value, 0.1, 3600, &((cost_options *)ctx)->segment_s)
               ? NULL
               : "not a segment's duration; give 0.1 to 3600 seconds";
}

static const char *set_days(void *ctx, const char *value) {
    return parse_count(value, 1, 36500, &((cost_options *)ctx)->days)
               ? NULL
               : "not a count; give 1 to 36500 days";
}

static const char *set_watch(void *ctx, const char *value) {
    return parse_number(value, 0, 24, &((cost_options *)ctx)->watch_h)
               ? NULL
               : "not a number of hours; give 0 to 24 a day";
}

static const char *set_hours(void *ctx, const char *value) {
    return parse_count(value, 1, 168, &((cost_options *)ctx)->hours)
               ? NULL
               : "not a count; give 1 to 168 hours";
}

static const char not_a_price[] = "not a price; give 0 to 1000";

static const char *set_price_put(void *ctx, const char *value) {
    return parse_number(value, 0, 1000, &((cost_options *)ctx)->price_put) ? NULL : not_a_price;
}

static const char *set_price_storage(void *ctx, const char *value) {
    return parse_number(value, 0, 1000, &((cost_options *)ctx)->price_storage) ? NULL : not_a_price;
}

/* ---- the bill */

/* Requests of tools/s3hls/publish.c: the live playlist with each segment, the hour's index each
 * minute and once more after the hour. */
static double month_of_puts(const cost_options *o, double segment_s) {
    double segments = MONTH_S / segment_s;
    double index_s = segment_s > 60 ? segment_s : 60;
    return o->publish ? 2 * segments + MONTH_S / index_s + MONTH_S / 3600 : segments;
}

/* An open page uses the budget of `serve`, which includes live playlists. These are listed at most
 * every 1.5 segments, even beyond the budget. */
static double lists_of_hour(double segment_s) {
    const double budget = 60 * 60, live = 1.5 * 3600 / segment_s;
    return live > budget ? live : budget;
}

static bill bill_of(const cost_options *o, double segment_s) {
    bill b = {.puts = month_of_puts(o, segment_s)};
    b.lists = o->watch_h * 30 * lists_of_hour(segment_s);
    b.gib = o->bitrate_bps / 8 * o->days * 86400 / GIB;
    b.put = b.puts / 1000 * o->price_put;
    b.list = b.lists / 1000 * o->price_put; /* S3 charges the same price for both */
    b.storage = b.gib * o->price_storage;
    return b;
}

static const double longer_s[] = {4, 6, 10, 20, 30};
enum { LONGER = sizeof longer_s / sizeof *longer_s };

static void print_table(const cost_options *o) {
    bill b = bill_of(o, o->segment_s);
    printf("%.3f Mbit/s in segments of %.3f s, day and night, kept %" PRIu32 " days%s:\n\n",
           o->bitrate_bps / 1e6, o->segment_s, o->days,
           o->publish ? ", with playlists published" : "");
    printf("  stored  %14.1f GiB  at %-7g a GiB-month %10.2f\n", b.gib, o->price_storage,
           b.storage);
    printf("  PUT     %14.0f      at %-7g a thousand  %10.2f\n", b.puts, o->price_put, b.put);
    if (o->watch_h > 0)
        printf("  LIST    %14.0f      at %-7g a thousand  %10.2f  of all cameras together\n",
               b.lists, o->price_put, b.list);
    printf("  a month of 30 days %41.2f\n", b.storage + b.put + b.list);
    if (o->watch_h <= 0)
        printf("\n  each hour of an open page, for all cameras together: up to %.0f LISTs, %.3f\n",
               lists_of_hour(o->segment_s), lists_of_hour(o->segment_s) / 1000 * o->price_put);
    for (int i = 0; i < LONGER; i++)
        if (longer_s[i] > o->segment_s)
            printf("%s  segments of %2.0f s save %10.2f\n",
                   i && longer_s[i - 1] > o->segment_s ? "" : "\n", longer_s[i],
                   b.put - bill_of(o, longer_s[i]).put);
}

static void print_json(const cost_options *o) {
    bill b = bill_of(o, o->segment_s);
    const char *comma = "";
    printf("{\"bitrate_bps\":%.0f,\"segment_ms\":%.0f,\"days\":%" PRIu32
           ",\"price_put\":%g,\"price_storage\":%g,\"puts\":%.0f,\"stored_bytes\":%.0f"
           ",\"lists\":%.0f,\"cost_put\":%.4f,\"cost_list\":%.4f,\"cost_storage\":%.4f"
           ",\"cost\":%.4f,\"savings\":[",
           o->bitrate_bps, o->segment_s * 1e3, o->days, o->price_put, o->price_storage, b.puts,
           b.gib * GIB, b.lists, b.put, b.list, b.storage, b.put + b.list + b.storage);
    for (int i = 0; i < LONGER; i++)
        if (longer_s[i] > o->segment_s) {
            printf("%s{\"segment_ms\":%.0f,\"saves\":%.4f}", comma, longer_s[i] * 1e3,
                   b.put - bill_of(o, longer_s[i]).put);
            comma = ",";
        }
    puts("]}");
}

/* ---- measuring */

static void take_means(cost_options *o, const s3hls_segment_list *list) {
    double bytes = 0, seconds = 0;
    for (size_t i = 0; i < list->count; i++) {
        bytes += (double)list->segments[i].size;
        seconds += list->segments[i].duration_ms / 1e3;
    }
    if (o->bitrate_bps == 0)
        o->bitrate_bps = bytes * 8 / seconds;
    if (o->segment_s == 0)
        o->segment_s = seconds / (double)list->count;
}

static int measure(command_line *line, cost_options *o) {
    const char *url = line->positional[0];
    s3hls_archive *archive = NULL;
    s3hls_segment_list list = {0};
    s3hls_s3_error error = {0};
    int code, rc;
    if (!common_options_open(line, url, &code))
        return code;
    int64_t now_ms = o->common.env.wall_us(o->common.env.ctx) / 1000;
    rc = s3hls_archive_open(&archive, url, &o->common.s3, &o->common.env);
    if (!rc)
        rc = s3hls_archive_list(archive, now_ms - o->hours * HOUR_MS, now_ms, &list, &error);
    if (rc) {
        complain("cost", url, rc, &error);
        code = rc == S3HLS_E_INVALID ? EXIT_USAGE : EXIT_FAILED;
    } else if (list.count == 0) {
        fprintf(stderr,
                "s3hls cost: %s: nothing was recorded in the last %" PRIu32
                " hours; --hours looks further back, --bitrate needs no recording\n",
                url, o->hours);
        code = EXIT_FAILED;
    } else {
        take_means(o, &list);
        code = EXIT_DONE;
    }
    s3hls_segment_list_deinit(&list, &o->common.env);
    s3hls_archive_close(&archive);
    return code;
}

int command_cost(int argc, char **argv) {
    static const option_kind kinds[] = {
        OPTION("--bitrate", "BITS", "per second: 2M, 500K; else measured", set_bitrate),
        OPTION("--segment-duration", "SECONDS", "else measured", set_duration),
        OPTION("--hours", "N", "measure the last N hours; default 3", set_hours),
        OPTION("--days", "N", "how long recordings are kept; default 30", set_days),
        OPTION_FLAG("--publish", "count the playlists of record --publish too", cost_options,
                    publish),
        OPTION("--watch", "HOURS", "a day that somebody has the page of serve open; default 0",
               set_watch),
        OPTION("--price-put", "PRICE", "of 1,000 PUTs or LISTs; default 0.005", set_price_put),
        OPTION("--price-storage", "PRICE", "of a GiB stored for a month; default 0.023",
               set_price_storage),
        OPTION_FLAG("--json", "one line of JSON", cost_options, json),
        OPTION_END,
    };
    cost_options o = {.days = 30, .hours = 3, .price_put = 0.005, .price_storage = 0.023};
    command_line line = {
        .command = "cost",
        .arguments = "URL | --bitrate BITS --segment-duration SECONDS [OPTION...]",
        .explanation =
            "Forecasts what a month of one camera costs in S3, and what longer segments would "
            "save:\n"
            "PUTs depend on the number of segments alone. The prices are S3 Standard's in\n"
            "us-east-1 in US dollars, as seen in 2026; GETs and traffic are not in it.\n\n"
            "  s3hls cost s3://bucket/cam-1 --days 14\n"
            "  s3hls cost --bitrate 2M --segment-duration 4",
        .options = kinds,
        .ctx = &o,
        .common = &o.common,
        .positional_max = 1,
        .positional_optional = true};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    bool given = o.bitrate_bps > 0 && o.segment_s > 0;
    if (!given && line.positional_count == 0) {
        fprintf(stderr, "s3hls cost: give a URL, or --bitrate and --segment-duration\n");
        return EXIT_USAGE;
    }
    code = given ? EXIT_DONE : measure(&line, &o);
    if (code == EXIT_DONE)
        (o.json ? print_json : print_table)(&o);
    common_options_close(&o.common);
    return code;
}
