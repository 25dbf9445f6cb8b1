/* SPDX-License-Identifier: MIT-0 */
/* A store from the inside: asynchronous, over a transport that many stores share. */
#ifndef S3HLS_STORE_STORE_H
#define S3HLS_STORE_STORE_H

#include "s3/object.h"
#include "s3hls/store.h"

/* Open a store on a shared transport (not owned). With http NULL it owns one, as the public
 * s3hls_store_open() does. Starting operations on it and stepping the transport belong to one
 * thread. */
int s3hls__store_open(s3hls_store **out, const char *url, s3hls__http *http,
                      const s3hls_s3_options *options, const s3hls_env *env);

/* Begin an operation; keys are relative to the store, in the op and in on_object. A directory store
 * carries it out during the call, but done is called by the next s3hls__http_step() of its
 * transport all the same. */
void s3hls__store_start(s3hls_store *store, s3hls__op *op);

/* Begin an operation, step until it has ended. @return op->error.status; error may be NULL. */
int s3hls__store_run(s3hls_store *store, s3hls__op *op, s3hls_s3_error *error);

/* What the server's clock is ahead of ours, as far as requests are signed by it; 0 for a directory.
 * Any thread. */
int64_t s3hls__store_clock_offset_s(const s3hls_store *store);

/* Whose keys sign its requests; NULL: a directory. Lives as long as the store. */
s3hls_credentials_provider *s3hls__store_credentials(const s3hls_store *store);

s3hls__http *s3hls__store_http(s3hls_store *store);
const s3hls_env *s3hls__store_env(const s3hls_store *store);

#endif
