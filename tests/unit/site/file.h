/* SPDX-License-Identifier: MIT-0 */
/* A site's file in a folder of its own, and what its reading reports. */
#ifndef TESTS_SITE_FILE_H
#define TESTS_SITE_FILE_H

#include "folder.h"
#include "site/site.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct site_file {
    char folder[64], path[96];
    s3hls__site *site;
    unsigned reports;
    size_t size;
    char text[1 << 16]; /* of the reports: "LINE:COLUMN: MESSAGE\n" */
} site_file;

static inline void collect(void *ctx, const s3hls__site_report *report) {
    site_file *f = ctx;
    char at[32] = "";
    if (report->line)
        snprintf(at, sizeof at, "%u:%u: ", report->line, report->column);
    f->reports++;
    f->size += (size_t)snprintf(f->text + f->size, sizeof f->text - f->size, "%s%s%s\n", at,
                                report->warning ? "warning: " : "", report->message);
}

static inline void write_bytes(const char *path, const void *data, size_t size) {
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    assert_int_equal(fwrite(data, 1, size, to), size);
    assert_int_equal(fclose(to), 0);
    chmod(path, 0600);
}

static inline void begin_file(site_file *f) {
    memset(f, 0, sizeof *f);
    strcpy(f->folder, "/tmp/s3hls-site-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/site.yaml", f->folder);
}

static inline int read_again(site_file *f) {
    s3hls__site_origin origin = {.path = f->path, .report = collect, .ctx = f};
    s3hls__site_close(&f->site);
    f->size = f->reports = 0;
    f->text[0] = 0;
    return s3hls__site_open(&f->site, &origin);
}

static inline int read_bytes(site_file *f, const void *data, size_t size) {
    write_bytes(f->path, data, size);
    return read_again(f);
}

static inline int read_yaml(site_file *f, const char *yaml) {
    return read_bytes(f, yaml, strlen(yaml));
}

static inline void end_file(site_file *f) {
    s3hls__site_close(&f->site);
    remove_folder(f->folder);
}

#endif
