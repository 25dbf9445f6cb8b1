/* SPDX-License-Identifier: MIT-0 */
#include "fault_server.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static fault kind;

static bool read_head(int fd, char *head, size_t size) {
    for (size_t n = 0; n + 1 < size && recv(fd, head + n, 1, 0) == 1;) {
        head[++n] = 0;
        if (n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

static bool read_slowly(int fd, const char *head) {
    enum { CHUNK = 20000, PAUSE_US = 20000 };
    static _Thread_local char bytes[CHUNK];
    const char *length = strcasestr(head, "\r\ncontent-length:");
    long left = length ? strtol(strchr(length, ':') + 1, NULL, 10) : 0;
    while (left > 0) {
        ssize_t n = recv(fd, bytes, CHUNK, 0);
        if (n <= 0)
            return false;
        left -= n;
        usleep((useconds_t)(n * PAUSE_US / CHUNK));
    }
    return true;
}

static void *serve(void *arg) {
    static const char good[] = "HTTP/1.1 200 OK\r\nETag: \"x-1\"\r\nContent-Length: 0\r\n\r\n";
    static const char slow_down[] = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n";
    int fd = (int)(intptr_t)arg;
    char head[16384];
    if (kind == FAULT_SILENT)
        pause();
    while (read_head(fd, head, sizeof head)) {
        if (kind == FAULT_503) {
            send(fd, slow_down, sizeof slow_down - 1, MSG_NOSIGNAL);
            break;
        }
        if (read_slowly(fd, head))
            send(fd, good, sizeof good - 1, MSG_NOSIGNAL);
    }
    close(fd);
    return NULL;
}

static void run(int listener) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
    _exit(1);
}

void fault_server_start(fault_server *server, fault which) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int buffer = 65536; /* small, so that slow reading also slows down the sender */
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 64) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("fault server");
        exit(1);
    }
    kind = which;
    server->pid = fork();
    if (server->pid == 0)
        run(listener);
    close(listener);
    if (server->pid < 0)
        exit(1);
    snprintf(server->endpoint, sizeof server->endpoint, "http://127.0.0.1:%u",
             ntohs(address.sin_port));
}

void fault_server_stop(fault_server *server) {
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}
