/* SPDX-License-Identifier: MIT-0 */
/* check: finds the faults of a site's file and, if asked, tries its cameras and its store. */
#include "site_file.h"
#include "text.h"
#include "tool.h"
#include "try.h"
#include <stdio.h>

typedef struct check_options {
    common_options common;
    bool json, quiet, attempt;
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
    int code = rc ? EXIT_FAILED : o->attempt ? try_site(site, &o->common, true) : EXIT_DONE;
    s3hls__site_close(&site);
    return code;
}

static int check(const char *path, const check_options *o) {
    s3hls__site *site;
    int code = site_file_open(&site, "check", path, &o->common);
    if (site && !o->quiet) {
        text_print(stdout, path);
        printf(": %zu camera%s, ok\n", site->camera_count, site->camera_count > 1 ? "s" : "");
    }
    if (site && o->attempt)
        code = try_site(site, &o->common, false);
    s3hls__site_close(&site);
    return code;
}

int command_check(int argc, char **argv) {
    static const option_kind kinds[] = {
        OPTION_FLAG("--try",
                    "read each camera for some seconds, and do to the store what doctor does",
                    check_options, attempt),
        OPTION_FLAG("--json", "the result as one line of JSON; with --try, and one for each check",
                    check_options, json),
        OPTION_FLAG("-q", "print faults only", check_options, quiet),
        OPTION_END,
    };
    check_options o = {.json = false};
    command_line line = {
        .command = "check",
        .arguments = "FILE [--try] [--json] [-q]",
        .explanation =
            "Reads the YAML file that describes the cameras of a site, and prints its faults with "
            "their\n"
            "lines and columns. Without --try, nothing is connected or written. s3hls(1) describes "
            "the "
            "file.\n\n"
            "  s3hls check /etc/s3hls/site.yaml\n"
            "  s3hls check /etc/s3hls/site.yaml --try",
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
