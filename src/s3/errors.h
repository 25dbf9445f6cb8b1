/* SPDX-License-Identifier: MIT-0 */
/* Maps a transport error, an HTTP status and S3's own code to one status. Pure. */
#ifndef S3HLS_S3_ERRORS_H
#define S3HLS_S3_ERRORS_H

#include "s3hls/cause.h"
#include "s3hls/s3.h"
#include <stdbool.h>

/* Fill code, message and request_id from an error's body: a bounded scan for <Code>, <Message>,
 * <RequestId>, <Region>, so that a device needs no XML parser. Members not found are unchanged. */
void s3hls__s3_error_scan(s3hls_s3_error *error, const char *body, size_t size);
/* Add the bucket's region to the message, unless it has it. "" adds nothing. */
void s3hls__s3_error_name_region(s3hls_s3_error *error, const char *region);

/* Make a server's texts safe for a terminal: s3hls_printable(). */
void s3hls__s3_error_clean(s3hls_s3_error *error);

/* Append to the message, which is shortened if both do not fit. */
void s3hls__s3_error_add(s3hls_s3_error *error, const char *text);
/* Add the option to change to the message of a refused PUT: the one for the header that the message
 * names; else, if the answer is one for unknown headers and a checksum was sent, the checksum's.
 * The message is shortened if both do not fit. */
void s3hls__s3_error_name_option(s3hls_s3_error *error, bool checksum_sent);

/* Copy the text of <tag>…</tag>, cut to size; XML's five entities are not decoded. If there is
 * none, text is unchanged. */
void s3hls__s3_scan(const char *body, size_t size, const char *tag, char *text, size_t text_size);

/* Status of an answer, from HTTP status and code. S3HLS_OK for 2xx. */
int s3hls__s3_status_of_answer(long http_status, const char *code);
/* Status of a transfer without a whole answer, from its CURLcode. */
int s3hls__s3_status_of_transfer(int curl_code);

/* What to do about a failed request. The client itself does what is possible at once, once or twice
 * per request. A failure that it reports has to be retried later, or needs somebody to act. */
typedef enum s3hls__action {
    S3HLS__RETRY,         /* later, on a new connection, with the host resolved again */
    S3HLS__REFRESH,       /* other credentials, then at once */
    S3HLS__CORRECT_CLOCK, /* the server's time, then at once */
    S3HLS__FOLLOW,        /* the region or endpoint the answer names, then at once */
    S3HLS__COMPARE,       /* there is such an object: it may be our own earlier PUT */
    S3HLS__SET_ASIDE,     /* only this object is refused */
    S3HLS__HOLD           /* somebody has to act: keep the data, report it, try now and then */
} s3hls__action;

/* @param signed_s  the time that the request was signed with, UNIX seconds */
s3hls__action s3hls__s3_action(const s3hls_s3_error *error, int64_t signed_s);
s3hls_cause s3hls__s3_cause(int status);

#endif
