/* SPDX-License-Identifier: MIT-0 */
#include "text.h"

#include "s3hls/env.h"
#include <stdlib.h>
#include <string.h>

void text_print(FILE *to, const char *text) {
    char *copy = strdup(text);
    if (copy) {
        s3hls_printable(copy);
        fputs(copy, to);
    }
    free(copy);
}

void text_print_json(FILE *to, const char *text) {
    char *copy = strdup(text);
    putc('"', to);
    if (copy)
        s3hls_printable(copy);
    for (const char *at = copy; at && *at; at++) {
        if (*at == '"' || *at == '\\')
            putc('\\', to);
        putc(*at, to);
    }
    putc('"', to);
    free(copy);
}
