/* SPDX-License-Identifier: MIT-0 */
/* A provider's internals: shared, replaceable at any time, read again for each request.
 *
 *   keys.c         credentials by value
 *   credentials.c  a provider: its credentials, its watchers, its references
 *   renew.c        the thread that fetches credentials and gives them to the provider
 *   places.c       environment, files of profiles (profile.c reads one), the default chain
 *   endpoint.c     IoT Core, container, instance (separate, because it needs a JSON parser) */
#ifndef S3HLS_S3_CREDENTIALS_H
#define S3HLS_S3_CREDENTIALS_H

#include "base/env.h"
#include "s3hls/credentials.h"
#include <pthread.h>
#include <stdatomic.h>

/* Credentials by value: a request signs with its copy while the provider may change. */
typedef struct s3hls__keys {
    char access_key_id[S3HLS_ACCESS_KEY_MAX + 1];
    char secret_access_key[S3HLS_SECRET_KEY_MAX + 1];
    char session_token[S3HLS_SESSION_TOKEN_MAX + 1];
    int64_t expires_unix_s; /* 0: never */
} s3hls__keys;

s3hls_credentials s3hls__keys_view(const s3hls__keys *keys);
void s3hls__keys_wipe(s3hls__keys *keys);
/* @return S3HLS_OK; S3HLS_E_INVALID: a value is missing or malformed; its name is logged */
int s3hls__keys_copy(s3hls__keys *to, const s3hls_credentials *from, const s3hls_env *env);
/* Copy one value. @return false: longer than max, missing though required, or not visible ASCII. */
bool s3hls__key_copy(char *to, size_t max, const char *from, bool required);

/* How credentials are fetched. fetch is called on the provider's thread. */
typedef struct s3hls__fetcher {
    void *ctx;
    /* @return S3HLS_OK: keys and, if known, the time at their source (else 0) are set. */
    int (*fetch)(void *ctx, s3hls__keys *keys, int64_t *source_unix_s);
    /* Instead of fetch: read the source again on the calling thread; it may be a slow disk, but not
     * the network. */
    int (*read_again)(void *ctx, s3hls__keys *keys);
    void (*interrupt)(
        void *ctx);           /* end a running fetch and all later ones; any thread; may be NULL */
    void (*close)(void *ctx); /* may be NULL */
} s3hls__fetcher;

typedef struct s3hls__watch {
    void (*fn)(void *ctx, int status); /* S3HLS_OK: new credentials; else why there are none */
    void *ctx;
    int running; /* calls */
    struct s3hls__watch *next;
} s3hls__watch;

struct s3hls_credentials_provider {
    /* set at open */
    s3hls_env env;
    const char *source;     /* for people */
    s3hls__fetcher fetcher; /* fetch NULL: the credentials are fixed, or read_again reads them */
    pthread_t thread;
    bool has_thread;

    _Atomic int references;
    pthread_mutex_t watch_lock; /* watches */
    pthread_cond_t returned;    /* a watcher's call has ended */
    s3hls__watch *watches;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    s3hls__keys keys;
    bool have;          /* keys is set */
    int64_t expires_us; /* monotonic; INT64_MAX: never, or not known */
    int64_t renew_us;   /* monotonic: when new ones are fetched */
    int64_t fetched_us; /* monotonic: when a fetch last ended */
    bool asked, ending;
    uint32_t failures; /* in a row */
    int64_t retry_us;  /* monotonic: next try after a failure */
    int status;        /* of the last fetch */
};

/* ---- making one */
int s3hls__credentials_alloc(s3hls_credentials_provider **out, const char *source,
                             const s3hls_env *env);
int s3hls__credentials_open_fixed(s3hls_credentials_provider **out, const char *source,
                                  const s3hls_credentials *keys, const s3hls_env *env);
/* The fetcher is closed also on failure. */
int s3hls__credentials_open_fetched(s3hls_credentials_provider **out, const char *source,
                                    const s3hls__fetcher *fetcher, const s3hls_env *env);
/* endpoint.c: credentials of the container or instance that this process runs on.
 * @return as s3hls_credentials_open_container() and s3hls_credentials_open_instance() */
int s3hls__credentials_open_machine(s3hls_credentials_provider **out, const s3hls_env *env);

/* ---- for renew.c. Set new credentials and when to renew them; under the lock */
void s3hls__credentials_take(s3hls_credentials_provider *p, const s3hls__keys *keys,
                             int64_t source_unix_s);
/* Wait until that time of the monotonic clock, a change, or at most one second, since a test may
 * supply the clock; under the lock. */
void s3hls__credentials_sleep(s3hls_credentials_provider *p, int64_t until_us);
/* Call the watchers; under no lock */
void s3hls__credentials_report(s3hls_credentials_provider *p, int status);

/* ---- using one; any thread */

/* Add a reference; s3hls_credentials_close() releases it. */
s3hls_credentials_provider *s3hls__credentials_retain(s3hls_credentials_provider *provider);
/* Copy the credentials to sign with; wipe the copy with s3hls__keys_wipe(). Credentials that are
 * not fetched are returned even if they have expired.
 * @return S3HLS_OK
 *   S3HLS_E_CREDENTIALS: there are none yet, or they have expired and new ones are being fetched */
int s3hls__credentials_get(s3hls_credentials_provider *provider, s3hls__keys *keys);
/* Note that a server refused these credentials: new ones are fetched, or their source is read
 * again.
 * @return true: the provider already has others */
bool s3hls__credentials_refused(s3hls_credentials_provider *provider, const char *access_key_id);
/* Read the source of the credentials again. @return true: they have changed. */
bool s3hls__credentials_read_again(s3hls_credentials_provider *provider);
/* Test whether the provider fetches credentials, so that new ones may arrive. */
bool s3hls__credentials_renews(const s3hls_credentials_provider *provider);
/* Wait until there are valid credentials with another access key ID (NULL: any), or a fetch fails.
 * @return S3HLS_OK
 *   S3HLS_E_TIMEOUT: timeout_ms have passed
 *   S3HLS_E_CREDENTIALS: the provider does not fetch credentials
 *   the failed fetch's status */
int s3hls__credentials_wait(s3hls_credentials_provider *provider, const char *other_than,
                            uint32_t timeout_ms);
/* Call fn after each fetch and each s3hls_credentials_set(), on the same thread, under no lock. */
void s3hls__credentials_watch(s3hls_credentials_provider *provider, s3hls__watch *watch);
/* Wait for running calls of a watcher and remove it. */
void s3hls__credentials_unwatch(s3hls_credentials_provider *provider, s3hls__watch *watch);

#endif
