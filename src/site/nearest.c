/* SPDX-License-Identifier: MIT-0 */
#include "site/nearest.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 32 };

/* One character as it is compared. */
static char plain(char c) {
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static unsigned smaller(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* Optimal string alignment distance. Both have at most WORD_MAX characters. */
static unsigned distance_of(const char *a, const char *b) {
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    size_t size = strlen(b);
    for (size_t k = 0; k <= size; k++)
        last[k] = before[k] = (unsigned)k;
    for (size_t i = 1; a[i - 1]; i++) {
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= size; k++) {
            bool same = plain(a[i - 1]) == plain(b[k - 1]);
            row[k] = smaller(smaller(row[k - 1], last[k]) + 1, last[k - 1] + !same);
            if (i > 1 && k > 1 && plain(a[i - 1]) == plain(b[k - 2]) &&
                plain(a[i - 2]) == plain(b[k - 1]))
                row[k] = smaller(row[k], before[k - 2] + 1);
        }
        unsigned *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[size];
}

void s3hls__site_nearest_try(s3hls__site_nearest *n, const char *candidate) {
    size_t size = strlen(n->word);
    if (size == 0 || size > WORD_MAX || strlen(candidate) > WORD_MAX)
        return;
    unsigned limit = size < 6 ? 1 : (unsigned)size / 3, distance = distance_of(n->word, candidate);
    if (size >= 3 && distance > 1 && strstr(candidate, n->word))
        distance = 1; /* a part of it: "seg", "cert" */
    if (distance <= limit && (!n->found || distance < n->distance)) {
        n->found = candidate;
        n->distance = distance;
    }
}
