/* SPDX-License-Identifier: MIT-0 */
#include "delivery.h"
#include "tool.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int flush(const command_line *line, const delivery_options *o) {
    delivery d = {.options = o};
    int status, code = delivery_open(&d, line);
    if (code != EXIT_DONE)
        return code;
    code = delivery_close(&d, &status);
    if (d.stats.spool_status && !d.stats.segments_accepted) {
        fprintf(stderr, "s3hls flush: --spool %s: %s\n", o->cfg.spool_dir,
                s3hls_strerror(d.stats.spool_status));
        return EXIT_FAILED;
    }
    if (!d.stats.segments_accepted && !o->quiet)
        printf("nothing in the spool for %s\n", o->cfg.destination);
    if (code != EXIT_DONE || !d.stats.segments_spooled)
        return code;
    fprintf(stderr, "s3hls flush: %s: %" PRIu64 " segments stay in the spool\n", o->cfg.destination,
            d.stats.segments_spooled);
    if (d.stats.last_error.status)
        complain("flush", o->cfg.destination, d.stats.last_error.status, &d.stats.last_error);
    return delivery_hopeless(&d) ? EXIT_FAILED : EXIT_UNDELIVERED;
}

int command_flush(int argc, char **argv) {
    delivery_options o;
    common_options common;
    command_line line = {
        .command = "flush",
        .arguments = "--spool DIR --to URL [OPTION...]",
        .explanation = "Delivers what a recording to the same URL has left in its spool, and ends. "
                       "What cannot be\n"
                       "delivered stays there.\n\n"
                       "  s3hls flush --spool /var/spool/cam-1 --to s3://bucket/cam-1",
        .options = delivery_kinds,
        .ctx = &o,
        .common = &common};
    int code;
    delivery_options_init(&o);
    if (command_line_parse(&line, argc, argv, &code)) {
        code = EXIT_USAGE;
        if (!o.cfg.destination || !o.cfg.spool_dir)
            fprintf(stderr,
                    "s3hls flush: --spool and --to are needed, as the recording had them\n");
        else if (access(o.cfg.spool_dir, X_OK))
            fprintf(stderr, "s3hls flush: --spool %s: %s\n", o.cfg.spool_dir, strerror(errno));
        else if (common_options_open(&line, o.cfg.destination, &code))
            code = flush(&line, &o);
        common_options_close(&common);
    }
    delivery_options_deinit(&o);
    return code;
}
