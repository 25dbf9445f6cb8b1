/* SPDX-License-Identifier: MIT-0 */
/* Makes answers from the stores: cameras, days, timelines, playlists, segments. */
#ifndef S3HLS_SERVER_VIEWS_H
#define S3HLS_SERVER_VIEWS_H

#include "server/access.h"
#include "server/answer.h"
#include "server/catalog.h"

enum { S3HLS__SEGMENT_MAX = 256 << 20 }; /* bytes of a segment that is proxied */

/* Make the answer to an authorised request. @return NULL: out of memory */
s3hls__answer *s3hls__view_make(s3hls__workspace *workspace, s3hls__answer_account *account,
                                const s3hls__request *request, const s3hls__grant *grant);
/* The answer to a failure. */
s3hls__answer *s3hls__view_failure(s3hls__answer_account *account, int status);

/* Read a whole segment; free *body with s3hls__env_free(). @return as s3hls_store_get(), or
 * S3HLS_E_TOO_LARGE: more than S3HLS__SEGMENT_MAX bytes. */
int s3hls__segment_read(s3hls_archive *archive, const s3hls_env *env, const char *key, char **body,
                        size_t *size, s3hls_s3_error *error);

#endif
