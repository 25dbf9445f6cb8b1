/* SPDX-License-Identifier: MIT-0 */
#include "failing_memory.h"
#include <curl/curl.h>
#include <expat.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long until_failure = -1; /* under lock; negative: never */
static memory_failure failure;
static _Atomic long asked, out;

static bool fails(void) {
    pthread_mutex_lock(&lock);
    bool now = until_failure == 0;
    if (until_failure > 0 || (now && failure == MEMORY_FAILS_ONCE))
        until_failure--;
    pthread_mutex_unlock(&lock);
    asked++;
    return now;
}

static void *get(size_t size) {
    void *p = fails() ? NULL : malloc(size);
    out += p != NULL;
    return p;
}

static void give(void *p) {
    out -= p != NULL;
    free(p);
}

static void *change(void *p, size_t size) {
    if (!p)
        return get(size);
    if (!size) {
        give(p);
        return NULL;
    }
    return fails() ? NULL : realloc(p, size);
}

static char *copy(const char *s) {
    char *p = get(strlen(s) + 1);
    return p ? strcpy(p, s) : NULL;
}

static void *get_zeroed(size_t count, size_t size) {
    void *p = get(count * size + 1);
    return p ? memset(p, 0, count * size) : NULL;
}

static void *crypto_get(size_t size, const char *file, int line) {
    (void)file, (void)line;
    return size ? get(size) : NULL;
}

static void *crypto_change(void *p, size_t size, const char *file, int line) {
    (void)file, (void)line;
    return change(p, size);
}

static void crypto_give(void *p, const char *file, int line) {
    (void)file, (void)line;
    give(p);
}

/* In place of expat's own. */
XML_Parser XML_ParserCreate(const XML_Char *encoding) {
    static const XML_Memory_Handling_Suite suite = {get, change, give};
    return XML_ParserCreate_MM(encoding, &suite, NULL);
}

bool memory_install(void) {
    json_set_alloc_funcs(get, give);
    return CRYPTO_set_mem_functions(crypto_get, crypto_change, crypto_give) &&
           curl_global_init_mem(CURL_GLOBAL_DEFAULT, get, give, change, copy, get_zeroed) == 0;
}

void memory_fail(long n, memory_failure how) {
    pthread_mutex_lock(&lock);
    until_failure = n;
    failure = how;
    pthread_mutex_unlock(&lock);
}

void memory_is_back(void) {
    memory_fail(-1, MEMORY_FAILS_ONCE);
}

long memory_asked(void) {
    return asked;
}

long memory_out(void) {
    return out;
}

void *memory_reallocate(void *ctx, void *p, size_t size) {
    (void)ctx;
    return change(p, size);
}
