/* SPDX-License-Identifier: MIT-0 */
/* The certificate authorities that a TLS connection trusts: the system's and those of a file. The
 * system's are named by SSL_CERT_FILE and SSL_CERT_DIR, as for OpenSSL and the curl tool, else by
 * libcurl. Both are read for each connection, so that a rotated file takes effect. */
#ifndef S3HLS_S3_AUTHORITIES_H
#define S3HLS_S3_AUTHORITIES_H

#include "base/env.h"
#include <curl/curl.h>
#include <stdbool.h>

/* Check a file of certificates. A fault is logged with the file's name.
 * @return S3HLS_OK: also when file is NULL
 *   S3HLS_E_IO: it cannot be read
 *   S3HLS_E_INVALID: it holds no certificate in PEM
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__authorities_check(const char *file, const s3hls_env *env);

/* Let a transfer trust the file's authorities (NULL: none). s3hls__authorities_add_system(), called
 * by the caller's CURLOPT_SSL_CTX_FUNCTION, adds the system's: so libcurl still compares the file's
 * name before it reuses a connection.
 * @return false: out of memory; the transfer must not begin */
bool s3hls__authorities_set(CURL *easy, const char *file);
/* @return CURLE_OK; CURLE_OUT_OF_MEMORY: the connection must be aborted. */
CURLcode s3hls__authorities_add_system(CURL *easy, void *ssl_context);

#endif
