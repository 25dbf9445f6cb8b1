/* SPDX-License-Identifier: MIT-0 */
/* Requests from anybody: nothing is read beyond its end, and whatever is accepted is harmless: a
 * bounded range, a camera that is a name, a segment that is a segment. Headers and share links
 * likewise. */
#include "s3/uri.h"
#include "s3hls/archive.h"
#include "server/access.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* timelines/{timeline}.mp4 */
static int is_init_segment(const char *name) {
    static const char folder[] = "timelines/";
    if (strncmp(name, folder, sizeof folder - 1) != 0)
        return 0;
    name += sizeof folder - 1;
    size_t digits = strspn(name, "0123456789");
    return digits > 0 && strcmp(name + digits, ".mp4") == 0;
}

static void check_request(const char *target) {
    s3hls__request r;
    s3hls_segment segment;
    if (s3hls__request_parse(&r, target).status)
        return;
    if (r.route >= S3HLS__ROUTE_NONE || strlen(target) > S3HLS__TARGET_MAX ||
        (r.has_range && r.from_ms >= r.to_ms) ||
        (r.has_range && r.route == S3HLS__ROUTE_RANGE &&
         r.to_ms - r.from_ms > S3HLS__RANGE_MAX_MS) ||
        (r.has_range && r.route == S3HLS__ROUTE_CLIP && r.to_ms - r.from_ms > S3HLS__CLIP_MAX_MS))
        abort();
    if (s3hls__route_has_camera(r.route)
            ? !s3hls__uri_key_ok(r.camera, strlen(r.camera)) || strpbrk(r.camera, "\r\n")
            : r.camera[0] != 0)
        abort();
    if (r.route == S3HLS__ROUTE_MEDIA &&
        (strstr(r.name, "..") ||
         (s3hls_segment_key_parse(r.name, strlen(r.name), &segment) && !is_init_segment(r.name))))
        abort();
}

static void check_headers(const char *header, size_t size) {
    uint64_t first, last;
    unsigned status;
    if (s3hls__range_parse(header, size, &first, &last, &status) &&
        (first > last || last >= size || status != 206))
        abort();
    s3hls__etag_matches(header, "\"0123456789abcdef\"");
    s3hls__accepts_gzip(header);
}

/* Nobody has the token, so nothing may open. */
static void check_access(const char *text) {
    static s3hls__access *access;
    s3hls__grant grant;
    if (!access) {
        char file[] = "/tmp/s3hls-fuzz-XXXXXX";
        s3hls_env env = s3hls_env_default();
        FILE *f = fdopen(mkstemp(file), "w");
        if (!f)
            abort();
        fprintf(f, "token-%016llx%016llx *\n", (unsigned long long)env.random(env.ctx),
                (unsigned long long)env.random(env.ctx));
        fclose(f);
        if (s3hls__access_open(&access, file, &env))
            abort();
        unlink(file);
    }
    if (s3hls__access_check(access, NULL, text, 0, &grant).status != 401 ||
        s3hls__access_check(access, text, "", 0, &grant).status != 401)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = 0;
    check_request(text);
    check_headers(text, size);
    check_access(text);
    free(text);
    return 0;
}
