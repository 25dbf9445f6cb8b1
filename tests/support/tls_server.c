/* SPDX-License-Identifier: MIT-0 */
#include "tls_server.h"
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OBJECT(key)                                                                                \
    "<Contents><Key>cam/2026/06/30/12/00/" key ".ts</Key><Size>1000</Size>"                        \
    "<LastModified>2026-06-30T12:01:00.000Z</LastModified><ETag>\"x\"</ETag></Contents>"
#define PAGE(truncated, contents)                                                                  \
    "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>" truncated "</IsTruncated>" contents   \
    "</ListBucketResult>"

static const char first_page[] =
    PAGE("true", OBJECT("00.000-4000-1-1") OBJECT(
                     "04.000-4000-2-1") "<NextContinuationToken>more</NextContinuationToken>");
static const char last_page[] = PAGE("false", OBJECT("08.000-4000-3-1"));
static const char keys[] = "{\"credentials\": {\"accessKeyId\": \"ID%u\", \"secretAccessKey\": "
                           "\"SECRET\", \"sessionToken\": \"TOKEN\", \"expiration\": "
                           "\"2099-01-01T00:00:00Z\"}}";
static const char timeline[] =
    "{\"timeline\": 1, \"target_duration_ms\": 4000, \"width\": 320, \"height\": 240, "
    "\"frame_rate_milli\": 25000, \"codecs\": \"avc1.42c01e\", \"container\": \"ts\"}";

static bool read_head(SSL *ssl, char *head, size_t size) {
    for (size_t n = 0; n + 1 < size && SSL_read(ssl, head + n, 1) == 1;) {
        head[++n] = 0;
        if (n >= 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

static bool read_body(SSL *ssl, const char *head) {
    char bytes[16384];
    const char *length = strcasestr(head, "\r\ncontent-length:");
    long left = length ? strtol(strchr(length, ':') + 1, NULL, 10) : 0;
    while (left > 0) {
        int n = SSL_read(ssl, bytes, sizeof bytes);
        if (n <= 0)
            return false;
        left -= n;
    }
    return true;
}

static bool answer(SSL *ssl, const char *status, const char *body, bool head_only) {
    char text[4096];
    char date[40];
    time_t now = time(NULL);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    int n = snprintf(
        text, sizeof text,
        "HTTP/1.1 %s\r\nDate: %s\r\nETag: \"x\"\r\nLast-Modified: Tue, 30 Jun 2026 12:01:00 "
        "GMT\r\nContent-Length: %zu\r\n\r\n%s",
        status, date, strlen(body), head_only ? "" : body);
    return SSL_write(ssl, text, n) == n;
}

static bool give_keys(SSL *ssl) {
    static _Atomic unsigned given;
    char text[sizeof keys + 10];
    snprintf(text, sizeof text, keys, ++given);
    return answer(ssl, "200 OK", text, false);
}

/* The number of keys that were fetched; others have none. */
static unsigned signed_by(const char *head) {
    const char *id = strstr(head, "Credential=ID");
    return id ? (unsigned)strtoul(id + strlen("Credential=ID"), NULL, 10) : 0;
}

static bool serve_one(SSL *ssl) {
    static _Atomic unsigned puts, ended;
    static _Atomic bool removed;
    char head[16384], path[2048];
    if (!read_head(ssl, head, sizeof head) || !read_body(ssl, head))
        return false;
    snprintf(path, sizeof path, "%.*s", (int)strcspn(head, "\r"), head);
    if (strncmp(path, "PUT", 3) == 0) {
        removed = false;
        return answer(ssl, ++puts % 3 == 0 ? "503 Slow Down" : "200 OK", "", false);
    }
    if (strncmp(path, "DELETE", 6) == 0) {
        removed = true;
        return answer(ssl, "204 No Content", "", false);
    }
    if (strncmp(path, "HEAD", 4) == 0) {
        ended = signed_by(head);
        return answer(ssl, removed ? "404 Not Found" : "200 OK", timeline, true);
    }
    if (strstr(path, "/role-aliases/"))
        return give_keys(ssl);
    if (ended && signed_by(head) == ended)
        return answer(ssl, "403 Forbidden", "<Error><Code>ExpiredToken</Code></Error>", false);
    if (strstr(path, "continuation-token="))
        return answer(ssl, "200 OK", last_page, false);
    return answer(ssl, "200 OK", strstr(path, "list-type=2") ? first_page : timeline, false);
}

static void *serve(void *arg) {
    SSL *ssl = arg;
    if (SSL_accept(ssl) == 1)
        while (serve_one(ssl)) {
        }
    int fd = SSL_get_fd(ssl);
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static void run(int listener, const char *certificates) {
    char chain[512], key[512];
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    snprintf(chain, sizeof chain, "%s/server.pem", certificates);
    snprintf(key, sizeof key, "%s/server.key", certificates);
    if (SSL_CTX_use_certificate_chain_file(context, chain) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "tls_server: no certificate in %s\n", certificates);
        _exit(1);
    }
    /* no tickets: libcurl 7.88 frees a session's names twice where there is no memory to keep it */
    SSL_CTX_set_num_tickets(context, 0);
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
        pthread_t thread;
        SSL *ssl = SSL_new(context);
        SSL_set_fd(ssl, fd);
        if (pthread_create(&thread, NULL, serve, ssl))
            _exit(1);
        pthread_detach(thread);
    }
    _exit(1);
}

void tls_server_start(tls_server *server, const char *certificates) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 64) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        abort();
    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        run(listener, certificates);
    }
    close(listener);
    if (server->pid < 0)
        abort();
    snprintf(server->endpoint, sizeof server->endpoint, "https://127.0.0.1:%u",
             ntohs(address.sin_port));
}

void tls_server_stop(tls_server *server) {
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}
