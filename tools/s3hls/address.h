/* SPDX-License-Identifier: MIT-0 */
/* Addresses of inputs: where their password is, and how it is written so that libavformat finds it.
 * Text alone: nothing here is opened. */
#ifndef TOOL_ADDRESS_H
#define TOOL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* Parts of scheme://user@host/rest, none of them terminated. */
typedef struct address_parts {
    const char *scheme; /* "rtsp" */
    size_t scheme_size;
    const char *user; /* "me:password@", with the @; of no bytes where there is none */
    size_t user_size;
    const char *host; /* "camera:554", "[::1]" */
    size_t host_size;
    const char *rest; /* "/live?channel=1"; ends with the address */
} address_parts;

/* Find the parts as RFC 3986 does, with the user up to the last @ before the path.
 * @return false: not of this form, or the host is none. */
bool address_split(const char *address, address_parts *parts);

/* Does it begin with scheme://, in whatever case? */
bool address_has_scheme(const char *address, const char *scheme);

/* rtsp:// or rtsps://? */
bool address_is_rtsp(const char *address);

/* Replace what may be a password by asterisks, in place: from the first colon up to the last @, and
 * the values of names that passwords go by ("pwd="). Text without "://" is left as it is.
 * @param size  how much of text is the address */
void address_mask(char *text, size_t size);

/* The same with each address in a line of text; an address ends at a space or a quotation mark. */
void address_mask_all(char *line);

/* A copy with its password masked, to be freed; NULL: out of memory. */
char *address_masked(const char *address);

/* Write the address as RFC 3986 wants it: reserved characters in user and password are
 * percent-encoded, the scheme is in lower case.
 * @param password  put in; NULL: the address has it, or there is none
 * @param wrong  receives what is wrong, when NULL is returned
 * @return a copy, to be freed; NULL: out of memory, or where the password ends is not clear. */
char *address_encode(const char *address, const char *password, const char **wrong);

/* Copy argv, and mask every password in argv itself, which ps shows. @return the copy; NULL: out of
 * memory. */
char **address_hide_arguments(int argc, char **argv);
void address_free_arguments(char **copy);

#endif
