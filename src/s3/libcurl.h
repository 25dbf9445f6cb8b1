/* SPDX-License-Identifier: MIT-0 */
/* What every use of libcurl needs, and what differs between its versions from 7.64 on. */
#ifndef S3HLS_S3_LIBCURL_H
#define S3HLS_S3_LIBCURL_H

#include <curl/curl.h>
#include <stdint.h>

#ifndef S3HLS__CURL_VERSION /* the device check names an older one, to test what replaces the      \
                               newer functions */
#define S3HLS__CURL_VERSION LIBCURL_VERSION_NUM
#endif

/* A multi handle that one thread steps, and that any thread wakes. */
typedef struct s3hls__multi {
    CURLM *curl; /* NULL: not open */
    int wake;    /* an eventfd */
} s3hls__multi;

/* libcurl counts its initialisations. Before 7.84 this is not thread-safe: the program must have
 * called curl_global_init() before it started threads (curl_global_init(3)).
 * @return S3HLS_OK; S3HLS_E_NOMEM: memory or descriptors ran out */
int s3hls__multi_open(s3hls__multi *m);
/* Also of one that is not open. */
void s3hls__multi_close(s3hls__multi *m);
/* Transfer what can be transferred now. @return how many transfers run */
int s3hls__multi_perform(s3hls__multi *m);
/* Wait for traffic or a wake-up. */
void s3hls__multi_wait(s3hls__multi *m, uint32_t timeout_ms);
/* Any thread. One system call. */
void s3hls__multi_wake(s3hls__multi *m);

/* Set what every transfer has: no signals, HTTP alone, verified TLS, sockets that no child process
 * inherits. */
void s3hls__easy_set_up(CURL *easy);
/* End without waiting for an unresponsive name server: libcurl lets the resolver thread end on its
 * own. */
void s3hls__easy_quit(CURL *easy);

#endif
