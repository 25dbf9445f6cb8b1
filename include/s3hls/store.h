/* SPDX-License-Identifier: MIT-0 */
/** @file store.h
 * A store of objects: s3://bucket/prefix or file:///directory, behind one set of functions. Keys
 * are relative to the URL and have the same meaning in both: 1 to 1,024 bytes of UTF-8 with the
 * prefix, no control characters, no "." or ".." between slashes.
 *
 * Threads: a store is used by one thread at a time. Functions with an s3hls_s3_error parameter
 * block and allocate; error receives what failed (error->status is the result) and may be NULL.
 */
#ifndef S3HLS_STORE_H
#define S3HLS_STORE_H

#include "s3hls/s3.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct s3hls_store s3hls_store;

/** Open a store. Any thread; allocates; sends no request. A directory is created by the first put.
 * @param url      "s3://bucket[/prefix]", "file:///absolute/dir"; slashes at the ends of the prefix
 *                 are ignored; copied
 * @param options  how to reach S3; NULL: defaults; file:// uses file_mode only; copied
 * @param env      NULL: the process's own; copied
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: out or url is NULL; the URL is of neither form, has ".." or control
 *   characters, or its prefix is too long for a key; file_mode is out of range; or as
 *   s3hls_s3_open(). The log line (component "store" or "s3") names the fault
 *   S3HLS_E_CREDENTIALS, S3HLS_E_IO, S3HLS_E_NOMEM: as s3hls_s3_open(). *out is NULL on
 *   failure. */
S3HLS_API int s3hls_store_open(s3hls_store **out, const char *url, const s3hls_s3_options *options,
                               const s3hls_env *env);
/** Open a store that uses the connections of another one and, if options name none, its
 * credentials: for many prefixes of one bucket. A directory below the other's is reached without
 * following symbolic links.
 * @param other  used by the same thread, and closed after the new store
 * @return as s3hls_store_open()
 *   S3HLS_E_INVALID: also when other is NULL */
S3HLS_API int s3hls_store_open_beside(s3hls_store **out, const char *url, s3hls_store *other,
                                      const s3hls_s3_options *options);
/** Close a store. Accepts NULL and a pointer to NULL; sets *store to NULL. */
S3HLS_API void s3hls_store_close(s3hls_store **store);

/** Register a function that is called for each LIST request sent to S3, which charges for it: once
 * per page and per retry. Includes the requests of stores opened beside this one. A directory sends
 * none.
 * @param on_list  called on the thread that uses the store; must not block. NULL: none */
S3HLS_API void s3hls_store_on_list(s3hls_store *store, void (*on_list)(void *ctx), void *ctx);

/** Store an object, whole or not at all: S3 guarantees it; in a directory by a temporary name,
 * fsync, rename, and fsync of the directory. Replaces an object of the same key.
 * @param spans    the body, in order; read during the call only
 * @param options  may be NULL; not used by file://
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: store or key is NULL, or the key is malformed
 *   s3://: as s3hls_s3_put()
 *   file://: S3HLS_E_ACCESS, S3HLS_E_NOSPC, S3HLS_E_TOO_LARGE (a part of the key is too long for a
 *   file's name), S3HLS_E_NOMEM or S3HLS_E_IO */
S3HLS_API int s3hls_store_put(s3hls_store *store, const char *key, const s3hls_span *spans,
                              size_t span_count, const s3hls_s3_put_options *options,
                              s3hls_s3_error *error);

/** Read an object, or bytes first to last of it. Parameters as for s3hls_s3_get().
 * @return S3HLS_OK
 *   S3HLS_E_NOT_FOUND: there is no such object
 *   S3HLS_E_CANCELLED: on_data returned non-zero
 *   S3HLS_E_INVALID: store, key or on_data is NULL, the key is malformed, or first > last
 *   s3://: as s3hls_s3_get()
 *   file://: S3HLS_E_ACCESS, S3HLS_E_NOMEM or S3HLS_E_IO */
S3HLS_API int s3hls_store_get(s3hls_store *store, const char *key, uint64_t first, uint64_t last,
                              s3hls_s3_data_fn on_data, void *ctx, s3hls_s3_error *error);

/** Remove an object.
 * @return S3HLS_OK: also when there was none
 *   S3HLS_E_INVALID: store or key is NULL, or the key is malformed
 *   s3://: as s3hls_s3_remove()
 *   file://: S3HLS_E_ACCESS or S3HLS_E_IO */
S3HLS_API int s3hls_store_remove(s3hls_store *store, const char *key, s3hls_s3_error *error);

/** List keys in ascending byte order. Parameters as for s3hls_s3_list(); object->key is relative to
 * the store.
 * @return S3HLS_OK
 *   S3HLS_E_CANCELLED: on_object returned non-zero
 *   S3HLS_E_INVALID: store or on_object is NULL
 *   s3://: as s3hls_s3_list()
 *   file://: S3HLS_E_ACCESS, S3HLS_E_NOMEM or S3HLS_E_IO */
S3HLS_API int s3hls_store_list(s3hls_store *store, const char *prefix, const char *start_after,
                               s3hls_s3_list_fn on_object, void *ctx, s3hls_s3_error *error);

/** Make a URL that a player can open: presigned for s3://, else file://. Sends no request for the
 * object, but may wait for credentials as s3hls_s3_presign() does.
 * @param expires_s  s3://: validity in seconds, 1 to S3HLS_PRESIGN_MAX_S
 * @param url        receives it, NUL-terminated; free with s3hls_free()
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: store, key or url is NULL, the key is malformed, or expires_s is out of range
 *   S3HLS_E_CREDENTIALS: there are no credentials
 *   S3HLS_E_NOMEM: out of memory */
S3HLS_API int s3hls_store_url(s3hls_store *store, const char *key, uint32_t expires_s, char **url);

#ifdef __cplusplus
}
#endif
#endif
