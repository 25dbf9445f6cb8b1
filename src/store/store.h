/* SPDX-License-Identifier: MIT-0 */
/* A store's internals: asynchronous operations over a transport that many stores share. */
#ifndef S3HLS_STORE_STORE_H
#define S3HLS_STORE_STORE_H

#include "s3/object.h"
#include "s3hls/store.h"

/* Open a store on a shared transport. Operations are started, and the transport is stepped, on one
 * thread.
 * @param http  not owned; NULL: the store owns one, as with s3hls_store_open()
 * @return as s3hls_store_open() */
int s3hls__store_open(s3hls_store **out, const char *url, s3hls__http *http,
                      const s3hls_s3_options *options, const s3hls_env *env);

/* Start an operation; keys are relative to the store, in the op and in on_object. A directory store
 * executes it during the call; even then the next s3hls__http_step() of the transport calls done.
 */
void s3hls__store_start(s3hls_store *store, s3hls__op *op);

/* Start an operation and step until it has ended. @return op->result.status; error may be NULL. */
int s3hls__store_run(s3hls_store *store, s3hls__op *op, s3hls_s3_error *error);

/* Seconds that the server's clock is ahead of ours, if requests are signed by it; else, and for a
 * directory, 0. Any thread. */
int64_t s3hls__store_clock_offset_s(const s3hls_store *store);

/* The credentials that sign its requests; NULL: a directory. Valid as long as the store. */
s3hls_credentials_provider *s3hls__store_credentials(const s3hls_store *store);

s3hls__http *s3hls__store_http(s3hls_store *store);
const s3hls_env *s3hls__store_env(const s3hls_store *store);

#endif
