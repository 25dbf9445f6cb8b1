/* SPDX-License-Identifier: MIT-0 */
#include "s3/profile.h"
#include "s3/crypto.h"
#include "s3hls/credentials.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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
    bool begun, inside, valid;
    bool nested; /* indented lines belong to the previous setting, which has no value */
} reader;

static void read_line(reader *r, char *line) {
    static const char mark[] = "\xef\xbb\xbf"; /* UTF-8 byte order mark */
    if (!r->begun && strncmp(line, mark, 3) == 0)
        line += 3;
    r->begun = true;
    bool indented = line[0] && strchr(BLANKS, line[0]);
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

/* Read without stdio, whose buffer would keep credentials. A line that is longer than any
 * credential is truncated. @return false: errno has the cause */
static bool read_lines(reader *r, int file) {
    char buffer[1024], line[LINE_MAX_BYTES] = "";
    size_t used = 0;
    ssize_t n;
    while ((n = read(file, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
        for (ssize_t i = 0; i < n; i++) {
            bool ends = buffer[i] == '\n';
            if (!ends && used < sizeof line - 1)
                line[used++] = buffer[i];
            line[used] = 0;
            if (ends)
                read_line(r, line);
            used = ends ? 0 : used;
        }
    line[used] = 0;
    read_line(r, line);
    s3hls__wipe(buffer, sizeof buffer);
    s3hls__wipe(line, sizeof line);
    return n == 0;
}

int s3hls__profile_read(const char *path, const char *profile, s3hls__setting_fn on_setting,
                        void *ctx) {
    reader r = {.profile = profile, .on_setting = on_setting, .ctx = ctx, .valid = true};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT || errno == ENOTDIR ? S3HLS_E_NOT_FOUND : S3HLS_E_IO;
    bool read = read_lines(&r, file);
    close(file);
    return !read ? S3HLS_E_IO : r.valid ? S3HLS_OK : S3HLS_E_INVALID;
}
