/* SPDX-License-Identifier: MIT-0 */
#include "metrics.h"
#include "metrics_text.h"
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct metrics {
    struct MHD_Daemon *daemon;
    metrics_source source;
};

/* ---- the server */

/* @return all views, to be freed; NULL: out of memory */
static metrics_view *look(const metrics *m, size_t *count) {
    size_t capacity = 1;
    metrics_view *all = calloc(capacity, sizeof *all);
    for (*count = 0; all && m->source.look(m->source.ctx, *count, &all[*count]);) {
        if (++*count < capacity)
            continue;
        metrics_view *more = reallocarray(all, capacity * 2, sizeof *all);
        if (!more) {
            free(all);
            return NULL;
        }
        all = more;
        memset(all + capacity, 0, capacity * sizeof *all);
        capacity *= 2;
    }
    return all;
}

/* @return the status of HTTP */
static unsigned write_page(const metrics *m, const char *path, FILE *to, const char **type) {
    bool health = strcmp(path, "/healthz") == 0;
    *type = "text/plain";
    if (strcmp(path, "/api/status") == 0 && m->source.write_status) {
        *type = "application/json";
        m->source.write_status(to, m->source.ctx);
        return MHD_HTTP_OK;
    }
    if (!health && strcmp(path, "/metrics") != 0)
        return MHD_HTTP_NOT_FOUND;
    metrics_views all;
    metrics_view *v = look(m, &all.count);
    all.v = v;
    bool good = v != NULL;
    if (v && health) {
        good = metrics_write_health(to, &all);
    } else if (v) {
        *type = "text/plain; version=0.0.4; charset=utf-8";
        metrics_write(to, &all);
    }
    free(v);
    return good ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request) {
    const char *type = "text/plain";
    char *text = NULL;
    size_t size = 0;
    (void)version, (void)upload, (void)upload_size, (void)request;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return MHD_NO;
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    unsigned code = reads ? write_page(ctx, path, to, &type) : MHD_HTTP_METHOD_NOT_ALLOWED;
    fclose(to);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type", type);
    enum MHD_Result rc = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return rc;
}

typedef union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} socket_address;

static bool parse_address(const char *where, socket_address *to) {
    char host[64] = "";
    const char *colon = strrchr(where, ':'), *port = colon ? colon + 1 : where;
    size_t size = colon ? (size_t)(colon - where) : 0;
    char *end;
    unsigned long number = strtoul(port, &end, 10);
    if (!*port || port[strspn(port, "0123456789")] || number > 65535 || size >= sizeof host)
        return false;
    memset(to, 0, sizeof *to);
    if (size > 2 && where[0] == '[' && where[size - 1] == ']') {
        memcpy(host, where + 1, size - 2);
        to->v6.sin6_family = AF_INET6;
        to->v6.sin6_port = htons((uint16_t)number);
        return inet_pton(AF_INET6, host, &to->v6.sin6_addr) == 1;
    }
    memcpy(host, where, size);
    to->v4.sin_family = AF_INET;
    to->v4.sin_port = htons((uint16_t)number);
    return inet_pton(AF_INET, size ? host : "127.0.0.1", &to->v4.sin_addr) == 1;
}

static void format_address(const metrics *m, socket_address *at, char address[64]) {
    char host[INET6_ADDRSTRLEN];
    bool v6 = at->any.sa_family == AF_INET6;
    inet_ntop(at->any.sa_family, v6 ? (void *)&at->v6.sin6_addr : (void *)&at->v4.sin_addr, host,
              sizeof host);
    unsigned port = MHD_get_daemon_info(m->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    snprintf(address, 64, v6 ? "[%s]:%u" : "%s:%u", host, port);
}

const char *metrics_open(metrics **out, const char *where, const metrics_source *source,
                         char address[64]) {
    socket_address at;
    sigset_t all, before;
    *out = NULL;
    if (!parse_address(where, &at))
        return "not an address; give PORT, 127.0.0.1:PORT or [::1]:PORT";
    metrics *m = calloc(1, sizeof *m);
    if (!m)
        return strerror(ENOMEM);
    m->source = *source;
    sigfillset(&all); /* signals are handled by the thread that reads the input */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = 0;
    m->daemon =
        MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD |
                             (at.any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0),
                         0, NULL, NULL, answer, m, MHD_OPTION_SOCK_ADDR, &at.any,
                         MHD_OPTION_CONNECTION_LIMIT, 16u, MHD_OPTION_CONNECTION_TIMEOUT, 10u,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!m->daemon) {
        free(m);
        return errno ? strerror(errno) : "cannot listen there";
    }
    format_address(m, &at, address);
    *out = m;
    return NULL;
}

void metrics_close(metrics **m) {
    if (!*m)
        return;
    MHD_stop_daemon((*m)->daemon);
    free(*m);
    *m = NULL;
}
