/* SPDX-License-Identifier: MIT-0 */
/* Files of sites: each is read, or refused with a reason; what is read keeps to its limits. */
#include "site/site.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SECRET[] = "S3CRET";

static void on_report(void *ctx, const s3hls__site_report *report) {
    unsigned *errors = ctx;
    *errors += !report->warning;
    if (!report->message[0] || strpbrk(report->message, "\n\033") ||
        (report->line && !report->column))
        abort();
    if (strstr(report->message, SECRET)) /* of the environment */
        abort();
}

static void check_site(const s3hls__site *s) {
    uint64_t pool = 0;
    if (!s->store || !s->camera_count)
        abort();
    for (size_t i = 0; i < s->camera_count; i++) {
        const s3hls__site_camera *c = &s->cameras[i];
        if (!c->name[0] || strlen(c->name) > 64 || strchr(c->name, '/') || !c->source.address ||
            s3hls__site_find(s, c->name) != c || s3hls__site_camera_difference(c, c) ||
            c->recorder.segment_duration_ms < 1000 || c->recorder.segment_duration_ms > 60000 ||
            strncmp(c->recorder.destination, s->store, strlen(s->store)) != 0)
            abort();
        pool += c->recorder.pool_quota_bytes;
    }
    if (pool > s->uploader.pool_bytes || s3hls__site_difference(s, s))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    unsigned errors = 0;
    s3hls__site *site;
    setenv("X", SECRET, 1);
    int fd = memfd_create("site", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    s3hls__site_origin origin = {.path = path, .report = on_report, .ctx = &errors};
    int rc = s3hls__site_open(&site, &origin);
    if ((rc == S3HLS_OK) != (site != NULL) || (rc == S3HLS_OK) != (errors == 0) || errors > 20)
        abort();
    if (site)
        check_site(site);
    s3hls__site_close(&site);
    close(fd);
    return 0;
}
