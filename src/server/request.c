/* SPDX-License-Identifier: MIT-0 */
#include "server/request.h"
#include "base/date.h"
#include "layout/key.h"
#include "s3/uri.h"
#include "s3hls/archive.h"
#include "s3hls/time.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PARTS_MAX = 16 };

/* Path patterns, matched part by part: '*' is the camera, and text after it must match; "**" is the
 * rest of the path. */
static const struct {
    const char *name, *pattern;
} routes[S3HLS__ROUTES] = {
    [S3HLS__ROUTE_CAMERAS] = {"cameras", "api/cameras"},
    [S3HLS__ROUTE_DAYS] = {"days", "api/cameras/*/days"},
    [S3HLS__ROUTE_TIMELINE] = {"timeline", "api/cameras/*/timeline"},
    [S3HLS__ROUTE_SHARE] = {"share", "api/cameras/*/share"},
    [S3HLS__ROUTE_MASTER] = {"master", "hls/*/master.m3u8"},
    [S3HLS__ROUTE_LIVE] = {"live", "hls/*/live.m3u8"},
    [S3HLS__ROUTE_RANGE] = {"range", "hls/*/range.m3u8"},
    [S3HLS__ROUTE_MEDIA] = {"media", "media/*/**"},
    [S3HLS__ROUTE_CLIP] = {"clip", "clip/*.mp4"},
    [S3HLS__ROUTE_HEALTH] = {"health", "healthz"},
    [S3HLS__ROUTE_METRICS] = {"metrics", "metrics"},
    [S3HLS__ROUTE_PAGE] = {"page", "**"},
    [S3HLS__ROUTE_NONE] = {"none", NULL},
};

const char *s3hls__route_name(s3hls__route route) {
    return routes[route].name;
}

bool s3hls__route_has_camera(s3hls__route route) {
    const char *star = routes[route].pattern ? strchr(routes[route].pattern, '*') : NULL;
    return star && star[1] != '*';
}

static s3hls__problem problem(unsigned status, const char *detail) {
    return (s3hls__problem){status, detail};
}

/* ---- the path */

typedef struct path {
    char *parts[PARTS_MAX]; /* decoded */
    size_t count;
} path;

/* Split at slashes before decoding: an encoded slash is part of a name. */
static s3hls__problem split(path *p, char *text) {
    char *at = text + 1;
    p->count = 0;
    if (text[0] != '/')
        return problem(400, "the target is not a path");
    for (;;) {
        char *slash = strchr(at, '/');
        if (p->count == PARTS_MAX)
            return problem(404, "there is nothing at this address");
        if (slash)
            *slash = 0;
        if (strchr(at, '+')) /* '+' is a space in a query only */
            return problem(404, "there is nothing at this address");
        if (s3hls__uri_decode(at, strlen(at)) < 0)
            return problem(400, "the path is not encoded well");
        p->parts[p->count++] = at;
        if (!slash)
            return problem(0, NULL);
        at = slash + 1;
    }
}

static bool copy(char *to, size_t size, const char *from, size_t n) {
    if (n >= size)
        return false;
    memcpy(to, from, n);
    to[n] = 0;
    return true;
}

/* Match one part with a pattern's part: "*", "*.mp4" or literal text. */
static bool match_part(s3hls__request *r, const char *part, const char *pattern, size_t size) {
    size_t n = strlen(part);
    if (pattern[0] != '*')
        return n == size && memcmp(part, pattern, n) == 0;
    size_t tail = size - 1;
    return n > tail && memcmp(part + n - tail, pattern + 1, tail) == 0 &&
           copy(r->camera, sizeof r->camera, part, n - tail);
}

static bool join_rest(s3hls__request *r, const path *p, size_t from) {
    size_t n = 0;
    for (size_t i = from; i < p->count; i++) {
        int more =
            snprintf(r->name + n, sizeof r->name - n, "%s%s", i > from ? "/" : "", p->parts[i]);
        if (more < 0 || (size_t)more >= sizeof r->name - n)
            return false;
        n += (size_t)more;
    }
    return true;
}

static bool match(s3hls__request *r, const path *p, const char *pattern) {
    size_t i = 0;
    for (; i < p->count; i++) {
        size_t size = strcspn(pattern, "/");
        if (size == 2 && pattern[0] == '*' && pattern[1] == '*')
            return join_rest(r, p, i);
        if (!match_part(r, p->parts[i], pattern, size))
            return false;
        pattern += size;
        if (*pattern == 0)
            return i + 1 == p->count;
        pattern++;
    }
    return false;
}

static s3hls__problem find_route(s3hls__request *r, const path *p) {
    static const s3hls__route order[] = {
        S3HLS__ROUTE_CAMERAS, S3HLS__ROUTE_DAYS,   S3HLS__ROUTE_TIMELINE, S3HLS__ROUTE_SHARE,
        S3HLS__ROUTE_MASTER,  S3HLS__ROUTE_LIVE,   S3HLS__ROUTE_RANGE,    S3HLS__ROUTE_MEDIA,
        S3HLS__ROUTE_CLIP,    S3HLS__ROUTE_HEALTH, S3HLS__ROUTE_METRICS,  S3HLS__ROUTE_PAGE,
    };
    s3hls_segment segment;
    for (size_t i = 0; i < sizeof order / sizeof *order && r->route == S3HLS__ROUTE_NONE; i++)
        if (match(r, p, routes[order[i]].pattern))
            r->route = order[i];
    if (r->route == S3HLS__ROUTE_NONE)
        return problem(404, "there is nothing at this address");
    if (!s3hls__route_has_camera(r->route))
        r->camera[0] = 0;
    else if (!s3hls__uri_key_ok(r->camera, strlen(r->camera)))
        return problem(400, "this cannot be a camera's name");
    s3hls__key_kind kind = s3hls__key_parse(r->name, strlen(r->name), &segment);
    if (r->route == S3HLS__ROUTE_MEDIA && kind != S3HLS__KEY_SEGMENT && kind != S3HLS__KEY_INIT)
        return problem(404, "this is not a segment's name");
    return problem(0, NULL);
}

/* ---- the query */

static bool read_ms(const char *text, int64_t *ms) {
    int64_t us;
    if (s3hls_time_parse(text, &us))
        return false;
    *ms = us / 1000;
    return true;
}

/* Convert "2026-11" to the month's first millisecond and that of the next month. */
static bool read_month(const char *text, int64_t *from_ms, int64_t *to_ms) {
    if (strlen(text) != 7 || text[4] != '-' || strspn(text, "0123456789-") != 7)
        return false;
    unsigned year = (unsigned)atoi(text), month = (unsigned)atoi(text + 5);
    s3hls__date first = {.year = year, .month = month, .day = 1},
                next = {.year = year + month / 12, .month = month % 12 + 1, .day = 1};
    if (!s3hls__date_to_unix(&first, from_ms) || !s3hls__date_to_unix(&next, to_ms))
        return false;
    *from_ms *= 1000;
    *to_ms *= 1000;
    return true;
}

static bool read_count(const char *text, int64_t min, int64_t max, int64_t *count) {
    size_t digits = strspn(text, "0123456789");
    *count = digits && digits < 10 ? atoll(text) : -1;
    return text[digits] == 0 && *count >= min && *count <= max;
}

/* "PAYLOAD.PROOF" in base64url: characters that a playlist may repeat. */
static bool may_be_share(const char *value) {
    static const char base64url[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n = strspn(value, base64url);
    return value[n] == 0 ||
           (value[n] == '.' && value[n + 1 + strspn(value + n + 1, base64url)] == 0);
}

typedef struct bounds {
    bool from, to;
} bounds;

/* Parameters of the list of cameras. */
static s3hls__problem take_choice(s3hls__request *r, const char *name, const char *value) {
    if (strcmp(name, "first") == 0 && !read_count(value, 0, 999999999, &r->first))
        return problem(400, "first is no number: give 0 for the first camera");
    if (strcmp(name, "count") == 0 && !read_count(value, 1, S3HLS__CAMERAS_MAX, &r->count))
        return problem(400, "count is no number of cameras: give 1 to 100");
    if (strcmp(name, "match") == 0 && !copy(r->name, sizeof r->name, value, strlen(value)))
        return problem(400, "match is longer than 127 bytes");
    return problem(0, NULL);
}

static s3hls__problem take_parameter(s3hls__request *r, bounds *b, const char *name,
                                     const char *value) {
    if (strcmp(name, "start") == 0 || strcmp(name, "from") == 0) {
        b->from = read_ms(value, &r->from_ms);
        if (!b->from)
            return problem(400, "the begin is no time: give 2026-11-23T03:12:00Z or UNIX seconds");
    } else if (strcmp(name, "end") == 0 || strcmp(name, "to") == 0) {
        b->to = read_ms(value, &r->to_ms);
        if (!b->to)
            return problem(400, "the end is no time: give 2026-11-23T03:12:00Z or UNIX seconds");
    } else if (strcmp(name, "month") == 0 && r->route == S3HLS__ROUTE_DAYS) {
        b->from = b->to = read_month(value, &r->from_ms, &r->to_ms);
        if (!b->from)
            return problem(400, "month is no month: give 2026-11");
    } else if (strcmp(name, "expires") == 0 && r->route == S3HLS__ROUTE_SHARE) {
        if (!read_count(value, 1, S3HLS__SHARE_MAX_S, &r->expires_s))
            return problem(400, "expires is no life of a link: give 1 to 2592000 seconds");
    } else if (strcmp(name, "target") == 0 && r->route == S3HLS__ROUTE_LIVE) {
        if (!read_count(value, 1, S3HLS__TARGET_DURATION_MAX_S, &r->target_s))
            return problem(400, "target is no target duration: give 1 to 86400 seconds");
    } else if (r->route == S3HLS__ROUTE_CAMERAS && strcmp(name, "share") != 0) {
        return take_choice(r, name, value);
    } else if (strcmp(name, "share") == 0) {
        if (!may_be_share(value) || !copy(r->share, sizeof r->share, value, strlen(value)))
            return problem(400, "share is no share link");
    }
    return problem(0, NULL); /* players add their own parameters */
}

static s3hls__problem read_query(s3hls__request *r, bounds *b, char *query) {
    s3hls__problem refused = {0};
    while (query && *query && !refused.status) {
        char *end = strchr(query, '&');
        if (end)
            *end = 0;
        char *value = strchr(query, '=');
        if (value)
            *value++ = 0;
        if (s3hls__uri_decode(query, strlen(query)) < 0 ||
            (value && s3hls__uri_decode(value, strlen(value)) < 0))
            return problem(400, "the query is not encoded well");
        refused = take_parameter(r, b, query, value ? value : "");
        query = end ? end + 1 : NULL;
    }
    return refused;
}

/* ---- ranges of time */

static s3hls__problem check_range(s3hls__request *r, const bounds *b) {
    static const struct {
        bool needed;
        int64_t max_ms;
        const char *too_long;
    } rules[S3HLS__ROUTES] = {
        [S3HLS__ROUTE_DAYS] = {true, S3HLS__TIMELINE_MAX_MS, "a month at a time"},
        [S3HLS__ROUTE_TIMELINE] = {true, S3HLS__TIMELINE_MAX_MS, "a timeline is 32 days at most"},
        [S3HLS__ROUTE_SHARE] = {true, INT64_MAX, ""},
        [S3HLS__ROUTE_MASTER] = {false, S3HLS__RANGE_MAX_MS, "a playlist is 24 hours at most"},
        [S3HLS__ROUTE_RANGE] = {true, S3HLS__RANGE_MAX_MS, "a playlist is 24 hours at most"},
        [S3HLS__ROUTE_CLIP] = {true, S3HLS__CLIP_MAX_MS, "a clip is 2 hours at most"},
    };
    if (!rules[r->route].max_ms || (!rules[r->route].needed && !b->from && !b->to))
        return problem(0, NULL);
    if (!b->from || !b->to)
        return problem(400, r->route == S3HLS__ROUTE_DAYS ? "give month=2026-11"
                                                          : "give both the begin and the end");
    if (r->from_ms >= r->to_ms)
        return problem(400, "the end is not after the begin");
    if (r->to_ms - r->from_ms > rules[r->route].max_ms)
        return problem(400, rules[r->route].too_long);
    r->has_range = true;
    return problem(0, NULL);
}

s3hls__problem s3hls__request_parse(s3hls__request *r, const char *target) {
    char text[S3HLS__TARGET_MAX + 1];
    path p;
    bounds b = {false, false};
    memset(r, 0, sizeof *r);
    r->route = S3HLS__ROUTE_NONE;
    r->expires_s = 24 * 3600;
    if (!copy(text, sizeof text, target, strlen(target)))
        return problem(414, "the address is longer than 2048 bytes");
    char *query = strchr(text, '?');
    if (query)
        *query++ = 0;
    s3hls__problem refused = split(&p, text);
    if (!refused.status)
        refused = find_route(r, &p);
    if (!refused.status)
        refused = read_query(r, &b, query);
    return refused.status ? refused : check_range(r, &b);
}

/* ---- headers */

static bool read_uint(const char **p, uint64_t *value) {
    char *end;
    if (**p < '0' || **p > '9' || strspn(*p, "0123456789") > 18)
        return false;
    *value = strtoull(*p, &end, 10);
    *p = end;
    return true;
}

bool s3hls__range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *last,
                        unsigned *status) {
    const char *p = header;
    *status = 200;
    if (!p || strncasecmp(p, "bytes=", 6) != 0)
        return false;
    p += 6;
    bool from = read_uint(&p, first);
    if (*p++ != '-')
        return false;
    bool to = read_uint(&p, last);
    if (*p || (!from && !to) ||
        (from && to && *first > *last)) /* several ranges: send the whole body */
        return false;
    *status = 416;
    if (size == 0 || (from ? *first >= size : *last == 0))
        return false;
    if (!from) /* suffix range: the last bytes */
        *first = *last < size ? size - *last : 0;
    if (!from || !to || *last >= size)
        *last = size - 1;
    *status = 206;
    return true;
}

bool s3hls__etag_matches(const char *header, const char *etag) {
    size_t n = strlen(etag);
    for (const char *p = header; p && *p; p += strcspn(p, ","), p += *p == ',') {
        p += strspn(p, " \t");
        if (*p == '*')
            return true;
        if (strncmp(p, "W/", 2) == 0)
            p += 2;
        if (strncmp(p, etag, n) == 0 && (p[n] == 0 || strchr(", \t", p[n])))
            return true;
    }
    return false;
}

bool s3hls__accepts_gzip(const char *header) {
    for (const char *p = header; p && *p; p += strcspn(p, ","), p += *p == ',') {
        p += strspn(p, " \t");
        size_t n = strcspn(p, ",; \t");
        if ((n == 4 && strncasecmp(p, "gzip", n) == 0) || (n == 1 && *p == '*')) {
            p += n + strspn(p + n, "; \t");
            return strncasecmp(p, "q=", 2) != 0 || strtod(p + 2, NULL) > 0;
        }
    }
    return false;
}
