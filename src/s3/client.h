/* SPDX-License-Identifier: MIT-0 */
/* A client's internals: its options (client.c), requests (request.c) and transfers (transfer.c). */
#ifndef S3HLS_S3_CLIENT_H
#define S3HLS_S3_CLIENT_H

#include "s3/http.h"
#include "s3/uri.h"

/* Where requests go. */
typedef struct s3hls__place {
    s3hls__endpoint endpoint;
    bool bucket_in_host;
    char host[330]; /* as in the Host header */
} s3hls__place;

struct s3hls__s3_client {
    s3hls_env env;
    s3hls__http *http;
    s3hls_credentials_provider *credentials;
    char *bucket, *prefix, *region, *ca_file, *user_agent;
    s3hls__place home;
    bool own_endpoint; /* the caller's, not the region's */
    bool sign_payload;
    s3hls_checksum checksum; /* none, CRC32C or MD5 */
    uint32_t connect_timeout_ms, stall_timeout_ms;
    s3hls__list_habits own_habits, *habits; /* habits: its own, or another client's */
    _Atomic int64_t server_clock_s; /* the server's clock minus the monotonic one, after a server
                                       refused ours; 0: ours is used */
};

/* Current time by the server's clock, UNIX seconds. */
int64_t s3hls__s3_now_s(const s3hls__s3_client *c);

/* ---- corrections from an answer (learn.c). Each returns whether a retry will differ. */

/* Sign with the server's clock from now on. The system's clock is not changed. */
bool s3hls__s3_learn_clock(s3hls__s3_client *c, const s3hls_s3_error *e, int64_t signed_s);
/* Sign for another region and use its endpoint from now on. */
bool s3hls__s3_learn_region(s3hls__s3_client *c, const char *region);
/* Parse "https://host[:port]/..." or "host[:port]", with or without the bucket before the host,
 * into a place; never from https to http. */
bool s3hls__s3_place_at(s3hls__place *place, const s3hls__s3_client *c, const char *address);
/* Set the home's endpoint. @param endpoint  NULL: AWS's for the region
 * @return S3HLS_OK, S3HLS_E_INVALID */
int s3hls__s3_set_endpoint(s3hls__s3_client *c, const char *endpoint);
/* Set the Host header, with the bucket before the host if bucket_in_host is set. */
void s3hls__s3_place_name(s3hls__place *place, const char *bucket);

/* One request as libcurl takes it. */
typedef struct s3hls__s3_request {
    const char *method;
    int64_t signed_s;                             /* the time it was signed with */
    char access_key_id[S3HLS_ACCESS_KEY_MAX + 1]; /* of the keys it was signed with */
    char *url;
    struct curl_slist *headers;
} s3hls__s3_request;

/* Build the request of an operation and sign it.
 * @param page  of a listing; else NULL
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: key or header is malformed
 *   S3HLS_E_TOO_LARGE: too many or too long headers
 *   S3HLS_E_NOMEM: out of memory
 *   S3HLS_E_CREDENTIALS: there are no valid credentials */
int s3hls__s3_request_open(s3hls__s3_request *out, const s3hls__s3_client *c,
                           const s3hls__place *place, s3hls__op *op, const s3hls__list_ask *page);
void s3hls__s3_request_close(s3hls__s3_request *request, const s3hls__s3_client *c);

/* Test for a GET of a part of an object. */
bool s3hls__s3_is_range(const s3hls__op *op);

#endif
