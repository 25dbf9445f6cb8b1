/* SPDX-License-Identifier: MIT-0 */
#include "s3/bucket.h"
#include "base/strbuf.h"
#include "s3/simple.h"
#include "s3/xml.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SETTING_MAX_BYTES = 1 << 20 };

/* ---- asking */

static int collect(void *ctx, const uint8_t *data, size_t size) {
    s3hls__strbuf *b = ctx;
    s3hls__strbuf_add(b, (const char *)data, size);
    return b->status;
}

/* On success, xml holds the answer; in any case it is to be freed. */
static int ask(s3hls_s3 *client, const char *setting, s3hls__strbuf *xml, s3hls_s3_error *error) {
    s3hls__op op = {.kind = S3HLS__OP_SETTING, .key = setting, .on_data = collect, .sink_ctx = xml};
    s3hls__strbuf_init(xml, s3hls__s3_env(client), SETTING_MAX_BYTES);
    int rc = s3hls__s3_run(client, &op);
    if (xml->status)
        rc = op.error.status = xml->status;
    if (!rc && !xml->data)
        rc = op.error.status = S3HLS_E_PROTOCOL;
    if (error)
        *error = op.error;
    return rc;
}

/* ---- location */

typedef struct location {
    s3hls__xml xml;
    char *region;
    size_t size;
} location;

static void pass_over(s3hls__xml *x, const char *name) {
    (void)x;
    (void)name;
}

static void end_location(s3hls__xml *x, const char *name) {
    location *l = (location *)x;
    (void)name;
    if (x->depth != 1)
        return;
    const char *region = !x->text[0]                  ? "us-east-1"
                         : strcmp(x->text, "EU") == 0 ? "eu-west-1"
                                                      : x->text;
    snprintf(l->region, l->size, "%s", region);
}

int s3hls__s3_read_location(const char *xml, size_t size, char *region, size_t region_size) {
    location l = {.xml = {.root = "LocationConstraint", .begin = pass_over, .end = end_location},
                  .region = region,
                  .size = region_size};
    return s3hls__xml_read(&l.xml, xml, size);
}

int s3hls_s3_location(s3hls_s3 *client, char *region, size_t size, s3hls_s3_error *error) {
    s3hls__strbuf xml;
    if (!client || !region || !size)
        return S3HLS_E_INVALID;
    int rc = ask(client, "location", &xml, error);
    if (!rc)
        rc = s3hls__s3_read_location(xml.data, xml.size, region, size);
    s3hls__strbuf_deinit(&xml);
    return rc;
}

/* ---- lifecycle */

typedef struct lifecycle {
    s3hls__xml xml;
    const char *prefix;
    s3hls_s3_lifecycle *out;
    /* the rule at hand */
    bool expires, enabled, covers, conditional;
    uint32_t days;
} lifecycle;

static void begin_lifecycle(s3hls__xml *x, const char *name) {
    lifecycle *l = (lifecycle *)x;
    if (x->depth == 2) { /* Rule: without a prefix it covers all */
        l->expires = l->enabled = l->conditional = false;
        l->covers = true;
        l->days = 0;
    } else if (x->depth == 3) {
        l->expires = strcmp(name, "Expiration") == 0; /* not Transition, which has Days too */
    }
}

static void end_lifecycle_rule(lifecycle *l) {
    if (!l->enabled || !l->covers || l->days == 0)
        return;
    if (l->conditional)
        l->out->conditional++;
    else if (!l->out->expire_days || l->days < l->out->expire_days)
        l->out->expire_days = l->days;
}

static void end_lifecycle(s3hls__xml *x, const char *name) {
    lifecycle *l = (lifecycle *)x;
    if (x->depth == 2)
        end_lifecycle_rule(l);
    else if (strcmp(name, "Status") == 0)
        l->enabled = strcmp(x->text, "Enabled") == 0;
    else if (strcmp(name, "Prefix") == 0)
        l->covers = strncmp(l->prefix, x->text, x->text_size) == 0;
    else if (strcmp(name, "Tag") == 0 || strncmp(name, "ObjectSize", 10) == 0)
        l->conditional = true;
    else if (l->expires && strcmp(name, "Days") == 0)
        l->days = (uint32_t)strtoul(x->text, NULL, 10);
}

int s3hls__s3_read_lifecycle(const char *xml, size_t size, const char *prefix,
                             s3hls_s3_lifecycle *out) {
    lifecycle l = {
        .xml = {.root = "LifecycleConfiguration", .begin = begin_lifecycle, .end = end_lifecycle},
        .prefix = prefix,
        .out = out};
    memset(out, 0, sizeof *out);
    return s3hls__xml_read(&l.xml, xml, size);
}

int s3hls_s3_get_lifecycle(s3hls_s3 *client, const char *prefix, s3hls_s3_lifecycle *out,
                           s3hls_s3_error *error) {
    s3hls__strbuf xml;
    if (!client || !out)
        return S3HLS_E_INVALID;
    int rc = ask(client, "lifecycle", &xml, error);
    if (!rc)
        rc = s3hls__s3_read_lifecycle(xml.data, xml.size, prefix ? prefix : "", out);
    s3hls__strbuf_deinit(&xml);
    return rc;
}

/* ---- CORS */

typedef struct cors {
    s3hls__xml xml;
    const char *origin;
    s3hls_s3_cors *out;
    /* the rule at hand */
    bool origin_ok;
    s3hls_s3_cors allows;
} cors;

/* A pattern with at most one '*', as S3 takes them; headers whatever their case. */
static bool matches(const char *pattern, const char *text) {
    const char *star = strchr(pattern, '*');
    size_t size = strlen(text), before = star ? (size_t)(star - pattern) : 0;
    size_t after = star ? strlen(star + 1) : 0;
    if (!star)
        return strcasecmp(pattern, text) == 0;
    return size >= before + after && strncasecmp(pattern, text, before) == 0 &&
           strcasecmp(star + 1, text + size - after) == 0;
}

static void begin_cors(s3hls__xml *x, const char *name) {
    cors *c = (cors *)x;
    (void)name;
    if (x->depth == 2) {
        c->origin_ok = false;
        memset(&c->allows, 0, sizeof c->allows);
    }
}

/* Range and ETag are of use where the rule is the one that lets pages GET. */
static void end_cors_rule(cors *c) {
    if (!c->origin_ok)
        return;
    c->out->head |= c->allows.head;
    if (!c->allows.get)
        return;
    c->out->get = 1;
    c->out->range |= c->allows.range;
    c->out->etag |= c->allows.etag;
}

static void end_cors(s3hls__xml *x, const char *name) {
    cors *c = (cors *)x;
    if (x->depth == 2)
        end_cors_rule(c);
    else if (strcmp(name, "AllowedOrigin") == 0)
        c->origin_ok |= matches(x->text, c->origin);
    else if (strcmp(name, "AllowedMethod") == 0) {
        c->allows.get |= strcmp(x->text, "GET") == 0;
        c->allows.head |= strcmp(x->text, "HEAD") == 0;
    } else if (strcmp(name, "AllowedHeader") == 0)
        c->allows.range |= matches(x->text, "range");
    else if (strcmp(name, "ExposeHeader") == 0)
        c->allows.etag |= strcasecmp(x->text, "etag") == 0;
}

int s3hls__s3_read_cors(const char *xml, size_t size, const char *origin, s3hls_s3_cors *out) {
    cors c = {.xml = {.root = "CORSConfiguration", .begin = begin_cors, .end = end_cors},
              .origin = origin,
              .out = out};
    memset(out, 0, sizeof *out);
    return s3hls__xml_read(&c.xml, xml, size);
}

int s3hls_s3_get_cors(s3hls_s3 *client, const char *origin, s3hls_s3_cors *out,
                      s3hls_s3_error *error) {
    s3hls__strbuf xml;
    if (!client || !origin || !out)
        return S3HLS_E_INVALID;
    int rc = ask(client, "cors", &xml, error);
    if (!rc)
        rc = s3hls__s3_read_cors(xml.data, xml.size, origin, out);
    s3hls__strbuf_deinit(&xml);
    return rc;
}
