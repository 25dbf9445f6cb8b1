/* SPDX-License-Identifier: MIT-0 */
#include "canned_server.h"
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

const char *canned_header(const canned_request *request, const char *name) {
    static _Thread_local char value[CANNED_HEAD_MAX];
    size_t n = strlen(name);
    for (const char *p = strstr(request->head, "\r\n"); p && p[2]; p = strstr(p + 2, "\r\n"))
        if (strncasecmp(p + 2, name, n) == 0 && p[2 + n] == ':') {
            const char *begin = p + 3 + n + strspn(p + 3 + n, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(begin, "\r"), begin);
            return value;
        }
    return NULL;
}

static bool read_head(int fd, canned_request *r) {
    size_t n = 0;
    while (n + 1 < sizeof r->head && recv(fd, r->head + n, 1, 0) == 1) {
        r->head[++n] = 0;
        if (n >= 4 && strcmp(r->head + n - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

static void read_body(int fd, canned_request *r) {
    const char *length = canned_header(r, "content-length");
    size_t left = length ? strtoull(length, NULL, 10) : 0;
    static _Thread_local char buffer[65536];
    while (left > 0) {
        ssize_t n = recv(fd, buffer, left < sizeof buffer ? left : sizeof buffer, 0);
        if (n <= 0)
            return;
        for (ssize_t i = 0; i < n && r->body_size + (size_t)i < sizeof r->body; i++)
            r->body[r->body_size + (size_t)i] = buffer[i];
        r->body_size += (size_t)n;
        left -= (size_t)n;
    }
}

/* @return false: the connection has ended */
static bool serve(canned_server *s, int fd, int connection) {
    int i = s->request_count < CANNED_MAX ? s->request_count : CANNED_MAX - 1;
    canned_request *r = &s->requests[i];
    memset(r, 0, sizeof *r);
    r->connection = connection;
    const canned *always = s->always, *c = always ? always : &s->script[i];
    if (!c->at_once && !read_head(fd, r))
        return false;
    if (!c->before_body)
        read_body(fd, r);
    s->request_count++;
    if (c->answer)
        send(fd, c->answer, strlen(c->answer), MSG_NOSIGNAL);
    if (c->close && c->before_body) { /* half a close: a reset would destroy the answer */
        shutdown(fd, SHUT_WR);
        read_body(fd, r);
    }
    return !c->close;
}

static void *run(void *arg) {
    canned_server *s = arg;
    struct pollfd fds[2 + CANNED_CONNECTIONS_MAX] = {{s->stop[0], POLLIN, 0},
                                                     {s->listener, POLLIN, 0}};
    int number[2 + CANNED_CONNECTIONS_MAX] = {0}, accepted = 0;
    nfds_t count = 2;
    while (poll(fds, count, -1) > 0 && !fds[0].revents) {
        for (nfds_t i = 2; i < count; i++) {
            if (!fds[i].revents || serve(s, fds[i].fd, number[i]))
                continue;
            close(fds[i].fd);
            fds[i] = fds[--count];
            number[i] = number[count];
            i--;
        }
        if (fds[1].revents && count < 2 + CANNED_CONNECTIONS_MAX) {
            number[count] = accepted++;
            fds[count] = (struct pollfd){accept(s->listener, NULL, NULL), POLLIN, 0};
            count++;
        }
    }
    while (count > 2)
        close(fds[--count].fd);
    return NULL;
}

void canned_start(canned_server *s, const canned *script, size_t count) {
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < CANNED_MAX; i++)
        s->script[i] = script[i < count ? i : count - 1];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s->listener, (struct sockaddr *)&address, size) || listen(s->listener, 8) ||
        getsockname(s->listener, (struct sockaddr *)&address, &size) || pipe(s->stop) ||
        pthread_create(&s->thread, NULL, run, s))
        abort();
    snprintf(s->endpoint, sizeof s->endpoint, "http://127.0.0.1:%u", ntohs(address.sin_port));
}

void canned_stop(canned_server *s) {
    close(s->stop[1]);
    pthread_join(s->thread, NULL);
    close(s->stop[0]);
    close(s->listener);
}
