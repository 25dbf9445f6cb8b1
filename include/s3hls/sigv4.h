/* SPDX-License-Identifier: MIT-0 */
/** @file sigv4.h
 * AWS Signature Version 4 as a pure function of request, credentials and time: no clock, no global
 * state, no network. Any thread; the functions allocate and do not block. Made for S3: the path is
 * encoded once and not normalised. For other services, pass the path already encoded once.
 * Source: Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
 */
#ifndef S3HLS_SIGV4_H
#define S3HLS_SIGV4_H

#include "s3hls/credentials.h"

#ifdef __cplusplus
extern "C" {
#endif

#define S3HLS_SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
/** Longest validity of a presigned URL, seconds: 7 days. */
#define S3HLS_PRESIGN_MAX_S 604800

/** One header. NUL-terminated, no control characters. */
typedef struct s3hls_header {
    const char *name; /* any case; compared and signed in lower case */
    const char *value;
} s3hls_header;

/** One query parameter. NUL-terminated. */
typedef struct s3hls_query {
    const char *name;  /* not encoded */
    const char *value; /* not encoded; NULL: "" */
} s3hls_query;

/** The request to sign. Strings are NUL-terminated UTF-8 without control characters, and are read
 * during the call only. */
typedef struct s3hls_sigv4_request {
    const char *method; /* "PUT" */
    const char *path;   /* not encoded, begins with '/'; a '/' inside is not encoded either */
    const s3hls_query *query;
    size_t query_count; /* 0 to 26 */
    /** Headers to sign; must include "host". s3hls_sigv4_sign() adds x-amz-date,
     * x-amz-content-sha256 (if payload_header is set) and x-amz-security-token. */
    const s3hls_header *headers;
    size_t header_count;      /* 1 to 29 */
    const char *payload_hash; /* 64 hex digits of SHA-256, or S3HLS_SIGV4_UNSIGNED_PAYLOAD */
    int payload_header;       /* non-zero: sign x-amz-content-sha256 (S3 requires it) */
    const char *region;       /* "eu-central-1" */
    const char *service;      /* NULL: "s3" */
    int64_t unix_s;           /* time of signing: UTC, seconds since 1970, up to the year 9999 */
} s3hls_sigv4_request;

/** Every intermediate value, NUL-terminated; s3hls_sigv4_result_deinit() frees them. docs/sigv4.md
 * explains them for one request. */
typedef struct s3hls_sigv4_result {
    char *canonical_request;
    char *string_to_sign;
    char signature[65];  /* 64 hex digits */
    char amz_date[17];   /* "20130524T000000Z" */
    char *authorization; /* value of Authorization; NULL after s3hls_sigv4_presign() */
    char *encoded_path;  /* the path to send */
    char *query_string;  /* the query to send, without '?'; after s3hls_sigv4_presign() it includes
                            the signature */
} s3hls_sigv4_result;

/** Sign with the Authorization header. The caller sends the signed headers and, in addition,
 * Authorization, x-amz-date, x-amz-content-sha256 (if payload_header is set) and
 * x-amz-security-token (if there is a session token).
 * @param keys    read during the call only
 * @param env     only memory is taken from it; NULL: the process's own
 * @param result  receives the values; zeroed on failure, and then needs no deinit
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: a member is missing, too long, out of range or has a control character
 *   S3HLS_E_TOO_LARGE: a value exceeds the signer's limits
 *   S3HLS_E_NOMEM: out of memory */
S3HLS_API int s3hls_sigv4_sign(const s3hls_sigv4_request *request, const s3hls_credentials *keys,
                               const s3hls_env *env, s3hls_sigv4_result *result);

/** Sign in the query string: path and query of a presigned URL.
 * @param expires_s  validity in seconds, 1 to S3HLS_PRESIGN_MAX_S
 * @return as s3hls_sigv4_sign()
 *   S3HLS_E_INVALID: also when expires_s is out of range */
S3HLS_API int s3hls_sigv4_presign(const s3hls_sigv4_request *request, const s3hls_credentials *keys,
                                  uint32_t expires_s, const s3hls_env *env,
                                  s3hls_sigv4_result *result);

/** Free the values of a result. Accepts a zeroed result.
 * @param env  as given to the call that filled it in */
S3HLS_API void s3hls_sigv4_result_deinit(s3hls_sigv4_result *result, const s3hls_env *env);

#ifdef __cplusplus
}
#endif
#endif
