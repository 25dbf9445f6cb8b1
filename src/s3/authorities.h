/* SPDX-License-Identifier: MIT-0 */
/* Which certificate authorities a TLS connection trusts: the system's, and those of a file beside
 * them. The system's are named by SSL_CERT_FILE and SSL_CERT_DIR, as OpenSSL and curl's tool read
 * them, else by libcurl. Both are read anew for each connection, so that a rotated file counts. */
#ifndef S3HLS_S3_AUTHORITIES_H
#define S3HLS_S3_AUTHORITIES_H

#include "base/env.h"
#include <curl/curl.h>
#include <stdbool.h>

/* Is that a file of certificates? NULL is. What is wrong is logged with the file's name.
 * @return S3HLS_OK; S3HLS_E_IO: it cannot be read; S3HLS_E_INVALID: it holds no certificate in PEM;
 * S3HLS_E_NOMEM. */
int s3hls__authorities_check(const char *file, const s3hls_env *env);

/* Have a transfer trust the file's authorities (NULL: none). The system's are added by
 * s3hls__authorities_add_system(), which the caller's CURLOPT_SSL_CTX_FUNCTION calls: so the file's
 * name stays part of what libcurl compares before it uses a connection again.
 * @return false: no memory; the transfer must not begin. */
bool s3hls__authorities_set(CURL *easy, const char *file);
/* @return CURLE_OK; CURLE_OUT_OF_MEMORY: the connection must not go on. */
CURLcode s3hls__authorities_add_system(CURL *easy, void *ssl_context);

/* Does libcurl give its CURLOPT_SSL_CTX_FUNCTION the SSL_CTX of our OpenSSL? Where it uses another
 * TLS library, a given file stands in place of the system's authorities. */
bool s3hls__tls_is_openssl(void);

#endif
