/* SPDX-License-Identifier: MIT-0 */
#include "s3/authorities.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool s3hls__tls_is_openssl(void) {
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    const char *tls = version->ssl_version ? version->ssl_version : "";
    return strncmp(tls, "OpenSSL/", 8) == 0 || strncmp(tls, "quictls/", 8) == 0;
}

/* Remove the errors of a failure from OpenSSL's queue. An empty queue also means that memory ran
 * out. */
static bool failed_for_memory(void) {
    unsigned long code = ERR_get_error();
    bool memory = code == 0;
    for (; code; code = ERR_get_error())
        memory |= ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    return memory;
}

static int load_once(const char *file) {
    X509_STORE *store = X509_STORE_new();
    bool holds = store && X509_STORE_load_locations(store, file, NULL) == 1;
    bool memory = !holds && failed_for_memory();
    X509_STORE_free(store);
    return holds ? S3HLS_OK : memory ? S3HLS_E_NOMEM : S3HLS_E_INVALID;
}

/* OpenSSL's parsers can report a lack of memory as a malformed certificate: retry, and check
 * whether memory is available. */
static int try_to_load(const char *file) {
    int rc = load_once(file);
    if (rc != S3HLS_E_INVALID)
        return rc;
    void *memory = OPENSSL_malloc(1);
    OPENSSL_free(memory);
    return memory ? load_once(file) : S3HLS_E_NOMEM;
}

int s3hls__authorities_check(const char *file, const s3hls_env *env) {
    if (!file)
        return S3HLS_OK;
    if (access(file, R_OK)) {
        s3hls__log(env, S3HLS_LOG_ERROR, "s3", "CA file %s cannot be read", file);
        return S3HLS_E_IO;
    }
    int rc = try_to_load(file);
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
    return (system_authorities){variable(X509_get_default_cert_file_env()),
                                variable(X509_get_default_cert_dir_env())};
}

static system_authorities find_system(CURL *easy) {
    system_authorities s = named_by_environment();
#if LIBCURL_VERSION_NUM >= 0x075400
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
#if LIBCURL_VERSION_NUM >= 0x075700
    if (file) /* libcurl would cache them for a day */
        curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
    return !curl_easy_setopt(easy, CURLOPT_CAINFO, file ? file : named.file) &&
           !curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
}

CURLcode s3hls__authorities_add_system(CURL *easy, void *ssl_context) {
    X509_STORE *store = SSL_CTX_get_cert_store(ssl_context);
    system_authorities s = find_system(easy);
    bool memory = false;
    /* a missing or empty file adds none */
    if (s.file && X509_STORE_load_locations(store, s.file, NULL) != 1)
        memory |= failed_for_memory();
    if (s.folder && X509_STORE_load_locations(store, NULL, s.folder) != 1)
        memory |= failed_for_memory();
    if (!s.file && !s.folder && X509_STORE_set_default_paths(store) != 1)
        memory |= failed_for_memory();
    ERR_clear_error();
    return memory ? CURLE_OUT_OF_MEMORY : CURLE_OK;
}
