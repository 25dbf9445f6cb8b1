/* SPDX-License-Identifier: MIT-0 */
/* m3u8_check FILE...: complaints; exit status 1 where there were any. m3u8_check --polls FILE...:
 * of one live playlist, the older before the newer. */
#include "m3u8_check.h"
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path) {
    enum { TEXT_MAX = 64 << 20 };
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, TEXT_MAX);
    if (!f || !text || fread(text, 1, TEXT_MAX - 1, f) == 0) {
        printf("%s: cannot be read\n", path);
        exit(1);
    }
    fclose(f);
    return text;
}

int main(int argc, char **argv) {
    int polls = argc > 1 && strcmp(argv[1], "--polls") == 0, complaints = argc < 2 + polls;
    char *before = NULL;
    for (int i = 1 + polls; i < argc; i++) {
        char *text = read_text(argv[i]);
        int found =
            polls && before ? m3u8_check_polls(before, text, stdout) : m3u8_check(text, stdout);
        if (found)
            printf("%s: %d complaints\n", argv[i], found);
        complaints += found;
        free(before);
        before = text;
    }
    free(before);
    return complaints != 0;
}
