/* SPDX-License-Identifier: MIT-0 */
#include "av_messages.h"
#include "mask.h"
#include <libavutil/log.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024 };

static const s3hls_env *receiver; /* libavformat has one log per process */
static _Thread_local char first_error[256];

/* Codecs log every damaged picture. Only messages of protocols and formats are useful here. */
static bool is_of_codec(void *of) {
    const AVClass *class = of ? *(AVClass **)of : NULL;
    if (!class)
        return false;
    AVClassCategory category = class->get_category ? class->get_category(of) : class->category;
    return category == AV_CLASS_CATEGORY_DECODER || category == AV_CLASS_CATEGORY_BITSTREAM_FILTER;
}

static void log_once(const char *text) {
    static _Thread_local char last[256];
    if (!receiver || !receiver->log || receiver->log_level < S3HLS_LOG_DEBUG ||
        strncmp(last, text, sizeof last - 1) == 0)
        return;
    snprintf(last, sizeof last, "%.255s", text);
    receiver->log(receiver->ctx, S3HLS_LOG_DEBUG, "libavformat", text);
}

/* Levels of AV_LOG_DEBUG and above contain complete requests. They are dropped. */
static void receive(void *of, int level, const char *format, va_list arguments) {
    char line[LINE_MAX_BYTES];
    int prefix = 0; /* omits the prefix "[tcp @ 0x...] " */
    if (level > AV_LOG_VERBOSE || is_of_codec(of))
        return;
    av_log_format_line2(NULL, level, format, arguments, line, sizeof line, &prefix);
    line[strcspn(line, "\r\n")] = 0;
    address_mask_all(line);
    s3hls_printable(line); /* it may contain text that the camera sent */
    if (!line[0])
        return;
    if (level <= AV_LOG_ERROR && !first_error[0]) /* later errors are its consequences */
        snprintf(first_error, sizeof first_error, "%.255s", line);
    log_once(line);
}

void av_messages_open(const s3hls_env *env) {
    receiver = env;
    av_log_set_level(AV_LOG_VERBOSE);
    av_log_set_callback(receive);
}

const char *av_messages_take_error(void) {
    static _Thread_local char taken[sizeof first_error];
    memcpy(taken, first_error, sizeof taken);
    first_error[0] = 0;
    return taken;
}
