/* SPDX-License-Identifier: MIT-0 */
/* The headers of an answer that a client reads. Those of interim answers (1xx) and trailers do not
 * count (RFC 9110 6.5, 15.2). */
#ifndef S3HLS_S3_HEADERS_H
#define S3HLS_S3_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum s3hls__header {
    S3HLS__HEADER_DATE,
    S3HLS__HEADER_ETAG,
    S3HLS__HEADER_LAST_MODIFIED,
    S3HLS__HEADER_LOCATION,
    S3HLS__HEADER_REGION,     /* x-amz-bucket-region */
    S3HLS__HEADER_REQUEST_ID, /* x-amz-request-id */
    S3HLS__HEADERS
} s3hls__header;

enum { S3HLS__HEADER_BYTES = 256 }; /* a longer value is cut */

/* Initialise to zero. */
typedef struct s3hls__headers {
    char value[S3HLS__HEADERS][S3HLS__HEADER_BYTES];
    bool has[S3HLS__HEADERS];
    bool whole; /* the empty line after the headers has arrived */
} s3hls__headers;

/* Note a line as CURLOPT_HEADERFUNCTION passes it: not terminated, with its CR LF. */
void s3hls__headers_note(s3hls__headers *h, const char *line, size_t size);
/* @return valid as long as h; NULL: there is none */
const char *s3hls__headers_get(const s3hls__headers *h, s3hls__header name);
/* A header that is an HTTP date. @return UNIX seconds; 0: there is none, or it is malformed */
int64_t s3hls__headers_date(const s3hls__headers *h, s3hls__header name);

#endif
