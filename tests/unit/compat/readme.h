/* SPDX-License-Identifier: MIT-0 */
#ifndef TESTS_COMPAT_README_H
#define TESTS_COMPAT_README_H

#include <stdatomic.h>

int readme_initialize(const char *ak, const char *sk, const char *token, const char *region,
                      const char *bucket, const char *prefix);
int readme_put(unsigned char *pStart, unsigned int uLength);
void *readme_upload(void *arg); /* arg: atomic_bool, true to stop */
void readme_finalize(void);

#endif
