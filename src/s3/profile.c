/* SPDX-License-Identifier: MIT-0 */
/* Keys that lie around: the environment's, the shared credentials file's, and the usual chain. */
#include "s3/credentials.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    return s3hls__credentials_open_fixed(out, "the environment", &keys, env);
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
        return s3hls__key_copy(keys->access_key_id, S3HLS_ACCESS_KEY_MAX, value, false);
    if (strcmp(name, "aws_secret_access_key") == 0)
        return s3hls__key_copy(keys->secret_access_key, S3HLS_SECRET_KEY_MAX, value, false);
    if (strcmp(name, "aws_session_token") == 0)
        return s3hls__key_copy(keys->session_token, S3HLS_SESSION_TOKEN_MAX, value, false);
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
        rc = s3hls__credentials_open_fixed(out, "the credentials file", &view, env);
    }
    s3hls__keys_wipe(&keys);
    return rc;
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
