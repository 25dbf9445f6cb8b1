/* SPDX-License-Identifier: MIT-0 */
#include "s3/tls.h"
#include "s3hls/status.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

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
int s3hls__tls_load_authorities(const char *file) {
    int rc = load_once(file);
    if (rc != S3HLS_E_INVALID)
        return rc;
    void *memory = OPENSSL_malloc(1);
    OPENSSL_free(memory);
    return memory ? load_once(file) : S3HLS_E_NOMEM;
}

CURLcode s3hls__tls_add_authorities(void *context, const char *file, const char *folder) {
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    bool memory = false;
    if (file && X509_STORE_load_locations(store, file, NULL) != 1)
        memory |= failed_for_memory();
    if (folder && X509_STORE_load_locations(store, NULL, folder) != 1)
        memory |= failed_for_memory();
    if (!file && !folder && X509_STORE_set_default_paths(store) != 1)
        memory |= failed_for_memory();
    ERR_clear_error();
    return memory ? CURLE_OUT_OF_MEMORY : CURLE_OK;
}

bool s3hls__tls_refused_dates(CURL *easy) {
    long result = X509_V_OK;
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
    return s3hls__tls_is_openssl() &&
           (result == X509_V_ERR_CERT_NOT_YET_VALID || result == X509_V_ERR_CERT_HAS_EXPIRED);
}

void s3hls__tls_set_time(void *context, int64_t unix_s) {
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context), (time_t)unix_s);
}

void s3hls__tls_skip_dates(CURL *easy, void *context) {
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_NO_CHECK_TIME);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
}
