/* SPDX-License-Identifier: MIT-0 */
#include "s3/credentials.h"
#include "base/env.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct s3hls_credentials_provider {
    s3hls_env env;
    _Atomic int references;
    pthread_mutex_t lock;
    s3hls__keys keys; /* under lock */
};

/* ---- keys */

static bool copy_key(char *to, size_t max, const char *from, bool required) {
    size_t n = from ? strlen(from) : 0;
    if (n > max || (required && n == 0))
        return false;
    for (size_t i = 0; i < n; i++)
        if (from[i] <= 0x20 || from[i] >= 0x7f)
            return false;
    memcpy(to, from ? from : "", n + 1);
    return true;
}

static int copy_keys(s3hls__keys *to, const s3hls_credentials *from) {
    memset(to, 0, sizeof *to);
    if (!from || !copy_key(to->access_key_id, S3HLS_ACCESS_KEY_MAX, from->access_key_id, true) ||
        !copy_key(to->secret_access_key, S3HLS_SECRET_KEY_MAX, from->secret_access_key, true) ||
        !copy_key(to->session_token, S3HLS_SESSION_TOKEN_MAX, from->session_token, false)) {
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

int s3hls_credentials_open_static(s3hls_credentials_provider **out, const s3hls_credentials *keys,
                                  const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls_credentials_provider *p = s3hls__env_alloc(&e, sizeof *p);
    if (!p)
        return S3HLS_E_NOMEM;
    p->env = e;
    int rc = copy_keys(&p->keys, keys);
    if (rc) {
        s3hls__env_free(&e, p);
        return rc;
    }
    atomic_init(&p->references, 1);
    pthread_mutex_init(&p->lock, NULL);
    *out = p;
    return S3HLS_OK;
}

int s3hls_credentials_set(s3hls_credentials_provider *provider, const s3hls_credentials *keys) {
    s3hls__keys copy;
    int rc = provider ? copy_keys(&copy, keys) : S3HLS_E_INVALID;
    if (rc)
        return rc;
    pthread_mutex_lock(&provider->lock);
    provider->keys = copy;
    pthread_mutex_unlock(&provider->lock);
    s3hls__keys_wipe(&copy);
    return S3HLS_OK;
}

void s3hls__credentials_get(s3hls_credentials_provider *provider, s3hls__keys *keys) {
    pthread_mutex_lock(&provider->lock);
    *keys = provider->keys;
    pthread_mutex_unlock(&provider->lock);
}

int s3hls_credentials_describe(s3hls_credentials_provider *provider, s3hls_credentials_info *info) {
    s3hls__keys keys;
    if (!provider || !info)
        return S3HLS_E_INVALID;
    s3hls__credentials_get(provider, &keys);
    strcpy(info->access_key_id, keys.access_key_id);
    info->temporary = keys.session_token[0] != 0;
    info->expires_unix_s = keys.expires_unix_s;
    s3hls__keys_wipe(&keys);
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
    s3hls_env env = p->env;
    pthread_mutex_destroy(&p->lock);
    s3hls__keys_wipe(&p->keys);
    s3hls__env_free(&env, p);
}

/* ---- environment */

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

int s3hls_credentials_open_environment(s3hls_credentials_provider **out, const s3hls_env *env) {
    s3hls_credentials keys = {variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                              variable("AWS_SESSION_TOKEN"), 0};
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    if (!keys.access_key_id || !keys.secret_access_key)
        return S3HLS_E_CREDENTIALS;
    return s3hls_credentials_open_static(out, &keys, env);
}

/* ---- shared credentials file */

enum { LINE_MAX_BYTES = S3HLS_SESSION_TOKEN_MAX + 128 };

static char *trimmed(char *s) {
    s += strspn(s, " \t\r\n");
    size_t n = strlen(s);
    while (n && strchr(" \t\r\n", s[n - 1]))
        s[--n] = 0;
    return s;
}

/* "[default]" or "[profile default]". */
static bool is_section(char *line, const char *profile) {
    size_t n = strlen(line);
    if (n < 2 || line[n - 1] != ']')
        return false;
    line[n - 1] = 0;
    char *name = trimmed(line + 1);
    if (strncmp(name, "profile ", 8) == 0)
        name = trimmed(name + 8);
    return strcmp(name, profile) == 0;
}

/* "name = value", or "name = value # comment". @return false: a key that cannot be one */
static bool read_setting(char *line, s3hls__keys *keys) {
    char *equals = strchr(line, '=');
    if (!equals)
        return true;
    *equals = 0;
    const char *name = trimmed(line);
    char *value = trimmed(equals + 1);
    for (char *c = value; *c; c++)
        if ((c[0] == ' ' || c[0] == '\t') && (c[1] == '#' || c[1] == ';')) {
            *c = 0;
            break;
        }
    value = trimmed(value);
    if (strcmp(name, "aws_access_key_id") == 0)
        return copy_key(keys->access_key_id, S3HLS_ACCESS_KEY_MAX, value, false);
    if (strcmp(name, "aws_secret_access_key") == 0)
        return copy_key(keys->secret_access_key, S3HLS_SECRET_KEY_MAX, value, false);
    if (strcmp(name, "aws_session_token") == 0)
        return copy_key(keys->session_token, S3HLS_SESSION_TOKEN_MAX, value, false);
    return true;
}

/* @return S3HLS_OK; S3HLS_E_INVALID: a key of the profile is none; S3HLS_E_IO */
static int read_profile(FILE *file, const char *profile, s3hls__keys *keys) {
    char buffer[4096], line[LINE_MAX_BYTES];
    bool inside = false, whole = true, valid = true;
    memset(keys, 0, sizeof *keys);
    setvbuf(file, buffer, _IOFBF, sizeof buffer); /* ours, so that it can be wiped */
    while (fgets(line, sizeof line, file)) {
        bool tail = !whole; /* of a line longer than any key */
        whole = strchr(line, '\n') || feof(file);
        char *text = trimmed(line);
        if (tail || text[0] == '#' || text[0] == ';' || text[0] == 0)
            continue;
        if (text[0] == '[')
            inside = is_section(text, profile);
        else if (inside)
            valid &= read_setting(text, keys);
    }
    int rc = ferror(file) ? S3HLS_E_IO : valid ? S3HLS_OK : S3HLS_E_INVALID;
    fclose(file);
    OPENSSL_cleanse(buffer, sizeof buffer);
    OPENSSL_cleanse(line, sizeof line);
    return rc;
}

static int profile_path(const char *given, char path[4096]) {
    const char *file = given ? given : variable("AWS_SHARED_CREDENTIALS_FILE");
    const char *home = variable("HOME");
    if (!file && !home)
        return S3HLS_E_NOT_FOUND;
    int n =
        file ? snprintf(path, 4096, "%s", file) : snprintf(path, 4096, "%s/.aws/credentials", home);
    return n < 4096 ? S3HLS_OK : S3HLS_E_INVALID;
}

int s3hls_credentials_open_profile(s3hls_credentials_provider **out, const char *path,
                                   const char *profile, const s3hls_env *env) {
    char name[4096];
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    int rc = profile_path(path, name);
    if (rc)
        return rc;
    if (!profile)
        profile = variable("AWS_PROFILE") ? variable("AWS_PROFILE") : "default";
    FILE *file = fopen(name, "re");
    if (!file)
        return errno == ENOENT || errno == ENOTDIR ? S3HLS_E_NOT_FOUND : S3HLS_E_IO;
    s3hls__keys keys;
    rc = read_profile(file, profile, &keys);
    if (rc == S3HLS_OK && !(keys.access_key_id[0] && keys.secret_access_key[0]))
        rc = S3HLS_E_CREDENTIALS;
    if (rc == S3HLS_OK) {
        s3hls_credentials view = s3hls__keys_view(&keys);
        rc = s3hls_credentials_open_static(out, &view, env);
    }
    s3hls__keys_wipe(&keys);
    return rc;
}

int s3hls_credentials_open_default(s3hls_credentials_provider **out, const s3hls_env *env) {
    int rc = s3hls_credentials_open_environment(out, env);
    if (rc == S3HLS_E_CREDENTIALS)
        rc = s3hls_credentials_open_profile(out, NULL, NULL, env);
    return rc == S3HLS_E_NOT_FOUND ? S3HLS_E_CREDENTIALS : rc;
}
