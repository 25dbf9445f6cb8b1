/* SPDX-License-Identifier: MIT-0 */
#include "layout/timeline.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int s3hls__timeline_format(const s3hls_timeline *t, char *text, size_t size) {
    int n = snprintf(text, size,
                     "{\"timeline\":%" PRIu64 ",\"target_duration_ms\":%" PRIu32
                     ",\"width\":%" PRIu32 ",\"height\":%" PRIu32 ",\"frame_rate_milli\":%" PRIu32
                     ",\"codecs\":\"%s\",\"container\":\"%s\"}\n",
                     t->timeline, t->target_duration_ms, t->width, t->height, t->frame_rate_milli,
                     t->codecs, t->container);
    return n >= 0 && (size_t)n < size ? n : S3HLS_E_TOO_LARGE;
}

/* ---- parsing */

typedef struct reader {
    const char *p, *end;
    bool ok;
} reader;

/* The text of a value, without the space around it. */
typedef struct value {
    const char *p;
    size_t size;
} value;

static void skip_space(reader *r) {
    while (r->p < r->end && strchr(" \t\r\n", *r->p) && *r->p)
        r->p++;
}

static void expect(reader *r, char c) {
    skip_space(r);
    r->ok = r->ok && r->p < r->end && *r->p == c;
    r->p += r->ok;
}

/* @return true: the next character is c, and was skipped. */
static bool accept(reader *r, char c) {
    skip_space(r);
    bool found = r->ok && r->p < r->end && *r->p == c;
    r->p += found;
    return found;
}

/* A value of any type: up to the comma or bracket behind it. */
static value next_value(reader *r) {
    int depth = 0;
    bool quoted = false;
    skip_space(r);
    const char *begin = r->p, *end = r->p;
    for (; r->p < r->end; r->p++) {
        char c = *r->p;
        if (c == '"')
            quoted = !quoted;
        else if (quoted && c == '\\' && r->end - r->p > 1)
            r->p++;
        else if (!quoted && depth == 0 && (c == ',' || c == '}' || c == ':'))
            break;
        else if (!quoted)
            depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        if (quoted || !strchr(" \t\r\n", c))
            end = r->p + 1;
    }
    r->ok = r->ok && !quoted && depth == 0 && end > begin;
    return (value){begin, (size_t)(end - begin)};
}

static bool read_number(const value *v, uint64_t max, uint64_t *number) {
    bool ok = v->size == 1 || v->p[0] != '0';
    *number = 0;
    for (size_t i = 0; i < v->size && ok; i++) {
        unsigned digit = (unsigned)(v->p[i] - '0');
        ok = digit <= 9 && *number <= (max - digit) / 10;
        *number = 10 * *number + digit;
    }
    return ok;
}

static bool read_text(const value *v, char *text, size_t size) {
    if (v->size < 2 || v->p[0] != '"' || v->p[v->size - 1] != '"' || v->size - 2 >= size)
        return false;
    for (size_t i = 1; i < v->size - 1; i++)
        if ((unsigned char)v->p[i] < ' ' || v->p[i] == '"' || v->p[i] == '\\')
            return false;
    memcpy(text, v->p + 1, v->size - 2);
    text[v->size - 2] = 0;
    return true;
}

static bool read_u32(const value *v, uint32_t *number) {
    uint64_t wide = 0;
    bool ok = read_number(v, UINT32_MAX, &wide);
    *number = (uint32_t)wide;
    return ok;
}

enum { MEMBERS = 7 };

/* @return bit of the member that was read; 0: an unknown member; -1: it is invalid. */
static int read_member(const value *name, const value *v, s3hls_timeline *t) {
    static const char *const names[MEMBERS] = {"timeline", "target_duration_ms", "width",
                                               "height",   "frame_rate_milli",   "codecs",
                                               "container"};
    char text[32];
    int i = 0;
    if (!read_text(name, text, sizeof text))
        return name->p[0] == '"' ? 0 : -1;
    while (i < MEMBERS && strcmp(text, names[i]) != 0)
        i++;
    bool ok = i == 0   ? read_number(v, INT64_MAX, &t->timeline)
              : i == 1 ? read_u32(v, &t->target_duration_ms)
              : i == 2 ? read_u32(v, &t->width)
              : i == 3 ? read_u32(v, &t->height)
              : i == 4 ? read_u32(v, &t->frame_rate_milli)
              : i == 5 ? read_text(v, t->codecs, sizeof t->codecs)
              : i == 6 ? read_text(v, t->container, sizeof t->container)
                       : true;
    return !ok ? -1 : i < MEMBERS ? 1 << i : 0;
}

int s3hls__timeline_parse(const char *text, size_t size, s3hls_timeline *out) {
    reader r = {text, text + size, true};
    int seen = 0;
    memset(out, 0, sizeof *out);
    expect(&r, '{');
    do {
        value name = next_value(&r);
        expect(&r, ':');
        value v = next_value(&r);
        int member = r.ok ? read_member(&name, &v, out) : -1;
        r.ok = member >= 0 && !(seen & member);
        seen |= member;
    } while (accept(&r, ','));
    expect(&r, '}');
    skip_space(&r);
    if (r.ok && r.p == r.end && seen == (1 << MEMBERS) - 1)
        return S3HLS_OK;
    memset(out, 0, sizeof *out);
    return S3HLS_E_MALFORMED;
}
