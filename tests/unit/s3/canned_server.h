/* SPDX-License-Identifier: MIT-0 */
/* An HTTP server in a thread on 127.0.0.1 that answers the n-th request with the n-th canned answer
 * and keeps what it was sent. */
#ifndef S3HLS_TESTS_UNIT_S3_CANNED_SERVER_H
#define S3HLS_TESTS_UNIT_S3_CANNED_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct canned {
    const char *answer; /* as it goes over the wire; NULL: none */
    bool close;         /* hang up afterwards; else keep the connection */
    bool before_body;   /* answer without reading the request's body */
    bool at_once;       /* answer without reading anything */
} canned;

enum { CANNED_MAX = 8, CANNED_CONNECTIONS_MAX = 8, CANNED_HEAD_MAX = 16384 };

typedef struct canned_request {
    char head[CANNED_HEAD_MAX]; /* request line and headers */
    char body[4096];            /* its beginning */
    size_t body_size;           /* bytes that came */
    int connection;             /* 0 for the first that was made */
} canned_request;

typedef struct canned_server {
    char endpoint[64]; /* "http://127.0.0.1:port" */
    canned script[CANNED_MAX];
    _Atomic(const canned *) always; /* not NULL: the answer to all requests from now on */
    canned_request requests[CANNED_MAX];
    _Atomic int request_count;

    int listener, stop[2];
    pthread_t thread;
} canned_server;

/* The last answer serves for all further requests. */
void canned_start(canned_server *server, const canned *script, size_t count);
void canned_stop(canned_server *server);

/* Value of a header of a request, in memory of the next call's; NULL: not there. */
const char *canned_header(const canned_request *request, const char *name);

#endif
