/* SPDX-License-Identifier: MIT-0 */
#include "input/tls_relay.h"
#include "base/thread.h"
#include "s3hls/status.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_BYTES = 16 * 1024, LOOK_MS = 100 };

/* Bytes in transit in one direction. */
typedef struct buffer {
    char bytes[BUFFER_BYTES];
    size_t used, sent;
} buffer;

struct s3hls__input_tls_relay {
    CURL *camera;
    curl_socket_t socket; /* socket of the camera connection */
    int listener, local;
    unsigned port;
    pthread_t thread;
    bool started;
    atomic_bool closing;
    buffer to_local, to_camera;
};

/* ---- the connection to the camera */

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    const s3hls__input_tls_relay_config *config = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return config->stopped(config->stopped_ctx);
}

static int status_of_curl(CURLcode code) {
    switch (code) {
    case CURLE_OK:
        return S3HLS_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
        return S3HLS_E_RESOLVE;
    case CURLE_COULDNT_CONNECT:
        return S3HLS_E_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return S3HLS_E_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return S3HLS_E_TLS;
    case CURLE_ABORTED_BY_CALLBACK:
        return S3HLS_E_CANCELLED;
    case CURLE_OUT_OF_MEMORY:
        return S3HLS_E_NOMEM;
    default:
        return S3HLS_E_NETWORK;
    }
}

static bool set_options(CURL *easy, const s3hls__input_tls_relay_config *c, const char *url,
                        char why[CURL_ERROR_SIZE]) {
    return !curl_easy_setopt(easy, CURLOPT_URL, url) &&
           !curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) && /* the protocol is not HTTP */
           !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, c->timeout_ms) &&
           !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, c->insecure ? 0L : 1L) &&
           !curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, c->insecure ? 0L : 2L) &&
           (!c->ca_file || !curl_easy_setopt(easy, CURLOPT_CAINFO, c->ca_file)) &&
           !curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why) &&
           !curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) &&
           !curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress) &&
           !curl_easy_setopt(easy, CURLOPT_XFERINFODATA, c);
}

static int connect_camera(s3hls__input_tls_relay *r, const s3hls__input_tls_relay_config *config,
                          char why[CURL_ERROR_SIZE]) {
    char url[1024];
    snprintf(url, sizeof url, "https://%s/", config->host);
    r->camera = curl_easy_init();
    if (!r->camera || !set_options(r->camera, config, url, why))
        return S3HLS_E_NOMEM;
    CURLcode code = curl_easy_perform(r->camera);
    if (!code)
        code = curl_easy_getinfo(r->camera, CURLINFO_ACTIVESOCKET, &r->socket);
    if (code && !why[0])
        snprintf(why, 256, "%s", curl_easy_strerror(code));
    curl_easy_setopt(r->camera, CURLOPT_ERRORBUFFER, NULL); /* both belong to the caller */
    curl_easy_setopt(r->camera, CURLOPT_NOPROGRESS, 1L);
    return status_of_curl(code);
}

/* ---- relaying; each step returns whether data was transferred */

typedef enum step { NOTHING, MOVED, ENDED } step;

static step step_of_socket(ssize_t n) {
    return n > 0 ? MOVED : n < 0 && (errno == EAGAIN || errno == EINTR) ? NOTHING : ENDED;
}

static step step_of_curl(CURLcode code, size_t n) {
    return code == CURLE_AGAIN ? NOTHING : code == CURLE_OK && n ? MOVED : ENDED;
}

static bool is_empty(const buffer *b) {
    return b->sent == b->used;
}

static void fill(buffer *b, size_t size) {
    b->sent = 0;
    b->used = size;
}

static step from_camera(s3hls__input_tls_relay *r) {
    buffer *b = &r->to_local;
    size_t n = 0;
    if (!is_empty(b))
        return NOTHING;
    CURLcode code = curl_easy_recv(r->camera, b->bytes, BUFFER_BYTES, &n);
    step s = step_of_curl(code, n);
    fill(b, s == MOVED ? n : 0);
    return s;
}

static step into_local(s3hls__input_tls_relay *r) {
    buffer *b = &r->to_local;
    if (is_empty(b))
        return NOTHING;
    ssize_t n = send(r->local, b->bytes + b->sent, b->used - b->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    b->sent += n > 0 ? (size_t)n : 0;
    return step_of_socket(n);
}

static step from_local(s3hls__input_tls_relay *r) {
    buffer *b = &r->to_camera;
    if (!is_empty(b))
        return NOTHING;
    ssize_t n = recv(r->local, b->bytes, BUFFER_BYTES, MSG_DONTWAIT);
    fill(b, n > 0 ? (size_t)n : 0);
    return step_of_socket(n);
}

static step into_camera(s3hls__input_tls_relay *r) {
    buffer *b = &r->to_camera;
    size_t n = 0;
    if (is_empty(b))
        return NOTHING;
    CURLcode code = curl_easy_send(r->camera, b->bytes + b->sent, b->used - b->sent, &n);
    step s = step_of_curl(code, n);
    b->sent += s == MOVED ? n : 0;
    return s;
}

static void wait_for_either(const s3hls__input_tls_relay *r) {
    struct pollfd ready[2] = {{.fd = r->local}, {.fd = r->socket}};
    ready[0].events =
        (short)((is_empty(&r->to_camera) ? POLLIN : 0) | (is_empty(&r->to_local) ? 0 : POLLOUT));
    ready[1].events =
        (short)((is_empty(&r->to_local) ? POLLIN : 0) | (is_empty(&r->to_camera) ? 0 : POLLOUT));
    poll(ready, 2, LOOK_MS);
}

static void relay(s3hls__input_tls_relay *r) {
    static step (*const steps[])(s3hls__input_tls_relay *) = {from_camera, into_local, from_local,
                                                              into_camera};
    while (!r->closing) {
        bool moved = false;
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            step s = steps[i](r);
            if (s == ENDED)
                return;
            moved |= s == MOVED;
        }
        if (!moved)
            wait_for_either(r);
    }
}

/* The listener stays open, so that no other process can take over its port. */
static void *run(void *arg) {
    s3hls__input_tls_relay *r = arg;
    struct pollfd ready = {.fd = r->listener, .events = POLLIN};
    while (!r->closing && r->local < 0)
        if (poll(&ready, 1, LOOK_MS) > 0)
            r->local = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
    if (r->local >= 0) {
        relay(r);
        shutdown(r->local, SHUT_RDWR);
    }
    return NULL;
}

/* ---- the local side */

static int listen_locally(s3hls__input_tls_relay *r, char why[256]) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (r->listener < 0 || bind(r->listener, (struct sockaddr *)&address, size) ||
        listen(r->listener, 1) || getsockname(r->listener, (struct sockaddr *)&address, &size)) {
        snprintf(why, 256, "no port of 127.0.0.1: %s", strerror(errno));
        return S3HLS_E_IO;
    }
    r->port = ntohs(address.sin_port);
    return S3HLS_OK;
}

static int start(s3hls__input_tls_relay *r) {
    r->started = s3hls__thread_start(&r->thread, run, r) == 0;
    return r->started ? S3HLS_OK : S3HLS_E_NOMEM;
}

int s3hls__input_tls_relay_open(s3hls__input_tls_relay **out,
                                const s3hls__input_tls_relay_config *config, char why[256]) {
    s3hls__input_tls_relay *r = *out = calloc(1, sizeof *r);
    if (!r)
        return S3HLS_E_NOMEM;
    r->listener = r->local = -1;
    why[0] = 0;
    int rc = connect_camera(r, config, why);
    if (!rc)
        rc = listen_locally(r, why);
    if (!rc)
        rc = start(r);
    if (rc)
        s3hls__input_tls_relay_close(out);
    return rc;
}

unsigned s3hls__input_tls_relay_port(const s3hls__input_tls_relay *relay) {
    return relay->port;
}

void s3hls__input_tls_relay_close(s3hls__input_tls_relay **relay) {
    s3hls__input_tls_relay *r = *relay;
    if (!r)
        return;
    r->closing = true;
    if (r->started)
        pthread_join(r->thread, NULL);
    if (r->local >= 0)
        close(r->local);
    if (r->listener >= 0)
        close(r->listener);
    curl_easy_cleanup(r->camera);
    free(r);
    *relay = NULL;
}
