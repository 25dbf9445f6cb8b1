/* SPDX-License-Identifier: MIT-0 */
#include "s3/authorities.h"
#include "s3/libcurl.h"
#include "s3/tls.h"
#include <stdlib.h>
#include <unistd.h>

int s3hls__authorities_check(const char *file, const s3hls_env *env) {
    if (!file)
        return S3HLS_OK;
    if (access(file, R_OK)) {
        s3hls__log(env, S3HLS_LOG_ERROR, "s3", "CA file %s cannot be read", file);
        return S3HLS_E_IO;
    }
    int rc = s3hls__tls_load_authorities(file);
    if (rc == S3HLS_E_INVALID)
        s3hls__log(env, S3HLS_LOG_ERROR, "s3", "CA file %s holds no certificate in PEM", file);
    if (!rc && !s3hls__tls_is_openssl())
        s3hls__log(env, S3HLS_LOG_INFO, "s3",
                   "libcurl does not use OpenSSL: the authorities of %s stand in place of the "
                   "system's",
                   file);
    return rc;
}

/* Paths of the system's authorities; either may be NULL. */
typedef struct system_authorities {
    const char *file, *folder;
} system_authorities;

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static system_authorities named_by_environment(void) {
    return (system_authorities){variable("SSL_CERT_FILE"), variable("SSL_CERT_DIR")};
}

static system_authorities find_system(CURL *easy) {
    system_authorities s = named_by_environment();
#if S3HLS__CURL_VERSION >= 0x075400
    if (!s.file && !s.folder) {
        curl_easy_getinfo(easy, CURLINFO_CAINFO, &s.file);
        curl_easy_getinfo(easy, CURLINFO_CAPATH, &s.folder);
    }
#else
    (void)easy;
#endif
    return s;
}

bool s3hls__authorities_set(CURL *easy, const char *file) {
    system_authorities named = named_by_environment();
    if (!file && !named.file && !named.folder)
        return true;
    bool added = file && s3hls__tls_is_openssl(); /* the system's authorities are added later */
    const char *folder = added ? NULL : named.folder;
#if S3HLS__CURL_VERSION >= 0x075700
    if (file) /* libcurl would cache them for a day */
        curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
    return !curl_easy_setopt(easy, CURLOPT_CAINFO, file ? file : named.file) &&
           !curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
}

CURLcode s3hls__authorities_add_system(CURL *easy, void *ssl_context) {
    system_authorities s = find_system(easy);
    return s3hls__tls_add_authorities(ssl_context, s.file, s.folder);
}
