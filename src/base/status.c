/* SPDX-License-Identifier: MIT-0 */
#include "s3hls/status.h"
#include "s3hls/version.h"

const char *s3hls_strerror(int status) {
    switch (status) {
#define XX(name, number, text)                                                                     \
    case number:                                                                                   \
        return text;
        S3HLS_STATUS_MAP(XX)
#undef XX
    default:
        return "unknown status";
    }
}

const char *s3hls_status_name(int status) {
    switch (status) {
#define XX(name, number, text)                                                                     \
    case number:                                                                                   \
        return "S3HLS_" #name;
        S3HLS_STATUS_MAP(XX)
#undef XX
    default:
        return "S3HLS_E_UNKNOWN";
    }
}

const char *s3hls_version(void) {
    return S3HLS_VERSION;
}
