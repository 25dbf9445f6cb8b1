/* SPDX-License-Identifier: MIT-0 */
/* Values from the environment and from files. They are inserted after the YAML was parsed, so that
 * they cannot add settings. */
#include "base/env.h"
#include "base/strbuf.h"
#include "s3/uri.h"
#include "site/reader.h"
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 64 << 10 };

typedef struct expansion {
    s3hls__site_reader *reader;
    const char *key;
    s3hls__site_mark at;
    s3hls__strbuf out;
    const char *user, *user_end; /* of the URL, in the scalar; NULL: not a URL with a user */
} expansion;

static bool begins_placeholder(const char *text) {
    return text[0] == '$' && text[1] == '{';
}

/* The text after a placeholder, "$$" or one character. */
static const char *skip(const char *text) {
    if (text[0] == '$' && text[1] == '$')
        return text + 2;
    const char *end = begins_placeholder(text) ? strchr(text, '}') : NULL;
    return end ? end + 1 : text + 1;
}

/* Find user and password of a URL as the file states it: what is inserted moves no border. */
static void find_user(expansion *e, const char *text) {
    const char *begin = text;
    while (*begin && strncmp(begin, "://", 3) != 0)
        begin = skip(begin);
    if (!*begin)
        return;
    begin += 3;
    for (const char *at = begin; *at && !strchr("/?#", *at); at = skip(at))
        if (*at == '@') {
            e->user = begin;
            e->user_end = at;
        }
}

/* Percent-encode a part of the user and password, but for its first colon: it may be both. In a
 * password, src/input encodes that too. */
static void add_encoded(expansion *e, const char *value, size_t size) {
    const char *colon = memchr(value, ':', size);
    size_t name = colon ? (size_t)(colon - value) : size;
    s3hls__uri_encode(&e->out, value, name, false);
    if (!colon)
        return;
    s3hls__strbuf_add_char(&e->out, ':');
    s3hls__uri_encode(&e->out, colon + 1, size - name - 1, false);
}

static void add_value(expansion *e, const char *placeholder, const char *value, size_t size) {
    if (e->user && placeholder >= e->user && placeholder < e->user_end)
        add_encoded(e, value, size);
    else
        s3hls__strbuf_add(&e->out, value, size);
}

/* ---- where values come from */

static bool is_name(const char *name, size_t size) {
    size_t n = 0;
    while (n < size &&
           (name[n] == '_' || (name[n] >= 'A' && name[n] <= 'Z') ||
            (name[n] >= 'a' && name[n] <= 'z') || (n > 0 && name[n] >= '0' && name[n] <= '9')))
        n++;
    return n > 0 && n == size;
}

static bool fail(expansion *e, const char *what, const char *name, const char *reason) {
    s3hls__site_reader *r = e->reader;
    s3hls__site_add_error(&r->reports, e->at, "%s%s: %s%.100s%s", r->where, e->key, what, name,
                          reason);
    return false;
}

static bool add_variable(expansion *e, const char *placeholder, const char *name) {
    const char *value = getenv(name);
    if (!value)
        return fail(e, "the variable ", name, " is not set");
    add_value(e, placeholder, value, strlen(value));
    return true;
}

static bool add_file(expansion *e, const char *placeholder, const char *name) {
    const s3hls_env *env = &e->reader->site->env;
    const char *reason = NULL, *path = s3hls__site_resolve(e->reader, name);
    char *data = NULL;
    size_t size = 0;
    if (!path)
        return false;
    int rc = s3hls__site_read_file(env, path, VALUE_MAX, true, NULL, &data, &size, &reason);
    if (rc == S3HLS_E_NOMEM) {
        e->reader->out_of_memory = true;
        return false;
    }
    if (!rc && memchr(data, 0, size))
        reason = "it contains a NUL byte";
    if (data && size && data[size - 1] == '\n')
        size -= size > 1 && data[size - 2] == '\r' ? 2 : 1;
    if (data && !reason)
        add_value(e, placeholder, data, size);
    else
        s3hls__site_add_error(&e->reader->reports, e->at,
                              "%s%s: the file %.100s cannot be used: %s", e->reader->where, e->key,
                              name, reason);
    if (data)
        explicit_bzero(data, size);
    s3hls__env_free(env, data);
    return !reason;
}

/* Add the value of "${...}", which begins the text. */
static bool add_placeholder(expansion *e, const char *text) {
    char name[256];
    const char *begin = text + 2, *end = strchr(text, '}');
    size_t size = end ? (size_t)(end - begin) : 0;
    if (!end)
        return fail(e, "${ has no } after it", "", "; write $$ for a dollar sign");
    if (size >= sizeof name)
        return fail(e, "the name in ${ } is too long", "", "");
    memcpy(name, begin, size);
    name[size] = 0;
    if (strncmp(name, "file:", 5) == 0 && name[5])
        return add_file(e, text, name + 5);
    if (!is_name(name, size))
        return fail(e, "${ } must contain the name of a variable, or file: and a path", "",
                    "; write $$ for a dollar sign");
    return add_variable(e, text, name);
}

/* ---- a scalar */

static bool expand(expansion *e, const char *text) {
    while (*text) {
        size_t plain = strcspn(text, "$");
        s3hls__strbuf_add(&e->out, text, plain);
        text += plain;
        if (text[0] == '$' && text[1] == '$') {
            s3hls__strbuf_add_char(&e->out, '$');
            text += 2;
        } else if (begins_placeholder(text)) {
            if (!add_placeholder(e, text))
                return false;
            text = skip(text);
        } else if (*text) {
            return fail(e, "$ must be followed by {NAME}, {file:PATH} or another $", "",
                        "; write $$ for a dollar sign");
        }
    }
    return true;
}

const char *s3hls__site_expand(s3hls__site_reader *r, const char *key, const yaml_node_t *scalar,
                               bool url) {
    const char *text = (const char *)scalar->data.scalar.value, *kept = NULL;
    expansion e = {.reader = r, .key = key, .at = s3hls__site_mark_of(&scalar->start_mark)};
    if (strlen(text) != scalar->data.scalar.length) {
        fail(&e, "it contains a NUL byte", "", "");
        return NULL;
    }
    if (url)
        find_user(&e, text);
    s3hls__strbuf_init(&e.out, &r->site->env, VALUE_MAX);
    if (expand(&e, text)) {
        if (e.out.status == S3HLS_E_TOO_LARGE)
            fail(&e, "it is too long", "", "");
        else if (e.out.status)
            r->out_of_memory = true;
        else
            kept = s3hls__site_keep(r, e.out.data ? e.out.data : "", e.out.size);
    }
    if (e.out.data)
        explicit_bzero(e.out.data, e.out.capacity);
    s3hls__strbuf_deinit(&e.out);
    return kept;
}
