/* SPDX-License-Identifier: MIT-0 */
/* ts_check [--continuous] FILE...: complaints, then a line a file; exit status 1 where there were
 * any. */
#include "ts_check.h"
#include <stdlib.h>
#include <string.h>

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    uint8_t *data = malloc(*size + 1);
    *size = data ? fread(data, 1, *size, f) : 0;
    fclose(f);
    return data;
}

int main(int argc, char **argv) {
    static ts_check c;
    bool continuous = argc > 1 && strcmp(argv[1], "--continuous") == 0;
    int bad = argc < 2 + continuous;
    for (int i = 1 + continuous; i < argc; i++) {
        size_t size;
        uint8_t *data = read_file(argv[i], &size);
        if (!data) {
            fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return 1;
        }
        if (!continuous) {
            ts_check_deinit(&c);
            memset(&c, 0, sizeof c);
        }
        c.out = stdout;
        c.name = argv[i];
        bad += ts_check_segment(&c, data, size) != 0;
        printf("%s: %llu packets, %llu access units, pts %lld to %lld, overhead %.2f %%\n", argv[i],
               (unsigned long long)c.packets, (unsigned long long)c.access_units,
               (long long)c.pts_first, (long long)c.pts_last,
               c.payload_bytes ? 100.0 * ((double)size / (double)c.payload_bytes - 1) : 0);
        free(data);
    }
    ts_check_deinit(&c);
    return bad != 0;
}
