/* SPDX-License-Identifier: MIT-0 */
/* The kinds of stores. Each embeds s3hls_store as its first member and sets its calls. */
#ifndef S3HLS_STORE_BACKEND_H
#define S3HLS_STORE_BACKEND_H

#include "store/store.h"

typedef struct s3hls__store_calls {
    /* As s3hls__store_start(). */
    void (*start)(s3hls_store *store, s3hls__op *op);
    int (*url)(s3hls_store *store, const char *key, uint32_t expires_s, char **url);
    void (*close)(s3hls_store *store);
    int64_t (*clock_offset_s)(const s3hls_store *store);                  /* NULL: 0 */
    s3hls_credentials_provider *(*credentials)(const s3hls_store *store); /* NULL: none */
    /* Adopt what another store of the same kind knows; it is closed later. NULL: nothing */
    void (*learn_from)(s3hls_store *store, const s3hls_store *other);
} s3hls__store_calls;

struct s3hls_store {
    const s3hls__store_calls *calls;
    s3hls_env env;
    s3hls__http *http;
    bool own_http;
};

/* Open a store of one kind.
 * @param path  the URL without "s3://" or "file://"
 * @param http  not owned
 * @return as s3hls_store_open() */
int s3hls__store_open_s3(s3hls_store **out, const char *path, s3hls__http *http,
                         const s3hls_s3_options *options, const s3hls_env *env);
int s3hls__store_open_directory(s3hls_store **out, const char *path, s3hls__http *http,
                                const s3hls_s3_options *options, const s3hls_env *env);

/* Hashes of the folders that could not be opened and were logged, so that each is logged once per
 * store. When it is full, no more are logged. */
typedef struct s3hls__unreadable {
    uint32_t hashes[16];
    uint32_t count;
} s3hls__unreadable;

/* List a directory in ascending order of whole keys. A folder that cannot be opened is logged and
 * skipped, unless it may hold recordings: then the listing fails.
 * @param root  the directory's name, for messages
 * @param fd    the open directory; closed by the call; -1: errno is set
 * @return a status; op->result has the message */
int s3hls__directory_list(const char *root, int fd, s3hls__unreadable *unreadable, s3hls__op *op,
                          const s3hls_env *env);

#define S3HLS__TEMPORARY_PREFIX ".tmp-" /* of files that are being written; never listed */

#endif
