/* SPDX-License-Identifier: MIT-0 */
#include "s3/run.h"
#include "s3/uri.h"
#include "store/backend.h"
#include <string.h>

int s3hls__store_open(s3hls_store **out, const char *url, s3hls__http *http,
                      const s3hls_s3_options *options, const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    bool own_http = http == NULL;
    *out = NULL;
    if (!url)
        return S3HLS_E_INVALID;
    bool s3 = strncmp(url, "s3://", 5) == 0;
    if (!s3 && strncmp(url, "file:///", 8) != 0) {
        s3hls__log(&e, S3HLS_LOG_ERROR, "store",
                   "%.200s: not a store's URL: s3://bucket/prefix or file:///directory", url);
        return S3HLS_E_INVALID;
    }
    int rc = own_http ? s3hls__http_open(&http, &e) : S3HLS_OK;
    if (rc)
        return rc;
    rc = s3 ? s3hls__store_open_s3(out, url + 5, http, options, &e)
            : s3hls__store_open_directory(out, url + 7, http, options, &e);
    if (rc && own_http)
        s3hls__http_close(&http);
    if (!rc)
        (*out)->own_http = own_http;
    return rc;
}

int s3hls_store_open(s3hls_store **out, const char *url, const s3hls_s3_options *options,
                     const s3hls_env *env) {
    return out ? s3hls__store_open(out, url, NULL, options, env) : S3HLS_E_INVALID;
}

int s3hls_store_open_beside(s3hls_store **out, const char *url, s3hls_store *other,
                            const s3hls_s3_options *options) {
    s3hls_s3_options o = {0};
    if (!out || !other)
        return S3HLS_E_INVALID;
    if (options)
        o = *options;
    if (!o.credentials)
        o.credentials = s3hls__store_credentials(other);
    int rc = s3hls__store_open(out, url, other->http, &o, &other->env);
    if (!rc && (*out)->calls == other->calls && other->calls->learn_from)
        other->calls->learn_from(*out, other);
    return rc;
}

void s3hls_store_close(s3hls_store **store) {
    s3hls_store *s = store ? *store : NULL;
    if (!s)
        return;
    s3hls_env env = s->env;
    s3hls__http *http = s->own_http ? s->http : NULL;
    s->calls->close(s);
    s3hls__env_free(&env, s);
    s3hls__http_close(&http);
    *store = NULL;
}

void s3hls__store_start(s3hls_store *store, s3hls__op *op) {
    memset(&op->result, 0, sizeof op->result);
    if (op->request.kind != S3HLS__OP_LIST &&
        !s3hls__uri_key_ok(op->request.key, strlen(op->request.key))) {
        op->result.status = S3HLS_E_INVALID;
        strcpy(op->result.message, "key is malformed: 1 to 1,024 bytes of UTF-8, no control "
                                   "characters, no . or .. between slashes");
        s3hls__http_post(store->http, op);
        return;
    }
    store->calls->start(store, op);
}

int64_t s3hls__store_clock_offset_s(const s3hls_store *store) {
    return store->calls->clock_offset_s ? store->calls->clock_offset_s(store) : 0;
}

s3hls_credentials_provider *s3hls__store_credentials(const s3hls_store *store) {
    return store->calls->credentials ? store->calls->credentials(store) : NULL;
}

s3hls__http *s3hls__store_http(s3hls_store *store) {
    return store->http;
}

const s3hls_env *s3hls__store_env(const s3hls_store *store) {
    return &store->env;
}

void s3hls_store_on_list(s3hls_store *store, void (*on_list)(void *ctx), void *ctx) {
    if (store)
        s3hls__http_on_list(store->http, on_list, ctx);
}

/* ---- the blocking calls */

static void start(void *ctx, s3hls__op *op) {
    s3hls__store_start(ctx, op);
}

int s3hls__store_run(s3hls_store *store, s3hls__op *op, s3hls_s3_error *error) {
    int rc = store ? op->result.status : S3HLS_E_INVALID;
    if (!rc) {
        s3hls__runner runner = {store->http, s3hls__store_credentials(store), start, store};
        rc = s3hls__run(&runner, op);
    }
    op->result.status = rc;
    if (error)
        *error = op->result;
    return rc;
}

int s3hls_store_put(s3hls_store *store, const char *key, const s3hls_span *spans, size_t span_count,
                    const s3hls_s3_put_options *options, s3hls_s3_error *error) {
    s3hls__span_body body = {spans, span_count};
    s3hls__op op = s3hls__op_put(key, &body, options);
    return s3hls__store_run(store, &op, error);
}

int s3hls_store_get(s3hls_store *store, const char *key, uint64_t first, uint64_t last,
                    s3hls_s3_data_fn on_data, void *ctx, s3hls_s3_error *error) {
    s3hls__op op = s3hls__op_get(key, first, last, on_data, ctx);
    return s3hls__store_run(store, &op, error);
}

int s3hls_store_remove(s3hls_store *store, const char *key, s3hls_s3_error *error) {
    s3hls__op op = s3hls__op_remove(key);
    return s3hls__store_run(store, &op, error);
}

int s3hls_store_url(s3hls_store *store, const char *key, uint32_t expires_s, char **url) {
    if (!store || !key || !url || !s3hls__uri_key_ok(key, strlen(key)))
        return S3HLS_E_INVALID;
    int rc = s3hls__run_wait(s3hls__store_credentials(store));
    return rc ? rc : store->calls->url(store, key, expires_s, url);
}
