/* SPDX-License-Identifier: MIT-0 */
/* A provider from the inside: shared, replaced at any time, read anew for each request.
 *
 *   credentials.c  keys, and who holds the provider
 *   renew.c        the thread of one that fetches its keys
 *   places.c       environment, files of profiles (profile.c reads one), the usual chain
 *   endpoint.c     IoT Core, container, instance (a room of its own: it needs a JSON parser) */
#ifndef S3HLS_S3_CREDENTIALS_H
#define S3HLS_S3_CREDENTIALS_H

#include "base/env.h"
#include "s3hls/credentials.h"
#include <pthread.h>
#include <stdatomic.h>

/* Keys by value: what a request signs with, whatever happens to the provider meanwhile. */
typedef struct s3hls__keys {
    char access_key_id[S3HLS_ACCESS_KEY_MAX + 1];
    char secret_access_key[S3HLS_SECRET_KEY_MAX + 1];
    char session_token[S3HLS_SESSION_TOKEN_MAX + 1];
    int64_t expires_unix_s; /* 0: never */
} s3hls__keys;

s3hls_credentials s3hls__keys_view(const s3hls__keys *keys);
void s3hls__keys_wipe(s3hls__keys *keys);
/* @return false: longer than max, absent though required, or not visible ASCII. */
bool s3hls__key_copy(char *to, size_t max, const char *from, bool required);

/* How keys are fetched. Called on the provider's thread. */
typedef struct s3hls__fetcher {
    void *ctx;
    /* @return S3HLS_OK: keys and, where it is known, the time at their source (else 0). */
    int (*fetch)(void *ctx, s3hls__keys *keys, int64_t *source_unix_s);
    /* In place of fetch: look at once where they lie, on the thread of who asks; it may be a slow
     * disk, but no network. */
    int (*read_again)(void *ctx, s3hls__keys *keys);
    void (*interrupt)(
        void *ctx); /* end a fetch that is under way, and all to come; any thread; may be NULL */
    void (*close)(void *ctx); /* may be NULL */
} s3hls__fetcher;

typedef struct s3hls__watch {
    void (*fn)(void *ctx, int status); /* S3HLS_OK: there are other keys; else why there are none */
    void *ctx;
    int telling; /* calls under way */
    struct s3hls__watch *next;
} s3hls__watch;

struct s3hls_credentials_provider {
    /* set at open */
    s3hls_env env;
    const char *source;     /* for people */
    s3hls__fetcher fetcher; /* fetch NULL: the keys are what they are, or what is read again */
    pthread_t thread;
    bool has_thread;

    _Atomic int references;
    pthread_mutex_t watch_lock; /* watches */
    pthread_cond_t told;        /* a call has ended */
    s3hls__watch *watches;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    s3hls__keys keys;
    bool have;          /* keys are keys */
    int64_t expires_us; /* monotonic; INT64_MAX: never, or not known */
    int64_t renew_us;   /* monotonic: when others are fetched */
    int64_t fetched_us; /* monotonic: when a fetch last ended */
    bool asked, ending;
    uint32_t failures; /* in a row */
    int64_t retry_us;  /* monotonic: when it is tried again after a failure */
    int status;        /* of the last fetch */
};

/* ---- making one */
int s3hls__credentials_alloc(s3hls_credentials_provider **out, const char *source,
                             const s3hls_env *env);
int s3hls__credentials_open_fixed(s3hls_credentials_provider **out, const char *source,
                                  const s3hls_credentials *keys, const s3hls_env *env);
/* fetcher is closed in any case. */
int s3hls__credentials_open_fetched(s3hls_credentials_provider **out, const char *source,
                                    const s3hls__fetcher *fetcher, const s3hls_env *env);
/* endpoint.c: what the machine we run on offers. @return S3HLS_E_NOT_FOUND: nothing is set up;
 * S3HLS_E_UNSUPPORTED: not built in. */
int s3hls__credentials_open_machine(s3hls_credentials_provider **out, const s3hls_env *env);

/* ---- renew.c; under the lock */
void s3hls__credentials_take(s3hls_credentials_provider *p, const s3hls__keys *keys,
                             int64_t source_unix_s);
/* under no lock */
void s3hls__credentials_tell(s3hls_credentials_provider *p, int status);
void s3hls__credentials_stop(s3hls_credentials_provider *p);

/* ---- using one; any thread */

/* Hold the provider; give it up with s3hls_credentials_close(). */
s3hls_credentials_provider *s3hls__credentials_retain(s3hls_credentials_provider *provider);
/* The keys to sign with; wipe the copy with s3hls__keys_wipe().
 * @return S3HLS_OK; S3HLS_E_CREDENTIALS: there are none yet, or they have expired and others are
 * being fetched. Keys that nobody fetches are given out as they are. */
int s3hls__credentials_get(s3hls_credentials_provider *provider, s3hls__keys *keys);
/* A server does not take these keys: others are fetched, if somebody does that, or read where these
 * were read.
 * @return true: the provider has others already. */
bool s3hls__credentials_refused(s3hls_credentials_provider *provider, const char *access_key_id);
/* Read keys again where they were read. @return true: they are others. */
bool s3hls__credentials_read_again(s3hls_credentials_provider *provider);
/* Does the provider fetch its keys, so that others may come? */
bool s3hls__credentials_renews(const s3hls_credentials_provider *provider);
/* Wait until there are valid keys other than those (NULL: any), or a fetch has failed.
 * @return S3HLS_OK; the failed fetch's status; S3HLS_E_TIMEOUT; S3HLS_E_CREDENTIALS: nobody fetches
 * others. */
int s3hls__credentials_wait(s3hls_credentials_provider *provider, const char *other_than,
                            uint32_t timeout_ms);
/* Tell fn after each fetch and each s3hls_credentials_set(), on the thread of that, under no lock.
 */
void s3hls__credentials_watch(s3hls_credentials_provider *provider, s3hls__watch *watch);
/* Waits for calls under way; afterwards it is not called any more. */
void s3hls__credentials_unwatch(s3hls_credentials_provider *provider, s3hls__watch *watch);

#endif
