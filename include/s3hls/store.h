/* SPDX-License-Identifier: MIT-0 */
/** @file store.h
 * Where segments live: s3://bucket/prefix or file:///directory, behind one set of calls. Keys are
 * relative to the URL and mean the same in both. One store serves one thread at a time.
 */
#ifndef S3HLS_STORE_H
#define S3HLS_STORE_H

#include "s3hls/s3.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s3hls_store s3hls_store;

/** Open a store. The prefix is used as given, with or without slashes at its ends.
 * @param url      "s3://bucket[/prefix]", "file:///absolute/dir"
 * @param options  how to reach S3; NULL: defaults; not used by file://
 * @return S3HLS_OK; S3HLS_E_INVALID: not such a URL, "..", control characters, or a prefix too
 * long for a key of 1,024 bytes; the statuses of s3hls_s3_open(). A directory is made at the first
 * put. */
S3HLS_API int s3hls_store_open(s3hls_store **out, const char *url, const s3hls_s3_options *options,
                               const s3hls_env *env);
/** Open a store that uses the connections of another and, where options name none, its credentials:
 * for many prefixes of one bucket. Both serve the same thread; the other is closed after it. A
 * directory below the other's is reached without following symbolic links.
 * @return as s3hls_store_open(). */
S3HLS_API int s3hls_store_open_beside(s3hls_store **out, const char *url, s3hls_store *other,
                                      const s3hls_s3_options *options);
S3HLS_API void s3hls_store_close(s3hls_store **store);

/** Have a function called for each LIST request that is sent to S3, which charges for it: once a
 * page and a retry. Stores opened beside this one count as well. A directory sends none.
 * @param on_list  called on the thread that uses the store; must not block. NULL: no longer */
S3HLS_API void s3hls_store_on_list(s3hls_store *store, void (*on_list)(void *ctx), void *ctx);

/** Store an object, whole or not at all: S3 promises it; a directory gets a temporary name, fsync,
 * rename, fsync of the directory. An object of the same key is replaced.
 * @return S3HLS_OK; s3://: as s3hls_s3_put(); file://: S3HLS_E_ACCESS, S3HLS_E_NOSPC, S3HLS_E_IO.
 */
S3HLS_API int s3hls_store_put(s3hls_store *store, const char *key, const s3hls_span *spans,
                              size_t span_count, const s3hls_s3_put_options *options,
                              s3hls_s3_error *error);

/** Read bytes first..last of an object. As s3hls_s3_get(). */
S3HLS_API int s3hls_store_get(s3hls_store *store, const char *key, uint64_t first, uint64_t last,
                              s3hls_s3_data_fn on_data, void *ctx, s3hls_s3_error *error);

/** Remove an object; one that is not there is no error. */
S3HLS_API int s3hls_store_remove(s3hls_store *store, const char *key, s3hls_s3_error *error);

/** List keys in ascending byte order, as s3hls_s3_list(); object->key is relative to the store. */
S3HLS_API int s3hls_store_list(s3hls_store *store, const char *prefix, const char *start_after,
                               s3hls_s3_list_fn on_object, void *ctx, s3hls_s3_error *error);

/** A URL a player can open: presigned for s3:// (expires_s seconds), file:// otherwise.
 * @param url  receives a string to be freed with s3hls_free(). */
S3HLS_API int s3hls_store_url(s3hls_store *store, const char *key, uint32_t expires_s, char **url);

#ifdef __cplusplus
}
#endif
#endif
