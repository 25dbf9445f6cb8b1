/* SPDX-License-Identifier: MIT-0 */
/* Published signing vectors, read from files. */
#ifndef S3HLS_TESTS_UNIT_S3_VECTORS_H
#define S3HLS_TESTS_UNIT_S3_VECTORS_H

#include "s3hls/sigv4.h"
#include <stdbool.h>

enum { VECTOR_HEADERS_MAX = 16, VECTOR_QUERY_MAX = 16 };

/* One request in memory of its own. */
typedef struct vector {
    s3hls_sigv4_request request;
    s3hls_credentials keys;
    uint32_t expires_s;
    bool normalize; /* the service's paths are normalised: not S3's way */
    s3hls_header headers[VECTOR_HEADERS_MAX];
    s3hls_query query[VECTOR_QUERY_MAX];
    char payload_hash[65];
    char *text;    /* request.txt, cut up */
    void *context; /* context.json */
} vector;

/* A case of the aws-c-auth suite: request.txt and context.json of a folder. */
void vector_open(vector *v, const char *folder);
void vector_close(vector *v);

/* Cut "a=b&c" up in place, decoded. @return how many parameters, at most VECTOR_QUERY_MAX. */
size_t vector_split_query(char *text, s3hls_query query[VECTOR_QUERY_MAX]);

/* "2015-08-30T12:36:00Z" or "20150830T123600Z" */
int64_t vector_time(const char *text);

/* Whole file as a string, to be freed with free(); without a line end at its end. */
char *vector_read(const char *folder, const char *name);

#endif
