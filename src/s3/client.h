/* SPDX-License-Identifier: MIT-0 */
/* The client from the inside: its options (client.c), what it says (request.c), and how that is
 * carried out (transfer.c). */
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
    _Atomic int64_t server_clock_s; /* the server's less the monotonic one, once a server has
                                       refused ours; 0: not */
};

/* Our time as the server sees it, UNIX seconds. */
int64_t s3hls__s3_now_s(const s3hls__s3_client *c);

/* ---- what an answer teaches (learn.c). Each says whether another try will differ. */

/* Sign with the server's clock from now on; the system's is not set. */
bool s3hls__s3_learn_clock(s3hls__s3_client *c, const s3hls_s3_error *e, int64_t signed_s);
/* Sign for another region, and go to its endpoint, from now on. */
bool s3hls__s3_learn_region(s3hls__s3_client *c, const char *region);
/* "https://host[:port]/..." or "host[:port]" to a place, with or without the bucket before the
 * host; never from https to http. */
bool s3hls__s3_place_at(s3hls__place *place, const s3hls__s3_client *c, const char *address);
/* The home's endpoint: given, or (NULL) AWS's own for the region. @return S3HLS_OK, S3HLS_E_INVALID
 */
int s3hls__s3_set_endpoint(s3hls__s3_client *c, const char *endpoint);
/* Put the bucket before the host, or not. */
void s3hls__s3_place_name(s3hls__place *place, const char *bucket);

/* One request as libcurl takes it. */
typedef struct s3hls__s3_request {
    const char *method;
    int64_t signed_s;                             /* the time it was signed with */
    char access_key_id[S3HLS_ACCESS_KEY_MAX + 1]; /* of the keys it was signed with */
    char *url;
    struct curl_slist *headers;
} s3hls__s3_request;

/* Describe an operation and sign that. page: of a listing; else NULL.
 * @return S3HLS_OK; S3HLS_E_INVALID: key or header malformed; S3HLS_E_TOO_LARGE; S3HLS_E_NOMEM. */
int s3hls__s3_request_open(s3hls__s3_request *out, const s3hls__s3_client *c,
                           const s3hls__place *place, s3hls__op *op, const s3hls__list_ask *page);
void s3hls__s3_request_close(s3hls__s3_request *request, const s3hls__s3_client *c);

/* GET of less than the whole object. */
bool s3hls__s3_is_range(const s3hls__op *op);

#endif
