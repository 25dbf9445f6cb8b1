/* SPDX-License-Identifier: MIT-0 */
/* Names and addresses as S3 requires them: pure functions over untrusted bytes. */
#ifndef S3HLS_S3_URI_H
#define S3HLS_S3_URI_H

#include "base/strbuf.h"
#include <stdbool.h>

enum {
    S3HLS__KEY_BYTES_MAX = 1024,
    S3HLS__BUCKET_BYTES_MAX = 63,
    S3HLS__HOST_BYTES_MAX = 253,
    S3HLS__PATH_BYTES_MAX = 255 /* of an endpoint */
};

/* Percent-encode all but the unreserved characters of RFC 3986 2.3 and, in a path, '/'. S3 encodes
 * once and does not normalise. */
void s3hls__uri_encode(s3hls__strbuf *out, const char *s, size_t size, bool keep_slash);

/* Undo percent-encoding in place, with a NUL after it: s has size + 1 bytes. '+' reads as a space,
 * as S3's listings with encoding-type=url write it.
 * @return the new length; S3HLS_E_MALFORMED: a '%' without two hex digits, or an encoded NUL. */
int s3hls__uri_decode(char *s, size_t size);

/* 1 to 1,024 bytes of UTF-8, without a leading '/', control characters and parts "." and "..". */
bool s3hls__uri_key_ok(const char *key, size_t size);
/* The same for what keys begin with: may be empty or begin with '/'. */
bool s3hls__uri_prefix_ok(const char *prefix, size_t size);
/* 3 to 63 of [a-z0-9.-], a letter or digit at both ends, no "..". */
bool s3hls__uri_bucket_ok(const char *bucket);
/* What servers other than AWS's may allow besides, in a path: 1 to 63 of [A-Za-z0-9._:-], not "."
 * and "..". */
bool s3hls__uri_bucket_tolerable(const char *bucket);
/* 1 to 63 of [A-Za-z0-9_-]. */
bool s3hls__uri_region_ok(const char *region);

/* What is wrong with a region, a bucket's name or an endpoint, for people; NULL: nothing. aws: it
 * is one of AWS's own, which is stricter. */
const char *s3hls__uri_region_fault(const char *region, bool aws);
const char *s3hls__uri_bucket_fault(const char *bucket, bool aws);
const char *s3hls__uri_endpoint_fault(const char *url);

typedef struct s3hls__s3_location {
    char bucket[S3HLS__BUCKET_BYTES_MAX + 1];
    const char *prefix; /* view into the URL, without slashes at its ends; may be empty */
    size_t prefix_size;
} s3hls__s3_location;

/* "s3://bucket[/prefix]", the prefix not encoded. @return S3HLS_OK, S3HLS_E_INVALID. */
int s3hls__uri_parse_s3(const char *url, s3hls__s3_location *out);

typedef struct s3hls__endpoint {
    bool tls;
    bool literal; /* an IPv4 or IPv6 address: no bucket can be put before it */
    /* as in a Host header: lower case, IPv6 in brackets, port only where not the scheme's own */
    char host[S3HLS__HOST_BYTES_MAX + sizeof ":65535"];
    char path[S3HLS__PATH_BYTES_MAX + 1]; /* before each request's own: "", or "/gateway/s3" */
} s3hls__endpoint;

/* "http[s]://host[:port][/path]", the path not encoded. @return S3HLS_OK, S3HLS_E_INVALID. */
int s3hls__uri_parse_endpoint(const char *url, s3hls__endpoint *out);

#endif
