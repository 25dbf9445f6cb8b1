/* SPDX-License-Identifier: MIT-0 */
/* Connections, and the end of those from which no whole request comes: libmicrohttpd's own time-out
 * starts anew with every byte, so that a client which sends one now and then would stay for ever.
 */
#ifndef S3HLS_SERVER_CONNECTIONS_H
#define S3HLS_SERVER_CONNECTIONS_H

#include "base/env.h"
#include "server/metrics.h"

typedef struct s3hls__connections s3hls__connections;
typedef struct s3hls__connection s3hls__connection;

enum {
    S3HLS__REQUEST_TIMEOUT_S = 15, /* from a connection's begin, or its last answer, to a request */
    S3HLS__STALL_TIMEOUT_S = 20    /* no byte either way */
};

int s3hls__connections_open(s3hls__connections **out, s3hls__metrics *metrics,
                            const s3hls_env *env);
void s3hls__connections_close(s3hls__connections **connections);
/* End those that are overdue. To be called once a second. */
void s3hls__connections_expire(s3hls__connections *connections);

/* NULL: out of memory; the connection is then not watched, and its requests are not answered. */
s3hls__connection *s3hls__connection_begin(s3hls__connections *connections, int fd);
/* A whole request has come; its answer is done. */
void s3hls__connection_busy(s3hls__connections *connections, s3hls__connection *c);
void s3hls__connection_idle(s3hls__connections *connections, s3hls__connection *c);
/* The exchange that is under way on it, NULL for none. On its network thread only. */
void s3hls__connection_set_exchange(s3hls__connection *c, void *exchange);
void *s3hls__connection_exchange(const s3hls__connection *c); /* takes NULL */
/* Before its socket is closed. Takes NULL. */
void s3hls__connection_end(s3hls__connections *connections, s3hls__connection *c);

#endif
