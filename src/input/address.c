/* SPDX-License-Identifier: MIT-0 */
#include "input/address.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char PATH_BEGINS[] = "/?#";

/* ---- parts */

/* A host name, an IPv4 address or [an IPv6 address], with an optional port. */
static bool is_host(const char *host, size_t size) {
    size_t n = 0;
    if (size && host[0] == '[') {
        while (n < size && host[n] != ']')
            n++;
        if (n++ == size || n < 4)
            return false;
    } else {
        while (n < size && (isalnum((unsigned char)host[n]) || strchr("-._~%", host[n])))
            n++;
        if (n == 0)
            return false;
    }
    if (n < size && host[n] == ':')
        for (n++; n < size && isdigit((unsigned char)host[n]);)
            n++;
    return n == size;
}

/* @return the text after "://"; NULL: not a URL. */
static const char *after_scheme(const char *text, size_t size) {
    const char *at = memmem(text, size, "://", 3);
    return at ? at + 3 : NULL;
}

/* The text after an @, up to the path, is a valid host. */
static bool begins_with_host(const char *text) {
    return is_host(text, strcspn(text, PATH_BEGINS));
}

bool s3hls__input_address_split(const char *address, s3hls__input_address_parts *parts) {
    const char *user = after_scheme(address, strlen(address));
    if (!user)
        return false;
    size_t size = strcspn(user, PATH_BEGINS);
    const char *at = memrchr(user, '@', size);
    parts->scheme = address;
    parts->scheme_size = (size_t)(user - 3 - address);
    parts->user = user;
    parts->user_size = at ? (size_t)(at + 1 - user) : 0;
    parts->host = user + parts->user_size;
    parts->host_size = size - parts->user_size;
    parts->rest = user + size;
    return is_host(parts->host, parts->host_size);
}

bool s3hls__input_address_has_scheme(const char *address, const char *scheme) {
    size_t size = strlen(scheme);
    return strncasecmp(address, scheme, size) == 0 && strncmp(address + size, "://", 3) == 0;
}

bool s3hls__input_address_is_rtsp(const char *address) {
    return s3hls__input_address_has_scheme(address, "rtsp") ||
           s3hls__input_address_has_scheme(address, "rtsps");
}

/* ---- encoding */

/* Find the user and password, including the @. @return false: their end is ambiguous. A URL without
 * them yields size 0. */
static bool find_user(const char *address, const char **user, size_t *size) {
    s3hls__input_address_parts parts;
    *user = NULL;
    *size = 0;
    if (s3hls__input_address_split(address, &parts)) {
        *user = parts.user;
        *size = parts.user_size ? parts.user_size - 1 : 0;
        return true;
    }
    const char *begin = after_scheme(address, strlen(address)), *found = NULL;
    for (const char *at = begin ? strchr(begin, '@') : NULL; at; at = strchr(at + 1, '@')) {
        if (found && begins_with_host(at + 1))
            return false;
        if (begins_with_host(at + 1))
            found = at;
    }
    *user = begin;
    *size = found ? (size_t)(found - begin) : 0;
    return true;
}

/* Percent-encode reserved characters. Existing escapes are kept, unless the text is literal. */
static char *encode(char *to, const char *from, size_t size, bool literal) {
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)from[i];
        bool encoded = !literal && c == '%' && i + 2 < size &&
                       isxdigit((unsigned char)from[i + 1]) && isxdigit((unsigned char)from[i + 2]);
        if (isalnum(c) || strchr("-._~!$&'()*+,;=", c) || encoded)
            *to++ = (char)c;
        else
            to += sprintf(to, "%%%02X", c);
    }
    return to;
}

static char *write_user(char *to, const char *user, size_t size, const char *password) {
    const char *colon = memchr(user, ':', size);
    size_t name = colon ? (size_t)(colon - user) : size;
    to = encode(to, user, name, false);
    if (colon || password)
        *to++ = ':';
    if (password)
        to = encode(to, password, strlen(password), true);
    else if (colon)
        to = encode(to, colon + 1, size - name - 1, false);
    *to++ = '@';
    return to;
}

char *s3hls__input_address_encode(const char *address, const char *password, const char **wrong) {
    const char *user;
    size_t size;
    *wrong = NULL;
    if (!find_user(address, &user, &size)) {
        *wrong = "it is not clear where its password ends; write @ in it as %40, / as %2F, ? as "
                 "%3F, # as %23";
        return NULL;
    }
    if (password && (!size || memchr(user, ':', size))) {
        *wrong = size ? "it has a password already" : "it names no user; give rtsp://user@camera/";
        return NULL;
    }
    char *copy = malloc(3 * (strlen(address) + (password ? strlen(password) : 0)) + 3), *to = copy;
    if (!copy || !user) /* a file name */
        return copy ? strcpy(copy, address) : NULL;
    for (const char *c = address; c < user; c++)
        *to++ = (char)tolower((unsigned char)*c);
    if (size)
        to = write_user(to, user, size, password);
    strcpy(to, user + size + (size ? 1 : 0));
    return copy;
}
