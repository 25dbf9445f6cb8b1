/* SPDX-License-Identifier: MIT-0 */
#include "range.h"
#include "tool.h"
#include "when.h"
#include <stdio.h>

static const char not_a_time[] = "not a time; give 2026-11-23T03:12:00Z or UNIX seconds";

const char *range_set_from(void *ctx, const char *value) {
    return time_parse(value, &((range_options *)ctx)->from_us) ? NULL : not_a_time;
}

const char *range_set_to(void *ctx, const char *value) {
    return time_parse(value, &((range_options *)ctx)->to_us) ? NULL : not_a_time;
}

static int64_t ms_of(int64_t us) {
    return us == INT64_MIN || us == INT64_MAX ? us : us / 1000;
}

int64_t range_from_ms(const range_options *range) {
    return ms_of(range->from_us);
}

int64_t range_to_ms(const range_options *range) {
    return ms_of(range->to_us);
}

static int list_and_run(const command_line *line, range_fn run) {
    range_options *range = line->ctx;
    const char *url = line->positional[0];
    s3hls_archive *archive = NULL;
    s3hls_segment_list list = {0};
    s3hls_s3_error error = {0};
    int code;
    if (range->from_us >= range->to_us) {
        fprintf(stderr, "s3hls %s: --from must be before --to\n", line->command);
        return EXIT_USAGE;
    }
    if (!common_options_open(line, url, &code))
        return code;
    int rc = s3hls_archive_open(&archive, url, &range->common.s3, &range->common.env);
    if (!rc)
        rc = (range->playable ? s3hls_archive_list_playable : s3hls_archive_list)(
            archive, range_from_ms(range), range_to_ms(range), &list, &error);
    if (rc) {
        complain(line->command, url, rc, &error);
        code = rc == S3HLS_E_INVALID ? EXIT_USAGE : EXIT_FAILED;
    } else {
        code = run(line, archive, &list);
    }
    s3hls_segment_list_deinit(&list, &range->common.env);
    s3hls_archive_close(&archive);
    return code;
}

int range_run(const command_line *line, range_fn run) {
    int code = list_and_run(line, run);
    common_options_close(line->common);
    return code;
}
