/* SPDX-License-Identifier: MIT-0 */
#include "site_status.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAIT_S = 5, ANSWER_MAX = 16 << 20 };

struct site_socket {
    int listening;
    pthread_t thread;
    s3hls__gateway *gateway;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
};

const char *site_socket_path(void) {
    static char path[sizeof((struct sockaddr_un *)0)->sun_path];
    const char *folder = getenv("RUNTIME_DIRECTORY");
    snprintf(path, sizeof path, "%s/status.sock", folder && folder[0] ? folder : "/run/s3hls");
    return path;
}

/* @return a socket, or -1 with errno */
static int open_socket(const char *path, struct sockaddr_un *at) {
    *at = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(at->sun_path, path);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* A reader that does not read is given up. */
static void limit(int fd) {
    const struct timeval wait = {.tv_sec = WAIT_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
}

/* ---- the answering side */

static void answer(const site_socket *s, int fd) {
    char *text = NULL;
    size_t size = 0, sent = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return;
    site_status_write(to, s->gateway);
    fclose(to);
    limit(fd);
    for (ssize_t n = 1; text && sent < size && n > 0; sent += n > 0 ? (size_t)n : 0)
        n = send(fd, text + sent, size - sent, MSG_NOSIGNAL);
    free(text);
}

static void *thread_main(void *arg) {
    const site_socket *s = arg;
    for (int fd; (fd = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC)) >= 0 || errno == EINTR ||
                 errno == ECONNABORTED;) {
        if (fd < 0)
            continue;
        answer(s, fd);
        close(fd);
    }
    return NULL; /* it was shut down */
}

static bool answers(const char *path) {
    struct sockaddr_un at;
    int fd = open_socket(path, &at);
    bool connected = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    if (fd >= 0)
        close(fd);
    return connected;
}

/* Bind, in place of the socket of a process that has ended. @return 0, or an errno */
static int listen_at(int fd, const struct sockaddr_un *at) {
    int rc = bind(fd, (const struct sockaddr *)at, sizeof *at) ? errno : 0;
    if (rc == EADDRINUSE && !answers(at->sun_path) && unlink(at->sun_path) == 0)
        rc = bind(fd, (const struct sockaddr *)at, sizeof *at) ? errno : 0;
    if (!rc && (chmod(at->sun_path, 0660) || listen(fd, 16)))
        rc = errno;
    return rc;
}

int site_socket_open(site_socket **out, const char *path, s3hls__gateway *gateway) {
    struct sockaddr_un at;
    sigset_t all, before;
    site_socket *s = *out = calloc(1, sizeof *s);
    if (!s)
        return ENOMEM;
    s->gateway = gateway;
    s->listening = open_socket(path, &at);
    int rc = s->listening < 0 ? errno : listen_at(s->listening, &at);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (!rc)
        rc = pthread_create(&s->thread, NULL, thread_main, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc) {
        if (s->listening >= 0)
            close(s->listening);
        free(s);
        *out = NULL;
        return rc;
    }
    strcpy(s->path, at.sun_path);
    return 0;
}

void site_socket_close(site_socket **socket) {
    site_socket *s = *socket;
    if (!s)
        return;
    shutdown(s->listening, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listening);
    unlink(s->path);
    free(s);
    *socket = NULL;
}

/* ---- the asking side */

int site_socket_read(const char *path, char **text, size_t *size) {
    struct sockaddr_un at;
    char buffer[4096];
    ssize_t n = 0;
    int fd = open_socket(path, &at);
    FILE *to = open_memstream(text, size);
    int rc = fd < 0 || !to ? errno : 0;
    if (!rc && connect(fd, (struct sockaddr *)&at, sizeof at))
        rc = errno;
    if (!rc)
        limit(fd);
    for (size_t all = 0; !rc && all < ANSWER_MAX && (n = recv(fd, buffer, sizeof buffer, 0)) > 0;
         all += (size_t)n)
        fwrite(buffer, 1, (size_t)n, to);
    if (!rc && n < 0)
        rc = errno;
    if (fd >= 0)
        close(fd);
    if (to)
        fclose(to);
    return rc;
}
