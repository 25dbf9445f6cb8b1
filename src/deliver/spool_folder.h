/* SPDX-License-Identifier: MIT-0 */
/* The folder of a spool, which other users may have changed: no link is followed; files of other
 * users are neither read nor removed nor replaced; only regular files are opened. */
#ifndef S3HLS_DELIVER_SPOOL_FOLDER_H
#define S3HLS_DELIVER_SPOOL_FOLDER_H

#include "base/env.h"
#include <stdbool.h>
#include <sys/stat.h>

#define S3HLS__SPOOL_TEMPORARY ".tmp-" /* of files that are being written */

typedef struct s3hls__spool_folder {
    int fd;       /* locked; -1: none */
    dev_t device; /* of fd, with inode: which folder that is */
    ino_t inode;
    uid_t self, owner; /* whose files are ours: this process's user, the spool directory's owner */
    bool shared; /* others may write into it: a file with a second name may be one of theirs */
} s3hls__spool_folder;

/* Where the folder is, and the permissions it is created with. */
typedef struct s3hls__spool_place {
    const char *dir;  /* the spool directory, which the caller has named */
    const char *name; /* of the folder in it */
    mode_t file_mode, folder_mode;
} s3hls__spool_place;

enum { S3HLS__SPOOL_WHY_BYTES = 256 };

/* Open and lock the folder; create it if it does not exist.
 * @param why  receives why it cannot be used, or a warning if it can; else ""
 * @return S3HLS_OK
 *   S3HLS_E_STATE: another recorder has it open
 *   S3HLS_E_ACCESS: this user may not use it, or it belongs to another user
 *   other statuses of s3hls__disk_status() */
int s3hls__spool_folder_open(s3hls__spool_folder *f, const s3hls__spool_place *place,
                             char why[S3HLS__SPOOL_WHY_BYTES]);
void s3hls__spool_folder_close(s3hls__spool_folder *f);
/* Test whether this folder is still at that place. @return false: it was removed or mounted over */
bool s3hls__spool_folder_is_at(const s3hls__spool_folder *f, const s3hls__spool_place *place);

typedef enum s3hls__spool_kind {
    S3HLS__SPOOL_FILE,    /* a file of ours */
    S3HLS__SPOOL_NO_FILE, /* ours, but a folder, a link, a pipe */
    S3HLS__SPOOL_FOREIGN, /* somebody else's: to be left alone */
    S3HLS__SPOOL_ABSENT,  /* nothing of that name */
    S3HLS__SPOOL_UNKNOWN  /* the disk cannot be asked: errno */
} s3hls__spool_kind;

s3hls__spool_kind s3hls__spool_folder_look(const s3hls__spool_folder *f, const char *name);

/* Open a file of ours for reading.
 * @return descriptor
 *   -1: *kind states why; S3HLS__SPOOL_FILE, S3HLS__SPOOL_UNKNOWN: it cannot be opened now, errno
 * is set */
int s3hls__spool_folder_read(const s3hls__spool_folder *f, const char *name,
                             s3hls__spool_kind *kind);

/* Create a file under a temporary name. @return descriptor; -1: errno is set. */
int s3hls__spool_folder_create(const s3hls__spool_folder *f, const s3hls__spool_place *place,
                               uint64_t random, char temporary[32]);
/* Sync, rename and close a file. If that fails, or written is false, the file is removed.
 * @param synced  receives false if a power failure may undo the rename
 * @return S3HLS_OK
 *   S3HLS_E_EXISTS: a file of another user has that name
 *   statuses of s3hls__disk_status() */
int s3hls__spool_folder_commit(const s3hls__spool_folder *f, int fd, bool written,
                               const char *temporary, const char *name, bool *synced);
/* Remove a file of ours; one of another user stays. @return 0: also when there is none; -1: errno
 * is set. */
int s3hls__spool_folder_remove(const s3hls__spool_folder *f, const char *name);

#endif
