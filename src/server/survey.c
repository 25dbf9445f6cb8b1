/* SPDX-License-Identifier: MIT-0 */
#include "server/survey.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 1025, LEAPS_MAX = 20000 };

typedef struct first_key {
    char key[KEY_MAX];
    bool found;
} first_key;

static int keep_first(void *ctx, const s3hls_s3_object *object) {
    first_key *first = ctx;
    first->found = strlen(object->key) < sizeof first->key;
    if (first->found)
        strcpy(first->key, object->key);
    return 1;
}

/* The first key behind another. */
static int leap(s3hls_store *store, const char *behind, first_key *first, s3hls_s3_error *error) {
    first->found = false;
    int rc = s3hls_store_list(store, "", behind, keep_first, first, error);
    return rc == S3HLS_E_CANCELLED ? S3HLS_OK : rc;
}

static bool is_recording(const char *name) {
    s3hls_segment segment;
    return strncmp(name, "timelines/", 10) == 0 ||
           s3hls_segment_key_parse(name, strlen(name), &segment) == S3HLS_OK;
}

/* @return bytes of the camera's name; SIZE_MAX: the key is none of a camera's. */
static size_t camera_size(const char *key) {
    if (is_recording(key))
        return 0;
    for (const char *slash = strchr(key, '/'); slash; slash = strchr(slash + 1, '/'))
        if (is_recording(slash + 1))
            return (size_t)(slash - key);
    return SIZE_MAX;
}

int s3hls__survey_cameras(s3hls_store *store, void (*on_camera)(void *ctx, const char *name),
                          void *ctx, s3hls_s3_error *error) {
    first_key first;
    char behind[KEY_MAX + 1] = "";
    for (int i = 0; i < LEAPS_MAX; i++) {
        int rc = leap(store, behind, &first, error);
        if (rc || !first.found)
            return rc;
        size_t size = camera_size(first.key);
        if (size == 0) {
            on_camera(ctx, "");
            return S3HLS_OK;
        }
        snprintf(behind, sizeof behind, "%s", first.key);
        if (size != SIZE_MAX) {
            first.key[size] = 0;
            on_camera(ctx, first.key);
            behind[size] = '/' + 1; /* behind all that is below it */
            behind[size + 1] = 0;
        }
    }
    return S3HLS_OK;
}

int s3hls__survey_days(s3hls_store *store, int64_t from_ms, int64_t to_ms,
                       void (*on_day)(void *ctx, const char *day), void *ctx,
                       s3hls_s3_error *error) {
    static const size_t DAY = sizeof "YYYY/MM/DD" - 1;
    first_key first;
    s3hls_segment segment = {.start_ms = from_ms, .seed_name = 1};
    char behind[KEY_MAX];
    s3hls_segment_key_format(&segment, behind, sizeof behind);
    for (behind[DAY] = 0; to_ms > from_ms;) {
        int rc = leap(store, behind, &first, error);
        if (rc || !first.found)
            return rc;
        snprintf(behind, sizeof behind, "%s", first.key);
        if (s3hls_segment_key_parse(first.key, strlen(first.key), &segment) == S3HLS_OK) {
            if (segment.start_ms >= to_ms)
                break;
            first.key[DAY] = 0;
            first.key[4] = first.key[7] = '-';
            on_day(ctx, first.key);
            behind[DAY] = '/' + 1;
            behind[DAY + 1] = 0;
        } else if (first.key[0] > '9') {
            break;
        }
    }
    return S3HLS_OK;
}
