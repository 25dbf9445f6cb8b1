/* SPDX-License-Identifier: MIT-0 */
/* A spool's internals.
 *
 *   spool.c         write, remove, read back, numbers
 *   spool_reach.c   finds and reads the folder
 *   spool_index.c   its entries, in memory
 *   spool_folder.c  safe access to the folder; spool_file.c: one file */
#ifndef S3HLS_DELIVER_SPOOL_INSIDE_H
#define S3HLS_DELIVER_SPOOL_INSIDE_H

#include "deliver/spool.h"
#include "deliver/spool_file.h"
#include "deliver/spool_folder.h"
#include <limits.h>
#include <stdatomic.h>

enum {
    S3HLS__SPOOL_BUFFER_BYTES = 32 * 1024,
    S3HLS__SPOOL_NAME_BYTES = S3HLS_KEY_MAX + 16,
    S3HLS__SPOOL_FOLDERS_MAX = 4
};
#define S3HLS__SPOOL_DAMAGED "damaged-"
#define S3HLS__SPOOL_SESSION "session"

struct s3hls__spool {
    s3hls_env env;
    char dir[PATH_MAX], name[NAME_MAX + 1];
    s3hls__spool_place place;
    s3hls__crc32c_table table;
    s3hls__spool_found_fn found;
    void *found_ctx;

    /* The folders that were at the place; entries refer to them. New files are written to the
     * current one; -1: none can be used now. */
    s3hls__spool_folder folders[S3HLS__SPOOL_FOLDERS_MAX];
    int current;
    bool unread; /* the current one holds files that could not be read yet */
    int status;  /* why it cannot be used, as last logged; S3HLS_OK: it can */
    bool logged_unread, logged_unmoved, logged_unsynced;

    s3hls__spool_index index;
    _Atomic uint64_t floor; /* any thread */
    uint64_t reserved;

    /* the open entry */
    int file;
    uint64_t size; /* of the object */
    char tags[S3HLS__SPOOL_TAGS_MAX + 1];
    uint64_t buffer_at; /* offset of buffer's contents */
    size_t buffer_size;
    uint8_t buffer[S3HLS__SPOOL_BUFFER_BYTES];
};

/* ---- spool_reach.c */

/* Open and read the current folder if it is not open. @return a status. */
int s3hls__spool_reach(s3hls__spool *s);
/* The folder of an entry, or for a new one. @return NULL: it cannot be reached */
s3hls__spool_folder *s3hls__spool_folder_of(s3hls__spool *s, const s3hls__spool_entry *entry);

/* ---- spool.c */

/* Write a file into the current folder: source, or text where that is NULL. @return a status. */
int s3hls__spool_write_file(s3hls__spool *s, const char *name, const s3hls__spool_source *source,
                            const char *text);
/* Open a file and verify it; reads its tags into the spool. @return descriptor; -1: *rc is set. */
int s3hls__spool_open_whole(s3hls__spool *s, const s3hls__spool_folder *f, const char *name,
                            uint64_t size, s3hls__spool_trailer *t, int *rc);
/* Rename a damaged file. @return false: it could not be renamed. */
bool s3hls__spool_set_aside(s3hls__spool *s, const s3hls__spool_folder *f, const char *name);
/* Read the numbers that earlier sessions used; note one that was used. */
void s3hls__spool_read_session(s3hls__spool *s, const s3hls__spool_folder *f);
void s3hls__spool_raise_floor(s3hls__spool *s, uint64_t number);

#endif
