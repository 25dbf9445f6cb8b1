/* SPDX-License-Identifier: MIT-0 */
/* Prints one figure on standard output, and appends it as a JSON line to the file
 * $S3HLS_BENCH_JSON. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>
#include <stdlib.h>

static inline void report(const char *name, double value, const char *unit, const char *peer,
                          double ratio) {
    const char *path = getenv("S3HLS_BENCH_JSON");
    printf("%-28s %10.3f %-10s", name, value, unit);
    if (peer)
        printf(" %6.2f x %s", ratio, peer);
    putchar('\n');
    FILE *json = path ? fopen(path, "a") : NULL;
    if (!json)
        return;
    fprintf(json, "{\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", ", name, value, unit);
    if (peer)
        fprintf(json, "\"peer\": \"%s\", \"ratio\": %.6g}\n", peer, ratio);
    else
        fprintf(json, "\"peer\": null, \"ratio\": null}\n");
    fclose(json);
}

#endif
