/* SPDX-License-Identifier: MIT-0 */
#include "server/server.h"
#include "base/config.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    NETWORK_THREADS = 2,
    CONNECTION_MEMORY_BYTES = 16 * 1024, /* per connection: headers of the request and the answer */
    BACKLOG = 1024,
    FILES_SPARED = 1024, /* descriptors reserved for stores, pipes and libraries */
    PEM_MAX_BYTES = 1 << 20
};

#define LOG(env, ...) s3hls__log(env, S3HLS_LOG_ERROR, "server", __VA_ARGS__)

/* ---- options */

static int check_config(const s3hls_server_config *c, const s3hls_env *env) {
    bool presign = c->media == S3HLS_MEDIA_PRESIGN, file = false;
    for (size_t i = 0; c->urls && i < c->url_count; i++)
        file = file || strncmp(c->urls[i], "s3://", 5) != 0;
    const char *wrong = NULL;
    if (!c->urls || c->url_count < 1 || c->url_count > 64)
        wrong = "1 to 64 stores are served";
    else if (presign && file)
        wrong = "only addresses of s3:// can be presigned";
    else if (!c->tls_cert_file != !c->tls_key_file)
        wrong = "certificate and key go together";
    else if (c->workers < 1 || c->workers > 64 || c->max_clips < 1 || c->max_clips > 64)
        wrong = "1 to 64 workers and clips";
    else if (c->max_connections < 4)
        wrong = "4 connections or more";
    if (wrong)
        LOG(env, "%s", wrong);
    return wrong ? S3HLS_E_INVALID : S3HLS_OK;
}

static int copy_origins(s3hls_server *s) {
    size_t count = s->config.cors_origin_count;
    s->cors_origins = s3hls__env_alloc(&s->env, (count + 1) * sizeof *s->cors_origins);
    for (size_t i = 0; s->cors_origins && i < count; i++)
        if (!(s->cors_origins[i] = s3hls__env_strdup(&s->env, s->config.cors_origins[i])))
            return S3HLS_E_NOMEM;
    return s->cors_origins ? S3HLS_OK : S3HLS_E_NOMEM;
}

/* ---- the socket */

/* "127.0.0.1:8080", "[::1]:443", "localhost:0" */
static bool split_address(const char *text, char *host, size_t host_size, char *port,
                          size_t port_size) {
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text)
        return false;
    bool six = text[0] == '[';
    if (six && colon[-1] != ']')
        return false;
    int n = snprintf(host, host_size, "%.*s", (int)(colon - text) - 2 * six, text + six);
    int m = snprintf(port, port_size, "%s", colon + 1);
    return n > 0 && (size_t)n < host_size && m > 0 && (size_t)m < port_size &&
           (six || !strchr(host, ':')) && strspn(port, "0123456789") == (size_t)m;
}

static bool all_loopback(const struct addrinfo *a) {
    if (a->ai_family == AF_INET)
        return ntohl(((struct sockaddr_in *)a->ai_addr)->sin_addr.s_addr) >> 24 == 127;
    return a->ai_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)a->ai_addr)->sin6_addr);
}

static int bind_to(s3hls_server *s, const struct addrinfo *a) {
    int on = 1;
    s->listen_fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listen_fd >= 0 &&
        setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(s->listen_fd, a->ai_addr, a->ai_addrlen) == 0 && listen(s->listen_fd, BACKLOG) == 0)
        return S3HLS_OK;
    LOG(&s->env, "%s: %s", s->config.listen, strerror(errno));
    return errno == EADDRINUSE
               ? S3HLS_E_EXISTS
               : (errno == EACCES || errno == EPERM ? S3HLS_E_ACCESS : S3HLS_E_INVALID);
}

static int name_address(s3hls_server *s, const char *host) {
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char port[8];
    s3hls__strbuf b;
    if (getsockname(s->listen_fd, (struct sockaddr *)&bound, &size) != 0 ||
        getnameinfo((struct sockaddr *)&bound, size, NULL, 0, port, sizeof port, NI_NUMERICSERV))
        return S3HLS_E_IO;
    bool six = strchr(host, ':') != NULL;
    s3hls__strbuf_init(&b, &s->env, 512);
    s3hls__strbuf_addf(&b, "%s://%s%s%s:%s/", s->tls ? "https" : "http", six ? "[" : "", host,
                       six ? "]" : "", port);
    return s3hls__strbuf_take(&b, &s->address);
}

static int open_socket(s3hls_server *s) {
    char host[256], port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
    const char *listen_at = s->config.listen;
    if (!listen_at || !split_address(listen_at, host, sizeof host, port, sizeof port) ||
        getaddrinfo(host, port, &hints, &found) != 0) {
        LOG(&s->env, "%s: no address to listen on; give 127.0.0.1:8080 or [::1]:8080",
            listen_at ? listen_at : "");
        return S3HLS_E_INVALID;
    }
    s->loopback = all_loopback(found);
    int rc = S3HLS_OK;
    if (!s->loopback && !s->config.token_file) {
        LOG(&s->env,
            "%s can be reached from other machines: give a token file, or listen on "
            "127.0.0.1",
            listen_at);
        rc = S3HLS_E_INVALID;
    }
    if (!rc)
        rc = bind_to(s, found);
    if (!rc)
        rc = name_address(s, host);
    freeaddrinfo(found);
    return rc;
}

/* ---- libmicrohttpd */

static void __attribute__((format(printf, 2, 0)))
note(void *ctx, const char *format, va_list arguments) {
    s3hls_server *s = ctx;
    char text[256];
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = 0;
    if (strstr(text, "limit")) /* its message when it refuses a connection */
        atomic_fetch_add(&s->metrics.refused, 1);
    s3hls__log(&s->env, S3HLS_LOG_DEBUG, "server", "%s", text);
}

/* Paths and queries are decoded by request.c. */
static size_t leave_encoded(void *cls, struct MHD_Connection *connection, char *text) {
    (void)cls, (void)connection;
    return strlen(text);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
    s3hls_server *s = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        atomic_fetch_add(&s->metrics.accepted, 1);
        atomic_fetch_add(&s->metrics.connections, 1);
        *context = info ? s3hls__connection_begin(s->connections, info->connect_fd) : NULL;
    } else {
        /* libmicrohttpd does not report the end of a request whose parameters exceed its memory */
        void *exchange = s3hls__connection_exchange(*context);
        s3hls__exchange_end(s, connection, &exchange, MHD_REQUEST_TERMINATED_WITH_ERROR);
        atomic_fetch_sub(&s->metrics.connections, 1);
        s3hls__connection_end(s->connections, *context);
        *context = NULL;
    }
}

static char *read_pem(const s3hls_server *s, const char *path) {
    FILE *f = fopen(path, "re");
    char *text = f ? s3hls__env_alloc(&s->env, PEM_MAX_BYTES) : NULL;
    size_t n = text ? fread(text, 1, PEM_MAX_BYTES - 1, f) : 0;
    if (n == 0) {
        LOG(&s->env, "%s: %s", path, f ? "nothing can be read" : strerror(errno));
        s3hls__env_free(&s->env, text);
        text = NULL;
    }
    if (f)
        fclose(f);
    return text;
}

static unsigned connection_limit(const s3hls_server *s) {
    struct rlimit files;
    unsigned limit = s->config.max_connections;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < (rlim_t)limit + FILES_SPARED)
        limit = files.rlim_cur > 2 * FILES_SPARED ? (unsigned)files.rlim_cur - FILES_SPARED
                                                  : (unsigned)files.rlim_cur / 2;
    return limit;
}

static int start_daemon(s3hls_server *s, char *certificate, char *key) {
    unsigned limit = connection_limit(s), each = s->config.max_connections_per_address;
    char versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, versions},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME |
                     (s->tls ? MHD_USE_TLS : 0);
    s->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, s3hls__exchange_handle, s, /**/
        MHD_OPTION_EXTERNAL_LOGGER, note, s, MHD_OPTION_LISTEN_SOCKET, s->listen_fd,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)NETWORK_THREADS, MHD_OPTION_CONNECTION_LIMIT, limit,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, each ? each : (limit + 3) / 4,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)S3HLS__STALL_TIMEOUT_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, s3hls__exchange_begin, s, MHD_OPTION_NOTIFY_COMPLETED,
        s3hls__exchange_end, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_ARRAY,
        s->tls ? tls : none, MHD_OPTION_END);
    if (s->daemon)
        return S3HLS_OK;
    if (s->tls)
        LOG(&s->env, "TLS cannot be started with this certificate and key");
    return s->tls ? S3HLS_E_TLS : S3HLS_E_NOMEM;
}

static int open_daemon(s3hls_server *s) {
    char *certificate = NULL, *key = NULL;
    int rc = S3HLS_OK;
    if (s->tls) {
        certificate = read_pem(s, s->config.tls_cert_file);
        key = certificate ? read_pem(s, s->config.tls_key_file) : NULL;
        rc = key ? S3HLS_OK : S3HLS_E_IO;
    }
    if (!rc)
        rc = start_daemon(s, certificate, key);
    if (key)
        explicit_bzero(key, PEM_MAX_BYTES);
    s3hls__env_free(&s->env, key);
    s3hls__env_free(&s->env, certificate);
    return rc;
}

/* ---- open and close */

typedef struct worker {
    s3hls_server *server;
    s3hls__workspace *workspace;
} worker;

static void close_worker(void *ctx) {
    worker *w = ctx;
    s3hls_env env = w->server->env;
    s3hls__workspace_close(w->workspace);
    s3hls__env_free(&env, w);
}

static void *open_worker(void *ctx) {
    s3hls_server *s = ctx;
    worker *w = s3hls__env_alloc(&s->env, sizeof *w);
    if (!w)
        return NULL;
    w->server = s;
    w->workspace = s3hls__workspace_open(s->catalog);
    if (!w->workspace) {
        close_worker(w);
        return NULL;
    }
    return w;
}

static s3hls__answer *make_answer(void *ctx, const s3hls__request *request,
                                  const s3hls__grant *grant) {
    worker *w = ctx;
    return s3hls__view_make(w->workspace, &w->server->account, request, grant);
}

/* Time limits that do not depend on workers or stores. */
static void look(void *ctx) {
    s3hls_server *s = ctx;
    s3hls__connections_expire(s->connections);
    s3hls__answers_expire(s->answers);
    s3hls__clips_expire(s->clips);
}

static int open_parts(s3hls_server *s) {
    int rc = check_config(&s->config, &s->env);
    if (!rc)
        rc = s3hls__access_open(&s->access, s->config.token_file, &s->env);
    if (!rc)
        rc = copy_origins(s);
    if (!rc)
        rc = open_socket(s);
    if (!rc)
        rc = s3hls__files_open(&s->files, &s->account);
    if (!rc)
        rc = s3hls__catalog_open(&s->catalog, &s->config, &s->env);
    if (!rc)
        rc = s3hls__connections_open(&s->connections, &s->metrics, &s->env);
    if (!rc)
        rc = s3hls__clips_open(&s->clips, s->catalog, &s->account, &s->metrics, s->config.max_clips,
                               &s->env);
    s3hls__answers_config answers = {.env = s->env,
                                     .account = &s->account,
                                     .workers = s->config.workers,
                                     .cache_bytes = s->config.cache_bytes,
                                     .ctx = s,
                                     .worker_open = open_worker,
                                     .worker_close = close_worker,
                                     .make = make_answer};
    if (!rc)
        rc = s3hls__answers_open(&s->answers, &answers);
    if (!rc)
        rc = s3hls__watchdog_open(&s->watchdog, look, s, &s->env);
    return rc ? rc : open_daemon(s);
}

int s3hls_server_open(s3hls_server **out, const s3hls_server_config *config) {
    s3hls_server_config c;
    s3hls_server_config_init(&c);
    if (!out || s3hls__config_copy(&c, sizeof c, config))
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls_env env = s3hls__env_resolve(c.env);
    s3hls_server *s = s3hls__env_alloc(&env, sizeof *s);
    if (!s)
        return S3HLS_E_NOMEM;
    s->config = c;
    s->env = s->account.env = env;
    s->listen_fd = -1;
    s->tls = c.tls_cert_file != NULL;
    s->in_place = strncmp(MHD_get_version(), "0.", 2) == 0;
    int rc = open_parts(s);
    if (rc)
        s3hls_server_close(&s, 0);
    *out = s;
    return rc;
}

const char *s3hls_server_address(const s3hls_server *s) {
    return s ? s->address : NULL;
}

static void drain(s3hls_server *s, uint32_t deadline_ms) {
    int64_t until_us = s->env.monotonic_us(s->env.ctx) + deadline_ms * INT64_C(1000);
    atomic_store(&s->draining, true);
    MHD_quiesce_daemon(s->daemon);
    while (atomic_load(&s->metrics.requests_running) > 0 &&
           s->env.monotonic_us(s->env.ctx) < until_us)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    atomic_store(&s->stopping, true);
}

void s3hls_server_close(s3hls_server **server, uint32_t deadline_ms) {
    s3hls_server *s = server ? *server : NULL;
    if (!s)
        return;
    if (s->daemon)
        drain(s, deadline_ms);
    /* before the daemon, which must not have a connection that waits for an answer */
    if (s->clips)
        s3hls__clips_stop(s->clips);
    if (s->answers)
        s3hls__answers_stop(s->answers);
    s3hls__watchdog_close(&s->watchdog);
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    s3hls__answers_close(&s->answers);
    s3hls__clips_close(&s->clips);
    s3hls__connections_close(&s->connections);
    s3hls__catalog_close(&s->catalog);
    s3hls__files_close(&s->files);
    s3hls__access_close(&s->access);
    for (size_t i = 0; s->cors_origins && i < s->config.cors_origin_count; i++)
        s3hls__env_free(&s->env, s->cors_origins[i]);
    s3hls_env env = s->env;
    s3hls__env_free(&env, s->cors_origins);
    s3hls__env_free(&env, s->address);
    s3hls__env_free(&env, s);
    *server = NULL;
}
