/* SPDX-License-Identifier: MIT-0 */
/** @file sigv4.h
 * AWS Signature Version 4 as a pure function of request, keys and time: no clock, no global, no
 * network. Made for S3 (path encoded once, not normalised); the same call signs for other services
 * when their path is given already encoded once more.
 * Source: Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
 */
#ifndef S3HLS_SIGV4_H
#define S3HLS_SIGV4_H

#include "s3hls/credentials.h"

#ifdef __cplusplus
extern "C" {
#endif

#define S3HLS_SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
/** Longest life of a presigned URL: 7 days. */
#define S3HLS_PRESIGN_MAX_S 604800

typedef struct s3hls_header {
    const char *name; /* any case; compared and signed in lower case */
    const char *value;
} s3hls_header;

typedef struct s3hls_query {
    const char *name;  /* not encoded */
    const char *value; /* not encoded; NULL reads as "" */
} s3hls_query;

/** What is to be signed. All strings NUL-terminated UTF-8, read during the call only. */
typedef struct s3hls_sigv4_request {
    const char *method; /* "PUT" */
    const char *path;   /* not encoded, begins with '/'; a '/' inside stays one */
    const s3hls_query *query;
    size_t query_count;
    /** Headers to sign, "host" among them. x-amz-date, x-amz-content-sha256 (when
     * payload_header is set) and x-amz-security-token are added by the signer. */
    const s3hls_header *headers;
    size_t header_count;
    const char *payload_hash; /* 64 hex digits of SHA-256, or S3HLS_SIGV4_UNSIGNED_PAYLOAD */
    int payload_header;       /* non-zero: send and sign x-amz-content-sha256 (S3 demands it) */
    const char *region;       /* "eu-central-1" */
    const char *service;      /* NULL: "s3" */
    int64_t unix_s;           /* time of signing, UTC seconds */
} s3hls_sigv4_request;

/** Every value on the way, NUL-terminated, in memory that s3hls_sigv4_result_deinit() frees.
 * docs/sigv4.md walks through one request with them. */
typedef struct s3hls_sigv4_result {
    char *canonical_request;
    char *string_to_sign;
    char signature[65];  /* 64 hex digits */
    char amz_date[17];   /* "20130524T000000Z" */
    char *authorization; /* header form: value of Authorization; query form: NULL */
    char *encoded_path;  /* path as it must be sent */
    char *query_string; /* query as it must be sent, without '?'; the query form holds the signature
                         */
} s3hls_sigv4_result;

/** Sign with the Authorization header. The sender adds: Authorization, x-amz-date,
 * x-amz-content-sha256 (where asked for), x-amz-security-token (where there is one).
 * @param env  NULL: the process's own (only memory is taken from it)
 * @return S3HLS_OK; S3HLS_E_INVALID: a field missing or a control character in it;
 * S3HLS_E_NOMEM. On failure *result is empty and needs no deinit. Any thread; does not block. */
S3HLS_API int s3hls_sigv4_sign(const s3hls_sigv4_request *request, const s3hls_credentials *keys,
                               const s3hls_env *env, s3hls_sigv4_result *result);

/** Sign into the query string: a presigned URL's path and query.
 * @param expires_s  life in seconds, 1 to S3HLS_PRESIGN_MAX_S
 * @return as s3hls_sigv4_sign(). */
S3HLS_API int s3hls_sigv4_presign(const s3hls_sigv4_request *request, const s3hls_credentials *keys,
                                  uint32_t expires_s, const s3hls_env *env,
                                  s3hls_sigv4_result *result);

/** Free what a call above filled in. Takes a zeroed result. */
S3HLS_API void s3hls_sigv4_result_deinit(s3hls_sigv4_result *result, const s3hls_env *env);

#ifdef __cplusplus
}
#endif
#endif
