/* SPDX-License-Identifier: MIT-0 */
#include "s3/list.h"
#include "s3/simple.h"
#include "s3/uri.h"
#include <errno.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXT_MAX_BYTES = 3 * S3HLS__KEY_BYTES_MAX + 1 };

/* What is being read; elements beyond depth 3 are none of ours. */
typedef struct page {
    XML_Parser parser;
    s3hls__op *op;
    char *token;
    int status;
    unsigned depth;
    bool encoded; /* keys are percent-encoded: not every server heeds encoding-type */
    bool root_seen, in_contents, truncated;
    char text[TEXT_MAX_BYTES];
    size_t text_size;
    char key[TEXT_MAX_BYTES], etag[64];
    uint64_t size;
    int64_t modified_unix_s;
} page;

static void stop(page *p, int status) {
    if (!p->status)
        p->status = status;
    XML_StopParser(p->parser, XML_FALSE);
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **attributes) {
    page *p = ctx;
    (void)attributes;
    p->depth++;
    p->text_size = 0;
    if (p->depth == 1 && strcmp(name, "ListBucketResult") != 0)
        stop(p, S3HLS_E_PROTOCOL);
    p->root_seen = true;
    if (p->depth == 2 && strcmp(name, "Contents") == 0) {
        p->in_contents = true;
        p->key[0] = p->etag[0] = 0;
        p->size = 0;
        p->modified_unix_s = 0;
    }
}

static void on_text(void *ctx, const XML_Char *text, int size) {
    page *p = ctx;
    if ((size_t)size >= sizeof p->text - p->text_size) {
        stop(p, S3HLS_E_PROTOCOL);
        return;
    }
    memcpy(p->text + p->text_size, text, (size_t)size);
    p->text_size += (size_t)size;
}

static bool parse_size(const char *text, uint64_t *size) {
    char *end;
    errno = 0;
    *size = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == 0 && errno == 0;
}

/* "2009-10-12T17:50:30.000Z" */
static int64_t parse_time(const char *text) {
    struct tm tm;
    memset(&tm, 0, sizeof tm);
    return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? timegm(&tm) : 0;
}

static void report(page *p) {
    if (!p->key[0] || (p->encoded && s3hls__uri_decode(p->key, strlen(p->key)) < 0)) {
        stop(p, S3HLS_E_PROTOCOL);
        return;
    }
    if (strlen(p->key) <= p->op->prefix_size) /* a marker of the prefix itself */
        return;
    s3hls_s3_object object = {p->key + p->op->prefix_size, p->size, p->modified_unix_s, p->etag};
    if (p->op->on_object(p->op->sink_ctx, &object))
        stop(p, S3HLS_E_CANCELLED);
}

static void read_object_element(page *p, const char *name) {
    if (strcmp(name, "Key") == 0) {
        memcpy(p->key, p->text, p->text_size + 1);
    } else if (strcmp(name, "Size") == 0) {
        if (!parse_size(p->text, &p->size))
            stop(p, S3HLS_E_PROTOCOL);
    } else if (strcmp(name, "LastModified") == 0) {
        p->modified_unix_s = parse_time(p->text);
    } else if (strcmp(name, "ETag") == 0) {
        size_t out = 0;
        for (size_t i = 0; i < p->text_size && out + 1 < sizeof p->etag; i++)
            if (p->text[i] != '"')
                p->etag[out++] = p->text[i];
        p->etag[out] = 0;
    }
}

static void read_page_element(page *p, const char *name) {
    if (strcmp(name, "Contents") == 0) {
        p->in_contents = false;
        report(p);
    } else if (strcmp(name, "IsTruncated") == 0) {
        p->truncated = strcmp(p->text, "true") == 0;
    } else if (strcmp(name, "NextContinuationToken") == 0) {
        if (p->text_size >= S3HLS__LIST_TOKEN_BYTES)
            stop(p, S3HLS_E_PROTOCOL);
        else
            memcpy(p->token, p->text, p->text_size + 1);
    }
}

static void on_end(void *ctx, const XML_Char *name) {
    page *p = ctx;
    p->text[p->text_size] = 0;
    if (p->depth == 3 && p->in_contents)
        read_object_element(p, name);
    else if (p->depth == 2)
        read_page_element(p, name);
    p->depth--;
    p->text_size = 0;
}

/* A listing declares no document type; what does would only be after entities that expand. */
static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                       const XML_Char *public_id, int internal) {
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)internal;
    stop(ctx, S3HLS_E_PROTOCOL);
}

int s3hls__s3_list_page(s3hls__op *op, const char *xml, size_t size, char *token) {
    page p;
    memset(&p, 0, sizeof p);
    p.op = op;
    p.token = token;
    /* MinIO says so after the keys: looked for ahead of the parse ('<' stands for itself only) */
    static const char encoded[] = "<EncodingType>url</EncodingType>";
    p.encoded = memmem(xml, size, encoded, sizeof encoded - 1) != NULL;
    token[0] = 0;
    p.parser = XML_ParserCreate("UTF-8");
    if (!p.parser)
        return S3HLS_E_NOMEM;
    XML_SetUserData(p.parser, &p);
    XML_SetElementHandler(p.parser, on_start, on_end);
    XML_SetCharacterDataHandler(p.parser, on_text);
    XML_SetStartDoctypeDeclHandler(p.parser, on_doctype);
    bool whole = size <= INT32_MAX &&
                 XML_Parse(p.parser, xml, (int)size, XML_TRUE) == XML_STATUS_OK && p.root_seen;
    bool memory = XML_GetErrorCode(p.parser) == XML_ERROR_NO_MEMORY;
    XML_ParserFree(p.parser);
    if (p.status)
        return p.status;
    if (!whole)
        return memory ? S3HLS_E_NOMEM : S3HLS_E_PROTOCOL;
    if (!p.truncated)
        token[0] = 0;
    return p.truncated && !token[0] ? S3HLS_E_PROTOCOL : S3HLS_OK;
}

int s3hls_s3_list(s3hls_s3 *client, const char *prefix, const char *start_after,
                  s3hls_s3_list_fn on_object, void *ctx, s3hls_s3_error *error) {
    s3hls__op op = {.kind = S3HLS__OP_LIST,
                    .key = prefix ? prefix : "",
                    .start_after = start_after,
                    .on_object = on_object,
                    .sink_ctx = ctx,
                    .list_page = s3hls__s3_list_page};
    if (!client || !on_object)
        return S3HLS_E_INVALID;
    s3hls__s3_run(client, &op);
    if (error)
        *error = op.error;
    return op.error.status;
}
