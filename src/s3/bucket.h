/* SPDX-License-Identifier: MIT-0 */
/* Reading what a bucket says of itself: each S3HLS_OK, S3HLS_E_PROTOCOL or S3HLS_E_NOMEM. */
#ifndef S3HLS_S3_BUCKET_H
#define S3HLS_S3_BUCKET_H

#include "s3/object.h"

int s3hls__s3_read_location(const char *xml, size_t size, char *region, size_t region_size);
int s3hls__s3_read_lifecycle(const char *xml, size_t size, const char *prefix,
                             s3hls_s3_lifecycle *out);
int s3hls__s3_read_cors(const char *xml, size_t size, const char *origin, s3hls_s3_cors *out);

#endif
