/* SPDX-License-Identifier: MIT-0 */
#include "archive/archive.h"
#include "base/strbuf.h"
#include "layout/key.h"
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

enum { OBJECT_MAX_BYTES = 64 * 1024 };

static int collect(void *ctx, const uint8_t *data, size_t size) {
    s3hls__strbuf *b = ctx;
    s3hls__strbuf_add(b, data, size);
    return b->status;
}

static bool read_number(const json_t *object, const char *name, uint64_t max, uint64_t *value) {
    const json_t *n = json_object_get(object, name);
    if (!json_is_integer(n) || json_integer_value(n) < 0 || (uint64_t)json_integer_value(n) > max)
        return false;
    *value = (uint64_t)json_integer_value(n);
    return true;
}

static bool read_text(const json_t *object, const char *name, char *text, size_t size) {
    const char *value = json_string_value(json_object_get(object, name));
    if (!value || strlen(value) >= size)
        return false;
    strcpy(text, value);
    return true;
}

static int parse(const char *text, size_t size, uint64_t timeline, s3hls_timeline *out) {
    uint64_t id, target, width, height, rate;
    json_error_t error;
    memset(out, 0, sizeof *out);
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!object && !error.text[0]) /* jansson has a message for every error except lack of memory */
        return S3HLS_E_NOMEM;
    bool ok = object && read_number(object, "timeline", INT64_MAX, &id) && id == timeline &&
              read_number(object, "target_duration_ms", UINT32_MAX, &target) &&
              read_number(object, "width", UINT32_MAX, &width) &&
              read_number(object, "height", UINT32_MAX, &height) &&
              read_number(object, "frame_rate_milli", UINT32_MAX, &rate) &&
              read_text(object, "codecs", out->codecs, sizeof out->codecs) &&
              read_text(object, "container", out->container, sizeof out->container);
    json_decref(object);
    if (!ok)
        return S3HLS_E_MALFORMED;
    out->timeline = id;
    out->target_duration_ms = (uint32_t)target;
    out->width = (uint32_t)width;
    out->height = (uint32_t)height;
    out->frame_rate_milli = (uint32_t)rate;
    return S3HLS_OK;
}

int s3hls_archive_timeline(s3hls_archive *archive, uint64_t timeline, s3hls_timeline *out,
                           s3hls_s3_error *error) {
    char key[S3HLS_KEY_MAX];
    s3hls__strbuf b;
    if (!archive || !out)
        return S3HLS_E_INVALID;
    s3hls__timeline_key(timeline, key, sizeof key);
    s3hls__strbuf_init(&b, &archive->env, OBJECT_MAX_BYTES);
    int rc = s3hls_store_get(archive->store, key, 0, UINT64_MAX, collect, &b, error);
    if (b.status)
        rc = b.status == S3HLS_E_TOO_LARGE ? S3HLS_E_MALFORMED : b.status;
    if (rc == S3HLS_OK)
        rc = b.data ? parse(b.data, b.size, timeline, out) : S3HLS_E_MALFORMED;
    s3hls__strbuf_deinit(&b);
    return rc;
}
