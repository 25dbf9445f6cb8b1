/* SPDX-License-Identifier: MIT-0 */
#include "base/strbuf.h"
#include "s3/uri.h"
#include "store/backend.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct directory {
    s3hls_store base;
    char *root; /* absolute, without a slash at its end */
} directory;

/* ---- what failed, where, and what to do */

static int status_of_errno(int code) {
    switch (code) {
    case ENOENT:
        return S3HLS_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return S3HLS_E_ACCESS;
    case ENOSPC:
    case EDQUOT:
        return S3HLS_E_NOSPC;
    case ENAMETOOLONG:
        return S3HLS_E_TOO_LARGE;
    case ENOMEM:
        return S3HLS_E_NOMEM;
    default:
        return S3HLS_E_IO;
    }
}

static int failed(s3hls_s3_error *error, const char *what, const char *path) {
    int code = errno;
    error->status = status_of_errno(code);
    snprintf(error->message, sizeof error->message, "cannot %s %.160s: %s", what, path,
             strerror(code));
    return error->status;
}

static bool path_of(const directory *d, const char *key, char path[PATH_MAX]) {
    bool fits = snprintf(path, PATH_MAX, "%s/%s", d->root, key) < PATH_MAX;
    errno = ENAMETOOLONG;
    return fits;
}

/* ---- put */

static int sync_directory(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd);
    close(fd);
    return rc;
}

/* Make the folders that path stands in; a new one is on the disk before anything is put into it. */
static int make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int rc = mkdir(path, 0777);
        bool made = rc == 0;
        if (!made && errno != EEXIST) {
            int code = errno;
            *slash = '/';
            errno = code;
            return -1;
        }
        char *parent_end = made ? strrchr(path, '/') : NULL;
        if (parent_end && parent_end != path) {
            *parent_end = 0;
            sync_directory(path);
            *parent_end = '/';
        }
        *slash = '/';
    }
    return 0;
}

static int write_body(int fd, const s3hls__op *op) {
    for (uint64_t at = 0; at < op->body_size;) {
        s3hls_span span = op->body(op->body_ctx, at);
        ssize_t n = span.size ? write(fd, span.data, span.size) : -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += (uint64_t)n;
    }
    return fsync(fd);
}

/* Under another name until all of it is on the disk: a crash at any moment leaves the old object or
 * the new one. */
static void put(directory *d, s3hls__op *op) {
    char path[PATH_MAX], temporary[PATH_MAX + 32];
    if (!path_of(d, op->key, path)) {
        failed(&op->error, "write", op->key);
        return;
    }
    if (make_folders(path)) {
        failed(&op->error, "make the folders of", path);
        return;
    }
    size_t folder = (size_t)(strrchr(path, '/') - path);
    snprintf(temporary, sizeof temporary, "%.*s/" S3HLS__TEMPORARY_PREFIX "%016llx", (int)folder,
             path, (unsigned long long)d->base.env.random(d->base.env.ctx));
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        failed(&op->error, "create a file beside", path);
        return;
    }
    bool ok = write_body(fd, op) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok || rename(temporary, path)) {
        failed(&op->error, "write", path);
        unlink(temporary);
        return;
    }
    path[folder] = 0;
    if (sync_directory(path))
        failed(&op->error, "sync", path);
}

/* ---- get, head, remove */

static void read_range(int fd, s3hls__op *op, const char *path) {
    uint8_t buffer[32 * 1024];
    uint64_t at = op->first;
    while (at <= op->last) {
        uint64_t want = op->last - at;
        size_t most = want < sizeof buffer ? (size_t)want + 1 : sizeof buffer;
        ssize_t n = pread(fd, buffer, most < sizeof buffer ? most : sizeof buffer, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            failed(&op->error, "read", path);
        if (n <= 0)
            return;
        if (op->on_data(op->sink_ctx, buffer, (size_t)n)) {
            op->error.status = S3HLS_E_CANCELLED;
            return;
        }
        at += (uint64_t)n;
    }
}

static void get(directory *d, s3hls__op *op) {
    char path[PATH_MAX];
    struct stat st;
    int fd = path_of(d, op->key, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        failed(&op->error, "open", path);
        return;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        read_range(fd, op, path);
    } else {
        errno = ENOENT; /* a folder is no object */
        failed(&op->error, "open", path);
    }
    close(fd);
}

static void head(directory *d, s3hls__op *op) {
    char path[PATH_MAX];
    struct stat st;
    if (!path_of(d, op->key, path) || stat(path, &st)) {
        failed(&op->error, "find", path);
        return;
    }
    s3hls_s3_object object = {op->key, (uint64_t)st.st_size, st.st_mtime, ""};
    if (op->on_object(op->sink_ctx, &object))
        op->error.status = S3HLS_E_CANCELLED;
}

static void remove_object(directory *d, s3hls__op *op) {
    char path[PATH_MAX];
    if (!path_of(d, op->key, path) || (unlink(path) && errno != ENOENT))
        failed(&op->error, "remove", path);
}

/* ---- the store's calls */

static void start(s3hls_store *store, s3hls__op *op) {
    directory *d = (directory *)store;
    switch (op->kind) {
    case S3HLS__OP_PUT:
        put(d, op);
        break;
    case S3HLS__OP_GET:
        get(d, op);
        break;
    case S3HLS__OP_HEAD:
        head(d, op);
        break;
    case S3HLS__OP_REMOVE:
        remove_object(d, op);
        break;
    case S3HLS__OP_LIST:
        op->error.status = s3hls__directory_list(d->root, op, &store->env, &op->error);
        break;
    }
    s3hls__http_post(store->http, op);
}

static int url(s3hls_store *store, const char *key, uint32_t expires_s, char **out) {
    directory *d = (directory *)store;
    s3hls__strbuf b;
    (void)expires_s;
    s3hls__strbuf_init(&b, &store->env, (size_t)3 * PATH_MAX);
    s3hls__strbuf_add_str(&b, "file://");
    s3hls__uri_encode(&b, d->root, strlen(d->root), true);
    s3hls__strbuf_add_char(&b, '/');
    s3hls__uri_encode(&b, key, strlen(key), true);
    return s3hls__strbuf_take(&b, out);
}

static void close_store(s3hls_store *store) {
    s3hls__env_free(&store->env, ((directory *)store)->root);
}

int s3hls__store_open_directory(s3hls_store **out, const char *path, s3hls__http *http,
                                const s3hls_env *env) {
    static const s3hls__store_calls calls = {start, url, close_store};
    size_t size = strlen(path);
    while (size && path[size - 1] == '/')
        size--;
    if (size == 0 || !s3hls__uri_key_ok(path + 1, size - 1)) {
        s3hls__log(env, S3HLS_LOG_ERROR, "store",
                   "file://%.200s: not an absolute directory without . or ..", path);
        return S3HLS_E_INVALID;
    }
    directory *d = s3hls__env_alloc(env, sizeof *d);
    if (!d)
        return S3HLS_E_NOMEM;
    d->base.calls = &calls;
    d->base.env = *env;
    d->base.http = http;
    d->root = s3hls__env_strndup(env, path, size);
    if (!d->root) {
        s3hls__env_free(env, d);
        return S3HLS_E_NOMEM;
    }
    *out = &d->base;
    return S3HLS_OK;
}
