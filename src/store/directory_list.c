/* SPDX-License-Identifier: MIT-0 */
/* Lists a directory as S3 lists a bucket: all keys below it, in ascending byte order. */
#include "base/disk.h"
#include "base/names.h"
#include "layout/key.h"
#include "s3/uri.h"
#include "store/backend.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct walk {
    s3hls__op *op;
    const s3hls_env *env;
    s3hls__unreadable *unreadable;
    char start_after[S3HLS__KEY_BYTES_MAX + 2]; /* "": none */
    size_t root_size;                           /* of path, with its slash: keys begin there */
    char path[PATH_MAX];
} walk;

/* A folder being listed: its descriptor, and the end of its name in walk.path. */
typedef struct opened {
    int fd;
    size_t size;
} opened;

static const char *key_of(const walk *w) {
    return w->path + w->root_size;
}

/* ---- folders that cannot be opened */

static int failed(walk *w, int code) {
    s3hls_s3_error *e = &w->op->result;
    e->status = s3hls__disk_status(code);
    snprintf(e->message, sizeof e->message, "cannot list %.160s: %s%s", w->path, strerror(code),
             e->status == S3HLS_E_ACCESS ? "; give this user access" : "");
    return e->status;
}

static void log_unreadable(walk *w, int code) {
    s3hls__unreadable *u = w->unreadable;
    uint32_t hash = 2166136261; /* FNV-1a */
    for (const char *c = w->path; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619;
    for (uint32_t i = 0; i < u->count; i++)
        if (u->hashes[i] == hash)
            return;
    if (u->count == sizeof u->hashes / sizeof *u->hashes)
        return;
    u->hashes[u->count++] = hash;
    s3hls__log(w->env, S3HLS_LOG_WARN, "store", "%s cannot be opened: %s; passed over", w->path,
               strerror(code));
}

/* The folder at walk.path cannot be opened. */
static int pass_over(walk *w, int code) {
    const char *key = key_of(w), *prefix = w->op->request.key;
    if (code == ENOENT || code == ENOTDIR ||
        code == ELOOP) /* removed meanwhile, or replaced by a link */
        return S3HLS_OK;
    bool of_process = code == ENOMEM || code == EMFILE || code == ENFILE;
    bool asked_for = strncmp(key, prefix, strlen(key)) == 0; /* contains the whole listing */
    if (of_process || asked_for)
        return failed(w, code);
    if (!s3hls__folder_is_of_recording(key)) { /* otherwise segments would be missing */
        log_unreadable(w, code);
        return S3HLS_OK;
    }
    return failed(w, code);
}

/* ---- names in a folder */

/* Links are not followed: their targets are not part of the store. */
static bool is_folder(int fd, const struct dirent *entry, bool *file) {
    unsigned char type = entry->d_type;
    if (type == DT_UNKNOWN) {
        struct stat st;
        if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_LNK;
    }
    *file = type == DT_REG;
    return type == DT_DIR;
}

/* The next entry; NULL: the end, or an error in *code. */
static const struct dirent *next_entry(DIR *dir, int *code) {
    errno = 0;
    const struct dirent *entry = readdir(dir);
    *code = entry ? 0 : errno;
    return entry;
}

/* A folder's name ends with a slash, so that names sort like complete keys. */
static int read_names(walk *w, int fd, s3hls__names *n) {
    int rc = S3HLS_OK, code = 0, again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again >= 0 ? fdopendir(again) : NULL;
    if (!dir) {
        code = errno;
        if (again >= 0)
            close(again);
        return failed(w, code);
    }
    for (const struct dirent *entry; !rc && (entry = next_entry(dir, &code));) {
        const char *name = entry->d_name;
        bool file, folder = is_folder(fd, entry, &file);
        bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        bool temporary =
            strncmp(name, S3HLS__TEMPORARY_PREFIX, strlen(S3HLS__TEMPORARY_PREFIX)) == 0;
        if ((file || folder) && !dots && !temporary)
            rc = s3hls__names_add(n, name, folder ? "/" : "");
    }
    closedir(dir);
    s3hls__names_sort(n);
    return rc || !code ? rc : failed(w, code);
}

/* ---- reported entries */

/* A key in this folder may match the prefix and follow start_after. */
static bool folder_matters(const walk *w, const char *key) {
    size_t size = strlen(key), prefix_size = strlen(w->op->request.key);
    size_t common = size < prefix_size ? size : prefix_size;
    return memcmp(key, w->op->request.key, common) == 0 &&
           strncmp(key, w->start_after, size) >= 0 &&
           (!w->op->request.wants_folder || w->op->request.wants_folder(key));
}

static bool file_matters(const walk *w, const char *key) {
    return strncmp(key, w->op->request.key, strlen(w->op->request.key)) == 0 &&
           strcmp(key, w->start_after) > 0;
}

/* Report a folder at its first file, and skip its other files. */
static bool name_folder(walk *w, s3hls_s3_object *object) {
    const char *slash =
        w->op->request.by_folder ? strchr(object->key + strlen(w->op->request.key), '/') : NULL;
    size_t size = slash ? (size_t)(slash - object->key) + 1 : 0;
    if (!slash || size >= sizeof w->start_after)
        return false;
    memcpy(w->start_after, object->key, size);
    w->start_after[size] = 0;
    *object = (s3hls_s3_object){w->start_after, 0, 0, ""};
    return true;
}

static int report_object(walk *w, s3hls_s3_object *object) {
    bool folder = name_folder(w, object);
    int stopped = w->op->request.on_object(w->op->request.sink_ctx, object);
    if (folder)
        w->start_after[strlen(w->start_after) - 1] = '/' + 1;
    return stopped ? S3HLS_E_CANCELLED : S3HLS_OK;
}

static int report(walk *w, const opened *in) {
    struct stat st;
    if (fstatat(in->fd, w->path + in->size, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
        return S3HLS_OK; /* removed meanwhile */
    s3hls_s3_object object = {key_of(w), (uint64_t)st.st_size, st.st_mtime, ""};
    return report_object(w, &object);
}

static int walk_folder(walk *w, const opened *f);

/* When listing by folder name, a folder is reported without opening it: finding its first file,
 * which may be six levels deeper, took 28 open calls per camera. Empty folders are therefore
 * reported too. */
static bool is_reported_by_name(const walk *w, const char *key) {
    size_t prefix_size = strlen(w->op->request.key);
    return w->op->request.by_folder && strncmp(key, w->op->request.key, prefix_size) == 0 &&
           key[prefix_size];
}

/* walk.path names a folder inside the given one. */
static int enter(walk *w, const opened *above) {
    size_t size = strlen(w->path);
    if (!folder_matters(w, key_of(w)))
        return S3HLS_OK;
    if (is_reported_by_name(w, key_of(w)))
        return report_object(w, &(s3hls_s3_object){key_of(w), 0, 0, ""});
    w->path[size - 1] = 0; /* with a trailing slash, a link would be followed */
    opened f = {
        openat(above->fd, w->path + above->size, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
        size};
    int code = errno;
    w->path[size - 1] = '/';
    if (f.fd < 0)
        return pass_over(w, code);
    int rc = walk_folder(w, &f);
    close(f.fd);
    return rc;
}

static int walk_folder(walk *w, const opened *f) {
    s3hls__names n = {.env = w->env};
    int rc = read_names(w, f->fd, &n);
    for (size_t i = 0; i < n.count && !rc; i++) {
        size_t name_size = strlen(n.items[i]);
        if (f->size + name_size >= sizeof w->path)
            continue;
        memcpy(w->path + f->size, n.items[i], name_size + 1);
        if (n.items[i][name_size - 1] == '/')
            rc = enter(w, f);
        else if (file_matters(w, key_of(w)))
            rc = report(w, f);
        w->path[f->size] = 0;
    }
    s3hls__names_deinit(&n);
    return rc;
}

/* Descend to the folder that contains all keys with the prefix, without reading the folders above
 * it: a folder of cameras may be large. @return S3HLS_OK with f->fd below 0: no such folder. */
static int go_down(walk *w, opened *f) {
    const char *name = w->op->request.key;
    for (const char *slash; f->fd >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
        size_t size = (size_t)(slash - name);
        if (f->size + size + 1 >= sizeof w->path)
            return S3HLS_E_TOO_LARGE;
        memcpy(w->path + f->size, name, size);
        w->path[f->size + size] = 0;
        int fd =
            size ? openat(f->fd, w->path + f->size, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                 : -1;
        int code = size ? errno : ENOENT;
        close(f->fd);
        f->fd = fd;
        strcpy(w->path + f->size + size, "/");
        f->size += size + 1;
        if (fd < 0)
            return code == ENOENT || code == ENOTDIR || code == ELOOP ? S3HLS_OK : failed(w, code);
    }
    return S3HLS_OK;
}

/* code: the errno if the root could not be opened. */
static int list(walk *w, const char *root, opened *top, int code) {
    const char *start_after = w->op->request.start_after ? w->op->request.start_after : "";
    int n = snprintf(w->path, sizeof w->path, "%s/", root);
    if (n < 0 || (size_t)n >= sizeof w->path)
        return S3HLS_E_TOO_LARGE;
    if (strlen(start_after) >= sizeof w->start_after)
        return S3HLS_E_INVALID;
    strcpy(w->start_after, start_after);
    w->root_size = top->size = (size_t)n;
    if (top->fd < 0)
        return code == ENOENT || code == ENOTDIR || code == ELOOP ? S3HLS_OK : failed(w, code);
    int rc = go_down(w, top);
    return rc || top->fd < 0 ? rc : walk_folder(w, top);
}

int s3hls__directory_list(const char *root, int fd, s3hls__unreadable *unreadable, s3hls__op *op,
                          const s3hls_env *env) {
    walk w = {.op = op, .env = env, .unreadable = unreadable};
    opened top = {.fd = fd};
    int rc = list(&w, root, &top, errno);
    if (top.fd >= 0)
        close(top.fd);
    return rc;
}
