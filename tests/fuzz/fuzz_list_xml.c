/* SPDX-License-Identifier: MIT-0 */
/* A page of a listing: any bytes end in one of the documented statuses, and what is reported is
 * whole. */
#include "s3/list.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check(void *ctx, const s3hls_s3_object *object) {
    size_t *total = ctx;
    *total += strlen(object->key) + strlen(object->etag);
    if (strlen(object->key) == 0 || strchr(object->etag, '"'))
        abort();
    return object->size == 12345;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t total = 0;
    char token[S3HLS__LIST_TOKEN_BYTES];
    memset(token, 'x', sizeof token);
    s3hls__op op = {.request = {.on_object = check, .sink_ctx = &total},
                    .transport.prefix_size = size % 3};
    bool more;
    int rc = s3hls__s3_list_page(&op, (const char *)data, size, token, &more);
    if (rc == S3HLS_OK && !memchr(token, 0, sizeof token))
        abort();
    if (rc != S3HLS_OK && rc != S3HLS_E_PROTOCOL && rc != S3HLS_E_CANCELLED)
        abort();
    return 0;
}
