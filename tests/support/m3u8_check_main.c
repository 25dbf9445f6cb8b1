/* SPDX-License-Identifier: MIT-0 */
/* m3u8_check FILE...: complaints; exit status 1 where there were any. */
#include "m3u8_check.h"
#include <stdlib.h>

int main(int argc, char **argv) {
    int complaints = argc < 2;
    for (int i = 1; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        char *text = calloc(1, 64 << 20);
        if (!f || !text || fread(text, 1, (64 << 20) - 1, f) == 0)
            printf("%s: cannot be read\n", argv[i]), complaints++;
        else
            complaints += m3u8_check(text, stdout);
        if (f)
            fclose(f);
        free(text);
    }
    return complaints != 0;
}
