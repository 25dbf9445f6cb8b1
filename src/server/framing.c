/* SPDX-License-Identifier: MIT-0 */
#include "server/framing.h"
#include <string.h>
#include <strings.h>

static void refuse(s3hls__framing *f, bool wrong, const char *why) {
    if (wrong && !f->wrong)
        f->wrong = why;
}

static bool has_control_or_space(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
            return true;
    return false;
}

static bool is_blank(const char *from, const char *to) {
    for (; from < to; from++)
        if (*from != ' ' && *from != '\t')
            return false;
    return from == to;
}

/* ---- the request line */

static bool method_ok(const char *method) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    return method[0] && method[strspn(method, letters)] == 0;
}

void s3hls__framing_begin(s3hls__framing *f, const char *target) {
    size_t size = strlen(target);
    *f = (s3hls__framing){.target = target, .end = target + size};
    refuse(f, target[0] != '/', "the target is not a path");
    refuse(f, has_control_or_space(target, size),
           "the target contains a space or a control character");
}

void s3hls__framing_line(s3hls__framing *f, const char *method, const char *version,
                         bool in_place) {
    bool follows = version == f->end + 1 && is_blank(method + strlen(method) + 1, f->target);
    refuse(f, !method_ok(method), "the method is malformed");
    refuse(f, in_place && !follows, "the request line is malformed");
    f->end = in_place ? version + strlen(version) : NULL;
}

/* ---- headers */

static bool is_named(const char *name, size_t size, const char *wanted) {
    return size == strlen(wanted) && strncasecmp(name, wanted, size) == 0;
}

static bool host_ok(const char *host, size_t size) {
    return size && !has_control_or_space(host, size) && !memchr(host, '/', size);
}

void s3hls__framing_header(s3hls__framing *f, const char *name, size_t name_size, const char *value,
                           size_t value_size) {
    bool host = is_named(name, name_size, "Host");
    refuse(f, name_size == 0 || has_control_or_space(name, name_size),
           "a header's name is malformed");
    refuse(f, memchr(value, 0, value_size) || memchr(value, '\r', value_size),
           "a header contains NUL or a line end");
    refuse(f, host && !host_ok(value, value_size), "the Host is malformed");
    f->hosts += host;
    f->lengths += is_named(name, name_size, "Content-Length");
    f->coded |= is_named(name, name_size, "Transfer-Encoding");
    if (!f->end || f->wrong)
        return;
    refuse(f, name != f->end + 2 || !is_blank(name + name_size + 1, value),
           "a header line is malformed");
    f->end = value + value_size;
}

/* ---- the whole */

const char *s3hls__framing_end(s3hls__framing *f, bool has_version_1_1) {
    static const char line_ends[4];
    refuse(f, f->lengths > 1, "there are two Content-Length headers");
    refuse(f, f->lengths && f->coded, "there are Content-Length and Transfer-Encoding");
    refuse(f, f->hosts > 1 || (has_version_1_1 && !f->hosts), "there is not one Host");
    /* end of the last line, and the empty line */
    refuse(f, !f->wrong && f->end && memcmp(f->end, line_ends, sizeof line_ends) != 0,
           "a line does not end with CRLF");
    return f->wrong;
}
