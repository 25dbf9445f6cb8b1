/* SPDX-License-Identifier: MIT-0 */
#include "s3/bucket.h"
#include "base/strbuf.h"
#include "s3/crypto.h"
#include "s3/simple.h"
#include "s3/xml.h"
#include <expat.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SETTING_MAX_BYTES = 1 << 20 };

/* ---- asking */

/* On success, xml contains the response. The caller always frees it. */
static int ask(s3hls_s3 *client, const char *setting, s3hls__strbuf *xml, s3hls_s3_error *error) {
    s3hls__op op = {.request = {.kind = S3HLS__OP_SETTING,
                                .key = setting,
                                .on_data = s3hls__strbuf_collect,
                                .sink_ctx = xml}};
    s3hls__strbuf_init(xml, s3hls__s3_env(client), SETTING_MAX_BYTES);
    int rc = s3hls__s3_run(client, &op, NULL);
    if (xml->status)
        rc = op.result.status = xml->status;
    if (!rc && !xml->data)
        rc = op.result.status = S3HLS_E_PROTOCOL;
    if (error)
        *error = op.result;
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
    /* current rule */
    bool expires, enabled, covers, conditional;
    uint32_t days;
} lifecycle;

static void begin_lifecycle(s3hls__xml *x, const char *name) {
    lifecycle *l = (lifecycle *)x;
    if (x->depth == 2) { /* Rule: without a prefix it covers all keys */
        l->expires = l->enabled = l->conditional = false;
        l->covers = true;
        l->days = 0;
    } else if (x->depth == 3) {
        l->expires = strcmp(name, "Expiration") == 0; /* excludes Transition, which also has Days */
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
        l->days = (uint32_t)strtoull(x->text, NULL, 10);
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

/* ---- changing the lifecycle: other rules are copied unchanged */

enum { RULE_ID_MAX = 255 };

typedef struct change {
    s3hls__xml xml;
    const char *text; /* the configuration */
    const char *id;   /* id of the rule to leave out */
    s3hls__strbuf *out;
    size_t *rules;
    size_t begin; /* start of the current rule */
    bool ours;
} change;

static size_t offset_of(const s3hls__xml *x) {
    return (size_t)XML_GetCurrentByteIndex(x->parser);
}

static void begin_change(s3hls__xml *x, const char *name) {
    change *c = (change *)x;
    (void)name;
    if (x->depth == 2) {
        c->begin = offset_of(x);
        c->ours = false;
    }
}

static void end_change(s3hls__xml *x, const char *name) {
    change *c = (change *)x;
    if (x->depth == 3 && strcmp(name, "ID") == 0)
        c->ours = strcmp(x->text, c->id) == 0;
    if (x->depth != 2 || c->ours)
        return;
    size_t end = offset_of(x) + (size_t)XML_GetCurrentByteCount(x->parser);
    s3hls__strbuf_add(c->out, c->text + c->begin, end - c->begin);
    *c->rules += strcmp(name, "Rule") == 0;
}

static void add_escaped(s3hls__strbuf *b, const char *text) {
    for (; *text; text++) {
        if (strchr("&<>", *text))
            s3hls__strbuf_addf(b, "&#%d;", *text);
        else
            s3hls__strbuf_add_char(b, *text);
    }
}

static void add_rule(s3hls__strbuf *b, const char *id, const char *prefix, uint32_t days) {
    s3hls__strbuf_add_str(b, "<Rule><ID>");
    add_escaped(b, id);
    s3hls__strbuf_add_str(b, "</ID><Filter><Prefix>");
    add_escaped(b, prefix);
    s3hls__strbuf_addf(b,
                       "</Prefix></Filter><Status>Enabled</Status><Expiration><Days>%" PRIu32
                       "</Days></Expiration></Rule>",
                       days);
}

int s3hls__s3_change_lifecycle(const char *xml, size_t size, const char *prefix, uint32_t days,
                               s3hls__strbuf *out, size_t *rules) {
    char id[RULE_ID_MAX + 1];
    if (snprintf(id, sizeof id, "s3hls-%s", prefix) > RULE_ID_MAX)
        return S3HLS_E_TOO_LARGE;
    change c = {.xml = {.root = "LifecycleConfiguration", .begin = begin_change, .end = end_change},
                .text = xml,
                .id = id,
                .out = out,
                .rules = rules};
    *rules = 0;
    s3hls__strbuf_add_str(
        out, "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    int rc = xml ? s3hls__xml_read(&c.xml, xml, size) : S3HLS_OK;
    if (days) {
        add_rule(out, id, prefix, days);
        ++*rules;
    }
    s3hls__strbuf_add_str(out, "</LifecycleConfiguration>");
    return rc ? rc : out->status;
}

/* S3 requires the digest of a configuration. */
static void digest(const s3hls__strbuf *xml, char base64[32]) {
    uint8_t md5[S3HLS__MD5_BYTES];
    base64[0] = 0;
    if (s3hls__digest(S3HLS__MD5, xml->data, xml->size, md5))
        s3hls__to_base64(md5, sizeof md5, base64);
}

static int put_lifecycle(s3hls_s3 *client, const s3hls__strbuf *xml, s3hls_s3_error *error) {
    char md5[32];
    digest(xml, md5);
    s3hls_header header = {"content-md5", md5};
    s3hls_s3_put_options options = {
        .content_type = "application/xml", .headers = &header, .header_count = 1};
    s3hls_span span = {(const uint8_t *)xml->data, xml->size};
    s3hls__span_body body = {&span, 1};
    s3hls__op op = s3hls__op_put("", &body, &options);
    op.request.setting = "lifecycle";
    return s3hls__s3_run(client, &op, error);
}

static int remove_lifecycle(s3hls_s3 *client, s3hls_s3_error *error) {
    s3hls__op op = s3hls__op_remove("");
    op.request.setting = "lifecycle";
    return s3hls__s3_run(client, &op, error);
}

int s3hls_s3_set_lifecycle(s3hls_s3 *client, const char *prefix, uint32_t days,
                           s3hls_s3_error *error) {
    s3hls__strbuf before, after;
    s3hls_s3_error own;
    size_t rules;
    if (!client || !prefix)
        return S3HLS_E_INVALID;
    error = error ? error : &own;
    int rc = ask(client, "lifecycle", &before, error);
    bool none = rc == S3HLS_E_NOT_FOUND;
    s3hls__strbuf_init(&after, s3hls__s3_env(client), 2 * SETTING_MAX_BYTES);
    if (!rc || none)
        rc = s3hls__s3_change_lifecycle(none ? NULL : before.data, before.size, prefix, days,
                                        &after, &rules);
    if (!rc && rules)
        rc = put_lifecycle(client, &after, error);
    else if (!rc && !none)
        rc = remove_lifecycle(client, error);
    s3hls__strbuf_deinit(&before);
    s3hls__strbuf_deinit(&after);
    return rc;
}

/* ---- CORS */

typedef struct cors {
    s3hls__xml xml;
    const char *origin;
    s3hls_s3_cors *out;
    /* current rule */
    bool origin_ok;
    s3hls_s3_cors allows;
} cors;

/* Match a pattern with at most one '*', as S3 does; header names ignore case. */
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

/* Range and ETag are only relevant in the rule that allows the page's origin to GET. */
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
