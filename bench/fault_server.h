/* SPDX-License-Identifier: MIT-0 */
/* An HTTP server with one kind of fault. It runs in a separate process, so that its CPU time is not
 * attributed to the recorder. */
#ifndef BENCH_FAULT_SERVER_H
#define BENCH_FAULT_SERVER_H

#include <sys/types.h>

typedef enum fault {
    FAULT_SILENT, /* accepts, never responds */
    FAULT_503,    /* sends this status to each request, before its body */
    FAULT_SLOW    /* reads 1 MB/s per connection, then responds with success */
} fault;

typedef struct fault_server {
    char endpoint[64];
    pid_t pid;
} fault_server;

/* Ends the program on failure. */
void fault_server_start(fault_server *server, fault kind);
void fault_server_stop(fault_server *server);

#endif
