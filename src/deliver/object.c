/* SPDX-License-Identifier: MIT-0 */
#include "deliver/object.h"
#include "base/strbuf.h"
#include "s3/uri.h"
#include <stdio.h>
#include <string.h>

/* ---- tags */

enum { TAGS_MAX = 10, TAG_NAME_MAX = 128, TAG_VALUE_MAX = 256, TAGS_TEXT_MAX = 12288 };

/* @return number of UTF-8 characters; -1: not valid UTF-8, or contains control characters. */
static int characters(const char *s) {
    size_t size = strlen(s);
    int count = 0;
    if (size > 1024 || (size && !s3hls__uri_prefix_ok(s, size)))
        return -1;
    for (; *s; s++)
        count += ((unsigned char)*s & 0xc0) != 0x80;
    return count;
}

static bool tags_ok(const s3hls_pair *tags, size_t count) {
    if (count > TAGS_MAX || (count && !tags))
        return false;
    for (size_t i = 0; i < count; i++) {
        int name = tags[i].name ? characters(tags[i].name) : -1;
        int value = tags[i].value ? characters(tags[i].value) : -1;
        if (name < 1 || name > TAG_NAME_MAX || value < 0 || value > TAG_VALUE_MAX)
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(tags[i].name, tags[k].name) == 0)
                return false;
    }
    return true;
}

int s3hls__tags_open(s3hls__tags **out, const s3hls_pair *tags, size_t count,
                     const s3hls_env *env) {
    s3hls__strbuf b;
    *out = NULL;
    if (!tags_ok(tags, count))
        return S3HLS_E_INVALID;
    if (!count)
        return S3HLS_OK;
    s3hls__strbuf_init(&b, env, TAGS_TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        if (i)
            s3hls__strbuf_add_char(&b, '&');
        s3hls__uri_encode(&b, tags[i].name, strlen(tags[i].name), false);
        s3hls__strbuf_add_char(&b, '=');
        s3hls__uri_encode(&b, tags[i].value, strlen(tags[i].value), false);
    }
    int rc = b.status;
    s3hls__tags *t = rc ? NULL : s3hls__env_alloc(env, sizeof *t + b.size + 1);
    if (t) {
        t->references = 1;
        memcpy(t->text, b.data, b.size + 1);
    }
    s3hls__strbuf_deinit(&b);
    *out = t;
    return t ? S3HLS_OK : rc ? rc : S3HLS_E_NOMEM;
}

s3hls__tags *s3hls__tags_retain(s3hls__tags *tags) {
    if (tags)
        tags->references++;
    return tags;
}

void s3hls__tags_release(s3hls__tags *tags, const s3hls_env *env) {
    if (tags && --tags->references == 0)
        s3hls__env_free(env, tags);
}

/* ---- common fields */

enum { METADATA_BYTES_MAX = 2048, VALUE_BYTES_MAX = 2048 };

static bool add(s3hls__object *o, const s3hls_env *env, const char *name, const char *value) {
    s3hls_header *h = &o->headers[o->header_count++];
    h->name = s3hls__env_strdup(env, name);
    h->value = s3hls__env_strdup(env, value);
    return h->name && h->value;
}

static bool visible(const char *s, bool token) {
    size_t n = 0;
    for (; s[n]; n++)
        if ((unsigned char)s[n] < 0x20 || (unsigned char)s[n] > 0x7e ||
            (token && strchr(" \"(),/:;<=>?@[\\]{}", s[n])))
            return false;
    return n > 0 && n <= VALUE_BYTES_MAX;
}

static const char *what_is_wrong(const s3hls_object_options *x) {
    size_t bytes = 0;
    if (x->metadata_count > S3HLS__METADATA_MAX || (x->metadata_count && !x->metadata))
        return "object.metadata: at most 8";
    for (size_t i = 0; i < x->metadata_count; i++) {
        const s3hls_pair *m = &x->metadata[i];
        if (!m->name || !m->value || !visible(m->name, true) || !visible(m->value, false))
            return "object.metadata: names are tokens, values visible ASCII";
        bytes += strlen(m->name) + strlen(m->value);
    }
    if (bytes > METADATA_BYTES_MAX)
        return "object.metadata: more than 2,048 bytes in all";
    if (x->storage_class && !visible(x->storage_class, true))
        return "object.storage_class";
    if (x->encryption && strcmp(x->encryption, "AES256") != 0 &&
        strcmp(x->encryption, "aws:kms") != 0)
        return "object.encryption must be AES256 or aws:kms";
    if (x->kms_key_id &&
        (!x->encryption || strcmp(x->encryption, "aws:kms") != 0 || !visible(x->kms_key_id, false)))
        return "object.kms_key_id needs encryption aws:kms";
    return NULL;
}

int s3hls__object_init(s3hls__object *o, const s3hls_object_options *x, const s3hls_env *env,
                       const char **wrong) {
    memset(o, 0, sizeof *o);
    *wrong = what_is_wrong(x);
    if (*wrong)
        return S3HLS_E_INVALID;
    o->no_overwrite = x->no_overwrite != 0;
    o->etag_is_md5 = !x->encryption || strcmp(x->encryption, "aws:kms") != 0;
    bool ok = true;
    if (x->storage_class)
        ok = ok && add(o, env, "x-amz-storage-class", x->storage_class);
    if (x->encryption)
        ok = ok && add(o, env, "x-amz-server-side-encryption", x->encryption);
    if (x->kms_key_id)
        ok = ok && add(o, env, "x-amz-server-side-encryption-aws-kms-key-id", x->kms_key_id);
    if (x->no_overwrite)
        ok = ok && add(o, env, "if-none-match", "*");
    for (size_t i = 0; ok && i < x->metadata_count; i++) {
        char name[VALUE_BYTES_MAX + 16];
        snprintf(name, sizeof name, "x-amz-meta-%s", x->metadata[i].name);
        ok = add(o, env, name, x->metadata[i].value);
    }
    return ok ? S3HLS_OK : S3HLS_E_NOMEM;
}

void s3hls__object_deinit(s3hls__object *o, const s3hls_env *env) {
    for (size_t i = 0; i < o->header_count; i++) {
        s3hls__env_free(env, (char *)o->headers[i].name);
        s3hls__env_free(env, (char *)o->headers[i].value);
    }
    o->header_count = 0;
}
