/* SPDX-License-Identifier: MIT-0 */
#include "address.h"
#include <string.h>

char *address_take(char *argument) {
    char *address = strdup(argument), *scheme = strstr(argument, "://");
    char *user = scheme ? scheme + 3 : argument;
    char *at = scheme ? memrchr(user, '@', strcspn(user, "/?#")) : NULL;
    char *colon = at ? memchr(user, ':', (size_t)(at - user)) : NULL;
    if (colon)
        memset(colon + 1, '*', (size_t)(at - colon - 1));
    return address;
}
