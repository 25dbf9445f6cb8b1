/* SPDX-License-Identifier: MIT-0 */
#include "m3u8_check.h"
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ENTRIES_MAX = 100000, LINE_BYTES = 8192 };

typedef struct entry {
    double duration;
    bool gap, discontinuity;
    char *uri;
} entry;

typedef struct playlist {
    FILE *out;
    int complaints;
    long line;
    bool vod, ended, has_sequence, has_discontinuity_sequence, dated;
    long version;
    double target;
    uint64_t sequence, discontinuity_sequence;
    entry *entries;
    size_t count;
    /* of the entry that is coming */
    entry next;
    bool has_duration;
    bool mapped, map_is_part; /* an EXT-X-MAP applies; it is a part of a segment */
    char map[256];
    double clock; /* date of the next entry by PROGRAM-DATE-TIME and EXTINF; 0: not known */
} playlist;

__attribute__((format(printf, 2, 3))) static void complain(playlist *p, const char *format, ...) {
    p->complaints++;
    if (!p->out)
        return;
    va_list args;
    va_start(args, format);
    fprintf(p->out, "line %ld: ", p->line);
    vfprintf(p->out, format, args);
    fputc('\n', p->out);
    va_end(args);
}

static const char *value_of(const char *line, const char *tag) {
    size_t n = strlen(tag);
    return strncmp(line, tag, n) == 0 && (line[n] == ':' || line[n] == 0)
               ? line + n + (line[n] == ':')
               : NULL;
}

static void set_once(playlist *p, const char *tag, bool *seen) {
    if (*seen)
        complain(p, "%s twice", tag);
    *seen = true;
}

static double read_number(playlist *p, const char *text, const char *tag) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || value < 0 || (*end && *end != ','))
        complain(p, "%s without a number", tag);
    return value;
}

static void read_date(playlist *p, const char *text) {
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest || text[strlen(text) - 1] != 'Z') {
        complain(p, "PROGRAM-DATE-TIME is no date in UTC");
        return;
    }
    double date = (double)timegm(&tm) + (*rest == '.' ? strtod(rest, NULL) : 0);
    if (p->clock > 0 && !p->next.discontinuity && date < p->clock - 0.5)
        complain(p, "PROGRAM-DATE-TIME goes back by %.3f s without a discontinuity",
                 p->clock - date);
    p->clock = date;
    p->dated = true;
}

/* RFC 8216 4.3.2.5 */
static void read_map(playlist *p, const char *text) {
    const char *end = strncmp(text, "URI=\"", 5) == 0 ? strchr(text + 5, '"') : NULL;
    if (!end || end - text > 250) {
        complain(p, "EXT-X-MAP without an address");
        return;
    }
    p->mapped = true;
    p->map_is_part = strncmp(end + 1, ",BYTERANGE=\"", 12) == 0;
    if (!p->map_is_part && end[1])
        complain(p, "EXT-X-MAP has unknown attributes");
    snprintf(p->map, sizeof p->map, "%.*s", (int)(end - text - 5), text + 5);
}

static bool ends_with(const char *text, const char *end) {
    const char *query = strchr(text, '?');
    size_t n = query ? (size_t)(query - text) : strlen(text), m = strlen(end);
    return n >= m && strncmp(text + n - m, end, m) == 0;
}

/* A fragment has the initialisation segment of its timeline, its name's last number. */
static void check_map(playlist *p, const char *uri) {
    if (p->mapped && p->version < 6)
        complain(p, "EXT-X-MAP with a VERSION below 6");
    if (ends_with(uri, ".ts")) {
        if (p->mapped && !p->map_is_part)
            complain(p, "MPEG-TS behind the EXT-X-MAP of an MP4");
        return;
    }
    const char *dash = strrchr(uri, '-'), *slash = strrchr(p->map, '/');
    uint64_t timeline = dash ? strtoull(dash + 1, NULL, 10) : 0;
    if (!p->mapped || p->map_is_part || !ends_with(p->map, ".mp4") || !slash ||
        strtoull(slash + 1, NULL, 10) != timeline)
        complain(p, "not the initialisation segment of the timeline");
}

static void read_uri(playlist *p, const char *line) {
    if (!p->has_duration)
        complain(p, "an address without EXTINF");
    if (p->count == 0 && !p->clock)
        complain(p, "no PROGRAM-DATE-TIME on the first segment");
    if (p->target > 0 && floor(p->next.duration + 0.5) > p->target)
        complain(p, "EXTINF %.3f is longer than TARGETDURATION", p->next.duration);
    check_map(p, line);
    while (strncmp(line, "../", 3) == 0) /* relative to where the playlist is */
        line += 3;
    if (strchr(line, ' ') || strstr(line, ".."))
        complain(p, "the address is malformed");
    for (size_t i = p->count; i-- > 0 && p->count - i < 8;)
        if (strcmp(p->entries[i].uri, line) == 0)
            complain(p, "the same segment twice");
    p->next.uri = strdup(line);
    if (p->count < ENTRIES_MAX)
        p->entries[p->count++] = p->next;
    else
        free(p->next.uri);
    if (p->clock > 0)
        p->clock += p->next.duration;
    memset(&p->next, 0, sizeof p->next);
    p->has_duration = false;
}

static void read_header(playlist *p, const char *line) {
    static const char *const known[] = {"#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-START"};
    const char *v;
    bool seen = false;
    if ((v = value_of(line, "#EXT-X-VERSION"))) {
        if (p->version)
            complain(p, "VERSION twice");
        p->version = atol(v);
    } else if ((v = value_of(line, "#EXT-X-TARGETDURATION"))) {
        if (p->target > 0)
            complain(p, "TARGETDURATION twice");
        p->target = read_number(p, v, "TARGETDURATION");
        if (p->target != floor(p->target) || p->target < 1)
            complain(p, "TARGETDURATION is no whole number of seconds");
    } else if ((v = value_of(line, "#EXT-X-MEDIA-SEQUENCE"))) {
        set_once(p, "MEDIA-SEQUENCE", &p->has_sequence);
        p->sequence = strtoull(v, NULL, 10);
        if (p->count)
            complain(p, "MEDIA-SEQUENCE after a segment");
    } else if ((v = value_of(line, "#EXT-X-DISCONTINUITY-SEQUENCE"))) {
        set_once(p, "DISCONTINUITY-SEQUENCE", &p->has_discontinuity_sequence);
        p->discontinuity_sequence = strtoull(v, NULL, 10);
        if (p->count || p->next.discontinuity)
            complain(p, "DISCONTINUITY-SEQUENCE after a segment");
    } else if ((v = value_of(line, "#EXT-X-PLAYLIST-TYPE"))) {
        p->vod = strcmp(v, "VOD") == 0;
    } else {
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            seen |= value_of(line, known[i]) != NULL;
        if (!seen && strncmp(line, "#EXT", 4) == 0)
            complain(p, "unknown tag %.40s", line);
    }
}

static void read_line(playlist *p, const char *line) {
    const char *v;
    if (p->ended)
        complain(p, "something after ENDLIST");
    if (line[0] == 0)
        complain(p, "an empty line");
    else if (line[0] != '#')
        read_uri(p, line);
    else if ((v = value_of(line, "#EXTINF"))) {
        if (p->has_duration)
            complain(p, "EXTINF without an address");
        if (!strchr(v, ','))
            complain(p, "EXTINF without its comma");
        p->next.duration = read_number(p, v, "EXTINF");
        p->has_duration = true;
    } else if (value_of(line, "#EXT-X-DISCONTINUITY"))
        p->next.discontinuity = true;
    else if ((v = value_of(line, "#EXT-X-MAP")))
        read_map(p, v);
    else if (value_of(line, "#EXT-X-GAP"))
        p->next.gap = true;
    else if ((v = value_of(line, "#EXT-X-PROGRAM-DATE-TIME")))
        read_date(p, v);
    else if (value_of(line, "#EXT-X-ENDLIST"))
        p->ended = true;
    else
        read_header(p, line);
}

static void check_whole(playlist *p) {
    if (p->has_duration)
        complain(p, "EXTINF without an address at the end");
    if (p->version < 3)
        complain(p, "VERSION below 3 with fractions in EXTINF");
    if (p->target < 1)
        complain(p, "no TARGETDURATION");
    if (p->count == 0)
        complain(p, "no segment");
    if (p->vod && !p->ended)
        complain(p, "VOD without ENDLIST");
    if (!p->vod && !p->has_discontinuity_sequence)
        complain(p, "live without DISCONTINUITY-SEQUENCE");
    if (!p->has_sequence)
        complain(p, "no MEDIA-SEQUENCE");
}

static void parse(playlist *p, const char *text, FILE *out) {
    memset(p, 0, sizeof *p);
    p->out = out;
    p->entries = calloc(ENTRIES_MAX, sizeof *p->entries);
    static char line[LINE_BYTES];
    for (p->line = 1; *text; p->line++) {
        size_t n = strcspn(text, "\n");
        if (n >= sizeof line || text[n] == 0)
            complain(p, "a line is too long or has no end");
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        text += n + (text[n] != 0);
        if (p->line == 1 && strcmp(line, "#EXTM3U") != 0)
            complain(p, "does not begin with #EXTM3U");
        if (p->line > 1)
            read_line(p, line);
    }
    check_whole(p);
}

static void deinit(playlist *p) {
    for (size_t i = 0; i < p->count; i++)
        free(p->entries[i].uri);
    free(p->entries);
}

int m3u8_check(const char *text, FILE *out) {
    playlist p;
    parse(&p, text, out);
    deinit(&p);
    return p.complaints;
}

/* Entries are only appended and taken from the head, and their numbers stay theirs. */
static void compare(playlist *a, playlist *b) {
    uint64_t discontinuities = a->discontinuity_sequence;
    if (a->target != b->target)
        complain(b, "TARGETDURATION changed");
    if (b->sequence < a->sequence || b->discontinuity_sequence < a->discontinuity_sequence)
        complain(b, "a sequence number fell");
    for (size_t i = 0; i < a->count; i++) {
        uint64_t number = a->sequence + i;
        discontinuities += a->entries[i].discontinuity;
        if (number < b->sequence)
            continue;
        if (number - b->sequence >= b->count) {
            complain(b, "segment %llu is gone from the end", (unsigned long long)number);
            return;
        }
        const entry *e = &b->entries[number - b->sequence];
        if (strcmp(e->uri, a->entries[i].uri) != 0 || e->duration != a->entries[i].duration)
            complain(b, "segment %llu changed", (unsigned long long)number);
        if (number == b->sequence &&
            b->discontinuity_sequence + e->discontinuity != discontinuities)
            complain(b, "DISCONTINUITY-SEQUENCE does not count what left");
    }
}

int m3u8_check_polls(const char *older, const char *newer, FILE *out) {
    playlist a, b;
    parse(&a, older, out);
    parse(&b, newer, out);
    compare(&a, &b);
    deinit(&a);
    deinit(&b);
    return a.complaints + b.complaints;
}
