/* SPDX-License-Identifier: MIT-0 */
#include "deliver/spool_folder.h"
#include "base/disk.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

/* ---- owner */

static bool is_ours(const s3hls__spool_folder *f, uid_t owner) {
    return owner == f->self || owner == 0 || owner == f->owner;
}

static s3hls__spool_kind kind_of(const s3hls__spool_folder *f, const struct stat *st) {
    if (!is_ours(f, st->st_uid))
        return S3HLS__SPOOL_FOREIGN;
    bool file = S_ISREG(st->st_mode);
    if (f->shared && (!file || st->st_nlink > 1))
        return S3HLS__SPOOL_FOREIGN; /* another user may have made a second hard link to our file */
    return file ? S3HLS__SPOOL_FILE : S3HLS__SPOOL_NO_FILE;
}

/* ---- the spool directory */

/* The folder's owner is trusted, unless any user could have created the folder where it is. */
static bool dir_is_trusted(s3hls__spool_folder *f, int dir, const struct stat *st, char *why) {
    struct stat above;
    f->owner = st->st_uid;
    if (st->st_uid == f->self || st->st_uid == 0)
        return true;
    bool anybodys =
        fstatat(dir, "..", &above, 0) == 0 && above.st_mode & S_IWOTH && above.st_uid != st->st_uid;
    if (anybodys)
        snprintf(why, S3HLS__SPOOL_WHY_BYTES,
                 "it belongs to another user (%ju) and stands where anybody can create it; use a "
                 "directory of your own",
                 (uintmax_t)st->st_uid);
    return !anybodys;
}

static bool link_is_trusted(s3hls__spool_folder *f, const char *path, char *why) {
    struct stat st;
    if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) || !S_ISLNK(st.st_mode) ||
        st.st_uid == f->self || st.st_uid == 0)
        return true;
    snprintf(why, S3HLS__SPOOL_WHY_BYTES, "it is a symbolic link of another user (%ju)",
             (uintmax_t)st.st_uid);
    return false;
}

/* @return descriptor; -1: errno, or EACCES with *why. */
static int open_dir(s3hls__spool_folder *f, const s3hls__spool_place *place, char *why) {
    char path[PATH_MAX];
    struct stat st;
    size_t size = strlen(place->dir);
    while (size > 1 && place->dir[size - 1] == '/') /* otherwise fstatat() follows a link */
        size--;
    snprintf(path, sizeof path, "%.*s", (int)size, place->dir);
    int made = s3hls__disk_make_folders(path, place->folder_mode) ? errno : 0;
    int fd = open(path, FOLDER);
    if (fd < 0 && errno == EACCES)
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); /* search permission may be enough */
    if (fd < 0) {
        errno = made ? made : errno; /* the error of mkdir is more useful than "not found" */
        return -1;
    }
    if (fstat(fd, &st) || !link_is_trusted(f, path, why) || !dir_is_trusted(f, fd, &st, why)) {
        close(fd);
        errno = EACCES;
        return -1;
    }
    if (st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX))
        snprintf(why, S3HLS__SPOOL_WHY_BYTES,
                 "everybody can write into %.120s: others can remove what is in it; chmod o-w",
                 path);
    return fd;
}

/* ---- the folder */

/* @return status. A filesystem without locks is accepted. */
static int lock(int fd, char *why) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return S3HLS_OK;
    if (errno == EWOULDBLOCK) {
        snprintf(why, S3HLS__SPOOL_WHY_BYTES, "another recorder has it open");
        return S3HLS_E_STATE;
    }
    snprintf(why, S3HLS__SPOOL_WHY_BYTES, "it cannot be locked (%s): have no other recorder use it",
             strerror(errno));
    return S3HLS_OK;
}

static int take_folder(s3hls__spool_folder *f, int fd, char *why) {
    struct stat st;
    if (fstat(fd, &st))
        return s3hls__disk_status(errno);
    if (!is_ours(f, st.st_uid)) {
        snprintf(why, S3HLS__SPOOL_WHY_BYTES, "it belongs to another user (%ju)",
                 (uintmax_t)st.st_uid);
        return S3HLS_E_ACCESS;
    }
    f->device = st.st_dev;
    f->inode = st.st_ino;
    f->shared = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    return lock(fd, why);
}

/* @return descriptor; -1: errno. */
static int make_folder(int dir, const s3hls__spool_place *place) {
    bool made = mkdirat(dir, place->name, place->folder_mode) == 0;
    int code = made ? 0 : errno;
    if (made && s3hls__disk_sync_folder(dir))
        return -1;
    int fd = openat(dir, place->name, FOLDER | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT && code)
        errno = code; /* the error of mkdir is more useful */
    return fd;
}

int s3hls__spool_folder_open(s3hls__spool_folder *f, const s3hls__spool_place *place,
                             char why[S3HLS__SPOOL_WHY_BYTES]) {
    why[0] = 0;
    f->self = geteuid();
    f->fd = -1;
    int dir = open_dir(f, place, why);
    if (dir < 0)
        return s3hls__disk_status(errno);
    int fd = make_folder(dir, place), code = errno;
    close(dir);
    if (fd < 0 && (code == ELOOP || code == ENOTDIR)) {
        snprintf(why, S3HLS__SPOOL_WHY_BYTES, "%.100s in it is no folder: links are not followed",
                 place->name);
        return S3HLS_E_ACCESS;
    }
    int rc = fd < 0 ? s3hls__disk_status(code) : take_folder(f, fd, why);
    if (rc && fd >= 0)
        close(fd);
    f->fd = rc ? -1 : fd;
    return rc;
}

void s3hls__spool_folder_close(s3hls__spool_folder *f) {
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

bool s3hls__spool_folder_is_at(const s3hls__spool_folder *f, const s3hls__spool_place *place) {
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/%s", place->dir, place->name);
    return n > 0 && (size_t)n < sizeof path &&
           fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == f->device &&
           st.st_ino == f->inode;
}

/* ---- files in it */

s3hls__spool_kind s3hls__spool_folder_look(const s3hls__spool_folder *f, const char *name) {
    struct stat st;
    if (fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? S3HLS__SPOOL_ABSENT : S3HLS__SPOOL_UNKNOWN;
    return kind_of(f, &st);
}

int s3hls__spool_folder_read(const s3hls__spool_folder *f, const char *name,
                             s3hls__spool_kind *kind) {
    struct stat st;
    *kind = s3hls__spool_folder_look(f, name); /* checked first: opening a device may start it */
    if (*kind != S3HLS__SPOOL_FILE)
        return -1;
    int fd = openat(f->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st)) {
        int code = errno;
        *kind = fd < 0 && code == ENOENT ? S3HLS__SPOOL_ABSENT : *kind;
        if (fd >= 0)
            close(fd);
        errno = code;
        return -1;
    }
    *kind = kind_of(f, &st);
    if (*kind == S3HLS__SPOOL_FILE)
        return fd;
    close(fd);
    return -1;
}

int s3hls__spool_folder_create(const s3hls__spool_folder *f, const s3hls__spool_place *place,
                               uint64_t random, char temporary[32]) {
    snprintf(temporary, 32, "%s%016" PRIx64, S3HLS__SPOOL_TEMPORARY, random);
    return openat(f->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, place->file_mode);
}

int s3hls__spool_folder_commit(const s3hls__spool_folder *f, int fd, bool written,
                               const char *temporary, const char *name, bool *synced) {
    bool foreign = written && s3hls__spool_folder_look(f, name) == S3HLS__SPOOL_FOREIGN;
    int rc = S3HLS_OK;
    if (s3hls__disk_commit(f->fd, fd, written && !foreign, temporary, name))
        rc = foreign ? S3HLS_E_EXISTS : s3hls__disk_status(errno);
    *synced = !rc && s3hls__disk_sync_folder(f->fd) == 0;
    return rc;
}

int s3hls__spool_folder_remove(const s3hls__spool_folder *f, const char *name) {
    s3hls__spool_kind kind = s3hls__spool_folder_look(f, name);
    if (kind == S3HLS__SPOOL_ABSENT || kind == S3HLS__SPOOL_FOREIGN)
        return 0;
    return unlinkat(f->fd, name, 0) && errno != ENOENT ? -1 : 0;
}
