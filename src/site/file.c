/* SPDX-License-Identifier: MIT-0 */
#include "base/disk.h"
#include "base/env.h"
#include "site/reader.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read up to size bytes. @return their number; -1: errno is set */
static ssize_t read_all(int fd, char *data, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static int read_open(const s3hls_env *env, int fd, size_t max, char **data, size_t *size,
                     const char **reason) {
    char *bytes = s3hls__env_alloc(env, max + 2);
    ssize_t n = bytes ? read_all(fd, bytes, max + 1) : 0;
    int code = errno;
    if (bytes && n >= 0 && (size_t)n <= max) {
        bytes[n] = 0;
        *data = bytes;
        *size = (size_t)n;
        return S3HLS_OK;
    }
    if (bytes)
        explicit_bzero(bytes, max + 2);
    s3hls__env_free(env, bytes);
    *reason = !bytes ? "out of memory" : n < 0 ? strerror(code) : "it is too large";
    return !bytes ? S3HLS_E_NOMEM : n < 0 ? s3hls__disk_status(code) : S3HLS_E_TOO_LARGE;
}

int s3hls__site_read_file(const s3hls_env *env, const char *path, size_t max, bool plain,
                          mode_t *mode, char **data, size_t *size, const char **reason) {
    struct stat state;
    *data = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (plain ? O_NONBLOCK : 0));
    if (fd < 0 || fstat(fd, &state) < 0) {
        int code = errno;
        if (fd >= 0)
            close(fd);
        *reason = strerror(code);
        return code == ENOENT || code == ENOTDIR ? S3HLS_E_NOT_FOUND : s3hls__disk_status(code);
    }
    int rc = S3HLS_E_IO;
    if (S_ISDIR(state.st_mode))
        *reason = "it is a directory";
    else if (plain && !S_ISREG(state.st_mode))
        *reason = "it is not a regular file";
    else
        rc = read_open(env, fd, max, data, size, reason);
    if (mode)
        *mode = state.st_mode;
    close(fd);
    return rc;
}
