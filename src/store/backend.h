/* SPDX-License-Identifier: MIT-0 */
/* What stands behind a store's URL. Each kind embeds s3hls_store first and fills in its calls. */
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
    /* Of another store of the same kind, which is closed later; NULL: there is nothing to learn */
    void (*learn_from)(s3hls_store *store, const s3hls_store *other);
} s3hls__store_calls;

struct s3hls_store {
    const s3hls__store_calls *calls;
    s3hls_env env;
    s3hls__http *http;
    bool own_http;
};

/* path: what stands behind "s3://" or "file://". Both fill in calls, and leave env and http as they
 * are. */
int s3hls__store_open_s3(s3hls_store **out, const char *path, s3hls__http *http,
                         const s3hls_s3_options *options, const s3hls_env *env);
int s3hls__store_open_directory(s3hls_store **out, const char *path, s3hls__http *http,
                                const s3hls_s3_options *options, const s3hls_env *env);

/* Folders that could not be opened and were logged, so that each is logged once a store. Hashes of
 * their names; where it is full, no more are logged. */
typedef struct s3hls__unreadable {
    uint32_t hashes[16];
    uint32_t count;
} s3hls__unreadable;

/* A directory's LIST, in ascending order of whole keys. A folder that cannot be opened is logged
 * and passed over, unless recordings may lie in it: then the listing fails.
 * @param root  its name, for messages  @param fd  it, opened; closed by the call; -1: errno says
 * why
 * @return a status; op->error says more. */
int s3hls__directory_list(const char *root, int fd, s3hls__unreadable *unreadable, s3hls__op *op,
                          const s3hls_env *env);

#define S3HLS__TEMPORARY_PREFIX ".tmp-" /* of files that are being written; never listed */

#endif
