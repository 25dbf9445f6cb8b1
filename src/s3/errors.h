/* SPDX-License-Identifier: MIT-0 */
/* What an answer means: transport error, HTTP status and S3's own code to one status. Pure. */
#ifndef S3HLS_S3_ERRORS_H
#define S3HLS_S3_ERRORS_H

#include "s3hls/recorder.h"
#include <stdbool.h>

/* Fill code, message and request_id from an error's body: a bounded scan for <Code>, <Message>,
 * <RequestId>, <Region>, so that a device needs no XML parser. What is not there stays as it is. */
void s3hls__s3_error_scan(s3hls_s3_error *error, const char *body, size_t size);
/* Have the message name the region the bucket lives in, where it does not yet. "" adds nothing. */
void s3hls__s3_error_name_region(s3hls_s3_error *error, const char *region);

/* What a server has said, made safe for a terminal: s3hls_printable(). */
void s3hls__s3_error_clean(s3hls_s3_error *error);

/* Add to the message, which is cut where both do not fit. */
void s3hls__s3_error_add(s3hls_s3_error *error, const char *text);
/* Have the message of a PUT that was refused name the option for what was refused: the header that
 * the message speaks of; else, where the answer is one for headers that a server does not know and
 * a checksum was sent, that one. The message is cut where it does not fit beside. */
void s3hls__s3_error_name_option(s3hls_s3_error *error, bool checksum_sent);

/* The text of <tag>…</tag>, cut to fit, XML's own five entities left as they are; text stays as it
 * is where there is none. */
void s3hls__s3_scan(const char *body, size_t size, const char *tag, char *text, size_t text_size);

/* Status of an answer, from http_status and code. S3HLS_OK for 2xx. */
int s3hls__s3_status_of_answer(long http_status, const char *code);
/* Status of a transfer that got no whole answer: a CURLcode. */
int s3hls__s3_status_of_transfer(int curl_code);

/* What to do about a failed request. The client itself does what can be done at once (once or twice
 * a request); what it reports is then to be tried later, or needs somebody. */
typedef enum s3hls__action {
    S3HLS__RETRY,         /* later, on a fresh connection, the host looked up anew */
    S3HLS__REFRESH,       /* other credentials, then at once */
    S3HLS__CORRECT_CLOCK, /* the server's time, then at once */
    S3HLS__FOLLOW,        /* the region or endpoint the answer names, then at once */
    S3HLS__COMPARE,       /* there is such an object: is it one's own earlier PUT? */
    S3HLS__SET_ASIDE,     /* this object is refused, others may not be */
    S3HLS__HOLD           /* somebody has to act: keep the data, say so, ask now and then */
} s3hls__action;

/* signed_s: the time the request was signed with, UNIX seconds. */
s3hls__action s3hls__s3_action(const s3hls_s3_error *error, int64_t signed_s);
s3hls_cause s3hls__s3_cause(int status);

#endif
