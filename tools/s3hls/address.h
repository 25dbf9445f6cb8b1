/* SPDX-License-Identifier: MIT-0 */
/* Input addresses: finds the password, and converts an address to the form that libavformat parses.
 * Works on text only; nothing is opened. */
#ifndef TOOL_ADDRESS_H
#define TOOL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* Parts of scheme://user@host/rest, not NUL-terminated. */
typedef struct address_parts {
    const char *scheme; /* "rtsp" */
    size_t scheme_size;
    const char *user; /* "me:password@", with the @; empty if there is none */
    size_t user_size;
    const char *host; /* "camera:554", "[::1]" */
    size_t host_size;
    const char *rest; /* "/live?channel=1"; up to the end of the address */
} address_parts;

/* Find the parts as RFC 3986 does, with the user up to the last @ before the path.
 * @return false: another form, or an invalid host. */
bool address_split(const char *address, address_parts *parts);

/* The address begins with scheme://, regardless of case. */
bool address_has_scheme(const char *address, const char *scheme);

/* The scheme is rtsp:// or rtsps://. */
bool address_is_rtsp(const char *address);

/* Replace possible passwords by asterisks, in place: from the first colon up to the last @, and
 * the values of parameters with the name of a secret ("pwd="). Text without "://" is left as it is.
 * @param size  length of the address within text */
void address_mask(char *text, size_t size);

/* Masks each address in a line of text. An address ends at a space or a quotation mark. */
void address_mask_all(char *line);

/* @return a copy with its password masked, to be freed; NULL: out of memory. */
char *address_masked(const char *address);

/* Write the address as RFC 3986 requires: reserved characters in user and password are
 * percent-encoded, the scheme is in lower case.
 * @param password  to insert; NULL: the address contains it, or there is none
 * @param wrong  receives the fault if NULL is returned
 * @return a copy, to be freed; NULL: out of memory, or the end of the password is ambiguous. */
char *address_encode(const char *address, const char *password, const char **wrong);

/* Copy argv, and mask every password in argv itself, which ps displays. @return the copy; NULL: out
 * of memory. */
char **address_hide_arguments(int argc, char **argv);
void address_free_arguments(char **copy);

#endif
