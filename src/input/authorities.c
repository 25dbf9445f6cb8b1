/* SPDX-License-Identifier: MIT-0 */
#include "input/authorities.h"
#include "s3hls/status.h"
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool append(int to, const char *path) {
    char bytes[16384];
    int from = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = from < 0 ? -1 : 1;
    while (n > 0) {
        n = read(from, bytes, sizeof bytes);
        if (n > 0 && write(to, bytes, (size_t)n) != n)
            n = -1;
    }
    int error = errno;
    if (from >= 0)
        close(from);
    errno = error;
    return n == 0;
}

/* Path of the system's authorities in libcurl; NULL: it has no such file. */
static const char *system_file(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return info->age >= CURLVERSION_SEVENTH && info->cainfo && access(info->cainfo, R_OK) == 0
               ? info->cainfo
               : NULL;
}

int s3hls__input_authorities_open(s3hls__input_authorities *t, const char *extra, char why[256]) {
    const char *system = system_file();
    t->fd = -1;
    if (!extra)
        return S3HLS_OK;
    t->fd = memfd_create("authorities", MFD_CLOEXEC);
    if (t->fd < 0) {
        snprintf(why, 256, "memory for certificates: %s", strerror(errno));
        return S3HLS_E_IO;
    }
    snprintf(t->path, sizeof t->path, "/proc/self/fd/%d", t->fd);
    if (!append(t->fd, extra)) {
        snprintf(why, 256, "--input-ca %s: %s", extra, strerror(errno));
        return S3HLS_E_TLS;
    }
    if (system && (write(t->fd, "\n", 1) != 1 || !append(t->fd, system))) {
        snprintf(why, 256, "%s: %s", system, strerror(errno));
        return S3HLS_E_TLS;
    }
    return S3HLS_OK;
}

const char *s3hls__input_authorities_file(const s3hls__input_authorities *t) {
    return t->fd >= 0 ? t->path : NULL;
}

void s3hls__input_authorities_close(s3hls__input_authorities *t) {
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}
