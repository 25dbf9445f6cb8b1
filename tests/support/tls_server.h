/* SPDX-License-Identifier: MIT-0 */
/* An S3 of few words over TLS, in a process of its own: PUT, GET, HEAD, DELETE and two pages of
 * LIST of three segments, keys as AWS IoT Core gives them. Each third PUT is answered 503; after a
 * DELETE a HEAD answers 404 until the next PUT; keys that were fetched end with the first HEAD that
 * they sign. It stores nothing and verifies no signature. */
#ifndef S3HLS_TESTS_SUPPORT_TLS_SERVER_H
#define S3HLS_TESTS_SUPPORT_TLS_SERVER_H

#include <sys/types.h>

typedef struct tls_server {
    char endpoint[64]; /* "https://127.0.0.1:port" */
    pid_t pid;
} tls_server;

/* Before any other thread. certificates: a folder as tests/lab/certificates.sh makes it. Ends with
 * the process that began it. */
void tls_server_start(tls_server *server, const char *certificates);
void tls_server_stop(tls_server *server);

#endif
