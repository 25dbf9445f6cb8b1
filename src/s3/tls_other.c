/* SPDX-License-Identifier: MIT-0 */
#include "s3/tls.h"
#include "s3hls/status.h"
#include <stdio.h>
#include <string.h>

bool s3hls__tls_is_openssl(void) {
    return false;
}

/* libcurl's TLS library parses the certificates; here their frame is found (RFC 7468 2). */
int s3hls__tls_load_authorities(const char *file) {
    char line[128];
    bool begun = false, whole = false;
    FILE *f = fopen(file, "re");
    while (f && !whole && fgets(line, sizeof line, f)) {
        begun |= strncmp(line, "-----BEGIN CERTIFICATE-----", 27) == 0;
        whole = begun && strncmp(line, "-----END CERTIFICATE-----", 25) == 0;
    }
    if (f)
        fclose(f);
    return whole ? S3HLS_OK : S3HLS_E_INVALID;
}

CURLcode s3hls__tls_add_authorities(void *context, const char *file, const char *folder) {
    (void)context, (void)file, (void)folder;
    return CURLE_OK;
}

bool s3hls__tls_refused_dates(CURL *easy) {
    (void)easy;
    return false;
}

void s3hls__tls_set_time(void *context, int64_t unix_s) {
    (void)context, (void)unix_s;
}

void s3hls__tls_skip_dates(CURL *easy, void *context) {
    (void)easy, (void)context;
}
