/* SPDX-License-Identifier: MIT-0 */
/* The folder of a spool, where others may have been at work: no link is followed, what is not ours
 * is neither read nor removed nor replaced, and what is no file is never opened. */
#ifndef S3HLS_RECORD_SPOOL_FOLDER_H
#define S3HLS_RECORD_SPOOL_FOLDER_H

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

/* Where it is, and how it is made. */
typedef struct s3hls__spool_place {
    const char *dir;  /* the spool directory, which the caller has named */
    const char *name; /* of the folder in it */
    mode_t file_mode, folder_mode;
} s3hls__spool_place;

enum { S3HLS__SPOOL_WHY_BYTES = 256 };

/* Open and lock the folder, made if need be. why receives a sentence where it cannot be used, or
 * where it can but should be looked at; else "".
 * @return S3HLS_OK; S3HLS_E_STATE: another recorder has it open; S3HLS_E_ACCESS: this user may not
 * use it, or it belongs to somebody else; other statuses of the disk. */
int s3hls__spool_folder_open(s3hls__spool_folder *f, const s3hls__spool_place *place,
                             char why[S3HLS__SPOOL_WHY_BYTES]);
void s3hls__spool_folder_close(s3hls__spool_folder *f);
/* Does that place still lead to this folder? No: something was mounted over it, or it was removed.
 */
bool s3hls__spool_folder_is_at(const s3hls__spool_folder *f, const s3hls__spool_place *place);

typedef enum s3hls__spool_kind {
    S3HLS__SPOOL_FILE,    /* a file of ours */
    S3HLS__SPOOL_NO_FILE, /* ours, but a folder, a link, a pipe */
    S3HLS__SPOOL_FOREIGN, /* somebody else's: to be left alone */
    S3HLS__SPOOL_ABSENT,  /* nothing of that name */
    S3HLS__SPOOL_UNKNOWN  /* the disk does not say: errno */
} s3hls__spool_kind;

s3hls__spool_kind s3hls__spool_folder_look(const s3hls__spool_folder *f, const char *name);

/* Open a file of ours to read it. @return descriptor; -1: *kind says why, and errno where it is
 * S3HLS__SPOOL_FILE or S3HLS__SPOOL_UNKNOWN: a file of ours that cannot be opened now. */
int s3hls__spool_folder_read(const s3hls__spool_folder *f, const char *name,
                             s3hls__spool_kind *kind);

/* Create a file under a temporary name. @return descriptor; -1: errno. */
int s3hls__spool_folder_create(const s3hls__spool_folder *f, const s3hls__spool_place *place,
                               uint64_t random, char temporary[32]);
/* Close it, synced and under its name; written false: it is given up. Nothing of it is left where
 * that fails.
 * @return S3HLS_OK; S3HLS_E_EXISTS: something foreign has that name; the disk's statuses. *synced
 * false: it has its name, but may lose it with the power. */
int s3hls__spool_folder_commit(const s3hls__spool_folder *f, int fd, bool written,
                               const char *temporary, const char *name, bool *synced);
/* Remove a file of ours; what is foreign stays. @return 0, also where there is none; -1: errno. */
int s3hls__spool_folder_remove(const s3hls__spool_folder *f, const char *name);

#endif
