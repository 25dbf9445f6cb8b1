/* SPDX-License-Identifier: MIT-0 */
#ifndef S3HLS_S3_SIMPLE_H
#define S3HLS_S3_SIMPLE_H

#include "s3/object.h"

/* Execute an operation on the client's own transport and wait for its end.
 * @param client  NULL: invalid
 * @param error   receives op->result; may be NULL
 * @return op->result.status */
int s3hls__s3_run(s3hls_s3 *client, s3hls__op *op, s3hls_s3_error *error);
const s3hls_env *s3hls__s3_env(const s3hls_s3 *client);

#endif
