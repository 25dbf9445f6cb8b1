/* SPDX-License-Identifier: MIT-0 */
#include "s3/credentials.h"
#include "s3/crypto.h"
#include <string.h>

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

int s3hls__keys_copy(s3hls__keys *to, const s3hls_credentials *from, const s3hls_env *env) {
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
    s3hls__wipe(keys, sizeof *keys);
}

s3hls_credentials s3hls__keys_view(const s3hls__keys *keys) {
    return (s3hls_credentials){keys->access_key_id, keys->secret_access_key, keys->session_token,
                               keys->expires_unix_s};
}
