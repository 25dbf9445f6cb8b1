/* SPDX-License-Identifier: MIT-0 */
#include "mask.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* @return the text after "://"; NULL: not a URL. */
static const char *after_scheme(const char *text, size_t size) {
    const char *at = memmem(text, size, "://", 3);
    return at ? at + 3 : NULL;
}

/* A name of a secret ends at text[end], where "=" is. Its first letter follows a separator, which
 * may also be _ or -: X-Amz-Signature, user_password. */
static bool names_secret(const char *text, size_t end) {
    static const char *const names[] = {"password",  "passwd",    "passwort",   "passphrase",
                                        "passcode",  "pass",      "pswd",       "pwd",
                                        "psw",       "pw",        "userpwd",    "usrpwd",
                                        "loginpas",  "token",     "auth",       "authorization",
                                        "secret",    "key",       "apikey",     "accesskey",
                                        "secretkey", "streamkey", "credential", "sig",
                                        "signature", "session",   "ticket",     "jwt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        if (size < end && strncasecmp(text + end - size, names[i], size) == 0 &&
            !isalnum((unsigned char)text[end - size - 1]))
            return true;
    }
    return false;
}

void address_mask(char *text, size_t size) {
    char *begin = (char *)after_scheme(text, size);
    if (!begin)
        return;
    size_t left = size - (size_t)(begin - text);
    char *at = memrchr(begin, '@', left);
    char *colon = at ? memchr(begin, ':', (size_t)(at - begin)) : NULL;
    if (colon)
        memset(colon + 1, '*', (size_t)(at - colon - 1));
    for (size_t i = 0; i < left; i++)
        if (begin[i] == '=' && names_secret(begin, i))
            while (i + 1 < left && begin[i + 1] != '&' && !isspace((unsigned char)begin[i + 1]))
                begin[++i] = '*';
}

void address_mask_all(char *line) {
    while (*line) {
        size_t size = strcspn(line, " \t\r\n'\"");
        address_mask(line, size);
        line += size + (line[size] != 0);
    }
}

char *address_masked(const char *address) {
    char *copy = strdup(address);
    if (copy)
        address_mask(copy, strlen(copy));
    return copy;
}

char **address_hide_arguments(int argc, char **argv) {
    char **copy = calloc((size_t)argc + 1, sizeof *copy);
    for (int i = 0; copy && i < argc; i++) {
        copy[i] = strdup(argv[i]);
        if (!copy[i]) {
            address_free_arguments(copy);
            return NULL;
        }
    }
    for (int i = 1; i < argc; i++)
        address_mask(argv[i], strlen(argv[i]));
    return copy;
}

void address_free_arguments(char **copy) {
    for (char **argument = copy; argument && *argument; argument++)
        free(*argument);
    free(copy);
}
