/* SPDX-License-Identifier: MIT-0 */
/* Parses S3's listings. Separate from the client, so that a device that never lists needs no XML
 * parser. */
#ifndef S3HLS_S3_LIST_H
#define S3HLS_S3_LIST_H

#include "s3/object.h"

/* Parse one page of ListObjectsV2 with encoding-type=url; calls op->request.on_object for each
 * object.
 * @param token  receives the continuation token, "" for none; S3HLS__LIST_TOKEN_BYTES bytes
 * @param more   receives whether more pages follow, by the token or, without one, by start-after
 * @return S3HLS_OK
 *   S3HLS_E_PROTOCOL: not such a page
 *   S3HLS_E_CANCELLED: on_object returned non-zero
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__s3_list_page(s3hls__op *op, const char *xml, size_t size, char *token, bool *more);

#endif
