/* SPDX-License-Identifier: MIT-0 */
/* Properties of a segment's object: headers that all objects share, and tags, which may change from
 * one segment to the next. */
#ifndef S3HLS_DELIVER_OBJECT_H
#define S3HLS_DELIVER_OBJECT_H

#include "base/env.h"
#include "s3hls/recorder.h"

/* A set of tags, formatted for x-amz-tagging, shared by the segments that have it. */
typedef struct s3hls__tags {
    _Atomic int references;
    char text[];
} s3hls__tags;

/* Format a set of tags; *out is NULL if count is 0.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: too many, too long, or a name twice
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__tags_open(s3hls__tags **out, const s3hls_pair *tags, size_t count, const s3hls_env *env);
/* Any thread; accepts NULL. */
s3hls__tags *s3hls__tags_retain(s3hls__tags *tags);
void s3hls__tags_release(s3hls__tags *tags, const s3hls_env *env);

/* storage class, encryption, key, if-none-match, tags, and metadata */
enum { S3HLS__METADATA_MAX = 8, S3HLS__OBJECT_HEADERS_MAX = 5 + S3HLS__METADATA_MAX };

typedef struct s3hls__object {
    s3hls_header headers[S3HLS__OBJECT_HEADERS_MAX]; /* strings of our own */
    size_t header_count;
    bool no_overwrite;
    bool etag_is_md5; /* not with a KMS key */
} s3hls__object;

/* Check and copy the options. Deinitialise also after a failure.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: *wrong names the option
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__object_init(s3hls__object *o, const s3hls_object_options *options, const s3hls_env *env,
                       const char **wrong);
void s3hls__object_deinit(s3hls__object *o, const s3hls_env *env);

#endif
