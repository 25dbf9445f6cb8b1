/* SPDX-License-Identifier: MIT-0 */
#include "site_file.h"
#include "text.h"
#include "tool.h"
#include <stdio.h>

void site_file_print(void *path, const s3hls__site_report *report) {
    text_print(stderr, path);
    if (report->line)
        fprintf(stderr, ":%u:%u", report->line, report->column);
    fprintf(stderr, ": %s%s\n", report->warning ? "warning: " : "", report->message);
}

int site_file_open(s3hls__site **out, const char *command, const char *path,
                   const common_options *common) {
    s3hls__site_origin origin = {.path = path,
                                 .defaults = &common->s3,
                                 .report = site_file_print,
                                 .ctx = (void *)path,
                                 .env = &common->env};
    int rc = s3hls__site_open(out, &origin);
    if (rc == S3HLS_E_NOMEM)
        complain(command, path, rc, NULL);
    return rc ? EXIT_FAILED : EXIT_DONE;
}
