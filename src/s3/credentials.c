/* SPDX-License-Identifier: MIT-0 */
#include "s3/credentials.h"
#include <openssl/crypto.h>
#include <string.h>

/* ---- keys */

bool s3hls__key_copy(char *to, size_t max, const char *from, bool required) {
    size_t n = from ? strlen(from) : 0;
    if (n > max || (required && n == 0))
        return false;
    for (size_t i = 0; i < n; i++)
        if (from[i] <= 0x20 || from[i] >= 0x7f)
            return false;
    memcpy(to, from ? from : "", n + 1);
    return true;
}

/* A fault is reported by the setting's name, without its value. */
static bool take_key(char *to, size_t max, const char *from, bool required, const char *name,
                     const s3hls_env *env) {
    if (s3hls__key_copy(to, max, from, required))
        return true;
    size_t size = from ? strlen(from) : 0;
    s3hls__log(env, S3HLS_LOG_ERROR, "s3", "the %s %s", name,
               size == 0    ? "is missing"
               : size > max ? "is too long"
                            : "holds a blank, a line end or another character that no key has");
    return false;
}

static int copy_keys(s3hls__keys *to, const s3hls_credentials *from, const s3hls_env *env) {
    memset(to, 0, sizeof *to);
    if (!from ||
        !take_key(to->access_key_id, S3HLS_ACCESS_KEY_MAX, from->access_key_id, true,
                  "access key ID", env) ||
        !take_key(to->secret_access_key, S3HLS_SECRET_KEY_MAX, from->secret_access_key, true,
                  "secret access key", env) ||
        !take_key(to->session_token, S3HLS_SESSION_TOKEN_MAX, from->session_token, false,
                  "session token", env)) {
        s3hls__keys_wipe(to);
        return S3HLS_E_INVALID;
    }
    to->expires_unix_s = from->expires_unix_s;
    return S3HLS_OK;
}

void s3hls__keys_wipe(s3hls__keys *keys) {
    OPENSSL_cleanse(keys, sizeof *keys);
}

s3hls_credentials s3hls__keys_view(const s3hls__keys *keys) {
    return (s3hls_credentials){keys->access_key_id, keys->secret_access_key, keys->session_token,
                               keys->expires_unix_s};
}

/* ---- the provider */

int s3hls__credentials_alloc(s3hls_credentials_provider **out, const char *source,
                             const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls_credentials_provider *p = s3hls__env_alloc(&e, sizeof *p);
    if (!p)
        return S3HLS_E_NOMEM;
    p->env = e;
    p->source = source;
    p->references = 1;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&p->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&p->lock, NULL);
    pthread_mutex_init(&p->watch_lock, NULL);
    pthread_cond_init(&p->told, NULL);
    *out = p;
    return S3HLS_OK;
}

int s3hls__credentials_open_fixed(s3hls_credentials_provider **out, const char *source,
                                  const s3hls_credentials *keys, const s3hls_env *env) {
    int rc = s3hls__credentials_alloc(out, source, env);
    if (rc == S3HLS_OK && (rc = s3hls_credentials_set(*out, keys)))
        s3hls_credentials_close(out);
    return rc;
}

int s3hls_credentials_open_static(s3hls_credentials_provider **out, const s3hls_credentials *keys,
                                  const s3hls_env *env) {
    return s3hls__credentials_open_fixed(out, "the program", keys, env);
}

int s3hls_credentials_set(s3hls_credentials_provider *provider, const s3hls_credentials *keys) {
    s3hls__keys copy;
    int rc = provider ? copy_keys(&copy, keys, &provider->env) : S3HLS_E_INVALID;
    if (rc)
        return rc;
    pthread_mutex_lock(&provider->lock);
    s3hls__credentials_take(provider, &copy, 0);
    pthread_mutex_unlock(&provider->lock);
    s3hls__keys_wipe(&copy);
    s3hls__credentials_tell(provider, S3HLS_OK);
    return S3HLS_OK;
}

int s3hls_credentials_describe(s3hls_credentials_provider *provider, s3hls_credentials_info *info) {
    if (!provider || !info)
        return S3HLS_E_INVALID;
    pthread_mutex_lock(&provider->lock);
    strcpy(info->access_key_id, provider->keys.access_key_id);
    info->source = provider->source;
    info->temporary = provider->keys.session_token[0] != 0;
    info->expires_unix_s = provider->keys.expires_unix_s;
    pthread_mutex_unlock(&provider->lock);
    return S3HLS_OK;
}

s3hls_credentials_provider *s3hls__credentials_retain(s3hls_credentials_provider *provider) {
    atomic_fetch_add(&provider->references, 1);
    return provider;
}

void s3hls_credentials_close(s3hls_credentials_provider **provider) {
    s3hls_credentials_provider *p = provider ? *provider : NULL;
    if (!p)
        return;
    *provider = NULL;
    if (atomic_fetch_sub(&p->references, 1) > 1)
        return;
    s3hls__credentials_stop(p);
    s3hls_env env = p->env;
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->watch_lock);
    pthread_cond_destroy(&p->told);
    s3hls__keys_wipe(&p->keys);
    s3hls__env_free(&env, p);
}
