/* SPDX-License-Identifier: MIT-0 */
#include "s3/profile.h"
#include "s3/crypto.h"
#include "s3hls/credentials.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char BLANKS[] = " \t\r\n\v\f";
enum { LINE_MAX_BYTES = S3HLS_SESSION_TOKEN_MAX + 128 };

static char *trimmed(char *s) {
    s += strspn(s, BLANKS);
    size_t n = strlen(s);
    while (n && strchr(BLANKS, s[n - 1]))
        s[--n] = 0;
    return s;
}

/* Parse "[default]", "[profile name]" or "[profile \"a name\"]". Text after the bracket is a
 * comment. */
static bool is_section(char *line, const char *profile) {
    char *end = strchr(line, ']');
    if (!end)
        return false;
    *end = 0;
    char *name = trimmed(line + 1);
    if (strncmp(name, "profile", 7) == 0 && name[7] && strchr(BLANKS, name[7]))
        name = trimmed(name + 7);
    size_t size = strlen(name);
    if (size >= 2 && (name[0] == '"' || name[0] == '\'') && name[size - 1] == name[0]) {
        name[size - 1] = 0;
        name++;
    }
    return strcmp(name, profile) == 0;
}

/* Value up to a comment, which is at the beginning or after a blank. */
static char *value_of(char *text) {
    for (char *c = text; *c; c++)
        if ((*c == '#' || *c == ';') && (c == text || strchr(BLANKS, c[-1]))) {
            *c = 0;
            break;
        }
    return trimmed(text);
}

typedef struct reader {
    const char *profile;
    s3hls__setting_fn on_setting;
    void *ctx;
    bool inside, valid;
    bool nested; /* indented lines belong to the previous setting, which has no value */
} reader;

static void read_line(reader *r, char *line) {
    bool indented = strchr(BLANKS, line[0]) != NULL;
    char *text = trimmed(line), *equals = strchr(text, '=');
    if (text[0] == '#' || text[0] == ';' || text[0] == 0)
        return;
    if (text[0] == '[') {
        r->inside = is_section(text, r->profile);
        r->nested = false;
        return;
    }
    if (!r->inside || !equals || (indented && r->nested))
        return;
    *equals = 0;
    const char *name = trimmed(text), *value = value_of(equals + 1);
    r->nested = value[0] == 0;
    r->valid &= r->on_setting(r->ctx, name, value);
}

int s3hls__profile_read(const char *path, const char *profile, s3hls__setting_fn on_setting,
                        void *ctx) {
    static const char mark[] = "\xef\xbb\xbf"; /* UTF-8 byte order mark */
    char buffer[4096], line[LINE_MAX_BYTES];
    reader r = {.profile = profile, .on_setting = on_setting, .ctx = ctx, .valid = true};
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT || errno == ENOTDIR ? S3HLS_E_NOT_FOUND : S3HLS_E_IO;
    setvbuf(file, buffer, _IOFBF, sizeof buffer); /* own buffer, so that it can be wiped */
    for (bool whole = true, first = true; fgets(line, sizeof line, file); first = false) {
        bool tail = !whole; /* rest of a line that is longer than any credential */
        whole = strchr(line, '\n') || feof(file);
        if (!tail)
            read_line(&r, line + (first && strncmp(line, mark, 3) == 0 ? 3 : 0));
    }
    int rc = ferror(file) ? S3HLS_E_IO : r.valid ? S3HLS_OK : S3HLS_E_INVALID;
    fclose(file);
    s3hls__wipe(buffer, sizeof buffer);
    s3hls__wipe(line, sizeof line);
    return rc;
}
