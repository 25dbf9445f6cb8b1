/* SPDX-License-Identifier: MIT-0 */
#include "site/settings.h"
#include "site/nearest.h"
#include <stdio.h>
#include <string.h>

bool s3hls__site_is_null(const yaml_node_t *node) {
    const char *text = (const char *)node->data.scalar.value;
    return node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!text[0] || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

bool s3hls__site_key(s3hls__site_reader *r, const yaml_node_t *mapping, const char *key,
                     s3hls__site_mark *at) {
    bool found = false, valid = mapping->type == YAML_MAPPING_NODE;
    const yaml_node_t *node = mapping;
    const yaml_node_pair_t *pair = valid ? mapping->data.mapping.pairs.start : NULL;
    for (; valid && !found && pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *k = yaml_document_get_node(&r->document, pair->key);
        found = k->type == YAML_SCALAR_NODE && strcmp((char *)k->data.scalar.value, key) == 0;
        node = found ? k : mapping;
    }
    if (at)
        *at = s3hls__site_mark_of(&node->start_mark);
    return found;
}

/* ---- keys that are not valid */

static const s3hls__site_setting *find(const s3hls__site_setting *rows, const char *key) {
    for (; rows->key; rows++)
        if (strcmp(rows->key, key) == 0)
            return rows;
    return NULL;
}

/* Where else the key is valid. @return "": nowhere */
static const char *home_of(const char *key) {
    if (find(s3hls__site_camera_input, key))
        return strcmp(key, "input") == 0 ? "a camera" : "defaults, or to a camera";
    for (const s3hls__site_setting *row = s3hls__site_top; row->key; row++) {
        if (strcmp(row->key, key) == 0)
            return "the top of the file";
        if (row->kind == S3HLS__SITE_GROUP && find(row->group, key))
            return row->key;
    }
    return "";
}

static void list_keys(const s3hls__site_setting *rows, char *text, size_t size) {
    size_t used = 0;
    text[0] = 0;
    for (const s3hls__site_setting *row = rows; row->key && used < size; row++) {
        int n = snprintf(text + used, size - used, "%s%s", row == rows ? "" : ", ", row->key);
        used += (size_t)(n > 0 ? n : 0);
    }
}

static void refuse_key(s3hls__site_reader *r, const s3hls__site_setting *rows, const char *key,
                       s3hls__site_mark at) {
    char allowed[320], hint[96] = "";
    const char *home = home_of(key);
    int where = (int)strlen(r->where);
    s3hls__site_nearest near = {.word = key};
    for (const s3hls__site_setting *row = rows; row->key; row++)
        s3hls__site_nearest_try(&near, row->key);
    if (home[0])
        snprintf(hint, sizeof hint, "; it belongs to %s", home);
    else if (strcmp(key, "<<") == 0)
        snprintf(hint, sizeof hint, "; common settings are written under defaults");
    else if (near.found)
        snprintf(hint, sizeof hint, "; did you mean \"%s\"?", near.found);
    list_keys(rows, allowed, sizeof allowed);
    s3hls__site_add_error(&r->reports, at, "%.*s%s\"%.40s\" is not a setting here%s%s Allowed: %s",
                          where ? where - 1 : 0, r->where, where ? ": " : "", key, hint,
                          near.found && !home[0] ? "" : ".", allowed);
}

/* ---- a mapping */

/* @return the row of a key; NULL: an error was added. */
static const s3hls__site_setting *take_key(s3hls__site_reader *r, const s3hls__site_setting *rows,
                                           const yaml_node_t *node, unsigned *lines) {
    s3hls__site_mark at = s3hls__site_mark_of(&node->start_mark);
    const char *key = (const char *)node->data.scalar.value;
    if (node->type != YAML_SCALAR_NODE || strlen(key) != node->data.scalar.length) {
        refuse_key(r, rows, "", at);
        return NULL;
    }
    const s3hls__site_setting *row = find(rows, key);
    if (!row) {
        refuse_key(r, rows, key, at);
        return NULL;
    }
    unsigned *line = &lines[row - rows];
    if (*line) {
        s3hls__site_add_error(&r->reports, at, "%s%s: it is stated twice, first in line %u",
                              r->where, key, *line);
        return NULL;
    }
    *line = at.line;
    return row;
}

static void read_group(s3hls__site_reader *r, const s3hls__site_setting *row, void *target,
                       const yaml_node_t *node) {
    size_t size = strlen(r->where);
    snprintf(r->where + size, sizeof r->where - size, "%s.", row->key);
    s3hls__site_read_settings(r, row->group, target, node);
    r->where[size] = 0;
}

static void read_pair(s3hls__site_reader *r, const s3hls__site_setting *row, void *target,
                      yaml_node_t *node) {
    if (row->given)
        memcpy((char *)target + row->given, &(bool){true}, sizeof(bool));
    if (row->kind == S3HLS__SITE_NODE)
        r->nodes[row->offset] = node;
    else if (row->kind == S3HLS__SITE_GROUP)
        read_group(r, row, target, node);
    else
        s3hls__site_read_value(r, row, (char *)target + row->offset, node);
}

void s3hls__site_read_settings(s3hls__site_reader *r, const s3hls__site_setting *rows, void *target,
                               const yaml_node_t *node) {
    unsigned lines[S3HLS__SITE_ROWS_MAX] = {0};
    if (s3hls__site_is_null(node))
        return;
    if (node->type != YAML_MAPPING_NODE) {
        s3hls__site_add_error(&r->reports, s3hls__site_mark_of(&node->start_mark),
                              "%.*s must contain settings, such as { %s: ... }",
                              r->where[0] ? (int)strlen(r->where) - 1 : 8,
                              r->where[0] ? r->where : "the file", rows->key);
        return;
    }
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    for (; pair < node->data.mapping.pairs.top && !s3hls__site_stopped(r); pair++) {
        const yaml_node_t *key = yaml_document_get_node(&r->document, pair->key);
        const s3hls__site_setting *row = take_key(r, rows, key, lines);
        if (row)
            read_pair(r, row, target, yaml_document_get_node(&r->document, pair->value));
    }
}

/* ---- differences */

static bool same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_pairs(const s3hls__site_pairs *a, const s3hls__site_pairs *b) {
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = same_text(a->pairs[i].name, b->pairs[i].name) &&
               same_text(a->pairs[i].value, b->pairs[i].value);
    return same;
}

static bool same_member(const s3hls__site_setting *row, const void *a, const void *b) {
    const char *one, *other;
    s3hls__site_pairs some, others;
    switch (row->kind) {
    case S3HLS__SITE_TEXT:
    case S3HLS__SITE_STORE:
    case S3HLS__SITE_INPUT:
    case S3HLS__SITE_FOLDER:
    case S3HLS__SITE_FILE:
        memcpy(&one, a, sizeof one);
        memcpy(&other, b, sizeof other);
        return same_text(one, other);
    case S3HLS__SITE_PAIRS:
        memcpy(&some, a, sizeof some);
        memcpy(&others, b, sizeof others);
        return same_pairs(&some, &others);
    case S3HLS__SITE_SIZE:
        return memcmp(a, b, sizeof(uint64_t)) == 0;
    case S3HLS__SITE_MEMORY:
        return memcmp(a, b, sizeof(size_t)) == 0;
    default:
        return memcmp(a, b, sizeof(uint32_t)) == 0;
    }
}

const char *s3hls__site_settings_difference(const s3hls__site_setting *rows, const void *a,
                                            const void *b) {
    for (const s3hls__site_setting *row = rows; row->key; row++) {
        bool same = true;
        if (row->given)
            same = memcmp((const char *)a + row->given, (const char *)b + row->given,
                          sizeof(bool)) == 0;
        if (row->kind == S3HLS__SITE_GROUP)
            same = same && !s3hls__site_settings_difference(row->group, a, b);
        else if (row->kind != S3HLS__SITE_NODE)
            same = same &&
                   same_member(row, (const char *)a + row->offset, (const char *)b + row->offset);
        if (!same)
            return row->key;
    }
    return NULL;
}
