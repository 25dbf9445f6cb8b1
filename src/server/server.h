/* SPDX-License-Identifier: MIT-0 */
/* The server's internals.
 *
 *   network threads (libmicrohttpd, epoll)      workers                    clip threads
 *   exchange: parse, who may look,       ───▶   answers: single flight ──▶ one each, bounded
 *   suspend ........ resume, respond     ◀───   views: archive, playlist   clip: libavformat
 *
 * A network thread never sends a request to a store. */
#ifndef S3HLS_SERVER_SERVER_H
#define S3HLS_SERVER_SERVER_H

#include "s3hls/server.h"
#include "server/access.h"
#include "server/answers.h"
#include "server/clip.h"
#include "server/connections.h"
#include "server/files.h"
#include "server/framing.h"
#include "server/metrics.h"
#include "server/views.h"
#include "server/watchdog.h"
#include <microhttpd.h>

struct s3hls_server {
    /* set at open */
    s3hls_server_config config; /* its strings are invalid after open, except these: */
    s3hls_env env;
    char *address;
    char **cors_origins;
    bool tls, loopback;
    bool in_place; /* libmicrohttpd leaves requests in place: framing.h */
    s3hls__access *access;
    s3hls__files *files;
    s3hls__catalog *catalog;
    struct MHD_Daemon *daemon;
    int listen_fd;
    s3hls__watchdog *watchdog;

    /* any thread */
    s3hls__answer_account account;
    s3hls__answers *answers;
    s3hls__connections *connections;
    s3hls__clips *clips;
    s3hls__metrics metrics;
    atomic_bool draining; /* connections are not kept alive */
    atomic_bool stopping; /* no long operation is begun any more */
};

/* libmicrohttpd's callbacks: cls is the server. */
void *s3hls__exchange_begin(void *cls, const char *target, struct MHD_Connection *connection);
enum MHD_Result s3hls__exchange_handle(void *cls, struct MHD_Connection *connection,
                                       const char *url, const char *method, const char *version,
                                       const char *upload, size_t *upload_size, void **exchange);
void s3hls__exchange_end(void *cls, struct MHD_Connection *connection, void **exchange,
                         enum MHD_RequestTerminationCode code);

#endif
