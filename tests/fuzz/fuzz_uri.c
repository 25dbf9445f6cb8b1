/* SPDX-License-Identifier: MIT-0 */
/* Names and addresses: nothing is read beyond its end, what is encoded decodes to itself, what is
 * accepted is accepted again as it was written. */
#include "s3/errors.h"
#include "s3/uri.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode_and_decode(const char *text, size_t size) {
    s3hls_env env = s3hls_env_default();
    s3hls__strbuf b;
    char *encoded;
    if (memchr(text, 0, size) || size > 4096)
        return;
    s3hls__strbuf_init(&b, &env, 3 * size);
    s3hls__uri_encode(&b, text, size, size % 2);
    if (s3hls__strbuf_take(&b, &encoded) != S3HLS_OK ||
        s3hls__uri_decode(encoded, strlen(encoded)) != (int)size ||
        memcmp(encoded, text, size) != 0)
        abort();
    s3hls_free(NULL, encoded);
}

static void read_addresses(const char *text) {
    s3hls__endpoint e, again;
    char url[sizeof e.host + 8] = "https://";
    if (s3hls__uri_parse_endpoint(text, &e) == S3HLS_OK && e.tls) {
        strcat(url, e.host);
        if (s3hls__uri_parse_endpoint(url, &again) != S3HLS_OK || strcmp(e.host, again.host) != 0)
            abort();
    }
    s3hls__s3_location l;
    if (s3hls__uri_parse_s3(text, &l) == S3HLS_OK &&
        (!s3hls__uri_bucket_ok(l.bucket) ||
         (l.prefix_size > 0 && !s3hls__uri_key_ok(l.prefix, l.prefix_size))))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = 0;
    encode_and_decode(text, size);
    read_addresses(text);
    s3hls__uri_bucket_ok(text);
    s3hls__uri_region_ok(text);
    s3hls__uri_decode(text, size);
    free(text);

    s3hls_s3_error error = {.status = 0};
    char *fenced = malloc(size ? size : 1);
    memcpy(fenced, data, size);
    s3hls__uri_key_ok(fenced, size);
    s3hls__s3_error_scan(&error, fenced, size);
    if (!memchr(error.message, 0, sizeof error.message))
        abort();
    free(fenced);
    return 0;
}
