/* SPDX-License-Identifier: MIT-0 */
/* serve: playback over HTTP until a signal arrives. */
#include "options.h"
#include "s3hls/server.h"
#include "tool.h"
#include <errno.h>
#include <libavutil/log.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { ORIGINS_MAX = 64, GRACE_MS = 10000, FILES_SPARED = 1024 };

typedef struct serve_options {
    common_options common;
    s3hls_server_config cfg;
    const char *origins[ORIGINS_MAX];
    const char *access_log; /* "-": standard output */
} serve_options;

/* ---- options */

static const char *set_cors(void *ctx, const char *value) {
    serve_options *o = ctx;
    if (o->cfg.cors_origin_count == ORIGINS_MAX)
        return "is one origin too many: 64 at most";
    if (strcmp(value, "*") != 0 &&
        ((strncmp(value, "http://", 7) != 0 && strncmp(value, "https://", 8) != 0) ||
         strchr(strchr(value, ':') + 3, '/') || strpbrk(value, " \t\r\n,")))
        return "not an origin; give https://app.example, without a path, or *";
    o->origins[o->cfg.cors_origin_count++] = value;
    return NULL;
}

static const char *set_proxy(void *ctx, const char *value) {
    (void)value;
    ((serve_options *)ctx)->cfg.media = S3HLS_MEDIA_PROXY;
    return NULL;
}

static const char *set_presign(void *ctx, const char *value) {
    (void)value;
    ((serve_options *)ctx)->cfg.media = S3HLS_MEDIA_PRESIGN;
    return NULL;
}

static const char *set_max_connections(void *ctx, const char *value) {
    return parse_count(value, 4, 1000000, &((serve_options *)ctx)->cfg.max_connections)
               ? NULL
               : "not a number of connections; give 4 to 1000000";
}

static const char *set_max_per_address(void *ctx, const char *value) {
    return parse_count(value, 1, 1000000, &((serve_options *)ctx)->cfg.max_connections_per_address)
               ? NULL
               : "not a number of connections; give 1 to 1000000";
}

static const char *set_lists(void *ctx, const char *value) {
    return parse_count(value, 1, 1000000, &((serve_options *)ctx)->cfg.lists_per_minute)
               ? NULL
               : "not a number of LIST requests; give 1 to 1000000 a minute";
}

static const option_kind kinds[] = {
    OPTION_TEXT("--listen", "ADDR:PORT",
                "default 127.0.0.1:8080; port 0 takes a free one, and prints it", serve_options,
                cfg.listen),
    OPTION_TEXT("--token-file", "FILE",
                "who may look: lines of TOKEN CAMERA[,CAMERA...] [NAME], * for all", serve_options,
                cfg.token_file),
    OPTION_TEXT("--tls-cert", "FILE", "serve HTTPS: certificate and its chain (PEM)", serve_options,
                cfg.tls_cert_file),
    OPTION_TEXT("--tls-key", "FILE", "its key (PEM)", serve_options, cfg.tls_key_file),
    OPTION("--cors", "ORIGIN", "let the pages of this origin read; may be given again; * for any",
           set_cors),
    OPTION("--proxy", NULL, "segments go through this server (file://: always)", set_proxy),
    OPTION("--presign", NULL,
           "players fetch from S3 by presigned addresses (the default for s3://)", set_presign),
    OPTION("--max-connections", "N", "default 16384", set_max_connections),
    OPTION("--max-per-address", "N", "of one client; default a quarter of --max-connections",
           set_max_per_address),
    OPTION("--lists-per-minute", "N",
           "LIST requests that names and states of cameras may cost; default 60", set_lists),
    OPTION_TEXT("--access-log", "FILE", "a line for each request; - for standard output",
                serve_options, access_log),
    OPTION_END,
};

/* ---- serving */

static void write_access(void *ctx, const char *line) {
    fprintf(ctx, "%s\n", line); /* one call per line: stdio locks */
}

/* Each connection needs a file descriptor. */
static void allow_files(uint32_t connections) {
    struct rlimit files;
    rlim_t want = (rlim_t)connections + FILES_SPARED;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= want)
        return;
    files.rlim_cur = want < files.rlim_max ? want : files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static int serve(serve_options *o, const sigset_t *signals) {
    s3hls_server *server;
    av_log_set_level(AV_LOG_FATAL); /* unreadable parts of a clip are reported by name */
    int signal_number, rc = s3hls_server_open(&server, &o->cfg);
    if (rc) {
        complain("serve", "cannot serve", rc, NULL);
        return rc == S3HLS_E_INVALID || rc == S3HLS_E_MALFORMED ? EXIT_USAGE : EXIT_FAILED;
    }
    fprintf(stderr, "s3hls serve: %s\n", s3hls_server_address(server));
    sigwait(signals, &signal_number);
    fprintf(stderr, "s3hls serve: stopping\n");
    pthread_sigmask(SIG_UNBLOCK, signals, NULL); /* a second signal ends the process immediately */
    s3hls_server_close(&server, GRACE_MS);
    return EXIT_DONE;
}

static int open_access_log(serve_options *o, FILE **log) {
    if (!o->access_log)
        return EXIT_DONE;
    *log = strcmp(o->access_log, "-") == 0 ? stdout : fopen(o->access_log, "ae");
    if (!*log) {
        fprintf(stderr, "s3hls serve: %s: %s\n", o->access_log, strerror(errno));
        return EXIT_FAILED;
    }
    setvbuf(*log, NULL, _IOLBF, 0);
    o->cfg.access_log = write_access;
    o->cfg.access_log_ctx = *log;
    return EXIT_DONE;
}

int command_serve(int argc, char **argv) {
    serve_options o = {.access_log = NULL};
    command_line line = {
        .command = "serve",
        .arguments = "URL... [OPTION...]",
        .explanation =
            "Serves recordings over HTTP until SIGINT or SIGTERM: a page for browsers, HLS\n"
            "playlists of now and of any range, an API, MP4 clips. A URL is a prefix that holds\n"
            "cameras, or one camera. On other than loopback addresses --token-file is needed.\n\n"
            "  s3hls serve file:///var/rec\n"
            "  s3hls serve s3://bucket/site-a --listen 0.0.0.0:8443 --token-file tokens \\\n"
            "      --tls-cert cert.pem --tls-key key.pem",
        .options = kinds,
        .ctx = &o,
        .common = &o.common,
        .positional_max = POSITIONAL_MAX,
        .positional_list = true};
    FILE *log = NULL;
    sigset_t signals;
    int code = EXIT_DONE;
    s3hls_server_config_init(&o.cfg);
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    for (int i = 0; i < line.positional_count && !o.common.credentials; i++)
        if (!common_options_open(&line, line.positional[i], &code))
            return code;
    o.cfg.urls = (const char *const *)line.positional;
    o.cfg.url_count = (size_t)line.positional_count;
    o.cfg.s3 = o.common.s3;
    o.cfg.cors_origins = o.origins;
    o.cfg.env = &o.common.env;
    allow_files(o.cfg.max_connections);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* inherited by all threads */
    signal(SIGPIPE, SIG_IGN);
    code = open_access_log(&o, &log);
    if (code == EXIT_DONE)
        code = serve(&o, &signals);
    if (log && log != stdout)
        fclose(log);
    common_options_close(&o.common);
    return code;
}
