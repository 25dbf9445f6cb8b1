/* SPDX-License-Identifier: MIT-0 */
/* Listing a store. A separate file, because S3 listings require an XML parser. */
#include "s3/listing.h"
#include "store/store.h"

int s3hls_store_list(s3hls_store *store, const char *prefix, const char *start_after,
                     s3hls_s3_list_fn on_object, void *ctx, s3hls_s3_error *error) {
    s3hls__op op = {.kind = S3HLS__OP_LIST,
                    .key = on_object ? (prefix ? prefix : "") : NULL,
                    .start_after = start_after,
                    .on_object = on_object,
                    .sink_ctx = ctx,
                    .lister = &s3hls__s3_lister};
    return s3hls__store_run(store, &op, error);
}
