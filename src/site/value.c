/* SPDX-License-Identifier: MIT-0 */
#include "base/disk.h"
#include "deliver/object.h"
#include "s3/uri.h"
#include "site/nearest.h"
#include "site/quantity.h"
#include "site/settings.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY_MS = 86400000 };

/* A setting whose value is read. */
typedef struct value {
    s3hls__site_reader *reader;
    const s3hls__site_setting *row;
    const yaml_node_t *node;
    const char *text; /* expanded */
} value;

static s3hls__site_mark mark(const value *v) {
    return s3hls__site_mark_of(&v->node->start_mark);
}

/* A value that came from elsewhere, or could contain a password, is not printed. */
static void refuse(const value *v) {
    s3hls__site_reader *r = v->reader;
    const char *stated = (const char *)v->node->data.scalar.value;
    bool shown = !v->row->secret && !strpbrk(stated, "$@");
    s3hls__site_nearest near = {.word = v->text};
    for (const s3hls__site_choice *c = v->row->choices; shown && c && c->name; c++)
        s3hls__site_nearest_try(&near, c->name);
    s3hls__site_add_error(&r->reports, mark(v), "%s%s: %s%.60s%s is not %s%s%s%s", r->where,
                          v->row->key, shown ? "\"" : "the value", shown ? v->text : "",
                          shown ? "\"" : "", v->row->is, near.found ? "; did you mean \"" : "",
                          near.found ? near.found : "", near.found ? "\"?" : "");
}

/* ---- texts */

static bool has_control(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

/* @return NULL: it was refused, or out of memory */
static const char *read_path(const value *v) {
    s3hls__site_reader *r = v->reader;
    if (!v->text[0] || has_control(v->text)) {
        refuse(v);
        return NULL;
    }
    const char *path = s3hls__site_resolve(r, v->text);
    if (path && v->row->kind == S3HLS__SITE_FILE && access(path, R_OK) != 0) {
        s3hls__site_add_error(&r->reports, mark(v), "%s%s: the file cannot be read: %s", r->where,
                              v->row->key, strerror(errno));
        return NULL;
    }
    return path;
}

/* A copy without the slashes at its end. */
static const char *trimmed(s3hls__site_reader *r, const char *scheme, const char *text) {
    char *copy = s3hls__site_alloc(r, strlen(scheme) + strlen(text) + 1);
    if (!copy)
        return NULL;
    size_t size = (size_t)sprintf(copy, "%s%s", scheme, text);
    while (size && copy[size - 1] == '/')
        copy[--size] = 0;
    return copy;
}

static const char *read_store(const value *v) {
    s3hls__s3_location unused;
    const char *path = v->text;
    if (strncmp(path, "s3://", 5) == 0 && s3hls__uri_parse_s3(path, &unused) == S3HLS_OK)
        return trimmed(v->reader, "", path);
    if (strncmp(path, "file:///", 8) == 0)
        path += 7;
    else if (path[0] && !strstr(path, "://"))
        path = s3hls__site_resolve(v->reader, path);
    else
        path = "";
    const char *folder = path ? trimmed(v->reader, "", path) : NULL;
    if (folder && (folder[0] != '/' || !s3hls__uri_key_ok(folder + 1, strlen(folder + 1)))) {
        refuse(v);
        return NULL;
    }
    return folder ? trimmed(v->reader, "file://", folder) : NULL;
}

/* The file itself states a password: no part of it comes from elsewhere. */
static bool states_password(const char *address) {
    const char *begin = strstr(address, "://"), *at = begin ? strrchr(begin, '@') : NULL;
    const char *colon = at ? memchr(begin + 3, ':', (size_t)(at - begin - 3)) : NULL;
    return colon && colon + 1 < at && !memchr(colon, '$', (size_t)(at - colon));
}

static const char *read_input(const value *v) {
    const char *stated = (const char *)v->node->data.scalar.value;
    if (!v->text[0] || has_control(v->text) || strcmp(v->text, "-") == 0) {
        refuse(v);
        return NULL;
    }
    v->reader->password_stated |= states_password(stated);
    return strstr(v->text, "://") ? v->text : s3hls__site_resolve(v->reader, v->text);
}

static const char *read_text(const value *v) {
    bool ok = v->text[0] && !has_control(v->text) && (!v->row->valid || v->row->valid(v->text));
    if (!ok)
        refuse(v);
    else if (v->row->secret && !strchr((const char *)v->node->data.scalar.value, '$'))
        v->reader->password_stated = true;
    return ok ? v->text : NULL;
}

static void store_text(const value *v, void *member) {
    const char *text;
    switch (v->row->kind) {
    case S3HLS__SITE_STORE:
        text = read_store(v);
        break;
    case S3HLS__SITE_INPUT:
        text = read_input(v);
        break;
    case S3HLS__SITE_TEXT:
        text = read_text(v);
        break;
    default:
        text = read_path(v);
    }
    if (text)
        memcpy(member, &text, sizeof text);
}

/* ---- numbers */

static bool parse_number(const value *v, uint64_t *number) {
    char digits[24];
    const char *text = v->text;
    size_t size = strlen(text);
    char *end;
    switch (v->row->kind) {
    case S3HLS__SITE_SIZE:
    case S3HLS__SITE_MEMORY:
        return s3hls__quantity_parse_size(text, number);
    case S3HLS__SITE_DURATION:
        return s3hls__quantity_parse_duration(text, number);
    case S3HLS__SITE_DAYS:
        *number = 0;
        if (strcmp(text, "off") == 0)
            return true;
        if (!s3hls__quantity_parse_duration(text, number) || !*number || *number % DAY_MS)
            return false;
        *number /= DAY_MS;
        return true;
    case S3HLS__SITE_MODE:
        *number = strtoul(text, &end, 8);
        return text[0] && size < 6 && !text[strspn(text, "01234567")] &&
               s3hls__disk_mode_ok((uint32_t)*number);
    case S3HLS__SITE_PERCENT:
        if (size == 0 || size >= sizeof digits)
            return false;
        snprintf(digits, sizeof digits, "%s", text);
        digits[size - 1] = digits[size - 1] == '%' ? 0 : digits[size - 1];
        return s3hls__quantity_parse_count(digits, 100, number);
    default:
        return s3hls__quantity_parse_count(text, v->row->max, number);
    }
}

static void store_number(const value *v, void *member) {
    uint64_t number = 0;
    bool ok = parse_number(v, &number);
    uint32_t small = (uint32_t)number;
    size_t memory = (size_t)number;
    if (!ok || number < v->row->min || number > v->row->max ||
        (v->row->kind == S3HLS__SITE_MEMORY && memory != number)) {
        refuse(v);
        return;
    }
    if (v->row->kind == S3HLS__SITE_SIZE)
        memcpy(member, &number, sizeof number);
    else if (v->row->kind == S3HLS__SITE_MEMORY)
        memcpy(member, &memory, sizeof memory);
    else
        memcpy(member, &small, sizeof small);
}

static void store_choice(const value *v, void *member) {
    for (const s3hls__site_choice *c = v->row->choices; c->name; c++)
        if (strcmp(c->name, v->text) == 0) {
            memcpy(member, &c->value, sizeof c->value);
            return;
        }
    refuse(v);
}

/* ---- pairs */

/* The check of a recorder. @return a status */
static int check_pairs(const s3hls_env *env, bool tags, const s3hls__site_pairs *found) {
    s3hls__tags *set;
    s3hls__object object;
    const char *wrong;
    if (tags) {
        int rc = s3hls__tags_open(&set, found->pairs, found->count, env);
        s3hls__tags_release(set, env);
        return rc;
    }
    s3hls_object_options options = {.metadata = found->pairs, .metadata_count = found->count};
    int rc = s3hls__object_init(&object, &options, env, &wrong);
    s3hls__object_deinit(&object, env);
    return rc;
}

static bool read_pairs(s3hls__site_reader *r, const s3hls__site_setting *row,
                       const yaml_node_t *node, s3hls_pair *pairs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const yaml_node_pair_t *at = &node->data.mapping.pairs.start[i];
        const yaml_node_t *name = yaml_document_get_node(&r->document, at->key);
        const yaml_node_t *text = yaml_document_get_node(&r->document, at->value);
        if (name->type != YAML_SCALAR_NODE || text->type != YAML_SCALAR_NODE ||
            strlen((const char *)name->data.scalar.value) != name->data.scalar.length) {
            s3hls__site_add_error(&r->reports, s3hls__site_mark_of(&name->start_mark),
                                  "%s%s: it must contain names with one value each", r->where,
                                  row->key);
            return false;
        }
        pairs[i].name =
            s3hls__site_keep(r, (const char *)name->data.scalar.value, name->data.scalar.length);
        pairs[i].value = s3hls__site_expand(r, row->key, text, false);
        if (!pairs[i].name || !pairs[i].value)
            return false;
    }
    return true;
}

static void store_pairs(s3hls__site_reader *r, const s3hls__site_setting *row, void *member,
                        const yaml_node_t *node) {
    s3hls__site_mark at = s3hls__site_mark_of(&node->start_mark);
    bool mapping = node->type == YAML_MAPPING_NODE;
    size_t count =
        mapping ? (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start) : 0;
    if (!mapping || count > row->max) {
        s3hls__site_add_error(&r->reports, at, "%s%s: it is not %s", r->where, row->key, row->is);
        return;
    }
    s3hls_pair *pairs = s3hls__site_alloc(r, (count + 1) * sizeof *pairs);
    if (!pairs || !read_pairs(r, row, node, pairs, count))
        return;
    s3hls__site_pairs found = {pairs, count};
    int rc = check_pairs(&r->site->env, strcmp(row->key, "tags") == 0, &found);
    r->out_of_memory |= rc == S3HLS_E_NOMEM;
    if (rc)
        s3hls__site_add_error(&r->reports, at, "%s%s: it is not %s", r->where, row->key, row->is);
    else
        memcpy(member, &found, sizeof found);
}

/* ---- any value */

void s3hls__site_read_value(s3hls__site_reader *r, const s3hls__site_setting *row, void *member,
                            const yaml_node_t *node) {
    s3hls__site_mark at = s3hls__site_mark_of(&node->start_mark);
    value v = {.reader = r, .row = row, .node = node};
    if (s3hls__site_is_null(node)) {
        s3hls__site_add_error(&r->reports, at, "%s%s: it has no value; give %s", r->where, row->key,
                              row->is);
        return;
    }
    if (row->kind == S3HLS__SITE_PAIRS) {
        store_pairs(r, row, member, node);
        return;
    }
    if (node->type != YAML_SCALAR_NODE) {
        s3hls__site_add_error(&r->reports, at, "%s%s: it must be one value: %s", r->where, row->key,
                              row->is);
        return;
    }
    v.text = s3hls__site_expand(r, row->key, node, row->kind == S3HLS__SITE_INPUT);
    if (!v.text)
        return;
    if (row->kind == S3HLS__SITE_CHOICE)
        store_choice(&v, member);
    else if (row->kind >= S3HLS__SITE_COUNT)
        store_number(&v, member);
    else
        store_text(&v, member);
}
