/* SPDX-License-Identifier: MIT-0 */
#include "s3/list.h"
#include "base/date.h"
#include "s3/listing.h"
#include "s3/simple.h"
#include "s3/xml.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Parser state of one page. Elements below depth 3 are ignored. */
typedef struct page {
    s3hls__xml xml;
    s3hls__op *op;
    char *token;
    bool encoded; /* keys are percent-encoded: some servers ignore encoding-type */
    bool in_contents, in_folders, truncated;
    char key[S3HLS__XML_TEXT_BYTES], etag[64];
    uint64_t size;
    int64_t modified_unix_s;
} page;

static void begin_element(s3hls__xml *x, const char *name) {
    page *p = (page *)x;
    if (x->depth == 2) {
        p->in_contents = strcmp(name, "Contents") == 0;
        p->in_folders = strcmp(name, "CommonPrefixes") == 0;
        p->key[0] = p->etag[0] = 0;
        p->size = 0;
        p->modified_unix_s = 0;
    }
}

static bool parse_size(const char *text, uint64_t *size) {
    char *end;
    errno = 0;
    *size = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == 0 && errno == 0;
}

/* Parse "2009-10-12T17:50:30.000Z". @return UNIX seconds; 0: malformed */
static int64_t parse_time(const char *text) {
    int64_t us;
    return s3hls__date_parse(text, &us) ? us / 1000000 : 0;
}

static void report(page *p) {
    if (!p->key[0] || (p->encoded && s3hls__uri_decode(p->key, strlen(p->key)) < 0)) {
        s3hls__xml_stop(&p->xml, S3HLS_E_PROTOCOL);
        return;
    }
    if (strlen(p->key) <= p->op->transport.prefix_size) /* a folder marker: the prefix itself */
        return;
    s3hls_s3_object object = {p->key + p->op->transport.prefix_size, p->size, p->modified_unix_s,
                              p->etag};
    if (p->op->request.on_object(p->op->request.sink_ctx, &object))
        s3hls__xml_stop(&p->xml, S3HLS_E_CANCELLED);
}

static void read_object_element(page *p, const char *name) {
    if (strcmp(name, p->in_folders ? "Prefix" : "Key") == 0) {
        memcpy(p->key, p->xml.text, p->xml.text_size + 1);
    } else if (strcmp(name, "Size") == 0) {
        if (!parse_size(p->xml.text, &p->size))
            s3hls__xml_stop(&p->xml, S3HLS_E_PROTOCOL);
    } else if (strcmp(name, "LastModified") == 0) {
        p->modified_unix_s = parse_time(p->xml.text);
    } else if (strcmp(name, "ETag") == 0) {
        size_t out = 0;
        for (size_t i = 0; i < p->xml.text_size && out + 1 < sizeof p->etag; i++)
            if (p->xml.text[i] != '"')
                p->etag[out++] = p->xml.text[i];
        p->etag[out] = 0;
    }
}

static void read_page_element(page *p, const char *name) {
    if (p->in_contents || p->in_folders) {
        report(p);
        p->in_contents = p->in_folders = false;
    } else if (strcmp(name, "IsTruncated") == 0) {
        p->truncated = strcmp(p->xml.text, "true") == 0;
    } else if (strcmp(name, "NextContinuationToken") == 0) {
        if (p->xml.text_size >= S3HLS__LIST_TOKEN_BYTES)
            s3hls__xml_stop(&p->xml, S3HLS_E_PROTOCOL);
        else
            memcpy(p->token, p->xml.text, p->xml.text_size + 1);
    }
}

static void end_element(s3hls__xml *x, const char *name) {
    page *p = (page *)x;
    if (x->depth == 3 && (p->in_contents || p->in_folders))
        read_object_element(p, name);
    else if (x->depth == 2)
        read_page_element(p, name);
}

int s3hls__s3_list_page(s3hls__op *op, const char *xml, size_t size, char *token, bool *more) {
    page p;
    memset(&p, 0, sizeof p);
    p.xml.root = "ListBucketResult";
    p.xml.begin = begin_element;
    p.xml.end = end_element;
    p.op = op;
    p.token = token;
    /* MinIO writes EncodingType after the keys: search for it before parsing (text cannot contain a
     * literal '<') */
    static const char encoded[] = "<EncodingType>url</EncodingType>";
    p.encoded = memmem(xml, size, encoded, sizeof encoded - 1) != NULL;
    token[0] = 0;
    *more = false;
    int rc = s3hls__xml_read(&p.xml, xml, size);
    if (rc)
        return rc;
    *more = p.truncated;
    if (!p.truncated)
        token[0] = 0;
    return S3HLS_OK;
}

int s3hls_s3_list(s3hls_s3 *client, const char *prefix, const char *start_after,
                  s3hls_s3_list_fn on_object, void *ctx, s3hls_s3_error *error) {
    s3hls__op op = s3hls__op_list(prefix, start_after, on_object, ctx, &s3hls__s3_lister);
    return s3hls__s3_run(client, &op, error);
}

/* ---- one page by itself */

/* A listing of one page, in place of s3hls__listing. */
typedef struct single {
    const s3hls_env *env;
    s3hls__op *op;
    s3hls__list_ask ask;
} single;

static int open_single(s3hls__listing **out, s3hls__op *op, s3hls__list_habits *habits,
                       const s3hls_env *env) {
    const s3hls_s3_page *one = op->request.user_page;
    (void)habits;
    *out = NULL;
    if ((one->token && strlen(one->token) >= S3HLS__LIST_TOKEN_BYTES) ||
        (one->start_after && strlen(one->start_after) >= S3HLS__LIST_KEY_BYTES))
        return S3HLS_E_INVALID;
    single *s = s3hls__env_alloc(env, sizeof *s);
    if (!s)
        return S3HLS_E_NOMEM;
    s->env = env;
    s->op = op;
    strcpy(s->ask.token, one->token ? one->token : "");
    strcpy(s->ask.start_after, one->start_after ? one->start_after : "");
    *out = (s3hls__listing *)s;
    return S3HLS_OK;
}

static const s3hls__list_ask *ask_single(const s3hls__listing *listing) {
    return &((const single *)listing)->ask;
}

static int read_single(s3hls__listing *listing, const char *xml, size_t size, bool *more) {
    s3hls__op *op = ((single *)listing)->op;
    s3hls_s3_page *one = op->request.user_page;
    bool truncated;
    *more = false;
    op->transport.partly_reported = true;
    int rc = s3hls__s3_list_page(op, xml, size, one->next_token, &truncated);
    one->truncated = rc == S3HLS_OK && truncated;
    return rc;
}

static bool ask_no_more(s3hls__listing *listing) {
    (void)listing;
    return false;
}

static void close_single(s3hls__listing **listing) {
    if (*listing)
        s3hls__env_free(((single *)*listing)->env, *listing);
    *listing = NULL;
}

int s3hls_s3_list_page(s3hls_s3 *client, s3hls_s3_page *one, s3hls_s3_list_fn on_object, void *ctx,
                       s3hls_s3_error *error) {
    static const s3hls__lister lister = {open_single, ask_single, read_single, ask_no_more,
                                         close_single};
    if (!one)
        return S3HLS_E_INVALID;
    s3hls__op op = s3hls__op_list(one->prefix, NULL, on_object, ctx, &lister);
    op.request.page_keys = one->max_keys;
    op.request.user_page = one;
    one->truncated = 0;
    one->next_token[0] = 0;
    return s3hls__s3_run(client, &op, error);
}
