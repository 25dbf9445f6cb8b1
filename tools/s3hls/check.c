/* SPDX-License-Identifier: MIT-0 */
/* check: finds the faults of a site's file, without connecting to anything. */
#include "site_file.h"
#include "text.h"
#include "tool.h"
#include <stdio.h>

typedef struct check_options {
    common_options common;
    bool json, quiet;
} check_options;

typedef struct json_list {
    bool begun;
} json_list;

static void print_json(void *ctx, const s3hls__site_report *report) {
    json_list *list = ctx;
    printf("%s{\"severity\":\"%s\",", list->begun ? "," : "",
           report->warning ? "warning" : "error");
    if (report->line)
        printf("\"line\":%u,\"column\":%u,", report->line, report->column);
    fputs("\"message\":", stdout);
    text_print_json(stdout, report->message);
    putchar('}');
    list->begun = true;
}

static int check_json(const char *path, const check_options *o) {
    json_list list = {false};
    s3hls__site *site;
    s3hls__site_origin origin = {.path = path,
                                 .defaults = &o->common.s3,
                                 .report = print_json,
                                 .ctx = &list,
                                 .env = &o->common.env};
    fputs("{\"file\":", stdout);
    text_print_json(stdout, path);
    fputs(",\"reports\":[", stdout);
    int rc = s3hls__site_open(&site, &origin);
    printf("],\"cameras\":%zu,\"ok\":%s}\n", site ? site->camera_count : 0, rc ? "false" : "true");
    s3hls__site_close(&site);
    return rc ? EXIT_FAILED : EXIT_DONE;
}

static int check(const char *path, const check_options *o) {
    s3hls__site *site;
    int code = site_file_open(&site, "check", path, &o->common);
    if (site && !o->quiet) {
        text_print(stdout, path);
        printf(": %zu camera%s, ok\n", site->camera_count, site->camera_count > 1 ? "s" : "");
    }
    s3hls__site_close(&site);
    return code;
}

int command_check(int argc, char **argv) {
    static const option_kind kinds[] = {
        OPTION_FLAG("--json", "the result as one line of JSON", check_options, json),
        OPTION_FLAG("-q", "print faults only", check_options, quiet),
        OPTION_END,
    };
    check_options o = {.json = false};
    command_line line = {
        .command = "check",
        .arguments = "FILE [--json] [-q]",
        .explanation =
            "Reads the YAML file that describes the cameras of a site, and prints its faults with "
            "their\n"
            "lines and columns. Nothing is connected or written. s3hls(1) describes the file.\n\n"
            "  s3hls check /etc/s3hls/site.yaml",
        .options = kinds,
        .ctx = &o,
        .common = &o.common,
        .positional_max = 1};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    code = o.json ? check_json(line.positional[0], &o) : check(line.positional[0], &o);
    common_options_close(&o.common);
    return code;
}
