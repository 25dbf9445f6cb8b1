/* SPDX-License-Identifier: MIT-0 */
/* Lists the folders in a folder of a store with one LIST. */
#ifndef S3HLS_ARCHIVE_FOLDER_H
#define S3HLS_ARCHIVE_FOLDER_H

#include "base/names.h"
#include "store/store.h"

typedef struct s3hls__folder {
    s3hls__op op;       /* first member: op->done casts it; done and user are the caller's */
    const char *name;   /* "site/cam-1/", or "" */
    s3hls__names found; /* folders in it, including its name, in order of arrival */
    size_t files;       /* files in it; the listing stops at S3HLS__FOLDER_FILES_MAX */
    int status;         /* out of memory */
} s3hls__folder;
enum { S3HLS__FOLDER_FILES_MAX = 20000 };

/* Prepare the listing of a folder; the caller starts op. */
void s3hls__folder_init(s3hls__folder *folder, const char *name, const s3hls_env *env);
/* Result of the listing: a status. */
int s3hls__folder_status(const s3hls__folder *folder);
/* List the folders of a folder, ascending. Blocks.
 * @param found  receives them; the caller deinitialises it, also on failure
 * @return S3HLS_OK, S3HLS_E_NOMEM or a store's status */
int s3hls__folder_list(s3hls_store *store, const char *name, const s3hls_env *env,
                       s3hls__names *found, s3hls_s3_error *error);

#endif
