/* SPDX-License-Identifier: MIT-0 */
/* Input addresses: converts an address to the form that libavformat parses. Pure. */
#ifndef S3HLS_INPUT_ADDRESS_H
#define S3HLS_INPUT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* Parts of scheme://user@host/rest, not NUL-terminated. */
typedef struct s3hls__input_address_parts {
    const char *scheme; /* "rtsp" */
    size_t scheme_size;
    const char *user; /* "me:password@", with the @; empty if there is none */
    size_t user_size;
    const char *host; /* "camera:554", "[::1]" */
    size_t host_size;
    const char *rest; /* "/live?channel=1"; up to the end of the address */
} s3hls__input_address_parts;

/* Find the parts as RFC 3986 does, with the user up to the last @ before the path.
 * @return false: another form, or an invalid host. */
bool s3hls__input_address_split(const char *address, s3hls__input_address_parts *parts);

/* The address begins with scheme://, regardless of case. */
bool s3hls__input_address_has_scheme(const char *address, const char *scheme);

/* The scheme is rtsp:// or rtsps://. */
bool s3hls__input_address_is_rtsp(const char *address);

/* Write the address as RFC 3986 requires: reserved characters in user and password are
 * percent-encoded, the scheme is in lower case.
 * @param password  to insert; NULL: the address contains it, or there is none
 * @param wrong  receives the fault if NULL is returned; NULL: out of memory
 * @return a copy, to be freed; NULL: out of memory, or the end of the password is ambiguous. */
char *s3hls__input_address_encode(const char *address, const char *password, const char **wrong);

#endif
