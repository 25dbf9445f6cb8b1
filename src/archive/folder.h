/* SPDX-License-Identifier: MIT-0 */
/* The folders in a folder of a store, by one LIST. */
#ifndef S3HLS_ARCHIVE_FOLDER_H
#define S3HLS_ARCHIVE_FOLDER_H

#include "base/names.h"
#include "store/store.h"

typedef struct s3hls__folder {
    s3hls__op op;       /* first: op->done gets at the rest by it; done and user are the caller's */
    const char *name;   /* "site/cam-1/", or "" */
    s3hls__names found; /* folders in it, with its name before them, as they come */
    size_t files;       /* in it; after so many the rest is not looked at */
    int status;         /* out of memory */
} s3hls__folder;
enum { S3HLS__FOLDER_FILES_MAX = 20000 };

/* Prepare the listing of a folder: op is to be started. */
void s3hls__folder_init(s3hls__folder *folder, const char *name, const s3hls_env *env);
/* How the listing went. */
int s3hls__folder_status(const s3hls__folder *folder);
/* Its folders, ascending. found is to be deinitialised in any case. */
int s3hls__folder_list(s3hls_store *store, const char *name, const s3hls_env *env,
                       s3hls__names *found, s3hls_s3_error *error);

#endif
