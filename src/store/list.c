/* SPDX-License-Identifier: MIT-0 */
/* Listing a store. A separate file, because S3 listings require an XML parser. */
#include "s3/listing.h"
#include "store/store.h"

int s3hls_store_list(s3hls_store *store, const char *prefix, const char *start_after,
                     s3hls_s3_list_fn on_object, void *ctx, s3hls_s3_error *error) {
    s3hls__op op = s3hls__op_list(prefix, start_after, on_object, ctx, &s3hls__s3_lister);
    return s3hls__store_run(store, &op, error);
}
