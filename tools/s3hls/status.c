/* SPDX-License-Identifier: MIT-0 */
/* status: what a running `s3hls run` states of its cameras. */
#include "options.h"
#include "site_status.h"
#include "tool.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct status_options {
    common_options common;
    const char *socket;
    bool json;
} status_options;

static int show(const status_options *o) {
    const char *path = o->socket ? o->socket : site_socket_path();
    char *text = NULL;
    size_t size = 0;
    int rc = site_socket_read(path, &text, &size), code = EXIT_DONE;
    if (rc) {
        fprintf(stderr,
                "s3hls status: %s: %s. Does s3hls run, and may this user read its socket?\n", path,
                strerror(rc));
        code = EXIT_FAILED;
    } else if (o->json) {
        fwrite(text, 1, size, stdout);
    } else if (!site_status_print(stdout, text, size)) {
        fprintf(stderr, "s3hls status: %s: the answer is not a status\n", path);
        code = EXIT_FAILED;
    }
    free(text);
    return code;
}

int command_status(int argc, char **argv) {
    static const option_kind kinds[] = {
        OPTION_TEXT("--socket", "PATH",
                    "of the process; default $RUNTIME_DIRECTORY/status.sock, or "
                    "/run/s3hls/status.sock",
                    status_options, socket),
        OPTION_FLAG("--json", "everything that is known, as one line of JSON", status_options,
                    json),
        OPTION_END,
    };
    status_options o = {.socket = NULL};
    command_line line = {
        .command = "status",
        .arguments = "[OPTION...]",
        .explanation = "Shows the cameras of a running `s3hls run`: what each sends, what was "
                       "delivered,\n"
                       "and what is wrong.\n\n"
                       "  s3hls status\n"
                       "  s3hls status --json | jq '.cameras[] | select(.state != "
                       "\"recording\")'",
        .options = kinds,
        .ctx = &o,
        .common = &o.common};
    int code;
    if (!command_line_parse(&line, argc, argv, &code))
        return code;
    code = show(&o);
    common_options_close(&o.common);
    return code;
}
