/* SPDX-License-Identifier: MIT-0 */
/* Memory that fails at one allocation and is back at the next, or stays away: one countdown for us,
 * libcurl and OpenSSL. For one program of one file. */
#ifndef S3HLS_TESTS_SUPPORT_FAILING_MEMORY_H
#define S3HLS_TESTS_SUPPORT_FAILING_MEMORY_H

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static _Atomic long until_failure = -1, asked, out; /* negative: none fails */
static _Atomic bool stays_away;                     /* all fail from that one on */
static _Atomic bool spare_crypto;                   /* OpenSSL's are not counted and do not fail */

static bool fails(void) {
    asked++;
    long n = until_failure;
    while (n > 0 || (n == 0 && !stays_away))
        if (atomic_compare_exchange_weak(&until_failure, &n, n - 1))
            break;
    return n == 0;
}

static void give(void *p) {
    out -= p != NULL;
    free(p);
}

static void *change_unless(bool refused, void *p, size_t size) {
    if (!size) {
        give(p);
        return NULL;
    }
    void *q = refused ? NULL : realloc(p, size);
    out += !p && q;
    return q;
}

static void *change(void *p, size_t size) {
    return change_unless(size && fails(), p, size);
}

static void *get(size_t size) {
    return change(NULL, size ? size : 1);
}

static char *copy(const char *s) {
    char *p = get(strlen(s) + 1);
    return p ? strcpy(p, s) : NULL;
}

static void *get_zeroed(size_t count, size_t size) {
    void *p = get(count * size + 1);
    return p ? memset(p, 0, count * size) : NULL;
}

static void *crypto_change(void *p, size_t size, const char *file, int line) {
    (void)file, (void)line;
    return change_unless(size && !spare_crypto && fails(), p, size);
}

static void *crypto_get(size_t size, const char *file, int line) {
    return crypto_change(NULL, size, file, line);
}

static void crypto_give(void *p, const char *file, int line) {
    (void)file, (void)line;
    give(p);
}

static void *reallocate(void *ctx, void *p, size_t size) {
    (void)ctx;
    return change(p, size);
}

/* Before anything else. @return false: too late. */
static bool fail_memory_of_all(void) {
    return CRYPTO_set_mem_functions(crypto_get, crypto_change, crypto_give) &&
           curl_global_init_mem(CURL_GLOBAL_DEFAULT, get, give, change, copy, get_zeroed) == 0;
}

#endif
