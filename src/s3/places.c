/* SPDX-License-Identifier: MIT-0 */
/* Credentials from the environment, from a profile and from the default chain, and other settings
 * of environment and profile. */
#include "s3/credentials.h"
#include "s3/profile.h"
#include "s3hls/s3.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PATH_BYTES = 4096 };

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

/* ---- environment */

/* Value of a variable without the trailing line end that a file or a secret store left. */
static const char *trimmed_variable(const char *name, char *text, size_t size,
                                    const s3hls_env *env) {
    static const char blanks[] = " \t\r\n";
    const char *value = variable(name);
    if (!value)
        return NULL;
    const char *begin = value + strspn(value, blanks);
    size_t n = strlen(begin);
    while (n && strchr(blanks, begin[n - 1]))
        n--;
    if (n < strlen(value))
        s3hls__log(env, S3HLS_LOG_WARN, "s3",
                   "%s has blanks or a line end around its value: they are left out", name);
    if (n >= size)
        return value; /* too long: the caller rejects it */
    memcpy(text, begin, n);
    text[n] = 0;
    return text;
}

int s3hls_credentials_open_environment(s3hls_credentials_provider **out, const s3hls_env *env) {
    s3hls_env e = s3hls__env_resolve(env);
    s3hls__keys text;
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    s3hls_credentials keys = {
        trimmed_variable("AWS_ACCESS_KEY_ID", text.access_key_id, sizeof text.access_key_id, &e),
        trimmed_variable("AWS_SECRET_ACCESS_KEY", text.secret_access_key,
                         sizeof text.secret_access_key, &e),
        trimmed_variable("AWS_SESSION_TOKEN", text.session_token, sizeof text.session_token, &e),
        0};
    int rc = keys.access_key_id && keys.secret_access_key
                 ? s3hls__credentials_open_fixed(out, "the environment", &keys, env)
                 : S3HLS_E_CREDENTIALS;
    s3hls__keys_wipe(&text);
    return rc;
}

/* ---- profiles */

/* Path from "$variable", else "~/.aws/name". @return S3HLS_OK; S3HLS_E_NOT_FOUND: neither is known;
 * S3HLS_E_INVALID: too long. */
static int path_of(const char *name_of_variable, const char *name, char path[PATH_BYTES]) {
    const char *file = variable(name_of_variable), *home = variable("HOME");
    if (!file && !home)
        return S3HLS_E_NOT_FOUND;
    int n = file ? snprintf(path, PATH_BYTES, "%s", file)
                 : snprintf(path, PATH_BYTES, "%s/.aws/%s", home, name);
    return n < PATH_BYTES ? S3HLS_OK : S3HLS_E_INVALID;
}

static int credentials_path(char path[PATH_BYTES]) {
    return path_of("AWS_SHARED_CREDENTIALS_FILE", "credentials", path);
}

static int config_path(char path[PATH_BYTES]) {
    return path_of("AWS_CONFIG_FILE", "config", path);
}

static const char *profile_or_default(const char *profile) {
    if (profile)
        return profile;
    return variable("AWS_PROFILE") ? variable("AWS_PROFILE") : "default";
}

/* s3hls__setting_fn */
static bool take_key(void *ctx, const char *name, const char *value) {
    s3hls__keys *keys = ctx;
    if (strcasecmp(name, "aws_access_key_id") == 0)
        return s3hls__key_copy(keys->access_key_id, S3HLS_ACCESS_KEY_MAX, value, false);
    if (strcasecmp(name, "aws_secret_access_key") == 0)
        return s3hls__key_copy(keys->secret_access_key, S3HLS_SECRET_KEY_MAX, value, false);
    if (strcasecmp(name, "aws_session_token") == 0)
        return s3hls__key_copy(keys->session_token, S3HLS_SESSION_TOKEN_MAX, value, false);
    return true;
}

/* @return as s3hls__profile_read(); S3HLS_E_CREDENTIALS: no such profile, or a credential is
 * missing. */
static int read_keys(const char *path, const char *profile, s3hls__keys *keys) {
    memset(keys, 0, sizeof *keys);
    int rc = s3hls__profile_read(path, profile, take_key, keys);
    bool complete = keys->access_key_id[0] && keys->secret_access_key[0];
    return rc == S3HLS_OK && !complete ? S3HLS_E_CREDENTIALS : rc;
}

/* Path and profile of the credentials, so that they can be read again. */
typedef struct place {
    s3hls_env env;
    char *path, *profile;
} place;

static void close_place(void *ctx) {
    place *p = ctx;
    s3hls_env env = p->env;
    s3hls__env_free(&env, p->path);
    s3hls__env_free(&env, p->profile);
    s3hls__env_free(&env, p);
}

static int read_again(void *ctx, s3hls__keys *keys) {
    const place *p = ctx;
    return read_keys(p->path, p->profile, keys);
}

/* Record the path and profile in the provider, if one was opened. */
static int remember_place(s3hls_credentials_provider *provider, const char *path,
                          const char *profile) {
    const s3hls_env *env = &provider->env;
    place *p = s3hls__env_alloc(env, sizeof *p);
    if (!p)
        return S3HLS_E_NOMEM;
    p->env = *env;
    p->path = s3hls__env_strdup(env, path);
    p->profile = s3hls__env_strdup(env, profile);
    provider->fetcher = (s3hls__fetcher){.ctx = p, .read_again = read_again, .close = close_place};
    return p->path && p->profile ? S3HLS_OK : S3HLS_E_NOMEM;
}

static int open_file(s3hls_credentials_provider **out, const char *path, const char *profile,
                     const s3hls_env *env) {
    s3hls__keys keys;
    int rc = read_keys(path, profile, &keys);
    if (rc == S3HLS_OK) {
        s3hls_credentials view = s3hls__keys_view(&keys);
        rc = s3hls__credentials_open_fixed(out, "the credentials file", &view, env);
    }
    s3hls__keys_wipe(&keys);
    if (rc == S3HLS_OK && (rc = remember_place(*out, path, profile)))
        s3hls_credentials_close(out);
    return rc;
}

int s3hls_credentials_open_profile(s3hls_credentials_provider **out, const char *path,
                                   const char *profile, const s3hls_env *env) {
    char usual[PATH_BYTES];
    if (!out)
        return S3HLS_E_INVALID;
    *out = NULL;
    profile = profile_or_default(profile);
    if (path)
        return open_file(out, path, profile, env);
    int rc = credentials_path(usual);
    if (!rc)
        rc = open_file(out, usual, profile, env);
    if ((rc != S3HLS_E_NOT_FOUND && rc != S3HLS_E_CREDENTIALS) || config_path(usual))
        return rc;
    int other = open_file(out, usual, profile, env);
    return other == S3HLS_E_NOT_FOUND ? rc : other;
}

/* ---- the usual chain */

int s3hls_credentials_open_default(s3hls_credentials_provider **out, const s3hls_env *env) {
    int rc = s3hls_credentials_open_environment(out, env);
    if (rc == S3HLS_E_CREDENTIALS)
        rc = s3hls_credentials_open_profile(out, NULL, NULL, env);
    if (rc != S3HLS_E_CREDENTIALS && rc != S3HLS_E_NOT_FOUND)
        return rc;
    rc = s3hls__credentials_open_machine(out, env);
    return rc == S3HLS_E_UNSUPPORTED || rc == S3HLS_E_NOT_FOUND ? S3HLS_E_CREDENTIALS : rc;
}

/* ---- checksums */

/* s3hls__setting_fn */
static bool take_checksum(void *ctx, const char *name, const char *value) {
    char *text = ctx;
    if (strcasecmp(name, "request_checksum_calculation") == 0)
        snprintf(text, 32, "%s", value);
    return true;
}

int s3hls_s3_checksum_configured(const char *profile, s3hls_checksum *out) {
    static int (*const paths[])(char path[PATH_BYTES]) = {config_path, credentials_path};
    const char *value = variable("AWS_REQUEST_CHECKSUM_CALCULATION");
    char text[32] = "", path[PATH_BYTES];
    if (!out)
        return S3HLS_E_INVALID;
    *out = S3HLS_CHECKSUM_AUTO;
    for (size_t i = 0; i < 2 && !value; i++)
        if (paths[i](path) == S3HLS_OK)
            s3hls__profile_read(path, profile_or_default(profile), take_checksum, text);
    value = value ? value : text;
    bool required = strcasecmp(value, "when_required") == 0;
    if (required)
        *out = S3HLS_CHECKSUM_NONE;
    return required || !value[0] || strcasecmp(value, "when_supported") == 0 ? S3HLS_OK
                                                                             : S3HLS_E_INVALID;
}
