/* SPDX-License-Identifier: MIT-0 */
/* An HTTP server that fails one way, in a process of its own: its work is not the recorder's. */
#ifndef BENCH_FAULT_SERVER_H
#define BENCH_FAULT_SERVER_H

#include <sys/types.h>

typedef enum fault {
    FAULT_SILENT, /* accepts, never answers */
    FAULT_503,    /* answers each request so, before its body */
    FAULT_SLOW    /* reads 1 MB/s of each connection, then answers well */
} fault;

typedef struct fault_server {
    char endpoint[64];
    pid_t pid;
} fault_server;

/* Ends the program where it cannot. */
void fault_server_start(fault_server *server, fault kind);
void fault_server_stop(fault_server *server);

#endif
