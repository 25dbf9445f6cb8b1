/* SPDX-License-Identifier: MIT-0 */
#include "base/disk.h"
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
    char *root;         /* absolute, without a trailing slash */
    size_t linked_size; /* length of the leading part in which symbolic links are followed */
    mode_t file_mode, folder_mode;
    s3hls__unreadable unreadable;
} directory;

/* ---- errors */

static void failed(const directory *d, s3hls__op *op, const char *what) {
    int code = errno, status = s3hls__disk_status(code);
    op->result.status = status;
    snprintf(op->result.message, sizeof op->result.message, "cannot %s %.90s/%.80s: %s%s", what,
             d->root, op->request.key, strerror(code),
             status == S3HLS_E_ACCESS  ? "; give this user access"
             : status == S3HLS_E_NOSPC ? "; free some space there"
                                       : "");
}

/* No object has this name: nothing exists, or a folder, a link, or a file in place of a folder. */
static bool is_absent(int code) {
    return code == ENOENT || code == ENOTDIR || code == EISDIR || code == ELOOP;
}

/* ---- folders */

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

static void close_quietly(int fd) {
    int code = errno;
    close(fd);
    errno = code;
}

/* A directory can store this part of a key. */
static bool part_ok(const char *part, size_t size) {
    bool temporary = strncmp(part, S3HLS__TEMPORARY_PREFIX, strlen(S3HLS__TEMPORARY_PREFIX)) == 0;
    errno = size > NAME_MAX ? ENAMETOOLONG : EINVAL;
    return size > 0 && size <= NAME_MAX && !temporary;
}

/* Open a subfolder, without following links. */
static int enter(const directory *d, int above, const char *part, size_t size, bool make) {
    char name[NAME_MAX + 1];
    if (!part_ok(part, size))
        return -1;
    memcpy(name, part, size);
    name[size] = 0;
    int fd = openat(above, name, FOLDER | O_NOFOLLOW);
    if (fd >= 0 || errno != ENOENT || !make)
        return fd;
    if (mkdirat(above, name, d->folder_mode) && errno != EEXIST)
        return -1;
    return s3hls__disk_sync_folder(above) ? -1 : openat(above, name, FOLDER | O_NOFOLLOW);
}

/* @return descriptor; -1: see errno. */
static int open_root(const directory *d) {
    char linked[PATH_MAX];
    if (d->linked_size >= sizeof linked) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(linked, d->root, d->linked_size);
    linked[d->linked_size] = 0;
    int fd = open(linked, FOLDER);
    for (const char *at = d->root + d->linked_size; fd >= 0 && *at;) {
        int above = fd;
        size_t size = strcspn(++at, "/");
        fd = enter(d, above, at, size, false);
        close_quietly(above);
        at += size;
    }
    return fd;
}

/* Open the folder of an object. @return descriptor, *name is the key's last part; -1: see errno. */
static int open_folder(const directory *d, const char *key, bool make, const char **name) {
    int fd = open_root(d);
    if (fd < 0 && errno == ENOENT && make && s3hls__disk_make_folders(d->root, d->folder_mode) == 0)
        fd = open_root(d);
    for (const char *slash; fd >= 0 && (slash = strchr(key, '/')); key = slash + 1) {
        int above = fd;
        fd = enter(d, above, key, (size_t)(slash - key), make);
        close_quietly(above);
    }
    if (fd >= 0 && !part_ok(key, strlen(key))) {
        close_quietly(fd);
        fd = -1;
    }
    *name = key;
    return fd;
}

/* ---- put */

static int write_body(int fd, const s3hls__op *op) {
    for (uint64_t at = 0; at < op->request.body_size;) {
        s3hls_span span = op->request.body(op->request.body_ctx, at);
        errno = EIO; /* the body ended early, without an error of its own */
        ssize_t n = span.size ? write(fd, span.data, span.size) : -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        at += (uint64_t)n;
    }
    return 0;
}

/* Write under a temporary name until all bytes are on the disk: a crash leaves either the old
 * object or the new one. */
static void put(directory *d, s3hls__op *op) {
    const char *name;
    char temporary[32];
    int folder = open_folder(d, op->request.key, true, &name);
    if (folder < 0) {
        failed(d, op, "make the folders of");
        return;
    }
    snprintf(temporary, sizeof temporary, S3HLS__TEMPORARY_PREFIX "%016llx",
             (unsigned long long)d->base.env.random(d->base.env.ctx));
    int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, d->file_mode);
    if (fd < 0)
        failed(d, op, "create a file beside");
    else if (s3hls__disk_commit(folder, fd, write_body(fd, op) == 0, temporary, name))
        failed(d, op, "write");
    else if (s3hls__disk_sync_folder(folder))
        failed(d, op, "sync the folder of");
    close(folder);
}

/* ---- get, head, remove */

/* Open an object and read its attributes. O_NONBLOCK: files of other types do not block. */
static int open_object(const directory *d, const char *key, struct stat *st) {
    const char *name;
    int folder = open_folder(d, key, false, &name), fd = -1;
    if (folder >= 0) {
        fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        close_quietly(folder);
    }
    if (fd >= 0 && (fstat(fd, st) || !S_ISREG(st->st_mode))) {
        close(fd);
        fd = -1;
        errno = ENOENT;
    }
    if (fd < 0 && is_absent(errno))
        errno = ENOENT;
    return fd;
}

static void read_range(const directory *d, int fd, s3hls__op *op) {
    uint8_t buffer[32 * 1024];
    uint64_t at = op->request.first;
    while (at <= op->request.last) {
        uint64_t want = op->request.last - at;
        size_t most = want < sizeof buffer ? (size_t)want + 1 : sizeof buffer;
        ssize_t n = pread(fd, buffer, most < sizeof buffer ? most : sizeof buffer, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            failed(d, op, "read");
        if (n <= 0)
            return;
        if (op->request.on_data(op->request.sink_ctx, buffer, (size_t)n)) {
            op->result.status = S3HLS_E_CANCELLED;
            return;
        }
        at += (uint64_t)n;
    }
}

static void get(directory *d, s3hls__op *op) {
    struct stat st;
    int fd = open_object(d, op->request.key, &st);
    if (fd < 0) {
        failed(d, op, "open");
        return;
    }
    read_range(d, fd, op);
    close(fd);
}

static void head(directory *d, s3hls__op *op) {
    struct stat st;
    int fd = open_object(d, op->request.key, &st);
    if (fd < 0) {
        failed(d, op, "find");
        return;
    }
    close(fd);
    s3hls_s3_object object = {op->request.key, (uint64_t)st.st_size, st.st_mtime, ""};
    if (op->request.on_object(op->request.sink_ctx, &object))
        op->result.status = S3HLS_E_CANCELLED;
}

static void remove_object(directory *d, s3hls__op *op) {
    const char *name;
    int folder = open_folder(d, op->request.key, false, &name);
    if ((folder < 0 || unlinkat(folder, name, 0)) && !is_absent(errno))
        failed(d, op, "remove");
    if (folder >= 0)
        close(folder);
}

/* ---- the store's calls */

static void start(s3hls_store *store, s3hls__op *op) {
    directory *d = (directory *)store;
    switch (op->request.kind) {
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
        op->result.status =
            s3hls__directory_list(d->root, open_root(d), &d->unreadable, op, &store->env);
        break;
    case S3HLS__OP_SETTING:
        op->result.status = S3HLS_E_UNSUPPORTED;
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

/* Links inside the other store's directory are not followed. */
static void learn_from(s3hls_store *store, const s3hls_store *other) {
    directory *d = (directory *)store;
    const directory *outer = (const directory *)other;
    size_t size = strlen(outer->root);
    if (strncmp(d->root, outer->root, size) == 0 && d->root[size] == '/')
        d->linked_size = outer->linked_size;
}

int s3hls__store_open_directory(s3hls_store **out, const char *path, s3hls__http *http,
                                const s3hls_s3_options *options, const s3hls_env *env) {
    static const s3hls__store_calls calls = {start, url, close_store, NULL, NULL, learn_from};
    size_t size = strlen(path);
    uint32_t mode = options ? options->file_mode : 0;
    while (size && path[size - 1] == '/')
        size--;
    if (size == 0 || !s3hls__uri_key_ok(path + 1, size - 1)) {
        s3hls__log(env, S3HLS_LOG_ERROR, "store",
                   "file://%.200s: not an absolute directory without . or ..", path);
        return S3HLS_E_INVALID;
    }
    if (!s3hls__disk_mode_ok(mode)) {
        s3hls__log(env, S3HLS_LOG_ERROR, "store", "file_mode 0%o: give 0600 to 0777", mode);
        return S3HLS_E_INVALID;
    }
    directory *d = s3hls__env_alloc(env, sizeof *d);
    if (!d)
        return S3HLS_E_NOMEM;
    d->base.calls = &calls;
    d->base.env = *env;
    d->base.http = http;
    d->file_mode = s3hls__disk_file_mode(mode);
    d->folder_mode = s3hls__disk_folder_mode(mode);
    d->root = s3hls__env_strndup(env, path, size);
    if (!d->root) {
        s3hls__env_free(env, d);
        return S3HLS_E_NOMEM;
    }
    d->linked_size = size;
    *out = &d->base;
    return S3HLS_OK;
}
