/* SPDX-License-Identifier: MIT-0 */
/* Settings of a bucket as XML. Pure; all return S3HLS_OK, S3HLS_E_PROTOCOL or S3HLS_E_NOMEM. */
#ifndef S3HLS_S3_BUCKET_H
#define S3HLS_S3_BUCKET_H

#include "base/strbuf.h"
#include "s3/object.h"

int s3hls__s3_read_location(const char *xml, size_t size, char *region, size_t region_size);
int s3hls__s3_read_lifecycle(const char *xml, size_t size, const char *prefix,
                             s3hls_s3_lifecycle *out);
/* Copy a configuration and replace the rule "s3hls-{prefix}", which expires objects.
 * @param xml    NULL: there is no configuration yet
 * @param days   0: remove the rule
 * @param out    receives the configuration; initialised by the caller
 * @param rules  receives the number of rules in it
 * @return also S3HLS_E_TOO_LARGE: the prefix does not fit into the rule's ID */
int s3hls__s3_change_lifecycle(const char *xml, size_t size, const char *prefix, uint32_t days,
                               s3hls__strbuf *out, size_t *rules);
int s3hls__s3_read_cors(const char *xml, size_t size, const char *origin, s3hls_s3_cors *out);

#endif
