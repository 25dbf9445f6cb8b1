/* SPDX-License-Identifier: MIT-0 */
/* What libcurl leaves to its TLS library: tls_openssl.c, where libs3hls is built with OpenSSL;
 * else tls_other.c, which does nothing. */
#ifndef S3HLS_S3_TLS_H
#define S3HLS_S3_TLS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

/* Test whether libcurl passes the SSL_CTX of our OpenSSL to CURLOPT_SSL_CTX_FUNCTION. The functions
 * below that take a context may be called only then. With another TLS library, a given file
 * replaces the system's authorities. */
bool s3hls__tls_is_openssl(void);

/* Test whether a file holds certificates in PEM.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: it holds none
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__tls_load_authorities(const char *file);
/* Trust the authorities of a file and a folder; both NULL: those of the library's own paths. A
 * missing or empty file adds none.
 * @return CURLE_OK; CURLE_OUT_OF_MEMORY: the connection must be aborted */
CURLcode s3hls__tls_add_authorities(void *context, const char *file, const char *folder);
/* Test whether a transfer failed because a certificate is not valid yet, or no longer. */
bool s3hls__tls_refused_dates(CURL *easy);
/* Verify the dates of certificates against this time. */
void s3hls__tls_set_time(void *context, int64_t unix_s);
/* Do not verify them: the connection serves one transfer. */
void s3hls__tls_skip_dates(CURL *easy, void *context);

#endif
