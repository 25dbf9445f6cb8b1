/* SPDX-License-Identifier: MIT-0 */
#include "s3/libcurl.h"
#include "s3hls/status.h"
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- SIGPIPE: libcurl leaves it to the program if CURLOPT_NOSIGNAL is set, and TLS libraries
 * write with write(2). Our own threads block every signal; a caller's thread may not. */

typedef struct guard {
    sigset_t before;
    bool guarded; /* the thread did not block the signal, and none was pending */
} guard;

static void block_pipe_signal(guard *g) {
    sigset_t pipe, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &g->before);
    g->guarded = !sigismember(&g->before, SIGPIPE);
    if (g->guarded && sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE))
        g->guarded = false; /* the program's own: it stays pending */
}

static void restore_pipe_signal(const guard *g) {
    if (g->guarded) {
        sigset_t pipe;
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        sigtimedwait(&pipe, NULL, &(struct timespec){0}); /* take the one that libcurl caused */
    }
    if (!sigismember(&g->before, SIGPIPE))
        pthread_sigmask(SIG_SETMASK, &g->before, NULL);
}

/* ---- multi handles */

int s3hls__multi_open(s3hls__multi *m) {
    m->curl = NULL;
    m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (m->wake < 0)
        return S3HLS_E_NOMEM;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        m->curl = curl_multi_init();
        if (m->curl)
            return S3HLS_OK;
        curl_global_cleanup();
    }
    close(m->wake);
    return S3HLS_E_NOMEM;
}

void s3hls__multi_close(s3hls__multi *m) {
    guard g;
    if (!m->curl)
        return;
    block_pipe_signal(&g);
    curl_multi_cleanup(m->curl);
    restore_pipe_signal(&g);
    curl_global_cleanup();
    m->curl = NULL;
    close(m->wake);
}

int s3hls__multi_perform(s3hls__multi *m) {
    guard g;
    int running = 0;
    block_pipe_signal(&g);
    curl_multi_perform(m->curl, &running);
    restore_pipe_signal(&g);
    return running;
}

/* curl_multi_wakeup() writes to a socket, which takes half as long again as an eventfd, and the
 * encoder's thread does it in a put. libcurl before 7.68, or built without socketpair(), has none.
 */
void s3hls__multi_wait(s3hls__multi *m, uint32_t timeout_ms) {
    int ms = timeout_ms < INT32_MAX ? (int)timeout_ms : INT32_MAX;
    struct curl_waitfd wake = {.fd = m->wake, .events = CURL_WAIT_POLLIN};
    uint64_t count;
    curl_multi_wait(m->curl, &wake, 1, ms, NULL);
    if (wake.revents && read(m->wake, &count, sizeof count) < 0)
        return; /* another wait has read it */
}

void s3hls__multi_wake(s3hls__multi *m) {
    static const uint64_t ONE = 1;
    if (write(m->wake, &ONE, sizeof ONE) < 0)
        return; /* the counter is full: it wakes */
}

/* ---- transfers */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)arg, (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void s3hls__easy_set_up(CURL *easy) {
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if S3HLS__CURL_VERSION >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* a proxy's are not S3's */
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
}

void s3hls__easy_quit(CURL *easy) {
#if S3HLS__CURL_VERSION >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)easy;
#endif
}
