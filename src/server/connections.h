/* SPDX-License-Identifier: MIT-0 */
/* Connections, and the timeout of those that send no complete request: libmicrohttpd's own timeout
 * restarts with every byte, so that a client that sends one now and then would stay for ever. */
#ifndef S3HLS_SERVER_CONNECTIONS_H
#define S3HLS_SERVER_CONNECTIONS_H

#include "base/env.h"
#include "server/metrics.h"

typedef struct s3hls__connections s3hls__connections;
typedef struct s3hls__connection s3hls__connection;

enum {
    S3HLS__REQUEST_TIMEOUT_S =
        15, /* from a connection's start, or its last answer, to a whole request */
    S3HLS__STALL_TIMEOUT_S = 20 /* no byte either way */
};

int s3hls__connections_open(s3hls__connections **out, s3hls__metrics *metrics,
                            const s3hls_env *env);
void s3hls__connections_close(s3hls__connections **connections);
/* Close overdue connections. Called once a second. */
void s3hls__connections_expire(s3hls__connections *connections);

/* Begin to watch a connection.
 * @return NULL: out of memory; it is not watched, and its requests are not answered */
s3hls__connection *s3hls__connection_begin(s3hls__connections *connections, int fd);
/* A whole request has arrived; its answer is complete. */
void s3hls__connection_busy(s3hls__connections *connections, s3hls__connection *c);
void s3hls__connection_idle(s3hls__connections *connections, s3hls__connection *c);
/* The running exchange of a connection; NULL: none. On its network thread only. */
void s3hls__connection_set_exchange(s3hls__connection *c, void *exchange);
void *s3hls__connection_exchange(const s3hls__connection *c); /* accepts NULL */
/* Called before its socket is closed. Accepts NULL. */
void s3hls__connection_end(s3hls__connections *connections, s3hls__connection *c);

#endif
