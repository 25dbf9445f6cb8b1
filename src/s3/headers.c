/* SPDX-License-Identifier: MIT-0 */
#include "s3/headers.h"
#include "base/date.h"
#include <string.h>
#include <strings.h>

static const char *const names[S3HLS__HEADERS] = {
    [S3HLS__HEADER_DATE] = "date:",
    [S3HLS__HEADER_ETAG] = "etag:",
    [S3HLS__HEADER_LAST_MODIFIED] = "last-modified:",
    [S3HLS__HEADER_LOCATION] = "location:",
    [S3HLS__HEADER_REGION] = "x-amz-bucket-region:",
    [S3HLS__HEADER_REQUEST_ID] = "x-amz-request-id:",
};

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void set(s3hls__headers *h, int name, const char *value, size_t size) {
    while (size && is_space(value[0]))
        value++, size--;
    while (size && is_space(value[size - 1]))
        size--;
    if (size >= S3HLS__HEADER_BYTES)
        size = S3HLS__HEADER_BYTES - 1;
    memcpy(h->value[name], value, size);
    h->value[name][size] = 0;
    h->has[name] = true;
}

void s3hls__headers_note(s3hls__headers *h, const char *line, size_t size) {
    if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) { /* the answer after an interim one */
        memset(h, 0, sizeof *h);
        return;
    }
    if (h->whole)
        return;
    h->whole = size && (line[0] == '\r' || line[0] == '\n');
    for (int i = 0; i < S3HLS__HEADERS; i++) {
        size_t length = strlen(names[i]);
        if (size >= length && strncasecmp(line, names[i], length) == 0)
            set(h, i, line + length, size - length);
    }
}

const char *s3hls__headers_get(const s3hls__headers *h, s3hls__header name) {
    return h->has[name] ? h->value[name] : NULL;
}

int64_t s3hls__headers_date(const s3hls__headers *h, s3hls__header name) {
    int64_t unix_s = 0;
    return h->has[name] && s3hls__date_parse_http(h->value[name], &unix_s) ? unix_s : 0;
}
