/* SPDX-License-Identifier: MIT-0 */
/* run: records all cameras of a site until a signal arrives. */
#include "av_messages.h"
#include "mask.h"
#include "metrics.h"
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
    const char *socket, *metrics;
    bool quiet;
} run_options;

typedef struct running {
    const run_options *options;
    const char *path;
    s3hls__gateway *gateway;
    s3hls_server *server;
    site_socket *socket;
    metrics *metrics;
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

/* Why a camera does not record, without secrets; "": it does, or has just begun. */
static void write_fault(const s3hls__camera_status *c, int64_t patience_us, char *to, size_t size) {
    const s3hls_env env = s3hls_env_default();
    to[0] = 0;
    if (c->state == S3HLS__CAMERA_RECORDING || env.wall_us(env.ctx) - c->since_us < patience_us)
        return;
    snprintf(to, size, "%s", c->why[0] ? c->why : "no connection yet");
    address_mask_all(to);
    s3hls_printable(to);
}

/* For the page. */
static int input_state(void *ctx, const char *camera, s3hls_input_state *state) {
    s3hls__camera_status c;
    if (!s3hls__gateway_find_status(ctx, camera, &c))
        return 0;
    snprintf(state->state, sizeof state->state, "%s", s3hls__camera_state_name(c.state));
    write_fault(&c, 0, state->reason, sizeof state->reason);
    return 1;
}

static bool look(void *ctx, size_t place, metrics_view *view) {
    static const int64_t ATTEMPT_US = 12000000;
    s3hls__camera_status c;
    char fault[S3HLS__CAMERA_WHY_BYTES];
    if (!s3hls__gateway_get_status(ctx, place, &c))
        return false;
    memcpy(view->camera, c.name, sizeof c.name);
    view->stats = c.stats;
    view->input_up = c.connected_us != 0;
    view->reconnects = c.reconnects;
    view->input_unusable = c.state == S3HLS__CAMERA_UNUSABLE;
    view->input_damaged = c.damaged;
    view->spool_max_bytes = c.spool_max_bytes;
    view->measured = true;
    view->bits_per_s = c.bits_per_s;
    view->readers_replaced = c.replaced;
    write_fault(&c, ATTEMPT_US, fault, sizeof fault);
    if (fault[0])
        snprintf(view->fault, sizeof view->fault, "%s: %s", s3hls__camera_state_name(c.state),
                 fault);
    return true;
}

static void write_status(FILE *to, void *ctx) {
    site_status_write(to, ctx);
}

static void open_metrics(running *r) {
    const char *where = r->options->metrics;
    const metrics_source source = {look, write_status, r->gateway};
    char address[64];
    if (!where)
        return;
    const char *wrong = metrics_open(&r->metrics, where, &source, address);
    if (wrong)
        fprintf(stderr, "s3hls run: warning: --metrics %s: %s\n", where, wrong);
    else
        fprintf(stderr, "s3hls run: metrics at http://%s/metrics\n", address);
}

/* Recording matters more than its page: it continues without. */
static void open_server(running *r, const s3hls__site *site) {
    s3hls_server_config cfg = site->server;
    if (!site->serves)
        return;
    cfg.s3.credentials = s3hls__gateway_credentials(r->gateway);
    cfg.input_state = input_state;
    cfg.input_state_ctx = r->gateway;
    cfg.env = &r->options->common.env;
    int rc = s3hls_server_open(&r->server, &cfg);
    if (rc)
        complain("run", "serve: recording continues without its page", rc, NULL);
    else
        fprintf(stderr, "s3hls run: serving at %s\n", s3hls_server_address(r->server));
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
    open_metrics(r);
    size_t cameras = s3hls__gateway_count(r->gateway);
    fprintf(stderr, "s3hls run: %zu camera%s\n", cameras, cameras > 1 ? "s" : "");
    notify("READY=1");
    run_until_signal(r, signals);
    notify("STOPPING=1");
    fputs("s3hls run: stopping\n", stderr);
    metrics_close(&r->metrics);
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
        OPTION_TEXT("--metrics", "ADDR:PORT",
                    "serve /metrics for Prometheus, /healthz, /api/status", run_options, metrics),
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
