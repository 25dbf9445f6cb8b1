/* SPDX-License-Identifier: MIT-0 */
/* What a bucket says of itself, and is told: each S3HLS_OK, S3HLS_E_PROTOCOL or S3HLS_E_NOMEM. */
#ifndef S3HLS_S3_BUCKET_H
#define S3HLS_S3_BUCKET_H

#include "base/strbuf.h"
#include "s3/object.h"

int s3hls__s3_read_location(const char *xml, size_t size, char *region, size_t region_size);
int s3hls__s3_read_lifecycle(const char *xml, size_t size, const char *prefix,
                             s3hls_s3_lifecycle *out);
/* The same configuration but for the rule "s3hls-{prefix}", which expires objects after so many
 * days; 0: without it. xml NULL: there is none yet. out: initialised by the caller. rules: in it.
 * @return also S3HLS_E_TOO_LARGE: the prefix does not fit the rule's name. */
int s3hls__s3_change_lifecycle(const char *xml, size_t size, const char *prefix, uint32_t days,
                               s3hls__strbuf *out, size_t *rules);
int s3hls__s3_read_cors(const char *xml, size_t size, const char *origin, s3hls_s3_cors *out);

#endif
