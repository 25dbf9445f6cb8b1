/* SPDX-License-Identifier: MIT-0 */
/* Blocking calls of s3hls/s3.h. Each runs one operation on a transport of its own. */
#include "s3/simple.h"
#include "s3/run.h"
#include <string.h>

struct s3hls_s3 {
    s3hls_env env;
    s3hls__http *http;
    s3hls__s3_client *client;
};

int s3hls_s3_open(s3hls_s3 **out, const char *bucket, const s3hls_s3_options *options,
                  const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls_s3 *s3 = s3hls__env_alloc(&e, sizeof *s3);
    if (!s3)
        return S3HLS_E_NOMEM;
    s3->env = e;
    int rc = s3hls__http_open(&s3->http, &e);
    if (!rc)
        rc = s3hls__s3_client_open(&s3->client, s3->http, bucket, NULL, options, &e);
    if (rc)
        s3hls_s3_close(&s3);
    *out = s3;
    return rc;
}

void s3hls_s3_close(s3hls_s3 **client) {
    s3hls_s3 *s3 = client ? *client : NULL;
    if (!s3)
        return;
    s3hls_env env = s3->env;
    s3hls__s3_client_close(&s3->client);
    s3hls__http_close(&s3->http);
    s3hls__env_free(&env, s3);
    *client = NULL;
}

static void start(void *ctx, s3hls__op *op) {
    s3hls__s3_start(((s3hls_s3 *)ctx)->client, op);
}

int s3hls__s3_run(s3hls_s3 *client, s3hls__op *op, s3hls_s3_error *error) {
    int rc = client ? op->result.status : S3HLS_E_INVALID;
    if (!rc) {
        s3hls__runner runner = {client->http, s3hls__s3_client_credentials(client->client), start,
                                client};
        rc = s3hls__run(&runner, op);
    }
    op->result.status = rc;
    if (error)
        *error = op->result;
    return rc;
}

const s3hls_env *s3hls__s3_env(const s3hls_s3 *client) {
    return &client->env;
}

int s3hls_s3_put(s3hls_s3 *client, const char *key, const s3hls_span *spans, size_t span_count,
                 const s3hls_s3_put_options *options, s3hls_s3_error *error) {
    s3hls__span_body body = {spans, span_count};
    s3hls__op op = s3hls__op_put(key, &body, options);
    return s3hls__s3_run(client, &op, error);
}

int s3hls_s3_get(s3hls_s3 *client, const char *key, uint64_t first, uint64_t last,
                 s3hls_s3_data_fn on_data, void *ctx, s3hls_s3_error *error) {
    s3hls__op op = s3hls__op_get(key, first, last, on_data, ctx);
    return s3hls__s3_run(client, &op, error);
}

static int copy_object(void *ctx, const s3hls_s3_object *object) {
    s3hls_s3_object *out = ctx;
    *out = *object;
    out->key = out->etag = NULL;
    return 0;
}

int s3hls_s3_head(s3hls_s3 *client, const char *key, s3hls_s3_object *object,
                  s3hls_s3_error *error) {
    s3hls__op op = s3hls__op_head(object ? key : NULL, copy_object, object);
    return s3hls__s3_run(client, &op, error);
}

int s3hls_s3_remove(s3hls_s3 *client, const char *key, s3hls_s3_error *error) {
    s3hls__op op = s3hls__op_remove(key);
    return s3hls__s3_run(client, &op, error);
}

int s3hls_s3_presign(s3hls_s3 *client, const char *method, const char *key, uint32_t expires_s,
                     char **url) {
    if (!client || !method || !key || !url)
        return S3HLS_E_INVALID;
    int rc = s3hls__run_wait(s3hls__s3_client_credentials(client->client));
    return rc ? rc : s3hls__s3_client_presign(client->client, method, key, expires_s, url);
}
