/* SPDX-License-Identifier: MIT-0 */
/* run: records all cameras of a site until a signal arrives. */
#include "av_messages.h"
#include "mask.h"
#include "s3hls/server.h"
#include "site_file.h"
#include "site_status.h"
#include "tool.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CLOSE_MS = 8000, SERVER_CLOSE_MS = 1000, TICK_MS = 1000 };

typedef struct run_options {
    common_options common;
    const char *socket;
    bool quiet;
} run_options;

typedef struct running {
    const run_options *options;
    const char *path;
    s3hls__gateway *gateway;
    s3hls_server *server;
    site_socket *socket;
    int64_t watchdog_ms; /* interval of notifications; 0: none is required */
} running;

/* ---- what is printed: lines for a journal, which adds the time */

static void on_input(void *ctx, const char *camera, s3hls__camera_event event,
                     const char *message) {
    static const char *const words[] = {"connected", "no video yet", "lost",
                                        "hangs",     "unusable",     "usable"};
    char line[512];
    const run_options *o = ctx;
    snprintf(line, sizeof line, "%s", message);
    address_mask_all(line);
    s3hls_printable(line);
    if (!o->quiet || event != S3HLS__CAMERA_CONNECTED)
        fprintf(stderr, "s3hls run: %s: %s: %s\n", camera, words[event], line);
}

static const char *message_of(const s3hls_event *e) {
    return e->message[0] ? e->message : e->status ? s3hls_strerror(e->status) : "";
}

static void on_event(void *ctx, const char *camera, const s3hls_event *e) {
    (void)ctx;
    switch (e->type) {
    case S3HLS_EVENT_RECOVERED:
        fprintf(stderr, "s3hls run: %s: deliveries work again after %.1f s\n", camera,
                (double)e->duration_ms / 1e3);
        break;
    case S3HLS_EVENT_FRAMES_LOST:
        fprintf(stderr, "s3hls run: %s: %" PRIu64 " pictures were dropped: its memory was full\n",
                camera, e->count);
        break;
    case S3HLS_EVENT_CREDENTIALS:
        if (!e->status)
            break; /* fall through */
    case S3HLS_EVENT_FAILING:
    case S3HLS_EVENT_HELD:
    case S3HLS_EVENT_SPOOL_FAILED:
    case S3HLS_EVENT_SEGMENT_LOST:
    case S3HLS_EVENT_DEPENDENT:
    case S3HLS_EVENT_INPUT_CLOCK:
    case S3HLS_EVENT_POOL_SMALL:
        fprintf(stderr, "s3hls run: %s: %s%s%s: %s\n", camera, s3hls_event_name(e->type),
                e->key[0] ? " " : "", e->key, message_of(e));
        break;
    default:
        break;
    }
}

static const char *take_logged_error(void *ctx) {
    (void)ctx;
    return av_messages_take_error();
}

/* ---- the service manager: sd_notify(3), without its library */

static void notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t size = path ? strlen(path) : 0;
    if (!size || size >= sizeof at.sun_path)
        return;
    memcpy(at.sun_path, path, size);
    if (path[0] == '@') /* an abstract socket */
        at.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&at, length) < 0)
        fprintf(stderr, "s3hls run: the service manager was not notified: %s\n", strerror(errno));
    close(fd);
}

static int64_t watchdog_ms(void) {
    const char *us = getenv("WATCHDOG_USEC");
    return us ? (int64_t)(strtoull(us, NULL, 10) / 3000) : 0;
}

/* ---- running */

static void notify_reloading(void) {
    char text[64];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
             (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    notify(text);
}

static void reload(running *r) {
    char why[S3HLS__CAMERA_WHY_BYTES];
    s3hls__site *site;
    notify_reloading();
    if (site_file_open(&site, "run", r->path, &r->options->common) != EXIT_DONE) {
        fputs("s3hls run: the file was not applied: recording continues as before\n", stderr);
    } else {
        int rc = s3hls__gateway_reload(r->gateway, site, why);
        if (rc == S3HLS_E_STATE)
            fprintf(stderr, "s3hls run: the file was not applied: %s requires a restart\n", why);
        else if (rc)
            complain("run", "the file was not applied", rc, NULL);
        else
            fprintf(stderr, "s3hls run: the file was applied: %zu cameras\n",
                    s3hls__gateway_count(r->gateway));
    }
    notify("READY=1");
}

static void run_until_signal(running *r, const sigset_t *signals) {
    const struct timespec tick = {.tv_sec = TICK_MS / 1000};
    for (int64_t since_ms = 0;; since_ms += TICK_MS) {
        int number = sigtimedwait(signals, NULL, &tick);
        if (number == SIGHUP)
            reload(r);
        else if (number == SIGINT || number == SIGTERM)
            return;
        if (r->watchdog_ms && since_ms >= r->watchdog_ms) {
            s3hls__gateway_count(r->gateway); /* its thread is alive: it releases the lock */
            notify("WATCHDOG=1");
            since_ms = 0;
        }
    }
}

/* Recording matters more than its page: it continues without. */
static void open_server(running *r, const s3hls__site *site) {
    s3hls_server_config cfg = site->server;
    if (!site->serves)
        return;
    cfg.s3.credentials = s3hls__gateway_credentials(r->gateway);
    cfg.env = &r->options->common.env;
    int rc = s3hls_server_open(&r->server, &cfg);
    if (rc)
        complain("run", "serve: recording continues without its page", rc, NULL);
    else
        fprintf(stderr, "s3hls run: serving at %s\n", s3hls_server_address(r->server));
}

static int open_gateway(running *r, s3hls__site *site) {
    const run_options *o = r->options;
    s3hls__gateway_config cfg = {
        .on_event = on_event, .on_input = on_input, .ctx = (void *)o, .env = &o->common.env};
    cfg.take_logged_error = take_logged_error;
    int rc = s3hls__gateway_open(&r->gateway, site, &cfg);
    if (!rc)
        return EXIT_DONE;
    complain("run", site->store, rc, NULL);
    s3hls__site_close(&site);
    return EXIT_FAILED;
}

static void open_socket(running *r) {
    const char *path = r->options->socket ? r->options->socket : site_socket_path();
    int rc = site_socket_open(&r->socket, path, r->gateway);
    if (rc &&
        (r->options->socket || rc != ENOENT)) /* without a service manager, there is no folder */
        fprintf(stderr, "s3hls run: warning: `s3hls status` cannot connect: %s: %s\n", path,
                strerror(rc));
}

static int run(running *r, const sigset_t *signals) {
    s3hls__site *site;
    int code = site_file_open(&site, "run", r->path, &r->options->common);
    if (code == EXIT_DONE)
        code = open_gateway(r, site);
    if (code != EXIT_DONE)
        return code;
    open_server(r, site);
    open_socket(r);
    size_t cameras = s3hls__gateway_count(r->gateway);
    fprintf(stderr, "s3hls run: %zu camera%s\n", cameras, cameras > 1 ? "s" : "");
    notify("READY=1");
    run_until_signal(r, signals);
    notify("STOPPING=1");
    fputs("s3hls run: stopping\n", stderr);
    site_socket_close(&r->socket);
    s3hls_server_close(&r->server, SERVER_CLOSE_MS);
    s3hls__gateway_totals t;
    s3hls__gateway_close(&r->gateway, CLOSE_MS, &t);
    fprintf(stderr,
            "s3hls run: segments: %" PRIu64 " delivered, %" PRIu64 " in the spool, %" PRIu64
            " dropped; %" PRIu64 " pictures dropped\n",
            t.segments_delivered, t.segments_spooled, t.segments_dropped, t.frames_dropped);
    return t.segments_dropped ? EXIT_UNDELIVERED : EXIT_DONE;
}

int command_run(int argc, char **argv) {
    static const option_kind kinds[] = {
        OPTION_TEXT("--socket", "PATH",
                    "for `s3hls status`; default $RUNTIME_DIRECTORY/status.sock, or "
                    "/run/s3hls/status.sock",
                    run_options, socket),
        OPTION_FLAG("-q", "print faults only", run_options, quiet),
        OPTION_END,
    };
    run_options o = {.socket = NULL};
    command_line line = {
        .command = "run",
        .arguments = "FILE [OPTION...]",
        .explanation =
            "Records the cameras of a site, as a YAML file describes them (s3hls check), until "
            "SIGINT or\n"
            "SIGTERM. SIGHUP reads the file again: only cameras whose settings changed are "
            "affected.\n\n"
            "  s3hls run /etc/s3hls/site.yaml",
        .options = kinds,
        .ctx = &o,
        .common = &o.common,
        .positional_max = 1};
    sigset_t signals;
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* inherited by all threads */
    signal(SIGPIPE, SIG_IGN);
    av_messages_open(&o.common.env);
    running r = {.options = &o, .path = line.positional[0], .watchdog_ms = watchdog_ms()};
    code = run(&r, &signals);
    common_options_close(&o.common);
    return code;
}
