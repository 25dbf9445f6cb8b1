/* SPDX-License-Identifier: MIT-0 */
#include "text.h"

static int printable(char c) {
    return (unsigned char)c < ' ' || c == 127 ? '?' : c;
}

void text_print(FILE *to, const char *text) {
    for (; *text; text++)
        putc(printable(*text), to);
}

void text_print_json(FILE *to, const char *text) {
    putc('"', to);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', to);
        putc(printable(*text), to);
    }
    putc('"', to);
}
