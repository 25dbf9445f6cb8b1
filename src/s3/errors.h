/* SPDX-License-Identifier: MIT-0 */
/* What an answer means: transport error, HTTP status and S3's own code to one status. Pure. */
#ifndef S3HLS_S3_ERRORS_H
#define S3HLS_S3_ERRORS_H

#include "s3hls/s3.h"
#include <stdbool.h>

/* Fill code, message and request_id from an error's body: a bounded scan for <Code>, <Message>,
 * <RequestId>, <Region>, so that a device needs no XML parser. What is not there stays as it is. */
void s3hls__s3_error_scan(s3hls_s3_error *error, const char *body, size_t size);
/* Have the message name the region the bucket lives in, where it does not yet. "" adds nothing. */
void s3hls__s3_error_name_region(s3hls_s3_error *error, const char *region);

/* Status of an answer, from http_status and code. S3HLS_OK for 2xx. */
int s3hls__s3_status_of_answer(long http_status, const char *code);
/* Status of a transfer that got no whole answer: a CURLcode. */
int s3hls__s3_status_of_transfer(int curl_code);

/* May the same request succeed later, with nobody doing anything? */
bool s3hls__s3_retryable(const s3hls_s3_error *error);

#endif
