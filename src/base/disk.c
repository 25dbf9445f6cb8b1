/* SPDX-License-Identifier: MIT-0 */
#include "base/disk.h"
#include "s3hls/status.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int s3hls__disk_status(int code) {
    switch (code) {
    case ENOENT:
        return S3HLS_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return S3HLS_E_ACCESS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return S3HLS_E_NOSPC;
    case ENAMETOOLONG:
        return S3HLS_E_TOO_LARGE;
    case EINVAL:
        return S3HLS_E_INVALID;
    case ENOMEM:
        return S3HLS_E_NOMEM;
    default:
        return S3HLS_E_IO;
    }
}

mode_t s3hls__disk_file_mode(uint32_t configured) {
    return configured ? (mode_t)configured : 0600;
}

mode_t s3hls__disk_folder_mode(uint32_t configured) {
    mode_t mode = s3hls__disk_file_mode(configured);
    return mode | (mode & 0444) >> 2;
}

bool s3hls__disk_mode_ok(uint32_t configured) {
    return configured == 0 || (configured <= 0777 && (configured & 0600) == 0600);
}

int s3hls__disk_commit(int folder, int fd, bool written, const char *temporary, const char *name) {
    bool ok = written && fsync(fd) == 0;
    int code = errno;
    if (close(fd) && errno != EINTR && ok) {
        ok = false;
        code = errno;
    }
    if (ok && renameat(folder, temporary, folder, name)) {
        ok = false;
        code = errno;
    }
    if (ok)
        return 0;
    unlinkat(folder, temporary, 0);
    errno = code;
    return -1;
}

static bool cannot_sync_folders(int code) {
    return code == EINVAL || code == ENOTSUP || code == ENOSYS || code == EBADF;
}

int s3hls__disk_sync_folder(int fd) {
    int rc;
    do
        rc = fsync(fd);
    while (rc && errno == EINTR);
    return rc && !cannot_sync_folders(errno) ? -1 : 0;
}

/* A parent folder that is writable but not readable cannot be opened for fsync. */
static int sync_above(const char *path) {
    char above[PATH_MAX + 3];
    snprintf(above, sizeof above, "%s/..", path);
    int fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? 0 : -1;
    int rc = s3hls__disk_sync_folder(fd), code = errno;
    close(fd);
    errno = code;
    return rc;
}

int s3hls__disk_make_folders(const char *path, mode_t mode) {
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s/", path) >= (int)sizeof part) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        bool made = mkdir(part, mode) == 0;
        if (made ? sync_above(part) != 0 : errno != EEXIST)
            return -1;
        *slash = '/';
    }
    return 0;
}
