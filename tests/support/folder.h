/* SPDX-License-Identifier: MIT-0 */
/* A folder of a test's own goes with all that is in it. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <ftw.h>
#include <stdio.h>

static inline int remove_entry(const char *path, const struct stat *s, int type, struct FTW *w) {
    (void)s;
    (void)type;
    (void)w;
    return remove(path);
}

static inline void remove_folder(const char *dir) {
    nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
