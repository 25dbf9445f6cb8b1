/* SPDX-License-Identifier: MIT-0 */
/* The client from the inside: its options (client.c), what it says (request.c), and how that is
 * carried out (transfer.c). */
#ifndef S3HLS_S3_CLIENT_H
#define S3HLS_S3_CLIENT_H

#include "s3/http.h"
#include "s3/uri.h"

struct s3hls__s3_client {
    s3hls_env env;
    s3hls__http *http;
    s3hls_credentials_provider *credentials;
    char *bucket, *prefix, *region, *ca_file, *user_agent;
    s3hls__endpoint endpoint;
    bool bucket_in_host, sign_payload, crc32c;
    char host[330]; /* as in the Host header */
    uint32_t connect_timeout_ms, stall_timeout_ms;
    int64_t clock_offset_s; /* server's time less ours, once a server has refused ours */
};

/* One request as libcurl takes it. */
typedef struct s3hls__s3_request {
    const char *method;
    char *url;
    struct curl_slist *headers;
} s3hls__s3_request;

/* Describe an operation and sign that. token: "", or of a listing's next page.
 * @return S3HLS_OK; S3HLS_E_INVALID: key or header malformed; S3HLS_E_TOO_LARGE; S3HLS_E_NOMEM. */
int s3hls__s3_request_open(s3hls__s3_request *out, const s3hls__s3_client *c, s3hls__op *op,
                           const char *token);
void s3hls__s3_request_close(s3hls__s3_request *request, const s3hls__s3_client *c);

/* GET of less than the whole object. */
bool s3hls__s3_is_range(const s3hls__op *op);

#endif
