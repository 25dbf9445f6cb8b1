/* SPDX-License-Identifier: MIT-0 */
#include "s3/uri.h"
#include "store/backend.h"
#include <string.h>

typedef struct s3_store {
    s3hls_store base;
    s3hls__s3_client *client;
} s3_store;

static s3hls__s3_client *client_of(s3hls_store *store) {
    return ((s3_store *)store)->client;
}

static void start(s3hls_store *store, s3hls__op *op) {
    s3hls__s3_start(client_of(store), op);
}

static int url(s3hls_store *store, const char *key, uint32_t expires_s, char **out) {
    return s3hls__s3_client_presign(client_of(store), "GET", key, expires_s, out);
}

static int64_t clock_offset_s(const s3hls_store *store) {
    return s3hls__s3_client_clock_offset_s(((const s3_store *)store)->client);
}

static s3hls_credentials_provider *credentials(const s3hls_store *store) {
    return s3hls__s3_client_credentials(((const s3_store *)store)->client);
}

static void close_store(s3hls_store *store) {
    s3hls__s3_client_close(&((s3_store *)store)->client);
}

static void learn_from(s3hls_store *store, const s3hls_store *other) {
    s3hls__s3_client_share_habits(client_of(store), ((const s3_store *)other)->client);
}

enum { LONGEST_NAME = 100, PREFIX_MAX = S3HLS__KEY_BYTES_MAX - LONGEST_NAME };

/* Split "bucket[/prefix]". Slashes at both ends of the prefix are ignored; the result ends with
 * one, to precede the keys. */
static int split(const char *path, char bucket[64], char prefix[PREFIX_MAX + 2]) {
    size_t n = strcspn(path, "/");
    if (n > 63)
        return S3HLS_E_INVALID;
    memcpy(bucket, path, n);
    bucket[n] = 0;
    path += n + strspn(path + n, "/");
    size_t size = strlen(path);
    while (size && path[size - 1] == '/')
        size--;
    if (size > PREFIX_MAX || (size && !s3hls__uri_key_ok(path, size)))
        return S3HLS_E_INVALID;
    memcpy(prefix, path, size);
    if (size)
        prefix[size++] = '/';
    prefix[size] = 0;
    return S3HLS_OK;
}

int s3hls__store_open_s3(s3hls_store **out, const char *path, s3hls__http *http,
                         const s3hls_s3_options *options, const s3hls_env *env) {
    static const s3hls__store_calls calls = {start,          url,         close_store,
                                             clock_offset_s, credentials, learn_from};
    char bucket[64], prefix[PREFIX_MAX + 2];
    int rc = split(path, bucket, prefix);
    if (rc) {
        s3hls__log(env, S3HLS_LOG_ERROR, "store", "s3://%.200s: bucket or prefix is malformed",
                   path);
        return rc;
    }
    s3_store *s = s3hls__env_alloc(env, sizeof *s);
    if (!s)
        return S3HLS_E_NOMEM;
    s->base.calls = &calls;
    s->base.env = *env;
    s->base.http = http;
    rc = s3hls__s3_client_open(&s->client, http, bucket, prefix, options, env);
    if (rc) {
        s3hls__env_free(env, s);
        return rc;
    }
    *out = &s->base;
    return S3HLS_OK;
}
