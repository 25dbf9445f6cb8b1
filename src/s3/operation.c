/* SPDX-License-Identifier: MIT-0 */
/* Operations with checked arguments. */
#include "s3/object.h"
#include <string.h>

s3hls_span s3hls__span_body_at(void *ctx, uint64_t offset) {
    const s3hls__span_body *body = ctx;
    s3hls_span span = {NULL, 0};
    for (size_t i = 0; i < body->count; i++) {
        if (offset < body->spans[i].size) {
            span.data = body->spans[i].data + offset;
            span.size = body->spans[i].size - (size_t)offset;
            return span;
        }
        offset -= body->spans[i].size;
    }
    return span;
}

static s3hls__op checked(const s3hls__op_request *request, bool valid) {
    s3hls__op op = {.request = *request};
    if (!valid || !request->key) {
        op.result.status = S3HLS_E_INVALID;
        strcpy(op.result.message, "a key, callback or range is missing or invalid");
    }
    return op;
}

s3hls__op s3hls__op_put(const char *key, s3hls__span_body *body,
                        const s3hls_s3_put_options *options) {
    s3hls__op_request request = {.kind = S3HLS__OP_PUT,
                                 .key = key,
                                 .body = s3hls__span_body_at,
                                 .body_ctx = body,
                                 .put = options};
    for (size_t i = 0; i < body->count; i++)
        request.body_size += body->spans[i].size;
    return checked(&request, true);
}

s3hls__op s3hls__op_get(const char *key, uint64_t first, uint64_t last, s3hls_s3_data_fn on_data,
                        void *ctx) {
    return checked(&(s3hls__op_request){.kind = S3HLS__OP_GET,
                                        .key = key,
                                        .first = first,
                                        .last = last,
                                        .on_data = on_data,
                                        .sink_ctx = ctx},
                   on_data && first <= last);
}

s3hls__op s3hls__op_head(const char *key, s3hls_s3_list_fn on_object, void *ctx) {
    return checked(
        &(s3hls__op_request){
            .kind = S3HLS__OP_HEAD, .key = key, .on_object = on_object, .sink_ctx = ctx},
        true);
}

s3hls__op s3hls__op_remove(const char *key) {
    return checked(&(s3hls__op_request){.kind = S3HLS__OP_REMOVE, .key = key}, true);
}

s3hls__op s3hls__op_list(const char *prefix, const char *start_after, s3hls_s3_list_fn on_object,
                         void *ctx, const s3hls__lister *lister) {
    return checked(&(s3hls__op_request){.kind = S3HLS__OP_LIST,
                                        .key = prefix ? prefix : "",
                                        .start_after = start_after,
                                        .on_object = on_object,
                                        .sink_ctx = ctx,
                                        .lister = lister},
                   on_object != NULL);
}
